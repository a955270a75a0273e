"""The published ports, one per row, with an empty row for one more."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.validation import Function
from textual.widgets import Input

from tui.restore.ports import PortError, parse


class PortRows(Vertical):
    """As many rows as there are ports, and one more."""

    class Changed(Message):
        """Somebody has changed a row."""

        def __init__(self, specs: tuple[str, ...]) -> None:
            super().__init__()
            self.specs = specs

    def compose(self) -> ComposeResult:
        """The empty row."""
        yield _row("")

    @property
    def specs(self) -> tuple[str, ...]:
        """What the rows say, without the empty ones."""
        return tuple(value for row in self.query(Input) if (value := row.value.strip()))

    def show(self, specs: Sequence[str]) -> None:
        """Make the rows say `specs`."""
        if tuple(specs) == self.specs:
            return
        rows = list(self.query(Input))
        values = [*specs, ""]
        with self.prevent(Input.Changed):
            for row, value in zip(rows, values, strict=False):
                row.value = value
            for row in rows[len(values) :]:
                row.remove()
            self.mount(*(_row(value) for value in values[len(rows) :]))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        rows = list(self.query(Input))
        if rows[-1].value.strip():
            self.mount(_row(""))
        self.post_message(self.Changed(self.specs))


def _row(value: str) -> Input:
    return Input(
        value,
        placeholder="[host IP:]host port:container port[/protocol]",
        validators=[Function(_is_port)],
        valid_empty=True,
        compact=True,
        select_on_focus=False,
    )


def _is_port(value: str) -> bool:
    try:
        parse((value.strip(),))
    except PortError:
        return False
    return True
