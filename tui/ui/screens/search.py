"""Looking through memory: hits come while it goes on."""

from typing import TYPE_CHECKING

from textual import getters, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import get_current_worker

from tui.criu.memories import Memories
from tui.criu.patterns import Pattern
from tui.criu.search import Found, Hit, search
from tui.errors import ArchiveError, UsageError
from tui.text import plural
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.pace import Pace
from tui.ui.rows.memory import HITS, hits_table, pattern_of
from tui.ui.rows.running import Running
from tui.ui.widgets.row_list import RowList

if TYPE_CHECKING:
    from tui.ui.outward import OutwardApp

_HELP = "words, 0x de ad ?? ef, or /an expression/"


class SearchScreen(ModalScreen[Hit]):
    """Closes with the hit that somebody wants to see."""

    AUTO_FOCUS = "Input"

    SCOPES = (Scope.DIALOG, Scope.HITS, Scope.VIEWS)
    BINDINGS = [
        *bindings(Scope.DIALOG),
        *bindings(Scope.HITS),
        *bindings(Scope.OUTWARD),
    ]

    if TYPE_CHECKING:
        app = getters.app(OutwardApp)

    class Progressed(Message):
        """More has been looked through."""

        def __init__(self, pattern: Pattern, found: Found) -> None:
            super().__init__()
            self.pattern = pattern
            self.found = found

    class Failed(Message):
        """It cannot go on."""

        def __init__(self, error: ArchiveError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, running: Running, memories: Memories) -> None:
        """`memories` with their bytes."""
        super().__init__()
        self._known = running
        self._memories = memories
        self._pattern: Pattern | None = None
        self._hits: list[Hit] = []
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        """What to look for, and what was found."""
        with Vertical(id="search"):
            entry = Input(placeholder=_HELP)
            entry.border_title = "Look through all memory"
            entry.border_subtitle = "Enter searches · Esc closes"
            yield entry
            rows = RowList("Nothing has been looked for yet.")
            rows.border_title = "Found"
            yield rows

    @property
    def front(self) -> Front:
        """What was found."""
        return self.query_one(RowList).front("the hits", "hits")

    def action_copy(self) -> None:
        """Copy the hit under the cursor."""
        clip = self.query_one(RowList).clip
        if clip:
            self.app.copy(*clip)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        try:
            self._pattern = pattern_of(event.value)
        except UsageError as error:
            self.app.complain(error)
            return
        self._hits = []
        self._pace.restart()
        self._look(self._pattern)

    @work(thread=True, group="search", exclusive=True)
    def _look(self, pattern: Pattern) -> None:
        worker = get_current_worker()
        try:
            for found in search(self._memories, pattern):
                if worker.is_cancelled:
                    return
                self.post_message(self.Progressed(pattern, found))
        except ArchiveError as error:
            self.post_message(self.Failed(error))

    @on(Progressed)
    def _progressed(self, event: Progressed) -> None:
        if event.pattern is not self._pattern:
            return
        found = event.found
        self._hits += found.hits[: HITS - len(self._hits)]
        ended = found.done >= found.total
        rows = self.query_one(RowList)
        told = plural(len(self._hits), "hit")
        if not ended:
            told = f"{told} so far · {self._pace.tell(found.done, found.total)}"
        elif len(self._hits) >= HITS:
            told = f"the first {told}"
        if found.hits or ended:
            rows.show(hits_table(self._known, self._hits, told))
        rows.border_subtitle = Content(told)
        if ended and self._hits:
            rows.focus()

    @on(Failed)
    def _failed(self, event: Failed) -> None:
        self.app.complain(event.error)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        if event.row:
            self._end(self._hits[int(event.row.id)])

    def action_close(self) -> None:
        """Close without a hit, whatever still goes on."""
        self._end(None)

    def _end(self, hit: Hit | None) -> None:
        self.workers.cancel_group(self, "search")
        self.dismiss(hit)
