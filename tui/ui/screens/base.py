"""What the screens in front of a session have in common."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, getters, on
from textual.screen import Screen

from tui.errors import PodthawError
from tui.restore.mend import can_mend
from tui.text import shown_path
from tui.ui.content import waiting
from tui.ui.keys import Scope
from tui.ui.screens.help import explanation
from tui.ui.screens.progress import ProgressScreen
from tui.ui.session import Session
from tui.ui.widgets.conflict_list import ConflictList

if TYPE_CHECKING:
    from tui.ui.app import PodthawApp


class PodthawScreen(Screen[None]):
    """A screen that knows its app."""

    SCOPES: ClassVar[Sequence[Scope]] = ()
    """Whose keys work here, the screen's own first."""

    if TYPE_CHECKING:
        app = getters.app(PodthawApp)

    @on(events.DescendantFocus)
    def _zoom_ends(self, event: events.DescendantFocus) -> None:
        """What has the focus must be seen."""
        zoomed = self.maximized
        if zoomed is not None and zoomed not in event.widget.ancestors_with_self:
            self.minimize()

    def zoom(self) -> None:
        """Show the pane with the focus alone, or all of them again."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused, container=False)

    @property
    def session(self) -> Session:
        """That of the archive that the screen belongs to, whichever is in front."""
        return self.app.session_of(self)

    def change(self, **changes: Any) -> None:
        """Change it, and tell the screens."""
        self.app.change(self, **changes)

    def save(self, write: Callable[[], Path]) -> None:
        """Write a file, and say where it is or why there is none."""
        try:
            path = write()
        except (PodthawError, OSError) as error:
            self.complain(error)
        else:
            self.tell_saved(path)

    def copy(self, clip: tuple[str, str] | None) -> None:
        """Copy what a widget gives: the text, and what it is called."""
        if clip:
            self.app.copy(*clip)
        else:
            self.notify("There is nothing under the cursor.")

    def tell_saved(self, path: Path) -> None:
        """Say where a file is now."""
        self.notify(shown_path(str(path)), title="Saved")

    def show_progress(self, words: str, group: str) -> ProgressScreen:
        """A bar over the screen for what the workers of `group` do; closing it cancels them."""
        bar = ProgressScreen(words, lambda: self.workers.cancel_group(self, group))
        self.app.push_screen(bar)
        return bar

    def complain(self, error: Exception | str) -> None:
        """Say what went wrong."""
        self.app.complain(error)


class SessionScreen(PodthawScreen):
    """A screen that follows the session and shows its conflicts."""

    def show(self, session: Session) -> None:
        """Show `session`; called at every change of it while the screen is on top."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the session."""
        self.app.session_changed.subscribe(self, self._session_changed)
        self.show(self.app.session)

    def on_unmount(self) -> None:
        """Follow it no longer, so that a closed archive is let go."""
        self.app.session_changed.unsubscribe(self)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was on top."""
        self._session_changed(self.app.session)

    def action_remedy(self, letter: str) -> None:
        """Use the remedy with this letter."""
        remedy = self.query_one(ConflictList).remedies.get(letter)
        if remedy:
            self.app.use(remedy)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the conflicts leave to do."""
        session = self.app.session
        match action:
            case "fix":
                return session.plan is not None and can_mend(session.plan)
            case "conflicts":
                return bool(session.conflicts or waiting(session)) or isinstance(
                    self.focused, ConflictList
                )
        return True

    def action_fix(self) -> None:
        """Mend everything that needs no decision."""
        self.app.fix()

    @on(ConflictList.Explained)
    def _explain(self, event: ConflictList.Explained) -> None:
        self.app.push_screen(explanation(event.conflict))

    def _session_changed(self, session: Session) -> None:
        if self.is_current and self.query(ConflictList):  # not while it is taken apart
            self.show(session)
