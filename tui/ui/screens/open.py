"""Choosing among the archives that lie around; what they are is found out meanwhile."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from tui import recent
from tui.archive.places import KUBELET, Gathered, gather
from tui.errors import ArchiveError, HostError
from tui.report.assessment import Glance, assess, glance
from tui.text import safe_text, shown_path
from tui.ui.keys import Scope, bindings
from tui.ui.rows.checkpoints import Entry, checkpoints_table, entry_facts, gathered
from tui.ui.rows.model import Row, Table
from tui.ui.screens.base import PodthawScreen
from tui.ui.widgets.checkpoints_view import CheckpointsView
from tui.ui.widgets.key_footer import KeyFooter
from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView
from tui.ui.widgets.text_pane import TextPane

_AT_ONCE = 2
"""Archives whose beginning is looked at side by side."""

_TICK = 0.1
"""Seconds between two changes of the table."""

_PAIR = 2
"""Archives that are compared."""


class OpenScreen(PodthawScreen):
    """The archives of some folders and those that were opened before, the newest first."""

    SCOPES = (Scope.OPEN, Scope.ROWS, Scope.VIEWS)
    BINDINGS = bindings(Scope.OPEN)
    AUTO_FOCUS = ".rows"

    class Listed(Message):
        """It is known what lies where."""

        def __init__(self, found: Gathered) -> None:
            super().__init__()
            self.found = found

    def __init__(self, folders: Sequence[str]) -> None:
        """`folders` are absolute."""
        super().__init__()
        self._folders = tuple(folders)
        self._entries: dict[str, Entry] = {}
        self._note = ""
        self._marked: list[str] = []
        self._claimed: set[str] = set()
        """What somebody looks at already."""
        self._wanted: set[str] = set()
        """Large archives that are to be read all the same."""
        self._host_version = 0
        self._revision = 0
        self._tick: Timer | None = None

    def compose(self) -> ComposeResult:
        """Title, filter, table and preview, or what a newcomer should know."""
        host = safe_text(self.app.host.name)
        title = Content.assemble(("podthaw", "bold"), "  open a checkpoint", f"  ·  for {host}")
        yield Static(title, id="title")
        entry = Input(placeholder="words to look for", id="filter", classes="-hidden")
        entry.border_subtitle = "Enter goes to what was found · Esc closes"
        yield entry
        yield CheckpointsView("Archives", id="checkpoints")
        with TextPane(id="nothing", classes="-hidden") as nothing:
            nothing.border_title = "No checkpoints here"
            yield Static(_introduction(self._folders))
        yield KeyFooter()

    @property
    def path(self) -> str:
        """Of the archive under the cursor; empty for none."""
        row = self._view.rows.row if self.is_mounted else None
        return row.id if row else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with the row under the cursor."""
        entry = self._entries.get(self.path)
        match action:
            case "mark" | "filter" | "copy":
                return entry is not None
            case "differences":
                return bool(self._pair) or None
            case "read":
                return entry is not None and entry.large and entry.undecided
            case "forget":
                return entry is not None and entry.found.remembered
        return True

    def on_screen_resume(self) -> None:
        """Look what lies there now, and go on."""
        if self.app.host_version != self._host_version:
            self._host_version = self.app.host_version
            self._entries = {path: one.forgotten() for path, one in self._entries.items()}
        self._look_around()

    def on_screen_suspend(self) -> None:
        """Leave the machine to what is in front now."""
        for group in ("glance", "verdict"):
            self.workers.cancel_group(self, group)

    def look_anew(self) -> None:
        """Find out everything about the host again."""
        self.workers.cancel_group(self, "verdict")
        self.on_screen_resume()

    def action_mark(self) -> None:
        """Mark the row, or no longer; two can be marked."""
        path = self.path
        if path in self._marked:
            self._marked.remove(path)
        else:
            self._marked = [*self._marked[1 - _PAIR :], path]
        self._show()
        self._view.rows.action_cursor_down()

    def action_differences(self) -> None:
        """Compare the two that are marked, or the marked one with that under the cursor."""
        if self._pair:
            from tui.ui.screens.compare import CompareScreen

            self.app.push_screen(CompareScreen(*self._pair))

    def action_filter(self) -> None:
        """Open the filter."""
        entry = self.query_one("#filter", Input)
        entry.remove_class("-hidden")
        entry.focus()

    def action_read(self) -> None:
        """Read a large archive, wherever the cursor goes."""
        self._wanted.add(self.path)
        self._fill()

    def action_update(self) -> None:
        """Look anew."""
        self.app.ask_host()

    def action_forget(self) -> None:
        """Remember the archive under the cursor no longer."""
        recent.forget(self.path)
        self._look_around()

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        clip = self._view.clip
        if clip:
            self.app.copy(*clip)

    def action_back(self) -> None:
        """Close what is open."""
        if not self.query_one("#filter").has_class("-hidden"):
            self._close_filter()
        self._view.back()
        self.set_focus(self._view.rows)

    @on(Input.Changed, "#filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._view.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self.set_focus(self._view.rows)

    @on(RowsView.LinkFollowed)
    def _row_chosen(self, event: RowsView.LinkFollowed) -> None:
        entry = self._entries.get(event.link.row)
        if entry is None:
            return
        if entry.gone:
            self.complain(f"{shown_path(entry.id)} is gone.")
        else:
            self.app.open(entry.id)

    @on(RowList.Highlighted, ".rows")
    def _row_highlighted(self) -> None:
        self.refresh_bindings()
        self._leave_large()
        self._fill()

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        self._entries = gathered(event.found.found, self._entries)
        self._marked = [path for path in self._marked if path in self._entries]
        self._note = " · ".join(event.found.notes)
        self._show()
        self._fill()

    @work(thread=True, group="places", exclusive=True)
    def _look_around(self) -> None:
        worker = get_current_worker()
        found = gather(self._folders, recent.recent())
        if not worker.is_cancelled:
            self.post_message(self.Listed(found))

    def _fill(self) -> None:
        """Have somebody look at what is not known yet, if nobody does."""
        if not self.is_current:
            return
        busy = {one.group for one in self.workers if one.node is self and not one.is_finished}
        if "glance" not in busy and self._next_unseen():
            self._look()
        if "verdict" not in busy and self._next_undecided():
            self._decide()

    @work(group="glance", exclusive=True)
    async def _look(self) -> None:
        worker = get_current_worker()

        def stopped() -> bool:
            return worker.is_cancelled

        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._look_on(stopped))
        self._show()

    async def _look_on(self, stopped: Callable[[], bool]) -> None:
        """Look at the beginning of one archive after the other."""
        while (path := self._next_unseen()) is not None:
            self._claimed.add(path)
            try:
                self._take(path, await asyncio.to_thread(_tried, path, stopped))
            finally:
                self._claimed.discard(path)
            self._fill()

    def _take(self, path: str, found: Glance | ArchiveError) -> None:
        if path not in self._entries:
            return
        if isinstance(found, ArchiveError):
            self._change(path, self._entries[path].failed(found))
        else:
            self._change(path, replace(self._entries[path], glance=found))

    @work(group="verdict", exclusive=True)
    async def _decide(self) -> None:
        """Read one archive after the other, and say what its restore would meet."""
        worker = get_current_worker()
        while (path := self._next_undecided()) is not None:
            self._change(path, replace(self._entries[path], reading=True))
            changes: dict[str, object] = {}
            error = None
            try:
                changes["assessment"] = await assess(
                    path, self.app.host, self.app.options, lambda: worker.is_cancelled
                )
            except ArchiveError as caught:
                error = caught
            except HostError as caught:
                for other, entry in self._entries.items():
                    self._entries[other] = replace(entry, trouble_with_host=str(caught))
            finally:
                if path in self._entries:
                    known = replace(self._entries[path], reading=False)
                    self._change(path, known)
            if error and path in self._entries:
                self._change(path, self._entries[path].failed(error))
            elif changes and path in self._entries:
                self._change(path, replace(self._entries[path], **changes))  # type: ignore[arg-type]
        self._show()

    def _next_unseen(self) -> str | None:
        return next((one.id for one in self._in_order() if one.unseen), None)

    def _next_undecided(self) -> str | None:
        at = self.path
        waiting = (one for one in self._in_order() if one.undecided and not one.trouble_with_host)
        wanted = (one for one in waiting if not one.large or one.id in (at, *self._wanted))
        return next((one.id for one in wanted), None)

    def _in_order(self) -> Iterator[Entry]:
        """What nobody looks at yet, what people look at first."""
        for path in self._view.in_sight:
            if path in self._entries and path not in self._claimed:
                yield self._entries[path]

    def _leave_large(self) -> None:
        """Read a large archive no further when the cursor has left it."""
        at = self.path
        reading = [one for one in self._entries.values() if one.reading and one.large]
        if any(one.id not in (at, *self._wanted) for one in reading):
            self.workers.cancel_group(self, "verdict")

    def _change(self, path: str, entry: Entry) -> None:
        self._entries[path] = entry
        if self._tick is None:
            self._tick = self.set_timer(_TICK, self._show)

    def _show(self) -> None:
        """Show what is known now."""
        if self._tick:
            self._tick.stop()
            self._tick = None
        if not self.is_mounted:
            return
        self._revision += 1
        opened = self.app.opened()
        table = checkpoints_table(self._entries.values(), opened, self._marked, self._note)
        self._view.show(table, "Looking around …", self._describe, self._revision)
        nothing = not self._entries
        self._view.set_class(nothing and not self._note, "-hidden")
        self.query_one("#nothing").set_class(not nothing, "-hidden")
        self.refresh_bindings()

    def _describe(self, row: Row) -> Table:
        entry = self._entries.get(row.id)
        return entry_facts(entry, row.id in self.app.opened()) if entry else Table()

    def _close_filter(self) -> None:
        entry = self.query_one("#filter", Input)
        entry.add_class("-hidden")
        entry.value = ""
        self._view.filter("")

    @property
    def _pair(self) -> tuple[str, str] | None:
        """What would be compared."""
        pair = self._marked if len(self._marked) == _PAIR else [*self._marked, self.path]
        sound = len(set(pair)) == _PAIR and all(pair)
        return (pair[0], pair[1]) if sound else None

    @property
    def _view(self) -> CheckpointsView:
        return self.query_one(CheckpointsView)


def _tried(path: str, stopped: Callable[[], bool]) -> Glance | ArchiveError:
    try:
        return glance(path, stopped)
    except ArchiveError as error:
        return error


def _introduction(folders: Sequence[str]) -> Content:
    """What a newcomer should know who has no checkpoint."""
    places = [*dict.fromkeys(shown_path(folder) for folder in folders), KUBELET]
    return Content("\n").join(
        (
            Content(
                "podthaw looks for checkpoints of containers: archives (.tar, also compressed),"
            ),
            Content("OCI images, and folders that hold one. It has looked in"),
            *(Content.styled(f"  {place}", "bold") for place in places),
            Content("and found none. This makes one of a container that runs:"),
            Content(""),
            Content.styled(
                "  podman container checkpoint --export FILE CONTAINER", "$text-primary"
            ),
            Content(""),
            Content("And this shows one that comes with podthaw, on a simulated host:"),
            Content(""),
            Content.styled("  podthaw demo", "$text-primary"),
            Content(""),
            Content("podthaw FILE opens an archive anywhere, podthaw DIR lists another folder."),
        )
    )
