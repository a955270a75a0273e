"""A log that grows: any number of lines, followed or paused, folded or filtered."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.restore.events import Level, LogLine
from tui.text import plural
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.plain import log_json, log_text
from tui.ui.widgets.log_breaks import Breaks
from tui.ui.widgets.log_rows import SHORTEST, LogRows, Row, first_line

_SOURCE = 9
"""Cells for the program's name."""

_LETTERS = {Level.DEBUG: " ", Level.INFO: "i", Level.WARNING: "▲", Level.ERROR: "✖"}

_FOLD = "▸"

_LEVELS = tuple(Level)

_ABOVE = 3
"""The part of the window that stays above an error that was looked for: one in so many."""


class LogView(ScrollView, can_focus=True):
    """The lines that programs print, drawn only where they are seen."""

    BINDINGS = bindings(Scope.LOG)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--source",
        "log-view--fold",
        "log-view--found",
        *(f"log-view--{level}" for level in Level),
    }

    class FilterWanted(Message):
        """Somebody wants to type a filter."""

    class SaveWanted(Message):
        """Somebody wants the log in a file."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[LogLine] = []
        self._texts: list[str] = []
        """What a filter looks at, line by line."""
        self._folding = True
        self._rows = LogRows(folding=True)
        self._widths: list[int] = []
        """The cells of each line."""
        self._breaks = Breaks()
        self._widest = 0
        self._words = ""
        self._least = Level.DEBUG
        self._following = True
        self._unseen = 0
        self._found: int | None = None
        """The number of the line that is an error somebody went to."""

    @property
    def clip(self) -> tuple[str, str] | None:
        """The error that somebody went to, or else the lines in the window."""
        found = self._found_row()
        if found is not None and self._found is not None:
            return log_text([self.lines[self._found]]), "the error"
        top = self.scroll_offset.y
        bottom = top + max(0, self.scrollable_content_region.height - 1)
        rows = self._rows.rows[self._breaks.at(top)[0] : self._breaks.at(bottom)[0] + 1]
        lines = self._unfolded(rows)
        return (log_text(lines), "what the window shows of the log") if lines else None

    @property
    def front(self) -> Front:
        """Every line that is not filtered out."""
        lines = self._unfolded(self._rows.rows)
        return Front("the log", "log", lambda: log_text(lines), lambda: log_json(lines))

    def add(self, lines: Sequence[LogLine]) -> None:
        """Append `lines`; call it with many at once."""
        if not lines:
            return
        before, old_rows, first = self._rows.lines, len(self._rows), len(self.lines)
        self.lines += lines
        self._texts += [f"{line.source} {line.text}".casefold() for line in lines]
        self._widths += [_SOURCE + cell_len(line.text) + 4 for line in lines]
        self._append(first)
        if not self._following:
            self._unseen += self._rows.lines - before
        self._measure(max(0, old_rows - SHORTEST))
        self._tell()

    def filter(self, words: str) -> None:
        """Show only lines with `words` in them, in any case."""
        self._words = words.casefold()
        self._choose()

    def render_line(self, y: int) -> Strip:
        """Line `y` of the window."""
        x, top = self.scroll_offset
        width, base = self.size.width, self.rich_style
        place, part = self._breaks.at(top + y)
        if place >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows.rows[place]
        if row == self._found:
            base += self._style("found")
        line = self.lines[first_line(row)]
        style = base + self._style("fold" if isinstance(row, range) else line.level)
        text = self._text(row)
        text = self._breaks.broken(text)[part] if self._breaks.width else text
        lead = 0 if part else _SOURCE + 1
        return Strip(
            [Segment(text[:lead], base + self._style("source")), Segment(text[lead:], style)]
        ).crop_extend(x, x + width, base)

    def on_mount(self) -> None:
        """Say what is shown."""
        self._tell()

    def on_resize(self, _: events.Resize) -> None:
        """Break the rows anew, and stay at the end while following."""
        if self._breaks.width:
            self._break(wrapping=True)
        self._keep_up()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Away from the end it pauses, and back there it follows again.

        It does not when the end comes to the window, because there are fewer rows than before.
        """
        super().watch_scroll_y(old_value, new_value)
        at_end = new_value >= self.max_scroll_y
        if not at_end or new_value > old_value:
            self._follow(at_end)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there are errors can one be gone to."""
        return action != "error" or self._rows.errors

    def action_follow(self) -> None:
        """Follow the end, or stop following it."""
        self._follow(not self._following)
        if self._following:
            self.scroll_end(animate=False)

    def action_level(self) -> None:
        """Show only louder lines than now, or all of them again."""
        self._least = _LEVELS[(_LEVELS.index(self._least) + 1) % len(_LEVELS)]
        self._choose()

    def action_fold(self) -> None:
        """Fold long runs of CRIU's debug lines, or show every line."""
        self._folding = not self._folding
        self._choose()

    def action_wrap(self) -> None:
        """Break long lines, or let them leave the window."""
        self._break(wrapping=not self._breaks.width)

    def action_error(self, step: int) -> None:
        """Go to the next error, or by -1 to the one before; after the last comes the first."""
        height, found = self.scrollable_content_region.height, self._found_row()
        top, end = (self._breaks.at(self.scroll_offset.y + y)[0] for y in (0, height))
        if found is not None:
            top, end = found + 1, found
        row = self._rows.error_from(top) if step > 0 else self._rows.error_before(end)
        self._found = first_line(self._rows.rows[row])
        y = self._breaks.first(row) - height // _ABOVE
        self.scroll_to(y=y, animate=False, immediate=True)
        self._follow(False)
        self.refresh()

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.post_message(self.FilterWanted())

    def action_save(self) -> None:
        """Ask for a file."""
        self.post_message(self.SaveWanted())

    def _choose(self) -> None:
        with self._staying():
            self._rows = LogRows(folding=self._folding and not self._words)
            self._append(0)
            self._widest = 0
            self._measure(0)
        self._tell()

    def _break(self, *, wrapping: bool) -> None:
        with self._staying():
            self._breaks = Breaks(self.scrollable_content_region.width if wrapping else 0)
            self._measure(0)

    @contextmanager
    def _staying(self) -> Iterator[None]:
        """Keep the line in its place that somebody looks at, whatever becomes of the others."""
        top, found = self.scroll_offset.y, self._found_row()
        row = self._breaks.at(top)[0] if found is None else found
        stays = first_line(self._rows.rows[row]) if row < len(self._rows) else 0
        above = self._breaks.first(row) - top
        yield
        if not self._following:
            y = self._breaks.first(self._rows.row_of(stays)) - above
            # forced, for so far there may have been nothing to scroll
            self.scroll_to(y=y, animate=False, immediate=True, force=True)
            self._follow(False)

    def _found_row(self) -> int | None:
        """The row of the error that somebody went to, if it is in the window."""
        if self._found is None:
            return None
        row = self._rows.row_of(self._found)
        y = self._breaks.first(row) - self.scroll_offset.y
        return row if 0 <= y < self.scrollable_content_region.height else None

    def _append(self, start: int) -> None:
        """Add rows for what passes of the lines from number `start` on."""
        words, least = self._words, _LEVELS.index(self._least)
        louder = {level for level in Level if _LEVELS.index(level) >= least}
        texts, lines, add = self._texts, self.lines, self._rows.add
        for number in range(start, len(lines)):
            if (not words or words in texts[number]) and lines[number].level in louder:
                add(number, lines[number])

    def _measure(self, first: int) -> None:
        """Make room for the rows from `first` on, which are new, and go on as before."""
        rows = self._rows.rows[first:]
        self._breaks.forget(first)
        if self._breaks.width:
            for row in rows:
                self._breaks.add(self._text(row))
        else:
            self._breaks.add_whole(len(rows))
        widest = max((self._widths[first_line(row)] for row in rows), default=0)
        self._widest = max(self._widest, widest)
        self.virtual_size = Size(self._breaks.width or self._widest, len(self._breaks))
        self._keep_up()
        self.call_after_refresh(self._keep_up)  # until then the end may not be known
        self.refresh()

    def _text(self, row: Row) -> str:
        """All of a row in one line."""
        line = self.lines[first_line(row)]
        source = f"{line.source[:_SOURCE]:{_SOURCE}}"
        if isinstance(row, range):
            return f"{source} {_FOLD} {plural(len(row), 'line')}"
        return f"{source} {_LETTERS[line.level]} {line.text}"

    def _unfolded(self, rows: Iterable[Row]) -> list[LogLine]:
        numbers = chain.from_iterable([row] if isinstance(row, int) else row for row in rows)
        return [self.lines[number] for number in numbers]

    def _keep_up(self) -> None:
        if self._following:
            self.scroll_end(animate=False, immediate=True)

    def _follow(self, following: bool) -> None:
        self._following = following
        if following:
            self._unseen = 0
        self._tell()

    def _tell(self) -> None:
        parts = [plural(self._rows.lines, "line")]
        if self._rows.folded:
            parts.append(f"{self._rows.folded:,} folded")
        if self._least is not Level.DEBUG:
            parts.append(f"{self._least} and up" if self._least is not Level.ERROR else "errors")
        if self._words:
            parts.append("filtered")
        if not self._following:
            more = f", {plural(self._unseen, 'new line')}" if self._unseen else ""
            parts.append(f"paused{more}")
        self.border_subtitle = " · ".join(parts)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"log-view--{name}", partial=True, default=Style())
