"""The mappings of each process, and the bytes of the one under the cursor."""

from textual import on
from textual.content import Content
from textual.message import Message

from tui.criu.memories import Memories
from tui.text import safe_text
from tui.ui.front import Front
from tui.ui.hexdump import Region
from tui.ui.rows.memory import region_of
from tui.ui.rows.model import Row
from tui.ui.widgets.hex_view import HexView
from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView


class MemoryView(RowsView):
    """The view of memory; the bytes are there once somebody has opened them."""

    class MemoryWanted(Message):
        """The bytes are wanted; `asked`: somebody has pressed a key for that."""

        def __init__(self, *, asked: bool) -> None:
            super().__init__()
            self.asked = asked

    class SaveWanted(Message):
        """A mapping is to be saved, or a process as a core file."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    memories: Memories | None = None
    """With its bytes; None until they are there."""
    _awaited: tuple[str, int] | None = None
    """Where to go once they are."""

    def make_details(self) -> HexView:
        """See RowsView."""
        details = HexView()
        details.add_class("details")
        details.border_title = "Bytes"
        return details

    @property
    def hex(self) -> HexView:
        """The bytes."""
        return self.query_one(HexView)

    @property
    def clip(self) -> tuple[str, str] | None:
        """See RowsView."""
        return self.looked_at.clip

    @property
    def front(self) -> Front:
        """See RowsView."""
        if self.looked_at is self.rows:
            return super().front
        return self.hex.front("the bytes of the mapping", f"memory-{self.hex.cursor:x}")

    def filter(self, words: str) -> None:
        """See RowsView; in the bytes one searches."""
        self.rows.filter(words)

    def open(self, memories: Memories) -> None:
        """The bytes are there."""
        self.memories = memories
        self.detailed = None
        awaited, self._awaited = self._awaited, None
        if awaited and self.display and self.rows.row and self.rows.row.id == awaited[0]:
            self.go_to_address(*awaited)
        else:
            self.show_details()

    def say(self, words: str) -> None:
        """Say in place of the bytes why there are none."""
        self.hex.border_title = Content(safe_text(f"Bytes: {words}"))

    def on_show(self) -> None:
        """Show the bytes."""
        self.show_details()

    def show_details(self) -> None:
        """See RowsView."""
        row = self.rows.row
        if row is None or not self.display:
            return
        if self.memories is None:
            self.post_message(self.MemoryWanted(asked=False))
            return
        found = region_of(self.memories, row)
        if found is None or row.id == self.detailed:
            return
        self.detailed = row.id
        memory, vma = found
        vma = vma or next(iter(memory.vmas), None)
        if vma:
            self.hex.border_title = Content(safe_text(f"{vma.start:x}-{vma.end:x} {vma.label}"))
            self.hex.show(Region(memory, vma.start, vma.end))

    def go_to_address(self, row: str, address: int) -> None:
        """Show a certain byte of a mapping, once the bytes are there."""
        self.rows.go_to(row)
        if self.memories is None:
            self._awaited = (row, address)
            self.rows.focus()
            self.post_message(self.MemoryWanted(asked=True))
            return
        self.show_details()
        self.hex.go_to(address)
        self.hex.focus()

    @on(RowList.Chosen, ".rows")
    def _memory_chosen(self) -> None:
        if self.memories is None:
            self.post_message(self.MemoryWanted(asked=True))

    @on(RowList.ViewWanted)
    def _view_wanted(self, event: RowList.ViewWanted) -> None:
        event.stop()
        self.rows.action_choose()

    @on(RowList.SaveWanted)
    def _save_wanted(self, event: RowList.SaveWanted) -> None:
        event.stop()
        if event.row:
            self.post_message(self.SaveWanted(event.row))
