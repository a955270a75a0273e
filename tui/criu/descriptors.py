"""Which files the processes of a checkpoint had open, and what became of those deleted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tui.archive.model import Problem
from tui.criu import images_pb2 as pb
from tui.criu import names
from tui.criu.files import GHOST, LINKED, PROCFS, Extent, FileTable, file_table
from tui.criu.framing import Magic
from tui.criu.images import Images
from tui.criu.processes import Process
from tui.criu.special import Detail, EpollTarget, Pipe, Sources, detail
from tui.text import decode

TYPES = {
    1: "file",
    2: "pipe",
    3: "fifo",
    4: "inet socket",
    5: "unix socket",
    6: "eventfd",
    7: "epoll",
    8: "inotify",
    9: "signalfd",
    10: "packet socket",
    11: "terminal",
    12: "fanotify",
    13: "netlink socket",
    14: "namespace",
    15: "tun",
    16: "external",
    17: "timerfd",
    18: "memfd",
    19: "bpf map",
    20: "pidfd",
    65534: "controlling terminal",
    65535: "autofs pipe",
}

_BUILD_ID = 16
"""Words of a build ID; GNU's have 5."""

_LOCKS = {1: "posix", 2: "flock", 4: "ofd", 8: "lease"}
"""By CRIU's own numbers."""

_LOCK_TYPES = {0: "read", 1: "write", 2: "none"}


@dataclass(frozen=True, slots=True)
class Deleted:
    """What CRIU did about a file that had lost its name."""

    kind: str
    """`ghost`: its content is in the archive; `linked`: it lies in the file system under another
    name; `process`: it belonged to a process that is gone."""
    extents: tuple[Extent, ...] = ()
    """Of a ghost: where its content lies; between extents it has holes."""
    size: int = 0
    """Of a ghost: its length in bytes."""
    target: str = ""
    """Of a ghost that is a symbolic link: where it leads."""
    mtime: float | None = None
    """Of a ghost: when it was changed last, in seconds since 1970."""
    inode: int | None = None
    other_name: str = ""
    """Of a linked file: the name that CRIU gave it."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file description: several descriptors, of several processes, may share it."""

    id: int
    type: str
    """What TYPES has, or CRIU's number."""
    description: str
    """What it is in one line, as /proc/PID/fd has it: a path, `pipe:[…]`, `anon_inode:[…]`."""
    path: str = ""
    """As the container sees it, without the mark of a deleted one; empty for what has none."""
    flags: tuple[str, ...] = ()
    """The O_ names."""
    position: int | None = None
    size: int | None = None
    """Bytes at the checkpoint; None where CRIU did not write it down."""
    mode: int | None = None
    """The whole st_mode."""
    mount: int | None = None
    """The ID of the mount that it lies on; None where that does not matter."""
    deleted: Deleted | None = None
    inode: int | None = None
    """Of a socket."""
    build_id: str = ""
    """Of a program or library: what names its debug information, in hex."""
    external: bool = False
    """CRIU did not save it: the runtime gives it again."""
    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A number in the table of a process, and what it stands for."""

    fd: int
    file: OpenFile
    close_on_exec: bool = False
    label: str = ""
    """Its SELinux label."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A file lock that was held."""

    pid: int
    fd: int
    kind: str
    """`posix`, `flock`, `ofd`, `lease`."""
    type: str
    """`read`, `write`."""
    start: int
    length: int
    """Bytes; 0 up to the end."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Everything that was open."""

    files: dict[int, OpenFile] = field(default_factory=dict)
    """By ID; those too that are no descriptor: programs, folders, what is mapped only."""
    tables: dict[int, tuple[Descriptor, ...]] = field(default_factory=dict)
    """By the ID that processes share them by (`Process.ids["files"]`), in the order of fd."""
    owners: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """The PIDs that have a table, by its ID."""
    holders: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """By the ID of a file: the tables that have it, each with the fd."""
    pipes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """The IDs of the files that are ends of a pipe, by its pipe_id."""
    locks: tuple[Lock, ...] = ()
    problems: tuple[Problem, ...] = ()

    def of(self, process: Process) -> tuple[Descriptor, ...]:
        """The table of a process."""
        return self.tables.get(process.ids.get("files", process.pid), ())

    def users(self, file_id: int) -> Iterator[tuple[int, int]]:
        """Who has a file open: PID and fd."""
        for table, fd in self.holders.get(file_id, ()):
            for pid in self.owners.get(table, ()):
                yield pid, fd

    def count(self, file_id: int) -> int:
        """How many times a file is open."""
        return sum(len(self.owners[table]) for table, _ in self.holders.get(file_id, ()))

    def target(self, epoll: OpenFile, target: EpollTarget) -> OpenFile | None:
        """The file that an epoll set waits for; None where nobody who has the set has it too."""
        listed = (self.tables[table] for table, _ in self.holders.get(epoll.id, ()))
        return next(
            (one.file for table in listed for one in table if one.fd == target.fd),
            None,
        )

    def other_ends(self, file: OpenFile) -> tuple[int, ...]:
        """The files on the other side of a pipe; where there is none, it leads out of here."""
        pipe = file.detail
        if not isinstance(pipe, Pipe):
            return ()
        ends = [self.files[one] for one in self.pipes[pipe.pipe_id] if one != file.id]
        return tuple(
            end.id
            for end in ends
            if isinstance(end.detail, Pipe)
            and ((pipe.reads and end.detail.writes) or (pipe.writes and end.detail.reads))
        )


def descriptors(
    images: Images,
    processes: Iterable[Process],
    *,
    architecture: str = "amd64",
    table: FileTable | None = None,
) -> Descriptors:
    """What `processes` had open; what cannot be read is a problem and stays empty."""
    before = len(images.problems)
    table = table or file_table(images)
    sources = _sources(images, table)
    files = {
        entry.id: _open_file(images, entry, sources, architecture)
        for entry in table.entries.values()
    }
    owners: dict[int, list[int]] = defaultdict(list)
    for process in processes:
        owners[process.ids.get("files", process.pid)].append(process.pid)
    tables = {number: _table(images, number, files) for number in owners}
    holders: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, listed in tables.items():
        for one in listed:
            holders[one.file.id].append((number, one.fd))
    pipes: dict[int, list[int]] = defaultdict(list)
    for file in files.values():
        if isinstance(file.detail, Pipe):
            pipes[file.detail.pipe_id].append(file.id)
    return Descriptors(
        files=files,
        tables=tables,
        owners={number: tuple(pids) for number, pids in owners.items()},
        holders={number: tuple(those) for number, those in holders.items()},
        pipes={number: tuple(those) for number, those in pipes.items()},
        locks=tuple(_locks(images)),
        problems=tuple(images.problems[before:]),
    )


def _table(images: Images, number: int, files: dict[int, OpenFile]) -> tuple[Descriptor, ...]:
    name = f"fdinfo-{number}.img"
    found: dict[int, Descriptor] = {}
    for entry in images.optional(name, Magic.FDINFO, pb.Fdinfo):
        file = files.get(entry.id)
        if file is None:
            kind = names.named(entry.type, TYPES)
            images.problem(name, None, f"fd {entry.fd} is file {entry.id}, which files.img lacks")
            file = OpenFile(entry.id, kind, f"{kind} (unknown)")
        label = decode(entry.xattr_security_selinux)
        found[entry.fd] = Descriptor(entry.fd, file, bool(entry.flags & 1), label)
    return tuple(found[fd] for fd in sorted(found))


def _sources(images: Images, table: FileTable) -> Sources:
    queued: dict[int, list[Extent]] = defaultdict(list)
    capacities: dict[int, int] = {}
    for name in ("pipes-data.img", "fifo-data.img"):
        for piece in images.pieces(name):
            data = piece.message
            if isinstance(data, pb.PipeData):
                if piece.behind:
                    queued[data.pipe_id].append(Extent.of(images.folder + name, piece.behind))
                if data.HasField("size"):
                    capacities[data.pipe_id] = data.size
    terminals = {
        info.id: info for info in images.optional("tty-info.img", Magic.TTY_INFO, pb.TtyInfo)
    }
    return Sources(
        table, {pipe: tuple(those) for pipe, those in queued.items()}, capacities, terminals
    )


def _open_file(images: Images, entry: pb.File, sources: Sources, architecture: str) -> OpenFile:
    table = sources.table
    kind = next((one.name for one, _ in entry.ListFields() if one.message_type), "")
    own: Any = getattr(entry, kind) if kind else entry
    file = OpenFile(
        id=entry.id,
        type=names.named(entry.type, TYPES),
        description=_description(entry, kind, table),
        flags=names.open_flags(own.flags, architecture) if hasattr(own, "flags") else (),
        detail=detail(kind, own, sources),
        inode=own.ino if kind in ("isk", "usk", "nlsk") else None,
        external=kind == "ext",
    )
    if kind in ("fifo", "tty"):
        return _with_regular(images, file, table.entries.get(own.regf_id), table, architecture)
    if kind == "memfd":
        inode = table.memfds.get(own.inode_id, pb.MemfdInode())
        mode = inode.mode if inode.HasField("mode") else None
        return replace(file, position=own.pos, size=inode.size, mode=mode)
    return _with_regular(images, file, entry, table, architecture)


def _with_regular(
    images: Images, file: OpenFile, entry: pb.File | None, table: FileTable, architecture: str
) -> OpenFile:
    """`file` with what the regular file says that it is, or that is its name."""
    if entry is None or not entry.HasField("reg"):
        return file
    reg = entry.reg
    words = reg.build_id[:_BUILD_ID]
    return replace(
        file,
        path="/" + decode(reg.name).lstrip("/"),
        flags=names.open_flags(reg.flags, architecture),
        position=reg.pos,
        size=reg.size if reg.HasField("size") else None,
        mode=reg.mode if reg.HasField("mode") else None,
        mount=reg.mnt_id if reg.mnt_id >= 0 else None,
        deleted=_deleted(images, entry.id, table),
        build_id=b"".join(word.to_bytes(4, table.order) for word in words).hex(),
        external=reg.ext,
    )


_ANONYMOUS = {
    "efd": "eventfd",
    "epfd": "eventpoll",
    "tfd": "timerfd",
    "sgfd": "signalfd",
    "ffy": "fanotify",
    "bpf": "bpf-map",
    "pidfd": "pidfd",
}


def _description(entry: pb.File, kind: str, table: FileTable) -> str:
    if kind in _ANONYMOUS:
        return f"anon_inode:[{_ANONYMOUS[kind]}]"
    match kind:
        case "ify":
            return "anon_inode:inotify"
        case "pipe":
            return f"pipe:[{entry.pipe.pipe_id}]"
        case "isk" | "usk" | "nlsk":
            return f"socket:[{getattr(entry, kind).ino}]"
        case "psk":
            return "socket"
        case "fifo":
            return table.path(entry.fifo.regf_id) or f"pipe:[{entry.fifo.pipe_id}]"
        case "tty":
            return table.path(entry.tty.regf_id) or "terminal"
        case "nsf":
            kinds = ",".join(names.namespace_kinds(entry.nsf.ns_cflag))
            return f"{kinds}:[{entry.nsf.ns_id}]"
        case "tunf":
            return "/dev/net/tun"
        case _:
            return table.path(entry.id) or names.named(entry.type, TYPES)


def _deleted(images: Images, file_id: int, table: FileTable) -> Deleted | None:
    remap = table.remaps.get(file_id)
    if remap is None:
        return None
    if remap.kind == LINKED:
        return Deleted("linked", other_name=table.path(remap.id))
    if remap.kind == PROCFS:
        return Deleted("process")
    return _ghost(images, f"ghost-file-{remap.id:x}.img") if remap.kind == GHOST else None


def _ghost(images: Images, name: str) -> Deleted:
    found, extents = pb.GhostFile(), []
    for piece in images.pieces(name):
        if isinstance(piece.message, pb.GhostChunk):
            extents.append(Extent.of(images.folder + name, piece.behind, piece.message.off))
        elif isinstance(piece.message, pb.GhostFile):
            found = piece.message
            extents += [Extent.of(images.folder + name, piece.behind)] if piece.behind else []
    return Deleted(
        kind="ghost",
        extents=tuple(extents),
        size=found.size
        if found.HasField("size")
        else max((one.at + one.length for one in extents), default=0),
        target=decode(found.symlnk_target),
        mtime=found.mtim.tv_sec + found.mtim.tv_usec / 1e6 if found.HasField("mtim") else None,
        inode=found.ino if found.HasField("ino") else None,
    )


def _locks(images: Images) -> Iterator[Lock]:
    for lock in images.optional("filelocks.img", Magic.LOCKS, pb.FileLock):
        yield Lock(
            pid=lock.pid,
            fd=lock.fd,
            kind=names.named(lock.flag, _LOCKS),
            type=names.named(lock.type & 3, _LOCK_TYPES),
            start=lock.start,
            length=lock.len,
        )
