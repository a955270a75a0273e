"""What was running, for people: plain lines, every string made safe to show."""

from collections.abc import Iterable, Iterator
from itertools import islice

from tui.criu.descriptors import OpenFile
from tui.criu.inside import Inside
from tui.criu.processes import Process
from tui.criu.sockets import AnySocket, InetSocket, NetlinkSocket, Packet, UnixSocket
from tui.criu.special import Epoll, Eventfd, Memfd, Pipe, Signalfd, Timerfd, Watches
from tui.report.inside import FAMILIES
from tui.report.lines import columns
from tui.text import plural, safe_text, size

_DEEPEST = 20
"""Levels of a tree that are indented; honest ones have about five."""

_NAMED = 3
"""Processes, watches and the like that are named where there may be many."""


def processes_lines(inside: Inside) -> list[str]:
    """The tree of processes: who ran what, as whom, and what it waited for."""
    rows = [
        (
            f"{_indent(depth)}{process.pid}",
            safe_text(process.name) or "-",
            process.state or "-",
            _rights(process),
            safe_text(process.exe) or "-",
            _waits(process),
        )
        for depth, process in inside.processes.tree()
    ]
    return columns((("PID", "NAME", "STATE", "UID", "PROGRAM", "IN"), *rows)) if rows else ["none"]


def files_lines(inside: Inside) -> list[str]:
    """What each process had open, its program and folders first."""
    lines: list[str] = []
    for _, process in inside.processes.tree():
        lines += [""] if lines else []
        lines.append(f"{process.pid} {safe_text(process.name)}".rstrip())
        rows = [
            (number, "", "", safe_text(path))
            for number, path in (("exe", process.exe), ("cwd", process.cwd), ("root", process.root))
            if path
        ]
        table = process.ids.get("files", process.pid)
        first = inside.descriptors.owners[table][0]
        if process.pid == first:
            rows += [
                (str(one.fd), one.file.type, _access(one.file), _file(inside, one.file))
                for one in inside.descriptors.of(process)
            ]
        else:
            rows.append(("fd", "", "", f"the same as process {first}"))
        lines += columns(rows, "  ") if rows else []
    for lock in inside.descriptors.locks:
        lines.append(f"lock: process {lock.pid} fd {lock.fd}, {lock.kind} {lock.type}")
    return lines or ["none"]


def sockets_lines(inside: Inside) -> list[str]:
    """Every socket: between whom, what waits in it, and whose it is."""
    rows = [
        (
            _kind(socket),
            socket.state or "-",
            safe_text(_between(inside, socket)),
            _waiting(socket) or "-",
            safe_text(_users(inside, socket.file_id)) or "-",
        )
        for socket in inside.sockets.by_file.values()
    ]
    head = ("KIND", "STATE", "BETWEEN", "NOT YET READ", "WHOSE")
    return columns((head, *rows)) if rows else ["none"]


def mounts_lines(inside: Inside) -> list[str]:
    """The tree of mounts."""
    rows = [
        (
            _indent(depth) + safe_text(mount.mountpoint),
            safe_text(mount.file_system) or "-",
            ",".join(mount.flags),
            safe_text(mount.source) or "-",
            safe_text(mount.root).removesuffix("/") or "-",
        )
        for depth, mount in inside.mounts.tree()
    ]
    head = ("MOUNTED AT", "TYPE", "OPTIONS", "SOURCE", "PART OF IT")
    return columns((head, *rows)) if rows else ["none"]


LINES = {
    "processes": processes_lines,
    "files": files_lines,
    "sockets": sockets_lines,
    "mounts": mounts_lines,
}
"""The sections of `inspect` that are about what was running."""


def _indent(depth: int) -> str:
    return "  " * min(depth, _DEEPEST)


def _rights(process: Process) -> str:
    return str(process.leader.credentials.effective_uid) if process.leader else "-"


def _waits(process: Process) -> str:
    """What the leader was in, and how many threads there are beside it."""
    leader = process.leader
    if process.state == "zombie":
        signal, status = process.exit_code & 0x7F, process.exit_code >> 8
        return f"killed by signal {signal}" if signal else f"ended with status {status}"
    call = ""
    if leader and leader.syscall is not None:
        call = leader.syscall_name or f"system call {leader.syscall}"
    more = f"{len(process.threads)} threads" if len(process.threads) > 1 else ""
    return ", ".join(filter(None, (call, more))) or "-"


def _access(file: OpenFile) -> str:
    modes = {"O_RDONLY": "r", "O_WRONLY": "w", "O_RDWR": "rw"}
    return modes.get(file.flags[0], "") if file.flags else ""


def _file(inside: Inside, file: OpenFile) -> str:
    socket = inside.sockets.by_file.get(file.id)
    if socket:
        return safe_text(f"{_kind(socket)} {socket.state} {_between(inside, socket)}")
    notes = list(_notes(file))
    return safe_text(file.description) + (f" ({', '.join(notes)})" if notes else "")


def _notes(file: OpenFile) -> Iterator[str]:
    if file.deleted and file.deleted.kind == "ghost":
        yield f"{size(file.deleted.size)} of it in the archive"
    if file.position and file.size is not None:
        yield f"at {file.position:,} of {file.size:,}"
    match file.detail:
        case Pipe(queued=queued) if queued:
            yield f"{sum(one.length for one in queued):,} bytes in it"
        case Eventfd(counter):
            yield f"counter {counter}"
        case Epoll(targets):
            yield f"waits for {_listed(f'fd {one.fd}' for one in targets)}"
        case Timerfd(clock, remaining, interval):
            yield f"{clock}, in {remaining:g} s, every {interval:g} s"
        case Signalfd(signals):
            yield ", ".join(signals)
        case Watches(watches):
            paths = (safe_text(one.path) or f"inode {one.inode}" for one in watches)
            yield f"watches {_listed(paths)}"
        case Memfd(seals=seals) if seals:
            yield "sealed: " + ", ".join(seals)


def _listed(words: Iterable[str]) -> str:
    """The first of them, and how many more."""
    listed = list(words)
    more = f" and {len(listed) - _NAMED:,} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more if listed else "nothing"


def _kind(socket: AnySocket) -> str:
    if isinstance(socket, InetSocket):
        return socket.protocol + ("6" if socket.version == 6 else "")
    return f"{FAMILIES[type(socket)]} {socket.protocol or socket.type}"


def _between(inside: Inside, socket: AnySocket) -> str:
    match socket:
        case InetSocket():
            here = _endpoint(socket.source, socket.source_port)
            there = _endpoint(socket.destination, socket.destination_port)
            return f"{here} → {there}" if socket.destination_port else here
        case UnixSocket():
            if socket.peer is not None:
                users = _users(inside, socket.peer) or "nobody"
                return f"{socket.name} → {users}".lstrip()
            return f"{socket.name} → outside".lstrip() if socket.peer_inode else socket.name
        case NetlinkSocket():
            return f"port {socket.port}"
        case _:
            index = socket.interface_index
            return f"device {index}" if index else "all devices"


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _waiting(socket: AnySocket) -> str:
    if isinstance(socket, InetSocket) and socket.stream:
        read, sent = socket.stream.received.length, socket.stream.sent.length
        return f"{read:,} bytes here, {sent:,} there" if read or sent else ""
    if isinstance(socket, UnixSocket) and socket.received:
        return f"{_bytes(socket.received):,} bytes in {plural(len(socket.received), 'packet')}"
    return ""


def _bytes(packets: tuple[Packet, ...]) -> int:
    return sum(packet.content.length for packet in packets)


def _users(inside: Inside, file_id: int) -> str:
    """`httpd 1 fd 3`, and how many more."""
    named = []
    for pid, fd in islice(inside.descriptors.users(file_id), _NAMED):
        process = inside.processes.by_pid.get(pid)
        named.append(f"{process.name if process else ''} {pid} fd {fd}".lstrip())
    more = inside.descriptors.count(file_id) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")
