"""A restore that runs: its steps, its log, how it ended, and what can be done then."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from tui.archive.standard_input import shown
from tui.errors import PodthawError
from tui.host.host import NoAnswer
from tui.report.history import record_markdown
from tui.restore import journal, recovery
from tui.restore.events import Event, Finished, Level, LogLine, Remains, Status
from tui.restore.journal import CleanUp
from tui.restore.pipeline import Restore
from tui.restore.plan import same_import
from tui.text import safe_lines, safe_text, shell_line
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.saving import save_log, save_report
from tui.ui.screens.base import PodthawScreen
from tui.ui.screens.confirm import Confirm
from tui.ui.widgets.archive_line import ArchiveLine
from tui.ui.widgets.conflict_list import REMEDY_BINDINGS, free_letters
from tui.ui.widgets.key_footer import KeyFooter
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.result_view import ResultView
from tui.ui.widgets.step_list import StepList

_TICK = 0.1
"""Seconds between two batches of log lines."""

_OUTPUT_LINES = 200
"""Lines of the container's own output that are shown."""


class RunScreen(PodthawScreen):
    """One restore, from its start to what it left."""

    SCOPES = (Scope.RUN, Scope.LOG)
    BINDINGS = [*bindings(Scope.RUN), *REMEDY_BINDINGS]
    AUTO_FOCUS = "LogView"

    def __init__(self, restore: Restore) -> None:
        super().__init__()
        self._restore = restore
        self._waiting: list[LogLine] = []
        self._finished: Finished | None = None
        self._cancelling = False
        self._then: Callable[[], object] | None = None
        """What is to be done once it has ended."""
        self._to_close = False
        self._removed = False

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
                yield ResultView(id="result")
            with Vertical(id="right"):
                yield Input(placeholder="words to look for", id="filter", classes="-hidden")
                yield LogView()
        yield KeyFooter()

    def on_mount(self) -> None:
        """Start."""
        self.query_one(ArchiveLine).show(self.session)
        self.query_one(LogView).border_title = "Log"
        self.set_interval(_TICK, self._flush)
        self._follow()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another archive was in front."""
        if self._to_close:
            self.dismiss()
        elif self.query(ArchiveLine):
            self.query_one(ArchiveLine).show(self.session)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done while it runs, and what after."""
        finished = self._finished
        if action == "cancel":
            return finished is None and not self._cancelling
        if finished is None:
            return action not in _AFTERWARDS
        restored = finished.status is Status.RESTORED and not self._removed
        match action:
            case "output" | "ports":
                return restored
            case "shell":
                return restored and not self.app.host.simulated
            case "undo":
                return restored and bool(finished.undo)
            case "retry":
                return finished.status is not Status.RESTORED
            case "in_place":
                return self._can_try_again()
            case "clean_up":
                return bool(finished.remains) and not self._removed
            case "report":
                return bool(finished.record)
        return True

    def hang_up(self, then: Callable[[], object]) -> None:
        """Cancel it, and call `then` once it has ended."""
        self._then = then
        self._cancel(True)

    def leave_behind(self) -> None:
        """Write down that people have seen what was left, and kept it.

        Where it was cancelled on the way out nobody has seen it: the next podthaw asks.
        """
        finished, seen = self._finished, self._then is None
        if seen and finished and finished.remains and not self._removed:
            record = journal.find(finished.record)
            if record and record.clean_up is CleanUp.OPEN:
                journal.settled(record, CleanUp.KEPT)

    def action_cancel(self) -> None:
        """Ask whether it shall be cancelled."""
        self.app.push_screen(Confirm("Cancel the restore?"), self._cancel)

    def action_back(self) -> None:
        """Back to the form."""
        if self.query_one("#filter").has_class("-hidden"):
            self._close()
        else:
            self._close_filter()

    def action_retry(self) -> None:
        """Back to the form with what is known of the cause, once it is clear what becomes of it."""
        assert self._finished
        self.app.change(failure=self._finished.diagnosis)
        if self.check_action("clean_up", ()):
            self._ask_to_remove("Remove what this try has left first?", self._finished.remains)
        else:
            self._close()

    def action_in_place(self) -> None:
        """Try again with what was left behind."""
        session = self.app.session
        try:
            earlier = recovery.earlier(session.path, self.app.host, session.options)
        except PodthawError as error:
            self.complain(error)
        else:
            self.app.switch_screen(RunScreen(self.app.restoring(earlier)))

    def action_remedy(self, letter: str) -> None:
        """Use the remedy of the diagnosis with this letter."""
        diagnosis = self._finished.diagnosis if self._finished else None
        remedies = diagnosis.remedies if diagnosis else ()
        remedy = dict(zip(free_letters(self.app), remedies, strict=False)).get(letter)
        if remedy:
            self.app.use(remedy)
            self._show_result()
            self.refresh_bindings()

    def action_clean_up(self) -> None:
        """Ask whether what was left behind shall be removed."""
        assert self._finished
        self._ask_to_remove("Remove what was left behind?", self._finished.remains, stay=True)

    def action_undo(self) -> None:
        """Ask whether the restored container shall go again, with what came with it."""
        assert self._finished
        question = "Undo the restore? Its processes are killed."
        self._ask_to_remove(question, self._finished.undo, stay=True)

    def action_output(self) -> None:
        """Show what the restored container printed."""
        assert self._finished
        self._show_answer(("podman", "logs", f"--tail={_OUTPUT_LINES}", self._finished.id))

    def action_ports(self) -> None:
        """Show where the restored container answers now."""
        assert self._finished
        self._show_answer(("podman", "port", self._finished.id))

    def action_shell(self) -> None:
        """A shell in the restored container; podthaw comes back when it ends."""
        assert self._finished
        self._open_shell(("podman", "exec", "--interactive", "--tty", self._finished.id, "sh"))

    def action_report(self) -> None:
        """Save what is known of this restore for a ticket."""
        assert self._finished
        record = journal.find(self._finished.record)
        if record:
            self.save(
                lambda: save_report(record.id, record_markdown(record, journal.state(record)))
            )

    @property
    def front(self) -> Front:
        """The result where that is looked at, and else the log."""
        result = self.query_one(ResultView)
        return result.front if result.has_focus else self.query_one(LogView).front

    def action_copy(self) -> None:
        """Copy the result, or what the log shows."""
        result = self.query_one(ResultView)
        if result.has_focus:
            self.copy((result.front.text(), "the result"))
        else:
            self.copy(self.query_one(LogView).clip)

    @work(group="terminal", exclusive=True)
    async def _open_shell(self, argv: tuple[str, ...]) -> None:
        attach = partial(asyncio.to_thread, self.app.host.attach, argv)
        try:
            status = await self.app.lend(attach)
        except (NoAnswer, PodthawError) as error:
            self.complain(error)
            return
        if status in _NO_SHELL:
            self.complain("The container has no shell.")

    @work(group="output", exclusive=True)
    async def _show_answer(self, argv: tuple[str, ...]) -> None:
        try:
            answer = await self.app.host.run(argv)
        except NoAnswer as error:
            self._waiting.append(LogLine("podthaw", Level.ERROR, str(error)))
            return
        lines = safe_lines(answer.stdout) + safe_lines(answer.stderr)
        self._waiting.append(LogLine("podthaw", Level.INFO, shell_line(argv)))
        self._waiting += [LogLine("output", Level.INFO, line) for line in lines or ("(nothing)",)]

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
        self.save(lambda: save_log(self.query_one(LogView).lines))

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
            self.add_class("-ended")
            self.refresh_bindings()
            self.app.ask_host()
            if self._then:
                self._then()
            elif not self._is_in_front:
                self._tell_elsewhere(event)

    def _flush(self) -> None:
        lines, self._waiting = self._waiting, []
        self.query_one(LogView).add(lines)

    def _show_result(self) -> None:
        assert self._finished
        self.query_one(ResultView).show(
            self._finished, removed=self._removed, again=self._can_try_again()
        )

    def _can_try_again(self) -> bool:
        """Whether what was left can be restored in place with the options as they are now."""
        return (
            self._finished is not None
            and self._finished.again
            and not self._removed
            and same_import(self._restore.options, self.session.options)
        )

    def _close(self) -> None:
        self.leave_behind()
        self._to_close = True
        if self.is_current:
            self.dismiss()

    @property
    def _is_in_front(self) -> bool:
        """Whether its archive is."""
        return self.app.mode_of(self) == self.app.current_mode

    def _tell_elsewhere(self, finished: Finished) -> None:
        """Say how it ended to somebody who looks at another archive."""
        name = safe_text(shown(self.session.path).rpartition("/")[2])
        restored = finished.status is Status.RESTORED
        self.notify(
            name,
            title=f"The restore is over: {finished.status}",
            severity="information" if restored else "warning",
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

    def _ask_to_remove(
        self, question: str, remains: tuple[Remains, ...], *, stay: bool = False
    ) -> None:
        """Ask, and remove `remains`; afterwards `stay`, or go back to the form whatever is said."""

        def answered(wanted: bool | None) -> None:
            if wanted:
                self._remove(remains, stay=stay)
            elif wanted is False and not stay:
                self._close()

        names = ", ".join(f"{thing.kind} {safe_text(thing.name)}" for thing in remains)
        commands = [shell_line(argv) for thing in remains for argv in thing.remove]
        self.app.push_screen(
            Confirm(question, details=commands, warning=f"Removes {names}"), answered
        )

    @work(group="clean-up", exclusive=True)
    async def _remove(self, remains: Iterable[Remains], *, stay: bool) -> None:
        assert self._finished
        record = journal.find(self._finished.record)
        if record is None:
            self.complain("The record of this restore is gone; remove it by hand.")
            return
        failed = False
        try:
            async for line in recovery.remove(self.app.host, record, tuple(remains)):
                self._waiting.append(line)
                failed |= line.level is Level.ERROR
        except PodthawError as error:
            self.complain(error)
            failed = True
        self._removed = not failed
        self._show_result()
        self.refresh_bindings()
        self.app.ask_host()
        if not stay and not failed:
            self._close()


_AFTERWARDS = frozenset(
    ("back", "retry", "in_place", "clean_up", "undo", "output", "ports", "shell", "report")
)
"""What can only be done once the restore has ended."""

_NO_SHELL = (126, 127)
"""How Podman ends when a program cannot be run, or is not there."""
