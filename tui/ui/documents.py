"""The documents that the inspector shows as trees, each made anew only when it is another."""

from tui.checkpoint.checkpoint import NETWORK
from tui.checkpoint.config import Json
from tui.checkpoint.secrets import masked
from tui.host.document import facts_json
from tui.host.facts import HostFacts
from tui.report.members import members_document
from tui.ui.session import Session
from tui.ui.views import HOST, MEMBERS, View


class Documents:
    """The documents of one archive in front of one host."""

    def __init__(self) -> None:
        self._members: tuple[int, Json] = (0, None)
        self._facts: tuple[HostFacts | None, Json] = (None, None)

    def of(self, session: Session, view: View) -> Json:
        """The document that `view` shows; None while there is none."""
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


def absence(session: Session, view: View) -> str:
    """Why `view` has nothing to show; safe to show."""
    checkpoint = session.checkpoint
    if view.document == HOST:
        if session.trouble:
            return "the host cannot be asked; u tries again"
        return "the host has not answered yet"
    if checkpoint is None or session.reading:
        return "the archive is still being read"
    if view.document in checkpoint.documents and view.document != NETWORK:
        return f"{view.document} is empty"
    if not checkpoint.contents.complete:
        return "not in the part of the archive that could be read"
    return view.empty
