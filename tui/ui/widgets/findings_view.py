"""What deserves a look, and where each of it shows."""

from textual.message import Message

from tui.ui.keys import Scope, bindings
from tui.ui.widgets.rows_view import RowsView


class FindingsView(RowsView):
    """The view of the findings."""

    BINDINGS = bindings(Scope.FINDINGS)

    searched = False
    """Memory and files have been looked into."""

    class SearchWanted(Message):
        """Memory and files are to be looked into as well."""

    class Explained(Message):
        """Somebody wants to know what a rule is about."""

        def __init__(self, rule: str) -> None:
            super().__init__()
            self.rule = rule

    @property
    def clip(self) -> tuple[str, str] | None:
        """See RowsView; of the table the whole finding."""
        row = self.rows.row
        if row and self.looked_at is self.rows:
            return row.text, "the finding"
        return super().clip

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Memory and files are looked into once; only findings have rules."""
        if action == "look":
            return not self.searched
        return action != "explain" or self.rows.row is not None

    def action_look(self) -> None:
        """Look into memory and files."""
        self.post_message(self.SearchWanted())

    def action_explain(self) -> None:
        """Explain the rule behind the finding under the cursor."""
        if self.rows.row:
            self.post_message(self.Explained(self.rows.row.cells[-1]))
