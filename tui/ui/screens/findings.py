"""What the inspector does with findings: explains them, and looks for more in memory and files."""

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from tui.archive.spool import folder, needed
from tui.errors import ArchiveError
from tui.findings.scene import wanted
from tui.text import safe_text, size
from tui.ui.rows.running import UNPACKED, Running, with_search
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.help import rule_page
from tui.ui.screens.inside import InsideScreen, going_on
from tui.ui.screens.progress import ProgressScreen
from tui.ui.widgets.findings_view import FindingsView


class FindingsScreen(InsideScreen):
    """A screen with a FindingsView."""

    class Searched(Message):
        """Memory and files have been looked into."""

        def __init__(self, running: Running) -> None:
            super().__init__()
            self.running = running

    @on(FindingsView.Explained)
    def _rule_explained(self, event: FindingsView.Explained) -> None:
        self.app.push_screen(rule_page(event.rule))

    @on(FindingsView.SearchWanted)
    def _search_wanted(self) -> None:
        known = self.known
        if known is None or known.findings is None:
            self.complain("The archive is still being read.")
        elif known.searched:
            self.notify("Memory and files have been looked into already.")
        elif (count := needed(known.checkpoint.contents, wanted(known.checkpoint))) > UNPACKED:
            question = f"Unpack {size(count)} of memory and files to {safe_text(folder())}?"
            warning = "It is given back once they have been looked into."
            self.app.push_screen(Confirm(question, warning=warning), self._search_confirmed)
        else:
            self._search_confirmed(True)

    def _search_confirmed(self, confirmed: bool | None) -> None:
        if confirmed and self.known:
            bar = self.show_progress("Looking into memory and files …", "search")
            self._search(self.known, bar)

    @work(thread=True, group="search", exclusive=True)
    def _search(self, running: Running, bar: ProgressScreen) -> None:
        worker = get_current_worker()
        try:
            found = with_search(running, going_on(worker, bar.tell))
        except ArchiveError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.complain, error)
        else:
            if not worker.is_cancelled:
                self.post_message(self.Searched(found))
        finally:
            bar.end()

    @on(Searched)
    def _searched(self, event: Searched) -> None:
        self.take_findings(event.running)
        self.query_one(FindingsView).searched = True
        self._session_changed(self.app.session)
