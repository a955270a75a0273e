"""What the inspector knows of what was running, read aside."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from textual import on, work
from textual.message import Message
from textual.worker import Worker, get_current_worker

from tui.archive.extract import file_bytes
from tui.archive.model import Contents
from tui.archive.spool import Progress, lies_open
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import Json
from tui.criu.contents import read_content
from tui.errors import ArchiveError, PodthawError
from tui.text import safe_text, size
from tui.ui import heap
from tui.ui.rows.content import LIMIT, content_table
from tui.ui.rows.findings import findings_table
from tui.ui.rows.model import Bytes, Row, Table
from tui.ui.rows.raw import raw_document
from tui.ui.rows.running import UNPACKED, Running, read_running, with_findings, with_words
from tui.ui.saving import save_content
from tui.ui.screens.base import SessionScreen
from tui.ui.screens.content import ContentScreen
from tui.ui.screens.progress import ProgressScreen
from tui.ui.session import Session
from tui.ui.views import FINDINGS, INSIDE, View, tables
from tui.ui.widgets.raw_view import RawView
from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView

_MORE = 1.25
"""While the archive is read, it is looked into again when it has so many times as many files."""


def going_on(worker: Worker[None], tell: Callable[[int, int], object] | None = None) -> Progress:
    """What stops a long work with the archive once `worker` is cancelled; `tell` gets the bytes."""

    def progress(done: int, total: int) -> None:
        if worker.is_cancelled:
            raise ArchiveError("It was stopped.")
        if tell:
            tell(done, total)

    return progress


def takes_long(contents: Contents) -> bool:
    """Whether any byte is only to be had once much has been unpacked."""
    return not lies_open(contents) and contents.identity.size > UNPACKED


class InsideScreen(SessionScreen):
    """A screen with a RowsView for each view of what was running."""

    class InsideRead(Message):
        """It is known what was running, as far as the archive has been read."""

        def __init__(self, running: Running, found: dict[str, Table]) -> None:
            super().__init__()
            self.running = running
            self.found = found

    class LateMade(Message):
        """The rows of a view are there that took long."""

        def __init__(self, view: str, basis: object, table: Table) -> None:
            super().__init__()
            self.view = view
            self.basis = basis
            self.table = table

    class ImageDecoded(Message):
        """An image is known field by field."""

        def __init__(self, name: str, document: Json) -> None:
            super().__init__()
            self.name = name
            self.document = document

    class ContentRead(Message):
        """Bytes that somebody wants to see."""

        def __init__(self, what: Bytes, table: Table) -> None:
            super().__init__()
            self.what = what
            self.table = table

    def __init__(self) -> None:
        super().__init__()
        self.known: Running | None = None
        """What was running, as far as it has been read."""
        self.tables: dict[str, Table] = {}
        """By the ID of the view."""
        self._late: dict[str, object] = {}
        """What the rows depend on that were asked for late, by the ID of the view."""
        self._looking = False
        self._looked_at = (0, False)

    def show_inside(self, session: Session, *, asked: bool) -> None:
        """Show what is known; find out more if there is more, and it is `asked` for or all."""
        words = "The archive is being read …" if session.reading else "Looking into it …"
        for view in INSIDE:
            rows = self.query_one(f"#{view.id}", RowsView)
            describe = partial(self._describe, view)
            basis = (self.known, session.reveal)
            rows.show(self.tables.get(view.id), words, describe, basis)
            if view.late and self.known and rows.display and self._late.get(view.id) != basis:
                self._late[view.id] = basis
                self._make_late(view, self.known, session.reveal)
        checkpoint = session.checkpoint
        if checkpoint and (asked or checkpoint.contents.finished):
            self._look(checkpoint)

    def _look(self, checkpoint: Checkpoint) -> None:
        contents = checkpoint.contents
        files, finished = self._looked_at
        more = contents.finished or len(contents.files) >= _MORE * files
        if not self._looking and not finished and more:
            self._looking = True
            self._looked_at = len(contents.files), contents.finished
            self._read_inside(checkpoint)

    def _describe(self, view: View, row: Row) -> Table:
        if self.known is None or view.facts is None:
            return Table()
        return view.facts(self.known, row, self.app.session.reveal)

    @work(thread=True, group="inside")
    def _read_inside(self, checkpoint: Checkpoint) -> None:
        running = read_running(checkpoint)
        self.post_message(self.InsideRead(running, tables(running)))
        if running.whole:
            running = with_findings(running)
            self.post_message(self.InsideRead(running, {FINDINGS: findings_table(running)}))
            running = with_words(running, going_on(get_current_worker()))
            self.post_message(self.InsideRead(running, tables(running)))
            heap.loaded()

    @work(thread=True, group="late")
    def _make_late(self, view: View, running: Running, reveal: bool) -> None:
        assert view.late
        table = view.late(running, reveal)
        self.post_message(self.LateMade(view.id, (running, reveal), table))

    @on(LateMade)
    def _late_made(self, event: LateMade) -> None:
        if self._late.get(event.view) == event.basis:
            self.tables[event.view] = event.table
            self._session_changed(self.app.session)

    @on(InsideRead)
    def _inside_read(self, event: InsideRead) -> None:
        self._looking = False
        searched = self.known if self.known and self.known.searched else None
        self.known = event.running
        self.tables |= event.found
        if searched:  # while the words were looked up
            self.take_findings(searched)
        self._session_changed(self.app.session)

    def take_findings(self, searched: Running) -> None:
        """Know what was found in memory and files, whatever else has become known meanwhile."""
        assert self.known
        self.known = replace(self.known, findings=searched.findings, searched=True)
        self.tables[FINDINGS] = findings_table(self.known)

    @on(RawView.ImageWanted)
    def _image_wanted(self, event: RawView.ImageWanted) -> None:
        if self.known:
            self._decode(self.known.checkpoint.contents, event.name)

    @work(thread=True, group="raw", exclusive=True)
    def _decode(self, contents: Contents, name: str) -> None:
        self.post_message(self.ImageDecoded(name, raw_document(contents, name)))

    @on(ImageDecoded)
    def _image_decoded(self, event: ImageDecoded) -> None:
        self.query_one(RawView).show_image(event.name, event.document)

    @on(RowList.ViewWanted)
    def _view_wanted(self, event: RowList.ViewWanted) -> None:
        if self.known and event.row and event.row.content:
            self._read_content(self.known.checkpoint.contents, event.row.content)

    @work(thread=True, group="content", exclusive=True)
    def _read_content(self, contents: Contents, what: Bytes) -> None:
        try:
            if what.file:
                data = file_bytes(contents, *what.file, LIMIT)
            else:
                data = read_content(contents, what.extents, what.size, LIMIT)
        except PodthawError as error:
            self.app.call_from_thread(self.complain, error)
        else:
            self.post_message(self.ContentRead(what, content_table(what, data)))

    @on(ContentRead)
    def _content_read(self, event: ContentRead) -> None:
        screen = ContentScreen(event.what.name, event.table)
        self.app.push_screen(screen, mode=self.app.mode_of(self))

    @on(RowList.SaveWanted)
    def _save_wanted(self, event: RowList.SaveWanted) -> None:
        if self.known and event.row and event.row.content:
            contents, what = self.known.checkpoint.contents, event.row.content
            bar = None
            if what.size > UNPACKED or takes_long(contents):
                name = safe_text(what.name)
                bar = self.show_progress(f"Saving {name}, {size(what.size)} …", "save")
            self._save_content(contents, what, bar)

    @work(thread=True, group="save")
    def _save_content(self, contents: Contents, what: Bytes, bar: ProgressScreen | None) -> None:
        worker = get_current_worker()
        try:
            path = save_content(contents, what, going_on(worker, bar.tell if bar else None))
        except (PodthawError, OSError) as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self.complain, error)
        else:
            self.app.call_from_thread(self.tell_saved, path)
        finally:
            if bar:
                bar.end()
