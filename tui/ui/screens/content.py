"""Bytes of the archive, over the screen."""

from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen

from tui.text import safe_text
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.rows.model import Table
from tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from tui.ui.outward import OutwardApp


class ContentScreen(ModalScreen[None]):
    """What a deleted file, a pipe or a connection had in it."""

    if TYPE_CHECKING:
        app = getters.app(OutwardApp)

    SCOPES = (Scope.PAGE, Scope.VIEWS)
    BINDINGS = [*bindings(Scope.PAGE), *bindings(Scope.OUTWARD)]

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

    @property
    def front(self) -> Front:
        """What is shown of it, without the numbers of its lines."""
        table, rows = self._table, self.query_one(RowList)
        if table.wraps:
            words = [safe_text(row.cells[-1]) for row in table.rows]
            return Front(self._title, "content", lambda: "\n".join(words))
        return rows.front(self._title, "content")

    def action_copy(self) -> None:
        """Copy the line under the cursor."""
        clip = self.query_one(RowList).clip
        if clip:
            self.app.copy(*clip)

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(RowList).replace(self._table)
