"""The inspector: what is in the archive, what the host says, and what stands between them."""

from dataclasses import dataclass
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Input, OptionList

from tui.ui.content import waiting
from tui.ui.documents import Documents, absence
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.rows.findings import in_short
from tui.ui.rows.model import Link
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.findings import FindingsScreen
from tui.ui.screens.memory import MemoryScreen
from tui.ui.screens.restore import RestoreScreen
from tui.ui.session import Session
from tui.ui.views import DOCUMENTS, FINDINGS, INSIDE, VIEWS
from tui.ui.widgets.archive_line import ArchiveLine
from tui.ui.widgets.conflict_list import REMEDY_BINDINGS, ConflictList
from tui.ui.widgets.document_tree import DocumentTree
from tui.ui.widgets.findings_view import FindingsView
from tui.ui.widgets.key_footer import KeyFooter
from tui.ui.widgets.memory_view import MemoryView
from tui.ui.widgets.raw_view import RawView
from tui.ui.widgets.rows_view import PlainView, RowsView
from tui.ui.widgets.summary_view import SummaryView
from tui.ui.widgets.view_list import ViewList

_PAUSE = 0.05
"""Seconds after the last keystroke before a filter is applied."""


_KINDS = {FINDINGS: FindingsView, "raw": RawView, "memory": MemoryView, "sizes": PlainView}
"""Views with something else than facts beside their rows."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that people have left by a jump."""

    place: Link
    linked: bool
    """They followed a link there."""
    listed: bool
    """They were in the list of the views."""


class InspectorScreen(FindingsScreen, MemoryScreen):
    """The views on the left, one of them in the middle, the conflicts on the right."""

    SCOPES = (Scope.INSPECTOR, Scope.VIEWS, Scope.ROWS, Scope.FINDINGS, Scope.HEX, Scope.CONFLICTS)
    BINDINGS = [*bindings(Scope.INSPECTOR), *REMEDY_BINDINGS]
    AUTO_FOCUS = "#views"

    def __init__(self) -> None:
        super().__init__()
        self._documents = Documents()
        self._pause: Timer | None = None
        self._pid: int | None = None
        """The process that was under the cursor last, in whatever view."""
        self._origins: list[Origin] = []
        """Where people have come from, the last place at the end."""

    def compose(self) -> ComposeResult:
        """Line, panes, footer."""
        yield ArchiveLine()
        with Horizontal(id="panes"):
            yield ViewList(id="views")
            with Vertical(id="centre"):
                entry = Input(placeholder="words to look for", id="filter", classes="-hidden")
                entry.border_subtitle = "Enter goes to what was found · Esc closes"
                yield entry
                with ContentSwitcher(initial="summary", id="shown"):
                    yield SummaryView(id="summary")
                    for view in DOCUMENTS:
                        tree = DocumentTree(view.document, id=view.id)
                        tree.border_title = view.document
                        yield tree
                    for view in INSIDE:
                        yield _KINDS.get(view.id, RowsView)(view.title, id=view.id)
            yield ConflictList(id="conflicts")
        yield KeyFooter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done now."""
        if action == "filter":
            elsewhere = isinstance(self.focused, Input | ConflictList)
            return bool(self._filtered()) and not elsewhere
        if action == "return":
            return any(origin.linked for origin in self._origins)
        if action == "copy" and self.is_mounted:
            return self._clip() is not None
        if action == "restore":
            checkpoint = self.app.session.checkpoint
            return bool(checkpoint and checkpoint.readable) or None
        if action == "secrets" and self.is_mounted:
            current = self._current()
            return not isinstance(current, RowsView) or current.id == "processes"
        return super().check_action(action, parameters)

    @on(OptionList.OptionHighlighted, "#views")
    def _view_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id:
            self._close_filter()
            self._switch_to(event.option_id)

    @on(OptionList.OptionSelected, "#views")
    def _view_selected(self) -> None:
        self._focus_current()

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        """Where they open over the rest, conflicts must not hide what has the focus now."""
        if not isinstance(event.widget, ConflictList):
            self.remove_class("-conflicts")

    @on(ConflictList.Chosen)
    def _conflict_chosen(self, event: ConflictList.Chosen) -> None:
        for at in event.conflict.where:
            view = next((one for one in DOCUMENTS if one.document == at.document), None)
            if view:
                self.remove_class("-conflicts")
                self._origins.append(self._origin())
                self._go_to(view.id)
                tree = self.query_one(f"#{view.id}", DocumentTree)
                tree.go_to(at.pointer)
                tree.focus()
                return
        self.app.notify("It is about no single place.")

    @on(DocumentTree.Visited)
    def _visited(self, event: DocumentTree.Visited) -> None:
        self.query_one(ConflictList).highlight(event.conflicts[0])

    @on(RowsView.LinkFollowed)
    def _link_followed(self, event: RowsView.LinkFollowed) -> None:
        if event.link.view not in {view.id for view in VIEWS}:
            return
        self._origins.append(self._origin(linked=True))
        self._follow(event.link)

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        if self._pause:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE, self._apply_filter)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self._focus_current()

    def action_restore(self) -> None:
        """Open the form."""
        self.app.push_screen(RestoreScreen())

    def action_view(self, key: int | str) -> None:
        """Show the view with this key."""
        index = next(index for index, one in enumerate(VIEWS) if one.key == str(key))
        if VIEWS[index].id != self._current().id:
            self._origins.append(self._origin())
        self.show_view(index)

    def action_step_view(self, step: int) -> None:
        """Show the next view, or by -1 the one before."""
        now = next(index for index, one in enumerate(VIEWS) if one.id == self._current().id)
        self.show_view((now + step) % len(VIEWS))

    def action_return(self) -> None:
        """Go back to where a link was followed."""
        while self._origins:
            origin = self._origins.pop()
            if origin.linked:
                self._go_back(origin)
                return

    def action_compare(self) -> None:
        """Ask for another archive, and compare it with this one."""
        ask = AskScreen("Compare with another archive", "its path: /backup/web-2.tar.zst")
        self.app.push_screen(ask, self._compare_with)

    def _compare_with(self, path: str | None) -> None:
        if path:
            from tui.ui.screens.compare import CompareScreen  # the first picture need not wait

            other = str(Path(path).expanduser())
            self.app.push_screen(CompareScreen(self.app.session.path, other))

    def action_filter(self) -> None:
        """Open the filter."""
        current = self._current()
        if isinstance(current, DocumentTree):
            current.prepare()
        entry = self.query_one("#filter", Input)
        entry.remove_class("-hidden")
        entry.focus()

    def action_conflicts(self) -> None:
        """Go to the conflicts and back; where there is no room they open over the rest."""
        conflicts = self.query_one(ConflictList)
        if conflicts.has_focus:
            self.remove_class("-conflicts")
            self._focus_current()
        else:
            self.add_class("-conflicts")
            conflicts.focus()

    def action_back(self) -> None:
        """Close what is open."""
        current = self._current()
        if not self.query_one("#filter").has_class("-hidden"):
            self._close_filter()
            self._focus_current()
        elif self.query_one(ConflictList).has_focus:
            self.action_conflicts()
        elif isinstance(current, RowsView) and current.back():
            return
        elif not self.query_one("#views").has_focus:
            if self._origins:
                self._go_back(self._origins.pop())
            else:
                self.query_one("#views").focus()
        elif self.app.chosen_from:
            self.app.action_archives()

    def action_secrets(self) -> None:
        """Show or mask the values of environment variables."""
        self.app.change(reveal=not self.app.session.reveal)
        shown = "shown" if self.app.session.reveal else "masked"
        self.app.notify(f"Values of environment variables are {shown}.")

    def action_update(self) -> None:
        """Ask the host again."""
        self.app.ask_host()

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        self.copy(self._clip())

    @property
    def front(self) -> Front:
        """The conflicts or the view, whichever is looked at."""
        conflicts, current = self.query_one(ConflictList), self._current()
        if conflicts.has_focus:
            return conflicts.front
        if isinstance(current, DocumentTree):
            view = next(one for one in VIEWS if one.id == current.id)
            return current.front(view.document, view.id)
        return current.front

    def _clip(self) -> tuple[str, str] | None:
        """What would be copied, and what it is called."""
        conflicts = self.query_one(ConflictList)
        return conflicts.clip if conflicts.has_focus else self._current().clip

    def show(self, session: Session) -> None:
        """See SessionScreen."""
        conflicts = session.plan.conflicts if session.plan else ()
        self.query_one(ArchiveLine).show(session)
        for view in DOCUMENTS:
            tree = self.query_one(f"#{view.id}", DocumentTree)
            changes = session.plan.changes if session.plan else ()
            document = self._documents.of(session, view)
            tree.show(document, conflicts, changes, empty=absence(session, view))
        self.show_inside(session, asked=isinstance(self._current(), RowsView))
        self.query_one(SummaryView).show(session, in_short(self.known) if self.known else "")
        self.query_one(ViewList).show(conflicts, self.tables)
        self.query_one(ConflictList).show(conflicts, waiting(session))
        self.refresh_bindings()

    def _current(self) -> DocumentTree | SummaryView | RowsView:
        shown = self.query_one("#shown", ContentSwitcher).visible_content
        assert isinstance(shown, DocumentTree | SummaryView | RowsView)
        return shown

    def _filtered(self) -> DocumentTree | RowsView | None:
        current = self._current() if self.is_mounted else None
        return current if isinstance(current, DocumentTree | RowsView) else None

    def _focus_current(self) -> None:
        # at once: the next key may have been pressed already
        current = self._current()
        self.set_focus(current.looked_at if isinstance(current, RowsView) else current)

    def show_view(self, index: int) -> None:
        """Show the view with this place in the list."""
        self.remove_class("-conflicts")  # what is hidden cannot be focused
        self._go_to(VIEWS[index].id)
        self._focus_current()

    def _go_to(self, view: str) -> None:
        self.query_one(ViewList).go_to(view)
        self._switch_to(view)

    def _switch_to(self, view: str) -> None:
        """Show a view; among those of processes the process stays the same."""
        before = self._current()
        if before.id == view:
            return
        row = before.rows.row if isinstance(before, RowsView) else None
        if row and row.pids and self._pid not in row.pids:
            self._pid = row.pids[0]
        self.query_one("#shown", ContentSwitcher).current = view
        current = self._current()
        self.set_class(isinstance(current, RowsView), "-inside")
        if isinstance(current, RowsView):
            if self._pid is not None:
                current.rows.go_to_process(self._pid)
            self.show_inside(self.app.session, asked=True)
        self.refresh_bindings()

    def _origin(self, *, linked: bool = False) -> Origin:
        """Where people are now."""
        current = self._current()
        assert current.id
        row = current.pointer if isinstance(current, DocumentTree) else ""
        link = current.link if isinstance(current, RowsView) else None
        listed = self.query_one("#views").has_focus
        return Origin(link or Link(current.id, row), linked=linked, listed=listed)

    def _go_back(self, origin: Origin) -> None:
        self._follow(origin.place)
        if origin.listed:
            self.query_one("#views").focus()
        elif isinstance(self._current(), SummaryView):
            self._focus_current()

    def _follow(self, link: Link) -> None:
        self._close_filter()
        self._go_to(link.view)
        current = self._current()
        if isinstance(current, MemoryView) and link.address is not None:
            current.go_to_address(link.row, link.address)
        elif isinstance(current, DocumentTree):
            current.go_to(link.row)
            current.focus()
        elif isinstance(current, RowsView):
            current.rows.go_to(link.row)
            current.back()
            self.set_focus(current.rows)
            if link.detail:
                current.open_at(link.detail)

    def _apply_filter(self) -> None:
        view = self._filtered()
        if view:
            view.filter(self.query_one("#filter", Input).value)

    def _close_filter(self) -> None:
        entry = self.query_one("#filter", Input)
        if entry.has_class("-hidden"):
            return
        entry.add_class("-hidden")
        with self.prevent(Input.Changed):
            entry.value = ""
        self._apply_filter()
