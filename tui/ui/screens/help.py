"""What the keys do and what the signs mean, and the pages of the checks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import getters
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui import findings
from tui.report.text import GLYPHS
from tui.restore.checks import CHECKS, explain
from tui.restore.conflict import Conflict, Severity
from tui.text import safe_text
from tui.ui.about import PARTS, SCOPES
from tui.ui.content import STYLES
from tui.ui.front import Front
from tui.ui.keys import Keymap, Scope, bindings, keys_now
from tui.ui.offers import by_scope
from tui.ui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from tui.ui.outward import OutwardApp

_MEANINGS = {
    Severity.BLOCKER: "the restore is refused or fails",
    Severity.UNCHECKED: "nobody could look, and this archive needs the answer",
    Severity.WARNING: "the restore works, and something may still go wrong",
    Severity.NOTE: "a difference that you may want to know",
}


class TextScreen(ModalScreen[None]):
    """Some text over the screen; any of the usual keys closes it."""

    if TYPE_CHECKING:
        app = getters.app(OutwardApp)

    SCOPES = (Scope.PAGE,)
    BINDINGS = [*bindings(Scope.PAGE), *bindings(Scope.OUTWARD)]

    def __init__(self, title: str, content: Content) -> None:
        """`title` is plain text of podthaw's own."""
        super().__init__()
        self._title = title
        self._content = content

    def compose(self) -> ComposeResult:
        """A frame with the text in it."""
        with TextPane(classes="dialog") as frame:
            frame.border_title = Content(self._title)
            yield Static(self._content)

    @property
    def front(self) -> Front:
        """The text."""
        words = self._content.plain
        return Front(f"the page {self._title}", self._title.lower(), lambda: words)

    def action_copy(self) -> None:
        """Copy all of it."""
        self.app.action_copy_all()

    def on_resize(self) -> None:
        """Say how to see the rest, if there is more."""
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        frame = self.query_one(TextPane)
        more = "j k scroll · " if frame.max_scroll_y else ""
        frame.border_subtitle = f"{more}Esc closes"


def keys_help(screen: Screen[Any], keymap: Keymap) -> TextScreen:
    """The keys of what has the focus, then those of the screen and the app; and the signs."""
    parts = []
    if about := _about(screen):
        parts.append(Content(about))
    for scope, found in by_scope(screen):
        keys = [(keys_now(scope, offer.key, keymap), offer.key.help) for offer in found]
        if scope is Scope.CONFLICTS:
            keys.append(("A B C …", "Use the remedy with this letter."))
        parts.append(_table(scope, keys))
    signs = [Content.styled("Signs", "bold $text-primary")]
    signs += [
        Content.assemble((f"  {GLYPHS[severity]} {severity:12}", STYLES[severity]), meaning)
        for severity, meaning in _MEANINGS.items()
    ]
    parts.append(Content("\n").join(signs))
    return TextScreen("Help", Content("\n\n").join(parts))


def _about(screen: Screen[Any]) -> str:
    """What the part with the focus shows; empty if it speaks for itself."""
    inner = screen.focused.ancestors_with_self if screen.focused else []
    words = [PARTS[one.id] for one in inner if one.id in PARTS]
    words += [SCOPES[scope] for scope, _ in by_scope(screen)[:1] if scope in SCOPES]
    return words[0] if words else ""


def _table(scope: Scope, keys: Sequence[tuple[str, str]]) -> Content:
    rows = [Content.styled(scope.value, "bold $text-primary")]
    rows += [Content.assemble((f"  {shown:14} ", "bold"), words) for shown, words in keys]
    return Content("\n").join(rows)


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
