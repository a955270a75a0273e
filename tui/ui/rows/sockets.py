"""The sockets as a table, and everything that is known about one of them."""

from itertools import islice
from stat import S_IMODE

from tui.criu.descriptors import Descriptors
from tui.criu.sockets import AnySocket, InetSocket, NetlinkSocket, PacketSocket, UnixSocket
from tui.report.inside_words import endpoint, kind
from tui.text import plural, size
from tui.ui.rows.facts import Facts, listed
from tui.ui.rows.file_facts import add_users
from tui.ui.rows.model import Bytes, Column, Link, Row, Table
from tui.ui.rows.running import Running, note

_COLUMNS = (
    Column("KIND", "key", widest=16),
    Column("STATE", "quiet", widest=13),
    Column("HERE", widest=26),
    Column("THERE", widest=26),
    Column("IN", "quiet", widest=8, rank=2, right=True, down=True),
    Column("OUT", "quiet", widest=8, rank=3, right=True, down=True),
    Column("OWNER", "quiet", widest=1000, rank=1),
)

CONNECTION = "◆"
"""Marks what decides how the container is restored."""

_PACKETS = 200

_OWNERS = 1000
"""Processes that are remembered to have a socket."""


def sockets_table(running: Running) -> Table:
    """Every socket; connections are marked, since they decide how to restore."""
    inside = running.inside
    rows = tuple(_row(running, one) for one in inside.sockets.by_file.values())
    connected = sum(1 for one in inside.sockets.by_file.values() if _connected(one))
    told = plural(len(rows), "socket")
    if connected:
        told += f" · {CONNECTION} {plural(connected, 'TCP connection')}"
    return Table(
        _COLUMNS,
        rows,
        count=len(rows),
        told=told,
        empty="no socket is in the archive",
        note=note(running, inside.sockets.problems, "files.img"),
    )


def _row(running: Running, socket: AnySocket) -> Row:
    inside = running.inside
    received, sent = queues(socket)
    pids = islice((pid for pid, _ in inside.descriptors.users(socket.file_id)), _OWNERS)
    connected = _connected(socket)
    here, there = _ends(running, socket)
    owner = _owner(running, socket.file_id)
    state = f"{CONNECTION} {socket.state}" if connected else socket.state or "-"
    return Row(
        f"s/{socket.file_id}",
        (
            kind(socket),
            state,
            here,
            there,
            f"{received:,} B" if received else "",
            f"{sent:,} B" if sent else "",
            owner,
        ),
        keys=(kind(socket), socket.state, here, there, received, sent, owner),
        tone="warning" if connected else "",
        pids=tuple(pids),
        copy=f"{here} {there}".strip(),
    )


def queues(socket: AnySocket) -> tuple[int, int]:
    """Bytes that came and were not read, and bytes that were written and not confirmed."""
    if isinstance(socket, InetSocket) and socket.stream:
        return socket.stream.received.length, socket.stream.sent.length
    if isinstance(socket, UnixSocket):
        return sum(packet.content.length for packet in socket.received), 0
    return 0, 0


def _connected(socket: AnySocket) -> bool:
    return isinstance(socket, InetSocket) and socket.connected


def _ends(running: Running, socket: AnySocket) -> tuple[str, str]:
    match socket:
        case InetSocket():
            here = endpoint(socket.source, socket.source_port)
            there = endpoint(socket.destination, socket.destination_port)
            return here, there if socket.destination_port else ""
        case UnixSocket():
            peer = _peer(running.inside.descriptors, running, socket)
            return socket.name or f"inode {socket.inode}", peer
        case NetlinkSocket():
            return f"port {socket.port}", "the kernel"
        case _:
            index = socket.interface_index
            return f"device {index}" if index else "all devices", ""


def _peer(found: Descriptors, running: Running, socket: UnixSocket) -> str:
    if socket.peer is None:
        return "outside" if socket.peer_inode else ""
    return _owner(running, socket.peer) if found.count(socket.peer) else "nobody"


def _owner(running: Running, file_id: int) -> str:
    """The first who has a file open, and how many more do: `httpd 1 fd 3 +4`."""
    found = running.inside.descriptors
    pid, fd = next(found.users(file_id), (0, 0))
    process = running.inside.processes.by_pid.get(pid)
    more = f" +{found.count(file_id) - 1:,}" if found.count(file_id) > 1 else ""
    return f"{process.name} {pid} fd {fd}{more}".lstrip() if process else ""


def socket_facts(running: Running, row: Row, _reveal: bool) -> Table:
    """Everything about the socket of `row`."""
    socket = running.inside.sockets.by_file.get(int(row.id.partition("/")[2]))
    facts = Facts()
    if socket is None:
        return facts.table()
    here, there = _ends(running, socket)
    facts.heading(f"{kind(socket)} {socket.state}".rstrip())
    facts.add("here", here)
    facts.add("there", there)
    if _connected(socket):
        _add_connection(facts)
    facts.heading("Socket")
    facts.add("type", socket.type)
    facts.add("inode", socket.inode or None)
    facts.add("shut down", socket.shutdown)
    first = next(iter(running.inside.processes.by_pid.values()), None)
    if first and socket.network not in (None, first.ids.get("net")):
        facts.add("network", f"another namespace than process {first.pid} has", tone="warning")
    match socket:
        case InetSocket():
            _add_inet(facts, socket)
        case UnixSocket():
            _add_unix(facts, socket)
        case NetlinkSocket():
            facts.add("groups", listed(map(str, socket.groups)))
        case PacketSocket():
            facts.add("buffers", "shared with the kernel" if socket.rings else "")
    facts.heading("Options")
    for name, value in socket.options.items():
        facts.add(name, "yes" if value is True else value)
    add_users(facts, running, socket.file_id)
    return facts.table()


def _add_connection(facts: Facts) -> None:
    words = (
        "This is a TCP connection. Podman restores it with --tcp-established, on the same address,"
        " while the other side still holds it; with --tcp-close it comes back closed. Without"
        " either the restore fails."
    )
    facts.add(f"{CONNECTION} at the restore", words, tone="warning")


def _add_inet(facts: Facts, socket: InetSocket) -> None:
    facts.add("device", socket.interface)
    facts.add("may wait", plural(socket.backlog, "connection") if socket.backlog else "")
    facts.add("IPv6 alone", "yes" if socket.v6only else "")
    stream = socket.stream
    if stream is None:
        return
    facts.heading("Connection")
    for label, extent in (("not read yet", stream.received), ("not confirmed", stream.sent)):
        words = f"{size(extent.length)}: v shows, w saves it" if extent.length else "nothing"
        content = Bytes(f"{label.replace(' ', '-')}-{socket.inode}", extent.length, (extent,))
        facts.add(label, words, content=content if extent.length else None)
    facts.add("not sent yet", f"{stream.unsent:,} bytes" if stream.unsent else "")
    facts.add("next expected", stream.receive_sequence)
    facts.add("next sent", stream.send_sequence)
    facts.add("largest segment", f"{stream.segment:,} bytes")
    facts.add("windows", f"sends {stream.send_window:,}, receives {stream.receive_window:,}")


def _add_unix(facts: Facts, socket: UnixSocket) -> None:
    facts.add("path", f"{socket.name} ✖ deleted" if socket.deleted else "")
    facts.add("relative to", socket.folder)
    facts.add("mode", f"{S_IMODE(socket.mode):04o}" if socket.mode is not None else "")
    facts.add("may wait", plural(socket.backlog, "connection") if socket.backlog else "")
    if socket.peer is not None:
        link = Link("sockets", f"s/{socket.peer}")
        facts.add("peer", f"inode {socket.peer_inode}", link=link)
    elif socket.peer_inode:
        facts.add("peer", f"inode {socket.peer_inode}, outside of the checkpoint", tone="warning")
    facts.heading(f"Not read yet ({len(socket.received):,})")
    for number, packet in enumerate(socket.received[:_PACKETS], 1):
        content = Bytes(f"packet-{number}", packet.content.length, (packet.content,))
        passed = f", {plural(len(packet.passed), 'descriptor')} with it" if packet.passed else ""
        words = f"{packet.content.length:,} bytes{passed}: v shows, w saves them"
        facts.add(f"packet {number}", words, content=content)
    facts.more(len(socket.received) - _PACKETS, "packets")
