"""The application: archives in front of one host, and the screens that show them."""

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen
from textual.worker import WorkerFailed

from tui.errors import ExitCode
from tui.host.demo import SHOP, DemoHost
from tui.host.host import Host
from tui.restore.conflict import Remedy
from tui.restore.earlier import Earlier
from tui.restore.mend import mend
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import PATIENCE, Restore
from tui.restore.plan import apply
from tui.settings import Settings
from tui.text import safe_text
from tui.ui.console import Console, console_of
from tui.ui.keys import Scope, bindings
from tui.ui.offers import commands
from tui.ui.opening import OpeningApp
from tui.ui.outward import OutwardApp
from tui.ui.screens.base import PodthawScreen
from tui.ui.screens.help import keys_help
from tui.ui.screens.history import HistoryScreen
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.screens.remedy import RemedyScreen
from tui.ui.terminal import lasting_terminal
from tui.ui.views import VIEWS


class PodthawApp(OpeningApp, OutwardApp):
    """The terminal UI; what it returns is why it ended, if anything went wrong."""

    TITLE = "podthaw"
    CSS_PATH = "podthaw.tcss"
    BINDINGS = [*bindings(Scope.EVERYWHERE), *bindings(Scope.OUTWARD)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]

    def __init__(
        self,
        path: str,
        host: Host,
        options: RestoreOptions,
        *,
        others: Sequence[str] = (),
        reveal: bool = False,
        patience: float = PATIENCE,
        settings: Settings | None = None,
        console: Console | None = None,
    ) -> None:
        """`path` and `others` are archives to open and folders to list.

        `patience` is how many seconds a restored container must run.
        """
        super().__init__(
            (path, *others),
            host,
            options,
            reveal=reveal,
            settings=settings,
            console=console,
        )
        self.patience = patience

    def _fatal_error(self) -> None:
        """End without a word: Textual would print a traceback with all locals."""
        self._close_messages_no_wait()

    @property
    def defect(self) -> BaseException | None:
        """The first exception that nobody expected; of a worker's the one that was raised in it."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) else error

    def on_mount(self) -> None:
        """Open what was asked for."""
        # after a suspension the screen would stay blank
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh(layout=True))
        self._listen_to_signals()
        self.look_back()
        self.begin()

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
            self.notify(safe_text(remedy.label), title="Done", timeout=2)
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
            self.notify(safe_text(labels), title="Done", timeout=3)
        if mended.commands:
            commands = tuple(argv for remedy in mended.commands for argv in remedy.commands)
            rest = Remedy("mend", "run what mends the rest", commands=commands)
            self.push_screen(RemedyScreen(self.host, rest), self._after_remedy)
        elif not mended.chosen:
            self.notify("Nothing can be mended without a decision of yours.")

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
        if self.running():
            self.hang_up()
        else:
            self.exit(return_code=ExitCode.INTERRUPTED)

    def action_help(self) -> None:
        """Show the keys of the screen that is open."""
        self.push_screen(keys_help(self.screen, self.keymap))

    async def action_quit(self) -> None:
        """Leave; a running restore asks first."""
        self.leave()

    def action_zoom(self) -> None:
        """Show the pane with the focus alone, or all of them again."""
        if isinstance(self.screen, PodthawScreen):
            self.screen.zoom()

    def action_history(self) -> None:
        """The restores that were run from here."""
        if not isinstance(self.screen, HistoryScreen):
            self.push_screen(HistoryScreen())

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What can be done now, the archives, the views, and the themes."""
        yield from commands(screen, self.keymap)
        yield from self.archive_commands()
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
    others: Sequence[str] = (),
    reveal: bool = False,
    settings: Settings | None = None,
) -> int:
    """Open the UI on the archive or folder at `path` and on `others`, the first archive in front.

    The folders of the settings are listed, too. The exit code says how it went. Raises
    PodthawError when nothing can be shown.
    """
    app = PodthawApp(
        path,
        host,
        options,
        others=others,
        reveal=reveal,
        settings=settings,
        console=console_of(os.environ),
    )
    with lasting_terminal():
        error = app.run()
    if app.defect:
        raise app.defect
    if error:
        raise error
    return app.return_code or ExitCode.OK


def run_demo(settings: Settings | None = None) -> int:
    """Open the UI on the bundled checkpoint and the demo host."""
    return run(str(SHOP), DemoHost(), RestoreOptions(), settings=settings)
