"""What was running, for people: plain lines, every string made safe to show."""

from tui.criu.descriptors import OpenFile
from tui.criu.inside import Inside
from tui.criu.processes import Process
from tui.report.inside_words import access, between, kind, notes, users, waiting, waits
from tui.report.lines import columns
from tui.text import safe_text

_DEEPEST = 20
"""Levels of a tree that are indented; honest ones have about five."""


def processes_lines(inside: Inside) -> list[str]:
    """The tree of processes: who ran what, as whom, and what it waited for."""
    rows = [
        (
            f"{_indent(depth)}{process.pid}",
            safe_text(process.name) or "-",
            process.state or "-",
            _rights(process),
            safe_text(process.exe) or "-",
            waits(process),
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
                (str(one.fd), one.file.type, access(one.file), _file(inside, one.file))
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
            kind(socket),
            socket.state or "-",
            safe_text(between(inside, socket)),
            waiting(socket) or "-",
            safe_text(users(inside, socket.file_id)) or "-",
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


def _file(inside: Inside, file: OpenFile) -> str:
    socket = inside.sockets.by_file.get(file.id)
    if socket:
        return safe_text(f"{kind(socket)} {socket.state} {between(inside, socket)}")
    told = list(notes(file))
    return safe_text(file.description) + (f" ({', '.join(told)})" if told else "")
