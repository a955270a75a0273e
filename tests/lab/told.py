"""What podthaw tells of a checkpoint, in the facts that tests.lab.living finds in /proc."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from tests.lab.facts import Facts
from tests.lab.living import NAMESPACES
from tui.archive.model import Contents
from tui.criu import names
from tui.criu.commands import read_started
from tui.criu.descriptors import OpenFile
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import read_memories
from tui.criu.mounts import Mount
from tui.criu.processes import Process
from tui.criu.sockets import InetSocket, NetlinkSocket, PacketSocket, UnixSocket
from tui.criu.special import Epoll, Eventfd, Pidfd, Signalfd, Timerfd, Watches
from tui.criu.threads import Thread
from tui.criu.vma import Kind, Vma

_CAPABILITIES = {names.capabilities((1 << bit, 0))[0]: bit for bit in range(32)} | {
    names.capabilities((0, 1 << bit))[0]: 32 + bit for bit in range(32)
}

_CLOCKS = {name: number for number, name in names.CLOCKS.items()}

_EVENTS = {"IN": 0x1, "OUT": 0x4, "ERR": 0x8, "HUP": 0x10, "ONESHOT": 1 << 30, "ET": 1 << 31}
"""EPOLL, as in the manual of epoll_ctl."""

_WATCH_NAMES = (
    "ACCESS MODIFY ATTRIB CLOSE_WRITE CLOSE_NOWRITE OPEN MOVED_FROM MOVED_TO CREATE DELETE"
    " DELETE_SELF MOVE_SELF"
)

_WATCHED = {name: 1 << bit for bit, name in enumerate(_WATCH_NAMES.split())}
"""IN, as in the manual of inotify."""

_LOCKS = {"posix": "POSIX", "flock": "FLOCK", "ofd": "OFDLCK", "lease": "LEASE"}


def told(contents: Contents) -> Facts:
    """All that podthaw tells and the kernel showed, too."""
    inside, started = read_inside(contents), read_started(contents)
    found: Facts = {}
    for pid, process in inside.processes.by_pid.items():
        found |= {f"{pid} {name}": value for name, value in _process(inside, process)}
        if process.state == "zombie":
            continue
        for thread in process.threads:
            found |= {
                f"{pid} thread {thread.tid} {name}": value
                for name, value in _thread(process, thread)
            }
        found |= {f"{pid} {name}": value for name, value in _descriptors(inside, process)}
        texts = started[pid]
        for name, text in (("arguments", texts.arguments), ("environment", texts.environment)):
            assert text is not None
            found[f"{pid} {name}"] = (
                "\0".join(text).encode("utf-8", "surrogateescape").rstrip(b"\0")
            )
    for memory in read_memories(contents).processes:
        for vma in memory.vmas:
            found[f"{memory.pid} map {vma.start:x}-{vma.end:x}"] = _mapping(vma)
    for mount in inside.mounts.by_id.values():
        found |= {f"mount {mount.id} {name}": value for name, value in _mount(mount).items()}
    return found


def _process(inside: Inside, process: Process) -> Iterator[tuple[str, Any]]:
    yield "name", process.name
    yield "state", process.state
    yield "parent", process.ppid
    yield "group", process.pgid
    yield "session", process.sid
    if process.state == "zombie":
        yield "exit code", process.exit_code
        return
    yield "umask", process.umask
    yield "exe", process.exe
    yield "cwd", process.cwd
    yield "root", process.root
    yield "oom_score_adj", process.oom_score_adj
    yield "huge pages", process.memory.huge_pages
    yield "threads", sorted(thread.tid for thread in process.threads)
    yield "handled", tuple(one.signal for one in process.actions if one.handler is not None)
    yield "ignored", tuple(one.signal for one in process.actions if one.handler is None)
    yield "pending", tuple(one.signal for one in process.pending)
    yield (
        "timers",
        [
            (str(one.id), str(_signal(one.signal)), one.notification, str(_CLOCKS[one.clock]))
            for one in process.timers
        ],
    )
    memory = process.memory
    for name, where in (
        ("code", memory.code),
        ("data", memory.data),
        ("arguments", memory.arguments),
        ("environment", memory.environment),
    ):
        yield f"layout {name} start", where.start
        yield f"layout {name} end", where.stop
    yield "layout heap start", memory.heap.start
    yield "layout stack", memory.stack
    yield "auxv", memory.auxv
    for limit in process.limits:
        yield f"limit {limit.name}", (limit.soft, limit.hard)
    for cgroup in process.cgroups:
        yield f"cgroup {cgroup.controller}", cgroup.path
    for kind in NAMESPACES:
        number = process.ids[kind]
        sharers = (process.pid, *inside.processes.sharers(process, kind))
        yield f"namespace {kind}", 0 if number == inside.processes.host[kind] else min(sharers)


def _thread(process: Process, thread: Thread) -> Iterator[tuple[str, Any]]:
    who = thread.credentials
    yield "name", thread.name
    yield "uids", (who.uid, who.effective_uid, who.saved_uid, who.fs_uid)
    yield "gids", (who.gid, who.effective_gid, who.saved_gid, who.fs_gid)
    yield "groups", who.groups
    yield "inheritable capabilities", _mask(who.inheritable)
    yield "permitted capabilities", _mask(who.permitted)
    yield "effective capabilities", _mask(who.effective)
    yield "bounding capabilities", _mask(who.bounding)
    yield "ambient capabilities", _mask(who.ambient)
    yield "no_new_privs", who.no_new_privs
    yield "seccomp", thread.seccomp or process.seccomp
    yield "nice", thread.nice
    yield "scheduler", thread.scheduler
    yield "priority", thread.priority
    yield "blocked", thread.blocked
    yield "pending", tuple(one.signal for one in thread.pending)
    if process.state == "running":
        yield "system call", thread.syscall
        yield "stack pointer", thread.stack_pointer
        yield "program counter", thread.program_counter


def _descriptors(inside: Inside, process: Process) -> Iterator[tuple[str, Any]]:
    for one in inside.descriptors.of(process):
        name, file = f"fd {one.fd}", one.file
        yield name, file.description
        yield f"{name} flags", sum(_flag(flag) for flag in file.flags)
        yield f"{name} close_on_exec", one.close_on_exec
        if file.description.startswith("/"):
            yield f"{name} position", file.position
            yield f"{name} mount", file.mount
        if file.description.startswith("/") and not file.description.endswith(" (deleted)"):
            yield f"{name} mode", file.mode
        for what, value in _socket(inside, file):
            yield f"{name} socket {what}", value
        for what, value in _special(file):
            yield f"{name} {what}", value
    for lock in inside.descriptors.locks:
        if lock.pid == process.pid:
            end = str(lock.start + lock.length - 1) if lock.length else "EOF"
            yield (
                f"fd {lock.fd} lock",
                (_LOCKS[lock.kind], lock.type.upper(), str(lock.start), end),
            )


def _special(file: OpenFile) -> Iterator[tuple[str, Any]]:
    match file.detail:
        case Eventfd(counter):
            yield "counter", counter
        case Pidfd(pid):
            yield "process", pid
        case Signalfd(signals):
            yield "signals", signals
        case Timerfd() as timer:
            yield "clock", _CLOCKS[timer.clock]
            yield "ticks", timer.ticks
            yield "value", timer.remaining
            yield "interval", timer.interval
        case Epoll(targets):
            for target in targets:
                events = sum(_EVENTS[event] for event in target.events)
                yield f"target {target.fd}", (events, target.data, target.inode)
        case Watches(watches):
            for watch in watches:
                events = sum(_WATCHED[event] for event in watch.events)
                yield f"watch {watch.number:x}", (watch.inode, watch.device, events)


def _socket(inside: Inside, file: OpenFile) -> Iterator[tuple[str, Any]]:
    socket = inside.sockets.by_file.get(file.id)
    if isinstance(socket, InetSocket):
        yield "protocol", socket.protocol
        yield "type", socket.type
        yield "version", socket.version
        yield "source", (socket.source, socket.source_port)
        yield "destination", (socket.destination, socket.destination_port)
        yield "state", socket.state
        yield "received", socket.stream.received.length if socket.stream else 0
    if isinstance(socket, UnixSocket):
        yield "type", socket.type
        yield "state", socket.state
        yield "name", socket.name
    if isinstance(socket, NetlinkSocket):
        numbers = {name: number for number, name in names.NETLINK.items()}
        yield "protocol", numbers[socket.protocol]
        yield "port", socket.port
        yield "groups", sum(1 << group - 1 for group in socket.groups)
    if isinstance(socket, PacketSocket):
        yield "type", {"raw": 3, "dgram": 2}[socket.type]
        yield "protocol", {"arp": 0x806}[socket.protocol]


_PATHS = {
    Kind.HEAP: "[heap]",
    Kind.STACK: "[stack]",
    Kind.VDSO: "[vdso]",
    Kind.VVAR: "[vvar]",
    Kind.VSYSCALL: "[vsyscall]",
}


def _mapping(vma: Vma) -> tuple[str, int, str]:
    return vma.permissions, vma.offset, vma.label if vma.path else _PATHS.get(vma.kind, "")


def _mount(mount: Mount) -> dict[str, Any]:
    return {
        "parent": mount.parent,
        "device": mount.device,
        "root": mount.root,
        "mountpoint": mount.mountpoint,
        "flags": sorted(mount.flags),
        "file system": mount.file_system,
        "source": mount.source,
        "super options": sorted({*mount.super_flags, *mount.options.split(",")} - {""}),
        "shared": mount.shared or 0,
        "master": mount.master or 0,
    }


def _mask(capabilities: Iterable[str]) -> int:
    return sum(1 << _CAPABILITIES[name] for name in capabilities)


def _flag(name: str) -> int:
    """O_LARGEFILE and O_PATH are not what Python has there, or not at all."""
    return {"O_LARGEFILE": 0o100000, "O_PATH": 0o10000000}.get(name) or int(getattr(os, name))


def _signal(name: str) -> int:
    return next(number for number in range(1, 65) if names.signal_name(number) == name)
