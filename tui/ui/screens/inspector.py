"""The inspector: what is in the archive, what the host says, and what stands between them."""

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Footer, Input, OptionList
from textual.widgets.option_list import Option

from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC
from tui.checkpoint.config import Json
from tui.checkpoint.secrets import masked
from tui.host.document import facts_json
from tui.host.facts import HostFacts
from tui.report.members import members_document
from tui.report.text import conflict_lines
from tui.ui.clipboard import clip_text
from tui.ui.content import tally, waiting
from tui.ui.keys import Scope, bindings
from tui.ui.screens.base import SessionScreen
from tui.ui.screens.restore import RestoreScreen
from tui.ui.session import Session
from tui.ui.widgets.archive_line import ArchiveLine
from tui.ui.widgets.conflict_list import REMEDY_BINDINGS, ConflictList
from tui.ui.widgets.document_tree import DocumentTree
from tui.ui.widgets.summary_view import SummaryView

HOST = "host"
MEMBERS = "members"

_PAUSE = 0.15
"""Seconds after the last keystroke before a filter is applied."""


@dataclass(frozen=True, slots=True)
class View:
    """One of the things that the inspector shows."""

    id: str
    title: str
    document: str = ""
    """The name under which conflicts know it."""
    empty: str = ""
    """What is said while there is nothing to show."""


VIEWS = (
    View("summary", "Summary"),
    View("config", "Config", CONFIG, "config.dump has not been read"),
    View("spec", "Spec", SPEC, "spec.dump has not been read"),
    View("network", "Network", NETWORK, "the container had no network of its own"),
    View("host", "Host", HOST, "the host has not answered yet"),
    View("archive", "Archive", MEMBERS, "the archive is still being read"),
)


class ViewList(OptionList):
    """The views by their names, with the same keys as the views themselves."""

    BINDINGS = bindings(Scope.VIEWS)

    action_open = OptionList.action_select
    action_scroll_home = OptionList.action_first
    action_scroll_end = OptionList.action_last


class InspectorScreen(SessionScreen):
    """The views on the left, one of them in the middle, the conflicts on the right."""

    SCOPES = (Scope.INSPECTOR, Scope.VIEWS, Scope.CONFLICTS)
    BINDINGS = [*bindings(Scope.INSPECTOR), *REMEDY_BINDINGS]
    AUTO_FOCUS = "#views"

    def __init__(self) -> None:
        super().__init__()
        self._members: tuple[int, Json] = (0, None)
        self._facts: tuple[HostFacts | None, Json] = (None, None)
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Line, panes, footer."""
        yield ArchiveLine()
        with Horizontal(id="panes"):
            yield ViewList(*(Option(view.title, id=view.id) for view in VIEWS), id="views")
            with Vertical(id="centre"):
                entry = Input(placeholder="words to look for", id="filter", classes="-hidden")
                entry.border_subtitle = "Enter goes to what was found · Esc closes"
                yield entry
                with ContentSwitcher(initial="summary", id="shown"):
                    yield SummaryView(id="summary")
                    for view in VIEWS[1:]:
                        tree = DocumentTree(view.document, empty=view.empty, id=view.id)
                        tree.border_title = view.document
                        yield tree
            yield ConflictList(id="conflicts")
        yield Footer()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done now."""
        if action == "filter":
            elsewhere = isinstance(self.focused, Input | ConflictList)
            return bool(self._tree()) and not elsewhere
        if action == "restore":
            checkpoint = self.app.session.checkpoint
            return bool(checkpoint and checkpoint.readable) or None
        return True

    @on(OptionList.OptionHighlighted, "#views")
    def _view_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id:
            self._close_filter()
            self.query_one("#shown", ContentSwitcher).current = event.option_id
            self.refresh_bindings()

    @on(OptionList.OptionSelected, "#views")
    def _view_selected(self) -> None:
        self._current().focus()

    @on(events.DescendantFocus)
    def _focus_moved(self, event: events.DescendantFocus) -> None:
        """On a narrow screen the conflicts must not hide what has the focus now."""
        if not isinstance(event.widget, ConflictList):
            self.remove_class("-conflicts")

    @on(ConflictList.Chosen)
    def _conflict_chosen(self, event: ConflictList.Chosen) -> None:
        for at in event.conflict.where:
            view = next((one for one in VIEWS if one.document == at.document), None)
            if view:
                self.remove_class("-conflicts")
                self._go_to(view.id)
                tree = self.query_one(f"#{view.id}", DocumentTree)
                tree.go_to(at.pointer)
                tree.focus()
                return
        self.app.notify("It is about no single place.", markup=False)

    @on(DocumentTree.Visited)
    def _visited(self, event: DocumentTree.Visited) -> None:
        self.query_one(ConflictList).highlight(event.conflicts[0])

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        if self._pause:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE, self._apply_filter)

    @on(Input.Submitted, "#filter")
    def _filter_submitted(self) -> None:
        self._current().focus()

    def action_restore(self) -> None:
        """Open the form."""
        self.app.push_screen(RestoreScreen())

    def action_view(self, number: int) -> None:
        """Show the view with this number."""
        self.remove_class("-conflicts")  # what is hidden cannot be focused
        self._go_to(VIEWS[number - 1].id)
        self._current().focus()

    def action_filter(self) -> None:
        """Open the filter."""
        entry = self.query_one("#filter", Input)
        entry.remove_class("-hidden")
        entry.focus()

    def action_conflicts(self) -> None:
        """Go to the conflicts and back; on a narrow screen they open over the rest."""
        conflicts = self.query_one(ConflictList)
        if conflicts.has_focus:
            self.remove_class("-conflicts")
            self._current().focus()
        else:
            self.add_class("-conflicts")
            conflicts.focus()

    def action_back(self) -> None:
        """Close what is open."""
        if not self.query_one("#filter").has_class("-hidden"):
            self._close_filter()
            self._current().focus()
        elif self.query_one(ConflictList).has_focus:
            self.action_conflicts()
        elif len(self.app.screen_stack) > 2:  # an archive was chosen before
            self.dismiss()
        else:
            self.query_one("#views").focus()

    def action_secrets(self) -> None:
        """Show or mask the values of environment variables."""
        self.app.change(reveal=not self.app.session.reveal)
        shown = "shown" if self.app.session.reveal else "masked"
        self.app.notify(f"Values of environment variables are {shown}.", markup=False)

    def action_update(self) -> None:
        """Ask the host again."""
        self.app.ask_host()

    def action_copy(self) -> None:
        """Copy what is under the cursor."""
        tree, conflicts = self._tree(), self.query_one(ConflictList)
        if conflicts.has_focus and conflicts.conflict:
            text, what = "\n".join(conflict_lines(conflicts.conflict)), "the conflict"
        elif tree and tree.place:
            text, what = clip_text(tree.place.value), tree.place.pointer
        elif tree or conflicts.has_focus:
            self.app.notify("There is nothing under the cursor.", markup=False)
            return
        else:
            text, what = self.query_one(SummaryView).text, "the summary"
        self.app.copy(text, what)

    def show(self, session: Session) -> None:
        """See SessionScreen."""
        conflicts = session.plan.conflicts if session.plan else ()
        self.query_one(ArchiveLine).show(session)
        self.query_one(SummaryView).show(session)
        for view in VIEWS[1:]:
            tree = self.query_one(f"#{view.id}", DocumentTree)
            changes = session.plan.changes if session.plan else ()
            tree.show(self._document(session, view), conflicts, changes)
        views = self.query_one("#views", OptionList)
        for index, view in enumerate(VIEWS):
            about = [one for one in conflicts if view.document in {at.document for at in one.where}]
            views.replace_option_prompt_at_index(
                index, Content.assemble(f"{index + 1} {view.title:9}", tally(about))
            )
        self.query_one(ConflictList).show(conflicts, waiting(session))
        self.refresh_bindings()

    def _document(self, session: Session, view: View) -> Json:
        checkpoint = session.checkpoint
        if view.document == HOST:
            if session.facts is not self._facts[0]:
                self._facts = session.facts, session.facts and facts_json(session.facts)
            return self._facts[1]
        if checkpoint is None:
            return None
        if view.document == MEMBERS:
            count = len(checkpoint.contents.members)
            if checkpoint.contents.finished and self._members[0] != count:
                self._members = count, members_document(checkpoint.contents)
            return self._members[1]
        document = checkpoint.documents.get(view.document)
        return document if session.reveal else masked(view.document, document)

    def _current(self) -> DocumentTree | SummaryView:
        shown = self.query_one("#shown", ContentSwitcher).visible_content
        assert isinstance(shown, DocumentTree | SummaryView)
        return shown

    def _tree(self) -> DocumentTree | None:
        current = self._current() if self.is_mounted else None
        return current if isinstance(current, DocumentTree) else None

    def _go_to(self, view: str) -> None:
        views = self.query_one("#views", OptionList)
        views.highlighted = views.get_option_index(view)
        self.query_one("#shown", ContentSwitcher).current = view

    def _apply_filter(self) -> None:
        tree = self._tree()
        if tree is None:
            return
        found = tree.filter(self.query_one("#filter", Input).value)
        tree.border_subtitle = "" if found is None else f"{found:,} found"

    def _close_filter(self) -> None:
        entry = self.query_one("#filter", Input)
        if entry.has_class("-hidden"):
            return
        entry.add_class("-hidden")
        with self.prevent(Input.Changed):
            entry.value = ""
        self._apply_filter()
