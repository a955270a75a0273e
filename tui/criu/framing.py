"""How an image is cut into entries: magic numbers, byte order, lengths.

    image := [COMMON | SERVICE] MAGIC { entry [raw] }
    entry := size (4 bytes), then as many bytes of protobuf
    raw   := as many bytes as the entry says, in images of a few kinds (see catalogue.py)

All integers have the byte order of the machine that was dumped. Nothing here trusts a number
before it has been compared with what is really there.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Literal, Protocol

LONGEST = 4 << 20
"""Bytes of one entry; CRIU's own are a few hundred, cgroups and seccomp filters tens of KiB."""

Order = Literal["little", "big"]

_COMMON = 0x54564319

_SERVICE = 0x55105940
"""In place of the common one, see SERVICE."""

_WORD = 4


class Image(Protocol):
    """The bytes of an image, or what stands for them."""

    def __len__(self) -> int: ...

    def __getitem__(self, where: slice, /) -> bytes: ...


class Magic(IntEnum):
    """The number that an image of each kind begins with, behind the common one."""

    INVENTORY = 0x58313116
    STATS = 0x57093306
    CPUINFO = 0x61404013
    PSTREE = 0x50273030
    CORE = 0x55053847
    IDS = 0x54432030
    FS = 0x51403912
    CREDS = 0x54023547
    RLIMITS = 0x57113925
    SIGACTIONS = 0x55344201
    SIGNALS = 0x59255647
    ITIMERS = 0x57464056
    POSIX_TIMERS = 0x52603957
    SECCOMP = 0x64413049
    APPARMOR = 0x59423047
    CGROUP = 0x59383330
    MM = 0x57492820
    VMAS = 0x54123737
    PAGEMAP = 0x56084025
    FDINFO = 0x56213732
    FILES = 0x56303138
    REG_FILES = 0x50363636
    EXT_FILES = 0x59255641
    NS_FILES = 0x61394011
    REMAPS = 0x59133954
    GHOST_FILE = 0x52583605
    LOCKS = 0x54323616
    PIPES = 0x56513555
    PIPES_DATA = 0x56453709
    FIFOS = 0x58364939
    FIFO_DATA = 0x59333054
    EVENTFDS = 0x44523722
    EVENTPOLLS = 0x45023858
    EVENTPOLL_TARGETS = 0x44433746
    SIGNALFDS = 0x57323820
    TIMERFDS = 0x50493712
    INOTIFY = 0x48424431
    INOTIFY_WATCHES = 0x54562009
    FANOTIFY = 0x55096122
    FANOTIFY_MARKS = 0x56506035
    IRMAP_CACHE = 0x57004059
    TTYS = 0x59433025
    TTY_INFO = 0x59453036
    TTY_DATA = 0x59413026
    MEMFD = 0x48453499
    PIDFDS = 0x54435556
    BPF_MAPS = 0x57506142
    BPF_DATA = 0x64324033
    TUN_FILES = 0x57143751
    INET_SOCKETS = 0x56443851
    UNIX_SOCKETS = 0x54373943
    PACKET_SOCKETS = 0x60454618
    NETLINK_SOCKETS = 0x58005614
    SOCKET_QUEUES = 0x56264026
    TCP_STREAM = 0x51465506
    MOUNTS = 0x55563928
    AUTOFS = 0x49353943
    BINFMT_MISC = 0x67343323
    UTS_NAMESPACE = 0x54473203
    TIME_NAMESPACE = 0x43114433
    PID_NAMESPACE = 0x61157326
    USER_NAMESPACE = 0x55474906
    NET_NAMESPACE = 0x55933752
    NET_DEVICES = 0x57373951
    IPC_VARIABLES = 0x53115007
    IPC_SHARED_MEMORY = 0x46283044
    IPC_MESSAGES = 0x55453737
    IPC_SEMAPHORES = 0x59573019


SERVICE = frozenset((Magic.STATS, Magic.IRMAP_CACHE))
"""What CRIU writes for people and for itself; no part of what is restored."""


class Fault(Exception):
    """What is wrong with an image, and where."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        """Bytes from the start of the image."""
        self.message = message


def byte_order(image: Image, magic: Magic) -> Order:
    """The byte order of an image. Raises Fault when it is no image of this kind."""
    wanted = _head(magic)
    found = image[: _WORD * len(wanted)]
    orders: tuple[Order, Order] = ("little", "big")
    for order in orders:
        if found == b"".join(word.to_bytes(_WORD, order) for word in wanted):
            return order
    what = "cut off in its magic number" if len(found) < _WORD * len(wanted) else "no such image"
    raise Fault(0, f"{what}: it begins with {found.hex(' ', _WORD) or '-'}")


class Cursor:
    """The entries of an image one after the other, and the raw bytes that lie behind some."""

    def __init__(self, image: Image, magic: Magic) -> None:
        """Raises Fault when it is no image of this kind."""
        self.order = byte_order(image, magic)
        self._image = image
        self._raw = range(0)
        self._offset = _WORD * len(_head(magic))

    @property
    def left(self) -> int:
        """Bytes that have not been passed."""
        return max(len(self._image) - self._offset, 0)

    def entry(self) -> tuple[int, bytes] | None:
        """The next entry with the offset of its content. Raises Fault where it goes wrong."""
        if self._offset > len(self._image):
            start, wanted = self._raw.start, self._offset - self._raw.start
            raise Fault(start, f"cut off: {len(self._raw):,} of {wanted:,} bytes behind an entry")
        if not self.left:
            return None
        if self.left < _WORD:
            raise Fault(self._offset, f"cut off: {self.left} bytes where a length should be")
        size = int.from_bytes(self._image[self._offset : self._offset + _WORD], self.order)
        self._offset += _WORD
        if size > LONGEST:
            raise Fault(
                self._offset, f"an entry of {size:,} bytes; they are read up to {LONGEST:,}"
            )
        if size > self.left:
            raise Fault(self._offset, f"cut off: {self.left:,} of {size:,} bytes of an entry")
        offset = self._offset
        self._offset += size
        return offset, self._image[offset : self._offset]

    def behind(self, count: int) -> range:
        """Where the `count` raw bytes lie that follow; if there are fewer, `entry` says so."""
        self._raw = range(self._offset, self._offset + min(count, self.left))
        self._offset += count
        return self._raw


def entries(image: bytes, magic: Magic) -> Iterator[tuple[int, bytes]]:
    """Each entry of an image without raw bytes. Raises Fault where the image goes wrong."""
    cursor = Cursor(image, magic)
    while entry := cursor.entry():
        yield entry


def _head(magic: Magic) -> tuple[int, ...]:
    if magic is Magic.INVENTORY:
        return (magic,)
    return (_SERVICE if magic in SERVICE else _COMMON, magic)
