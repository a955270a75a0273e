"""A table of any length whose rows may lie inside each other, drawn only where it is seen."""

from bisect import bisect_right
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.text import safe_text
from tui.ui.clipboard import clip_text
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.plain import table_json, table_text
from tui.ui.rows.model import Row, Table, arrange, fit
from tui.ui.rows.seen import Seen
from tui.ui.widgets.row_lines import Pieces, broken, head, line, wrapped

_TONES = (
    *("value", "key", "quiet", "title", "warning", "error", "link", "head", "cursor"),
    *("added", "removed"),
)


class RowList(ScrollView, can_focus=True):
    """The rows of a Table, with a cursor; the head stays in sight."""

    BINDINGS = [*bindings(Scope.VIEWS), *bindings(Scope.ROWS)]

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"row-list--{tone}" for tone in _TONES}

    class About(Message):
        """Something about a row of a list."""

        def __init__(self, rows: "RowList", row: Row | None) -> None:
            super().__init__()
            self.rows = rows
            self.row = row

        @property
        def control(self) -> "RowList":
            """The list."""
            return self.rows

    class Highlighted(About):
        """The cursor is on another row now, or what is there has changed."""

    class Chosen(About):
        """Somebody wants to go on from a row."""

    class ViewWanted(About):
        """Somebody wants to see the bytes behind a row."""

    class SaveWanted(About):
        """Somebody wants them in a file."""

    def __init__(self, waiting: str = "", *, id: str | None = None, classes: str = "") -> None:
        """`waiting` is what is said while there is no table."""
        super().__init__(id=id, classes=classes)
        self.seen = Seen()
        self._waiting = waiting
        self._columns: list[tuple[int, int]] = []
        self._lines: list[Pieces] = []
        """Of a table that wraps: every line."""
        self._starts: list[int] = []
        """Of a table that wraps: the first line of each row."""
        self._styles: dict[str, Style] = {}
        self._offered: object = None

    @property
    def row(self) -> Row | None:
        """What is under the cursor."""
        return self.seen.row

    @property
    def clip(self) -> tuple[str, str] | None:
        """What is copied, and what it is called."""
        row = self.row
        return (clip_text(row.text), row.cells[0] or "the value") if row else None

    def front(self, name: str, file: str) -> Front:
        """The table as it is filtered and sorted, with what is closed; `name` is what it is called.

        A file with it is called after `file`.
        """
        table = self.seen.table or Table()
        rows = arrange(table, (), self.seen.words, self.seen.order).rows
        return Front(name, file, lambda: table_text(table, rows), lambda: table_json(table, rows))

    def show(self, table: Table | None, waiting: str = "") -> None:
        """Show `table`, or what is said until there is one; the cursor stays where it was."""
        self._waiting = waiting or self._waiting
        if table is not self.seen.table:
            self.seen.show(table)
            self._changed()
        else:
            self.refresh()

    def replace(self, table: Table) -> None:
        """Show what has nothing to do with what was shown before, from its beginning."""
        self.seen.replace(table)
        self._changed()

    def filter(self, words: str) -> None:
        """Show only rows with `words` in them."""
        self.seen.filter(words)
        self._changed()

    def go_to(self, row: str) -> bool:
        """Put the cursor on a row, wherever it is hidden; whether there is such a row."""
        found = self.seen.go_to(row)
        self._changed()
        return found

    def go_to_process(self, pid: int) -> None:
        """Put the cursor on the first row about a process, unless it is on one."""
        self.seen.go_to_process(pid)
        self._changed()

    def render_line(self, y: int) -> Strip:
        """Line `y` of the window."""
        table, base = self.seen.table, self.rich_style
        width = self.scrollable_content_region.width
        if table is None or not self.seen.arranged.rows:
            said = list(broken(safe_text(self.seen.empty or self._waiting), width))
            text = said[y] if y < len(said) else ""
            return Strip([Segment(text, base + self._style("quiet"))]).crop_extend(0, width, base)
        if self._headed and not y:
            order = self.seen.order
            titles = head(
                table, self._columns, order.column if order else None, bool(order and order.down)
            )
            style = base + self._style("head")
            return Strip([Segment(titles, style)]).crop_extend(0, width, style)
        at = self.scroll_offset.y + y - self._headed
        place = self._place(at)
        if place >= len(self.seen.arranged.rows):
            return Strip.blank(width, base)
        under = base + self._style("cursor") if place == self.seen.at else base
        pieces = self._lines[at] if table.wraps else self._pieces(table, place)
        segments = [Segment(text, under + self._style(tone)) for text, tone in pieces]
        return Strip(segments).crop_extend(0, width, under)

    def on_resize(self, _: events.Resize) -> None:
        """Fit the columns in."""
        self._measure()

    def watch_has_focus(self, focused: bool) -> None:
        """The cursor looks different."""
        super().watch_has_focus(focused)
        self._styles.clear()

    def notify_style_update(self) -> None:
        """See Widget."""
        super().notify_style_update()
        self._styles.clear()

    def on_click(self, event: events.Click) -> None:
        """Go to the row that was clicked; from the one under the cursor go on."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self._headed:
            return
        place = self._place(self.scroll_offset.y + offset.y - self._headed)
        if place == self.seen.at:
            self.action_choose()
        elif place < len(self.seen.arranged.rows):
            self._move(place)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with this row, and this table."""
        if action in ("view_content", "save_content"):
            return bool(self.row and self.row.content)
        if action == "order":
            return bool(self._headed)
        if action == "invert":
            return self.seen.order is not None
        return True

    def action_cursor_down(self) -> None:
        """One row down."""
        self._move(self.seen.at + 1)

    def action_cursor_up(self) -> None:
        """One row up."""
        self._move(self.seen.at - 1)

    def action_page_down(self) -> None:
        """One page down."""
        self._move(self.seen.at + max(1, self.scrollable_content_region.height - 2))

    def action_page_up(self) -> None:
        """One page up."""
        self._move(self.seen.at - max(1, self.scrollable_content_region.height - 2))

    def action_scroll_home(self) -> None:
        """To the first row."""
        self._move(0)

    def action_scroll_end(self) -> None:
        """To the last row."""
        self._move(len(self.seen.arranged.rows))

    def action_open(self) -> None:
        """Open the row, or go into it."""
        self.seen.open()
        self._changed()

    def action_close(self) -> None:
        """Close the row, or go to the one that it lies in."""
        self.seen.close()
        self._changed()

    def action_turn(self) -> None:
        """Open the row, or close it."""
        if self.row:
            (self.action_open if self.seen.is_closed(self.row) else self.action_close)()

    def action_choose(self) -> None:
        """Go on from the row."""
        if self.row:
            self.post_message(self.Chosen(self, self.row))

    def action_order(self) -> None:
        """Sort by the next column."""
        self.seen.sort([index for index, _ in self._columns])
        self._changed()

    def action_invert(self) -> None:
        """Sort the other way round."""
        self.seen.invert()
        self._changed()

    def action_view_content(self) -> None:
        """Show the bytes behind the row."""
        self.post_message(self.ViewWanted(self, self.row))

    def action_save_content(self) -> None:
        """Save them."""
        self.post_message(self.SaveWanted(self, self.row))

    @property
    def _headed(self) -> int:
        """Lines of the window that the head takes."""
        table = self.seen.table
        return int(bool(table and table.columns and table.columns[0].title))

    def _move(self, at: int) -> None:
        self.seen.move(at)
        self._show_cursor()
        self.refresh()
        self._tell()

    def _changed(self) -> None:
        self._measure()
        self._tell()

    def _tell(self) -> None:
        offered = bool(self.row and self.row.content), self.seen.order is not None, self._headed
        if offered != self._offered:  # the footer is costly
            self._offered = offered
            self.refresh_bindings()
        self.post_message(self.Highlighted(self, self.row))

    def _measure(self) -> None:
        table, width = self.seen.table, self.scrollable_content_region.width
        rows = self.seen.arranged.rows
        self._columns = fit(table, width) if table else []
        self._lines, self._starts = [], []
        if table and table.wraps:
            for index in rows:
                self._starts.append(len(self._lines))
                row = table.rows[index]
                self._lines += wrapped(table, row, self._columns, self.seen.icon(index))
        lines = len(self._lines) if table and table.wraps else len(rows)
        self.virtual_size = Size(width, lines + self._headed)
        self._show_cursor()
        self.refresh()

    def _show_cursor(self) -> None:
        wraps = bool(self.seen.table and self.seen.table.wraps)
        at = self.seen.at
        first = self._starts[at] if wraps and at < len(self._starts) else at
        behind = self._starts[at + 1] if wraps and at + 1 < len(self._starts) else first + 1
        top, height = self.scroll_offset.y, self.scrollable_content_region.height - self._headed
        if height <= 0:  # it has not been laid out yet
            return
        if first < top:
            self.scroll_to(y=first, animate=False, immediate=True, force=True)
        elif behind > top + height:
            y = min(first, behind - height)
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def _place(self, at: int) -> int:
        """The place of the row that has this line."""
        if self.seen.table and self.seen.table.wraps:
            inside = 0 <= at < len(self._lines)
            return bisect_right(self._starts, at) - 1 if inside else len(self._starts)
        return at

    def _pieces(self, table: Table, place: int) -> Pieces:
        index = self.seen.arranged.rows[place]
        return line(table, table.rows[index], self._columns, self.seen.icon(index))

    def _style(self, tone: str) -> Style:
        if tone not in self._styles:
            self._styles[tone] = self.get_component_rich_style(
                f"row-list--{tone}", partial=True, default=Style()
            )
        return self._styles[tone]
