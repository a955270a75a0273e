"""Strings of an archive that would act on the terminal or on the program reach neither."""

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.ui.images import hostile_images
from tests.ui.scenes import Scene, press, settled
from tui.ui.app import PodthawApp
from tui.ui.screens.content import ContentScreen
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.views import INSIDE
from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView
from tui.ui.widgets.view_list import ViewList

HOSTILE = (
    "[/foo]",
    "[@click=app.quit]x[/]",
    "[$x]",
    "[B]x",
    "[[b]]",
    "x\\",
    '[x="',
    "[link=http://e]x",
    "foo[abi:cxx11]",
    "\x1b[31mred",
    "\x1b]52;c;aGk=\x1b\\",
    "\x9b31m",
    "one\r\n\ttwo\0\a",
    "\u202egnp.exe",
    "line\u2028break",
    "n" * 300,
    "容器🧊",
    "-rf",
    "../../etc/passwd",
)


def archive(path: Path, text: str, *more: str, labels: int = 0, privileged: bool = False) -> Path:
    """A checkpoint that says `text` wherever an archive can say something.

    Its images say each of `more`, too.
    """
    config = {
        "id": "a" * 64,
        "name": text,
        "rootfsImageName": text,
        "rootfsImageID": text,
        "runtime": text,
        "createdTime": text,
        "namedVolumes": [{"volumeName": text, "dest": text}],
        "newPortMappings": [{"host_port": 8080, "container_port": 80, "host_ip": text}],
        "newNetworks": {text: {"static_ips": [], "aliases": [text]}},
        "labels": {text: text} | {f"label-{index}": "" for index in range(labels)},
        "secrets": [{"name": text}],
        text: text,
    }
    spec = {
        "process": {"args": [text], "env": [f"{text}={text}"], "cwd": text},
        "mounts": [{"destination": text, "type": "bind", "source": text}],
        "annotations": {text: text},
        "hooks": {"prestart": [{"path": text}]},
    }
    status = {text: {"interfaces": {text: {"subnets": [{"ipnet": text}], "mac_address": text}}}}
    with tarfile.open(path, "w") as tar:
        documents: tuple[tuple[str, Any], ...] = (
            ("config.dump", config),
            ("spec.dump", spec),
            ("network.status", status),
        )
        for name, document in documents:
            _add(tar, name, json.dumps(document).encode())
        _add(tar, "checkpoint/" + re.sub(r"[\0/]", "_", text), b"x")
        for name, image in hostile_images(text, *more).items():
            _add(tar, f"checkpoint/{name.replace('_', '-')}.img", image)
        _add(tar, "ctr.log", f"2026-11-24T15:08:34+00:00 stdout F {text}\n".encode())
        _add(tar, "rootfs-diff.tar", inner(text))
    return path


def inner(text: str) -> bytes:
    """A tar with one file that is called `text`."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        _add(tar, re.sub(r"[\0/]", "_", text) or "x", text.encode("utf-8", "replace"))
    return raw.getvalue()


def _add(tar: tarfile.TarFile, name: str, raw: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(raw)
    tar.addfile(info, io.BytesIO(raw))


def printed(app: PodthawApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


def drawn(table: RowList) -> list[str]:
    """The lines of a table, as they would be drawn now."""
    return [table.render_line(y).text for y in range(table.size.height)]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_nothing_is_executed_and_nothing_is_raw(text: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "hostile.tar", text)
    with Scene("", press(), path=path).staged() as app:
        async with app.run_test(size=(160, 50)) as pilot:
            await settled(pilot)
            for keys in (("2", "j", "l"), ("3",), ("4", "l"), ("5",), ("s",)):
                await press(*keys)(pilot)
                assert all(line.isprintable() for line in printed(app))
            await press("left_square_bracket", "l", "1")(pilot)
            for x, y in ((60, 3), (60, 5), (60, 8), (130, 3), (130, 6)):
                await pilot.click(offset=(x, y))
            await press("c", "e")(pilot)
            assert all(line.isprintable() for line in printed(app))
            await press("escape", "escape")(pilot)
            assert isinstance(app.screen, InspectorScreen)
            await press("r")(pilot)
            assert all(line.isprintable() for line in printed(app))
            assert app.is_running


async def test_the_views_of_the_inside_show_every_row_without_harm(tmp_path: Path) -> None:
    path = archive(tmp_path / "hostile.tar", *HOSTILE)
    with Scene("", press(), path=path).staged() as app:
        async with app.run_test(size=(160, 50)) as pilot:
            await settled(pilot)
            for view in INSIDE:
                app.screen.query_one(ViewList).go_to(view.id)
                await settled(pilot)
                shown = app.screen.query_one(f"#{view.id}", RowsView)
                assert shown.rows.seen.table
                assert shown.rows.seen.table.rows
                rows = shown.rows.seen.table.rows[: 2 * len(HOSTILE)]
                for row in rows:
                    shown.rows.go_to(row.id)
                    shown.show_details()
                    if row in (rows[0], rows[-1]):  # all of them stand in one window
                        assert all(line.isprintable() for line in drawn(shown.rows)), view.id
                    if isinstance(shown.details, RowList):
                        told = drawn(shown.details)
                        assert all(line.isprintable() for line in told), (view.id, row.id)
                await settled(pilot)
                assert all(line.isprintable() for line in printed(app)), view.id
                for x, y in ((30, 3), (30, 5), (60, 8), (120, 3), (120, 6)):
                    await pilot.click(offset=(x, y))
                assert isinstance(app.screen, InspectorScreen)
                await press("escape")(pilot)
            assert app.is_running


async def test_bytes_of_an_archive_are_shown_without_harm(tmp_path: Path) -> None:
    path = archive(tmp_path / "hostile.tar", *HOSTILE)
    with Scene("", press(), path=path).staged() as app:
        async with app.run_test(size=(160, 50)) as pilot:
            await settled(pilot)
            await press("7")(pilot)
            files = app.screen.query_one("#files", RowsView).rows
            assert files.seen.table
            deleted = [row for row in files.seen.table.rows if row.content]
            assert len(deleted) == len(HOSTILE)
            for row in deleted[9:14]:
                files.go_to(row.id)
                await press("v")(pilot)
                assert isinstance(app.screen, ContentScreen)
                assert all(line.isprintable() for line in printed(app))
                await press("escape")(pilot)
