"""What deserves a look, as a table, and where each of it shows."""

from collections import Counter
from collections.abc import Mapping

from tui.checkpoint.checkpoint import CONFIG, SPEC
from tui.criu.processes import Process
from tui.findings import RULES, Findings
from tui.findings.registry import (
    PLACES,
    DescriptorPlace,
    DocumentPlace,
    FilePlace,
    Finding,
    MemoryPlace,
    MountPlace,
    Needs,
    Place,
    ProcessPlace,
    Severity,
    SocketPlace,
)
from tui.report.findings import SIGNS
from tui.report.inside_words import between, kind
from tui.text import plural
from tui.ui.rows.facts import Facts
from tui.ui.rows.model import Column, Link, Row, Table
from tui.ui.rows.running import Running, note

_COLUMNS = (
    Column("SEVERITY", widest=9),
    Column("FINDING", widest=80),
    Column("RULE", "quiet", widest=1000, rank=1),
)

_ALARMS = {Severity.HIGH: "error", Severity.MEDIUM: "warning"}

_TONES = _ALARMS | {Severity.INFO: "quiet"}

_VIEWS = {CONFIG: "config", SPEC: "spec"}

_LOOKED = "documents, images, mappings and names of files"


def findings_table(running: Running) -> Table:
    """Every finding, the most severe first."""
    found = running.findings
    if found is None:
        wait = "… the archive is still being read: its end is awaited" if not running.whole else ""
        return Table(_COLUMNS, badge="…", empty="Looking …", note=wait)
    severities = list(Severity)
    rows = tuple(
        Row(
            f"found/{number}",
            (_severity(one), one.title, one.rule),
            keys=(severities.index(one.severity), one.title, one.rule),
            tone=_TONES.get(one.severity, ""),
            copy=_copy(running, one),
        )
        for number, one in enumerate(found.found)
    )
    worst = found.found[0].severity if rows else None
    return Table(
        _COLUMNS,
        rows,
        count=len(rows),
        badge=_worst(found) or "0",
        alarm=_ALARMS.get(worst, "") if worst else "",
        told=_told(found),
        empty=f"Nothing deserves a look. Looked at: {_looked(running)}.",
        note=" ".join(filter(None, (_unread(running), *found.notes, _unlooked(running)))),
    )


def in_short(running: Running) -> str:
    """The same in one sentence, for the summary; empty until it is known."""
    found = running.findings
    if found is None:
        return ""
    if not found.found:
        return "Nothing deserves a look; f shows what was looked at."
    count, worst = len(found.found), found.found[0].severity
    if found.found[-1].severity is not worst:
        told = _worst(found)
    else:
        told = f"all {worst}" if count > 1 else worst
    return f"{plural(count, 'finding')}, {told}: f shows {'them' if count > 1 else 'it'}."


def finding_of(running: Running, row: Row) -> Finding | None:
    """The finding that a row is about."""
    number = int(row.id.partition("/")[2])
    found = running.findings.found if running.findings else ()
    return found[number] if number < len(found) else None


def finding_facts(running: Running, row: Row, _reveal: bool) -> Table:
    """Everything about the finding of `row`, and what leads to where it shows."""
    facts = Facts()
    one = finding_of(running, row)
    if one is None:
        return facts.table()
    facts.heading(_severity(one))
    facts.add("what", one.title, tone=_TONES.get(one.severity, ""))
    facts.add("seen", one.detail)
    facts.add("rule", f"{one.rule}: {RULES[one.rule].title}. e explains it.")
    facts.heading(f"Where ({len(one.places)})")
    for place in one.places:
        label, words = _words(running, place)
        facts.add(label, words, link=_link(running, place))
    if len(one.places) >= PLACES:
        facts.add("", f"… only the first {PLACES} places are kept", tone="quiet")
    return facts.table()


def _told(found: Findings) -> str:
    """`9 findings · 2 high · 7 low`."""
    counts = Counter(one.severity for one in found.found)
    parts = [f"{counts[one]:,} {one}" for one in Severity if counts[one]]
    return " · ".join((plural(len(found.found), "finding"), *parts))


def _worst(found: Findings) -> str:
    """How many there are of the worst, `2 high`; empty if none."""
    worst = next((one.severity for one in found.found), None)
    return f"{sum(one.severity is worst for one in found.found):,} {worst}" if worst else ""


def _severity(one: Finding) -> str:
    return f"{SIGNS[one.severity]} {one.severity}"


def _copy(running: Running, one: Finding) -> str:
    lines = [f"{_severity(one)}  {one.title}  [{one.rule}]", f"  {one.detail}"]
    lines += (f"  {' '.join(_words(running, place))}" for place in one.places)
    return "\n".join(lines)


def _looked(running: Running) -> str:
    return f"{_LOOKED}, the bytes of memory and of files" if running.searched else _LOOKED


def _unread(running: Running) -> str:
    contents, inside = running.checkpoint.contents, running.inside
    told = note(running, (*contents.problems, *inside.problems))
    return f"{told}." if told else ""


def _unlooked(running: Running) -> str:
    """What nobody has looked at, and the key that does."""
    unlooked = running.findings.unlooked if running.findings else ()
    count = sum(RULES[rule].needs is Needs.CONTENT for rule in unlooked)
    if not count:
        return ""
    return (
        f"Not looked into: memory and files, where {plural(count, 'more rule')} would look for"
        " secrets and hidden programs. m does."
    )


def _words(running: Running, place: Place) -> tuple[str, str]:
    """What kind of place that is, and the place in words."""
    inside = running.inside
    match place:
        case ProcessPlace(pid):
            return "process", _process(inside.processes.by_pid, pid)
        case DescriptorPlace(pid, fd, file):
            who = f"fd {fd} of {_process(inside.processes.by_pid, pid)}"
            found = inside.descriptors.files.get(file)
            what = _socket(running, file) or (found.path or found.description if found else "")
            return "descriptor", f"{who}: {what}" if what else who
        case SocketPlace(file):
            return "socket", _socket(running, file) or str(file)
        case MountPlace(number):
            mount = inside.mounts.by_id.get(number)
            return "mount", f"{mount.mountpoint} ({mount.file_system})" if mount else str(number)
        case FilePlace(where, path):
            return "file", f"{path} (in {where})"
        case MemoryPlace(pid, address):
            memory = running.memories.process(pid)
            vma = memory.vma_at(address) if memory else None
            label = f" {vma.label}" if vma and vma.label else ""
            who = _process(inside.processes.by_pid, pid) if pid else "shared memory"
            return "memory", f"{address:#x}{label} of {who}"
        case DocumentPlace(document, pointer):
            return "document", f"{document} {pointer}"


def _process(known: Mapping[int, Process], pid: int) -> str:
    process = known.get(pid)
    return f"{pid} {process.name}".rstrip() if process else f"process {pid}"


def _socket(running: Running, file: int) -> str:
    socket = running.inside.sockets.by_file.get(file)
    if socket is None:
        return ""
    parts = (kind(socket), socket.state, between(running.inside, socket))
    return " ".join(filter(None, parts))


def _link(running: Running, place: Place) -> Link | None:
    """Where a place is shown; None if nowhere."""
    match place:
        case ProcessPlace(pid):
            return Link("processes", f"p/{pid}")
        case DescriptorPlace(pid, fd, _):
            return Link("files", f"fd/{_owner(running, pid)}/{fd}")
        case SocketPlace(file):
            return Link("sockets", f"s/{file}")
        case MountPlace(mount):
            return Link("mounts", f"m/{mount}")
        case FilePlace(where, path):
            known = where in running.tars
            return Link("filesystem", f"{running.tars.index(where)}:{path}") if known else None
        case MemoryPlace(pid, address):
            return _memory_link(running, pid, address)
        case DocumentPlace(document, pointer):
            view = _VIEWS.get(document)
            return Link(view, pointer) if view else None


def _owner(running: Running, pid: int) -> int:
    """The process under which the descriptors of `pid` are listed: others share its table."""
    process = running.inside.processes.by_pid.get(pid)
    table = process.ids.get("files", pid) if process else pid
    return running.inside.descriptors.owners.get(table, (pid,))[0] or pid


def _memory_link(running: Running, pid: int, address: int) -> Link | None:
    memory = running.memories.process(pid) if pid else None
    vma = memory.vma_at(address) if memory else None
    return Link("memory", f"mem/{pid}/{vma.start:x}", address=address) if vma else None
