"""The mount tables of a checkpoint: what was mounted where, in which mount namespace."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tui.archive.model import Problem
from tui.criu import images_pb2 as pb
from tui.criu import names
from tui.criu.framing import Magic
from tui.criu.images import Images
from tui.text import decode

_AUTO = (0, 16)
"""CRIU's numbers for a file system that it has no own code for."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount, as its line in /proc/PID/mountinfo had it, and what CRIU makes of it."""

    id: int
    parent: int
    """The ID of the mount that it lies on; the root's is in no table."""
    namespace: int
    """CRIU's ID of the mount namespace, as in `Process.ids["mnt"]`."""
    file_system: str
    """`overlay`, `tmpfs`, …; empty if CRIU does not know it."""
    source: str
    """What is mounted: a device, or a name of the file system's own."""
    root: str
    """Which part of the file system is mounted: `/` for all of it."""
    mountpoint: str
    """Absolute, as the container sees it."""
    flags: tuple[str, ...] = ()
    """The options of the mount: `ro`, `nosuid`, …"""
    options: str = ""
    """The options of the file system, in its own words."""
    super_flags: tuple[str, ...] = ()
    """The options that all mounts of the file system share."""
    device: str = ""
    """`major:minor`."""
    external: str = ""
    """The key under which the runtime must name it again; empty if CRIU makes it."""
    shared: int | None = None
    """Its peer group: what is mounted below it appears in all of them."""
    master: int | None = None
    """The peer group that it follows."""
    deleted: bool = False
    """What is mounted had lost its name."""
    archive: str = ""
    """The member that has the content of a tmpfs, a tar in gzip; empty if none has."""


@dataclass(frozen=True, slots=True)
class Mounts:
    """All mounts of a checkpoint."""

    by_id: dict[int, Mount] = field(default_factory=dict)
    roots: tuple[int, ...] = ()
    """The IDs of those that lie on none of these mounts: one of each namespace."""
    children: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By ID, in the order they were made; no mount lies on itself here."""
    problems: tuple[Problem, ...] = ()

    def tree(self) -> Iterator[tuple[int, Mount]]:
        """Every mount once, behind the one that it lies on, each with its depth."""
        waiting = [(0, one) for one in reversed(self.roots)]
        while waiting:
            depth, one = waiting.pop()
            yield depth, self.by_id[one]
            waiting += [(depth + 1, child) for child in reversed(self.children.get(one, ()))]


def mounts(images: Images) -> Mounts:
    """The mounts in `images`; what cannot be read is a problem and stays empty."""
    before = len(images.problems)
    found: dict[int, Mount] = {}
    for name in sorted(images.named(r"mountpoints-\d+\.img", needed="mountpoints-*.img")):
        for entry in images.decoded(name, Magic.MOUNTS, pb.Mnt):
            if entry.mnt_id in found:
                images.problem(name, None, f"mount {entry.mnt_id} more than once")
            else:
                namespace = int(name.removeprefix("mountpoints-").removesuffix(".img"))
                found[entry.mnt_id] = _mount(images, entry, namespace)
    roots, children = _tree(images, found)
    return Mounts(found, roots, children, tuple(images.problems[before:]))


def _mount(images: Images, entry: pb.Mnt, namespace: int) -> Mount:
    return Mount(
        id=entry.mnt_id,
        parent=entry.parent_mnt_id,
        namespace=namespace,
        file_system=decode(entry.fsname)
        or ("" if entry.fstype in _AUTO else names.named(entry.fstype, names.FILE_SYSTEMS)),
        source=decode(entry.source),
        root=decode(entry.root),
        mountpoint="/" + decode(entry.mountpoint).removeprefix(".").lstrip("/"),
        flags=names.mount_flags(entry.flags),
        options=decode(entry.options),
        super_flags=names.mount_flags(entry.sb_flags) if entry.HasField("sb_flags") else (),
        device=names.device(entry.root_dev),
        external=decode(entry.ext_key or (entry.root if entry.ext_mount else b"")),
        shared=entry.shared_id or None,
        master=entry.master_id or None,
        deleted=entry.deleted,
        archive=_archive(images, entry),
    )


def _archive(images: Images, entry: pb.Mnt) -> str:
    """The member with the content: named after the device, with old CRIU after the mount."""
    wanted = (f"tmpfs-dev-{entry.root_dev}.tar.gz.img", f"tmpfs-{entry.mnt_id}.tar.gz.img")
    return next((images.folder + name for name in wanted if name in images), "")


def _tree(
    images: Images, found: dict[int, Mount]
) -> tuple[tuple[int, ...], dict[int, tuple[int, ...]]]:
    """The roots, and what lies on each, with every circle cut open.

    CRIU writes a table from its end, so that a mount made later comes first.
    """
    above = {one.id: one.parent for one in found.values() if one.parent in found}
    settled: set[int] = set()
    for start in found:
        passed: set[int] = set()
        at = start
        while at in above and at not in passed and at not in settled:
            passed.add(at)
            at = above[at]
        if at in passed:
            images.problem("mountpoints-*.img", None, f"mount {at} lies on itself")
            del above[at]
        settled |= passed
    children: dict[int, list[int]] = defaultdict(list)
    for one in reversed(found):
        if one in above:
            children[above[one]].append(one)
    roots = tuple(one for one in reversed(found) if one not in above)
    return roots, {one: tuple(those) for one, those in children.items()}
