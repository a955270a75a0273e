"""Files before and after: what the container changed in its image, volumes, tmpfs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui.archive.extract import Chosen
from tui.archive.model import MemberKind
from tui.checkpoint.comparison.difference import (
    Described,
    Difference,
    Fact,
    Unit,
    one_sided,
    together,
    two_sided,
)
from tui.checkpoint.comparison.difference import Kind as Change
from tui.checkpoint.comparison.likeness import Likeness, same_container
from tui.checkpoint.comparison.side import Side
from tui.checkpoint.filesystem import Entry, Fate, FileSystem
from tui.text import plural

_FOLDERS = "the time of a folder"
_OTHER = "times of another container"
_CONTENT = "content"

Digests = Mapping[Chosen, str]
"""SHA-256 of files in the archive, in hexadecimal."""


def filesystem_apart(
    before: Side, after: Side, alike: Likeness, digests: tuple[Digests, Digests]
) -> Iterator[Difference]:
    """Every file system, and in it every file by its path."""
    was, now = ({_key(one): one for one in side.systems} for side in (before, after))
    unread = before.partial, after.partial
    timeless = "" if same_container(before, after) else _OTHER
    for key in dict.fromkeys((*was, *now)):
        if key not in now or key not in was:
            system, kind, left_out = (
                (now[key], Change.ADDED, unread[0])
                if key not in was
                else (was[key], Change.REMOVED, unread[1])
            )
            if not left_out and system.entries:
                told = plural(len(system.entries), "name")
                yield one_sided(key, Described(_label(system), told), kind)
            continue
        readers = (
            _Reader(was[key], digests[0], timeless),
            _Reader(now[key], digests[1], timeless),
        )
        inside = _entries_apart(was[key], now[key], readers, alike, unread)
        yield together(key, _label(now[key]), inside, group=True)


def same_size(before: Side, after: Side) -> Iterator[tuple[Chosen, Chosen]]:
    """The files that only their content can tell apart, if anything does."""
    now = {_key(one): one for one in after.systems}
    for system in before.systems:
        other = now.get(_key(system))
        known = {entry.path: entry.member for entry in other.entries} if other else {}
        for entry in system.entries:
            was, is_ = entry.member, known.get(entry.path)
            files = was and is_ and was.kind is is_.kind is MemberKind.FILE
            if other and was and is_ and files and was.size == is_.size > 0:
                yield (system.where, was.name), (other.where, is_.name)


def _entries_apart(
    was: FileSystem,
    now: FileSystem,
    readers: "tuple[_Reader, _Reader]",
    alike: Likeness,
    unread: tuple[bool, bool],
) -> Iterator[Difference]:
    """The files; one that was deleted from the image stands for itself."""
    earlier, later = ({entry.path: entry for entry in one.entries} for one in (was, now))
    emptied = tuple(
        {f"{path}/*": Entry(f"{path}/*", Fate.REMOVED) for path in one.emptied}
        for one in (was, now)
    )
    earlier, later = earlier | emptied[0], later | emptied[1]
    first, second = readers
    for path in sorted({*earlier, *later}):
        entry, other = earlier.get(path), later.get(path)
        was_there = entry is not None and entry.fate is not Fate.REMOVED
        is_there = other is not None and other.fate is not Fate.REMOVED
        if entry and other and was_there and is_there:
            yield two_sided(path, first.describe(entry), second.describe(other), alike)
        elif entry and other and not (was_there or is_there):
            yield Difference(path, path, Change.SAME, note="deleted")
        elif (entry is None and unread[0]) or (other is None and unread[1]):
            continue
        elif entry and was_there:
            yield one_sided(path, first.describe(entry), Change.REMOVED)
        elif other and is_there:
            yield one_sided(path, second.describe(other), Change.ADDED)
        elif other:
            yield Difference(path, path, Change.REMOVED, note="deleted from the image")
        else:
            yield Difference(path, path, Change.ADDED, note="in the image again")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What one side says of the files of a file system."""

    system: FileSystem
    digests: Digests
    timeless: str
    """Why times mean nothing."""

    def describe(self, entry: Entry) -> Described:
        member = entry.member
        size = member.size if member and member.kind is MemberKind.FILE else None
        return Described(entry.path, size, Unit.BYTES, lambda: self._facts(entry))

    def _facts(self, entry: Entry) -> Iterator[Fact]:
        member = entry.member
        if member is None:
            return
        folder = member.kind is MemberKind.DIRECTORY
        yield Fact("kind", member.kind)
        yield Fact("size", member.size, Unit.BYTES)
        yield Fact("link", member.link or None)
        yield Fact(_CONTENT, self.digests.get((self.system.where, member.name)))
        yield Fact("mode", member.mode, Unit.MODE)
        yield Fact("owner", f"{member.owner[0]}:{member.owner[1]}")
        moment = member.mtime.isoformat(" ")
        yield Fact("modified", moment, expected=_FOLDERS if folder else self.timeless)


def _key(system: FileSystem) -> str:
    return f"{system.kind} {system.name or system.mountpoint}".rstrip()


def _label(system: FileSystem) -> str:
    name = f" {system.name}" if system.name else ""
    return f"{system.kind}{name} at {system.mountpoint}" if system.mountpoint else _key(system)
