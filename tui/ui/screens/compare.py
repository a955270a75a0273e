"""Two checkpoints side by side: what was added, changed and removed from one to the other."""

from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import Worker, get_current_worker

from tui.archive.spool import folder, needed
from tui.archive.standard_input import shown
from tui.checkpoint import reading
from tui.checkpoint.comparison import Comparison, compare, look
from tui.checkpoint.comparison.content import Content as Looked
from tui.checkpoint.comparison.side import Side, read_side
from tui.criu.memories import memory_members
from tui.errors import ArchiveError
from tui.report.comparison import relation_words, side_words
from tui.text import safe_text, size
from tui.ui.keys import Scope, bindings
from tui.ui.pace import Pace
from tui.ui.rows.comparison import Compared, compared, difference_facts
from tui.ui.rows.model import Row, Table
from tui.ui.rows.running import UNPACKED
from tui.ui.screens.base import PodthawScreen
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.inside import going_on
from tui.ui.screens.progress import ProgressScreen
from tui.ui.widgets.key_footer import KeyFooter
from tui.ui.widgets.rows_view import RowsView

_PAUSE = 0.15
"""Seconds after the last keystroke before a filter is applied."""


class CompareScreen(PodthawScreen):
    """The first is before, the second after; both are read when the screen opens."""

    SCOPES = (Scope.COMPARE, Scope.VIEWS, Scope.ROWS)
    BINDINGS = bindings(Scope.COMPARE)
    AUTO_FOCUS = ".rows"

    class Progressed(Message):
        """How far the reading is."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

        def can_replace(self, message: Message) -> bool:
            """Only the last one is of interest."""
            return isinstance(message, CompareScreen.Progressed)

    class Read(Message):
        """Both have been read."""

        def __init__(self, before: Side, after: Side) -> None:
            super().__init__()
            self.sides = before, after

    class Failed(Message):
        """One of them cannot be read."""

        def __init__(self, error: ArchiveError) -> None:
            super().__init__()
            self.error = error

    class Made(Message):
        """It is known what differs."""

        def __init__(self, comparison: Comparison, found: Compared) -> None:
            super().__init__()
            self.comparison = comparison
            self.found = found

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self._paths = first, second
        self._sides: tuple[Side, Side] | None = None
        self._looked: Looked | None = None
        """What the bytes have told, if somebody has asked."""
        self._comparison: Comparison | None = None
        self._found = Compared()
        self._reveal = False
        self._everything = False
        self._pause: Timer | None = None
        self._pace = Pace()
        """How far the reading was when that was last said."""

    def compose(self) -> ComposeResult:
        """Who is compared, the filter, the differences, the keys."""
        yield Static(id="compared")
        with Vertical(id="centre"):
            entry = Input(placeholder="words to look for", id="filter", classes="-hidden")
            entry.border_subtitle = "Enter goes to what was found · Esc closes"
            yield entry
            yield RowsView("Differences", id="differences")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Begin to read."""
        self._reveal = self.app.session.reveal
        self._show_heading()
        self._say("Reading both archives … (Esc stops)")
        self._read(*self._paths)

    def on_unmount(self) -> None:
        """Whatever still goes on is of no use any more."""
        self.workers.cancel_node(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done before there is something to compare."""
        if action in ("filter", "swap", "everything", "secrets", "look"):
            return self._comparison is not None and not isinstance(self.focused, Input)
        if action == "step":
            return bool(self._found.stops)
        return True

    @work(thread=True, group="compare", exclusive=True)
    def _read(self, first: str, second: str) -> None:
        worker = get_current_worker()
        try:
            before, after = (self._side(path, worker) for path in (first, second))
        except ArchiveError as error:
            if not worker.is_cancelled:
                self.post_message(self.Failed(error))
        else:
            self.post_message(self.Read(before, after))

    def _side(self, path: str, worker: Worker[None]) -> Side:
        name = safe_text(_name(path))
        checkpoint = None
        for checkpoint in reading.read(path):
            if worker.is_cancelled:
                raise ArchiveError("It was stopped.")
            contents = checkpoint.contents
            pace = self._pace.tell(contents.position, contents.identity.size)
            self._tell(f"Reading {name} · {pace} (Esc stops)")
        if checkpoint is None:
            raise ArchiveError(f"{safe_text(path)}: there is nothing in it.")
        return read_side(checkpoint, going_on(worker, partial(self._unpacked, name)))

    def _unpacked(self, name: str, done: int, total: int) -> None:
        self._tell(f"Unpacking {name} · {self._pace.tell(done, total)} (Esc stops)")

    def _tell(self, words: str) -> None:
        """Say how far the reading is; called from its thread."""
        self.post_message(self.Progressed(words))

    @on(Progressed)
    def _progressed(self, event: Progressed) -> None:
        if self._comparison is None:
            self._say(event.words)

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self._say(f"✖ They cannot be compared. {event.error} Esc leads back.")

    @on(Read)
    def _both_read(self, event: Read) -> None:
        self._sides = event.sides
        self._compare()

    def _compare(self) -> None:
        """Compare them anew, as people want to see it now."""
        if self._sides:
            self._work_out(*self._sides, self._looked, self._reveal, self._everything)

    @work(thread=True, group="compare", exclusive=True)
    def _work_out(
        self, before: Side, after: Side, looked: Looked | None, reveal: bool, everything: bool
    ) -> None:
        comparison = compare(before, after, reveal=reveal, content=looked)
        found = compared(comparison, everything=everything)
        if not get_current_worker().is_cancelled:
            self.post_message(self.Made(comparison, found))

    @on(Made)
    def _made(self, event: Made) -> None:
        self._comparison, self._found = event.comparison, event.found
        self._show_heading()
        self._view.show(self._found.table, "", self._describe, self._found)
        self.refresh_bindings()

    def _describe(self, row: Row) -> Table:
        return difference_facts(self._found, row)

    def _say(self, words: str) -> None:
        """In place of the differences."""
        self._view.show(None, safe_text(words), self._describe, None)

    def _show_heading(self) -> None:
        """Who is before and after, and how far apart they are."""
        lines = []
        for at, (title, path) in enumerate(zip(("before", "after "), self._paths, strict=True)):
            known = side_words(self._sides[at]) if self._sides else ""
            lines.append(
                Content.assemble(
                    (f"{title}  ", "$quiet"), (safe_text(_name(path)), "bold"), f"  {known}"
                )
            )
        if self._comparison:
            lines.append(Content.styled(f"        {relation_words(self._comparison)}", "$quiet"))
        self.query_one("#compared", Static).update(Content("\n").join(lines))

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        if self._pause:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE, self._apply_filter)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self.set_focus(self._view.looked_at)

    def action_filter(self) -> None:
        """Open the filter."""
        entry = self.query_one("#filter", Input)
        entry.remove_class("-hidden")
        entry.focus()

    def action_step(self, step: int) -> None:
        """To the next difference, or by -1 to the one before; behind the last comes the first."""
        rows, stops = self._view.rows, self._found.stops
        order = {row.id: at for at, row in enumerate(self._found.table.rows)}
        here = order.get(rows.row.id, -1) if rows.row else -1
        if step > 0:
            wanted = next((one for one in stops if order[one] > here), stops[0])
        else:
            wanted = next((one for one in reversed(stops) if order[one] < here), stops[-1])
        rows.go_to(wanted)

    def action_everything(self) -> None:
        """Show or hide what is the same, and what means nothing."""
        self._everything = not self._everything
        self._compare()

    def action_swap(self) -> None:
        """What was before is after."""
        if self._sides:
            self._paths, self._sides = self._paths[::-1], self._sides[::-1]
            if self._looked:
                self._looked = None
                self.notify("m compares their bytes again.")
            self._compare()

    def action_secrets(self) -> None:
        """Show or mask the values of environment variables."""
        self._reveal = not self._reveal
        words = "shown" if self._reveal else "masked"
        self.notify(f"Values of environment variables are {words}.")
        self._compare()

    def action_look(self) -> None:
        """Compare the bytes of memory and files, too."""
        if self._sides is None:
            return
        contents = [(one.checkpoint.contents, one.checkpoint.folder) for one in self._sides]
        count = sum(needed(one, memory_members(one, images)) for one, images in contents)
        if self._looked:
            self.notify("The bytes have been compared already.")
        elif count > UNPACKED:
            question = f"Unpack {size(count)} of memory to {safe_text(folder())}?"
            warning = "It is given back once the bytes have been compared."
            self.app.push_screen(Confirm(question, warning=warning), self._look_confirmed)
        else:
            self._look_confirmed(True)

    def _look_confirmed(self, confirmed: bool | None) -> None:
        if confirmed and self._comparison:
            bar = self.show_progress("Comparing the bytes of memory and files …", "look")
            self._look(self._comparison, bar)

    @work(thread=True, group="look", exclusive=True)
    def _look(self, comparison: Comparison, bar: ProgressScreen) -> None:
        worker = get_current_worker()
        try:
            looked = look(comparison, progress=going_on(worker, bar.tell))
        except ArchiveError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.complain, error)
        else:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._take, comparison, looked)
        finally:
            bar.end()

    def _take(self, comparison: Comparison, looked: Looked) -> None:
        if self._sides and self._sides[0] is comparison.before:  # not if they were swapped
            self._looked = looked
            self._compare()

    def action_copy(self) -> None:
        """Copy the row under the cursor."""
        clip = self._view.clip
        if clip:
            self.app.copy(*clip)
        else:
            self.notify("There is nothing under the cursor.")

    def action_back(self) -> None:
        """Close what is open; at last stop and leave."""
        entry = self.query_one("#filter", Input)
        if not entry.has_class("-hidden"):
            entry.add_class("-hidden")
            with self.prevent(Input.Changed):
                entry.value = ""
            self._apply_filter()
            self.set_focus(self._view.looked_at)
        elif not self._view.back():
            self.workers.cancel_node(self)
            self.dismiss()

    def _apply_filter(self) -> None:
        self._view.filter(self.query_one("#filter", Input).value)

    @property
    def _view(self) -> RowsView:
        return self.query_one(RowsView)


def _name(path: str) -> str:
    told = shown(path)
    return told.rstrip("/").rpartition("/")[2] or told
