"""Everything that is known about one open file."""

import stat
from datetime import UTC, datetime

from tui.criu.descriptors import Deleted, OpenFile
from tui.criu.files import Extent
from tui.criu.special import (
    BpfMap,
    Epoll,
    Eventfd,
    Memfd,
    Namespace,
    Pidfd,
    Pipe,
    Signalfd,
    Terminal,
    Timerfd,
    Tun,
    Watches,
)
from tui.text import plural, size
from tui.ui.rows.facts import Facts, listed
from tui.ui.rows.files import DELETED, deleted_bytes
from tui.ui.rows.model import Bytes, Link, Row, Table
from tui.ui.rows.running import Running

_LISTED = 500
"""Users, targets and watches that are shown one by one."""


def file_facts(running: Running, row: Row, _reveal: bool) -> Table:
    """Everything about the descriptor of `row`; of a process what it has open."""
    facts = Facts()
    process = running.inside.processes.by_pid.get(row.pids[0])
    if process is None:
        return facts.table()
    where, _, fd = row.id.partition("/")
    if where != "fd":
        facts.heading(f"{process.pid} {process.name}".rstrip())
        facts.add(
            "process", f"{process.pid}, in Processes", link=Link("processes", f"p/{process.pid}")
        )
        facts.add("program", process.exe)
        facts.add("working directory", process.cwd)
        facts.add("root directory", process.root)
        facts.add("open files", f"{len(running.inside.descriptors.of(process)):,}")
        return facts.table()
    number = int(fd.rpartition("/")[2])
    one = next((one for one in running.inside.descriptors.of(process) if one.fd == number), None)
    if one is None:
        return facts.table()
    file = one.file
    facts.heading(f"{process.pid} {process.name} fd {number}")
    facts.add("path" if file.path else "what", file.path or file.description)
    facts.add("type", file.type)
    if file.id in running.inside.sockets.by_file:
        facts.add("socket", "in Sockets", link=Link("sockets", f"s/{file.id}"))
    facts.add("opened with", listed(file.flags))
    facts.add("on exec", "closed" if one.close_on_exec else "stays open")
    facts.add("position", None if file.position is None else f"{file.position:,}")
    facts.add("size", None if file.size is None else f"{size(file.size)} ({file.size:,})")
    if file.mode is not None:
        facts.add("mode", f"{stat.filemode(file.mode)} ({stat.S_IMODE(file.mode):04o})")
    _add_mount(facts, running, file)
    facts.add("inode", file.inode)
    facts.add("SELinux label", one.label)
    facts.add("build ID", file.build_id)
    facts.add("saved", "no: the runtime gives it again" if file.external else "")
    if file.deleted:
        _add_deleted(facts, file, file.deleted)
    _add_detail(facts, running, file)
    _add_locks(facts, running, process.pid, number)
    add_users(facts, running, file.id)
    return facts.table()


def add_users(facts: Facts, running: Running, file_id: int, title: str = "Open in") -> None:
    """Who has a file open."""
    found = running.inside.descriptors
    facts.heading(f"{title} ({found.count(file_id):,})")
    for index, (pid, fd) in enumerate(found.users(file_id)):
        if index >= _LISTED:
            break
        process = running.inside.processes.by_pid.get(pid)
        name = process.name if process else ""
        facts.add(f"{pid} {name}".rstrip(), f"fd {fd}", link=Link("files", f"fd/{pid}/{fd}"))
    facts.more(found.count(file_id) - _LISTED, "descriptors")


def _add_mount(facts: Facts, running: Running, file: OpenFile) -> None:
    mount = running.inside.mounts.by_id.get(file.mount or 0)
    if mount:
        words = f"{mount.mountpoint} ({mount.file_system or 'unknown'})"
        facts.add("on the mount", words, link=Link("mounts", f"m/{mount.id}"))


def _add_deleted(facts: Facts, file: OpenFile, deleted: Deleted) -> None:
    facts.heading(DELETED)
    match deleted.kind:
        case "ghost" if deleted.target:
            facts.add("content", f"a symbolic link to {deleted.target}")
        case "ghost":
            words = f"{size(deleted.size)} in the archive: v shows, w saves it"
            facts.add("content", words, content=deleted_bytes(file), tone="warning")
        case "linked":
            words = "in the file system, under the name that CRIU gave it"
            facts.add("content", words)
            facts.add("other name", deleted.other_name)
        case _:
            facts.add("content", "none: it belonged to a process that is gone")
    if deleted.mtime is not None:
        facts.add("changed", _moment(deleted.mtime))
    facts.add("inode", deleted.inode)


def _moment(stamp: float) -> str:
    try:
        return f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{stamp:g} s after 1970"


def _add_detail(facts: Facts, running: Running, file: OpenFile) -> None:
    detail = file.detail
    facts.heading("Details")
    match detail:
        case Pipe():
            _add_pipe(facts, running, file, detail)
        case Eventfd(counter):
            facts.add("counter", f"{counter:,}")
        case Epoll(targets):
            facts.heading(f"Waits for {plural(len(targets), 'descriptor')}")
            for target in targets[:_LISTED]:
                other = running.inside.descriptors.target(file, target)
                what = other.description if other else "not open here any more"
                link = _first_user(running, other.id) if other else None
                facts.add(f"fd {target.fd}", f"{what} ({listed(target.events)})", link=link)
            facts.more(len(targets) - _LISTED, "descriptors")
        case Timerfd():
            due = f"in {detail.remaining:g} s" if detail.remaining else "not armed"
            facts.add("runs out", due)
            facts.add("then every", f"{detail.interval:g} s" if detail.interval else "")
            facts.add("clock", detail.clock + (", absolute" if detail.absolute else ""))
            facts.add("not read", plural(detail.ticks, "tick") if detail.ticks else "")
        case Signalfd(signals):
            facts.add("signals", listed(signals))
        case Watches(watches):
            facts.heading(f"Watches {plural(len(watches), 'place')}")
            for watch in watches[:_LISTED]:
                where = watch.path or f"inode {watch.inode} on {watch.device or 'a mount'}"
                facts.add(where, listed(watch.events))
            facts.more(len(watches) - _LISTED, "places")
        case Terminal():
            facts.add("terminal", " ".join(filter(None, (detail.kind, _number(detail.index)))))
            facts.add("size", f"{detail.columns} x {detail.rows}" if detail.rows else "")
            facts.add("session", detail.session)
            facts.add("in the foreground", f"process group {detail.foreground}")
        case Memfd():
            facts.add("name", detail.name)
            facts.add("seals", listed(detail.seals))
            facts.add("content", f"in the memory that is shared as {detail.shmid}")
        case Namespace():
            facts.add("namespace", f"{listed(detail.kinds)}, CRIU's ID {detail.id}")
        case Pidfd(pid):
            known = pid in running.inside.processes.by_pid
            link = Link("processes", f"p/{pid}") if known else None
            facts.add("process", pid if pid > 0 else "one that had ended", link=link)
        case BpfMap():
            entries = f"{detail.entries:,} entries of {detail.key_size} and {detail.value_size}"
            facts.add("BPF map", f"{detail.name}, type {detail.type}, {entries} bytes")
        case Tun(device):
            facts.add("device", device)


def _number(index: int | None) -> str:
    return "" if index is None else str(index)


def _add_pipe(facts: Facts, running: Running, file: OpenFile, pipe: Pipe) -> None:
    ends = {(True, True): "both ends", (True, False): "the end that is read"}
    facts.add("pipe", ends.get((pipe.reads, pipe.writes), "the end that is written"))
    facts.add("capacity", size(pipe.capacity) if pipe.capacity is not None else "")
    waiting = sum(one.length for one in pipe.queued)
    if waiting:
        content = Bytes(f"pipe-{pipe.pipe_id}", waiting, _in_a_row(pipe))
        words = f"{waiting:,} bytes in the archive: v shows, w saves them"
        facts.add("not read yet", words, content=content)
    others = running.inside.descriptors.other_ends(file)
    for other in others[:_LISTED]:
        add_users(facts, running, other, "The other end is open in")
    if not others:
        facts.add("other end", "outside of the checkpoint: with the runtime or another container")


def _in_a_row(pipe: Pipe) -> tuple[Extent, ...]:
    """The pieces of a queue, one behind the other."""
    found, at = [], 0
    for one in pipe.queued:
        found.append(Extent(one.member, one.offset, one.length, at))
        at += one.length
    return tuple(found)


def _first_user(running: Running, file_id: int) -> Link | None:
    user = next(running.inside.descriptors.users(file_id), None)
    return Link("files", f"fd/{user[0]}/{user[1]}") if user else None


def _add_locks(facts: Facts, running: Running, pid: int, fd: int) -> None:
    facts.heading("Locks")
    for lock in running.inside.descriptors.locks:
        if (lock.pid, lock.fd) == (pid, fd):
            end = f"{lock.length:,} bytes" if lock.length else "to the end"
            facts.add(lock.kind, f"{lock.type}, from byte {lock.start:,}, {end}")
