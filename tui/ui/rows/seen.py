"""What somebody sees of a table: what is open, filtered and sorted, and where the cursor is."""

from collections.abc import Sequence

from tui.ui.rows.model import Arranged, Order, Row, Table, above, arrange, holds, ordered


class Seen:
    """One table as it is looked at; another table keeps the place, as far as it has it."""

    def __init__(self) -> None:
        self.table: Table | None = None
        self.arranged = Arranged(())
        self.at = 0
        """The cursor: a place among the rows that are to be seen."""
        self.order: Order | None = None
        self.words = ""
        self._closed: set[str] = set()
        self._rows: tuple[Table | None, Order | None, Sequence[int]] = (None, None, ())
        """All rows of a table in an order, so that a filter need not sort them again."""

    @property
    def index(self) -> int | None:
        """Which row of the table is under the cursor."""
        rows = self.arranged.rows
        return rows[self.at] if 0 <= self.at < len(rows) else None

    @property
    def row(self) -> Row | None:
        """What is under the cursor."""
        index = self.index
        return self.table.rows[index] if self.table and index is not None else None

    def is_closed(self, row: Row) -> bool:
        """Whether what is inside `row` is hidden."""
        return row.id in self._closed and not self.words

    def show(self, table: Table | None) -> None:
        """Look at `table`."""
        before, known = self.row, self.table
        self.table = table
        if table:
            new = table.closed - known.closed if known else table.closed
            self._closed |= new
        self.arrange(before)

    def replace(self, table: Table) -> None:
        """Look at what has nothing to do with what was there before."""
        self.table, self._closed, self.at = table, set(table.closed), 0
        self.arrange(None)

    def filter(self, words: str) -> int | None:
        """Hide what does not contain `words`; how many rows do, None without words.

        Without words what the cursor lies in is opened, so that it stays where it is.
        """
        index = self.index
        if self.table and index is not None and self.words and not words:
            self._closed -= {self.table.rows[one].id for one in above(self.table, index)}
        self.words = words
        self.arrange(self.row)
        if self.table and self.arranged.found:
            wanted = words.casefold()
            matches = (
                place
                for place, index in enumerate(self.arranged.rows)
                if wanted in self.table.texts[index]
            )
            self.at = next(matches, self.at)
        return self.arranged.found

    def arrange(self, stay: Row | None) -> None:
        """Find out anew what is to be seen; the cursor stays on a row if that is there."""
        table = self.table
        if table is None:
            self.arranged, self.at = Arranged(()), 0
            return
        if self._rows[0] is not table or self._rows[1] != self.order:
            self._rows = table, self.order, ordered(table, self.order)
        rows = self._rows[2]
        self.arranged = arrange(table, self._closed, self.words, self.order, rows)
        if stay:
            places = enumerate(self.arranged.rows)
            self.at = next((at for at, one in places if table.rows[one].id == stay.id), self.at)
        self.move(self.at)

    def move(self, at: int) -> None:
        """Put the cursor on a place, or the nearest that there is."""
        self.at = max(0, min(at, len(self.arranged.rows) - 1))

    def go_to(self, row: str) -> bool:
        """Put the cursor on a row, wherever it is hidden; whether there is such a row."""
        table = self.table
        if table is None:
            return False
        index = next((index for index, one in enumerate(table.rows) if one.id == row), None)
        if index is None:
            return False
        self._closed -= {table.rows[one].id for one in above(table, index)}
        if index not in self.arranged.rows:
            self.words = ""
        self.arrange(table.rows[index])
        return True

    def go_to_process(self, pid: int) -> None:
        """Put the cursor on the first row about a process, unless it is on one."""
        if self.table and (self.row is None or pid not in self.row.pids):
            found = next((one.id for one in self.table.rows if pid in one.pids), "")
            self.go_to(found)

    def open(self) -> None:
        """Open the row, or go into it."""
        row, index = self.row, self.index
        if row and index is not None and self.table and holds(self.table, index):
            if self.is_closed(row):
                self._closed.discard(row.id)
                self.arrange(row)
            else:
                self.move(self.at + 1)

    def close(self) -> bool:
        """Close the row, or go to the one that it lies in; whether there was any."""
        row, index = self.row, self.index
        if row is None or index is None or self.table is None:
            return False
        if holds(self.table, index) and not self.is_closed(row) and not self.words:
            self._closed.add(row.id)
            self.arrange(row)
            return True
        outer = next(iter(above(self.table, index)), None)
        return outer is not None and self.go_to(self.table.rows[outer].id)

    def sort(self, columns: Sequence[int]) -> None:
        """Sort by the next of `columns`; behind the last the rows are as they were."""
        if self.table is None:
            return
        now = columns.index(self.order.column) if self.order else -1
        following = columns[now + 1 : now + 2]
        down = bool(following) and self.table.columns[following[0]].down
        self.order = Order(following[0], down) if following else None
        self.arrange(self.row)

    def invert(self) -> None:
        """Sort the other way round."""
        if self.order:
            self.order = Order(self.order.column, not self.order.down)
            self.arrange(self.row)

    @property
    def ordered(self) -> str:
        """What it is sorted by, in words; empty if it is not."""
        if self.order is None or self.table is None:
            return ""
        title = self.table.columns[self.order.column].title.lower()
        return f"by {title} {'↓' if self.order.down else '↑'}"

    @property
    def empty(self) -> str:
        """Why there are no rows to be seen; empty while there is no table."""
        if self.table is None:
            return ""
        return "nothing here contains that" if self.words else self.table.empty

    def icon(self, index: int) -> str:
        """What stands in front of a row, where rows lie inside each other."""
        table = self.table
        if table is None or not table.folded or (self.order and table.flat):
            return ""
        if not holds(table, index):
            return "  "
        return "▸ " if self.is_closed(table.rows[index]) else "▾ "
