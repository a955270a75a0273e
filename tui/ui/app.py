"""The application: one archive in front of one host, and the screens that show them."""

import asyncio
import os
import signal
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import SystemCommand
from textual.message import Message
from textual.screen import Screen
from textual.signal import Signal
from textual.worker import get_current_worker

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
from tui.settings import Settings
from tui.text import safe_text
from tui.ui.clipboard import fits
from tui.ui.console import Console, console_of
from tui.ui.keys import Scope, bindings
from tui.ui.offers import commands
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


class PodthawApp(RecoveringApp):
    """The terminal UI; what it returns is why it ended, if anything went wrong."""

    TITLE = "podthaw"
    CSS_PATH = "podthaw.tcss"
    BINDINGS = bindings(Scope.EVERYWHERE)
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
        settings: Settings | None = None,
        console: Console | None = None,
    ) -> None:
        """`patience` is how many seconds a restored container must run."""
        super().__init__(settings, console)
        self.host = host
        self.patience = patience
        self._path = path
        self.session = Session(path, host.name, host.simulated, options, reveal=reveal)
        self.session_changed: Signal[Session] = Signal(self, "session-changed")

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
        self._read_archive(path)

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

    def copy(self, text: str, what: str) -> None:
        """Put `text` on the clipboard, and say so."""
        if fits(text):
            self.copy_to_clipboard(text)
            self.notify(
                safe_text(f"{what} ({len(text):,} characters)"), title="Copied", markup=False
            )
        else:
            self.notify(
                safe_text(f"{what} is too long for a terminal's clipboard."),
                severity="warning",
                markup=False,
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
            loop.add_signal_handler(number, self._hang_up)

    def _hang_up(self) -> None:
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
        self.push_screen(keys_help(self.screen, self.keymap))

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
        """What can be done now, the views, and the themes."""
        yield from commands(screen, self.keymap)
        if isinstance(screen, InspectorScreen):
            for index, view in enumerate(VIEWS):
                go = partial(screen.show_view, index)
                yield SystemCommand(f"View: {view.title}", f"{view.key}  Go to this view.", go)
        yield SystemCommand("podthaw: Theme", "Change the colours.", self.action_change_theme)


def run(
    path: str,
    host: Host,
    options: RestoreOptions,
    *,
    reveal: bool = False,
    settings: Settings | None = None,
) -> int:
    """Open the UI on the archive or folder at `path`; the exit code says how it went.

    Raises PodthawError when nothing can be shown.
    """
    console = console_of(os.environ)
    app = PodthawApp(path, host, options, reveal=reveal, settings=settings, console=console)
    with lasting_terminal():
        error = app.run()
    if error:
        raise error
    return app.return_code or ExitCode.OK


def run_demo(settings: Settings | None = None) -> int:
    """Open the UI on the bundled checkpoint and the demo host."""
    return run(str(SHOP), DemoHost(), RestoreOptions(), settings=settings)
