"""How far something long has come, over the screen."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import ProgressBar, Static

from tui.ui.keys import Scope, bindings
from tui.ui.pace import Pace


class ProgressScreen(ModalScreen[None]):
    """A bar that fills; to close it is to stop what it is about."""

    SCOPES = (Scope.DIALOG,)
    BINDINGS = bindings(Scope.DIALOG)

    class Passed(Message):
        """So many bytes are done."""

        def __init__(self, done: int, total: int) -> None:
            super().__init__()
            self.done = done
            self.total = total

        def can_replace(self, message: Message) -> bool:
            """Only the last one is of interest."""
            return isinstance(message, ProgressScreen.Passed)

    class Ended(Message):
        """It is over, one way or the other."""

    def __init__(self, words: str, stop: Callable[[], object], pace: Pace | None = None) -> None:
        """`words` are safe to show; `stop` makes an end of it."""
        super().__init__()
        self._pace = pace or Pace()
        self._words = words
        self._stop = stop
        self._ended = False

    def compose(self) -> ComposeResult:
        """What goes on, and how far it is."""
        with Vertical(classes="dialog") as frame:
            frame.border_subtitle = "Esc stops"
            yield Static(Content(self._words))
            yield ProgressBar(total=None, show_eta=False)
            yield Static(id="pace", markup=False)

    def on_screen_resume(self) -> None:
        """Close if it ended while something else was on top."""
        if self._ended:
            self.dismiss()

    def tell(self, done: int, total: int) -> None:
        """So many bytes are done; called from any thread."""
        self.post_message(self.Passed(done, total))

    def end(self) -> None:
        """It is over; called from any thread."""
        self.post_message(self.Ended())

    @on(Passed)
    def _passed(self, event: Passed) -> None:
        self.query_one(ProgressBar).update(total=event.total or None, progress=event.done)
        self.query_one("#pace", Static).update(self._pace.tell(event.done, event.total))

    @on(Ended)
    def _over(self) -> None:
        self._ended = True
        if self.is_current:
            self.dismiss()

    def action_close(self) -> None:
        """Stop it, and close."""
        self._stop()
        self.dismiss()
