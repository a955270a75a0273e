"""Bytes as numbers and characters: as many as there are, and read only where they are seen."""

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.errors import ArchiveError
from tui.text import safe_text
from tui.ui.front import Front
from tui.ui.hexdump import CLASSES, GLYPHS, Bytes, Part, RawBytes, Row, Rows, column, fitting
from tui.ui.keys import Scope, bindings
from tui.ui.plain import hex_text, printable

_BLOCK = 4096
"""Bytes that are read at once."""

_BLOCKS = 64
"""Blocks that are kept."""

_MARK = "▸"
"""In front of rows with a hit, which colour alone must not tell."""


class HexView(ScrollView, can_focus=True):
    """The bytes of something, with a cursor on one of them."""

    DEFAULT_CSS = """
    HexView {
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        & > .hex-view--absent { text-style: italic; }
        & > .hex-view--hit { text-style: bold underline; }
        & > .hex-view--cursor { text-style: reverse; }
    }
    """

    BINDINGS = bindings(Scope.HEX)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"hex-view--{name}"
        for name in ("address", "absent", "hit", "cursor", *dict.fromkeys(CLASSES))
    }

    class AddressWanted(Message):
        """Somebody wants to type an address."""

    class SearchWanted(Message):
        """Somebody wants to look for something."""

    class CopyWanted(Message):
        """Some text is to be copied."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class Moved(Message):
        """The cursor is on another byte."""

        def __init__(self, address: int) -> None:
            super().__init__()
            self.address = address

        def can_replace(self, message: Message) -> bool:
            """Only the last place is of interest."""
            return isinstance(message, HexView.Moved)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = 0
        """The address of the byte under the cursor."""
        self._source: Bytes = RawBytes(b"")
        self._parts: Sequence[Part] = ()
        self._rows = Rows((), 16)
        self._hits: list[tuple[int, int]] = []
        self._blocks: OrderedDict[int, bytes | str] = OrderedDict()

    def show(self, source: Bytes, parts: Sequence[Part] | None = None) -> None:
        """Show `source` from its beginning; `parts` are those of it, if they are known already."""
        self._source = source
        self._parts = tuple(source.parts()) if parts is None else parts
        self._blocks.clear()
        self._hits = []
        self.refresh_bindings()
        self.cursor = self._parts[0].start if self._parts else 0
        self._measure()
        self._go(self.cursor)

    @property
    def clip(self) -> tuple[str, str] | None:
        """The bytes of the hit or the row under the cursor as numbers."""
        found = self._picked()
        return (found[1].hex(" "), f"{found[0]}, as numbers") if found else None

    def front(self, name: str, file: str) -> Front:
        """The bytes as numbers and characters, as many as make sense."""
        source, parts = self._source, self._parts
        return Front(name, file, lambda: hex_text(source, parts))

    def mark(self, hits: Sequence[tuple[int, int]]) -> None:
        """Mark the bytes of `hits`, each an address and how many there are."""
        self._hits = sorted((start, start + count) for start, count in hits)
        self.refresh_bindings()
        self._tell()
        self.refresh()

    def go_to(self, address: int) -> bool:
        """Put the cursor on `address`; False, and no move, where nothing is there."""
        index = bisect_right(self._parts, address, key=lambda part: part.start) - 1
        if index < 0 or address >= self._parts[index].end:
            return False
        self._go(address, centred=True)
        return True

    def render_line(self, y: int) -> Strip:
        """Line `y` of the window."""
        base, index = self.rich_style, self.scroll_offset.y + y
        if index >= len(self._rows):
            return Strip.blank(self.size.width, base)
        row = self._rows[index]
        found = self._absent(row) if row.part.absent else self._bytes(row)
        return Strip(found).crop_extend(0, self.size.width, base)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only where there are bytes can one look for some, and go to hits where there are any."""
        if action in ("address", "search"):
            return bool(self._parts)
        return action not in ("next", "previous") or bool(self._hits)

    def on_resize(self, _: events.Resize) -> None:
        """Show as many bytes in a row as there is room for, and stay where the cursor is."""
        self._measure()
        self._go(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where people click."""
        index = self.scroll_offset.y + event.y
        if index < len(self._rows):
            row = self._rows[index]
            self._go(min(row.last, row.start + column(event.x, self._rows)))

    def action_move(self, count: int) -> None:
        """Move the cursor by bytes; what is absent is one step."""
        if not self._parts:
            return
        row = self._rows[self._rows.index(self.cursor)]
        onward = row.part.absent and count > 0
        self._go(row.part.end if onward else self.cursor + count)

    def action_rows(self, count: int) -> None:
        """Move the cursor by rows, in its column."""
        if not self._parts:
            return
        index = self._rows.index(self.cursor)
        column = self.cursor - self._rows[index].start
        row = self._rows[max(0, min(len(self._rows) - 1, index + count))]
        self._go(min(row.start + column, row.last))

    def action_pages(self, count: int) -> None:
        """Move the cursor by windows."""
        self.action_rows(count * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the first byte."""
        if self._parts:
            self._go(self._parts[0].start)

    def action_last(self) -> None:
        """To the last byte."""
        if self._parts:
            self._go(self._parts[-1].end - 1)

    def action_next(self) -> None:
        """To the next hit; behind the last one is the first."""
        if self._hits:
            index = bisect_right(self._hits, self.cursor, key=lambda hit: hit[0])
            self.go_to(self._hits[index % len(self._hits)][0])

    def action_previous(self) -> None:
        """To the hit before; in front of the first one is the last."""
        if self._hits:
            index = bisect_left(self._hits, self.cursor, key=lambda hit: hit[0])
            self.go_to(self._hits[index - 1][0])

    def action_copy_text(self) -> None:
        """Copy the hit or the row under the cursor as text."""
        found = self._picked()
        if found:
            name, data = found
            text = data.decode("utf-8", "replace")
            self.post_message(
                self.CopyWanted(text if text.isprintable() else printable(data), f"{name}, as text")
            )

    def action_address(self) -> None:
        """Ask for an address."""
        self.post_message(self.AddressWanted())

    def action_search(self) -> None:
        """Ask for what to look for."""
        self.post_message(self.SearchWanted())

    def _picked(self) -> tuple[str, bytes] | None:
        """The hit under the cursor, or else its row: what it is called, and its bytes."""
        if not self._parts:
            return None
        row = self._rows[self._rows.index(self.cursor)]
        if row.part.absent:
            return None
        index = bisect_right(self._hits, self.cursor, key=lambda hit: hit[0]) - 1
        if index >= 0 and self.cursor < self._hits[index][1]:
            start, end = self._hits[index]
            try:
                data = self._source.read(start, min(end - start, _BLOCK))
            except ArchiveError:
                return None
            return f"the hit at {start:#x}", data
        found = self._read(row)
        return None if isinstance(found, str) else (f"the bytes at {row.start:#x}", found)

    def _measure(self) -> None:
        digits = Rows(self._parts[-1:], 8).digits
        self._rows = Rows(self._parts, fitting(digits, self.size.width))
        self.virtual_size = Size(self.size.width, len(self._rows))

    def _go(self, address: int, *, centred: bool = False) -> None:
        if not self._parts:
            self._tell()
            return
        index = self._rows.index(address)
        row = self._rows[index]
        self.cursor = max(row.start, min(address, row.last))
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if centred and not top <= index < top + height:
            self.scroll_to(y=max(0, index - height // 2), animate=False, immediate=True, force=True)
        elif index < top:
            self.scroll_to(y=index, animate=False, immediate=True, force=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, immediate=True, force=True)
        self._tell()
        self.refresh()
        self.post_message(self.Moved(self.cursor))

    def _tell(self) -> None:
        """Say below where the cursor is."""
        parts = [f"{self.cursor:#x}"] if self._parts else ["empty"]
        if self._hits:
            index = bisect_right(self._hits, self.cursor, key=lambda hit: hit[0])
            here = index and self.cursor < self._hits[index - 1][1]
            parts.append(f"hit {index if here else '-'} of {len(self._hits):,}")
        self.border_subtitle = " · ".join(parts)

    def _absent(self, row: Row) -> list[Segment]:
        base = self.rich_style
        text = f"{row.start:0{self._rows.digits}x}  … {row.part.absent} …"
        style = base + self._style("cursor" if row.start == self.cursor else "absent")
        return [Segment(safe_text(text), style)]

    def _bytes(self, row: Row) -> list[Segment]:
        base, width, data = self.rich_style, self._rows.width, self._read(row)
        marked = self._marked(row)
        mark = _MARK if any(marked) else " "
        address = f"{row.start:0{self._rows.digits}x}{mark} "
        numbers = [Segment(address, base + self._style("address"))]
        if isinstance(data, str):
            return [*numbers, Segment(safe_text(data), base + self._style("absent"))]
        characters = []
        for look, group in groupby(range(len(data)), lambda at: self._look(row, data, marked, at)):
            places = list(group)
            style = base + look
            characters.append(Segment("".join(GLYPHS[data[at]] for at in places), style))
            for at in places:
                numbers.append(Segment(f"{data[at]:02x}", style))
                numbers.append(Segment("  " if at + 1 == width // 2 else " ", base))
        missing = width - len(data)
        gap = " " * (3 * missing + (len(data) < width // 2))
        return [*numbers, Segment(gap, base), *characters]

    def _look(self, row: Row, data: bytes, marked: Sequence[bool], at: int) -> Style:
        if row.start + at == self.cursor:
            return self._style("cursor")
        style = self._style(CLASSES[data[at]])
        return style + self._style("hit") if marked[at] else style

    def _marked(self, row: Row) -> list[bool]:
        """Which bytes of the row belong to a hit."""
        end = row.start + row.size
        marked = [False] * row.size
        index = max(0, bisect_right(self._hits, row.start, key=lambda hit: hit[0]) - 1)
        while index < len(self._hits) and self._hits[index][0] < end:
            first, last = self._hits[index]
            for at in range(max(0, first - row.start), min(row.size, last - row.start)):
                marked[at] = True
            index += 1
        return marked

    def _read(self, row: Row) -> bytes | str:
        """The bytes of a row, or why there are none."""
        part = row.part
        base = row.start - (row.start - part.start) % _BLOCK
        block = self._blocks.get(base)
        if block is None:
            try:
                block = self._source.read(base, min(_BLOCK, part.end - base))
            except ArchiveError as error:
                block = str(error)
            self._blocks[base] = block
            while len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        if isinstance(block, str):
            return block
        return block[row.start - base :][: row.size] or "damaged: it cannot be read here"

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"hex-view--{name}", partial=True, default=Style())
