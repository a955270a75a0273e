"""Strings of an archive that would act on the terminal or on the program reach neither."""

import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.ui.scenes import Scene, press, settled
from tui.ui.app import PodthawApp
from tui.ui.screens.inspector import InspectorScreen

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


def archive(path: Path, text: str, *, labels: int = 0) -> Path:
    """A checkpoint that says `text` wherever an archive can say something."""
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
    return path


def _add(tar: tarfile.TarFile, name: str, raw: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(raw)
    tar.addfile(info, io.BytesIO(raw))


def printed(app: PodthawApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_nothing_is_executed_and_nothing_is_raw(text: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "hostile.tar", text)
    with Scene("", press(), path=path).staged() as app:
        async with app.run_test(size=(160, 50)) as pilot:
            await settled(pilot)
            for keys in (("2", "j", "l"), ("3",), ("4", "l"), ("5",), ("6", "l"), ("1",), ("s",)):
                await press(*keys)(pilot)
                assert all(line.isprintable() for line in printed(app))
            for x, y in ((60, 3), (60, 5), (60, 8), (130, 3), (130, 6)):
                await pilot.click(offset=(x, y))
            await press("c", "e")(pilot)
            assert all(line.isprintable() for line in printed(app))
            await press("escape", "escape")(pilot)
            assert isinstance(app.screen, InspectorScreen)
            await press("r")(pilot)
            assert all(line.isprintable() for line in printed(app))
            assert app.is_running
