"""What somebody looks at, as something that can be copied, saved and opened elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.screen import Screen

from tui.errors import PodthawError
from tui.report.document import dumps
from tui.text import plural


@dataclass(frozen=True, slots=True)
class Front:
    """One thing in front; what it is made of is not looked at before somebody wants it.

    Its functions are called from any thread.
    """

    name: str
    """What it is called in a sentence: `the table of mounts`."""
    file: str
    """What a file with it is called, without an ending."""
    text: Callable[[], str]
    """All of it, with secrets masked as on the screen, each line safe to show."""
    document: Callable[[], Any] | None = None
    """The same for JSON, where it has a structure."""
    structured: bool = False
    """It is JSON by nature, and copied as such."""

    def json(self) -> str:
        """Its document in plain ASCII. Raises PodthawError."""
        assert self.document
        try:
            return dumps(self.document())
        except RecursionError:
            raise PodthawError(f"JSON cannot be nested as deep as {self.name}.") from None

    def copied(self) -> str:
        """What the clipboard gets. Raises PodthawError."""
        return self.json() if self.structured and self.document else self.text()


def front_of(screen: Screen[Any]) -> Front:
    """What is in front on `screen`; where it knows of nothing better, what stands there."""
    found = getattr(screen, "front", None)
    if isinstance(found, Front):
        return found
    lines = [strip.text.rstrip() for strip in screen._compositor.render_strips()]
    return Front("the screen", "screen", lambda: "\n".join(lines).rstrip())


def amount(text: str) -> str:
    """How much of it there is: `3 lines, 120 characters`."""
    lines = text.count("\n") + 1 if text else 0
    characters = plural(len(text), "character")
    return characters if lines <= 1 else f"{lines:,} lines, {characters}"
