"""Any byte of any member, at once: what memory, and files in the tars inside, are read by.

Where nothing is compressed the bytes are read where they lie, and nothing is written.
Of a compressed one those members that are wanted are unpacked once, to a file that has no name:
nobody else can open it, and it is gone with the process.

Nothing is mapped: a mapped archive that somebody truncates kills the process that looks at it.
"""

import os
import sys
import tempfile
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from tui.archive import limits
from tui.archive.model import Compression, Contents, FileIdentity, Form, Member
from tui.archive.opening import stream
from tui.archive.stream import DamageError, Stream
from tui.errors import ArchiveError
from tui.text import safe_text, size

Progress = Callable[[int, int], None]
"""Bytes of the decompressed archive that have passed, and how many must. To stop, it raises."""

SMALL = 4 * limits.MIB
"""Bytes that are kept in memory, not in a file."""

_STEP = limits.MIB
"""Bytes between two calls of Progress."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bytes of the decompressed archive, and where they begin in the file that has them."""

    start: int
    end: int
    place: int


class Store(ABC):
    """The contents of the members that were asked for, to be read from any thread."""

    def read(self, member: Member, offset: int, count: int) -> bytes:
        """`count` bytes from `offset` on; fewer where the member ends or the archive is damaged.

        Raises ArchiveError when they cannot be read, KeyError when nobody asked for the member.
        """
        buffer = bytearray(max(0, min(count, member.size - offset)))
        del buffer[self.read_into(member, offset, memoryview(buffer)) :]
        return bytes(buffer)

    def read_into(self, member: Member, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; how many bytes there were. Otherwise as `read`."""
        if member.offset is None:
            raise KeyError(member.name)
        wanted = buffer[: max(0, min(len(buffer), member.size - offset))]
        return self._read_into(member, member.offset + offset, wanted)

    @abstractmethod
    def _read_into(self, member: Member, start: int, buffer: memoryview) -> int:
        """Fill `buffer` from `start` on, a place of `member` in the decompressed archive."""


class _FileStore(Store):
    """One file with all stretches."""

    def __init__(
        self, file: int, stretches: Sequence[_Stretch], path: str, identity: FileIdentity | None
    ) -> None:
        """`identity` is that of `file`, if others can change it."""
        self._file = file
        self._stretches = stretches
        self._starts = [stretch.start for stretch in stretches]
        self._path = path
        self._identity = identity

    def _read_into(self, member: Member, start: int, buffer: memoryview) -> int:
        if not buffer:
            return 0
        index = bisect_right(self._starts, start) - 1
        if index < 0 or start + len(buffer) > self._stretches[index].end:
            raise KeyError(member.name)
        if self._identity:
            _verify(os.fstat(self._file), self._path, self._identity)
        stretch, done = self._stretches[index], 0
        place = stretch.place + start - stretch.start
        try:
            while done < len(buffer) and (
                count := os.preadv(self._file, [buffer[done:]], place + done)
            ):
                done += count
        except OSError as error:
            raise ArchiveError(_unreadable(self._path, error)) from error
        return done


class _FolderStore(Store):
    """The files of a folder, as they lie there."""

    def __init__(self, files: Stream, path: str) -> None:
        self._files = files
        self._path = path
        self._lock = Lock()

    def _read_into(self, member: Member, start: int, buffer: memoryview) -> int:  # noqa: ARG002
        try:
            with self._lock:
                self._files.offset = start
                data = self._files.read(len(buffer))
        except DamageError as error:
            raise ArchiveError(
                f"{safe_text(self._path)}: {error.message}: open it again."
            ) from error
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(
    contents: Contents, wanted: Iterable[Member], progress: Progress | None = None
) -> Iterator[Store]:
    """The contents of the members in `wanted`, and all that lies in them, while the block lasts.

    A compressed archive is unpacked first, as far as the last of them; where it is damaged, what
    comes before is there, but for a little. Raises ArchiveError when what lies there is not what
    `contents` tells of, or when there is no room.
    """
    base = _base(contents)
    if base is not None:
        with _archive(contents) as file:
            whole = _Stretch(0, sys.maxsize, base)
            yield _FileStore(file, [whole], contents.path, contents.identity)
    elif contents.form is Form.FOLDER:
        with stream(contents) as files:
            yield _FolderStore(files, contents.path)
    else:
        stretches = _stretches(wanted)
        with _nameless(stretches) as spool:
            with stream(contents) as archive:
                _fill(spool, archive, stretches, progress or _unwatched)
            _verify_again(contents)
            yield _FileStore(spool.fileno(), stretches, contents.path, None)


def needed(contents: Contents, wanted: Iterable[Member]) -> int:
    """Bytes that `opened` writes to disk."""
    length = 0 if lies_open(contents) else _length(_stretches(wanted))
    return length if length > SMALL else 0


def lies_open(contents: Contents) -> bool:
    """Whether the bytes of members can be read where they lie."""
    return _base(contents) is not None or contents.form is Form.FOLDER


def folder() -> str:
    """Where compressed archives are unpacked: /tmp is memory on many machines."""
    return os.environ.get("TMPDIR") or "/var/tmp"


def _base(contents: Contents) -> int | None:
    """Where in the file the decompressed archive begins, if nothing there is compressed."""
    if contents.compression is not Compression.NONE:
        return None
    if contents.layer:
        outer = _base(contents.layer.outer)
        return None if outer is None else outer + (contents.layer.blob.offset or 0)
    return 0 if contents.form is Form.ARCHIVE else None


@contextmanager
def _archive(contents: Contents) -> Iterator[int]:
    try:
        file = Path(contents.path).open("rb", buffering=0)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise ArchiveError(_unreadable(contents.path, error)) from error
    with file:
        _verify(os.fstat(file.fileno()), contents.path, contents.identity)
        yield file.fileno()


def _unwatched(_done: int, _total: int) -> None:
    pass


def _stretches(wanted: Iterable[Member]) -> list[_Stretch]:
    """The parts of the archive with the members, in order, none of them twice."""
    found: list[_Stretch] = []
    places = sorted(
        (member.offset, member.offset + member.size)
        for member in wanted
        if member.offset is not None
    )
    for start, end in places:
        if found and start <= found[-1].end:
            last = found.pop()
            found.append(_Stretch(last.start, max(last.end, end), last.place))
        else:
            found.append(_Stretch(start, end, _length(found)))
    return found


def _length(stretches: Sequence[_Stretch]) -> int:
    return stretches[-1].place + stretches[-1].end - stretches[-1].start if stretches else 0


@contextmanager
def _nameless(stretches: Sequence[_Stretch]) -> Iterator[BinaryIO]:
    """A file without a name, with room for all of them."""
    where, length = folder(), _length(stretches)
    if length <= SMALL:
        with os.fdopen(os.memfd_create("podthaw"), "r+b", buffering=0) as memory:
            yield memory
        return
    try:
        file = tempfile.TemporaryFile(dir=where, buffering=0)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise ArchiveError(
            f"{safe_text(where)}: nothing can be written there ({error.strerror}), and"
            f" {size(length)} of the archive must be unpacked: set TMPDIR to another folder."
        ) from error
    with file:
        status = os.fstatvfs(file.fileno())
        free = status.f_bavail * status.f_frsize
        if length > free:
            raise ArchiveError(_no_room(where, length, free))
        yield file


def _fill(
    spool: BinaryIO, archive: Stream, stretches: Sequence[_Stretch], progress: Progress
) -> None:
    """Unpack the stretches; where the archive is damaged, what comes before is there."""
    total = stretches[-1].end if stretches else 0
    try:
        for stretch in stretches:
            while (left := stretch.start - archive.offset) > 0 and archive.skip(min(left, _STEP)):
                progress(archive.offset, total)
            while left := stretch.end - archive.offset:
                data = archive.read(min(left, _STEP))
                if not data:
                    return
                _write(spool, data, _length(stretches))
                progress(archive.offset, total)
    except DamageError:
        return


def _write(spool: BinaryIO, data: bytes, length: int) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[spool.write(rest) :]
    except OSError as error:
        raise ArchiveError(_no_room(folder(), length, 0)) from error


def _verify_again(contents: Contents) -> None:
    """See that nothing has changed while it was read."""
    while contents.layer:
        contents = contents.layer.outer
    if contents.form is Form.FOLDER:
        with stream(contents):
            return
    with _archive(contents):
        return


def _verify(status: os.stat_result, path: str, identity: FileIdentity) -> None:
    if FileIdentity.of(status) != identity:
        raise ArchiveError(f"{safe_text(path)}: it has changed since it was read: open it again.")


def _no_room(where: str, length: int, free: int) -> str:
    return (
        f"{safe_text(where)} has {size(free)} left, and {size(length)} of the archive must be"
        f" unpacked there: {size(length - free)} are missing. Make room, or set TMPDIR to a folder"
        " with more."
    )


def _unreadable(path: str, error: OSError) -> str:
    return f"{safe_text(path)}: cannot be read: {error.strerror}."
