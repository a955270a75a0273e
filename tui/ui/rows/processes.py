"""The processes as a tree, and everything that is known about one of them."""

from tui.criu.processes import Process
from tui.report.inside_words import waits
from tui.report.started import masked_entry
from tui.text import MASK, plural, size
from tui.ui.rows.facts import Facts, hexadecimal
from tui.ui.rows.model import Column, Link, Row, Table
from tui.ui.rows.rights import add_rights
from tui.ui.rows.running import Running, note
from tui.ui.rows.threads import add_signals, add_threads

_COLUMNS = (
    Column("PID", right=True, widest=8),
    Column("NAME", "key", widest=30),
    Column("STATE", "quiet", widest=9, rank=2),
    Column("USER", "quiet", widest=10, rank=1),
    Column("THREADS", "quiet", widest=7, rank=4, right=True, down=True),
    Column("MEMORY", widest=10, rank=3, right=True, down=True),
    Column("WAITS IN", "quiet", widest=18, rank=5),
    Column("COMMAND", widest=1000),
)

_DEEPEST = 20
"""Levels that are indented; honest trees have about five."""

_LONG = 200
"""Characters of a command that would push the rest out of sight."""

_VARIABLES = 1000
"""Variables of the environment that are shown one by one."""


def processes_table(running: Running) -> Table:
    """Every process, children inside their parents."""
    inside = running.inside
    rows = []
    for depth, process in inside.processes.tree():
        leader, stored = process.leader, _stored(running, process.pid)
        uid = leader.credentials.effective_uid if leader else None
        rows.append(
            Row(
                f"p/{process.pid}",
                (
                    str(process.pid),
                    process.name or "-",
                    process.state or "-",
                    user(uid),
                    str(len(process.threads) or "-"),
                    size(stored) if stored is not None else "-",
                    waits(process).partition(",")[0],
                    command(running, process),
                ),
                min(depth, _DEEPEST),
                keys=(
                    process.pid,
                    process.name,
                    process.state,
                    -1 if uid is None else uid,
                    len(process.threads),
                    -1 if stored is None else stored,
                    waits(process),
                    command(running, process),
                ),
                tone="quiet" if process.state == "zombie" else "",
                pids=(process.pid,),
            )
        )
    threads = sum(len(process.threads) for process in inside.processes.by_pid.values())
    told = plural(len(rows), "process").replace("processs", "processes")
    return Table(
        _COLUMNS,
        tuple(rows),
        count=len(rows),
        told=f"{told} · {plural(threads, 'thread')}",
        empty="no process is in the archive",
        note=note(running, inside.processes.problems, empty=not rows),
        tree=1,
        flat=True,
    )


def command(running: Running, process: Process) -> str:
    """The command line from its memory, else its program."""
    words = running.words.get(process.pid)
    if words and words.arguments:
        return " ".join(words.arguments)
    return process.exe


def user(uid: int | None) -> str:
    """Who that is in the container."""
    return "-" if uid is None else "root" if uid == 0 else str(uid)


def process_facts(running: Running, row: Row, reveal: bool) -> Table:
    """Everything about the process of `row`; without `reveal` variables are masked."""
    process = running.inside.processes.by_pid.get(row.pids[0])
    facts = Facts()
    if process is None:
        return facts.table()
    _add_command(facts, running, process)
    _add_links(facts, running, process)
    if _is_first(running, process):
        asked = " ".join(running.checkpoint.spec.process.args or ())
        facts.heading("Command in the config", closed=len(asked) > _LONG)
        facts.add("config says", asked)
    _add_identity(facts, process)
    add_rights(facts, running, process)
    _add_memory(facts, running, process)
    add_threads(facts, process)
    add_signals(facts, process)
    facts.heading("Limits", closed=True)
    for limit in process.limits:
        words = ("no limit" if one is None else f"{one:,}" for one in (limit.soft, limit.hard))
        facts.add(limit.name, " · at most ".join(words))
    facts.heading("Control groups", closed=True)
    for cgroup in process.cgroups:
        facts.add(cgroup.controller or "v2", cgroup.path)
    _add_environment(facts, running, process, reveal=reveal)
    return facts.table()


def _add_command(facts: Facts, running: Running, process: Process) -> None:
    facts.heading(f"{process.pid} {process.name}".rstrip())
    words = running.words.get(process.pid)
    if words and words.arguments:
        facts.add("command line", " ".join(words.arguments))
    elif process.state != "zombie":
        why = running.wordless or "its memory is not in the archive"
        facts.add("command line", f"unknown: {why}", tone="quiet")
    facts.add("program", process.exe)
    facts.add("working directory", process.cwd)
    if process.root != "/":
        facts.add("root directory", process.root)
    facts.add("umask", None if process.umask is None else f"{process.umask:04o}")


def _add_links(facts: Facts, running: Running, process: Process) -> None:
    inside = running.inside
    table = inside.descriptors.of(process)
    sockets = [one for one in table if one.file.id in inside.sockets.by_file]
    if table:
        link = Link("files", f"fds/{process.pid}")
        facts.add("open files", f"{len(table):,}, in Files", link=link)
    if sockets:
        link = Link("sockets", f"s/{sockets[0].file.id}")
        facts.add("sockets", f"{len(sockets):,}, in Sockets", link=link)


def _add_identity(facts: Facts, process: Process) -> None:
    facts.heading("State")
    facts.add("state", process.state)
    if process.state == "zombie":
        facts.add("ended", waits(process))
    facts.add("stopped by", process.stop_signal)
    if process.ppid:
        facts.add("parent", process.ppid, link=Link("processes", f"p/{process.ppid}"))
    facts.add("process group", process.pgid)
    facts.add("session", process.sid)
    leader = process.leader
    if leader:
        facts.add("scheduler", f"{leader.scheduler}, nice {leader.nice}")
        facts.add("when parent ends", leader.death_signal)
    facts.add("OOM score adjusted", process.oom_score_adj or None)
    facts.add("orphans", "become its children" if process.subreaper else "")


def _add_memory(facts: Facts, running: Running, process: Process) -> None:
    facts.heading("Memory")
    memory = running.memories.process(process.pid)
    if memory:
        sizes = memory.sizes()
        facts.add("in the archive", size(sizes.stored), link=Link("memory", f"mem/{process.pid}"))
        facts.add("mapped", f"{size(sizes.mapped)} in {len(memory.vmas):,} regions")
        facts.add("of it files", size(sizes.file) if sizes.file else "")
        facts.add("never touched", size(sizes.zero) if sizes.zero else "")
        facts.add("in earlier one", size(sizes.earlier) if sizes.earlier else "")
    layout = process.memory
    spans = (("code", layout.code), ("data", layout.data), ("heap", layout.heap))
    for label, span in spans:
        facts.add(label, f"{span.start:#x}-{span.stop:#x}" if span.stop else "")
    facts.add("stack", hexadecimal(layout.stack))
    facts.add("dumpable", "" if layout.dumpable else "no")


def _add_environment(facts: Facts, running: Running, process: Process, *, reveal: bool) -> None:
    words = running.words.get(process.pid)
    spec = running.checkpoint.spec.process
    found = words.environment if words else None
    source = "from its memory"
    if found is None and _is_first(running, process) and spec.env:
        found, source = tuple(spec.env), "of the config"
    if not found:
        return
    hidden = "" if reveal else "; s: values"
    facts.heading(f"Environment ({source}{hidden})")
    first = bool(words) and _is_first(running, process)
    configured = dict(one.partition("=")[::2] for one in spec.env or () if first)
    for entry in found[:_VARIABLES]:
        name, equals, value = entry.partition("=")
        if not equals:
            facts.add("", entry if reveal else masked_entry(entry))
            continue
        differs = configured.get(name, value) != value
        mark = "  ▲ not as in the config" if differs else ""
        facts.add(name, f"{value if reveal else MASK if value else ''}{mark}")
    facts.more(len(found) - _VARIABLES, "variables")


def _is_first(running: Running, process: Process) -> bool:
    """Whether it is what the config tells to run."""
    return running.inside.processes.roots[:1] == (process.pid,)


def _stored(running: Running, pid: int) -> int | None:
    """Bytes of its memory that are in the archive; None where nothing is known of it."""
    memory = running.memories.process(pid)
    return memory.sizes().stored if memory else None
