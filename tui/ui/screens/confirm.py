"""Questions whose answer is No unless people say otherwise."""

from collections.abc import Iterable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.ui.keys import Scope, bindings


class Confirm(ModalScreen[bool]):
    """One question with the exact commands that a Yes runs; closed without an answer, None."""

    AUTO_FOCUS = "#no"

    SCOPES = (Scope.QUESTION,)
    BINDINGS = bindings(Scope.QUESTION)

    def __init__(self, question: str, *, details: Iterable[str] = (), warning: str = "") -> None:
        """All texts are safe to show; `warning` says what is lost."""
        super().__init__()
        self._question = question
        self._details = tuple(details)
        self._warning = warning

    def compose(self) -> ComposeResult:
        """The question, what it is about, and the two answers."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static(Content.styled(self._question, "bold"))
            for line in self._details:
                yield Static(Content(line), classes="command")
            if self._warning:
                yield Static(Content.styled(f"▲ {self._warning}", "$text-warning"))
            with Horizontal(classes="buttons"):
                yield Button("No (n)", id="no")
                yield Button("Yes (y)", id="yes")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Close with `answer`."""
        self.dismiss(answer)
