"""The one pass over an archive, told as successive Contents while it goes on."""

import os
import re
import stat
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tui.archive import limits
from tui.archive.layout import DOCUMENTS
from tui.archive.model import Compression, Contents, FileIdentity, Member, MemberKind, Problem
from tui.archive.stream import (
    MAGIC_LENGTH,
    DamageError,
    Section,
    Stream,
    StreamError,
    recognized,
    unpacked,
    unpacked_inside,
)
from tui.archive.tar import Header, escapes, next_header
from tui.errors import ArchiveError
from tui.text import safe_text, size

_STEP = 8 * limits.MIB
"""Bytes skipped before the clock is looked at."""

_TAIL = 64 * limits.KIB

TMPFS = re.compile(r"tmpfs-(?:dev-)?(\d+)\.tar\.gz\.img", re.ASCII)
"""What CRIU calls the content of a tmpfs, with the device or the ID of its mount."""

_INTERVAL = 0.1
"""Seconds between two Contents, so that people see the reading go on."""


def read(path: str) -> Iterator[Contents]:
    """What the archive at `path` holds, more with each Contents; the last one is finished.

    The first comes when the documents that a restore reads have passed, the others about every
    tenth of a second. Damage ends the reading and is a problem of the last one. Raises
    ArchiveError where nothing at all can be read.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise ArchiveError(_not_a_file(path))
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise ArchiveError(f"{safe_text(path)}: cannot be opened: {error.strerror}.") from error
    except ValueError as error:  # a NUL in the name
        raise ArchiveError(f"{safe_text(path)}: not the name of a file.") from error
    with file:
        status = os.fstat(file.fileno())
        if status.st_size == 0:
            raise ArchiveError(f"{safe_text(path)}: the file is empty.")
        identity = FileIdentity.of(status)
        compression = recognized(file.read(MAGIC_LENGTH))
        file.seek(0)
        stream = unpacked(file, compression, status.st_size)
        yield from index(Contents(path, identity, compression), stream, file.tell)


def index(
    start: Contents,
    stream: Stream,
    position: Callable[[], int],
    headers: Callable[[Stream], Header | None] = next_header,
) -> Iterator[Contents]:
    """The same of any tar: of `start`, whose bytes come from `stream`.

    `position` says how many bytes of the file are consumed; `headers` are read from the stream,
    each before its content, as those of a tar are.
    """
    return _Pass(start, stream, position, headers).run()


def kept_size(name: str) -> int:
    """Bytes that the member `name` may have if it is to be kept; ghost files are no metadata."""
    base = PurePosixPath(name).name
    image = base.endswith(".img") and not base.startswith("ghost-file-")
    return limits.KEPT_IMAGE if image else limits.KEPT_MEMBER


def _not_a_file(path: str) -> str:
    what = "a directory" if Path(path).is_dir() else "not a regular file"
    return f"{safe_text(path)}: this is {what}; podthaw opens the archive itself."


class _Pass:
    """What has been found so far, while the archive goes by."""

    def __init__(
        self,
        start: Contents,
        stream: Stream,
        position: Callable[[], int],
        headers: Callable[[Stream], Header | None],
    ) -> None:
        self._start = start
        self._stream = stream
        self._position = position
        self._headers = headers
        self._members: list[Member] = []
        self._files: dict[str, bytes] = {}
        self._kept = 0
        self._nested: dict[str, list[Member]] = {}
        self._nested_count = 0
        self._unpacked = 0
        self._names = 0
        self._problems: list[Problem] = []
        self._ambiguities: list[Problem] = []
        self._awaited = set(DOCUMENTS)
        self._seen: set[str] = set()
        self._published = time.monotonic()

    def run(self) -> Iterator[Contents]:
        """Read to the end."""
        try:
            yield from self._walk()
            yield from self._tail()
        except DamageError as error:
            if not self._members:
                raise ArchiveError(self._no_archive(error)) from error
            self._problem(self._members[-1].name, error.offset, error.message)
        self._check_folders()
        yield self._snapshot(finished=True)

    def _walk(self) -> Iterator[Contents]:
        while (header := self._headers(self._stream)) is not None:
            if len(self._members) >= limits.MEMBERS:
                raise DamageError(
                    self._stream.offset, f"more than {limits.MEMBERS:,} members: the rest is unread"
                )
            self._check_name(header, self._stream.offset)
            self._members.append(header.member)
            self._count_names(header.member, self._stream.offset)
            yield from self._content(header)
            self._awaited.discard(header.member.name)
            if not self._awaited:
                self._awaited.add("")  # the first look is due once
                yield self._snapshot()
            yield from self._progress()

    def _content(self, header: Header) -> Iterator[Contents]:
        """Keep, index or skip what follows `header`."""
        name, offset = header.member.name, self._stream.offset
        self._kept -= len(self._files.pop(name, b""))
        self._nested.pop(name, None)
        section = Section(self._stream, header.stored)
        if header.member.kind is MemberKind.FILE:
            if self._is_kept(header, offset):
                self._keep(name, section)
            elif _is_tar(name):
                yield from self._index(name, section)
        yield from self._skip(section, section.left)
        if section.left:
            self._files.pop(name, None)
            raise DamageError(
                self._stream.offset,
                f"cut off: {section.left:,} of its {header.stored:,} bytes are missing",
            )
        if self._stream.skip(header.padding) < header.padding:
            raise DamageError(self._stream.offset, "cut off in the padding behind it")

    def _keep(self, name: str, section: Section) -> None:
        try:
            content = section.read(section.left)
        except StreamError:
            raise
        except DamageError as error:  # of this file of a folder alone
            self._problem(name, error.offset, error.message)
        else:
            self._files[name] = content
            self._kept += len(content)

    def _is_kept(self, header: Header, offset: int) -> bool:
        name, count = header.member.name, header.stored
        if name in DOCUMENTS:
            if header.sparse:
                self._problem(name, offset, "a sparse file; Podman does not write such documents")
            elif count > limits.DOCUMENT:
                self._problem(
                    name,
                    offset,
                    f"{size(count)} long; documents are read up to {size(limits.DOCUMENT)}",
                )
            else:
                return True
            return False
        if header.sparse or _is_tar(name) or PurePosixPath(name).name.startswith("pages-"):
            return False
        room = limits.KEPT if count <= limits.KEPT_MEMBER else limits.KEPT // 2
        return count <= kept_size(name) and self._kept + count <= room

    def _index(self, name: str, section: Section) -> Iterator[Contents]:
        """List the tar inside, which may be compressed."""
        entries = self._nested.setdefault(name, [])
        packed = recognized(section.peek(MAGIC_LENGTH))
        inside = section
        if packed is not Compression.NONE:
            room = limits.UNPACKED - self._unpacked
            inside = Section(unpacked_inside(section, packed, DamageError), room)
        try:
            while inside.left and (header := next_header(inside)) is not None:
                if self._nested_count >= limits.NESTED_MEMBERS:
                    raise DamageError(
                        section.offset,
                        f"more than {limits.NESTED_MEMBERS:,} files inside: the rest is not listed",
                    )
                self._nested_count += 1
                offset = header.member.offset if inside is section else None
                entries.append(replace(header.member, offset=offset))
                self._count_names(header.member, section.offset)
                wanted = header.stored + header.padding
                if wanted > inside.left and inside is section:
                    raise DamageError(section.offset, f"{header.member.name} inside is cut off")
                yield from self._skip(inside, wanted)
                yield from self._progress()
            if inside is section:
                return
            yield from self._skip(inside, inside.left)  # to its end, where the checksum is
            if not inside.left:
                raise DamageError(
                    section.offset, f"it unpacks to more than {size(limits.UNPACKED)}"
                )
        except StreamError:
            raise
        except DamageError as error:
            self._problem(name, error.offset, f"the tar inside cannot be read on: {error.message}")
        if inside is not section:
            self._unpacked += inside.offset

    def _skip(self, stream: Stream, count: int) -> Iterator[Contents]:
        while count:
            passed = stream.skip(min(count, _STEP))
            if not passed:
                return
            count -= passed
            yield from self._progress()

    def _tail(self) -> Iterator[Contents]:
        """Read on behind the end-of-archive mark: only zeros may follow, and sound checksums."""
        offset = self._stream.offset
        while data := self._stream.read(_TAIL):
            if data.strip(b"\0"):
                raise DamageError(offset, "something follows the end-of-archive mark")
            yield from self._progress()

    def _progress(self) -> Iterator[Contents]:
        if time.monotonic() - self._published >= _INTERVAL:
            yield self._snapshot()

    def _check_name(self, header: Header, offset: int) -> None:
        member, name = header.member, header.member.name
        plain = header.spelled.removeprefix("./").strip("/")
        if escapes(header.spelled):
            self._problem(
                header.spelled, offset, "the name leads out of the archive; Podman refuses it"
            )
        elif plain != name and plain != ".":
            self._ambiguity(name, offset, f"spelled {header.spelled!r} in the archive")
        if member.kind is not MemberKind.DIRECTORY:
            if name in self._seen:
                self._ambiguity(name, offset, "there more than once; Podman takes the last")
            self._seen.add(name)
        if name in DOCUMENTS and member.kind is not MemberKind.FILE:
            self._ambiguity(name, offset, f"not a file but a {member.kind}")
        if header.sparse:
            self._ambiguity(name, offset, "a sparse file; Podman writes none")

    def _check_folders(self) -> None:
        """See that only directories have members in them, whichever comes first."""
        names = sorted({member.name for member in self._members})
        for member in self._members:
            folder = f"{member.name}/"
            at = bisect_left(names, folder)
            if (
                member.kind is not MemberKind.DIRECTORY
                and at < len(names)
                and names[at].startswith(folder)
            ):
                self._ambiguity(names[at], None, f"lies in {member.name}, a {member.kind}")

    def _count_names(self, member: Member, offset: int) -> None:
        self._names += len(member.name) + len(member.link)
        if self._names > limits.NAMES:
            raise DamageError(
                offset, f"more than {size(limits.NAMES)} of names: the rest is unread"
            )

    def _problem(self, member: str, offset: int, message: str) -> None:
        if len(self._problems) < limits.REPORTED:
            self._problems.append(Problem(member, offset, message))

    def _ambiguity(self, member: str, offset: int | None, message: str) -> None:
        if len(self._ambiguities) < limits.REPORTED:
            self._ambiguities.append(Problem(member, offset, message))

    def _no_archive(self, error: DamageError) -> str:
        start = self._start
        packed = "" if start.compression is Compression.NONE else f" inside the {start.compression}"
        return (
            f"{safe_text(start.path)}: this is not an archive: "
            f"no tar{packed} ({error.message}, at byte {error.offset:,})."
        )

    def _snapshot(self, *, finished: bool = False) -> Contents:
        self._published = time.monotonic()
        return replace(
            self._start,
            members=tuple(self._members),
            files=dict(self._files),
            nested={name: tuple(entries) for name, entries in self._nested.items()},
            problems=tuple(self._problems),
            ambiguities=tuple(self._ambiguities),
            position=self._position(),
            finished=finished,
            complete=finished and not self._problems,
        )


def _is_tar(name: str) -> bool:
    return (
        name in ("rootfs-diff.tar", "devshm-checkpoint.tar")
        or (name.startswith("volumes/") and name.endswith(".tar"))
        or bool(TMPFS.fullmatch(PurePosixPath(name).name))
    )
