"""A checkpoint that lies unpacked in a directory, read as if its files were the members of a tar.

docker and the runtimes leave CRIU's images so, and people unpack archives. No link is followed,
nothing but regular files is opened, and what is mounted inside is another place. The files count
as one stream, one behind the other, so that the same reader and the same places serve for both.
"""

import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tui.archive import limits
from tui.archive.layout import DOCUMENTS
from tui.archive.model import (
    Compression,
    Contents,
    FileIdentity,
    Form,
    Member,
    MemberKind,
    Problem,
)
from tui.archive.reader import index
from tui.archive.stream import DamageError, Stream, StreamError
from tui.archive.tar import Header, moment
from tui.errors import ArchiveError
from tui.text import safe_text

_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_UNRELATED = "rootfs"
"""A bundle's root file system: no part of the checkpoint beside it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What lies in the folder under a name."""

    name: str
    status: os.stat_result
    link: str
    start: int = 0
    """Bytes of the files in front of it."""

    @property
    def size(self) -> int:
        return self.status.st_size if stat.S_ISREG(self.status.st_mode) else 0


def read(path: str) -> Iterator[Contents]:
    """What the folder at `path` holds, as `tui.archive.reader.read` tells it of an archive."""
    with _opened(path) as root:
        entries, problems = _listed(root)
        start = Contents(path, _identity(root, entries), Compression.NONE, Form.FOLDER)
        stream = _Files(root, entries)
        rest = iter(entries)

        def next_entry(_: Stream) -> Header | None:
            entry = next(rest, None)
            return _header(entry) if entry else None

        for contents in index(start, stream, lambda: stream.offset, next_entry):
            if problems and contents.finished:
                found = contents.problems + problems
                yield replace(contents, problems=found, complete=False)
            else:
                yield contents


@contextmanager
def stream(contents: Contents) -> Iterator[Stream]:
    """The files of a folder that has been read, in the places that its members have.

    Raises ArchiveError when the folder has changed since.
    """
    with _opened(contents.path) as root:
        entries, _ = _listed(root)
        if _identity(root, entries) != contents.identity:
            raise ArchiveError(f"{safe_text(contents.path)}: it has changed since it was read.")
        yield _Files(root, entries)


class _Files(Stream):
    """The regular files of a folder, one behind the other."""

    def __init__(self, root: int, entries: list[_Entry]) -> None:
        self._root = root
        self._entries = [entry for entry in entries if entry.size]
        self._starts = [entry.start for entry in self._entries]
        self._end = self._starts[-1] + self._entries[-1].size if self._entries else 0

    def read(self, size: int) -> bytes:
        """See Stream."""
        parts = []
        while size and self.offset < self._end:
            entry = self._entries[bisect_right(self._starts, self.offset) - 1]
            part = self._part(entry, self.offset - entry.start, size)
            if not part:
                break
            parts.append(part)
            size -= len(part)
            self.offset += len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """See Stream."""
        count = max(0, min(size, self._end - self.offset))
        self.offset += count
        return count

    def _part(self, entry: _Entry, at: int, size: int) -> bytes:
        try:
            file = _inside(self._root, entry.name)
        except OSError as error:
            raise DamageError(self.offset, f"cannot be opened: {error.strerror}") from error
        try:
            if FileIdentity.of(os.fstat(file)) != FileIdentity.of(entry.status):
                raise StreamError(self.offset, f"{entry.name} has changed while it was read")
            return os.pread(file, min(size, entry.size - at), at)
        except OSError as error:
            raise StreamError(self.offset, f"reading failed: {error.strerror}") from error
        finally:
            os.close(file)


@contextmanager
def _opened(path: str) -> Iterator[int]:
    try:
        root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ArchiveError(f"{safe_text(path)}: cannot be opened: {error.strerror}.") from error
    except ValueError as error:  # a NUL in the name
        raise ArchiveError(f"{safe_text(path)}: not the name of a folder.") from error
    try:
        yield root
    finally:
        os.close(root)


def _inside(root: int, name: str, flags: int = _NO_LINK) -> int:
    """Open `name` below `root`, with no link on the way. Raises OSError."""
    *folders, last = name.split("/")
    place = os.dup(root)
    for step, how in (*((folder, _NO_LINK | os.O_DIRECTORY) for folder in folders), (last, flags)):
        try:
            inner = os.open(step, how, dir_fd=place)
        finally:
            os.close(place)
        place = inner
    return place


def _listed(root: int) -> tuple[list[_Entry], tuple[Problem, ...]]:
    """Everything below `root`, the documents first, up to a little more than the limits."""
    device = os.fstat(root).st_dev
    found: list[_Entry] = []
    problems: list[Problem] = []
    names = 0
    folders = [""]
    while folders and len(found) <= limits.MEMBERS and names <= limits.NAMES:
        folder = folders.pop()
        try:
            for entry in _entries(root, folder, limits.MEMBERS + 1 - len(found)):
                found.append(entry)
                names += len(entry.name) + len(entry.link)
                if not stat.S_ISDIR(entry.status.st_mode):
                    continue
                if entry.status.st_dev != device:
                    problems.append(Problem(entry.name, None, "not looked at: mounted there"))
                elif entry.name.count("/") >= limits.DEPTH:
                    problems.append(Problem(entry.name, None, "not looked at: too deep"))
                else:
                    folders.append(entry.name)
        except OSError as error:
            problems.append(Problem(folder, None, f"cannot be listed: {error.strerror}"))
    found.sort(key=lambda entry: (entry.name not in DOCUMENTS, entry.name))
    start, placed = 0, []
    for entry in found:
        placed.append(_Entry(entry.name, entry.status, entry.link, start))
        start += entry.size
    return placed, tuple(problems[: limits.REPORTED])


def _entries(root: int, folder: str, most: int) -> Iterator[_Entry]:
    place = _inside(root, folder, _NO_LINK | os.O_DIRECTORY) if folder else os.dup(root)
    try:
        with os.scandir(place) as entries:
            for entry, _ in zip(entries, range(most), strict=False):
                name = f"{folder}/{entry.name}" if folder else entry.name
                if name == _UNRELATED:
                    continue
                status = entry.stat(follow_symlinks=False)
                link = os.readlink(entry.name, dir_fd=place) if entry.is_symlink() else ""
                yield _Entry(name, status, link)
    finally:
        os.close(place)


def _identity(root: int, entries: list[_Entry]) -> FileIdentity:
    """What would be another one if a file of the folder were; the size is that of all files."""
    status = os.fstat(root)
    newest = max((entry.status.st_mtime_ns for entry in entries), default=0)
    total = sum(entry.size for entry in entries)
    return FileIdentity(status.st_dev, status.st_ino, total, max(status.st_mtime_ns, newest))


def _header(entry: _Entry) -> Header:
    status = entry.status
    kind = _kind(status.st_mode)
    return Header(
        Member(
            name=entry.name,
            kind=kind,
            size=entry.size,
            mode=stat.S_IMODE(status.st_mode),
            mtime=moment(status.st_mtime),
            link=entry.link,
            offset=entry.start if kind is MemberKind.FILE else None,
            owner=(status.st_uid, status.st_gid),
        ),
        spelled=entry.name,
        stored=entry.size,
        sparse=False,
        padding=0,
    )


def _kind(mode: int) -> MemberKind:
    if stat.S_ISREG(mode):
        return MemberKind.FILE
    if stat.S_ISDIR(mode):
        return MemberKind.DIRECTORY
    return MemberKind.SYMLINK if stat.S_ISLNK(mode) else MemberKind.OTHER
