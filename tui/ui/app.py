"""The application: one archive in front of one host, and the screens that show them."""

import asyncio
import signal
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import SystemCommand
from textual.message import Message
from textual.screen import Screen
from textual.signal import Signal
from textual.theme import Theme
from textual.worker import WorkerFailed, get_current_worker

from tui.archive.finding import holds_checkpoint
from tui.checkpoint import reading
from tui.checkpoint.checkpoint import Checkpoint
from tui.errors import ArchiveError, ExitCode, HostError
from tui.host.collect import collect, reachable
from tui.host.demo import SHOP, DemoHost
from tui.host.facts import HostFacts
from tui.host.host import Host
from tui.host.questions import Questions, questions
from tui.restore.conflict import Remedy
from tui.restore.earlier import Earlier
from tui.restore.mend import mend
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import PATIENCE, Restore
from tui.restore.plan import apply
from tui.text import safe_text
from tui.ui import heap
from tui.ui.keys import KEYS, Scope, bindings
from tui.ui.outward import OutwardApp
from tui.ui.recovering import RecoveringApp
from tui.ui.screens.base import PodthawScreen
from tui.ui.screens.help import keys_help
from tui.ui.screens.history import HistoryScreen
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.screens.open import OpenScreen
from tui.ui.screens.remedy import RemedyScreen
from tui.ui.screens.run import RunScreen
from tui.ui.session import Session
from tui.ui.terminal import lasting_terminal
from tui.ui.views import VIEWS

THAW = Theme(
    name="thaw",
    dark=True,
    primary="#6cb6e8",
    secondary="#4d7ea8",
    accent="#b69cf0",
    warning="#e5b567",
    error="#ef6f6c",
    success="#7fc77a",
    foreground="#d7dee6",
    background="#10151b",
    surface="#161d25",
    panel="#1d2731",
    variables={"quiet": "#8a98a6"},
)


class PodthawApp(RecoveringApp, OutwardApp):
    """The terminal UI; what it returns is why it ended, if anything went wrong."""

    TITLE = "podthaw"
    CSS_PATH = "podthaw.tcss"
    BINDINGS = [*bindings(Scope.EVERYWHERE), *bindings(Scope.OUTWARD)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]

    class CheckpointRead(Message):
        """More of the archive has been read."""

        def __init__(self, checkpoint: Checkpoint) -> None:
            super().__init__()
            self.checkpoint = checkpoint

    class ArchiveFailed(Message):
        """The archive cannot be read at all."""

        def __init__(self, path: str, error: ArchiveError) -> None:
            super().__init__()
            self.path = path
            self.error = error

    class FactsCollected(Message):
        """The host has answered."""

        def __init__(self, facts: HostFacts) -> None:
            super().__init__()
            self.facts = facts

    class HostFailed(Message):
        """The host cannot be asked at all."""

        def __init__(self, error: HostError) -> None:
            super().__init__()
            self.error = error

    def __init__(
        self,
        path: str,
        host: Host,
        options: RestoreOptions,
        *,
        reveal: bool = False,
        patience: float = PATIENCE,
    ) -> None:
        """`patience` is how many seconds a restored container must run."""
        super().__init__()
        self.host = host
        self.patience = patience
        self._path = path
        self.session = Session(path, host.name, host.simulated, options, reveal=reveal)
        self.session_changed: Signal[Session] = Signal(self, "session-changed")
        self.register_theme(THAW)
        self.theme = THAW.name

    def _fatal_error(self) -> None:
        """End without a word: Textual would print a traceback with all locals."""
        self._close_messages_no_wait()

    @property
    def defect(self) -> BaseException | None:
        """The first exception that nobody expected; of a worker's the one that was raised in it."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) else error

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colour of what is less important, readable in dark and light themes.

        Textual's own `$text-muted` depends on what it stands on, which rich's styles cannot know.
        """
        return {"quiet": "#7f8b97"}

    def on_mount(self) -> None:
        """Open what was asked for."""
        # after a suspension the screen would stay blank
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        self._listen_to_signals()
        self.look_back()
        path = Path(self._path)
        if path.is_dir() and not holds_checkpoint(path):
            self.push_screen(OpenScreen(self._path))
        else:
            self.open(self._path)

    def open(self, path: str) -> None:
        """Read the archive at `path`, and show it."""
        options, reveal = self.session.options, self.session.reveal
        self.session = Session(path, self.host.name, self.host.simulated, options, reveal=reveal)
        self.push_screen(InspectorScreen())
        heap.loading()
        self.call_after_refresh(self._read_archive, path)  # once the screen has been painted

    def change(self, **changes: Any) -> None:
        """Change the session, and tell the screens."""
        self.session = self.session.changed(**changes)
        self.session_changed.publish(self.session)

    def ask_host(self) -> None:
        """Collect the facts anew."""
        checkpoint = self.session.checkpoint
        self.change(asking=True, trouble="")
        self._collect_facts(questions(checkpoint) if checkpoint else Questions())

    def restoring(self, earlier: Earlier | None = None) -> Restore:
        """The restore that the session asks for, or another try of an `earlier` one."""
        session = self.session
        return Restore(
            self.host,
            session.path,
            session.options,
            checkpoint=session.checkpoint,
            reveal=session.reveal,
            patience=self.patience,
            earlier=earlier,
        )

    def use(self, remedy: Remedy) -> None:
        """Change the options as `remedy` says, or ask whether to run its commands."""
        if remedy.options:
            self.change(options=apply(self.session.options, remedy))
            self.notify(safe_text(remedy.label), title="Done", timeout=2, markup=False)
        else:
            self.push_screen(RemedyScreen(self.host, remedy), self._after_remedy)

    def fix(self) -> None:
        """Mend everything that needs no decision; commands are asked about first."""
        session = self.session
        if session.checkpoint is None or session.facts is None:
            return
        mended = mend(session.checkpoint, session.facts, session.options)
        self.change(options=mended.options)
        if mended.chosen:
            labels = "; ".join(remedy.label for remedy in mended.chosen)
            self.notify(safe_text(labels), title="Done", timeout=3, markup=False)
        if mended.commands:
            commands = tuple(argv for remedy in mended.commands for argv in remedy.commands)
            rest = Remedy("mend", "run what mends the rest", commands=commands)
            self.push_screen(RemedyScreen(self.host, rest), self._after_remedy)
        elif not mended.chosen:
            self.notify("Nothing can be mended without a decision of yours.", markup=False)

    def _after_remedy(self, ran: bool | None) -> None:
        if ran:
            self.ask_host()

    def _listen_to_signals(self) -> None:
        """A closed terminal and a polite kill cancel a restore that runs before podthaw ends."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._hang_up, number)

    def _hang_up(self, number: int) -> None:
        if self.lent and number == signal.SIGINT:
            return  # ctrl+c was meant for the program that has the terminal
        running = [one for one in self.screen_stack if isinstance(one, RunScreen) and one.running]
        if running:
            running[0].hang_up()
        else:
            self.exit(return_code=ExitCode.INTERRUPTED)

    @work(thread=True, group="archive", exclusive=True)
    def _read_archive(self, path: str) -> None:
        worker = get_current_worker()
        try:
            for checkpoint in reading.read(path):
                if worker.is_cancelled:
                    return
                self.post_message(self.CheckpointRead(checkpoint))
        except ArchiveError as error:
            self.post_message(self.ArchiveFailed(path, error))

    @work(group="host", exclusive=True)
    async def _collect_facts(self, asked: Questions) -> None:
        try:
            await reachable(self.host)
            self.post_message(self.FactsCollected(await collect(self.host, asked)))
        except HostError as error:
            self.post_message(self.HostFailed(error))

    @on(CheckpointRead)
    def _checkpoint_read(self, event: CheckpointRead) -> None:
        if event.checkpoint.contents.path != self.session.path:
            return
        first = not self.session.checkpoint or not self.session.checkpoint.documents
        self.change(checkpoint=event.checkpoint)
        if first and (event.checkpoint.documents or event.checkpoint.contents.finished):
            self.ask_host()

    @on(ArchiveFailed)
    def _archive_failed(self, event: ArchiveFailed) -> None:
        heap.loaded()
        if event.path == self._path:
            self.exit(event.error)
        elif event.path == self.session.path:
            self.pop_screen()
            self.notify(str(event.error), title="Cannot be opened", severity="error", markup=False)

    @on(FactsCollected)
    def _facts_collected(self, event: FactsCollected) -> None:
        self.change(facts=event.facts, asking=False, trouble="")

    @on(HostFailed)
    def _host_failed(self, event: HostFailed) -> None:
        self.change(asking=False, trouble=str(event.error), facts=None, plan=None)

    def action_help(self) -> None:
        """Show the keys of the screen that is open."""
        self.push_screen(keys_help((*_scopes(self.screen), Scope.OUTWARD, Scope.EVERYWHERE)))

    async def action_quit(self) -> None:
        """Leave; a running restore asks first."""
        running = [one for one in self.screen_stack if isinstance(one, RunScreen) and one.running]
        if running:
            running[0].ask_to_leave()
            return
        for one in self.screen_stack:
            if isinstance(one, RunScreen):
                one.leave_behind()
        self.exit()

    def action_zoom(self) -> None:
        """Show the pane with the focus alone, or all of them again."""
        if isinstance(self.screen, PodthawScreen):
            self.screen.zoom()

    def action_history(self) -> None:
        """The restores that were run from here."""
        if not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The keys of the screen, and what Textual brings along."""
        yield from _commands(screen)
        yield SystemCommand("Help", "Show the keys and signs of this screen.", self.action_help)
        yield SystemCommand("Theme", "Change the colours.", self.action_change_theme)
        yield SystemCommand("Quit", "Leave podthaw.", partial(self.run_action, "quit"))


def _scopes(screen: Screen[Any]) -> tuple[Scope, ...]:
    scopes = getattr(screen, "SCOPES", ())
    return tuple(scopes)


def _commands(screen: Screen[Any]) -> Iterator[SystemCommand]:
    for scope in (*_scopes(screen)[:1], Scope.OUTWARD):
        for key in KEYS[scope]:
            if "{}" not in key.action and screen.check_action(key.action, ()):
                yield SystemCommand(
                    key.label, f"{key.help} ({key.shown})", partial(screen.run_action, key.action)
                )
    if isinstance(screen, InspectorScreen):
        for index, view in enumerate(VIEWS):
            yield SystemCommand(view.title, "Go to this view.", partial(screen.show_view, index))


def run(path: str, host: Host, options: RestoreOptions, *, reveal: bool = False) -> int:
    """Open the UI on the archive or folder at `path`; the exit code says how it went.

    Raises PodthawError when nothing can be shown.
    """
    app = PodthawApp(path, host, options, reveal=reveal)
    with lasting_terminal():
        error = app.run()
    if app.defect:
        raise app.defect
    if error:
        raise error
    return app.return_code or ExitCode.OK


def run_demo() -> int:
    """Open the UI on the bundled checkpoint and the demo host."""
    return run(str(SHOP), DemoHost(), RestoreOptions())
