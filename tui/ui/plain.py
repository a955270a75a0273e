"""What is shown, as text and as JSON: for the clipboard, for files, pagers and editors.

The text is safe to show line by line; whoever prints the JSON escapes what is not ASCII.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len

from tui.checkpoint.config import Json
from tui.errors import ArchiveError
from tui.report.summary import Section
from tui.restore.events import LogLine
from tui.text import safe_text, size
from tui.ui.hexdump import Bytes, Part, Rows
from tui.ui.outline import Place, plain_value
from tui.ui.rows.model import GAP, INDENT, Row, Table

HEX_LIMIT = 1 << 20
"""Bytes that are written as numbers; all of them can be saved as they are."""

_WIDEST = 60
"""Cells to which shorter cells of a column are filled up."""

_WIDTH = 16
"""Bytes in a line."""

_BLOCK = 4096
"""Bytes that are read at once."""

_UNTITLED = {2: ("name", "value"), 3: ("offset", "hex", "text")}
"""What the columns of a table without a head are called, by their number."""


def table_text(table: Table, rows: Sequence[int] | None = None) -> str:
    """The rows with these indexes, or all, in columns under their titles."""
    chosen = [table.rows[index] for index in (range(len(table.rows)) if rows is None else rows)]
    lines = [[column.title for column in table.columns]] if _headed(table) else []
    lines += [_line(table, row) for row in chosen]
    count = len(table.columns)
    widths = [
        max((min(cell_len(line[at]), _WIDEST) for line in lines if len(line) == count), default=0)
        for at in range(count)
    ]
    right = [column.right for column in table.columns]
    return "\n".join(_joined(line, widths, right) for line in lines)


def table_json(table: Table, rows: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """The same, an object for each row; numbers where the column has numbers."""
    titles = [column.title.lower().replace(" ", "_") for column in table.columns]
    if not _headed(table):
        count = len(titles)
        titles = list(_UNTITLED.get(count, [f"column_{at}" for at in range(count)]))
    chosen = range(len(table.rows)) if rows is None else rows
    return [_object(table, titles, table.rows[index]) for index in chosen]


def document_text(document: Json) -> str:
    """A document as an outline: a line for each place, indented by what it lies in."""
    lines = []
    waiting = [(-1, Place("", "", document))]
    while waiting:
        depth, place = waiting.pop()
        if place.pointer:
            value = f"({len(place.value)})" if place.holds else safe_text(plain_value(place.value))
            lines.append(f"{' ' * INDENT * depth}{safe_text(place.key)}  {value}".rstrip())
        waiting += reversed([(depth + 1, inner) for inner in place.inside()])
    return "\n".join(lines)


def sections_text(sections: Iterable[Section]) -> str:
    """Titled rows, a blank line between two sections."""
    return "\n\n".join(
        "\n".join([section.title, *(f"  {row.label}: {row.value}" for row in section.rows)])
        for section in sections
    )


def sections_json(sections: Iterable[Section]) -> list[dict[str, str]]:
    """The same, an object for each row."""
    return [
        {"section": section.title, "name": row.label, "value": row.value}
        for section in sections
        for row in section.rows
    ]


def log_text(lines: Iterable[LogLine]) -> str:
    """Each line behind who said it, and how loud."""
    return "\n".join(f"{line.source:9} {line.level:7} {safe_text(line.text)}" for line in lines)


def log_json(lines: Iterable[LogLine]) -> list[dict[str, str]]:
    """The same, an object for each line."""
    return [{"source": line.source, "level": line.level.value, "text": line.text} for line in lines]


def hex_text(source: Bytes, parts: Sequence[Part], limit: int = HEX_LIMIT) -> str:
    """The bytes as numbers and characters, `limit` of them at most; the end says what is left."""
    digits = Rows(parts[-1:], _WIDTH).digits
    lines: list[str] = []
    left = limit
    for part in parts:
        if left <= 0:
            rest = sum(one.size for one in parts) - (part.start - parts[0].start)
            lines.append(f"… {size(max(rest, 0))} more")
            break
        if part.absent:
            lines.append(f"{part.start:0{digits}x}  … {part.absent} …")
            continue
        count = min(left, part.size)
        lines += _dump(source, Part(part.start, count), digits)
        left -= count
        if count < part.size:
            lines.append(f"… {size(part.size - count)} more")
            break
    return "\n".join(lines)


def hex_line(address: int, data: bytes, digits: int) -> str:
    """One line of it: `005f4000  7f 45 4c 46 …  .ELF…`."""
    half = _WIDTH // 2
    numbers = f"{data[:half].hex(' '):{3 * half - 1}}  {data[half:].hex(' '):{3 * half - 1}}"
    return f"{address:0{digits}x}  {numbers}  {printable(data)}"


def printable(data: bytes) -> str:
    """The bytes as ASCII, with a point for each that cannot be printed."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


def _dump(source: Bytes, part: Part, digits: int) -> Iterator[str]:
    for block in range(part.start, part.end, _BLOCK):
        try:
            data = source.read(block, min(_BLOCK, part.end - block))
        except ArchiveError as error:
            yield f"{block:0{digits}x}  … {safe_text(str(error))} …"
            return
        for at in range(0, len(data), _WIDTH):
            yield hex_line(block + at, data[at : at + _WIDTH], digits)


def _headed(table: Table) -> bool:
    return any(column.title for column in table.columns)


def _cells(table: Table, row: Row) -> tuple[str, ...]:
    """The cells of a row; of a value that is shown in part, all of it."""
    if table.wraps and row.copy and len(row.cells) == 2:
        return (row.cells[0], row.copy)
    return row.cells


def _line(table: Table, row: Row) -> list[str]:
    lead = " " * (INDENT * row.depth)
    cells = [safe_text(cell) for cell in _cells(table, row)]
    at = table.tree if len(cells) == len(table.columns) else 0
    cells[at] = lead + cells[at]
    return cells


def _joined(cells: list[str], widths: list[int], right: list[bool]) -> str:
    if len(cells) != len(widths):
        return "  ".join(cells).rstrip()
    parts = []
    for cell, width, flush in zip(cells, widths, right, strict=True):
        pad = " " * (width - cell_len(cell))
        parts.append(pad + cell if flush else cell + pad)
    return (" " * GAP).join(parts).rstrip()


def _object(table: Table, titles: list[str], row: Row) -> dict[str, Any]:
    depth = {"depth": row.depth} if table.folded else {}
    cells = _cells(table, row)
    if len(cells) != len(titles):
        return {**depth, "title": "  ".join(cells)}
    found: dict[str, Any] = dict(depth)
    for at, (title, cell) in enumerate(zip(titles, cells, strict=True)):
        key = row.keys[at] if row.keys else cell
        counted = table.columns[at].right and isinstance(key, int | float)
        found[title] = (key if cell else None) if counted else cell
    return found
