"""Running a remedy's commands: shown first, asked about, and then followed."""

import asyncio

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from tui.host.host import Host
from tui.restore.conflict import Remedy
from tui.restore.events import Event, LogLine
from tui.restore.remedy import carry_out
from tui.text import safe_text, shell_line
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.widgets.log_view import LogView


class RemedyScreen(ModalScreen[bool]):
    """Closes with whether anything was run."""

    AUTO_FOCUS = "#no"

    SCOPES = (Scope.QUESTION,)
    BINDINGS = [*bindings(Scope.QUESTION), *bindings(Scope.OUTWARD)]

    def __init__(self, host: Host, remedy: Remedy) -> None:
        super().__init__()
        self._host = host
        self._remedy = remedy
        self._ran = False
        self._busy = False
        self._cancelled = asyncio.Event()

    def compose(self) -> ComposeResult:
        """What would be run, and the two answers."""
        remedy = self._remedy
        with VerticalScroll(classes="dialog", can_focus=False):
            question = remedy.label[:1].upper() + remedy.label[1:]
            yield Static(Content.styled(f"{safe_text(question)}?", "bold"), id="question")
            for command in remedy.commands:
                yield Static(Content(shell_line(command)), classes="command")
            if remedy.removes:
                text = f"▲ This removes {safe_text(remedy.removes)}."
                yield Static(Content.styled(text, "$text-warning"))
            yield LogView(id="output")
            with Horizontal(classes="buttons"):
                yield Button("No (n)", id="no")
                yield Button("Yes (y)", id="yes")

    @property
    def front(self) -> Front | None:
        """What the commands print, once they run."""
        return self.query_one(LogView).front if self._ran else None

    def action_answer(self, answer: bool) -> None:
        """Run the commands, or leave it."""
        (self.action_run if answer else self.action_close)()

    async def action_dismiss(self, result: bool | None = None) -> None:
        """Leave it, or stop what runs."""
        self.action_close()

    @on(Button.Pressed, "#yes")
    def action_run(self) -> None:
        """Run the commands, once."""
        if self._ran:
            return
        self._ran = self._busy = True
        self.add_class("-ran")
        self.query_one("#yes").display = False
        self.query_one("#no", Button).label = "Stop (n)"
        self._carry_out()

    @on(Button.Pressed, "#no")
    def action_close(self) -> None:
        """Leave it, or stop what runs."""
        if self._busy:
            self._cancelled.set()
        else:
            self.dismiss(self._ran)

    @work(group="remedy")
    async def _carry_out(self) -> None:
        done = await carry_out(self._host, self._remedy, self._take, self._cancelled)
        self._busy = False
        if done:
            self.dismiss(True)
        else:
            question = Content.styled("✖ It did not work; what was printed stands below.", "bold")
            self.query_one("#question", Static).update(question)
            self.query_one("#no", Button).label = "Close (n)"

    def _take(self, event: Event) -> None:
        if isinstance(event, LogLine):
            self.query_one(LogView).add([event])
