"""Memory saved to a new file, with holes where nothing is stored."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tui.archive import limits
from tui.archive.model import Contents
from tui.criu.contents import pieces
from tui.criu.files import Extent
from tui.criu.memory import Absent, Memory
from tui.criu.pages import Absence, Source, Stretch
from tui.errors import ArchiveError
from tui.text import safe_text, size

Progress = Callable[[int, int], None]
"""Bytes of memory that have been saved, and how many there are. To stop, it raises."""

LARGEST = 1 << 40
"""Bytes of a region that is saved; there are mappings that are larger, with little in them."""

_STEP = limits.MIB

_RESERVE = 64 * limits.MIB
"""Bytes that stay free on the disk."""

_ZEROS = bytes(_STEP)

_TOO_LARGE = f"Only what is up to {size(LARGEST)} large can be saved."


@dataclass(frozen=True, slots=True)
class SavedMemory:
    """A file with memory in it."""

    path: str
    size: int
    """Bytes of the file; it takes up less where it has holes."""
    absent: tuple[tuple[int, Absent], ...]
    """What is not there, by address; zeros that were never stored are not among it."""
    sha256: str


class Output:
    """A new file that is being written, and where nothing is written it has holes."""

    def __init__(self, file: int, path: str) -> None:
        self._file = file
        self._path = path
        self.absent: list[tuple[int, Absent]] = []

    def check_room(self, needed: int) -> None:
        """See that so many bytes fit. Raises ArchiveError."""
        status = os.fstatvfs(self._file)
        free = status.f_bavail * status.f_frsize
        if free < needed + _RESERVE:
            raise ArchiveError(
                f"{safe_text(self._path)}: there is too little room: {size(needed)} are needed,"
                f" and {size(free)} are free."
            )

    def write(self, data: bytes | memoryview, place: int) -> None:
        """Write `data` at `place`. Raises ArchiveError."""
        rest = memoryview(data)
        try:
            while rest:
                count = os.pwrite(self._file, rest, place)
                rest, place = rest[count:], place + count
        except OSError as error:
            raise self._failed(error) from error

    def end_at(self, length: int) -> None:
        """Let the file be so long. Raises ArchiveError."""
        try:
            os.ftruncate(self._file, length)
        except OSError as error:
            raise self._failed(error) from error

    def copy(self, stretch: Stretch, place: int) -> Iterator[memoryview]:
        """Write what is stored of `stretch` at `place`; all of it comes by, absent bytes as zeros.

        Raises ArchiveError.
        """
        buffer = bytearray(min(_STEP, stretch.size) if isinstance(stretch.what, Source) else 0)
        done = 0
        while done < stretch.size:
            part = memoryview(buffer)[: stretch.size - done]
            there = stretch.what.read_into(done, part) if isinstance(stretch.what, Source) else 0
            if not there:
                break
            self.write(part[:there], place + done)
            yield part[:there]
            done += there
        if done < stretch.size and stretch.what is not Absence.ZERO:
            why = Absence.DAMAGED if isinstance(stretch.what, Source) else stretch.what
            self.absent.append((stretch.start + done, Absent(stretch.size - done, why)))
        for at in range(done, stretch.size, _STEP):
            yield memoryview(_ZEROS)[: stretch.size - at]

    def _failed(self, error: OSError) -> ArchiveError:
        return ArchiveError(f"{safe_text(self._path)}: cannot be saved: {error.strerror}.")


@contextmanager
def output(path: str) -> Iterator[Output]:
    """A new file for its owner alone; unless all goes well it is removed again.

    Raises ArchiveError when there is one already, or when it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o600)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not the name of a file"
        raise ArchiveError(f"{safe_text(path)}: cannot be saved: {why}.") from error
    try:
        yield Output(file, path)
    except BaseException:
        Path(path).unlink()
        raise
    finally:
        os.close(file)


def stored(stretches: Iterable[Stretch]) -> int:
    """Bytes of them that the archive has."""
    return sum(each.size for each in stretches if isinstance(each.what, Source))


def save_extents(contents: Contents, extents: Sequence[Extent], size: int, path: str) -> None:
    """Save what is `size` long and lies in `extents` to a new file; between them it has holes.

    Raises ArchiveError when the file is there already, when there is no room, or when the archive
    cannot be read.
    """
    if size > LARGEST:
        raise ArchiveError(_TOO_LARGE)
    with output(path) as out:
        out.check_room(sum(extent.length for extent in extents))
        for at, piece in pieces(contents, extents, size):
            out.write(piece, at)
        out.end_at(size)


def save_region(
    memory: Memory, start: int, end: int, path: str, progress: Progress | None = None
) -> SavedMemory:
    """Save the bytes from `start` to `end` to a new file; what is absent is zero in it.

    Raises ArchiveError when the file is there already, when there is no room, or when the pages
    cannot be read.
    """
    if not 0 < end - start <= LARGEST:
        raise ArchiveError(_TOO_LARGE)
    digest, done = hashlib.sha256(), 0
    with output(path) as out:
        out.check_room(stored(memory.stretches(start, end)))
        for stretch in memory.stretches(start, end):
            for data in out.copy(stretch, stretch.start - start):
                digest.update(data)
                done += len(data)
                if progress:
                    progress(done, end - start)
        out.end_at(end - start)
    return SavedMemory(path, end - start, tuple(out.absent), digest.hexdigest())
