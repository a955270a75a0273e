"""The logs of a checkpoint line by line, and what takes up the room in it."""

from tui.checkpoint.logs import Line, read_logs
from tui.checkpoint.sizes import sizes
from tui.criu.stats import Figure, read_stats
from tui.report.parts import redactor
from tui.report.parts_text import bar
from tui.text import plural, size
from tui.ui.rows.facts import Facts
from tui.ui.rows.model import Column, Row, Table
from tui.ui.rows.running import Running

_LOG_COLUMNS = (
    Column("TIME", "quiet", widest=35, rank=1),
    Column("FROM", "quiet", widest=6, rank=2),
    Column("TEXT", widest=1000),
)

_SIZE_COLUMNS = (
    Column("PART", "key", widest=40),
    Column("SIZE", widest=12, right=True, down=True),
    Column("FILES", "quiet", widest=7, right=True, rank=1, down=True),
    Column("SHARE", widest=1000),
)

_TIME = 23
"""Characters of a time that are shown: up to milliseconds."""

_TONES = {"error": "error", "warning": "warning"}


def logs_table(running: Running, reveal: bool) -> Table:
    """The end of each log; known values of environment variables are masked."""
    redact = redactor(running.checkpoint, reveal=reveal)
    rows: list[Row] = []
    count = 0
    for log in read_logs(running.checkpoint):
        title = f"{log.title}  ({log.name}, {size(log.size)})"
        rows.append(Row(log.name, (title,), tone="title"))
        if log.problem:
            rows.append(Row(f"{log.name}!", (f"✖ {log.problem}",), 1, tone="error"))
        if not log.lines and not log.problem:
            rows.append(Row(f"{log.name}0", ("nothing was written",), 1, tone="quiet"))
        if log.left_out:
            told = f"… {size(log.left_out)} in front of this are left out"
            rows.append(Row(f"{log.name}…", (told,), 1, tone="quiet"))
        rows += (
            _line(log.name, number, line, redact(line.text))
            for number, line in enumerate(log.lines)
        )
        count += len(log.lines)
    return Table(
        _LOG_COLUMNS,
        tuple(rows),
        count=count,
        told=plural(count, "line"),
        empty="no log is in the archive",
        note="" if running.whole else "… the archive is still being read",
        tree=2,
    )


def _line(name: str, number: int, line: Line, text: str) -> Row:
    return Row(
        f"{name}:{number}",
        (line.time[:_TIME], line.source, text),
        1,
        tone=_TONES.get(line.level, ""),
        copy=text,
    )


def log_facts(_running: Running, row: Row, _reveal: bool) -> Table:
    """One line, whole."""
    facts = Facts()
    if len(row.cells) == 3:
        facts.heading("Line")
        facts.add("time", row.cells[0])
        facts.add("from", row.cells[1])
        facts.add("text", row.cells[2])
    return facts.table()


def sizes_table(running: Running) -> Table:
    """Each part with a bar, and the figures that CRIU counted."""
    found = sizes(running.checkpoint)
    largest = max((part.size for part in found.parts), default=1)
    total = max(1, found.total)
    rows = [
        Row(
            part.label,
            (
                part.label,
                size(part.size),
                f"{part.members:,}",
                f"{100 * part.size / total:4.0f} %  {bar(part.size / largest)}",
            ),
            keys=(part.label, part.size, part.members, part.size),
        )
        for part in found.parts
    ]
    stats = read_stats(running.checkpoint.contents)
    if stats.figures:
        rows.append(Row("stats", ("What CRIU counted while it saved",), tone="title"))
    rows += [
        Row(one.name, (one.label, _amount(one), "", ""), tone="quiet") for one in stats.figures
    ]
    packed = size(running.checkpoint.contents.identity.size)
    return Table(
        _SIZE_COLUMNS,
        tuple(rows),
        count=len(found.parts),
        told=f"{size(found.total)} · {packed} as a file",
        empty="nothing has been read yet",
        note="" if running.whole else "… the archive is still being read",
    )


def _amount(figure: Figure) -> str:
    match figure.unit:
        case "µs":
            return f"{figure.value / 1000:,.1f} ms"
        case "pages":
            return plural(figure.value, "page")
        case _:
            return f"{figure.value:,}"
