"""Who can be reached from the container, and who can reach it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

from tui.archive.layout import Layout
from tui.checkpoint.config import PortMapping
from tui.criu.sockets import InetSocket, PacketSocket
from tui.findings import programs
from tui.findings.programs import called, listed, names, users
from tui.findings.registry import (
    Finding,
    Place,
    ProcessPlace,
    Severity,
    SocketPlace,
    first,
    rule,
)
from tui.findings.scene import Scene

EPHEMERAL = 32_768
"""The first port that Linux gives to sockets that ask for none: behind a UDP socket with such a
port is a client."""


@rule("listener-unmapped", Severity.LOW, "A port is open that nobody published")
def listener_unmapped(scene: Scene) -> Iterator[Finding]:
    """A process listens on a port that no port mapping of the container leads to.

    Other containers of its network reach it. Low where the container publishes other ports, so
    that this one may have been opened by somebody else; informational where it publishes none, as
    with services that only other containers use. Not told: loopback addresses, the ports that UDP
    clients get, containers whose network belongs to another one or whose engine notes no ports.
    """
    config = scene.checkpoint.config
    if scene.checkpoint.layout is not Layout.PODMAN or config.net_namespace_container:
        return
    mappings = config.port_mappings or []
    published = _published(mappings)
    found: dict[tuple[str, int], list[InetSocket]] = defaultdict(list)
    for socket in _inet(scene):
        if _listens(socket) and (socket.protocol, socket.source_port) not in published:
            found[socket.protocol, socket.source_port].append(socket)
    for (protocol, port), sockets in found.items():
        known = "not among those published" if mappings else "and the container publishes none"
        yield Finding(
            "listener-unmapped",
            Severity.LOW if mappings else Severity.INFO,
            f"Port {port}/{protocol} is open, {known}",
            f"It listens on {listed(dict.fromkeys(one.source for one in sockets))}.",
            _places(scene, sockets),
        )


@rule("connection-public", Severity.MEDIUM, "A connection to a public address")
def connection_public(scene: Scene) -> Iterator[Finding]:
    """A process has a connection to an address of the internet that it has opened itself.

    Low, and medium where a shell, a relay or a download tool has it. Connections to a port that
    the container listens on were opened by the other side and are not told. Harmless: services
    call others; whether they should know this one, their owner knows.
    """
    sockets = [one for one in _inet(scene) if one.destination_port]
    listening = {(one.protocol, one.source_port) for one in _inet(scene) if one.state == "LISTEN"}
    peers: dict[tuple[str, str, int], list[InetSocket]] = defaultdict(list)
    for socket in sockets:
        incoming = (socket.protocol, socket.source_port) in listening
        if not incoming and _public(socket.destination):
            peers[socket.protocol, socket.destination, socket.destination_port].append(socket)
    for (protocol, host, port), group in peers.items():
        tools = {
            name
            for one in group
            for pid, _ in users(scene, one.file_id)
            for name in names(scene, scene.inside.processes.by_pid[pid])
            if programs.is_shell((name,)) or name in programs.RELAYS | programs.FETCHERS
        }
        yield Finding(
            "connection-public",
            Severity.MEDIUM if tools else Severity.LOW,
            f"Connected to {_endpoint(host, port)} ({protocol})",
            f"{listed(sorted(tools))} has it open." if tools else f"{_who(scene, group)} it open.",
            _places(scene, group),
        )


@rule("socket-raw", Severity.MEDIUM, "A process sees or makes raw packets")
def socket_raw(scene: Scene) -> Iterator[Finding]:
    """A raw socket, or a packet socket: with it a process reads the traffic, or forges it.

    Harmless: ping, DHCP clients, VRRP, and monitors of networks.
    """
    for socket in scene.inside.sockets.by_file.values():
        if isinstance(socket, PacketSocket):
            device = socket.interface_index
            what = f"every frame of {f'device {device}' if device else 'all devices'}"
        elif isinstance(socket, InetSocket) and socket.type == "raw":
            what = f"raw IPv{socket.version} packets ({socket.protocol})"
        else:
            continue
        yield Finding(
            "socket-raw",
            Severity.MEDIUM,
            f"A socket for {what}",
            f"{_who(scene, [socket])} it open.",
            _places(scene, [socket]),
        )


def _inet(scene: Scene) -> Iterator[InetSocket]:
    for socket in scene.inside.sockets.by_file.values():
        if isinstance(socket, InetSocket) and socket.type != "raw":
            yield socket


def _listens(socket: InetSocket) -> bool:
    if not socket.source_port or socket.destination_port or _loopback(socket.source):
        return False
    if socket.protocol == "udp":
        return socket.source_port < EPHEMERAL
    return socket.state == "LISTEN"


def _published(mappings: Iterable[PortMapping]) -> set[tuple[str, int]]:
    """The protocols and ports that mappings lead to; each is added once, however they overlap."""
    found: set[tuple[str, int]] = set()
    for protocol in ("tcp", "udp", "sctp"):
        at = 0
        for start, count in sorted(
            (one.container_port, max(1, one.range))
            for one in mappings
            if protocol in one.protocol.split(",")
        ):
            found |= {(protocol, port) for port in range(max(at, start), start + count)}
            at = max(at, start + count)
    return found


def _loopback(host: str) -> bool:
    try:
        found = ip_address(host.removeprefix("::ffff:"))
    except ValueError:
        return False
    return found.is_loopback


def _public(host: str) -> bool:
    try:
        found = ip_address(host.removeprefix("::ffff:"))
    except ValueError:
        return False
    return found.is_global and not found.is_multicast


def _endpoint(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _who(scene: Scene, sockets: Sequence[InetSocket | PacketSocket]) -> str:
    pids = dict.fromkeys(pid for one in sockets for pid, _ in users(scene, one.file_id))
    by_pid = scene.inside.processes.by_pid
    if not pids:
        return "Nobody has"
    return f"{listed(called(by_pid[pid]) for pid in pids)} {'has' if len(pids) == 1 else 'have'}"


def _places(scene: Scene, sockets: Sequence[InetSocket | PacketSocket]) -> tuple[Place, ...]:
    found: list[Place] = [SocketPlace(one.file_id) for one in sockets[:10]]
    for one in sockets[:10]:
        found += [ProcessPlace(pid) for pid, _ in users(scene, one.file_id)]
    return first(found)
