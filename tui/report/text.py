"""What the commands print for people: plain lines, every string made safe to show."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from tui.archive.model import Problem
from tui.archive.standard_input import shown
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.checkpoint.extra import extra_documents
from tui.checkpoint.origin import origin
from tui.checkpoint.secrets import masked
from tui.host.document import container_key, listener_key
from tui.host.facts import Fact, HostFacts, Known, PublishedPort, Unknown
from tui.report.document import FINDINGS, INSIDE, MEMORY, RAW, dumps, image_folder
from tui.report.lines import columns
from tui.report.parts_text import filesystem_lines, logs_lines, sizes_lines, stats_lines
from tui.report.summary import summary
from tui.restore.ability import ability
from tui.restore.conflict import Conflict, Remedy, Severity, counts
from tui.restore.events import (
    Diagnosis,
    Event,
    Finished,
    Level,
    LogLine,
    Outcome,
    Progress,
    Status,
    Step,
    StepFinished,
    StepStarted,
)
from tui.restore.options import flag, flags
from tui.restore.plan import Plan, Verdict
from tui.restore.remains import short_line
from tui.restore.rewrite import change_documents
from tui.text import plural, safe_text, shell_line, size

GLYPHS = {
    Severity.BLOCKER: "✖",
    Severity.UNCHECKED: "?",
    Severity.WARNING: "▲",
    Severity.NOTE: "·",
}
"""Each severity's sign; its word always stands beside it."""

OUTCOMES = {Outcome.OK: "✔", Outcome.SKIPPED: "-", Outcome.FAILED: "✖"}

STEPS = {
    Step.READ: "read the archive",
    Step.CHECK: "check it against the host",
    Step.COPY: "bring it to the host",
    Step.PULL: "look for the image",
    Step.RESTORE: "restore",
    Step.VERIFY: "verify",
}

_VERDICTS = {
    Verdict.READY: "✔ ready: nothing blocks the restore",
    Verdict.BLOCKED: "✖ blocked: the restore would fail",
    Verdict.UNKNOWN: "? unknown: something that matters could not be checked",
}


def inspect_text(
    checkpoint: Checkpoint,
    *,
    sections: Sequence[str] = (),
    reveal: bool = False,
    memory: bool = False,
    images: Collection[str] = (),
) -> str:
    """What `inspect` prints: a summary, or each of `sections`.

    With `memory` the findings are looked for in memory, too, which may raise ArchiveError; of raw
    images those in `images` are printed (all if none).
    """
    if sections:
        running = _running(checkpoint, sections, reveal=reveal, memory=memory, images=images)
        parts = [
            running.get(section) or _section(checkpoint, section, reveal=reveal)
            for section in sections
        ]
    else:
        parts = [
            [section.title, *columns(((row.label, row.value) for row in section.rows), "  ")]
            for section in summary(checkpoint, reveal=reveal)
        ]
    return "\n\n".join("\n".join(lines) for lines in parts)


def check_text(checkpoint: Checkpoint, facts: HostFacts, plan: Plan) -> str:
    """What `check` prints: the verdict, each conflict, the changes and the command."""
    known = origin(checkpoint)
    found = ", ".join(counted(severity, count) for severity, count in counts(plan.conflicts))
    container = f"{known.name} ({known.image})" if known.image else known.name or "unknown"
    lines = [
        f"{_VERDICTS[plan.verdict]}{f' ({found})' if found else ''}",
        *columns(
            (
                ("container", safe_text(container)),
                ("archive", safe_text(shown(checkpoint.contents.path))),
                ("host", safe_text(facts.host)),
            ),
            "  ",
        ),
    ]
    for conflict in plan.conflicts:
        lines += ["", *conflict_lines(conflict)]
    if plan.grants:
        lines += ["", "What it is given beyond an ordinary container (the restore runs as root)"]
        lines += columns(((f"{one.risk} risk", f"it {one.title}") for one in plan.grants), "  ")
    if plan.changes:
        lines += ["", "What the restore changes in the archive's documents"]
        for change in change_documents(checkpoint, plan.changes):
            lines.append(f"  {safe_text(change['document'])} {safe_text(change['pointer'])}")
            lines.append(f"    {_value(change['before'])} → {_value(change['after'])}")
    if plan.command:
        lines += ["", "The command", f"  {shell_line(plan.command)}"]
    return "\n".join(lines)


def conflict_lines(conflict: Conflict) -> list[str]:
    """One conflict with its evidence and remedies."""
    rows = [
        ("archive", safe_text(conflict.evidence.archive)),
        ("host", safe_text(conflict.evidence.host)),
    ]
    rows += [("remedy", remedy_line(remedy)) for remedy in conflict.remedies]
    return [
        f"{GLYPHS[conflict.severity]} {conflict.severity}: {safe_text(conflict.title)}"
        f"  [{conflict.code}]",
        *([f"    {safe_text(conflict.detail)}"] if conflict.detail else ()),
        *columns(((name, value) for name, value in rows if value), "    "),
    ]


def remedy_line(remedy: Remedy) -> str:
    """A remedy with what to type for it."""
    typed = "; ".join(shell_line(command) for command in remedy.commands) or _flags(remedy.options)
    removes = f" (removes {safe_text(remedy.removes)})" if remedy.removes else ""
    return f"{safe_text(remedy.label)}: {typed}{removes}"


_ABLE = {
    Verdict.BLOCKED: "✖ no container can be restored on",
    Verdict.UNKNOWN: "? nobody can say whether containers can be restored on",
    Verdict.READY: "✔ containers can be restored on",
}


def host_text(facts: HostFacts) -> str:
    """What `host` prints: whether it can restore at all, and then every fact."""
    found = ability(facts)
    lines = [f"{_ABLE[found.verdict]} {safe_text(facts.host)}"]
    lines += [f"  {reason}" for reason in (*found.obstacles, *found.unknown)]
    for title in ("podman", "runtime", "criu", *_ROWS):
        lines += ["", *_fact_lines(title, getattr(facts, title))]
    return "\n".join(lines)


def event_lines(event: Event) -> list[str]:
    """What people are told of one event.

    Warnings and errors, but not those of CRIU: it has several in every restore that works, and
    the last event names the one that counts. The log file has everything.
    """
    match event:
        case StepStarted(step):
            return [STEPS[step]]
        case Progress(_, message, done, total):
            count = f": {size(done)} of {size(total)}" if done is not None and total else ""
            return [f"  {safe_text(message)}{count}"]
        case StepFinished(_, Outcome.SKIPPED, detail):
            return [f"  {OUTCOMES[Outcome.SKIPPED]} not needed: {safe_text(detail)}"]
        case StepFinished(_, Outcome.FAILED, detail):
            how = Status.CANCELLED if detail == Status.CANCELLED else Status.FAILED
            return [f"  {OUTCOMES[Outcome.FAILED]} {how}"]
        case StepFinished():
            return []
        case LogLine("podthaw", level, text):
            mark = "" if level is Level.INFO else f"{level}: "
            return [f"  {mark}{safe_text(text)}"]
        case LogLine("criu", _, _) | LogLine(_, Level.DEBUG | Level.INFO, _):
            return []
        case LogLine(source, level, text):
            return [f"  {safe_text(source)} {level}: {safe_text(text)}"]
        case Finished():
            return finished_lines(event)


def finished_lines(finished: Finished) -> list[str]:
    """How a restore ended, for people."""
    lines = [f"{finished.status}: {safe_text(finished.name)}".removesuffix(": ")]
    for conflict in finished.conflicts:
        lines += ["", *conflict_lines(conflict)]
    rows = [("answers on", safe_text(answer)) for answer in finished.answers]
    if finished.cause and not finished.conflicts:
        rows.append(("cause", safe_text(finished.cause)))
    if finished.diagnosis:
        rows += _diagnosis_rows(finished.diagnosis)
    for remains in finished.remains:
        rows.append(("left behind", f"{remains.kind} {safe_text(remains.name)}"))
        rows += [("", f"remove it: {short_line(command)}") for command in remains.remove]
    if any(remains.kind == "container" for remains in finished.remains):
        rows.append(("", DO_NOT_START))
    if finished.again:
        rows.append(("again", "--in-place tries again without unpacking the archive anew"))
    logs = (("Podman's log", finished.log), ("CRIU's log", finished.criu_log))
    rows += [(name, safe_text(path)) for name, path in logs if path]
    if finished.record:
        rows.append(("record", f"podthaw history {finished.record}"))
    return lines + columns(rows, "  ")


DO_NOT_START = (
    "do not `podman start` that container: it would begin from scratch, without its processes"
)


def _diagnosis_rows(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    if diagnosis.advice:
        yield "what to do", safe_text(diagnosis.advice)
    for remedy in diagnosis.remedies:
        yield "→", remedy_line(remedy)
    name = "told by" if diagnosis.code else "around it"
    for line in diagnosis.evidence:
        yield name, f"{safe_text(line.source)}: {safe_text(line.text)}"
        name = ""
    if diagnosis.said:
        yield "Podman said", safe_text(diagnosis.said)


def checks_text(rows: Iterable[tuple[str, str, str]]) -> str:
    """Every check: code, severity, title."""
    return "\n".join(columns(rows))


def _running(
    checkpoint: Checkpoint,
    wanted: Iterable[str],
    *,
    reveal: bool,
    memory: bool,
    images: Collection[str],
) -> dict[str, list[str]]:
    """The sections in `wanted` that need CRIU's images, whose parser is loaded only here."""
    sections = (INSIDE | {MEMORY, FINDINGS, RAW}) & set(wanted)
    if not sections:
        return {}
    from tui.criu.inside import read_inside
    from tui.report.findings import findings, findings_lines
    from tui.report.inside_text import LINES
    from tui.report.memory import maps, memory_lines
    from tui.report.raw import raw_lines
    from tui.report.started import read_words, words_lines

    contents, folder = checkpoint.contents, image_folder(checkpoint)
    found: dict[str, list[str]] = {}
    if RAW in sections:
        found[RAW] = raw_lines(contents, folder, images)
    if sections == {RAW}:
        return found
    inside = read_inside(contents, folder)
    problems = list(problem_lines(inside.problems))
    found |= {section: LINES[section](inside) for section in INSIDE & sections}
    if "processes" in sections and inside.processes.by_pid:
        found["processes"] += words_lines(inside, read_words(checkpoint, reveal=reveal))
    for section in INSIDE & sections:
        found[section] += problems
    if MEMORY in sections:
        known = maps(contents, folder)
        found[MEMORY] = [*memory_lines(inside, known), *problem_lines(known.problems)]
    if FINDINGS in sections:
        found[FINDINGS] = findings_lines(findings(checkpoint, inside, memory=memory))
    return found


_PARTS = {"filesystem": filesystem_lines, "stats": stats_lines, "sizes": sizes_lines}


def _section(checkpoint: Checkpoint, section: str, *, reveal: bool) -> list[str]:
    contents = checkpoint.contents
    if section == "members":
        return columns(
            (str(member.kind), f"{member.mode:04o}", size(member.size), safe_text(member.name))
            for member in contents.members
        )
    if section == "problems":
        problems = contents.problems + contents.ambiguities
        return list(problem_lines(problems)) or ["no problems"]
    if section == "logs":
        return logs_lines(checkpoint, reveal=reveal)
    if section in _PARTS:
        return _PARTS[section](checkpoint)
    if section == "extra":
        return dumps(extra_documents(checkpoint)).splitlines()
    name = {"config": CONFIG, "spec": SPEC, "network": NETWORK}[section]
    document = checkpoint.documents.get(name)
    return [dumps(document if reveal else masked(name, document))]


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """What was found wrong, and where."""
    for problem in problems:
        where = f"{problem.member}: " if problem.member else ""
        offset = "" if problem.offset is None else f" (at byte {problem.offset:,})"
        yield f"{safe_text(where)}{safe_text(problem.message)}{offset}"


def counted(severity: Severity, number: int) -> str:
    """`2 blockers`, `1 unchecked`."""
    return f"{number} unchecked" if severity is Severity.UNCHECKED else plural(number, severity)


def _fact_lines(title: str, fact: Fact[Any]) -> list[str]:
    match fact:
        case Unknown(reason):
            return [f"{title}: unknown, {safe_text(reason)}"]
        case Known(None):
            return [f"{title}: not installed"]
        case Known(()):
            return [f"{title}: none"]
        case Known(tuple(entries)):
            rows = [_ROWS[title](entry) for entry in entries]
        case Known(program):
            values: dict[str, Json] = msgspec.to_builtins(program)
            values |= {"version": values.pop("text")} if "text" in values else {}
            rows = [(name, _value(value)) for name, value in values.items()]
    return [f"{title}:", *columns(([safe_text(cell) for cell in row] for row in rows), "  ")]


def _published(port: PublishedPort) -> str:
    last = f"-{port.host_port + port.range - 1}" if port.range > 1 else ""
    host = f"{port.host_ip}:{port.host_port}{last}" if port.host_ip else f"{port.host_port}{last}"
    return f"{host} -> {port.container_port}/{port.protocol}"


_ROWS: dict[str, Callable[[Any], tuple[str, ...]]] = {
    "containers": lambda one: (
        container_key(one),
        one.state,
        one.id[:12],
        one.image or "-",
        ", ".join(map(_published, one.ports)),
    ),
    "pods": lambda pod: (
        pod.name,
        pod.state.lower(),
        pod.id[:12],
        f"shares {', '.join(sorted(pod.shared)) or 'nothing'}",
    ),
    "volumes": lambda volume: (volume.name, volume.driver, volume.mountpoint),
    "images": lambda image: (image.id[:12], size(image.size), ", ".join(image.names) or "-"),
    "networks": lambda network: (network.name, network.driver, ", ".join(network.subnets)),
    "secrets": lambda name: (name,),
    "listeners": lambda listener: (listener_key(listener),),
}
"""What one entry of each list shows in a line; the JSON has all of it."""


def _value(value: Json) -> str:
    return safe_text(value) if isinstance(value, str) and value else dumps(value, indent=None)


def _flags(options: dict[str, object]) -> str:
    """The options to type, and those to leave out."""
    words = flags(options)
    without = [f"without {flag(name)}" for name, value in options.items() if not value]
    return ", ".join([*([shell_line(words)] if words else ()), *without])
