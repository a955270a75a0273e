"""How the rows of a table become lines of a certain width."""

from collections.abc import Iterator

from rich.cells import cell_len, chop_cells, set_cell_size

from tui.text import safe_text
from tui.ui.rows.model import GAP, INDENT, Row, Table

Pieces = list[tuple[str, str]]
"""Text with the name of its colour."""

LEADS = "→ "
"""In front of what Enter follows."""


def head(table: Table, columns: list[tuple[int, int]], sorted_by: int | None, down: bool) -> str:
    """The titles of the columns."""
    cells = []
    for index, width in columns:
        column = table.columns[index]
        arrow = ("↓" if down else "↑") if index == sorted_by else ""
        title = cut(column.title + arrow, width)
        cells.append(title.rjust(width) if column.right else title.ljust(width))
    return (" " * GAP).join(cells)


def line(table: Table, row: Row, columns: list[tuple[int, int]], icon: str) -> Pieces:
    """A row in one line; `icon` stands in front of it where rows lie inside each other."""
    lead = " " * (INDENT * row.depth) + icon if icon else ""
    if len(row.cells) == 1:
        return [(f"{lead}{safe_text(row.cells[0])}", row.tone or "value")]
    pieces: Pieces = []
    for index, width in columns:
        column = table.columns[index]
        text = safe_text(row.cells[index]) if index < len(row.cells) else ""
        text = cut(lead + text if index == table.tree else text, width)
        pad = " " * (width - cell_len(text))
        if pieces:
            pieces.append((" " * GAP, "value"))
        pieces.append((pad + text if column.right else text + pad, row.tone or column.tone))
    return pieces


def wrapped(table: Table, row: Row, columns: list[tuple[int, int]], icon: str) -> list[Pieces]:
    """A row of a label and a value, in as many lines as that takes."""
    if len(row.cells) == 1:
        return [line(table, row, columns, icon)]
    lead = " " * (INDENT * row.depth)
    (_, width), (_, rest) = columns[0], columns[-1]
    label = cut(lead + safe_text(row.cells[0]), width)
    first = label + " " * (width - cell_len(label) + GAP)
    text = (LEADS if row.link else "") + safe_text(row.cells[-1])
    tone = row.tone or ("link" if row.link else table.columns[-1].tone)
    return [
        [(first if not number else " " * (width + GAP), "quiet"), (part, tone)]
        for number, part in enumerate(broken(text, rest))
    ]


def broken(text: str, width: int) -> Iterator[str]:
    """`text` in lines of `width` cells, broken at spaces where there are any."""
    while width > 0 and cell_len(text) > width:
        part = chop_cells(text[: width + 1], width)[0]
        space = part.rfind(" ")
        if space > width // 2 and text[len(part) : len(part) + 1] != " ":
            part = part[:space]
        yield part
        text = text[len(part) :].lstrip(" ")
    yield text


def cut(text: str, width: int) -> str:
    """`text`, no wider than that; where it was, an ellipsis says so."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…" if width > 0 else ""
