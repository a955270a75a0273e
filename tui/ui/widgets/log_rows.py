"""The rows of a log: its lines, and long runs of CRIU's debug lines folded into one row each."""

from bisect import bisect_left, bisect_right

from tui.restore.events import Level, LogLine

NOISY = "criu"
"""Who prints thousands of debug lines, of which few tell people anything."""

SHORTEST = 4
"""Lines that are worth a fold."""

Row = int | range
"""The number of a line, or those of the lines that are folded."""


class LogRows:
    """Rows made of lines in their order; to add one costs the same however many there are."""

    def __init__(self, *, folding: bool) -> None:
        self.rows: list[Row] = []
        self.lines = 0
        """How many lines they stand for."""
        self.folded = 0
        """How many of those are folded."""
        self._folding = folding
        self._run = 0
        self._errors: list[int] = []

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def errors(self) -> bool:
        """Whether there is an error to go to."""
        return bool(self._errors)

    def add(self, number: int, line: LogLine) -> None:
        """Append the line `number`, which is the next one to be shown."""
        self.lines += 1
        if line.level is Level.ERROR:
            self._errors.append(len(self.rows))
        noise = self._folding and line.level is Level.DEBUG and line.source == NOISY
        self._run = self._run + 1 if noise else 0
        if self._run < SHORTEST:
            self.rows.append(number)
            return
        first = number - self._run + 1
        if self._run == SHORTEST:
            del self.rows[1 - SHORTEST :]
            self.rows.append(first)
            self.folded += SHORTEST - 1
        self.rows[-1] = range(first, number + 1)
        self.folded += 1

    def row_of(self, number: int) -> int:
        """The row in which line `number` is, or the last one before it."""
        return max(0, bisect_right(self.rows, number, key=first_line) - 1)

    def error_from(self, row: int) -> int:
        """The first row from `row` on that is an error, or else the first of all."""
        at = bisect_left(self._errors, row)
        return self._errors[at % len(self._errors)]

    def error_before(self, row: int) -> int:
        """The last row before `row` that is an error, or else the last of all."""
        return self._errors[bisect_left(self._errors, row) - 1]


def first_line(row: Row) -> int:
    """The number of the first line in `row`."""
    return row if isinstance(row, int) else row.start
