"""What all commands do with the standard streams."""

import sys

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
