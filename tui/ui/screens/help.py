"""What the keys do and what the signs mean, and the pages of the checks."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui import findings
from tui.report.text import GLYPHS
from tui.restore.checks import CHECKS, explain
from tui.restore.conflict import Conflict, Severity
from tui.text import safe_text
from tui.ui.content import STYLES
from tui.ui.front import Front
from tui.ui.keys import KEYS, Scope, bindings

_MEANINGS = {
    Severity.BLOCKER: "the restore is refused or fails",
    Severity.UNCHECKED: "nobody could look, and this archive needs the answer",
    Severity.WARNING: "the restore works, and something may still go wrong",
    Severity.NOTE: "a difference that you may want to know",
}


class TextScreen(ModalScreen[None]):
    """Some text over the screen; any of the usual keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss", "Close"),
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
        Binding("y", "app.copy_all", show=False),
        *bindings(Scope.OUTWARD),
    ]

    def __init__(self, title: str, content: Content) -> None:
        """`title` is plain text of podthaw's own."""
        super().__init__()
        self._title = title
        self._content = content

    def compose(self) -> ComposeResult:
        """A frame with the text in it."""
        with VerticalScroll(classes="dialog") as frame:
            frame.border_title = Content(self._title)
            yield Static(self._content)

    @property
    def front(self) -> Front:
        """The text."""
        words = self._content.plain
        return Front(f"the page {self._title}", self._title.lower(), lambda: words)

    def on_resize(self) -> None:
        """Say how to see the rest, if there is more."""
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        frame = self.query_one(VerticalScroll)
        more = "j k scroll · " if frame.max_scroll_y else ""
        frame.border_subtitle = f"{more}Esc closes"

    def action_scroll_down(self) -> None:
        """One line down."""
        self.query_one(VerticalScroll).scroll_down()

    def action_scroll_up(self) -> None:
        """One line up."""
        self.query_one(VerticalScroll).scroll_up()


def keys_help(scopes: Sequence[Scope]) -> TextScreen:
    """The keys of `scopes` and the signs."""
    parts = []
    for scope in scopes:
        rows = [Content.styled(scope.value, "bold $text-primary")]
        rows += [Content.assemble((f"  {key.shown:14}", "bold"), key.help) for key in KEYS[scope]]
        if scope is Scope.CONFLICTS:
            rows.append(Content.assemble(("  A B C …       ", "bold"), "Use the remedy."))
        parts.append(Content("\n").join(rows))
    signs = [Content.styled("Signs", "bold $text-primary")]
    signs += [
        Content.assemble((f"  {GLYPHS[severity]} {severity:12}", STYLES[severity]), meaning)
        for severity, meaning in _MEANINGS.items()
    ]
    parts.append(Content("\n").join(signs))
    return TextScreen("Help", Content("\n\n").join(parts))


def rule_page(rule: str) -> TextScreen:
    """The page of a rule for findings."""
    return TextScreen(rule, _flowing(findings.explain(rule)))


def explanation(conflict: Conflict) -> TextScreen:
    """The page of the check that found `conflict`; of what no check finds, what it says."""
    if conflict.code in CHECKS:
        words = explain(conflict.code)
    else:
        words = "\n\n".join(map(safe_text, (conflict.title, conflict.detail)))
    return TextScreen(conflict.code, _flowing(words))


def _flowing(words: str) -> Content:
    """Paragraphs without the line breaks inside them."""
    return Content("\n\n".join(" ".join(part.split()) for part in words.split("\n\n")))
