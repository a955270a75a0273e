"""What `history` prints: the restores that were run from here, for people and for tickets."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from tui.report.lines import columns
from tui.restore.conflict import Severity
from tui.restore.journal import CleanUp, Ran, Record, State
from tui.restore.remains import short_line
from tui.text import ago, safe_text, shell_line, shown_path

_UNLIMITED = 1 << 20
_NARROWEST = 20
"""Characters that a value has at least."""


def history_text(states: Sequence[tuple[Record, State]]) -> str:
    """A line for each restore, the newest first."""
    if not states:
        return "Nothing has been restored from here yet."
    rows = (
        (
            record.id,
            ago(record.began),
            standing(record, state),
            safe_text(record.name),
            safe_text(record.host),
        )
        for record, state in states
    )
    return "\n".join(columns(rows))


def standing(record: Record, state: State) -> str:
    """How the restore stands, in a few words."""
    if state is State.RESTORED:
        return "restored, undone" if record.clean_up is CleanUp.REMOVED else state.value
    if state is State.RUNNING or record.clean_up is CleanUp.NOTHING:
        return state.value
    how = {
        CleanUp.OPEN: "nobody has looked what it left" if not record.remains else "not cleaned up",
        CleanUp.KEPT: "its remains were kept",
        CleanUp.REMOVED: "cleaned up",
        CleanUp.INCOMPLETE: "not all of it could be removed",
    }
    return f"{state.value}, {how[record.clean_up]}"


def record_text(record: Record, state: State, width: int = _UNLIMITED) -> str:
    """One restore: what was asked for, what was known, and how it ended; in `width` characters."""
    rows = [(name, value) for name, value in _facts(record, state) if value]
    label = max(len(name) for name, _ in rows) + 2
    lines = [
        f"{name if not at else '':{label}}{part}"
        for name, value in rows
        for at, part in enumerate(wrap(value, max(width - label, _NARROWEST)))
    ]
    lines += [f"  {line}" for line in _conflicts(record)]
    if record.evidence:
        lines += ["what told the cause:", *(f"  {safe_text(line)}" for line in record.evidence)]
    if record.remains:
        lines.append("what came with it:" if state is State.RESTORED else "left behind:")
    for left in record.remains:
        lines.append(f"  {safe_text(left.kind)} {safe_text(left.name)}")
        lines += [f"    remove: {short_line(argv)}" for argv in left.remove]
    lines.append("commands:")
    lines += [f"  {_ended(ran)}  {short_line(ran.argv)}" for ran in record.commands]
    return "\n".join(lines)


def record_markdown(record: Record, state: State) -> str:
    """One restore as Markdown, to be put into a ticket; no value of an environment variable."""
    lines = [f"# Restore of {_plain(record.name)}: {_plain(standing(record, state))}", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(value)} |" for name, value in _facts(record, state) if value]
    lines += _list("What was known before", _conflicts(record))
    if record.changes:
        rows = (
            f"{one['document']} {one['pointer']}: {one['before']} → {one['after']}"
            for one in record.changes
        )
        lines += _list("What the restore changes in the archive's documents", rows)
    lines += _block("What told the cause", record.evidence)
    left = (f"{one.kind} {one.name}" for one in record.remains)
    title = "What came with it" if state is State.RESTORED else "What it left behind"
    lines += _list(title, left)
    lines += _block(
        "Commands", (f"{_ended(ran)}  {shell_line(ran.argv)}" for ran in record.commands)
    )
    lines += ["", "Written by podthaw. Values of environment variables are masked."]
    return "\n".join(lines)


def _facts(record: Record, state: State) -> Iterator[tuple[str, str]]:
    podman, kernel = (_known(record, "podman", name) for name in ("text", "kernel"))
    rows = (
        ("id", record.id),
        ("status", standing(record, state)),
        ("began", f"{_moment(record.began)} ({ago(record.began)})"),
        ("ended", _moment(record.ended)),
        ("archive", shown_path(record.archive)),
        ("container", " ".join(word for word in (record.name, record.container[:12]) if word)),
        ("host", record.host),
        ("Podman", f"{podman}, kernel {kernel}" if podman else ""),
        ("CRIU", _known(record, "criu", "text")),
        ("runtime", _known(record, "runtime", "version")),
        ("answers on", ", ".join(record.answers)),
        ("cause", record.cause),
        ("what to do", record.advice),
        ("Podman said", record.said),
        ("Podman's log", shown_path(record.log)),
        ("CRIU's log", shown_path(record.criu_log)),
    )
    for name, value in rows:
        yield name, safe_text(value)


def _known(record: Record, program: str, name: str) -> str:
    fact = record.facts.get(program)
    return str(fact.get(name, "")) if isinstance(fact, dict) else ""


def _conflicts(record: Record) -> Iterator[str]:
    for conflict in record.conflicts:
        severity, title = conflict.get("severity", ""), conflict.get("title", "")
        skipped = " (skipped by force)" if record.forced and severity == Severity.BLOCKER else ""
        yield f"{safe_text(severity)}: {safe_text(title)}{skipped}"


def _ended(ran: Ran) -> str:
    """When it began, and with what status it ended."""
    status = "?" if ran.status is None else str(ran.status)
    return f"{_moment(ran.began)}  {status:>3}"


def _moment(stamp: str) -> str:
    """A moment of a record in UTC, to the second."""
    return stamp[:19].replace("T", " ") + (" UTC" if stamp else "")


def _list(title: str, rows: Iterable[str]) -> list[str]:
    lines = [f"- {_plain(row)}" for row in rows]
    return ["", f"## {title}", "", *lines] if lines else []


def _block(title: str, rows: Iterable[str]) -> list[str]:
    """Lines as they are: indented, so that nothing in them can end the block."""
    lines = [f"    {safe_text(row)}" for row in rows]
    return ["", f"## {title}", "", *lines] if lines else []


def _cell(value: str) -> str:
    return _plain(value).replace("|", "\\|")


def _plain(value: str) -> str:
    """`value` with every character that Markdown or HTML could act on escaped."""
    return "".join(f"\\{char}" if char in _ACTIVE else char for char in safe_text(value))


_ACTIVE = frozenset("\\`*_[]<>#")
