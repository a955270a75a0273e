"""A restore that runs: its steps, its log, and how it ended."""

from collections.abc import Iterator
from contextlib import aclosing

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Input, Static

from tui.errors import PodthawError
from tui.host.host import NoAnswer
from tui.report.summary import SHORT_ID
from tui.restore.events import Event, Finished, Level, LogLine, Status
from tui.restore.pipeline import Restore
from tui.restore.remains import clean_up
from tui.text import safe_lines, safe_text, shell_line
from tui.ui.content import shown_path
from tui.ui.keys import Scope, bindings
from tui.ui.saving import save_log
from tui.ui.screens.base import PodthawScreen
from tui.ui.screens.confirm import Confirm
from tui.ui.widgets.archive_line import ArchiveLine
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.step_list import StepList

_TICK = 0.1
"""Seconds between two batches of log lines."""

_OUTPUT_LINES = 200
"""Lines of the container's own output that are shown."""

_STATUS = {
    Status.RESTORED: ("✔ Restored", "bold $text-success"),
    Status.FAILED: ("✖ Failed", "bold $text-error"),
    Status.BLOCKED: ("✖ Blocked", "bold $text-error"),
    Status.CANCELLED: ("■ Cancelled", "bold $text-warning"),
}


class RunScreen(PodthawScreen):
    """One restore, from its start to what it left."""

    SCOPES = (Scope.RUN, Scope.LOG)
    BINDINGS = bindings(Scope.RUN)
    AUTO_FOCUS = "LogView"

    def __init__(self, restore: Restore) -> None:
        super().__init__()
        self._restore = restore
        self._waiting: list[LogLine] = []
        self._finished: Finished | None = None
        self._cancelling = False
        self._leaving = False
        self._cleaned = False

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._finished is None

    def compose(self) -> ComposeResult:
        """Line, steps and result, log, footer."""
        yield ArchiveLine()
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield StepList()
                with VerticalScroll(id="result") as result:
                    result.border_title = "Result"
                    yield Static("The restore is still running.", markup=False)
            with Vertical(id="right"):
                yield Input(placeholder="words to look for", id="filter", classes="-hidden")
                yield LogView()
        yield Footer()

    def on_mount(self) -> None:
        """Start."""
        self.query_one(ArchiveLine).show(self.app.session)
        self.query_one(LogView).border_title = "Log"
        self.set_interval(_TICK, self._flush)
        self._follow()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done while it runs, and what after."""
        finished = self._finished
        match action:
            case "cancel":
                return finished is None and not self._cancelling
            case "back":
                return finished is not None
            case "output":
                return finished is not None and finished.status is Status.RESTORED
            case "clean_up":
                return finished is not None and bool(finished.remains) and not self._cleaned
        return True

    def ask_to_leave(self) -> None:
        """Ask whether the restore shall be cancelled so that podthaw can end."""
        question = "A restore is running. Cancel it and leave?"
        self.app.push_screen(Confirm(question), self._leave)

    def action_cancel(self) -> None:
        """Ask whether it shall be cancelled."""
        self.app.push_screen(Confirm("Cancel the restore?"), self._cancel)

    def action_back(self) -> None:
        """Back to the form."""
        if self.query_one("#filter").has_class("-hidden"):
            self.dismiss()
        else:
            self._close_filter()

    def action_clean_up(self) -> None:
        """Ask whether what was left behind shall be removed."""
        assert self._finished
        remains = self._finished.remains
        names = ", ".join(f"{thing.kind} {safe_text(thing.name)}" for thing in remains)
        commands = [shell_line(argv) for thing in remains for argv in thing.remove]
        self.app.push_screen(
            Confirm("Remove what was left behind?", details=commands, warning=f"Removes {names}"),
            self._clean_up_wanted,
        )

    @work(group="output", exclusive=True)
    async def action_output(self) -> None:
        """Show what the restored container printed."""
        assert self._finished
        argv = ("podman", "logs", f"--tail={_OUTPUT_LINES}", self._finished.id)
        try:
            answer = await self.app.host.run(argv)
        except NoAnswer as error:
            self._waiting.append(LogLine("podthaw", Level.ERROR, str(error)))
            return
        lines = safe_lines(answer.stdout) + safe_lines(answer.stderr)
        self._waiting.append(LogLine("podthaw", Level.INFO, shell_line(argv)))
        self._waiting += [LogLine("output", Level.INFO, line) for line in lines]
        if not lines:
            self._waiting.append(LogLine("podthaw", Level.INFO, "the container printed nothing"))

    @on(LogView.FilterWanted)
    def _filter_wanted(self) -> None:
        entry = self.query_one("#filter", Input)
        entry.remove_class("-hidden")
        entry.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self.query_one(LogView).filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self.query_one(LogView).focus()

    @on(LogView.SaveWanted)
    def _save_wanted(self) -> None:
        try:
            path = save_log(self.query_one(LogView).lines)
        except (PodthawError, OSError) as error:
            self.app.notify(safe_text(str(error)), severity="error", markup=False)
        else:
            self.app.notify(shown_path(str(path)), title="Saved", markup=False)

    @work(group="restore")
    async def _follow(self) -> None:
        async with aclosing(self._restore.events()) as events:
            async for event in events:
                self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, LogLine):
            self._waiting.append(event)
            return
        self.query_one(StepList).follow(event)
        if isinstance(event, Finished):
            self._finished = event
            self._flush()
            self._show_result()
            self.refresh_bindings()
            self.app.ask_host()
            if self._leaving:
                self.app.exit()

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        self.query_one(LogView).add(lines)

    def _show_result(self) -> None:
        assert self._finished
        result = self.query_one("#result")
        result.add_class("-ended")
        result.query_one(Static).update(
            Content("\n").join(_result(self._finished, cleaned=self._cleaned))
        )

    def _close_filter(self) -> None:
        entry = self.query_one("#filter", Input)
        entry.value = ""
        entry.add_class("-hidden")
        self.query_one(LogView).focus()

    def _cancel(self, wanted: bool | None) -> None:
        if wanted and self.running:
            self._cancelling = True
            self._restore.cancel()
            self._waiting.append(LogLine("podthaw", Level.WARNING, "cancelling …"))
            self.refresh_bindings()

    def _leave(self, wanted: bool | None) -> None:
        if not wanted:
            return
        if not self.running:
            self.app.exit()
        self._leaving = True
        self._cancel(True)

    def _clean_up_wanted(self, wanted: bool | None) -> None:
        if wanted:
            self._clean_up()

    @work(group="clean-up", exclusive=True)
    async def _clean_up(self) -> None:
        assert self._finished
        failed = False
        async for line in clean_up(self.app.host, self._finished.remains):
            self._waiting.append(line)
            failed |= line.level is Level.ERROR
        self._cleaned = not failed
        self._show_result()
        self.refresh_bindings()
        self.app.ask_host()


def _result(finished: Finished, *, cleaned: bool) -> Iterator[Content]:
    words, style = _STATUS[finished.status]
    yield Content.assemble((words, style), f"  {safe_text(finished.name)}")
    if finished.status is Status.RESTORED:
        yield Content.assemble(("id  ", "$quiet"), finished.id[:SHORT_ID])
        for answer in finished.answers:
            yield Content.assemble(("answers on  ", "$quiet"), safe_text(answer))
        yield Content.styled("o shows what it printed", "$quiet")
    for conflict in finished.conflicts:
        yield Content(f"✖ {safe_text(conflict.title)}")
    if finished.cause and not finished.conflicts:
        yield Content(safe_text(finished.cause))
    if finished.said:
        yield Content.assemble(("Podman said  ", "$quiet"), safe_text(finished.said))
    if finished.remains:
        if cleaned:
            yield Content.styled("✔ what was left behind is removed", "$text-success")
        else:
            yield Content.styled("Left behind (d removes it)", "bold")
            for thing in finished.remains:
                yield Content(f"  {thing.kind} {safe_text(thing.name)}")
    if finished.log:
        yield Content.assemble(("log  ", "$quiet"), shown_path(finished.log))
