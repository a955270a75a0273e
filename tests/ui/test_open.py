"""The table of archives fills itself, and several archives can be open side by side."""

import shutil
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from unittest.mock import patch

from tests.data import DATA
from tests.restore.hosts import GatedHost, StalledHost
from tests.ui.scenes import (
    ARCHIVE,
    READY,
    RESTORE,
    RUN_HALF,
    Scene,
    press,
    reached,
    settled,
    shown,
    until,
)
from tests.ui.test_flow import Piloted, opened
from tests.ui.test_hostile import HOSTILE, archive
from tui import recent
from tui.host.commands import CommandHost
from tui.host.demo import SHOP, DemoHost
from tui.restore import journal
from tui.restore.journal import State
from tui.ui.app import PodthawApp
from tui.ui.opening import LIST
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.screens.open import OpenScreen
from tui.ui.screens.run import RunScreen


def folder(path: Path) -> Path:
    shutil.copy(SHOP, path / "shop.tar.zst")
    shutil.copy(DATA / "web.tar.zst", path / "web.tar.zst")
    return path


async def test_the_table_fills_and_says_what_a_restore_would_meet(tmp_path: Path) -> None:
    async with opened(Scene("", press(), path=folder(tmp_path))) as (app, pilot):
        await until(pilot, "✖ blocked: 2 blockers")
        await until(pilot, "✔ ready")
        assert "localhost/podthaw-bb:latest" in shown(app)
        await press("slash", *"web", "enter")(pilot)
        assert "shop.tar.zst" not in shown(app)


async def test_what_is_no_checkpoint_is_told(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "notes.tar", "w") as tar:
        tar.add(__file__, "notes")
    async with opened(Scene("", press(), path=folder(tmp_path))) as (_, pilot):
        await until(pilot, "- no checkpoint")


async def test_a_host_that_cannot_be_asked_is_told(tmp_path: Path) -> None:
    scene = Scene("", press(), path=folder(tmp_path), make_host=lambda: CommandHost(["/no/where"]))
    async with opened(scene) as (_, pilot):
        await until(pilot, "? the host cannot be asked")


async def test_hostile_names_are_harmless(tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        archive(tmp_path / f"{number}.tar", text)
    (tmp_path / "0.tar").rename(tmp_path / "[@click=app.quit]\x1b[31mx.tar")
    async with opened(Scene("", press(), path=tmp_path)) as (app, pilot):
        await until(pilot, "19 archives")
        await press("G", "g", "o", "i")(pilot)
        assert all(line.isprintable() for line in shown(app).splitlines())


async def test_what_was_opened_is_remembered_and_told_when_it_is_gone(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    async with opened(Scene("", press(), path=folder(tmp_path))) as (app, pilot):
        await press("enter")(pilot)
        assert isinstance(app.screen, InspectorScreen)
        gone = Path(app.session.path)
        assert recent.recent() == (str(gone),)
        gone.unlink()
        await press("ctrl+o")(pilot)
        await until(pilot, "gone")
        await press("G", "enter")(pilot)
        await until(pilot, "is gone.")
        await press("x")(pilot)
        assert recent.recent() == ()


async def test_each_archive_keeps_its_options_and_its_cursor(tmp_path: Path) -> None:
    there = folder(tmp_path)
    async with opened(Scene("", press(), path=there / "shop.tar.zst")) as (app, pilot):
        await press("A")(pilot)
        app.open(str(there / "web.tar.zst"))
        await settled(pilot)
        assert not app.session.options.ignore_volumes
        assert "2/2" in shown(app)
        await press("less_than_sign")(pilot)
        assert app.session.options.ignore_volumes
        app.open(str(there / "web.tar.zst"))
        assert len(app.sessions) == 2
        await press("ctrl+w")(pilot)
        assert list(app.sessions) == ["archive-1"]
        await press("ctrl+w")(pilot)
        assert app.current_mode == LIST
        assert not app.sessions
        assert not any(isinstance(one, InspectorScreen) for one in app._registry)


async def test_several_archives_are_opened_the_first_in_front(tmp_path: Path) -> None:
    there = folder(tmp_path)
    paths = [str(there / name) for name in ("web.tar.zst", "none", "shop.tar.zst")]
    with Scene("", press()).staged():
        app = PodthawApp(paths[0], DemoHost(pace=0), READY, others=paths[1:])
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settled(pilot)
            assert [Path(one.path).name for one in app.sessions.values()] == [
                "web.tar.zst",
                "shop.tar.zst",
            ]
            assert "1/2" in shown(app)
            await press("ctrl+o")(pilot)
            assert isinstance(app.screen, OpenScreen)
            await until(pilot, "● open")


async def restore_in_front(app: PodthawApp, pilot: Piloted, name: str) -> None:
    """Begin the restore of the archive in front, and go on to the next."""
    front = app.session.path
    app.change(options=replace(READY, name=name))
    await pilot.press("r")
    await until(pilot, "ready to restore")
    await pilot.press("ctrl+r")
    await until(pilot, "beyond an ordinary one")
    await pilot.press("y")
    await reached(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.running)
    await pilot.press("greater_than_sign")
    await reached(pilot, lambda: app.session.path != front)


@asynccontextmanager
async def two_restores(tmp_path: Path) -> AsyncIterator[tuple[PodthawApp, Piloted]]:
    """Two archives side by side, whose restores do not come to an end by themselves."""
    host = StalledHost(RESTORE, RUN_HALF, pace=0)
    first, second = folder(tmp_path).glob("*.zst")
    numbers = count()
    tokens = patch("tui.restore.output.secrets.token_hex", lambda _: f"{next(numbers):06x}")
    with Scene("", press()).staged(), tokens:
        app = PodthawApp(str(first), host, READY, others=[str(second)], patience=0)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settled(pilot)
            await restore_in_front(app, pilot, "copy1")
            await restore_in_front(app, pilot, "copy2")
            assert len(app.running()) == 2
            yield app, pilot


async def test_leaving_asks_once_for_all_restores_and_cancels_them(tmp_path: Path) -> None:
    async with two_restores(tmp_path) as (app, pilot):
        await pilot.press("q")
        await until(pilot, "2 restores are running. Cancel them and leave?")
        await pilot.press("y")
        await reached(pilot, lambda: not app.is_running)
        assert {journal.state(one) for one in journal.records()} == {State.CANCELLED}


async def test_closing_an_archive_cancels_its_restore_alone(tmp_path: Path) -> None:
    async with two_restores(tmp_path) as (app, pilot):
        closed = app.session.path
        await pilot.press("ctrl+w")
        await until(pilot, "is running. Cancel it and close the archive?")
        await pilot.press("y")
        await reached(pilot, lambda: len(app.sessions) == 1)
        assert app.session.path != closed
        assert len(app.running()) == 1


async def test_a_restore_goes_on_behind_another_archive() -> None:
    host, other = GatedHost(), str(DATA / "web.tar.zst")
    with Scene("", press()).staged():
        app = PodthawApp(str(ARCHIVE), host, READY, others=[other], patience=0)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settled(pilot)
            await press("r", "ctrl+r")(pilot)
            await pilot.press("y")
            await reached(pilot, lambda: app.running() != [])
            await pilot.press("greater_than_sign")
            await until(pilot, "web.tar.zst")
            assert app.session.path == other
            assert len(app.running()) == 1
            await pilot.press("q")
            await until(pilot, "A restore is running. Cancel it and leave?")
            await pilot.press("n")
            host.gate.set()
            await reached(pilot, lambda: app.running() == [])
            await press("less_than_sign")(pilot)
            await until(pilot, "✔ Restored")
