"""The mappings of a process, as its mm image tells them, in the words of /proc/PID/maps."""

from dataclasses import dataclass
from enum import IntFlag, StrEnum

from tui.criu import images_pb2 as images
from tui.criu.files import FileTable
from tui.text import decode


class Kind(StrEnum):
    """What a mapping is for; the value is how people are told."""

    ANONYMOUS = "anonymous"
    HEAP = "heap"
    STACK = "stack"
    FILE = "file"
    SHARED_FILE = "shared file"
    SHARED = "shared memory"
    SYSV = "System V shared memory"
    MEMFD = "memfd"
    AIO = "AIO ring"
    SOCKET = "packet socket"
    SHADOW_STACK = "shadow stack"
    VDSO = "vdso"
    VVAR = "vvar"
    VSYSCALL = "vsyscall"
    GUARD = "guard"
    UPROBES = "uprobes"
    PLUGIN = "of a CRIU plugin"
    UNKNOWN = "unknown"


class Status(IntFlag):
    """CRIU's own bits about a mapping."""

    REGULAR = 1 << 0
    STACK = 1 << 1
    VSYSCALL = 1 << 2
    VDSO = 1 << 3
    HEAP = 1 << 5
    FILE_PRIVATE = 1 << 6
    FILE_SHARED = 1 << 7
    ANON_SHARED = 1 << 8
    ANON_PRIVATE = 1 << 9
    SYSVIPC = 1 << 10
    SOCKET = 1 << 11
    VVAR = 1 << 12
    AIORING = 1 << 13
    MEMFD = 1 << 14
    SHADOW_STACK = 1 << 15
    GUARD = 1 << 16
    UPROBES = 1 << 17
    PLUGIN = 1 << 27


_GROWSDOWN = 0x100

_KINDS = (  # the first that fits
    (Status.VSYSCALL, Kind.VSYSCALL),
    (Status.VVAR, Kind.VVAR),
    (Status.VDSO, Kind.VDSO),
    (Status.GUARD, Kind.GUARD),
    (Status.UPROBES, Kind.UPROBES),
    (Status.PLUGIN, Kind.PLUGIN),
    (Status.SHADOW_STACK, Kind.SHADOW_STACK),
    (Status.AIORING, Kind.AIO),
    (Status.SOCKET, Kind.SOCKET),
    (Status.SYSVIPC, Kind.SYSV),
    (Status.MEMFD, Kind.MEMFD),
    (Status.HEAP, Kind.HEAP),
    (Status.STACK, Kind.STACK),
    (Status.ANON_SHARED, Kind.SHARED),
    (Status.FILE_SHARED, Kind.SHARED_FILE),
    (Status.FILE_PRIVATE, Kind.FILE),
    (Status.ANON_PRIVATE, Kind.ANONYMOUS),
)

_PROTECTIONS = ((1, "r"), (2, "w"), (4, "x"))

_FLAGS = (
    (0x1, "MAP_SHARED"),
    (0x2, "MAP_PRIVATE"),
    (0x10, "MAP_FIXED"),
    (0x20, "MAP_ANONYMOUS"),
    (_GROWSDOWN, "MAP_GROWSDOWN"),
    (0x800, "MAP_DENYWRITE"),
    (0x2000, "MAP_LOCKED"),
    (0x4000, "MAP_NORESERVE"),
    (0x8000, "MAP_POPULATE"),
    (0x20000, "MAP_STACK"),
    (0x40000, "MAP_HUGETLB"),
)

FILES = frozenset({Kind.FILE, Kind.SHARED_FILE})
"""Mappings of a file: what nobody wrote to is there, and not in the checkpoint."""

OBJECTS = frozenset({Kind.SHARED, Kind.SYSV, Kind.MEMFD})
"""Mappings of shared memory, whose pages the checkpoint has once for all processes."""

KERNEL = frozenset({Kind.VVAR, Kind.VSYSCALL, Kind.GUARD, Kind.UPROBES, Kind.SOCKET})
"""Mappings that the kernel fills, or nobody: they are made anew."""


@dataclass(frozen=True, slots=True)
class Vma:
    """One mapping."""

    start: int
    end: int
    protection: int
    """PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4."""
    flags: int
    """Those of mmap, as on x86."""
    status: Status
    kind: Kind
    path: str = ""
    """The file that it maps, as the container sees it; of shared memory its name."""
    offset: int = 0
    """Bytes into the file, or into the shared memory, at which it begins."""
    object: int | None = None
    """The ID of the shared memory, in the name of its pagemap."""
    deleted: bool = False
    """The file had lost its name."""

    @property
    def permissions(self) -> str:
        """As in /proc/PID/maps: `rw-p`."""
        letters = "".join(letter if self.protection & bit else "-" for bit, letter in _PROTECTIONS)
        return letters + ("s" if self.flags & 1 else "p")

    @property
    def flag_names(self) -> tuple[str, ...]:
        """The flags by name; bits without one are left out."""
        return tuple(name for bit, name in _FLAGS if self.flags & bit)

    @property
    def label(self) -> str:
        """The file, with ` (deleted)` behind it if that is so, or what it is for in brackets."""
        return f"{self.path} (deleted)" if self.deleted else self.path or f"[{self.kind}]"


def vma(entry: images.Vma, table: FileTable) -> Vma:
    """The mapping that `entry` tells of; `table` has the files."""
    status = Status(entry.status)
    kind = next((kind for bit, kind in _KINDS if status & bit), Kind.UNKNOWN)
    if kind is Kind.ANONYMOUS and entry.flags & _GROWSDOWN:
        kind = Kind.STACK
    path, number = "", None
    if kind in FILES:
        file = table.entries.get(entry.shmid)
        path = "/" + decode(file.reg.name).lstrip("/") if file else ""
    elif kind is Kind.MEMFD:
        file = table.entries.get(entry.shmid)
        inode = table.memfds.get(file.memfd.inode_id) if file else None
        path, number = memfd_name(inode), inode.shmid if inode else None
    elif kind in OBJECTS:
        number = entry.shmid
    return Vma(
        start=entry.start,
        end=entry.end,
        protection=entry.prot,
        flags=entry.flags,
        status=status,
        kind=kind,
        path=path,
        offset=entry.pgoff,
        object=number,
        deleted=bool(path) and kind in FILES and table.deleted(entry.shmid),
    )


def memfd_name(inode: images.MemfdInode | None) -> str:
    """The name of a memfd as the kernel shows it; shared anonymous memory is `/dev/zero`."""
    name = decode(inode.name) if inode else ""
    return f"/{name.lstrip('/')}" if name.startswith("/") else f"/memfd:{name}" if name else ""
