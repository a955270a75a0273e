"""Where the rows of a log begin on the screen: each in one line, or broken into several."""

from bisect import bisect_right

from rich.cells import cell_len, chop_cells

INDENT = 2
"""Cells in front of all lines of a row but its first."""


class Breaks:
    """The lines of rows in their order; to add one costs the same however many there are."""

    def __init__(self, width: int = 0) -> None:
        """`width` is in cells; with 0 no row is broken."""
        self.width = width
        self._ends: list[int] = []
        """For each row the line behind its last."""

    def __len__(self) -> int:
        """How many lines there are."""
        return self._ends[-1] if self._ends else 0

    def add_whole(self, rows: int) -> None:
        """Append so many rows that have one line each."""
        self._ends += range(len(self) + 1, len(self) + rows + 1)

    def add(self, text: str) -> None:
        """Append a row, broken where it is too long."""
        whole = not self.width or cell_len(text) <= self.width
        lines = 1 if whole else len(self.broken(text))
        self._ends.append(len(self) + lines)

    def forget(self, row: int) -> None:
        """Forget the rows from `row` on."""
        del self._ends[row:]

    def first(self, row: int) -> int:
        """The first line of `row`."""
        return self._ends[row - 1] if row else 0

    def at(self, line: int) -> tuple[int, int]:
        """The row that has this line, and which of its lines that is; behind the last row 0."""
        row = bisect_right(self._ends, line)
        return row, line - self.first(row)

    def broken(self, text: str) -> list[str]:
        """The lines of a row."""
        if self.width <= INDENT:
            return [text]
        first = chop_cells(text, self.width)[:1] or [""]
        rest = chop_cells(text[len(first[0]) :], self.width - INDENT)
        return first + [" " * INDENT + one for one in rest if one]
