"""What all commands do with the standard streams."""

import sys
from time import monotonic
from typing import Self

from tui.errors import UsageError
from tui.report import document


def ask_person(question: str) -> bool:
    """Whether somebody at the terminal says yes. Raises UsageError where nobody can."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to answer on: say --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def say(words: str) -> None:
    """One line to standard error; `words` are safe to show."""
    print(words, file=sys.stderr, flush=True)


def print_json(value: object) -> None:
    """A document to standard output."""
    print(document.dumps(value))


class Meter:
    """How far something is, in the last line of a terminal; elsewhere nothing is said."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._watched = sys.stderr.isatty()
        self._shown = False
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def __call__(self, done: int, total: int) -> None:
        """Tell it, at most ten times a second."""
        if self._watched and total and monotonic() >= self._next:
            self._next = monotonic() + 0.1
            self._shown = True
            percent = 100 * done // total
            print(f"\r\x1b[K{self._what}: {percent} %", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take it away, so that other lines can follow."""
        if self._shown:
            self._shown = False
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
