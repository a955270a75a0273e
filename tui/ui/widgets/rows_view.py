"""A table, and beside, below or behind it all that is known about the row under its cursor."""

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.text import safe_text
from tui.ui.rows.model import Link, Row, Table
from tui.ui.widgets.row_list import RowList

Describe = Callable[[Row], Table]
"""All that is known about a row."""

_BESIDE = 110
"""Cells from which on the details stand beside the table."""

_BELOW = 24
"""Lines from which on they stand below it."""


class RowsView(Container):
    """A view of what is inside a checkpoint."""

    class LinkFollowed(Message):
        """Somebody wants to go to another row."""

        def __init__(self, link: Link) -> None:
            super().__init__()
            self.link = link

    def __init__(self, title: str, *, id: str) -> None:
        super().__init__(id=id)
        self._title = title
        self._describe: Describe | None = None
        self._basis: object = None
        self._detailed: object = None

    def compose(self) -> ComposeResult:
        """One line for what is wrong, the table, the details."""
        yield Static(classes="note -hidden")
        with Container(classes="tables"):
            rows = RowList("Reading …", classes="rows")
            rows.border_title = self._title
            yield rows
            details = RowList("", classes="details")
            details.border_title = "Details"
            yield details

    @property
    def rows(self) -> RowList:
        """The table."""
        return self.query_one(".rows", RowList)

    @property
    def details(self) -> RowList:
        """All about the row under the cursor."""
        return self.query_one(".details", RowList)

    @property
    def row(self) -> Row | None:
        """What is under the cursor, in the table or the details."""
        return self.details.row if self.details.has_focus else self.rows.row

    @property
    def clip(self) -> tuple[str, str] | None:
        """What is copied, and what it is called."""
        row = self.row
        return (row.text, row.cells[0] or "the value") if row else None

    def show(self, table: Table | None, waiting: str, describe: Describe, basis: object) -> None:
        """Show `table`, or what is said until there is one; `basis` is what details depend on."""
        self._describe = describe
        changed = basis != self._basis
        self._basis = basis
        note = self.query_one(".note", Static)
        note.update(Content(safe_text(table.note if table else "")))
        note.set_class(not (table and table.note), "-hidden")
        self.rows.show(table, waiting)
        if changed:
            self._show_details()
        self._tell()

    def filter(self, words: str) -> int | None:
        """See RowList."""
        found = self.rows.filter(words)
        self._tell()
        return found

    def take_focus(self) -> None:
        """Focus what is to be seen."""
        (self.details if self.has_class("-opened") and self._single else self.rows).focus()

    def back(self) -> bool:
        """From the details to the table; whether there was a way back."""
        if self.details.has_focus or (self._single and self.has_class("-opened")):
            self.remove_class("-opened")
            self.rows.focus()
            return True
        return False

    def on_resize(self, event: events.Resize) -> None:
        """Put the details where there is room for them."""
        beside = event.size.width >= _BESIDE
        self.set_class(beside, "-beside")
        self.set_class(not beside and event.size.height >= _BELOW, "-below")
        self._tell()

    @on(RowList.Highlighted, ".rows")
    def _highlighted(self) -> None:
        self._show_details()
        self._tell()

    @on(RowList.Chosen, ".rows")
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if event.row and event.row.link:
            self.post_message(self.LinkFollowed(event.row.link))
        elif event.row:
            self.add_class("-opened")
            self.details.focus()

    @on(RowList.Chosen, ".details")
    def _detail_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        row = event.row
        if row and row.link:
            self.post_message(self.LinkFollowed(row.link))
        elif row and row.content:
            self.details.action_view_content()
        elif row and len(row.cells) == 1:
            closed = self.details.seen.is_closed(row)
            (self.details.action_open if closed else self.details.action_close)()

    @property
    def _single(self) -> bool:
        """There is room for one of them only."""
        return not (self.has_class("-beside") or self.has_class("-below"))

    def _show_details(self) -> None:
        row = self.rows.row
        at = (row and row.id, self._basis)
        if row is None or self._describe is None:
            self.details.replace(Table())
        elif at == self._detailed:
            return
        elif self._detailed and isinstance(self._detailed, tuple) and self._detailed[0] == row.id:
            self.details.show(self._describe(row))
        else:
            self.details.replace(self._describe(row))
        self._detailed = at

    def _tell(self) -> None:
        table = self.rows.seen.table
        found = self.rows.seen.arranged.found
        told = table.told if table else ""
        if found is not None:
            told = f"{found:,} found · {told}"
        more = "Enter: details" if self._single and table and table.rows else ""
        parts = filter(None, (told, self.rows.seen.ordered, more))
        self.rows.border_subtitle = Content(" · ".join(parts))
        self.details.border_subtitle = "Esc: back" if self._single else ""
