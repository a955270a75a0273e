"""An archive that comes through a pipe, kept in a file without a name while podthaw runs.

Everything else reads an archive more than once, and asks how large it is. The file lies where
compressed archives are unpacked, is readable for nobody else, and is gone with the process.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from tui.archive import limits
from tui.archive.spool import folder
from tui.errors import ArchiveError
from tui.text import safe_text, size

NAME = "-"
"""What stands for standard input in place of a path."""

_PLACE = "/dev/fd/"

_STEP = 4 * limits.MIB

_RESERVE = 256 * limits.MIB
"""Bytes that stay free on the disk."""


@contextmanager
def spooled(source: BinaryIO) -> Iterator[str]:
    """A path to the bytes of `source`, which is read to its end, while the block lasts.

    Raises ArchiveError when there is no room for them.
    """
    where = folder()
    try:
        file = tempfile.TemporaryFile(dir=where)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise ArchiveError(
            f"{safe_text(where)}: standard input cannot be kept there ({error.strerror}): set"
            " TMPDIR to another folder."
        ) from error
    with file:
        count = 0
        try:
            while data := source.read(_STEP):
                if _free(file) < _RESERVE + len(data):
                    raise ArchiveError(
                        f"{safe_text(where)}: too little room for standard input, of which"
                        f" {size(count)} have been read: save it to a file, or set TMPDIR to"
                        " another folder."
                    )
                file.write(data)
                count += len(data)
            file.flush()
        except OSError as error:
            raise ArchiveError(
                f"standard input cannot be read or kept: {error.strerror}."
            ) from error
        yield f"{_PLACE}{file.fileno()}"


def shown(path: str) -> str:
    """What people are told that `path` is."""
    return "standard input" if path.startswith(_PLACE) else path


def terminal_again() -> None:
    """Put the terminal, if there is one, in the place of a standard input that has been read."""
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        os.dup2(terminal, 0)
        os.close(terminal)


def _free(file: BinaryIO) -> int:
    status = os.fstatvfs(file.fileno())
    return status.f_bavail * status.f_frsize
