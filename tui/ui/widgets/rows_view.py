"""A table, and beside, below or behind it all that is known about the row under its cursor."""

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from tui.text import safe_text
from tui.ui.front import Front
from tui.ui.rows.model import Link, Row, Table
from tui.ui.widgets.document_tree import DocumentTree
from tui.ui.widgets.hex_view import HexView
from tui.ui.widgets.row_list import RowList

Describe = Callable[[Row], Table]
"""All that is known about a row."""


class RowsView(Container):
    """A view of what is inside a checkpoint."""

    BESIDE: ClassVar[int] = 110
    """Cells from which on the details stand beside the table."""

    BELOW: ClassVar[int] = 24
    """Lines from which on the details stand below the table."""

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
        self.detailed: object = None
        """What the details are about now."""

    def compose(self) -> ComposeResult:
        """One line for what is wrong, the table, the details."""
        yield Static(classes="note -hidden")
        with Container(classes="tables"):
            rows = RowList("Reading …", classes="rows")
            rows.border_title = self._title
            yield rows
            yield self.make_details()

    def make_details(self) -> RowList | DocumentTree | HexView:
        """The widget for all about a row."""
        details = RowList(classes="details")
        details.border_title = "Details"
        return details

    @property
    def rows(self) -> RowList:
        """The table."""
        return self.query_one(".rows", RowList)

    @property
    def details(self) -> RowList | DocumentTree | HexView:
        """All about the row under the cursor."""
        found = self.query_one(".details")
        assert isinstance(found, RowList | DocumentTree | HexView)
        return found

    @property
    def clip(self) -> tuple[str, str] | None:
        """What is copied, and what it is called."""
        looked_at = self.looked_at
        return None if isinstance(looked_at, HexView) else looked_at.clip

    @property
    def front(self) -> Front:
        """The table or the details, whichever is looked at."""
        looked_at = self.looked_at
        if looked_at is self.rows:
            return self.rows.front(f"the table of {self._title.lower()}", f"{self.id}")
        return looked_at.front(f"the details in {self._title.lower()}", f"{self.id}-details")

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
            self.show_details()
        self._tell()

    def filter(self, words: str) -> None:
        """Hide what does not contain `words`: in the details, if these are looked at."""
        looked_at = self.looked_at
        if not isinstance(looked_at, HexView):
            looked_at.filter(words)
        self._tell()

    def back(self) -> bool:
        """From the details to the table; whether there was a way back."""
        if self.has_class("-opened"):
            self.remove_class("-opened")
            self.screen.set_focus(self.rows)
            return True
        return False

    def open_at(self, row: str) -> None:
        """From the table to a row of the details."""
        self.show_details()
        if isinstance(self.details, RowList):
            self.add_class("-opened")
            self.details.go_to(row)
            self.screen.set_focus(self.details)

    @property
    def link(self) -> Link | None:
        """What leads back here."""
        row, details = self.rows.row, self.looked_at
        if row is None or self.id is None:
            return None
        detail = details.row if isinstance(details, RowList) and details is self.details else None
        return Link(self.id, row.id, detail.id if detail else "")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Know which of them is looked at."""
        self.set_class(event.widget is self.details, "-opened")

    def on_resize(self, event: events.Resize) -> None:
        """Put the details where there is room for them."""
        beside = event.size.width >= self.BESIDE
        self.set_class(beside, "-beside")
        self.set_class(not beside and event.size.height >= self.BELOW, "-below")
        self._tell()

    @on(RowList.Highlighted, ".rows")
    def _highlighted(self) -> None:
        self.show_details()
        self._tell()

    @on(RowList.Chosen, ".rows")
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        if event.row and event.row.link:
            self.post_message(self.LinkFollowed(event.row.link))
        elif event.row and not self.has_class("-plain"):
            self.add_class("-opened")
            self.screen.set_focus(self.details)

    @on(RowList.Chosen, ".details")
    def _detail_chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        row = event.row
        if row and row.link:
            self.post_message(self.LinkFollowed(row.link))
        elif row and row.content:
            event.rows.action_view_content()
        elif row and len(row.cells) == 1:
            event.rows.action_turn()

    @property
    def _single(self) -> bool:
        """There is room for one of them only."""
        return not (self.has_class("-beside") or self.has_class("-below"))

    @property
    def looked_at(self) -> RowList | DocumentTree | HexView:
        """What has the focus, or gets it."""
        return self.details if self.has_class("-opened") else self.rows

    @property
    def _opens(self) -> bool:
        return self._single and not self.has_class("-plain")

    def show_details(self) -> None:
        """Show all about the row under the cursor."""
        details, row = self.query_one(".details", RowList), self.rows.row
        if row is None or self._describe is None:
            self.detailed = None
            details.replace(Table())
        elif (row.id, self._basis) != self.detailed:
            same = isinstance(self.detailed, tuple) and self.detailed[0] == row.id
            self.detailed = (row.id, self._basis)
            (details.show if same else details.replace)(self._describe(row))

    def _tell(self) -> None:
        table = self.rows.seen.table
        found = self.rows.seen.arranged.found
        told = table.told if table else ""
        if found is not None:
            told = f"{found:,} found · {told}"
        more = "Enter: details" if self._opens and table and table.rows else ""
        parts = filter(None, (told, self.rows.seen.ordered, more))
        self.rows.border_subtitle = Content(" · ".join(parts))
        if isinstance(self.details, RowList):
            self.details.border_subtitle = "Esc: back" if self._single else ""


class PlainView(RowsView):
    """A table whose rows say all that there is to say."""

    def show_details(self) -> None:
        """See RowsView: nothing."""
        self.add_class("-plain")
