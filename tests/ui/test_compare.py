"""Two archives side by side on the screen: what differs, how to go through it, how to stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest
from textual.widgets import Input

from tests.archive.builders import short
from tests.checkpoint.comparisons import RUNC, WEB, Members, document, rebuilt
from tests.ui.scenes import Scene, press, settled, shown, until
from tests.ui.test_flow import Piloted
from tests.ui.test_hostile import HOSTILE, archive, printed
from tui.checkpoint.comparison import side as reading
from tui.text import MASK
from tui.ui.app import PodthawApp
from tui.ui.rows.model import Table
from tui.ui.screens.ask import AskScreen
from tui.ui.screens.compare import CompareScreen
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView


@asynccontextmanager
async def compared(
    before: Path, after: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[PodthawApp, Piloted]]:
    with Scene("", press(), path=before).staged() as app:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            app.push_screen(CompareScreen(str(before), str(after)))
            await settled(pilot)
            yield app, pilot


def rows(app: PodthawApp) -> RowList:
    return app.screen.query_one(RowsView).rows


def table(app: PodthawApp) -> Table:
    found = rows(app).seen.table
    assert found
    return found


def here(app: PodthawApp) -> str:
    """What the row under the cursor says."""
    row = rows(app).row
    return " ".join(" ".join(row.cells).split()) if row else ""


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_differences_stand_by_section_under_who_is_compared(size: tuple[int, int]) -> None:
    async with compared(WEB, RUNC, size) as (app, _):
        text = shown(app)
        assert "before  web.tar.zst  web " in text
        assert "after   runc.tar.zst  on-runc " in text
        assert "two containers, the second is 3 seconds newer than the first" in text
        assert "▾ Archive" in text
        assert "~ changed" in text
        assert "web" in text
        assert "on-runc" in text


async def test_the_same_is_told_in_words() -> None:
    async with compared(WEB, WEB) as (app, pilot):
        assert "No differences: the two are the same in everything" in shown(app)
        await press("n")(pilot)
        assert table(app).rows == ()
        await press("t")(pilot)
        assert "= same" in shown(app)


async def test_details_tell_before_and_after(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        document(members, "spec.dump", lambda spec: spec.update(hostname="elsewhere"))

    async with compared(WEB, rebuilt(tmp_path, change), (160, 50)) as (app, pilot):
        await press("n")(pilot)
        assert here(app).startswith("hostname ~ changed")
        details = app.screen.query_one(".details", RowList).seen.table
        assert details
        told = {row.cells[0]: row.cells[-1] for row in details.rows}
        assert told["After"] == "elsewhere"
        assert told["Before"]


async def test_the_next_difference_and_the_one_before() -> None:
    async with compared(WEB, RUNC) as (app, pilot):
        await press("n")(pilot)
        assert here(app) == "container ~ changed web on-runc"
        await press("n")(pilot)
        assert here(app).startswith("ID ~ changed")
        await press("N", "N")(pilot)
        last = here(app)
        await press("n")(pilot)
        assert here(app) == "container ~ changed web on-runc"
        await press("N")(pilot)
        assert here(app) == last


async def test_closed_rows_open_for_the_next_difference() -> None:
    async with compared(WEB, RUNC) as (app, pilot):
        await press("h", "n")(pilot)
        assert here(app) == "container ~ changed web on-runc"


async def test_rows_can_be_filtered() -> None:
    async with compared(WEB, RUNC) as (app, pilot):
        await press("slash", *"runtime")(pilot)
        await until(pilot, "found")
        assert "crun" in shown(app)
        assert "tcp6" not in shown(app)
        await press("enter")(pilot)
        assert here(app) == "runtime ~ changed crun runc"
        await press("escape")(pilot)
        assert app.screen.query_one("#filter", Input).has_class("-hidden")
        assert isinstance(app.screen, CompareScreen)


async def test_what_means_nothing_is_hidden_until_asked_for() -> None:
    async with compared(WEB, RUNC) as (app, pilot):
        few = len(table(app).rows)
        assert "left out" in table(app).told
        assert not any(row.cells[0] == "checkpointed" for row in table(app).rows)
        await press("t")(pilot)
        assert len(table(app).rows) > few
        assert any(row.cells[:2] == ("checkpointed", "· changed") for row in table(app).rows)
        await press("t")(pilot)
        assert len(table(app).rows) == few


async def test_sides_can_be_swapped() -> None:
    async with compared(WEB, RUNC) as (app, pilot):
        await press("x", "n")(pilot)
        assert "before  runc.tar.zst" in shown(app)
        assert here(app) == "container ~ changed on-runc web"


async def test_values_are_masked_until_asked_for(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        document(
            members,
            "spec.dump",
            lambda spec: spec["process"]["env"].append("TOKEN=hunter2"),
        )

    async with compared(WEB, rebuilt(tmp_path, change)) as (app, pilot):
        await press("n")(pilot)
        assert here(app) == f"TOKEN + added {MASK}"
        await press("s", "n", "N")(pilot)
        assert here(app) == "TOKEN + added hunter2"
        await press("s")(pilot)
        assert "hunter2" not in "".join(table(app).texts)


async def test_bytes_are_compared_when_wanted(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        pages = bytearray(members["checkpoint/pages-1.img"])
        pages[-1] ^= 0xFF
        members["checkpoint/pages-1.img"] = bytes(pages)

    async with compared(WEB, rebuilt(tmp_path, change)) as (app, pilot):
        assert "No differences: the two are the same" in shown(app)
        await press("m")(pilot)
        assert "▾ Memory  ~ 1 changed" in shown(app)
        await press("n")(pilot)
        assert here(app).startswith("content ~ changed 1 of ")
        await press("m")(pilot)
        assert "have been compared already" in shown(app)


async def test_an_archive_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async with compared(WEB, tmp_path / "nothing.tar") as (app, pilot):
        assert "✖ They cannot be compared." in shown(app)
        assert "nothing.tar" in shown(app)
        await press("t", "x", "m", "s", "n", "slash")(pilot)
        assert "✖ They cannot be compared." in shown(app)
        await press("escape")(pilot)
        assert isinstance(app.screen, InspectorScreen)


async def test_a_damaged_archive_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    raw = rebuilt(tmp_path, lambda _: None).read_bytes()
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(raw[: len(raw) // 2])
    async with compared(WEB, damaged) as (app, _):
        assert "▲ compared as far as both could be read: after: checkpoint/" in shown(app)
        assert not any(row.cells[1:2] == ("- removed",) for row in table(app).rows)


async def test_escape_stops_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stopped = Event(), Event()

    def endless(*arguments: object) -> object:
        progress = arguments[2]
        begun.set()
        try:
            while not stopped.wait(0.01):
                progress(1, 2)  # type: ignore[operator]
        finally:
            stopped.set()
        return None

    monkeypatch.setattr(reading, "read_started", endless)
    with Scene("", press(), path=WEB).staged() as app:
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            app.push_screen(CompareScreen(str(WEB), str(RUNC)))
            await asyncio.to_thread(begun.wait)
            await until(pilot, "Unpacking web.tar.zst · ")
            await pilot.press("escape")
            await asyncio.to_thread(stopped.wait)
            await settled(pilot)
            assert isinstance(app.screen, InspectorScreen)


async def test_the_inspector_asks_for_the_other_archive() -> None:
    with Scene("", press(), path=WEB).staged() as app:
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(pilot)
            await press("d")(pilot)
            assert isinstance(app.screen, AskScreen)
            app.screen.query_one(Input).value = str(RUNC)
            await press("enter")(pilot)
            assert isinstance(app.screen, CompareScreen)
            assert "on-runc" in shown(app)
            await press("escape")(pilot)
            assert isinstance(app.screen, InspectorScreen)


@pytest.mark.parametrize(
    "text", ["".join(HOSTILE), "[/foo]", "[@click=app.quit]x[/]", "x\\", '[x="'], ids=short
)
async def test_nothing_is_executed_and_nothing_is_raw(text: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "hostile.tar", text)
    async with compared(WEB, path, (160, 50)) as (app, pilot):
        for keys in (("t",), ("n",), ("G",), ("s",)):
            await press(*keys)(pilot)
            assert all(line.isprintable() for line in printed(app))
        await pilot.click(RowList, offset=(12, 5))
        await settled(pilot)
        assert app.is_running
        assert isinstance(app.screen, CompareScreen)
