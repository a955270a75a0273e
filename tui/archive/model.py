"""What the one pass over an archive yields, as frozen data."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


class Compression(StrEnum):
    """How the file is compressed, as its first bytes say (its name says nothing)."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"

    @property
    def label(self) -> str:
        """In words."""
        return "not compressed" if self is Compression.NONE else self.value


class Form(StrEnum):
    """How the checkpoint lies where it is."""

    ARCHIVE = "archive"
    """A tar, whatever its compression."""
    FOLDER = "folder"
    """A directory with the members as files."""
    IMAGE = "image"
    """The layer of an OCI image, in an archive or a directory of its own."""


class MemberKind(StrEnum):
    """What a member is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the archive, or of a tar inside it."""

    name: str
    """The cleaned name, relative, as Podman unpacks it; lone surrogates stand for odd bytes."""
    kind: MemberKind
    size: int
    """Bytes of content."""
    mode: int
    mtime: datetime
    link: str = ""
    """Where a link leads."""
    offset: int | None = None
    """Where its content begins: bytes into the decompressed archive, for a tar inside as well.

    In a folder the files count as if they lay one behind the other. None where there is no
    content, only pieces of it (a sparse file), or where it is compressed inside the archive.
    """
    owner: tuple[int, int] = (0, 0)
    """User and group, as the machine of the checkpoint counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the archive, and where."""

    member: str
    """The member it is about, empty for the archive itself."""
    offset: int | None
    """Bytes from the start of the (decompressed) archive, if known."""
    message: str
    pointer: str = ""
    """The place in a JSON document, as a JSON pointer."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What tells that two looks at a path saw the same file."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The identity of the file that `status` is about."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Layer:
    """The layer of an image that is a checkpoint."""

    outer: "Contents"
    """The image itself."""
    blob: Member
    """The layer among the members of the image."""
    name: str
    """What the image is called, as far as it says so."""
    annotations: dict[str, str]
    """Of the index and the manifest together."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What has been read so far; each yield of the reader has more than the one before."""

    path: str
    identity: FileIdentity
    compression: Compression
    """Of the file, or of the layer of an image."""
    form: Form = Form.ARCHIVE
    layer: Layer | None = None
    """Where an image is around the checkpoint."""
    members: tuple[Member, ...] = ()
    """In archive order, duplicates included."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Content of the small members that were kept, by cleaned name; of duplicates the last."""
    nested: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    """Entries of the tars inside (rootfs-diff.tar, volumes/…, devshm-checkpoint.tar)."""
    problems: tuple[Problem, ...] = ()
    ambiguities: tuple[Problem, ...] = ()
    """What Podman would read differently from what people see."""
    position: int = 0
    """Bytes of the file consumed so far."""
    finished: bool = False
    """The reader has stopped, at the end or at a problem it could not pass."""
    complete: bool = False
    """The whole archive was read, to its end, without a problem."""
