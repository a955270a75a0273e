"""Bytes of the archive, over the screen."""

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen

from tui.text import safe_text
from tui.ui.keys import Scope, bindings
from tui.ui.rows.model import Table
from tui.ui.widgets.row_list import RowList


class ContentScreen(ModalScreen[None]):
    """What a deleted file, a pipe or a connection had in it."""

    SCOPES = (Scope.PAGE, Scope.VIEWS)
    BINDINGS = bindings(Scope.PAGE)

    def __init__(self, title: str, table: Table) -> None:
        """`title` is the name of what is shown."""
        super().__init__()
        self._title = title
        self._table = table

    def compose(self) -> ComposeResult:
        """One table."""
        rows = RowList(id="content")
        rows.border_title = Content(safe_text(self._title))
        rows.border_subtitle = f"{self._table.told} · Esc closes"
        yield rows

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(RowList).replace(self._table)
