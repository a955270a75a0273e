"""One line that somebody types."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input


class AskScreen(ModalScreen[str]):
    """Closes with what was typed; closed without, None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]

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

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
