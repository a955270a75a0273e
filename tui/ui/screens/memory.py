"""What the inspector does with memory: opens it, goes through it, saves it."""

from contextlib import ExitStack
from pathlib import Path

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from tui.archive.spool import folder, needed, opened
from tui.criu.elfcore import write_core
from tui.criu.images import Images
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.saving import save_region
from tui.criu.search import Hit
from tui.errors import ArchiveError, PodthawError
from tui.report.document import image_folder
from tui.text import safe_text, size
from tui.ui.hexdump import address_in
from tui.ui.pace import Pace
from tui.ui.rows.memory import region_of, row_of
from tui.ui.rows.model import Row
from tui.ui.rows.running import UNPACKED, Running
from tui.ui.saving import new_path
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.inside import InsideScreen, going_on
from tui.ui.screens.progress import ProgressScreen
from tui.ui.screens.search import SearchScreen
from tui.ui.widgets.hex_view import HexView
from tui.ui.widgets.memory_view import MemoryView


class MemoryScreen(InsideScreen):
    """A screen with a MemoryView."""

    class MemoryOpened(Message):
        """The bytes of memory can be read."""

        def __init__(self, memories: Memories) -> None:
            super().__init__()
            self.memories = memories

    class MemoryPassed(Message):
        """So many bytes of the archive have been unpacked."""

        def __init__(self, done: int, total: int) -> None:
            super().__init__()
            self.done = done
            self.total = total

        def can_replace(self, message: Message) -> bool:
            """Only the last one is of interest."""
            return isinstance(message, MemoryScreen.MemoryPassed)

    class MemoryFailed(Message):
        """They cannot."""

        def __init__(self, error: ArchiveError) -> None:
            super().__init__()
            self.error = error

    def __init__(self) -> None:
        super().__init__()
        self._opening = False
        self._pace = Pace()
        self._open_files = ExitStack()
        """Closed with the screen."""

    def on_unmount(self) -> None:
        """Let go of what was unpacked."""
        self._open_files.close()

    @on(MemoryView.MemoryWanted)
    def _memory_wanted(self, event: MemoryView.MemoryWanted) -> None:
        if self.known is None or not self.known.whole or self._opening:
            return
        contents = self.known.checkpoint.contents
        count = needed(contents, memory_members(contents, image_folder(self.known.checkpoint)))
        if count <= UNPACKED:
            self._opening = True
            self._pace.restart()
            self._open_memory(self.known)
        elif event.asked:
            question = f"Unpack {size(count)} of memory to {safe_text(folder())}?"
            warning = "It is given back when the archive is closed."
            self.app.push_screen(Confirm(question, warning=warning), self._unpacking_wanted)
        else:
            self._memory_view.say(f"Enter unpacks {size(count)}")

    def _unpacking_wanted(self, wanted: bool | None) -> None:
        if wanted and self.known:
            self._opening = True
            self._pace.restart()
            self._open_memory(self.known)

    @work(thread=True, group="memory")
    def _open_memory(self, running: Running) -> None:
        contents, images = running.checkpoint.contents, image_folder(running.checkpoint)
        progress = going_on(
            get_current_worker(),
            lambda done, total: self.post_message(self.MemoryPassed(done, total)),
        )
        try:
            wanted = memory_members(contents, images)
            store = self._open_files.enter_context(opened(contents, wanted, progress))
            memories = read_memories(contents, store, folder=images)
        except ArchiveError as error:
            self.post_message(self.MemoryFailed(error))
        else:
            self.post_message(self.MemoryOpened(memories))

    @on(MemoryPassed)
    def _memory_passed(self, event: MemoryPassed) -> None:
        if self._memory_view.memories is None:
            self._memory_view.say(f"unpacking {self._pace.tell(event.done, event.total)}")

    @on(MemoryOpened)
    def _memory_opened(self, event: MemoryOpened) -> None:
        self._memory_view.open(event.memories)

    @on(MemoryFailed)
    def _memory_failed(self, event: MemoryFailed) -> None:
        self._opening = False
        self._memory_view.say("✖ it cannot be read; Enter tries again")
        self.complain(event.error)

    @on(HexView.AddressWanted)
    def _address_wanted(self) -> None:
        ask = AskScreen("Go to an address", "7ffe1000, or +100 and -10 from here")
        self.app.push_screen(ask, self._go_to_address)

    def _go_to_address(self, typed: str | None) -> None:
        view = self._memory_view
        row = view.rows.row
        if not typed or view.memories is None or row is None:
            return
        address = address_in(typed, view.hex.cursor)
        found = region_of(view.memories, row)
        vma = found[0].vma_at(address) if found and address is not None else None
        if address is None:
            self.complain("That is no address: write it in hexadecimal.")
        elif vma is None:
            self.complain(f"Nothing is mapped at {address:#x} in this process.")
        else:
            base = "/".join(row.id.split("/")[:2])
            view.go_to_address(f"{base}/{vma.start:x}", address)

    @on(HexView.CopyWanted)
    def _copy_wanted(self, event: HexView.CopyWanted) -> None:
        self.app.copy(event.text, event.what)

    @on(HexView.SearchWanted)
    def _search_wanted(self) -> None:
        memories = self._memory_view.memories
        if self.known and memories:
            self.app.push_screen(SearchScreen(self.known, memories), self._go_to_hit)

    def _go_to_hit(self, hit: Hit | None) -> None:
        if hit:
            place = hit.places[0]
            self._memory_view.go_to_address(row_of(place), place.address)
            self._memory_view.hex.mark([(place.address, hit.size)])

    @on(MemoryView.SaveWanted)
    def _memory_save_wanted(self, event: MemoryView.SaveWanted) -> None:
        memories = self._memory_view.memories
        if self.known and memories:
            what = event.row.content
            bar = None
            if what and what.size > UNPACKED:
                name = safe_text(what.name)
                bar = self.show_progress(f"Saving {name}, {size(what.size)} …", "save")
            self._save_memory(self.known, memories, event.row, bar)
        else:
            self.complain("The memory has not been opened yet: Enter opens it.")

    @work(thread=True, group="save")
    def _save_memory(
        self, running: Running, memories: Memories, row: Row, bar: ProgressScreen | None
    ) -> None:
        found, what = region_of(memories, row), row.content
        if found is None or what is None:
            return
        memory, vma = found
        progress = going_on(get_current_worker(), bar.tell if bar else None)
        try:
            path = str(new_path(what.name))
            if vma:
                save_region(memory, vma.start, vma.end, path, progress)
            else:
                contents = running.checkpoint.contents
                images = Images(contents, image_folder(running.checkpoint))
                write_core(images, memory, path, progress)
        except (PodthawError, OSError) as error:
            self.app.call_from_thread(self.complain, error)
        else:
            self.app.call_from_thread(self.tell_saved, Path(path))
        finally:
            if bar:
                bar.end()

    @property
    def _memory_view(self) -> MemoryView:
        return self.query_one(MemoryView)
