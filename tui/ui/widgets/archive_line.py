"""The line on top: which archive, of which container, in front of which host."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.archive.standard_input import shown
from tui.checkpoint.origin import origin
from tui.text import age, safe_text, size
from tui.ui.pace import Pace
from tui.ui.session import Session


class ArchiveLine(Horizontal):
    """One line."""

    def __init__(self) -> None:
        super().__init__()
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        """The archive on the left, the host on the right."""
        yield Static(id="archive-name")
        yield Static(id="host-name")

    def show(self, session: Session) -> None:
        """Say what `session` knows."""
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
