"""The views of what is inside: going through them, between them, and out again."""

import asyncio
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import ContentSwitcher

from tests.data import DATA
from tests.ui.scenes import Scene, press, settled, shown, until
from tests.ui.test_flow import opened
from tests.ui.test_hostile import archive
from tui.criu import inside
from tui.criu.saving import save_region
from tui.errors import ArchiveError
from tui.text import MASK
from tui.ui.app import PodthawApp
from tui.ui.rows import running
from tui.ui.rows.running import Running
from tui.ui.screens import findings as searching
from tui.ui.screens import memory
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.content import ContentScreen
from tui.ui.screens.help import TextScreen
from tui.ui.screens.progress import ProgressScreen
from tui.ui.screens.search import SearchScreen
from tui.ui.widgets.conflict_list import ConflictList
from tui.ui.widgets.document_tree import DocumentTree
from tui.ui.widgets.hex_view import HexView
from tui.ui.widgets.memory_view import MemoryView
from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView

TALKING = Scene("", press(), path=DATA / "established.tar.zst")


def view(app: PodthawApp, name: str) -> RowsView:
    return app.screen.query_one(f"#{name}", RowsView)


def current(app: PodthawApp) -> str | None:
    return app.screen.query_one("#shown", ContentSwitcher).current


def row(app: PodthawApp, name: str) -> str:
    found = view(app, name).rows.row
    return found.id if found else ""


async def test_processes_stand_beside_all_that_is_known_of_them() -> None:
    async with opened() as (app, pilot):
        await press("6")(pilot)
        text = shown(app)
        assert "4 processes · 4 threads" in text
        assert "httpd -f -p 80 -h /srv/data" in text
        assert "Command in the config" in text
        await press("j")(pilot)
        assert "▾ 4 sh" in shown(app)


async def test_the_list_of_views_tells_how_much_there_is() -> None:
    async with opened() as (app, _):
        assert "6 Processes   4" in shown(app)
        assert "0 Mounts      32" in shown(app)


async def test_rows_can_be_filtered_and_sorted() -> None:
    async with opened() as (app, pilot):
        await press("6", "slash", *"sleep")(pilot)
        await until(pilot, "2 found")
        assert row(app, "processes") == "p/4"
        await press("escape", "o")(pilot)
        assert "by pid ↑" in shown(app)
        await press("i")(pilot)
        assert "by pid ↓" in shown(app)
        assert view(app, "processes").rows.seen.arranged.rows[-1] == 0


async def test_values_are_masked_until_asked_for() -> None:
    async with opened(size=(160, 50)) as (app, pilot):
        await press("6", "enter", "G")(pilot)
        assert MASK in shown(app)
        assert "correct-horse" not in shown(app)
        await press("s")(pilot)
        details = view(app, "processes").query_one(".details", RowList).seen.table
        assert details
        assert "correct-horse-battery-staple" in {row.text for row in details.rows}


async def test_views_of_processes_stay_at_the_same_one() -> None:
    async with opened() as (app, pilot):
        await press("6", "j", "j", "7")(pilot)
        assert row(app, "files") == f"fds/{row(app, 'processes').removeprefix('p/')}"
        await press("j", "9")(pilot)
        assert row(app, "memory") == f"mem/{row(app, 'processes').removeprefix('p/')}"
        await press("7")(pilot)
        assert row(app, "files").startswith("exe/")


async def test_links_lead_to_other_views_and_back() -> None:
    async with opened(TALKING) as (app, pilot):
        await press("8", "enter", "slash", *"fd 3")(pilot)
        await until(pilot, "fd 3")
        await press("enter", "G", "enter")(pilot)
        assert current(app) == "files"
        assert row(app, "files") == "fd/1/3"
        await press("b")(pilot)
        assert current(app) == "sockets"
        await press("b")(pilot)
        assert current(app) == "sockets"


async def test_connections_are_told_in_words() -> None:
    async with opened(TALKING) as (app, pilot):
        await press("8")(pilot)
        text = shown(app)
        assert "◆ 2 TCP connections" in text
        assert "--tcp-established" in text


async def test_narrow_screens_open_the_details_over_the_rows() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("6")(pilot)
        assert "Enter: details" in shown(app)
        assert not view(app, "processes").details.display
        await press("enter")(pilot)
        assert "command line" in shown(app)
        assert not view(app, "processes").rows.display
        await press("escape")(pilot)
        assert view(app, "processes").rows.has_focus
        await press("escape")(pilot)
        assert app.screen.query_one("#views").has_focus


async def test_what_is_copied_is_whole() -> None:
    async with opened() as (app, pilot):
        await press("6", "enter", "j", "y")(pilot)
        assert app.clipboard == "httpd -f -p 80 -h /srv/data"


async def test_conflicts_open_beside_the_views_that_need_the_room() -> None:
    async with opened() as (app, pilot):
        await press("6")(pilot)
        assert not app.screen.query_one(ConflictList).display
        await press("c")(pilot)
        assert app.screen.query_one(ConflictList).has_focus
        assert "Volume shop-data exists" in shown(app)
        await press("escape")(pilot)
        assert not app.screen.query_one(ConflictList).display


async def test_the_content_of_deleted_files_is_shown_and_saved(tmp_path: Path) -> None:
    path = archive(tmp_path / "made.tar", "gone")
    async with opened(Scene("", press(), path=path)) as (app, pilot):
        await press("7", "slash", *"in the archive", "enter")(pilot)
        await until(pilot, "1 found")
        assert "v View" in shown(app)
        await press("v")(pilot)
        assert isinstance(app.screen, ContentScreen)
        assert "4 Bytes · text" in shown(app)
        await press("escape", "w")(pilot)
        await until(pilot, "Saved")
        (saved,) = (Path.home() / ".local/state/podthaw/saved").iterdir()
        assert saved.read_bytes() == b"gone"
        assert saved.stat().st_mode & 0o777 == 0o600


async def test_files_of_the_file_system_are_shown_and_saved() -> None:
    async with opened() as (app, pilot):
        await press("0", "right_square_bracket", "slash", *"1001.txt", "enter")(pilot)
        await until(pilot, "1 found")
        await press("v")(pilot)
        assert "order 1001, 2 items, paid" in shown(app)
        await press("escape", "w")(pilot)
        await until(pilot, "Saved")
        (saved,) = (Path.home() / ".local/state/podthaw/saved").iterdir()
        assert saved.read_text() == "order 1001, 2 items, paid\n"


async def test_an_image_is_decoded_into_a_tree() -> None:
    async with opened() as (app, pilot):
        await press("1", "left_square_bracket", "left_square_bracket")(pilot)
        assert current(app) == "raw"
        await press("slash", *"pstree", "enter", "enter")(pilot)
        await until(pilot, "0 Pstree")
        tree = view(app, "raw").query_one(DocumentTree)
        assert tree.has_focus
        await press("l", "j", "y")(pilot)
        assert app.clipboard == "1"


async def test_memory_is_gone_through_searched_and_saved() -> None:
    async with opened() as (app, pilot):
        await press("9", "j", "enter")(pilot)
        hexes = app.screen.query_one(HexView)
        assert hexes.has_focus
        await press("a", *"5f4010", "enter")(pilot)
        assert hexes.cursor == 0x5F4010
        assert row(app, "memory") == "mem/1/5f4000"
        await press("slash")(pilot)
        assert isinstance(app.screen, SearchScreen)
        await press(*"correct-horse", "enter")(pilot)
        await until(pilot, "«correct-horse»")
        await press("enter")(pilot)
        assert "hit 1 of 1" in shown(app)
        await press("escape", "w")(pilot)
        await until(pilot, "Saved")
        (saved,) = (Path.home() / ".local/state/podthaw/saved").iterdir()
        assert b"correct-horse" in saved.read_bytes()


async def test_a_process_is_saved_as_a_core_file() -> None:
    async with opened() as (_, pilot):
        await press("9", "w")(pilot)
        await until(pilot, "Saved")
        (saved,) = (Path.home() / ".local/state/podthaw/saved").iterdir()
        assert saved.name.endswith("core.1")
        assert saved.read_bytes()[:4] == b"\x7fELF"


async def test_an_address_that_nothing_is_mapped_at_is_told() -> None:
    async with opened() as (app, pilot):
        await press("9", "j", "enter", "a", *"10", "enter")(pilot)
        await until(pilot, "Nothing is mapped at 0x10")
        assert row(app, "memory") == "mem/1/400000"


async def test_much_memory_is_unpacked_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "needed", lambda *_: 2 << 30)
    async with opened() as (app, pilot):
        await press("9")(pilot)
        assert "Enter unpacks 2.0 GiB" in shown(app)
        await press("enter")(pilot)
        assert isinstance(app.screen, Confirm)
        await press("y")(pilot)
        assert app.screen.query_one(MemoryView).memories


async def test_a_missing_image_costs_its_view_one_sentence(tmp_path: Path) -> None:
    path = archive(tmp_path / "made.tar", "x")
    cut = tmp_path / "cut.tar"
    with tarfile.open(path) as whole, tarfile.open(cut, "w") as less:
        for member in whole:
            if "mountpoints" not in member.name:
                less.addfile(member, whole.extractfile(member))
    async with opened(Scene("", press(), path=cut)) as (app, pilot):
        await press("0")(pilot)
        assert "mountpoints-*.img: missing" in shown(app)
        assert "no mount is in the archive" in shown(app)
        await press("6")(pilot)
        assert "1 process" in shown(app)


async def test_while_the_archive_is_read_the_views_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()
    read = inside.read_inside

    def slowly(*args: object, **options: object) -> object:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(30)
        return read(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "read_inside", slowly)
    with Scene("", press()).staged() as app:
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, "1 Summary")
            await pilot.press("6")
            await until(pilot, "Looking into it …")
            gate.set()
            await settled(pilot)
            assert "4 processes" in shown(app)


async def test_views_without_a_number_are_found_by_name() -> None:
    async with opened() as (app, pilot):
        commands = {one.title: one.callback for one in app.get_system_commands(app.screen)}
        commands["View: Logs"]()
        await settled(pilot)
        assert current(app) == "logs"
        assert "shop: ready on port 80" in shown(app)


async def test_findings_are_told_where_nobody_asked() -> None:
    async with opened() as (app, pilot):
        assert "f Findings 2 low" in shown(app)
        assert "2 findings, all low: f shows them." in shown(app)
        await press("f")(pilot)
        assert current(app) == "findings"
        assert "· low" in shown(app)
        assert "Not looked into: memory and files" in shown(app)


async def test_places_of_a_finding_lead_there_and_back_to_the_same_place() -> None:
    async with opened() as (app, pilot):
        await press("f", "slash", *"shell as", "enter")(pilot)
        await until(pilot, "1 found")
        await press("enter", *"jjjjjj", "enter")(pilot)
        assert current(app) == "processes"
        assert row(app, "processes") == "p/1"
        await press("b")(pilot)
        assert current(app) == "findings"
        details = view(app, "findings").details
        assert isinstance(details, RowList)
        assert details.has_focus
        assert details.row
        assert details.row.text == "1 httpd"


async def test_a_node_of_a_document_is_a_place(tmp_path: Path) -> None:
    path = archive(tmp_path / "made.tar", "/etc")
    async with opened(Scene("", press(), path=path)) as (app, pilot):
        assert "f Findings 1 high" in shown(app)
        await press("f", "enter", "G")(pilot)
        assert "→ spec.dump /mounts/0" in shown(app)
        await press("enter")(pilot)
        assert current(app) == "spec"
        tree = app.screen.query_one("#spec", DocumentTree)
        assert tree.has_focus
        await press("l", "j", "y")(pilot)
        assert app.clipboard == "/etc"
        await press("b")(pilot)
        assert current(app) == "findings"


async def test_a_finding_is_explained_and_copied() -> None:
    async with opened() as (app, pilot):
        await press("f", "y")(pilot)
        assert app.clipboard.startswith("· low  httpd (PID 1) has a shell as its child")
        assert app.clipboard.endswith("  process 4 sh\n  process 1 httpd")
        await press("e")(pilot)
        assert isinstance(app.screen, TextScreen)
        assert "server-child (high)" in shown(app)


async def test_memory_is_looked_into_when_asked_and_the_bytes_are_a_place() -> None:
    async with opened() as (app, pilot):
        await press("f", "m")(pilot)
        await until(pilot, "f Findings 3 low")
        assert "Not looked into" not in shown(app)
        await press("G", "enter", *"jjjjj", "enter")(pilot)
        assert current(app) == "memory"
        hexes = app.screen.query_one(HexView)
        assert hexes.has_focus
        assert "50 41 53 4e" not in shown(app)
        assert "rrect-ho" in shown(app)
        await press("b")(pilot)
        assert "m Memory" not in shown(app)


async def test_much_is_unpacked_for_findings_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "needed", lambda *_: 2 << 30)
    async with opened() as (app, pilot):
        await press("f", "m")(pilot)
        assert isinstance(app.screen, Confirm)
        assert "2.0 GiB" in shown(app)
        await press("n")(pilot)
        assert "f Findings 2 low" in shown(app)
        await press("m", "y")(pilot)
        await until(pilot, "f Findings 3 low")


async def test_what_takes_long_shows_how_far_it_is_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    ended: list[str] = []

    def slowly(_: object, progress: Callable[[int, int], None]) -> Running:
        progress(2, 5)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(30)
        try:
            progress(3, 5)
        except ArchiveError as error:
            ended.append(str(error))
            raise
        raise AssertionError("nobody has stopped it")

    monkeypatch.setattr(searching, "with_search", slowly)
    async with opened() as (app, pilot):
        await press("f")(pilot)
        await pilot.press("m")
        await begun.wait()
        await until(pilot, "40%")
        assert isinstance(app.screen, ProgressScreen)
        await pilot.press("escape")
        gate.set()
        await settled(pilot)
        assert ended == ["It was stopped."]
        assert current(app) == "findings"
        assert "f Findings 2 low" in shown(app)


async def test_large_memory_is_saved_behind_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "UNPACKED", 1 << 30)
    async with opened() as (app, pilot):
        await press("9", "j")(pilot)
        assert app.screen.query_one(MemoryView).memories
        monkeypatch.setattr(memory, "UNPACKED", 0)
        begun, gate = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def slowly(*args: Any) -> object:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(30)
            return save_region(*args)

        monkeypatch.setattr(memory, "save_region", slowly)
        await pilot.press("w")
        await begun.wait()
        await until(pilot, "Saving memory-1-400000")
        await pilot.press("escape")
        gate.set()
        await settled(pilot)
        assert current(app) == "memory"
        assert list((Path.home() / ".local/state/podthaw/saved").iterdir()) == []


async def test_a_pre_checkpoint_says_what_it_lacks(tmp_path: Path) -> None:
    with tarfile.open(DATA / "web.tar") as whole, tarfile.open(tmp_path / "pre.tar", "w") as pre:
        for member in whole:
            folder, _, image = member.name.partition("/")
            if folder == "checkpoint" and image.startswith(("inventory", "mm-", "page")):
                member.name = f"pre-{member.name}"
            elif folder == "checkpoint":
                continue
            pre.addfile(member, whole.extractfile(member) if member.isfile() else None)
    async with opened(Scene("", press(), path=tmp_path / "pre.tar")) as (app, pilot):
        await press("6")(pilot)
        assert "a pre-checkpoint has memory alone" in shown(app)
        await press("f")(pilot)
        assert "a pre-checkpoint has memory alone" in shown(app)
        assert "Nothing deserves a look" in shown(app)


async def test_a_damaged_archive_says_how_far_it_was_read(tmp_path: Path) -> None:
    raw = (DATA / "web.tar").read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(raw[: raw.index(b"checkpoint/files.img") + 600])
    async with opened(Scene("", press(), path=cut)) as (app, pilot):
        await press("f")(pilot)
        assert "cut off" in shown(app)
        await press("7")(pilot)
        assert "▲ checkpoint/files.img: not read: the archive is damaged in it" in shown(app)
