"""Tables whose rows may lie inside each other: what every view of the inside is made of.

Cells are as the archive has them; the widget makes them safe to show.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from tui.archive.extract import Chosen
from tui.criu.files import Extent

GAP = 2
"""Cells between two columns."""

INDENT = 2
"""Cells for each level of depth."""

_LEAST = 8
"""Cells that a column keeps when there is no room."""

_LAST = 16
"""Cells that are kept for the last column before others are left out."""

Key = str | int | float
"""What a cell is sorted by."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    title: str = ""
    tone: str = "value"
    """Its colour: `value`, `key`, `quiet`."""
    widest: int = 24
    """Cells; the last column takes what is left."""
    rank: int = 0
    """The higher, the sooner it is left out where there is no room; 0: never."""
    right: bool = False
    down: bool = False
    """Sorted by it, the largest comes first."""


@dataclass(frozen=True, slots=True)
class Link:
    """A row of a view."""

    view: str
    row: str = ""
    """Its ID; in a document a JSON pointer."""
    detail: str = ""
    """The row of the details that the cursor is on, if these are open."""
    address: int | None = None
    """In memory: the byte."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """What lies in the archive and can be looked at and saved."""

    name: str
    """What a file with it would be called."""
    size: int
    """Bytes; between the extents there are zeros."""
    extents: tuple[Extent, ...] = ()
    file: Chosen | None = None
    """In place of the extents: a file of a tar inside, or of the archive."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, in front of those inside it, which have a greater depth."""

    id: str
    """What it is found again by."""
    cells: tuple[str, ...]
    """One for each column, or a single one across all of them."""
    depth: int = 0
    keys: tuple[Key, ...] = ()
    """What it is sorted by; without, by the cells."""
    tone: str = ""
    """The colour of the whole row: `title`, `quiet`, `warning`, `error`."""
    pids: tuple[int, ...] = ()
    """The processes that it is about."""
    link: Link | None = None
    """Where Enter leads."""
    content: Bytes | None = None
    copy: str = ""
    """What is copied; without, the cells."""

    @property
    def text(self) -> str:
        """What is copied of it."""
        return self.copy or "  ".join(filter(None, self.cells))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their columns."""

    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    count: int = 0
    """How many things it is about, for the list of views."""
    badge: str = ""
    """What stands there in place of the count."""
    alarm: str = ""
    """The colour of that: `error`, `warning`; without, it is quiet."""
    told: str = ""
    """The same in words, with what matters most."""
    empty: str = ""
    """What is said where there are no rows."""
    note: str = ""
    """One sentence about what is missing or wrong."""
    tree: int = 0
    """The column that is indented."""
    flat: bool = False
    """Sorted, the rows no longer lie inside each other."""
    closed: frozenset[str] = frozenset()
    """The IDs of the rows whose inside is hidden at first."""
    wraps: bool = False
    """The last column is shown whole, in as many lines as it takes."""
    widths: tuple[int, ...] = field(init=False)
    """The longest cell of each column, or its title with an arrow."""
    texts: tuple[str, ...] = field(init=False)
    """What a filter looks at, row by row."""
    outer: tuple[int, ...] = field(init=False)
    """For each row the index of the one that it lies in; -1 without one."""
    folded: bool = field(init=False)
    """Some rows lie inside others."""

    def __post_init__(self) -> None:
        longest = [len(column.title) + 1 for column in self.columns]
        folded = any(row.depth for row in self.rows)
        for row in self.rows:
            if len(row.cells) == len(longest):
                for index, cell in enumerate(row.cells):
                    lead = INDENT * (row.depth + 1) if folded and index == self.tree else 0
                    if len(cell) + lead > longest[index]:
                        longest[index] = len(cell) + lead
        object.__setattr__(self, "widths", tuple(longest))
        object.__setattr__(self, "folded", folded)
        texts = tuple("\n".join(row.cells).casefold() for row in self.rows)
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "outer", tuple(_outer(self.rows)))


@dataclass(frozen=True, slots=True)
class Order:
    """What the rows are sorted by."""

    column: int
    down: bool = False


@dataclass(frozen=True, slots=True)
class Arranged:
    """What is to be seen of a table."""

    rows: Sequence[int]
    """The indexes of the rows, in their order."""
    found: int | None = None
    """How many match the filter; None without one."""


def arrange(
    table: Table,
    closed: Collection[str] = (),
    words: str = "",
    order: Order | None = None,
    rows: Sequence[int] | None = None,
) -> Arranged:
    """The rows that are to be seen: not those inside closed ones, nor those without `words`.

    What matches keeps what it lies in; a match across all columns, a heading, what is inside.
    `rows` are all of them in their `order`, if that is known already.
    """
    if rows is None:
        rows = ordered(table, order)
    if words:
        kept, found = _matching(table, words.casefold())
        return Arranged(
            [index for index in rows if index in kept] if order else sorted(kept), found
        )
    if not closed or (order and table.flat):
        return Arranged(rows)
    return Arranged(list(_opened(table, rows, closed)))


def ordered(table: Table, order: Order | None) -> Sequence[int]:
    """All rows in an order, or as they are."""
    rows = range(len(table.rows))
    if order is None:
        return rows
    return _sorted(table, rows, order) if table.flat else _sorted_inside(table, order)


def above(table: Table, index: int) -> Iterable[int]:
    """The rows that a row lies in, the nearest first."""
    while (index := table.outer[index]) >= 0:
        yield index


def holds(table: Table, index: int) -> bool:
    """Whether there are rows inside a row."""
    following = table.rows[index + 1 : index + 2]
    return bool(following) and following[0].depth > table.rows[index].depth


def fit(table: Table, width: int) -> list[tuple[int, int]]:
    """The columns for which there is room in so many cells, each with its width."""
    widths = {
        index: min(column.widest, table.widths[index]) for index, column in enumerate(table.columns)
    }
    last = len(table.columns) - 1
    least = min(table.widths[last], _LAST) if table.columns else 0

    def needed() -> int:
        return sum(width for index, width in widths.items() if index != last) + GAP * (
            len(widths) - 1
        )

    while needed() + least > width:
        index = max(widths, key=lambda one: (table.columns[one].rank, one))
        if not table.columns[index].rank or len(widths) == 1:
            break
        del widths[index]
        last = max(widths)
        least = min(table.widths[last], _LAST)
    while needed() + least > width:
        index = max((one for one in widths if one != last), key=lambda one: widths[one], default=-1)
        if index < 0 or widths[index] <= _LEAST:
            break
        widths[index] -= 1
    if widths:
        widths[last] = max(0, width - needed())
    return list(widths.items())


def _opened(table: Table, rows: Sequence[int], closed: Collection[str]) -> Iterable[int]:
    hidden: int | None = None
    for index in rows:
        row = table.rows[index]
        if hidden is not None and row.depth > hidden:
            continue
        hidden = row.depth if row.id in closed else None
        yield index


def _outer(rows: Iterable[Row]) -> Iterator[int]:
    path: list[tuple[int, int]] = []
    for index, row in enumerate(rows):
        while path and path[-1][0] >= row.depth:
            path.pop()
        yield path[-1][1] if path else -1
        path.append((row.depth, index))


def _matching(table: Table, words: str) -> tuple[set[int], int]:
    found = [index for index, text in enumerate(table.texts) if words in text]
    kept: set[int] = set()
    for index in found:
        outer = index
        while outer >= 0 and outer not in kept:
            kept.add(outer)
            outer = table.outer[outer]
        if len(table.rows[index].cells) == 1:
            kept.update(_inside(table, index))
    return kept, len(found)


def _inside(table: Table, index: int) -> Iterator[int]:
    depth = table.rows[index].depth
    behind = range(index + 1, len(table.rows))
    return takewhile(lambda one: table.rows[one].depth > depth, behind)


def _sorted(table: Table, rows: Iterable[int], order: Order) -> list[int]:
    def key(index: int) -> tuple[bool, Key]:
        row = table.rows[index]
        values = row.keys or row.cells
        value = values[order.column] if order.column < len(values) else ""
        return isinstance(value, str), value

    return sorted(rows, key=key, reverse=order.down)


def _sorted_inside(table: Table, order: Order) -> list[int]:
    """All rows, those that lie in the same one sorted."""
    inside: dict[int, list[int]] = defaultdict(list)
    for index, outer in enumerate(table.outer):
        inside[outer].append(index)
    found: list[int] = []
    waiting = [-1]
    while waiting:
        index = waiting.pop()
        if index >= 0:
            found.append(index)
        if index in inside:
            waiting += reversed(_sorted(table, inside[index], order))
    return found
