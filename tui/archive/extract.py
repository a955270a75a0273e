"""The content of files in an archive, or in the tars inside it, whatever their size.

The archive is read again as far as the files lie, once for all that are asked for.
"""

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from itertools import groupby

from tui.archive import limits
from tui.archive.model import Compression, Contents, Member, MemberKind
from tui.archive.opening import stream
from tui.archive.stream import (
    MAGIC_LENGTH,
    DamageError,
    Section,
    Stream,
    recognized,
    unpacked_inside,
)
from tui.archive.tar import cleaned, next_header
from tui.errors import ArchiveError
from tui.text import safe_text

ARCHIVE = ""
"""In place of the name of a tar inside: the archive itself."""

_HOPS = 8
"""Hard links that are followed from one to the next."""

_KINDS = {
    MemberKind.DIRECTORY: "a directory",
    MemberKind.SYMLINK: "a symbolic link",
    MemberKind.OTHER: "a device, a pipe or a socket",
}

Chosen = tuple[str, str]
"""The tar inside, or ARCHIVE, and the name of a file in it."""


class Content(Section):
    """The bytes of one file; reading them raises ArchiveError where they do not come."""

    def __init__(self, outer: Stream, size: int, name: str) -> None:
        super().__init__(outer, size)
        self._name = name

    def read(self, size: int) -> bytes:
        """See Stream; fewer bytes than asked for come at the end alone."""
        try:
            data = super().read(size)
        except DamageError as error:
            raise _broken(self._name, error.message) from error
        if len(data) < size and self.left:
            raise _broken(self._name, f"{self.left:,} of its bytes are missing")
        return data

    def skip(self, size: int) -> int:
        """See Stream."""
        try:
            return super().skip(size)
        except DamageError as error:
            raise _broken(self._name, error.message) from error


def file_bytes(
    contents: Contents, where: str, name: str, limit: int, *, tail: bool = False
) -> bytes:
    """The first `limit` bytes of a file, or the last with `tail`.

    `where` is the tar inside that has it, or ARCHIVE. Raises ArchiveError when there is no such
    file, or when it cannot be read.
    """
    found = passing(contents, [(where, name)])
    try:
        _, member, content = next(found)
        if tail:
            content.skip(member.size - limit)
        return content.read(min(limit, content.left))
    finally:
        found.close()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file lies."""

    chosen: Chosen
    member: Member
    outer: Member | None
    """The tar inside that has it."""
    index: int
    """Which entry of it."""

    @property
    def packed(self) -> bool:
        """Whether it has no place in the archive's own bytes."""
        return self.member.offset is None

    @property
    def start(self) -> int:
        found = self.outer.offset if self.packed and self.outer else self.member.offset
        return found or 0

    @property
    def order(self) -> tuple[int, bool, int]:
        return self.start, self.packed, self.index


def sizes(contents: Contents, chosen: Collection[Chosen]) -> int:
    """Bytes of the files that were chosen together. Raises ArchiveError where one is missing."""
    return sum(place.member.size for place in _places(contents, chosen))


def passing(
    contents: Contents, chosen: Collection[Chosen]
) -> Generator[tuple[Chosen, Member, Content], None, None]:
    """The files that were chosen, in the order in which the archive has them.

    Each content must be read before the next is asked for. Raises ArchiveError where one of them
    is missing, is no file, or cannot be read.
    """
    rest = _places(contents, chosen)
    while rest:
        later: list[_Place] = []
        with stream(contents) as whole:
            rest.sort(key=lambda place: place.order)
            for (start, packed), group in groupby(rest, lambda place: place.order[:2]):
                if start < whole.offset:  # the same bytes once more
                    later += group
                    continue
                try:
                    whole.skip(start - whole.offset)
                except DamageError as error:
                    raise _broken(contents.path, error.message) from error
                if packed:
                    yield from _passing_packed(whole, list(group), later)
                    continue
                first, *same = group
                later += same
                yield first.chosen, first.member, _content(whole, first, first.member.size)
        rest = later


def _passing_packed(
    whole: Stream, group: list[_Place], later: list[_Place]
) -> Iterator[tuple[Chosen, Member, Content]]:
    """Those that lie in one compressed tar inside."""
    outer = group[0].outer
    section = Section(whole, outer.size if outer else 0)
    packed = recognized(section.peek(MAGIC_LENGTH))
    if packed is Compression.NONE:
        raise _broken(group[0].chosen[1], "only pieces of it are in the archive")
    inside = Section(unpacked_inside(section, packed, DamageError), limits.UNPACKED)
    wanted: dict[int, _Place] = {}
    later += [one for one in group if wanted.setdefault(one.index, one) is not one]
    for index in range(max(wanted) + 1):
        name = wanted[index].chosen[1] if index in wanted else group[-1].chosen[1]
        try:
            header = next_header(inside)
            if header is None:
                raise _broken(name, "the tar inside ends before it")
            if index not in wanted:
                inside.skip(header.stored + header.padding)
                continue
        except DamageError as error:
            raise _broken(name, error.message) from error
        if header.sparse or header.member.name != wanted[index].member.name:
            raise _broken(name, "only pieces of it are in the archive")
        content = _content(inside, wanted[index], header.stored)
        yield wanted[index].chosen, wanted[index].member, content
        content.skip(content.left)
        inside.skip(header.padding)


def _content(stream: Stream, place: _Place, size: int) -> Content:
    return Content(stream, size, place.chosen[1])


def _places(contents: Contents, chosen: Collection[Chosen]) -> list[_Place]:
    names: dict[str, dict[str, int]] = {}
    for where, _ in chosen:
        if where not in names:
            entries = _entries(contents, where)
            names[where] = {entry.name: index for index, entry in enumerate(entries)}
    members = {member.name: member for member in contents.members}
    found = []
    for where, name in chosen:
        index = _followed(contents, where, name, names[where])
        member = _entries(contents, where)[index]
        outer = members.get(where) if where else None
        if member.offset is None and outer is None:
            raise _broken(name, "only pieces of it are in the archive")
        found.append(_Place((where, name), member, outer, index))
    return found


def _followed(contents: Contents, where: str, name: str, names: dict[str, int]) -> int:
    """The index of the entry with the content of `name`, which may be a hard link."""
    entries, at = _entries(contents, where), name
    for _ in range(_HOPS):
        if at not in names:
            raise _broken(name, "there is no such file in the archive")
        member = entries[names[at]]
        if member.kind is MemberKind.FILE:
            return names[at]
        if member.kind is not MemberKind.HARDLINK:
            raise _broken(name, f"it is {_KINDS[member.kind]}, not a file")
        at = cleaned(member.link)
    raise _broken(name, "its links lead to no file")


def _entries(contents: Contents, where: str) -> tuple[Member, ...]:
    return contents.nested.get(where, ()) if where else contents.members


def _broken(name: str, why: str) -> ArchiveError:
    return ArchiveError(f"{safe_text(name)}: cannot be read: {safe_text(why)}.")
