"""One line that somebody types."""

from textual import on
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.ui.keys import Scope, bindings


class AskScreen(ModalScreen[str]):
    """Closes with what was typed; closed without, None."""

    SCOPES = (Scope.DIALOG,)
    BINDINGS = bindings(Scope.DIALOG)

    def __init__(self, title: str, placeholder: str) -> None:
        """Both are podthaw's own words."""
        super().__init__()
        self._title = title
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """One line."""
        entry = Input(placeholder=self._placeholder, id="ask")
        entry.border_title = self._title
        entry.border_subtitle = "Enter · Esc closes"
        yield entry

    def action_close(self) -> None:
        """Close without an answer."""
        self.dismiss()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
