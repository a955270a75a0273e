"""What descriptors are that are no plain files: pipes, timers, watches, terminals and the like."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tui.criu import images_pb2 as pb
from tui.criu import names
from tui.criu.files import Extent, FileTable
from tui.text import decode

_LISTED = 10_000
"""Targets, watches and marks that are told of one descriptor."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """One end of a pipe, or a FIFO, which may be both."""

    pipe_id: int
    """The inode that /proc shows as `pipe:[…]`; the ends of a pipe share it."""
    reads: bool
    writes: bool
    capacity: int | None = None
    """Bytes; None where CRIU did not write it down."""
    queued: tuple[Extent, ...] = ()
    """Where what nobody has read yet lies in the archive."""


@dataclass(frozen=True, slots=True)
class Eventfd:
    """A counter that processes wait for (eventfd(2))."""

    counter: int


@dataclass(frozen=True, slots=True)
class EpollTarget:
    """What an epoll set waits for."""

    fd: int
    """In the process that added it."""
    events: tuple[str, ...]
    """The EPOLL names, without EPOLL."""
    data: int
    """What the program gets back: mostly the descriptor, or an address."""
    inode: int | None


@dataclass(frozen=True, slots=True)
class Epoll:
    """A set of descriptors that are waited for (epoll(7))."""

    targets: tuple[EpollTarget, ...]


@dataclass(frozen=True, slots=True)
class Timerfd:
    """A timer that is read like a file; times in seconds."""

    clock: str
    remaining: float
    """0 where it is not armed."""
    interval: float
    ticks: int
    """How often it has run out since it was read."""
    absolute: bool


@dataclass(frozen=True, slots=True)
class Signalfd:
    """Signals that are read like a file."""

    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watch:
    """A file that is watched; its path where CRIU has kept it, its inode always."""

    number: int
    """The watch descriptor; 0 of fanotify, which has none."""
    path: str
    device: str
    """`major:minor`; empty for a whole mount."""
    inode: int
    mount: int | None
    """The ID of the mount that is watched as a whole."""
    events: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watches:
    """An inotify or fanotify instance."""

    watches: tuple[Watch, ...]


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal."""

    kind: str
    """`pty`, `console`, `vt`, …"""
    index: int | None
    """The number of a pty, as in /dev/pts."""
    session: int
    foreground: int
    """The process group that reads from it."""
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Memfd:
    """A file that lies in memory alone (memfd_create(2))."""

    name: str
    seals: tuple[str, ...]
    shmid: int
    """Its content is in pagemap-shmem-<shmid>.img."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace that is held open."""

    kinds: tuple[str, ...]
    id: int


@dataclass(frozen=True, slots=True)
class Pidfd:
    """A process that is held by descriptor."""

    pid: int
    """-1 where it had ended."""


@dataclass(frozen=True, slots=True)
class BpfMap:
    """A map of BPF."""

    name: str
    type: int
    key_size: int
    value_size: int
    entries: int


@dataclass(frozen=True, slots=True)
class Tun:
    """A virtual network device."""

    device: str


Detail = (
    Pipe
    | Eventfd
    | Epoll
    | Timerfd
    | Signalfd
    | Watches
    | Terminal
    | Memfd
    | Namespace
    | Pidfd
    | BpfMap
    | Tun
)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the images beside files.img say about special files."""

    table: FileTable
    queued: dict[int, tuple[Extent, ...]]
    """By the ID of the pipe."""
    capacities: dict[int, int]
    terminals: dict[int, pb.TtyInfo]


def detail(kind: str, message: Any, sources: Sources) -> Detail | None:
    """What kind of special file it is that files.img has in the field `kind`.

    None for a plain file, a socket, an unknown one.
    """
    return _MAKERS[kind](message, sources) if kind in _MAKERS else None


def _pipe(pipe: pb.Pipe, sources: Sources) -> Pipe:
    return _ends(pipe.pipe_id, pipe.flags, sources)


def _fifo(fifo: pb.Fifo, sources: Sources) -> Pipe:
    file = sources.table.entries.get(fifo.regf_id)
    return _ends(fifo.pipe_id, file.reg.flags if file else 2, sources)


def _ends(pipe_id: int, flags: int, sources: Sources) -> Pipe:
    access = flags & 3
    return Pipe(
        pipe_id=pipe_id,
        reads=access in (0, 2),
        writes=access in (1, 2),
        capacity=sources.capacities.get(pipe_id),
        queued=sources.queued.get(pipe_id, ()),
    )


def _eventfd(one: pb.EventfdFile, _: Sources) -> Eventfd:
    return Eventfd(one.counter)


def _epoll(one: pb.EventpollFile, _: Sources) -> Epoll:
    return Epoll(
        tuple(
            EpollTarget(
                target.tfd,
                names.epoll_events(target.events),
                target.data,
                target.inode if target.HasField("inode") else None,
            )
            for target in islice(one.tfd, _LISTED)
        )
    )


def _timerfd(one: pb.Timerfd, _: Sources) -> Timerfd:
    return Timerfd(
        clock=names.named(one.clockid, names.CLOCKS),
        remaining=one.vsec + one.vnsec / 1e9,
        interval=one.isec + one.insec / 1e9,
        ticks=one.ticks,
        absolute=bool(one.settime_flags & 1),
    )


def _signalfd(one: pb.Signalfd, _: Sources) -> Signalfd:
    return Signalfd(names.signal_set(one.sigmask))


def _inotify(one: pb.InotifyFile, _: Sources) -> Watches:
    return Watches(
        tuple(
            Watch(
                number=watch.wd,
                path=decode(watch.f_handle.path),
                device=names.device(watch.s_dev),
                inode=watch.i_ino,
                mount=None,
                events=names.inotify_mask(watch.mask),
                ignored=names.inotify_mask(watch.ignored_mask),
            )
            for watch in islice(one.wd, _LISTED)
        )
    )


def _fanotify(one: pb.FanotifyFile, _: Sources) -> Watches:
    return Watches(
        tuple(
            Watch(
                number=0,
                path=decode(mark.me.path or mark.ie.f_handle.path),
                device="" if mark.HasField("me") else names.device(mark.s_dev),
                inode=mark.ie.i_ino,
                mount=mark.me.mnt_id if mark.HasField("me") else None,
                events=names.fanotify_mask(mark.mask),
                ignored=names.fanotify_mask(mark.ignored_mask),
            )
            for mark in islice(one.mark, _LISTED)
        )
    )


_TERMINALS = {1: "pty", 2: "console", 3: "vt", 4: "controlling", 5: "external", 6: "serial"}


def _terminal(one: pb.TtyFile, sources: Sources) -> Terminal:
    info = sources.terminals.get(one.tty_info_id, pb.TtyInfo())
    return Terminal(
        kind=_TERMINALS.get(info.type, ""),
        index=info.pty.index if info.HasField("pty") else None,
        session=info.sid,
        foreground=info.pgrp,
        rows=info.winsize.ws_row,
        columns=info.winsize.ws_col,
    )


def _memfd(one: pb.MemfdFile, sources: Sources) -> Memfd:
    inode = sources.table.memfds.get(one.inode_id, pb.MemfdInode())
    return Memfd(decode(inode.name), names.seals(inode.seals), inode.shmid)


def _namespace(one: pb.NsFile, _: Sources) -> Namespace:
    return Namespace(names.namespace_kinds(one.ns_cflag), one.ns_id)


def _pidfd(one: pb.Pidfd, _: Sources) -> Pidfd:
    return Pidfd(one.nspid)


def _bpf_map(one: pb.BpfmapFile, _: Sources) -> BpfMap:
    return BpfMap(decode(one.map_name), one.map_type, one.key_size, one.value_size, one.max_entries)


def _tun(one: pb.Tunfile, _: Sources) -> Tun:
    return Tun(decode(one.netdev))


_MAKERS: dict[str, Callable[[Any, Sources], Detail]] = {
    "pipe": _pipe,
    "fifo": _fifo,
    "efd": _eventfd,
    "epfd": _epoll,
    "tfd": _timerfd,
    "sgfd": _signalfd,
    "ify": _inotify,
    "ffy": _fanotify,
    "tty": _terminal,
    "memfd": _memfd,
    "nsf": _namespace,
    "pidfd": _pidfd,
    "bpf": _bpf_map,
    "tunf": _tun,
}
