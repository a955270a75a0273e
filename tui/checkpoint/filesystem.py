"""The files in a checkpoint: what the container changed in its image, and what lay on mounts.

Podman and CRI-O save the added and changed files (rootfs-diff.tar) and a list of the deleted
ones (deleted.files), containerd a layer of an image, in which whiteouts stand for deletions. Each
named volume, /dev/shm and each tmpfs is a tar of its own.
"""

import posixpath
from bisect import bisect_left
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tui.archive.layout import Layout
from tui.archive.model import Contents, Member
from tui.archive.reader import TMPFS
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.summary import deleted

ROOT = "rootfs-diff.tar"
SHARED_MEMORY = "devshm-checkpoint.tar"

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
"""Names in a layer (OCI image specification, `layer.md`)."""


class Kind(StrEnum):
    """What a file system is to the container."""

    ROOT = "root"
    VOLUME = "volume"
    SHARED_MEMORY = "shared memory"
    TMPFS = "tmpfs"


class Fate(StrEnum):
    """What became of a file."""

    ADDED = "added"
    CHANGED = "changed"
    WRITTEN = "added or changed"
    """Nobody knows whether the image has such a file."""
    REMOVED = "removed"
    SAVED = "saved"
    """On a volume or a tmpfs, which is saved as a whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, folder or link."""

    path: str
    """Absolute, as the container sees it."""
    fate: Fate
    member: Member | None = None
    """What the archive has of it; None of a removed one."""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """One file system, as far as it is in the archive."""

    kind: Kind
    mountpoint: str
    """Where the container sees it; empty if nothing tells."""
    where: str
    """The tar inside that has the files."""
    name: str = ""
    """Of a volume."""
    entries: tuple[Entry, ...] = ()
    """Sorted by path."""
    emptied: tuple[str, ...] = ()
    """Folders of which nothing is left that the image had in them."""

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(one.member.size for one in self.entries if one.member)


@dataclass(frozen=True, slots=True)
class Item:
    """What stands in one folder under one name."""

    path: str
    entry: Entry | None
    """None of a folder that is there only because something in it is."""
    below: int
    """Entries inside it."""
    size: int
    """Bytes of it, and of all files inside it."""


def file_systems(
    checkpoint: Checkpoint, image: Collection[str] | None = None
) -> tuple[FileSystem, ...]:
    """Every file system that the archive has something of, the root first.

    `image` are the paths of the image's files, without a leading slash; None: nobody knows them.
    """
    contents = checkpoint.contents
    found = [root(checkpoint, image)]
    volumes = {volume.name: volume.dest for volume in checkpoint.config.named_volumes or ()}
    for where in contents.nested:
        if where.startswith("volumes/"):
            name = where.removeprefix("volumes/").removesuffix(".tar")
            found.append(_saved(contents, Kind.VOLUME, volumes.get(name, ""), where, name))
    if SHARED_MEMORY in contents.nested:
        found.append(_saved(contents, Kind.SHARED_MEMORY, "/dev/shm", SHARED_MEMORY))
    for where, mountpoint in sorted(_tmpfs(contents).items(), key=lambda item: item[1]):
        found.append(_saved(contents, Kind.TMPFS, mountpoint, where))
    return tuple(one for one in found if one.entries or one.emptied or one.kind is not Kind.ROOT)


def listing(system: FileSystem, folder: str) -> tuple[Item, ...]:
    """What stands in `folder` of the container, sorted by name, with what lies below added up."""
    prefix = folder.rstrip("/") + "/"
    paths = [entry.path for entry in system.entries]
    found: dict[str, Item] = {}
    for entry in system.entries[bisect_left(paths, prefix) :]:
        if not entry.path.startswith(prefix):
            break
        name, _, deeper = entry.path[len(prefix) :].partition("/")
        if not name:
            continue
        item = found.get(name, Item(prefix + name, None, 0, 0))
        size = entry.member.size if entry.member else 0
        found[name] = Item(
            item.path,
            item.entry if deeper else entry,
            item.below + bool(deeper),
            item.size + size,
        )
    return tuple(found[name] for name in sorted(found))


def root(checkpoint: Checkpoint, image: Collection[str] | None = None) -> FileSystem:
    """What the container changed in its image (see `file_systems`)."""
    members = {one.name: one for one in checkpoint.contents.nested.get(ROOT, ())}
    removed = {_inside(path): None for path in deleted(checkpoint)}
    opaque: list[str] = []
    if checkpoint.layout is Layout.CONTAINERD:
        for name in list(members):
            folder, base = posixpath.split(name)
            if base == _OPAQUE:
                opaque.append(folder)
                del members[name]
            elif (hidden := _hidden(base)) is not None:
                removed[posixpath.join(folder, hidden)] = None
                del members[name]
    emptied = opaque
    if image is not None:
        emptied = []
        removed |= dict.fromkeys(_below(opaque, image))
    entries = [
        Entry(f"/{name}", _fate(name, image), member) for name, member in members.items() if name
    ]
    entries += [Entry(f"/{name}", Fate.REMOVED) for name in removed if name and name not in members]
    return FileSystem(
        Kind.ROOT,
        "/",
        ROOT,
        entries=_sorted(entries),
        emptied=tuple(f"/{folder}" for folder in sorted(emptied)),
    )


def _hidden(base: str) -> str | None:
    """The name that a whiteout of the name `base` removes; None if it is no sound whiteout."""
    hidden = base.removeprefix(_WHITEOUT)
    sound = hidden != base and hidden not in ("", ".", "..") and not hidden.startswith(_WHITEOUT)
    return hidden if sound else None


def _below(folders: Collection[str], image: Collection[str]) -> Iterator[str]:
    """The topmost files of the image in each of `folders`."""
    wanted = set(folders)
    return (path for path in image if posixpath.dirname(path) in wanted)


def _fate(name: str, image: Collection[str] | None) -> Fate:
    if image is None:
        return Fate.WRITTEN
    return Fate.CHANGED if name in image else Fate.ADDED


def _inside(path: str) -> str:
    """`path` without a leading slash, and without a way out of the root."""
    return posixpath.normpath(f"/{path.lstrip('/')}").lstrip("/")


def _saved(
    contents: Contents, kind: Kind, mountpoint: str, where: str, name: str = ""
) -> FileSystem:
    base = mountpoint.rstrip("/")
    members = {one.name: one for one in contents.nested.get(where, ())}
    entries = [
        Entry(f"{base}/{inner}", Fate.SAVED, member) for inner, member in members.items() if inner
    ]
    return FileSystem(kind, mountpoint, where, name, _sorted(entries))


def _tmpfs(contents: Contents) -> dict[str, str]:
    """Where each tar with the content of a tmpfs was mounted; its parser is loaded only here."""
    from tui.criu.images import Images
    from tui.criu.mounts import mounts

    wheres = [name for name in contents.nested if TMPFS.fullmatch(name.rpartition("/")[2])]
    if not wheres:
        return {}
    places = {one.archive: one.mountpoint for one in mounts(Images(contents)).by_id.values()}
    return {where: places.get(where, "") for where in wheres}


def _sorted(entries: Collection[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.path))
