"""Which kinds of images there are: their names, magic numbers, and what they are made of."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf.message import DecodeError, Message

from tui.criu import images_pb2 as images
from tui.criu.framing import SERVICE, Cursor, Fault, Image, Magic

_ALL = 1 << 32
"""More entries than an image can have."""


def _nothing(_message: Any, _left: int) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Shape:
    """What the entries of an image are."""

    message: type[Message]
    extra: Callable[[Any, int], int] = _nothing
    """How many raw bytes lie behind an entry, of as many as are left."""
    inner: "Shape | None" = None
    """What follows an entry of this shape …"""
    count: Callable[[Any], int] = lambda _: 0
    """… and how often, before the next of its own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Images of one kind."""

    pattern: str
    """What their names are like, without the folder."""
    magic: Magic
    shape: Shape


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of an image."""

    offset: int
    """Where its content begins, in bytes from the start of the image."""
    message: Message
    behind: range
    """Where the raw bytes lie that belong to it."""


def kind_of(name: str) -> Kind | None:
    """The kind of the image called `name`; None if it holds no entries, or is unknown."""
    return next((kind for kind in KINDS if _pattern(kind).fullmatch(name)), None)


def pieces(image: Image, kind: Kind) -> Iterator[Piece]:
    """The entries of an image with what lies behind each. Raises Fault where it goes wrong."""
    cursor = Cursor(image, kind.magic)
    shape, following = kind.shape, 0
    while entry := cursor.entry():
        offset, content = entry
        try:
            message = shape.message.FromString(content)
        except DecodeError:
            raise Fault(offset, "an entry that is no protobuf of its kind") from None
        yield Piece(offset, message, cursor.behind(shape.extra(message, cursor.left)))
        following = following - 1 if following else shape.count(message)
        shape = kind.shape.inner if following and kind.shape.inner else kind.shape


@cache
def _pattern(kind: Kind) -> re.Pattern[str]:
    suffix = "" if kind.magic in SERVICE else r"\.img"
    return re.compile(f"(?:{kind.pattern}){suffix}", re.ASCII)


def _padded(count: int, step: int) -> int:
    return count + -count % step


def _kind(pattern: str, magic: Magic, message: type[Message]) -> Kind:
    return Kind(pattern, magic, Shape(message))


_PIPE_DATA = Shape(images.PipeData, lambda pipe, _: pipe.bytes)

_GHOST = Shape(
    images.GhostFile,
    lambda ghost, left: 0 if ghost.chunks else left,
    Shape(images.GhostChunk, lambda chunk, _: chunk.len),
    lambda ghost: _ALL if ghost.chunks else 0,
)

_STREAM = Shape(images.TcpStream, lambda stream, _: stream.inq_len + stream.outq_len)

_MESSAGES = Shape(
    images.IpcMsg,
    inner=Shape(images.IpcMessage, lambda message, _: _padded(message.msize, 8)),
    count=lambda queue: queue.qnum,
)

KINDS = (
    _kind("inventory", Magic.INVENTORY, images.Inventory),
    _kind("stats-dump|stats-restore", Magic.STATS, images.Stats),
    _kind("cpuinfo", Magic.CPUINFO, images.Cpuinfo),
    _kind("pstree", Magic.PSTREE, images.Pstree),
    _kind(r"core-\d+", Magic.CORE, images.Core),
    _kind(r"ids-\d+", Magic.IDS, images.TaskKobjIds),
    _kind(r"fs-\d+", Magic.FS, images.Fs),
    _kind(r"creds-\d+", Magic.CREDS, images.Creds),
    _kind(r"rlimit-\d+", Magic.RLIMITS, images.Rlimit),
    _kind(r"sigacts-\d+", Magic.SIGACTIONS, images.Sa),
    _kind(r"signal-[sp]-\d+", Magic.SIGNALS, images.Siginfo),
    _kind(r"itimers-\d+", Magic.ITIMERS, images.Itimer),
    _kind(r"posix-timers-\d+", Magic.POSIX_TIMERS, images.PosixTimer),
    _kind("seccomp", Magic.SECCOMP, images.Seccomp),
    _kind("apparmor", Magic.APPARMOR, images.Apparmor),
    _kind("cgroup", Magic.CGROUP, images.Cgroup),
    _kind(r"mm-\d+", Magic.MM, images.Mm),
    _kind(r"vmas-\d+", Magic.VMAS, images.Vma),
    Kind(
        r"pagemap-(?:shmem-|secretmem-)?\d+",
        Magic.PAGEMAP,
        Shape(images.PagemapHead, inner=Shape(images.Pagemap), count=lambda _: _ALL),
    ),
    _kind(r"fdinfo-\d+", Magic.FDINFO, images.Fdinfo),
    _kind("files", Magic.FILES, images.File),
    _kind("reg-files", Magic.REG_FILES, images.RegFile),
    _kind("ext-files", Magic.EXT_FILES, images.ExtFile),
    _kind("ns-files", Magic.NS_FILES, images.NsFile),
    _kind("remap-fpath", Magic.REMAPS, images.RemapFilePath),
    Kind(r"ghost-file-[0-9a-f]+", Magic.GHOST_FILE, _GHOST),
    _kind("filelocks", Magic.LOCKS, images.FileLock),
    _kind("pipes", Magic.PIPES, images.Pipe),
    Kind("pipes-data", Magic.PIPES_DATA, _PIPE_DATA),
    _kind("fifo", Magic.FIFOS, images.Fifo),
    Kind("fifo-data", Magic.FIFO_DATA, _PIPE_DATA),
    _kind("eventfd", Magic.EVENTFDS, images.EventfdFile),
    _kind("eventpoll", Magic.EVENTPOLLS, images.EventpollFile),
    _kind("eventpoll-tfd", Magic.EVENTPOLL_TARGETS, images.EventpollTfd),
    _kind("signalfd", Magic.SIGNALFDS, images.Signalfd),
    _kind("timerfd", Magic.TIMERFDS, images.Timerfd),
    _kind("inotify", Magic.INOTIFY, images.InotifyFile),
    _kind("inotify-wd", Magic.INOTIFY_WATCHES, images.InotifyWd),
    _kind("fanotify", Magic.FANOTIFY, images.FanotifyFile),
    _kind("fanotify-mark", Magic.FANOTIFY_MARKS, images.FanotifyMark),
    _kind("irmap-cache", Magic.IRMAP_CACHE, images.IrmapCache),
    _kind("tty", Magic.TTYS, images.TtyFile),
    _kind("tty-info", Magic.TTY_INFO, images.TtyInfo),
    _kind("tty-data", Magic.TTY_DATA, images.TtyData),
    _kind("memfd", Magic.MEMFD, images.MemfdInode),
    _kind("pidfd", Magic.PIDFDS, images.Pidfd),
    _kind("bpfmap-file", Magic.BPF_MAPS, images.BpfmapFile),
    Kind(
        "bpfmap-data",
        Magic.BPF_DATA,
        Shape(images.BpfmapData, lambda data, _: data.keys_bytes + data.values_bytes),
    ),
    _kind("tunfile", Magic.TUN_FILES, images.Tunfile),
    _kind("inetsk", Magic.INET_SOCKETS, images.InetSk),
    _kind("unixsk", Magic.UNIX_SOCKETS, images.UnixSk),
    _kind("packetsk", Magic.PACKET_SOCKETS, images.PacketSock),
    _kind("netlinksk", Magic.NETLINK_SOCKETS, images.NetlinkSk),
    Kind("sk-queues", Magic.SOCKET_QUEUES, Shape(images.SkPacket, lambda one, _: one.length)),
    Kind(r"tcp-stream-[0-9a-f]+", Magic.TCP_STREAM, _STREAM),
    _kind(r"mountpoints-\d+", Magic.MOUNTS, images.Mnt),
    _kind(r"autofs-\d+", Magic.AUTOFS, images.Autofs),
    _kind(r"binfmt-misc(?:-\d+)?", Magic.BINFMT_MISC, images.BinfmtMisc),
    _kind(r"utsns-\d+", Magic.UTS_NAMESPACE, images.Utsns),
    _kind(r"timens-\d+", Magic.TIME_NAMESPACE, images.Timens),
    _kind(r"pidns-\d+", Magic.PID_NAMESPACE, images.Pidns),
    _kind(r"userns-\d+", Magic.USER_NAMESPACE, images.Userns),
    _kind(r"netns-\d+", Magic.NET_NAMESPACE, images.Netns),
    _kind(r"netdev-\d+", Magic.NET_DEVICES, images.NetDevice),
    _kind(r"ipcns-var-\d+", Magic.IPC_VARIABLES, images.IpcVar),
    Kind(
        r"ipcns-shm-\d+",
        Magic.IPC_SHARED_MEMORY,
        Shape(images.IpcShm, lambda shm, _: 0 if shm.in_pagemaps else _padded(shm.size, 4)),
    ),
    Kind(r"ipcns-msg-\d+", Magic.IPC_MESSAGES, _MESSAGES),
    Kind(
        r"ipcns-sem-\d+",
        Magic.IPC_SEMAPHORES,
        Shape(images.IpcSem, lambda semaphores, _: _padded(2 * semaphores.nsems, 8)),
    ),
)
"""Every kind of image that is made of entries; the old ones too, which files.img and core-*.img
have taken in (2017, 2012)."""
