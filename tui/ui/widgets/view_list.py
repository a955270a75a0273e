"""The list of the views, each with its key, its conflicts and how much it has."""

from collections.abc import Mapping, Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.restore.conflict import Conflict, Severity
from tui.ui.content import tally
from tui.ui.keys import Scope, bindings
from tui.ui.rows.model import Table
from tui.ui.views import VIEWS, View

_TITLE = 11
"""Cells of the longest title."""

_WORDY = 8
"""The same where words follow."""


_ROOMY = 20
"""Cells from which on every kind of conflict has room beside the title."""


class ViewList(OptionList):
    """The views by their names, with the same keys as the views themselves."""

    BINDINGS = bindings(Scope.VIEWS)

    action_open = OptionList.action_select
    action_scroll_home = OptionList.action_first
    action_scroll_end = OptionList.action_last

    def __init__(self, *, id: str) -> None:
        super().__init__(*(Option(view.title, id=view.id) for view in VIEWS), id=id)
        self._conflicts: Sequence[Conflict] = ()
        self._tables: Mapping[str, Table] = {}

    def show(self, conflicts: Sequence[Conflict], tables: Mapping[str, Table]) -> None:
        """Show how many conflicts are about each view, or how much it has."""
        self._conflicts, self._tables = conflicts, dict(tables)
        self.on_resize()

    def on_resize(self) -> None:
        """Of several kinds of conflicts show the worst alone where there is no room."""
        kinds = 1 if self.size.width < _ROOMY else len(Severity)
        for index, view in enumerate(VIEWS):
            about = [one for one in self._conflicts if _is_about(one, view)]
            table = self._tables.get(view.id)
            told = _told(table) if table else tally(about, kinds)
            width = _WORDY if table and table.badge else _TITLE
            label = f"{view.key:1} {view.title:{width}} "
            self.replace_option_prompt_at_index(index, Content.assemble(label, told))

    def go_to(self, view: str) -> None:
        """Put the cursor on a view."""
        self.highlighted = self.get_option_index(view)


def _told(table: Table) -> Content:
    style = f"$text-{table.alarm}" if table.alarm else "$quiet"
    return Content.styled(table.badge or f"{table.count:,}", style)


def _is_about(conflict: Conflict, view: View) -> bool:
    return bool(view.document) and view.document in {at.document for at in conflict.where}
