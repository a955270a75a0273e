"""How a restore ended: what runs now, or why it failed, what it left, and the keys that help."""

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from tui.report.document import event_document
from tui.report.summary import SHORT_ID
from tui.report.text import DO_NOT_START
from tui.restore.events import Diagnosis, Finished, Status
from tui.text import safe_text, shown_path
from tui.ui.front import Front
from tui.ui.widgets.conflict_list import free_letters
from tui.ui.widgets.text_pane import TextPane

_STATUS = {
    Status.RESTORED: ("✔ Restored", "bold $text-success"),
    Status.FAILED: ("✖ Failed", "bold $text-error"),
    Status.BLOCKED: ("✖ Blocked", "bold $text-error"),
    Status.CANCELLED: ("■ Cancelled", "bold $text-warning"),
}


_RUNNING = "The restore is still running."


class ResultView(TextPane):
    """What there is to say once a restore has ended."""

    _words = _RUNNING
    _finished: Finished | None = None

    def compose(self) -> ComposeResult:
        """The words."""
        yield Static(_RUNNING, markup=False)

    def on_mount(self) -> None:
        """Say what it is."""
        self.border_title = "Result"

    @property
    def front(self) -> Front:
        """What it says, and the last event of the restore."""
        words, finished = self._words, self._finished
        document = (lambda: event_document(finished)) if finished else None
        return Front("the result", "result", lambda: words, document)

    def show(self, finished: Finished, *, removed: bool, again: bool) -> None:
        """Show `finished`; `removed` if what it had made is gone, `again` if in place is of use."""
        self.add_class("-ended")
        letters = free_letters(self.app)
        lines = list(_lines(finished, letters, removed=removed, again=again))
        content = Content("\n").join(lines)
        self._finished, self._words = finished, content.plain
        self.query_one(Static).update(content)


def _lines(
    finished: Finished, letters: Sequence[str], *, removed: bool, again: bool
) -> Iterator[Content]:
    words, style = _STATUS[finished.status]
    yield Content.assemble((words, style), f"  {safe_text(finished.name)}")
    if finished.status is Status.RESTORED:
        yield from _restored(finished, removed=removed)
    for conflict in finished.conflicts:
        yield Content(f"✖ {safe_text(conflict.title)}")
    if finished.cause and not finished.conflicts:
        yield Content.styled(safe_text(finished.cause), "bold")
    if finished.diagnosis:
        yield from _advice(finished.diagnosis, letters)
    if finished.remains:
        yield from _remains(finished, removed=removed, again=again)
    if finished.diagnosis:
        yield from _evidence(finished.diagnosis)
    for name, path in (("log", finished.log), ("CRIU's log", finished.criu_log)):
        if path:
            yield Content.assemble((f"{name}  ", "$quiet"), shown_path(path))
    if finished.record:
        yield Content.assemble(("record  ", "$quiet"), f"podthaw history {finished.record}")


def _restored(finished: Finished, *, removed: bool) -> Iterator[Content]:
    if removed:
        yield Content.styled("✔ undone: it is removed, with what came with it", "$text-success")
        return
    yield Content.assemble(("id  ", "$quiet"), finished.id[:SHORT_ID])
    for answer in finished.answers:
        yield Content.assemble(("answers on  ", "$quiet"), safe_text(answer))


def _advice(diagnosis: Diagnosis, letters: Sequence[str]) -> Iterator[Content]:
    if diagnosis.advice:
        yield Content(safe_text(diagnosis.advice))
    for key, remedy in zip(letters, diagnosis.remedies, strict=False):
        yield Content.assemble(
            (f" {key} ", "bold $background on $primary"), f" {safe_text(remedy.label)}"
        )


def _evidence(diagnosis: Diagnosis) -> Iterator[Content]:
    yield Content.styled("told by" if diagnosis.code else "the lines around it", "$quiet")
    for line in diagnosis.evidence:
        yield Content.assemble((f"  {line.source}  ", "$quiet"), safe_text(line.text))
    if diagnosis.said:
        yield Content.assemble(("Podman said  ", "$quiet"), safe_text(diagnosis.said))


def _remains(finished: Finished, *, removed: bool, again: bool) -> Iterator[Content]:
    if removed:
        yield Content.styled("✔ what was left behind is removed", "$text-success")
        return
    yield Content.styled("Left behind (d removes it)", "bold")
    for thing in finished.remains:
        yield Content(f"  {thing.kind} {safe_text(thing.name)}")
    if any(thing.kind == "container" for thing in finished.remains):
        yield Content.styled(f"  ▲ {DO_NOT_START}", "$text-warning")
    if again:
        yield Content("i tries again in place, without unpacking the archive anew")
