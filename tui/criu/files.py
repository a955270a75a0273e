"""What lies behind the IDs that processes, maps and descriptors name files by."""

from dataclasses import dataclass

from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic, Order
from tui.criu.images import Images
from tui.text import decode

_GHOST = 1 << 31
"""Old CRIU: the bit that tells a deleted file from a linked one."""

LINKED, GHOST, PROCFS = 0, 1, 2
"""How a file can be opened again that has lost its name: under another, from the archive, as that
of a process that is gone."""


@dataclass(frozen=True, slots=True)
class Remap:
    """In what way a file can be opened again that has lost its name."""

    kind: int
    id: int
    """Of the ghost file, of the file under its other name, or the process."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes that a file or a queue had, and where they lie in the archive."""

    member: str
    offset: int
    """From the start of the member."""
    length: int
    at: int = 0
    """Where in the file they belong."""

    @classmethod
    def of(cls, member: str, where: range, at: int = 0) -> "Extent":
        """The bytes of `member` that lie in `where`."""
        return cls(member, where.start, len(where), at)


@dataclass(frozen=True, slots=True)
class FileTable:
    """The open file descriptions (what the kernel calls a file), by ID."""

    entries: dict[int, pb.File]
    remaps: dict[int, Remap]
    memfds: dict[int, pb.MemfdInode]
    """By the ID of their inode."""
    order: Order

    def path(self, file_id: int) -> str:
        """The path of a file as the container sees it; empty if it is none or unknown.

        As /proc shows them, deleted files and memfds end in ` (deleted)`.
        """
        entry = self.entries.get(file_id)
        if entry is None:
            return ""
        if entry.HasField("memfd"):
            inode = self.memfds.get(entry.memfd.inode_id)
            return f"/memfd:{decode(inode.name) if inode else ''} (deleted)"
        if not entry.HasField("reg"):
            return ""
        name = "/" + decode(entry.reg.name).lstrip("/")
        return f"{name} (deleted)" if self.deleted(file_id) else name

    def deleted(self, file_id: int) -> bool:
        """Whether the file had lost its name."""
        return file_id in self.remaps


def file_table(images: Images) -> FileTable:
    """The files of `images`; of several with one ID the first."""
    entries: dict[int, pb.File] = {}
    for entry in images.decoded("files.img", Magic.FILES, pb.File):
        entries.setdefault(entry.id, entry)
    remaps: dict[int, Remap] = {}
    for remap in images.optional("remap-fpath.img", Magic.REMAPS, pb.RemapFilePath):
        remaps.setdefault(remap.orig_id, _remap(remap))
    memfds: dict[int, pb.MemfdInode] = {}
    for inode in images.optional("memfd.img", Magic.MEMFD, pb.MemfdInode):
        memfds.setdefault(inode.inode_id, inode)
    return FileTable(entries, remaps, memfds, images.order("files.img", Magic.FILES))


def _remap(remap: pb.RemapFilePath) -> Remap:
    if remap.HasField("remap_type"):
        return Remap(remap.remap_type, remap.remap_id)
    return Remap(GHOST if remap.remap_id & _GHOST else LINKED, remap.remap_id & ~_GHOST)
