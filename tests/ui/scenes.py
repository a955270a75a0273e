"""The scenes that snapshots are taken of; `python -m tests.ui.scenes FOLDER` draws them as SVG."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from textual.pilot import Pilot
from textual.widgets import Input

from tests.data import DATA
from tests.restore.hosts import AlteredHost
from tui import text
from tui.errors import PodthawError
from tui.host.demo import SHOP, DemoHost
from tui.host.host import Host
from tui.restore.options import RestoreOptions
from tui.ui.app import PodthawApp
from tui.ui.opening import LIST

MADE = datetime(2026, 11, 24, 15, 8, 34, tzinfo=UTC)
"""When the bundled checkpoint was made."""

NOW = MADE + timedelta(days=2)

SIZES = ((80, 24), (120, 40))

FOLDER = Path("/var/tmp/podthaw-scenes")
"""Where the archive lies, so that its path is the same in every picture."""

ARCHIVE = FOLDER / "shop.tar.zst"

Acting = Callable[[Pilot[PodthawError]], Awaitable[None]]

READY = RestoreOptions(ignore_volumes=True, publish=("8081:80", "9090:9090"))
"""What makes the demo's restore possible."""

RESTORE = "podman --log-level=debug container restore"

FAILURE = """\
time="2026-11-26T15:08:34Z" level=debug msg="Trying to restore container shop"
CRIU restoring failed -52.  Please check CRIU logfile restore.log
(00.044815) Error (criu/files-reg.c:2216): Can't open file srv/data/cart on restore: No such file
Error: OCI runtime error: crun: CRIU restoring failed -52
"""


@dataclass(frozen=True)
class Scene:
    """A picture: how to get there."""

    name: str
    act: Acting
    make_host: Callable[[], Host] = lambda: DemoHost(pace=0)
    options: RestoreOptions = RestoreOptions()
    path: Path = ARCHIVE

    @contextmanager
    def staged(self) -> Iterator[PodthawApp]:
        """The app, in a world that is the same everywhere and every time."""
        FOLDER.mkdir(exist_ok=True)
        if not ARCHIVE.exists():
            copy = FOLDER / f"shop-{os.getpid()}"
            shutil.copyfile(SHOP, copy)
            os.utime(copy, (MADE.timestamp(), MADE.timestamp()))
            copy.rename(ARCHIVE)
        with (
            TemporaryDirectory() as home,
            patch.dict(os.environ, {"HOME": home, "TZ": "UTC"}),
            patch.object(text, "now", lambda: NOW),
            patch("tui.restore.output.secrets.token_hex", lambda _: "5ca1ab"),
            patch.object(Input, "_toggle_cursor", lambda _: None),
        ):
            for name in ("NO_COLOR", "TEXTUAL_THEME", "XDG_STATE_HOME"):
                os.environ.pop(name, None)
            time.tzset()
            yield PodthawApp(str(self.path), self.make_host(), self.options, patience=0)

    async def play(self, pilot: Pilot[PodthawError]) -> None:
        """Go there."""
        await settled(pilot)
        await self.act(pilot)
        await settled(pilot)


async def settled(pilot: Pilot[PodthawError]) -> None:
    """Wait until the archive is read, the host has answered, and nothing goes on any more."""
    app = pilot.app
    assert isinstance(app, PodthawApp)
    async with asyncio.timeout(60):
        while True:
            await pilot.pause()
            await app.workers.wait_for_complete()
            await pilot.pause()
            listing = app.current_mode == LIST
            waiting = not listing and (app.session.asking or app.session.reading)
            waiting = waiting or any(not worker.is_finished for worker in app.workers)
            if not waiting or not app.is_running:
                return


def press(*keys: str) -> Acting:
    """Press keys, each once the one before has had its effect."""

    async def act(pilot: Pilot[PodthawError]) -> None:
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return act


def failing() -> Host:
    """A host on which the restore fails."""
    return AlteredHost(prints={RESTORE: (FAILURE, 125)}, pace=0)


SCENES = {
    scene.name: scene
    for scene in (
        Scene("inspector", press()),
        Scene("conflict-in-config", press("c", "enter")),
        Scene("conflicts", press("c")),
        Scene("filter", press("3", "slash", *"net")),
        Scene("host", press("5", "j", "l")),
        Scene("archive", press("left_square_bracket", "l")),
        Scene("findings", press("f")),
        Scene("finding", press("f", "m", "G", "enter")),
        Scene("processes", press("6")),
        Scene("process", press("6", "enter", "j", "j")),
        Scene("files", press("7", "j", "j", "j", "j"), path=DATA / "established.tar.zst"),
        Scene("file", press("7", *"jjjjj", "enter"), path=DATA / "established.tar.zst"),
        Scene("sockets", press("8", "j"), path=DATA / "established.tar.zst"),
        Scene("memory", press("9", *"jjjjj", "enter")),
        Scene("mounts", press("0", "j")),
        Scene("filesystem", press("0", "right_square_bracket", "j", "j")),
        Scene("logs", press("0", *["right_square_bracket"] * 2)),
        Scene("sizes", press("0", *["right_square_bracket"] * 3)),
        Scene("raw", press("0", *["right_square_bracket"] * 4, "j", "enter", "j", "l")),
        Scene("help", press("question_mark")),
        Scene("explain", press("c", "e")),
        Scene("remedy", press("B")),
        Scene("restore", press("r")),
        Scene("restore-ready", press("r", *"shop2"), options=READY),
        Scene("trust", press("r", "ctrl+r"), options=READY),
        Scene("restored", press("r", "ctrl+r", "y"), options=READY),
        Scene("failed", press("r", "ctrl+r", "y"), make_host=failing, options=READY),
        Scene("history", press("r", "ctrl+r", "y", "f2"), make_host=failing, options=READY),
        Scene("open", press(), path=FOLDER),
    )
}

PICTURES = {
    "inspector": "conflict-in-config",
    "processes": "processes",
    "memory": "memory",
    "restore": "restore-ready",
    "run": "restored",
}
"""What the README shows: file name and scene."""


async def pictures() -> AsyncIterator[tuple[str, str]]:
    """The README's pictures: file name and SVG."""
    for name, scene in PICTURES.items():
        with SCENES[scene].staged() as app:
            async with app.run_test(size=(120, 36)) as pilot:
                await SCENES[scene].play(pilot)
                yield f"{name}.svg", app.export_screenshot(simplify=True)


async def draw(folder: Path) -> None:
    """Write them."""
    folder.mkdir(exist_ok=True)
    async for name, svg in pictures():
        (folder / name).write_text(svg)


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
