"""Words for what was running, a phrase at a time, for the command line and the screens."""

from collections.abc import Iterable, Iterator
from itertools import islice

from tui.criu.descriptors import OpenFile
from tui.criu.inside import Inside
from tui.criu.processes import Process
from tui.criu.sockets import AnySocket, InetSocket, NetlinkSocket, UnixSocket
from tui.criu.sockets import endpoint as endpoint
from tui.criu.sockets import kind as kind
from tui.criu.special import Epoll, Eventfd, Memfd, Pipe, Signalfd, Timerfd, Watches
from tui.text import plural, safe_text, size

_NAMED = 3
"""Processes, watches and the like that are named where there may be many."""


def waits(process: Process) -> str:
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


def access(file: OpenFile) -> str:
    """How it was opened: `r`, `w` or `rw`."""
    modes = {"O_RDONLY": "r", "O_WRONLY": "w", "O_RDWR": "rw"}
    return modes.get(file.flags[0], "") if file.flags else ""


def notes(file: OpenFile) -> Iterator[str]:
    """What is worth saying of a file beside its name."""
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
            yield f"waits for {listed(f'fd {one.fd}' for one in targets)}"
        case Timerfd(clock, remaining, interval):
            yield f"{clock}, in {remaining:g} s, every {interval:g} s"
        case Signalfd(signals):
            yield ", ".join(signals)
        case Watches(watches):
            paths = (safe_text(one.path) or f"inode {one.inode}" for one in watches)
            yield f"watches {listed(paths)}"
        case Memfd(seals=seals) if seals:
            yield "sealed: " + ", ".join(seals)


def listed(words: Iterable[str]) -> str:
    """The first of them, and how many more."""
    found = list(words)
    more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more if found else "nothing"


def between(inside: Inside, socket: AnySocket) -> str:
    """Its address, and that of its peer if it has one."""
    match socket:
        case InetSocket():
            here = endpoint(socket.source, socket.source_port)
            there = endpoint(socket.destination, socket.destination_port)
            return f"{here} → {there}" if socket.destination_port else here
        case UnixSocket():
            if socket.peer is not None:
                return f"{socket.name} → {users(inside, socket.peer) or 'nobody'}".lstrip()
            return f"{socket.name} → outside".lstrip() if socket.peer_inode else socket.name
        case NetlinkSocket():
            return f"port {socket.port}"
        case _:
            index = socket.interface_index
            return f"device {index}" if index else "all devices"


def waiting(socket: AnySocket) -> str:
    """The bytes that are on their way; empty if none are known."""
    if isinstance(socket, InetSocket) and socket.stream:
        read, sent = socket.stream.received.length, socket.stream.sent.length
        return f"{read:,} bytes here, {sent:,} there" if read or sent else ""
    if isinstance(socket, UnixSocket) and socket.received:
        count = sum(packet.content.length for packet in socket.received)
        return f"{count:,} bytes in {plural(len(socket.received), 'packet')}"
    return ""


def users(inside: Inside, file_id: int) -> str:
    """Who has a file open: `httpd 1 fd 3`, and how many more."""
    named = []
    for pid, fd in islice(inside.descriptors.users(file_id), _NAMED):
        process = inside.processes.by_pid.get(pid)
        named.append(f"{process.name if process else ''} {pid} fd {fd}".lstrip())
    more = inside.descriptors.count(file_id) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")
