"""The images of an archive by name, each decoded as far as it is sound."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from tui.archive import limits
from tui.archive.layout import IMAGES
from tui.archive.model import Contents, Member, MemberKind, Problem
from tui.archive.reader import kept_size
from tui.archive.spool import Store
from tui.criu.catalogue import Piece, kind_of, pieces
from tui.criu.framing import Fault, Image, Magic, Order, byte_order, entries
from tui.criu.window import Window
from tui.text import size

FOLDER = IMAGES
"""Where the images lie in the archive."""

ENTRIES = 200_000
"""Entries of all images together; an honest checkpoint has some thousand."""

M = TypeVar("M", bound=Message)


class Images:
    """The images, and what was wrong with those that were looked at."""

    def __init__(
        self, contents: Contents, folder: str = FOLDER, store: Store | None = None
    ) -> None:
        """`store` has the ghost files that were not kept; without it nothing is known of them."""
        self.problems: list[Problem] = []
        self.folder = folder
        self._contents = contents
        self._store = store
        self._members: dict[str, Member] = {
            member.name.removeprefix(folder): member
            for member in contents.members
            if member.name.startswith(folder)
        }
        self._entries = 0

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def named(self, pattern: str, needed: str = "") -> list[str]:
        """The images whose name is like `pattern`; where there must be one, it is like `needed`."""
        wanted = re.compile(pattern, re.ASCII)
        return [name for name in self._members if wanted.fullmatch(name)] or [needed] * bool(needed)

    def decoded(self, name: str, magic: Magic, kind: type[M]) -> Iterator[M]:
        """The entries of an image, up to where it goes wrong."""
        raw = self.raw(name)
        if raw is None:
            return
        offset = 0
        try:
            for offset, entry in entries(raw, magic):
                self._count(offset)
                yield kind.FromString(entry)
        except Fault as fault:
            self.problem(name, fault.offset, fault.message)
        except DecodeError:
            self.problem(name, offset, "an entry that is no protobuf of its kind")

    def optional(self, name: str, magic: Magic, kind: type[M]) -> Iterator[M]:
        """The same of an image that may be missing: CRIU writes it only when it has entries."""
        return self.decoded(name, magic, kind) if name in self._members else iter(())

    def pieces(self, name: str) -> Iterator[Piece]:
        """The entries of an image that may be missing, each with the raw bytes behind it."""
        kind, found = kind_of(name), self._image(name) if name in self._members else None
        if kind is None or found is None:
            return
        try:
            for piece in pieces(found, kind):
                self._count(piece.offset)
                yield piece
        except Fault as fault:
            self.problem(name, fault.offset, fault.message)

    def order(self, name: str, magic: Magic) -> Order:
        """The byte order of an image; where it has none, nothing of it is read anyway."""
        try:
            return byte_order(self._contents.files.get(self.folder + name, b""), magic)
        except Fault:
            return "little"

    def raw(self, name: str) -> bytes | None:
        """The bytes of an image."""
        member, raw = self._members.get(name), self._contents.files.get(self.folder + name)
        if raw is not None:
            return raw
        if member is None:
            self.problem(name, None, "missing: CRIU writes one in every checkpoint")
        elif member.kind is not MemberKind.FILE:
            self.problem(name, None, f"not a file but a {member.kind}")
        elif member.size > (most := kept_size(name)):
            self.problem(
                name,
                None,
                f"{size(member.size)} long, too large to be read: images are up to {size(most)}",
            )
        elif any(one.member == member.name for one in self._contents.problems):
            self.problem(name, None, "not read: the archive is damaged in it")
        else:
            self.problem(name, None, "not read: too many small files are in front of it")
        return None

    def _image(self, name: str) -> Image | None:
        member = self._members[name]
        if self._store is None or not is_large_ghost(self._contents, member):
            return self.raw(name)
        return Window(self._store, member)

    def _count(self, offset: int) -> None:
        self._entries += 1
        if self._entries > ENTRIES:
            raise Fault(offset, f"more than {ENTRIES:,} entries: the rest is unread")

    def problem(self, name: str, offset: int | None, message: str) -> None:
        """Tell what is wrong with an image, once."""
        found = Problem(self.folder + name, offset, message)
        if len(self.problems) < limits.REPORTED and found not in self.problems:
            self.problems.append(found)


def is_large_ghost(contents: Contents, member: Member) -> bool:
    """Whether `member` is a ghost file that was not kept, so that only a Store has it."""
    return (
        PurePosixPath(member.name).name.startswith("ghost-file-")
        and member.offset is not None
        and member.name not in contents.files
    )
