"""What the commands print for people: plain lines, every string made safe to show."""

from collections.abc import Iterable, Sequence

from tui.archive.model import Problem
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.checkpoint.secrets import masked
from tui.checkpoint.summary import checkpointed, diff_size, memory_size, volume_sizes
from tui.host.document import facts_json
from tui.host.facts import HostFacts
from tui.report.document import dumps
from tui.restore.conflict import Conflict, Remedy, Severity
from tui.restore.events import (
    Event,
    Finished,
    Level,
    LogLine,
    Outcome,
    Progress,
    StepFinished,
    StepStarted,
)
from tui.restore.plan import Plan, Verdict
from tui.restore.ports import spec as port_spec
from tui.text import age, mask_variable, plural, safe_text, shell_line, size

GLYPHS = {
    Severity.BLOCKER: "✖",
    Severity.UNCHECKED: "?",
    Severity.WARNING: "▲",
    Severity.NOTE: "·",
}
"""Each severity's sign; its word always stands beside it."""

OUTCOMES = {Outcome.OK: "✔", Outcome.SKIPPED: "-", Outcome.FAILED: "✖"}

_VERDICTS = {
    Verdict.READY: "ready: nothing stands in the way",
    Verdict.BLOCKED: "blocked",
    Verdict.UNKNOWN: "unknown: something that matters could not be checked",
}


def inspect_text(
    checkpoint: Checkpoint, *, sections: Sequence[str] = (), reveal: bool = False
) -> str:
    """What `inspect` prints: a summary, or each of `sections`."""
    if not sections:
        return "\n".join(_summary(checkpoint, reveal=reveal))
    return "\n\n".join(
        "\n".join(_section(checkpoint, section, reveal=reveal)) for section in sections
    )


def check_text(checkpoint: Checkpoint, facts: HostFacts, plan: Plan) -> str:
    """What `check` prints: the verdict, each conflict, the changes and the command."""
    config = checkpoint.config
    lines = [
        f"{safe_text(config.name)} ({safe_text(config.image_name)}) on {safe_text(facts.host)}",
        f"verdict: {_VERDICTS[plan.verdict]}",
    ]
    for conflict in plan.conflicts:
        lines += ["", *conflict_lines(conflict)]
    if plan.changes:
        lines += ["", "what the restore changes:"]
        for change in plan.changes:
            lines.append(f"  {safe_text(change.document)} {safe_text(change.pointer)}")
            lines.append(f"    {_value(change.before)} → {_value(change.after)}")
    lines += ["", "the command:", f"  {shell_line(plan.command)}"]
    return "\n".join(lines)


def conflict_lines(conflict: Conflict) -> list[str]:
    """One conflict with its evidence and remedies."""
    lines = [
        f"{GLYPHS[conflict.severity]} {conflict.severity}: {safe_text(conflict.title)}"
        f"  [{conflict.code}]"
    ]
    if conflict.detail:
        lines.append(f"    {safe_text(conflict.detail)}")
    if conflict.evidence.archive:
        lines.append(f"    archive: {safe_text(conflict.evidence.archive)}")
    if conflict.evidence.host:
        lines.append(f"    host:    {safe_text(conflict.evidence.host)}")
    return lines + [f"    remedy:  {remedy_line(remedy)}" for remedy in conflict.remedies]


def remedy_line(remedy: Remedy) -> str:
    """A remedy with what to type for it."""
    typed = "; ".join(shell_line(command) for command in remedy.commands) or _flags(remedy.options)
    removes = f" (removes {safe_text(remedy.removes)})" if remedy.removes else ""
    return f"{safe_text(remedy.label)}: {typed}{removes}"


def host_text(facts: HostFacts) -> str:
    """What `host` prints."""
    return "\n".join([safe_text(facts.host), *_tree(facts_json(facts), "  ")])


def event_lines(event: Event) -> list[str]:
    """What people are told of one event; debug lines are only in the log file."""
    match event:
        case StepStarted(step):
            return [f"… {step}"]
        case Progress(_, message, done, total):
            count = f": {size(done)} of {size(total)}" if done is not None and total else ""
            return [f"  {safe_text(message)}{count}"]
        case StepFinished(step, outcome, detail):
            return [f"{OUTCOMES[outcome]} {step}{': ' if detail else ''}{safe_text(detail)}"]
        case LogLine(source, level, text):
            mark = "" if level is Level.INFO else f" {level}:"
            return [] if level is Level.DEBUG else [f"  {source}:{mark} {safe_text(text)}"]
        case Finished():
            return finished_lines(event)


def finished_lines(finished: Finished) -> list[str]:
    """How a restore ended, for people."""
    lines = [f"{finished.status}: {safe_text(finished.name)}".removesuffix(": ")]
    lines += [f"  answers on {safe_text(answer)}" for answer in finished.answers]
    for conflict in finished.conflicts:
        lines += conflict_lines(conflict)
    if finished.cause and not finished.conflicts:
        lines.append(f"why: {safe_text(finished.cause)}")
    if finished.said:
        lines.append(f"Podman said: {safe_text(finished.said)}")
    if finished.remains:
        lines.append("left behind:")
        for remains in finished.remains:
            lines.append(f"  {remains.kind} {safe_text(remains.name)}")
            lines += [f"    remove: {shell_line(command)}" for command in remains.remove]
    if finished.log:
        lines.append(f"everything that Podman printed: {safe_text(finished.log)}")
    return lines


def checks_text(rows: Iterable[tuple[str, str, str]]) -> str:
    """Every check: code, severity, title."""
    return "\n".join(columns(rows))


def columns(rows: Iterable[Sequence[str]], indent: str = "") -> list[str]:
    """`rows` with their columns aligned."""
    cells = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        indent
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def _summary(checkpoint: Checkpoint, *, reveal: bool) -> list[str]:
    contents, config, spec = checkpoint.contents, checkpoint.config, checkpoint.spec
    moment = checkpointed(checkpoint)
    rows = [
        ("archive", f"{contents.path} ({contents.compression}, {size(contents.identity.size)})"),
        ("container", config.name),
        ("id", config.id),
        ("image", config.image_name),
        ("image id", config.image_id),
        ("runtime", config.runtime),
        ("pod", config.pod),
        ("created", config.created),
        ("checkpointed", f"{moment:%Y-%m-%d %H:%M:%S %Z} ({age(moment)})" if moment else ""),
        ("command", shell_line(spec.process.args or ())),
        ("memory", size(memory_size(checkpoint))),
        ("root fs changes", size(diff_size(checkpoint))),
    ]
    lines = columns((name, safe_text(value)) for name, value in rows if value)
    volumes = volume_sizes(checkpoint)
    lines += _list(
        "volumes",
        (
            f"{volume.name} at {volume.dest} ({size(volumes.get(volume.name, 0))})"
            for volume in config.named_volumes or ()
        ),
    )
    lines += _list("ports", (port_spec(mapping) for mapping in config.port_mappings or ()))
    lines += _list(
        "networks",
        (
            f"{address.network}: {address.ip} {address.mac} on {address.interface}"
            for address in checkpoint.addresses
        ),
    )
    lines += _list(
        "mounts",
        (
            f"{mount.destination} ({mount.type} from {mount.source})"
            for mount in spec.mounts or ()
            if mount.type == "bind"
        ),
    )
    shown = (lambda entry: entry) if reveal else mask_variable
    lines += _list("environment", (shown(entry) for entry in spec.process.env or ()))
    lines += _list("labels", (f"{name}={value}" for name, value in (config.labels or {}).items()))
    lines += ["", plural(len(contents.members), "member")]
    return lines + _problem_lines(contents.problems + contents.ambiguities)


def _section(checkpoint: Checkpoint, section: str, *, reveal: bool) -> list[str]:
    contents = checkpoint.contents
    if section == "members":
        return columns(
            (str(member.kind), f"{member.mode:04o}", size(member.size), safe_text(member.name))
            for member in contents.members
        )
    if section == "problems":
        return _problem_lines(contents.problems + contents.ambiguities) or ["no problems"]
    name = {"config": CONFIG, "spec": SPEC, "network": NETWORK}[section]
    document = checkpoint.documents.get(name)
    return [dumps(document if reveal else masked(name, document))]


def _problem_lines(problems: Sequence[Problem]) -> list[str]:
    if not problems:
        return []
    lines = ["", "problems:"]
    for problem in problems:
        where = f"{problem.member}: " if problem.member else ""
        lines.append(f"  {safe_text(where)}{safe_text(problem.message)}")
    return lines


def _list(title: str, entries: Iterable[str]) -> list[str]:
    lines = [f"  {safe_text(entry)}" for entry in entries]
    return ["", f"{title}:", *lines] if lines else []


def _tree(value: Json, indent: str) -> list[str]:
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    lines = []
    for key, child in entries:
        name = f"{indent}{safe_text(str(key))}"
        if isinstance(child, dict | list) and child:
            lines += [f"{name}:", *_tree(child, indent + "  ")]
        else:
            lines.append(f"{name}: {_value(child)}")
    return lines


def _value(value: Json) -> str:
    return safe_text(value) if isinstance(value, str) and value else dumps(value, indent=None)


def _flags(options: dict[str, object]) -> str:
    words = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif isinstance(value, tuple):
            words += [f"{flag}={entry}" for entry in value]
        else:
            words.append(f"{flag}={value}")
    return shell_line(words)
