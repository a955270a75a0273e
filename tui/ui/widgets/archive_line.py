"""The line on top: which archive, of which container, in front of which host."""

from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.archive.standard_input import shown
from tui.checkpoint.origin import origin
from tui.text import age, safe_text, size
from tui.ui.pace import Pace
from tui.ui.session import Session

if TYPE_CHECKING:
    from tui.ui.app import PodthawApp


class ArchiveLine(Horizontal):
    """One line."""

    if TYPE_CHECKING:
        app = getters.app(PodthawApp)

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        """Which of several archives, the archive, and on the right the host."""
        yield Static(id="archive-place", classes="-hidden")
        yield Static(id="archive-name")
        yield Static(id="host-name")

    def show(self, session: Session) -> None:
        """Say what `session` knows."""
        place = self.query_one("#archive-place", Static)
        place.update(self.app.place)
        place.set_class(not self.app.place, "-hidden")
        self.query_one("#archive-name", Static).update(_archive(session, self._pace))
        host = self.query_one("#host-name", Static)
        host.update(Content(f" {safe_text(session.host)} "))
        host.set_class(session.simulated, "-simulated")


def _archive(session: Session, pace: Pace) -> Content:
    name = Content.styled(safe_text(shown(session.path).rpartition("/")[2]), "bold")
    checkpoint = session.checkpoint
    if checkpoint is None:
        return Content.assemble(name, "  reading …")
    contents, found = checkpoint.contents, origin(checkpoint)
    engine, moment = found.engine.label, found.checkpointed
    state = ""
    if not contents.finished:
        state = f"reading {pace.tell(contents.position, contents.identity.size)}"
    elif not contents.complete:
        state = "✖ damaged"
    parts = (
        state,
        safe_text(found.name or found.id[:12]),
        safe_text(found.image),
        age(moment) if moment else "",
        safe_text(f"{engine}, {found.runtime}" if found.runtime else engine),
        f"{size(contents.identity.size)}, {contents.compression.label}",
    )
    return Content.assemble(name, "  ", " · ".join(part for part in parts if part))
