"""A terminal that may go away while podthaw still has work to do.

Textual writes from a thread that dies of the first error, and from then on everything waits for
it. A restore that runs must be cancelled even so.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class _Lasting:
    """`file`, and nothing at all once it has gone."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        """See `TextIO.write`."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """See `TextIO.flush`."""
        with suppress(OSError):
            self._file.flush()


@contextmanager
def lasting_terminal() -> Iterator[None]:
    """Let nothing that Textual writes fail."""
    terminal = sys.__stderr__
    assert terminal
    sys.__stderr__ = _Lasting(terminal)  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        sys.__stderr__ = terminal  # type: ignore[misc]
