"""A log that grows: any number of lines, followed or paused, filtered by words and by level."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.restore.events import Level, LogLine
from tui.text import plural
from tui.ui.keys import Scope, bindings

_SOURCE = 9
"""Cells for the program's name."""

_LETTERS = {Level.DEBUG: " ", Level.INFO: "i", Level.WARNING: "▲", Level.ERROR: "✖"}

_LEVELS = tuple(Level)


class LogView(ScrollView, can_focus=True):
    """The lines that programs print, drawn only where they are seen."""

    BINDINGS = bindings(Scope.LOG)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--source",
        *(f"log-view--{level}" for level in Level),
    }

    class FilterWanted(Message):
        """Somebody wants to type a filter."""

    class SaveWanted(Message):
        """Somebody wants the log in a file."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: list[LogLine] = []
        self._shown: list[int] = []
        self._words = ""
        self._least = Level.DEBUG
        self._following = True
        self._unseen = 0

    def add(self, lines: Sequence[LogLine]) -> None:
        """Append `lines`; call it with many at once."""
        if not lines:
            return
        start = len(self.lines)
        self.lines += lines
        found = [start + index for index, line in enumerate(lines) if self._passes(line)]
        self._shown += found
        if not self._following:
            self._unseen += len(found)
        self._measure(max((_width(self.lines[index]) for index in found), default=0))
        self._tell()

    def filter(self, words: str) -> None:
        """Show only lines with `words` in them, in any case."""
        self._words = words.casefold()
        self._choose()

    def render_line(self, y: int) -> Strip:
        """Line `y` of the window."""
        x, top = self.scroll_offset
        width, base = self.size.width, self.rich_style
        if top + y >= len(self._shown):
            return Strip.blank(width, base)
        line = self.lines[self._shown[top + y]]
        style = base + self._style(line.level)
        source = base + self._style("source")
        return Strip(
            [
                Segment(f"{line.source[:_SOURCE]:{_SOURCE}} ", source),
                Segment(f"{_LETTERS[line.level]} ", style),
                Segment(line.text, style),
            ]
        ).crop_extend(x, x + width, base)

    def on_mount(self) -> None:
        """Say what is shown."""
        self._tell()

    def on_resize(self, _: events.Resize) -> None:
        """Stay at the end while following."""
        self._keep_up()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Away from the end it pauses, and back there it follows again."""
        super().watch_scroll_y(old_value, new_value)
        self._follow(new_value >= self.max_scroll_y)

    def action_follow(self) -> None:
        """Follow the end, or stop following it."""
        self._follow(not self._following)
        if self._following:
            self.scroll_end(animate=False)

    def action_level(self) -> None:
        """Show only louder lines than now, or all of them again."""
        self._least = _LEVELS[(_LEVELS.index(self._least) + 1) % len(_LEVELS)]
        self._choose()

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.post_message(self.FilterWanted())

    def action_save(self) -> None:
        """Ask for a file."""
        self.post_message(self.SaveWanted())

    def _choose(self) -> None:
        self._shown = [index for index, line in enumerate(self.lines) if self._passes(line)]
        self.virtual_size = Size(0, 0)
        self._measure(max((_width(self.lines[index]) for index in self._shown), default=0))
        self._tell()

    def _passes(self, line: LogLine) -> bool:
        return _LEVELS.index(line.level) >= _LEVELS.index(self._least) and (
            not self._words or self._words in f"{line.source} {line.text}".casefold()
        )

    def _measure(self, widest: int) -> None:
        self.virtual_size = Size(max(widest, self.virtual_size.width), len(self._shown))
        self._keep_up()
        self.call_after_refresh(self._keep_up)  # until then the end may not be known
        self.refresh()

    def _keep_up(self) -> None:
        if self._following:
            self.scroll_end(animate=False, immediate=True)

    def _follow(self, following: bool) -> None:
        self._following = following
        if following:
            self._unseen = 0
        self._tell()

    def _tell(self) -> None:
        parts = [plural(len(self._shown), "line")]
        if self._least is not Level.DEBUG:
            parts.append(f"{self._least} and up" if self._least is not Level.ERROR else "errors")
        if self._words:
            parts.append("filtered")
        if not self._following:
            more = f", {plural(self._unseen, 'new line')}" if self._unseen else ""
            parts.append(f"paused{more}")
        self.border_subtitle = " · ".join(parts)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"log-view--{name}", partial=True, default=Style())


def _width(line: LogLine) -> int:
    return Segment(line.text).cell_length + _SOURCE + 3
