"""A text that may be longer than its place, with the keys of every other text."""

from textual.containers import VerticalScroll

from tui.ui.keys import Scope, bindings


class TextPane(VerticalScroll):
    """A text that scrolls."""

    SCOPES = (Scope.TEXT,)
    BINDINGS = bindings(Scope.TEXT)
