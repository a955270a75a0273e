"""The conflicts of the plan, the worst first, each with its evidence and its remedies on keys."""

from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import Any, ClassVar

from rich.console import Group
from rich.padding import Padding
from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.binding import Binding
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.report.document import conflict_document
from tui.report.text import GLYPHS, conflict_lines, counted
from tui.restore.conflict import Conflict, Remedy, Severity, counts
from tui.text import safe_text
from tui.ui.adapting import AdaptingApp
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings

REMEDY_KEYS = [key for key in ascii_uppercase if key not in "EGNPY"]
"""G goes to the end, in trees and logs, N to the error before; E, P and Y give away what shows."""

NOTHING = "✔ Nothing stands in the way."

REMEDY_BINDINGS = [Binding(key, f"remedy('{key}')", show=False) for key in REMEDY_KEYS]
"""For the screens that show a ConflictList."""


def free_letters(app: App[Any]) -> list[str]:
    """The letters for remedies; without those that the settings have given another meaning."""
    taken = app.taken_keys if isinstance(app, AdaptingApp) else frozenset()
    return [key for key in REMEDY_KEYS if key not in taken]


class ConflictList(OptionList):
    """Every conflict; its remedies carry keys of their own."""

    BINDINGS = bindings(Scope.CONFLICTS)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "conflict-list--quiet",
        "conflict-list--key",
        *(f"conflict-list--{severity}" for severity in Severity),
    }

    class Chosen(Message):
        """Somebody wants to see where a conflict is."""

        def __init__(self, conflict: Conflict) -> None:
            super().__init__()
            self.conflict = conflict

    class Explained(Message):
        """Somebody wants to know what a conflict means."""

        def __init__(self, conflict: Conflict) -> None:
            super().__init__()
            self.conflict = conflict

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._conflicts: tuple[Conflict, ...] = ()
        self._waiting = ""
        self.remedies: dict[str, Remedy] = {}
        """By their letters."""

    @property
    def clip(self) -> tuple[str, str] | None:
        """The conflict under the cursor, and what it is called."""
        conflict = self.conflict
        return ("\n".join(conflict_lines(conflict)), "the conflict") if conflict else None

    @property
    def front(self) -> Front:
        """All of them."""
        conflicts, words = self._conflicts, self._waiting or NOTHING
        return Front(
            "the conflicts",
            "conflicts",
            lambda: "\n\n".join("\n".join(conflict_lines(one)) for one in conflicts) or words,
            lambda: [conflict_document(one) for one in conflicts],
        )

    def show(self, conflicts: Sequence[Conflict], waiting: str = "") -> None:
        """Show `conflicts`; without any, that there is none, or what is waited for.

        The cursor stays on its conflict, but for one at the top: there it stays at the top.
        """
        conflicts = tuple(conflicts)
        if (conflicts, waiting) == (self._conflicts, self._waiting) and self.option_count:
            return
        at = self.conflict if self.highlighted else None
        self._conflicts, self._waiting = conflicts, waiting
        offered = (remedy for conflict in conflicts for remedy in conflict.remedies)
        self.remedies = dict(zip(free_letters(self.app), offered, strict=False))
        self._fill()
        self.border_title = headline(conflicts) if conflicts else "Conflicts"
        if at:
            self.highlight(at)

    def highlight(self, conflict: Conflict) -> None:
        """Put the cursor on `conflict`, or on the one that has taken its place."""
        identity = (conflict.code, conflict.subject)
        for index, one in enumerate(self._conflicts):
            if (one.code, one.subject) == identity:
                self.highlighted = index
                return

    def on_mount(self) -> None:
        """Draw it once the styles are there."""
        self._fill()

    def on_resize(self) -> None:
        """Keep the conflict under the cursor in sight, whatever was laid out first."""
        self.call_after_refresh(self.scroll_to_highlight, top=True)

    def notify_style_update(self) -> None:
        """Draw it in the new colours, which component classes have only after this."""
        super().notify_style_update()
        if self.is_mounted:
            self.call_next(self._fill)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell which conflict it was."""
        event.stop()
        if self._conflicts:
            self.post_message(self.Chosen(self._conflicts[event.option_index]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only conflicts can be explained."""
        return action != "explain" or self.conflict is not None

    def action_explain(self) -> None:
        """Explain the conflict under the cursor."""
        conflict = self.conflict
        if conflict:
            self.post_message(self.Explained(conflict))

    @property
    def conflict(self) -> Conflict | None:
        """The one under the cursor."""
        if self.highlighted is None or not self._conflicts:
            return None
        return self._conflicts[self.highlighted]

    def _fill(self) -> None:
        if not self._conflicts:
            words = self._waiting or NOTHING
            self.set_options([Option(Text(words, self._style("quiet")), disabled=True)])
            return
        keys = iter(free_letters(self.app))
        at = self.highlighted
        self.set_options(Option(Group(*self._rows(conflict, keys))) for conflict in self._conflicts)
        self.highlighted = min(at or 0, len(self._conflicts) - 1)

    def _rows(self, conflict: Conflict, keys: Iterator[str]) -> Iterator[Padding | Text]:
        style = self._style(conflict.severity)
        title = Text.assemble(
            (f"{GLYPHS[conflict.severity]} ", style), (safe_text(conflict.title), "bold")
        )
        yield title
        quiet = self._style("quiet")
        rows = [
            Text(safe_text(conflict.detail)),
            Text.assemble(("archive: ", quiet), safe_text(conflict.evidence.archive)),
            Text.assemble(("host: ", quiet), safe_text(conflict.evidence.host)),
        ]
        said = (conflict.detail, conflict.evidence.archive, conflict.evidence.host)
        for row, words in zip(rows, said, strict=True):
            if words:
                yield Padding(row, (0, 0, 0, 2))
        for remedy in conflict.remedies:
            key = next(keys, "")
            yield Padding(
                Text.assemble(
                    (f" {key} ", self._style("key")), " ", safe_text(remedy.label), overflow="fold"
                ),
                (0, 0, 0, 2),
            )
        yield Text("")

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(
            f"conflict-list--{name}", partial=True, default=Style()
        )


def headline(conflicts: Sequence[Conflict]) -> str:
    """`✖ 1 blocker  ▲ 2 warnings`; plain words that contain no markup."""
    return "  ".join(
        f"{GLYPHS[severity]} {counted(severity, count)}" for severity, count in counts(conflicts)
    )
