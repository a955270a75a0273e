"""The sockets of a checkpoint: who talked to whom, and what was on its way."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from itertools import islice
from typing import Any

from tui.archive.model import Problem
from tui.criu import images_pb2 as pb
from tui.criu import names
from tui.criu.files import Extent, FileTable, file_table
from tui.criu.framing import Order
from tui.criu.images import Images
from tui.text import decode

TCP = "tcp"

_WORDS = {2: 1, 10: 4}
"""Words of an address: AF_INET, AF_INET6."""

_LISTED = 1000
"""Packets of one queue, and files passed with one packet, that are told one by one."""

_GROUPS = 32
"""Words of a set of netlink groups."""

_EXTERNAL = 1
"""The peer of a unix socket was not dumped with it."""

Value = int | str | float
"""What a socket option is set to."""


@dataclass(frozen=True, slots=True)
class Socket:
    """What sockets of all families have."""

    file_id: int
    """Of the open file; `Descriptors.users` has the processes."""
    inode: int
    """As in `socket:[…]`; 0 where CRIU did not write it down."""
    type: str
    """`stream`, `dgram`, `raw`, `seqpacket`, …"""
    protocol: str
    """`tcp`, `udp`, …; of netlink sockets what they talk about; empty where there is but one."""
    state: str
    """`LISTEN`, `ESTABLISHED`, …: the kernel's name, and number where it has none."""
    options: dict[str, Value] = field(default_factory=dict)
    """What is set, by the names of socket(7), tcp(7) and ip(7); sndbuf and rcvbuf are the most
    bytes that may wait, not what does."""
    shutdown: str = ""
    """`receiving`, `sending`, `both`: what was shut down."""
    network: int | None = None
    """CRIU's ID of its network namespace, as in `Process.ids["net"]`."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What CRIU kept of a TCP connection."""

    received: Extent
    """What has come and was not read yet."""
    receive_sequence: int
    """The next byte expected, as TCP counts."""
    sent: Extent
    """What was written and is not confirmed yet; the last `unsent` bytes have not left."""
    send_sequence: int
    unsent: int
    segment: int
    """The largest segment, in bytes."""
    send_window: int
    receive_window: int


@dataclass(frozen=True, slots=True)
class InetSocket(Socket):
    """An IPv4 or IPv6 socket."""

    version: int = 4
    source: str = ""
    """An address in its usual notation; empty if it is none."""
    source_port: int = 0
    destination: str = ""
    destination_port: int = 0
    interface: str = ""
    """The network device that it is bound to, or that a link-local address belongs to."""
    backlog: int = 0
    """How many connections may wait to be accepted."""
    v6only: bool = False
    stream: Stream | None = None
    """Of a TCP connection that was dumped as one."""

    @property
    def connected(self) -> bool:
        """Whether CRIU takes it for a TCP connection: it looks at the port alone."""
        return self.protocol == TCP and self.destination_port != 0


@dataclass(frozen=True, slots=True)
class Packet:
    """What one write to a unix socket has sent."""

    content: Extent
    passed: tuple[int, ...] = ()
    """The IDs of the files that were passed with it (SCM_RIGHTS)."""


@dataclass(frozen=True, slots=True)
class UnixSocket(Socket):
    """A socket between processes of one machine."""

    name: str = ""
    """The path it is bound to, or its abstract name, for which `@` stands in place of the NUL."""
    peer_inode: int = 0
    peer: int | None = None
    """The ID of the file on the other side; None where there is none, or it is not in here."""
    external: bool = False
    """Its peer was outside of what was dumped."""
    backlog: int = 0
    mode: int | None = None
    """Of the socket in the file system."""
    folder: str = ""
    """What a relative path begins at."""
    deleted: bool = False
    """Its path had been removed."""
    mount: int | None = None
    received: tuple[Packet, ...] = ()
    """What it has been sent and was not read yet."""


@dataclass(frozen=True, slots=True)
class NetlinkSocket(Socket):
    """A socket to the kernel."""

    port: int = 0
    groups: tuple[int, ...] = ()
    """The multicast groups that it listens to."""


@dataclass(frozen=True, slots=True)
class PacketSocket(Socket):
    """A socket that gets whole frames from a network device."""

    interface_index: int = 0
    """0 for all devices."""
    rings: bool = False
    """It shares buffers with the kernel (PACKET_MMAP)."""


AnySocket = InetSocket | UnixSocket | NetlinkSocket | PacketSocket

FAMILIES = {
    InetSocket: "inet",
    UnixSocket: "unix",
    NetlinkSocket: "netlink",
    PacketSocket: "packet",
}


@dataclass(frozen=True, slots=True)
class Sockets:
    """All sockets, by the ID of their file."""

    by_file: dict[int, AnySocket] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def sockets(images: Images, table: FileTable | None = None) -> Sockets:
    """The sockets in `images`; what cannot be read is a problem and stays empty."""
    before = len(images.problems)
    table = table or file_table(images)
    reader = _Reader(images, table)
    found: dict[int, AnySocket] = {}
    for entry in table.entries.values():
        if entry.HasField("isk"):
            found[entry.id] = reader.inet(entry.id, entry.isk)
        elif entry.HasField("usk"):
            found[entry.id] = reader.unix(entry.id, entry.usk)
        elif entry.HasField("nlsk"):
            found[entry.id] = _netlink(entry.id, entry.nlsk)
        elif entry.HasField("psk"):
            found[entry.id] = _packet(entry.id, entry.psk, table.order)
    return Sockets(found, tuple(images.problems[before:]))


def address(family: int, words: Iterable[int], order: Order) -> str:
    """The address in its usual notation; empty if it is none.

    Each word holds four bytes as they are on the network, and was written in the byte order of
    the machine.
    """
    raw = b"".join(word.to_bytes(4, order) for word in islice(words, 4))
    wanted = _WORDS.get(family, 0)
    if not wanted or len(raw) != 4 * wanted:
        return ""
    found = ip_address(raw)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped else str(found)


def kind(socket: AnySocket) -> str:
    """`tcp`, `udp6`, `unix stream`, …."""
    if isinstance(socket, InetSocket):
        return socket.protocol + ("6" if socket.version == 6 else "")
    return f"{FAMILIES[type(socket)]} {socket.protocol or socket.type}"


def endpoint(address: str, port: int) -> str:
    """An address with its port."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def unix_name(raw: bytes) -> str:
    """The name of a unix socket as people write it: a path, or `@` and an abstract name."""
    if raw.startswith(b"\0"):
        return "@" + decode(raw[1:])
    return decode(raw.partition(b"\0")[0])


class _Reader:
    """Puts together what several images say about one socket."""

    def __init__(self, images: Images, table: FileTable) -> None:
        self._images = images
        self._order = table.order
        self._peers = {
            entry.usk.ino: entry.id for entry in table.entries.values() if entry.HasField("usk")
        }
        self._queues: dict[int, list[Packet]] = defaultdict(list)
        for piece in images.pieces("sk-queues.img"):
            packet = piece.message
            if isinstance(packet, pb.SkPacket) and len(self._queues[packet.id_for]) < _LISTED:
                passed = (one for scm in packet.scm for one in scm.rights)
                self._queues[packet.id_for].append(
                    Packet(
                        Extent.of(f"{images.folder}sk-queues.img", piece.behind),
                        tuple(islice(passed, _LISTED)),
                    )
                )

    def inet(self, file_id: int, isk: pb.InetSk) -> InetSocket:
        return InetSocket(
            **_common(file_id, isk),
            protocol=names.named(isk.proto, names.PROTOCOLS),
            version=6 if isk.family == 10 else 4,
            source=address(isk.family, isk.src_addr, self._order),
            source_port=isk.src_port,
            destination=address(isk.family, isk.dst_addr, self._order),
            destination_port=isk.dst_port,
            interface=decode(isk.ifname or isk.opts.so_bound_dev),
            backlog=isk.backlog,
            v6only=isk.v6only,
            stream=self._stream(isk.ino),
        )

    def _stream(self, inode: int) -> Stream | None:
        """The first entry of the image; it is read to its end, so that a fault is told."""
        name, found = f"tcp-stream-{inode:x}.img", None
        for piece in self._images.pieces(name):
            tcp, behind = piece.message, piece.behind
            if isinstance(tcp, pb.TcpStream):
                found = found or Stream(
                    received=Extent.of(self._images.folder + name, behind[: tcp.inq_len]),
                    receive_sequence=tcp.inq_seq,
                    sent=Extent.of(self._images.folder + name, behind[tcp.inq_len :]),
                    send_sequence=tcp.outq_seq,
                    unsent=tcp.unsq_len,
                    segment=tcp.mss_clamp,
                    send_window=tcp.snd_wnd,
                    receive_window=tcp.rcv_wnd,
                )
        return found

    def unix(self, file_id: int, usk: pb.UnixSk) -> UnixSocket:
        return UnixSocket(
            **_common(file_id, usk),
            protocol="",
            name=unix_name(usk.name),
            peer_inode=usk.peer,
            peer=self._peers.get(usk.peer) if usk.peer else None,
            external=bool(usk.uflags & _EXTERNAL),
            backlog=usk.backlog if usk.state == _LISTENS else 0,
            mode=usk.file_perms.mode if usk.HasField("file_perms") else None,
            folder=decode(usk.name_dir),
            deleted=usk.deleted,
            mount=usk.mnt_id if usk.HasField("mnt_id") and usk.mnt_id >= 0 else None,
            received=tuple(self._queues.get(file_id, ())),
        )


_LISTENS = 10


def _common(file_id: int, sk: Any) -> dict[str, Any]:
    shutdown = names.named(sk.shutdown, names.SHUTDOWN) if hasattr(sk, "shutdown") else ""
    return {
        "file_id": file_id,
        "inode": getattr(sk, "ino", 0),
        "type": names.named(sk.type, names.SOCKET_TYPES) if hasattr(sk, "type") else "raw",
        "state": names.named(sk.state, names.SOCKET_STATES) if hasattr(sk, "state") else "",
        "options": _options(sk),
        "shutdown": shutdown,
        "network": sk.ns_id if sk.HasField("ns_id") else None,
    }


def _netlink(file_id: int, nlsk: pb.NetlinkSk) -> NetlinkSocket:
    bits = ((at, word) for at, word in enumerate(islice(nlsk.groups, _GROUPS)))
    return NetlinkSocket(
        **_common(file_id, nlsk),
        protocol=names.named(nlsk.protocol, names.NETLINK),
        port=nlsk.portid,
        groups=tuple(
            32 * at + bit + 1 for at, word in bits for bit in range(32) if word >> bit & 1
        ),
    )


def _packet(file_id: int, psk: pb.PacketSock, order: Order) -> PacketSocket:
    """The protocol is as socket(2) wants it: in the byte order of the network."""
    protocol = int.from_bytes((psk.protocol & 0xFFFF).to_bytes(2, order), "big")
    return PacketSocket(
        **_common(file_id, psk),
        protocol=names.named(protocol, names.ETHERNET),
        interface_index=psk.ifindex,
        rings=psk.HasField("rx_ring") or psk.HasField("tx_ring"),
    )


def _options(sk: Any) -> dict[str, Value]:
    """What is not as in a fresh socket."""
    found: dict[str, Value] = {}
    for descriptor in sk.opts.DESCRIPTOR.fields:
        name, value = descriptor.name.removeprefix("so_"), getattr(sk.opts, descriptor.name)
        if name == "filter":
            value = len(value)
        elif name.endswith("_sec"):
            name = f"{name.removesuffix('_tmo_sec')}timeo"
            value += getattr(sk.opts, descriptor.name.replace("_sec", "_usec")) / 1e6
        elif name.endswith("_usec"):
            continue
        if value and (name, value) != ("rcvlowat", 1):
            found[name] = decode(value) if isinstance(value, bytes) else value
    for part in ("tcp_opts", "ip_opts"):
        for descriptor, value in getattr(sk, part).ListFields() if hasattr(sk, part) else ():
            if value and not descriptor.message_type:
                found[f"{part.removesuffix('opts')}{descriptor.name}"] = value
    return found
