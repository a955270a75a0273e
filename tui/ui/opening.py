"""Which archives are open: each has a session and, as a Textual mode, its own stack of screens."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import SystemCommand
from textual.message import Message
from textual.screen import Screen
from textual.signal import Signal
from textual.worker import get_current_worker

from tui import recent
from tui.archive.finding import holds_checkpoint, left_out
from tui.archive.places import whole
from tui.archive.standard_input import shown
from tui.checkpoint import reading
from tui.checkpoint.checkpoint import Checkpoint
from tui.errors import ArchiveError, HostError
from tui.host.collect import collect, reachable
from tui.host.demo import SHOP
from tui.host.facts import HostFacts
from tui.host.host import Host
from tui.host.questions import Questions, questions
from tui.restore.options import RestoreOptions
from tui.settings import Settings
from tui.text import plural, safe_text
from tui.ui import heap
from tui.ui.console import Console
from tui.ui.recovering import RecoveringApp
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.screens.open import OpenScreen
from tui.ui.screens.run import RunScreen
from tui.ui.session import Session

LIST = "list"
"""The mode of the list of archives; each archive has one of its own."""

_PAINTING = 0.02
"""Seconds in which a screen can be painted before an archive is read."""

_PLAIN = str.maketrans("[]", "［］")  # noqa: RUF001 (the palette takes the others for markup)


class OpeningApp(RecoveringApp):
    """An app that has archives open, one of them in front, or the list."""

    class CheckpointRead(Message):
        """More of an archive has been read."""

        def __init__(self, mode: str, checkpoint: Checkpoint) -> None:
            super().__init__()
            self.mode = mode
            self.checkpoint = checkpoint

    class ArchiveFailed(Message):
        """An archive cannot be read at all."""

        def __init__(self, mode: str, error: ArchiveError) -> None:
            super().__init__()
            self.mode = mode
            self.error = error

    class FactsCollected(Message):
        """The host has answered what one archive wants to know."""

        def __init__(self, mode: str, facts: HostFacts) -> None:
            super().__init__()
            self.mode = mode
            self.facts = facts

    class HostFailed(Message):
        """The host cannot be asked at all."""

        def __init__(self, mode: str, error: HostError) -> None:
            super().__init__()
            self.mode = mode
            self.error = error

    def __init__(
        self,
        paths: Sequence[str],
        host: Host,
        options: RestoreOptions,
        *,
        reveal: bool = False,
        settings: Settings | None = None,
        console: Console | None = None,
    ) -> None:
        """`paths` are archives to open and folders to list; those of `settings` are, too."""
        super().__init__(settings, console)
        self.host = host
        self.options = options
        """What every archive begins with."""
        self.sessions: dict[str, Session] = {}
        """Of the archives that are open, by their mode, in the order of their opening."""
        self.session_changed: Signal[Session] = Signal(self, "session-changed")
        self.host_version = 0
        """Counts how often something may have changed on the host."""
        self._paths = tuple(paths)
        self._nothing = Session("", host.name, host.simulated, options, reveal=reveal)
        self._numbers = count(1)
        self._last = LIST
        """The archive that was in front last."""
        self._listed = False
        self._stale: set[str] = set()
        """Archives whose facts may no longer hold; the host is asked once they are in front."""
        self.add_mode(LIST, self._make_list)

    def begin(self) -> None:
        """Open what was asked for, the first archive in front; where there is none, the list."""
        named = [path for path in self._paths if _is_folder(path)]
        try:
            for folder in named:
                left_out(folder)
        except ArchiveError as error:
            self.exit(error)
            return
        archives = [path for path in self._paths if not _is_folder(path)]
        for path in archives:
            self._add(path)
        self.go_to(next(iter(self.sessions), LIST))

    @property
    def session(self) -> Session:
        """That of the archive in front; an empty one in front of the list."""
        return self.sessions.get(self.current_mode, self._nothing)

    def mode_of(self, screen: Screen[Any]) -> str:
        """The mode that `screen` belongs to, wherever in its stack."""
        modes = (mode for mode in self.sessions if screen in self._screens(mode))
        return next(modes, self.current_mode)

    def session_of(self, screen: Screen[Any]) -> Session:
        """The session of the archive that `screen` belongs to, which need not be in front."""
        return self.sessions.get(self.mode_of(screen), self._nothing)

    def change(self, screen: Screen[Any] | None = None, **changes: Any) -> None:
        """Change the session in front, or that of `screen`, and tell the screens."""
        self._change(self.mode_of(screen) if screen else self.current_mode, **changes)

    def opened(self) -> tuple[str, ...]:
        """The absolute paths of the archives that are open."""
        return tuple(whole(session.path) for session in self.sessions.values())

    @property
    def place(self) -> str:
        """Which of the open archives is in front: `2/3`; empty where there is only one."""
        modes = list(self.sessions)
        if len(modes) < 2 or self.current_mode not in modes:
            return ""
        return f"{modes.index(self.current_mode) + 1}/{len(modes)}"

    @property
    def chosen_from(self) -> bool:
        """There is something to go back to from an archive."""
        return self._listed or len(self.sessions) > 1

    def open(self, path: str) -> None:
        """Bring the archive at `path` to the front, and read it unless it is open."""
        self.go_to(self._mode_at(path) or self._add(path))

    def go_to(self, mode: str) -> None:
        """Bring an archive to the front, or the list."""
        if self.current_mode in self.sessions:
            self._last = self.current_mode
        self._listed |= mode == LIST
        self.switch_mode(mode)
        if mode in self._stale:
            self._ask(mode)

    def close(self, mode: str, *, to: str = "") -> None:
        """Let go of an archive and all that is known of it; show `to`, or the one beside it."""
        modes = list(self.sessions)
        if mode not in modes:
            return
        for screen in self._screens(mode):
            if isinstance(screen, RunScreen):
                screen.leave_behind()
        at = modes.index(mode)
        beside = [*modes[at + 1 :][:1], *modes[:at][-1:], LIST]
        if mode == self.current_mode:
            self.go_to(to or beside[0])
        del self.sessions[mode]
        self._stale.discard(mode)
        self._last = LIST if self._last == mode else self._last
        for work_for in ("archive", "host"):
            self.workers.cancel_group(self, f"{work_for} {mode}")
        self.remove_mode(mode)
        heap.closed()
        self._tell_screens()

    def close_at(self, path: str) -> None:
        """Close the archive at `path`; a restore that runs asks first."""
        mode = self._mode_at(path)
        if mode is None:
            return
        running = self.running(mode)
        if not running:
            self.close(mode)
            return
        question = f"The restore of {_label(path)} is running. Cancel it and close the archive?"

        def answered(wanted: bool | None) -> None:
            if wanted:
                for one in running:
                    one.hang_up(partial(self.close, mode))

        self.push_screen(Confirm(question), answered)

    def running(self, mode: str = "") -> list[RunScreen]:
        """The restores that run, of all archives or of one."""
        return [
            screen
            for one in ([mode] if mode else self.sessions)
            for screen in self._screens(one)
            if isinstance(screen, RunScreen) and screen.running
        ]

    def leave(self) -> None:
        """End, unless restores run; those ask first."""
        running = self.running()
        if not running:
            self._end()
            return
        if len(running) == 1:
            question = "A restore is running. Cancel it and leave?"
        else:
            question = f"{plural(len(running), 'restore')} are running. Cancel them and leave?"

        def answered(wanted: bool | None) -> None:
            if wanted:
                self.hang_up()

        self.push_screen(Confirm(question), answered)

    def hang_up(self) -> None:
        """Cancel all restores that run, and end once they have ended."""
        for one in self.running():
            one.hang_up(self._end)
        self._end()

    def _end(self) -> None:
        if self.running():
            return
        for mode in self.sessions:
            for screen in self._screens(mode):
                if isinstance(screen, RunScreen):
                    screen.leave_behind()
        self.exit()

    def ask_host(self) -> None:
        """Collect the facts anew: for the archive in front now, for others when they come there."""
        self.host_version += 1
        self._stale |= self.sessions.keys()
        if self.current_mode in self.sessions:
            self._ask(self.current_mode)
        elif isinstance(self.screen, OpenScreen):
            self.screen.look_anew()

    def action_archives(self) -> None:
        """To the list, and from there back to the archive that was in front."""
        back = self._last if self._last in self.sessions else LIST
        self.go_to(back if self.current_mode == LIST else LIST)

    def action_step_archive(self, step: int) -> None:
        """To the next archive that is open, or by -1 to the one before."""
        modes = list(self.sessions)
        if self.current_mode in modes:
            self.go_to(modes[(modes.index(self.current_mode) + step) % len(modes)])
        elif self._last in modes:
            self.go_to(self._last)

    def action_close_archive(self) -> None:
        """Close the archive in front, or that under the cursor of the list."""
        if isinstance(self.screen, OpenScreen):
            self.close_at(self.screen.path)
        elif self.current_mode in self.sessions:
            self.close_at(self.session.path)

    def archive_commands(self) -> Iterator[SystemCommand]:
        """Where the palette leads: to each archive that is open, and to the list."""
        for mode, session in self.sessions.items():
            if mode != self.current_mode:
                title = f"Go to {_label(session.path).translate(_PLAIN)}"
                yield SystemCommand(title, "An archive that is open.", partial(self.go_to, mode))
        if self.current_mode != LIST:
            words = "All checkpoints that are found, and those that are open."
            yield SystemCommand("Archives", words, self.action_archives)

    def _make_list(self) -> OpenScreen:
        folders = [path if _is_folder(path) else _beside(path) for path in self._paths]
        return OpenScreen([str(Path(one).resolve()) for one in (*folders, *self.settings.folders)])

    def _screens(self, mode: str) -> list[Screen[Any]]:
        try:
            return self.get_screen_stack(mode)
        except KeyError:  # nobody has looked at it yet
            return []

    def _mode_at(self, path: str) -> str | None:
        modes = (mode for mode, one in self.sessions.items() if _same(one.path, path))
        return next(modes, None)

    def _add(self, path: str) -> str:
        mode = f"archive-{next(self._numbers)}"
        reveal = self._nothing.reveal
        self.sessions[mode] = Session(
            path, self.host.name, self.host.simulated, self.options, reveal=reveal
        )
        self.add_mode(mode, InspectorScreen)
        heap.loading()
        reading_it = partial(self._read_archive, mode, path)
        begin = partial(self.run_worker, reading_it, group=f"archive {mode}", thread=True)
        self.set_timer(_PAINTING, begin)
        return mode

    def _change(self, mode: str, **changes: Any) -> None:
        if mode in self.sessions:
            self.sessions[mode] = self.sessions[mode].changed(**changes)
            if mode == self.current_mode:
                self._tell_screens()

    def _tell_screens(self) -> None:
        self.session_changed.publish(self.session)

    def _ask(self, mode: str) -> None:
        checkpoint = self.sessions[mode].checkpoint
        self._stale.discard(mode)
        self._change(mode, asking=True, trouble="")
        asked = questions(checkpoint) if checkpoint else Questions()
        collecting: Callable[[], Awaitable[None]] = partial(self._collect_facts, mode, asked)
        self.run_worker(collecting, group=f"host {mode}", exclusive=True)

    def _read_archive(self, mode: str, path: str) -> None:
        worker = get_current_worker()
        try:
            for checkpoint in reading.read(path):
                if worker.is_cancelled:
                    return
                self.post_message(self.CheckpointRead(mode, checkpoint))
        except ArchiveError as error:
            self.post_message(self.ArchiveFailed(mode, error))

    async def _collect_facts(self, mode: str, asked: Questions) -> None:
        try:
            await reachable(self.host)
            self.post_message(self.FactsCollected(mode, await collect(self.host, asked)))
        except HostError as error:
            self.post_message(self.HostFailed(mode, error))

    @on(CheckpointRead)
    def _checkpoint_read(self, event: CheckpointRead) -> None:
        session = self.sessions.get(event.mode)
        if session is None:
            return
        checkpoint = event.checkpoint
        first = not session.checkpoint or not session.checkpoint.documents
        self._change(event.mode, checkpoint=checkpoint)
        if first and (checkpoint.documents or checkpoint.contents.finished):
            self._ask(event.mode)
            self._remember(session.path)

    @work(thread=True, group="recent")
    def _remember(self, path: str) -> None:
        if not _passing(path):
            recent.remember(whole(path))

    @on(ArchiveFailed)
    def _archive_failed(self, event: ArchiveFailed) -> None:
        if event.mode not in self.sessions:
            return
        if not self.chosen_from:
            self.exit(event.error)
            return
        self.close(event.mode, to=LIST if self._listed else "")
        self.notify(str(event.error), title="Cannot be opened", severity="error")

    @on(FactsCollected)
    def _facts_collected(self, event: FactsCollected) -> None:
        self._change(event.mode, facts=event.facts, asking=False, trouble="")

    @on(HostFailed)
    def _host_failed(self, event: HostFailed) -> None:
        trouble = str(event.error)
        self._change(event.mode, asking=False, trouble=trouble, facts=None, plan=None)


def _is_folder(path: str) -> bool:
    """Whether `path` is a folder of archives; one that is a checkpoint is an archive itself."""
    return Path(path).is_dir() and not holds_checkpoint(Path(path))


def _beside(path: str) -> str:
    """The folder whose other archives are listed when the one at `path` was named."""
    return "." if _passing(path) else str(Path(path).parent)


def _passing(path: str) -> bool:
    """Whether `path` is one that nobody wants to be reminded of."""
    return path == str(SHOP) or shown(path) != path


def _same(one: str, other: str) -> bool:
    with suppress(OSError, ValueError):
        return Path(one).samefile(other)
    return one == other


def _label(path: str) -> str:
    return safe_text(shown(path).rstrip("/").rpartition("/")[2])
