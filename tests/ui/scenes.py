"""The scenes that snapshots are taken of; `python -m tests.ui.scenes FOLDER` draws them as SVG."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input
from textual.widgets._toast import Toast

from tests.archive.builders import checkpoint
from tests.data import DATA
from tests.restore.hosts import AlteredHost, StalledHost
from tests.ui.golden import DARK, LIGHT
from tui import text
from tui.errors import PodthawError
from tui.host.commands import CommandHost
from tui.host.demo import SHOP, DemoHost
from tui.host.host import Host
from tui.restore.events import Remains
from tui.restore.journal import Record
from tui.restore.options import RestoreOptions
from tui.restore.recovery import Aftermath, Fate
from tui.ui.app import PodthawApp
from tui.ui.opening import LIST
from tui.ui.screens.base import PodthawScreen
from tui.ui.screens.compare import CompareScreen
from tui.ui.telling import Notice
from tui.ui.widgets.port_rows import PortRows

MADE = datetime(2026, 11, 24, 15, 8, 34, tzinfo=UTC)
"""When the bundled checkpoint was made."""

NOW = MADE + timedelta(days=2)

SIZES = ((80, 24), (100, 30), (120, 40), (200, 60))

FOLDER = Path("/var/tmp/podthaw-scenes")
"""Where the archive lies, so that its path is the same in every picture."""

ARCHIVE = FOLDER / "shop.tar.zst"

TALKING = DATA / "established.tar.zst"

BARE = FOLDER / "bare" / "bare.tar"
"""Nothing but the two documents that a checkpoint must have."""

CUT = FOLDER / "cut" / "cut.tar"
"""Two thirds of a checkpoint."""

EMPTY = FOLDER / "empty"

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

RUN_HALF = """\
time="2026-11-26T15:08:34Z" level=debug msg="Trying to restore container shop"
[DEBUG netavark::commands::setup] Setup complete
time="2026-11-26T15:08:34Z" level=debug msg="Received: 4242"
"""


@dataclass(frozen=True)
class Scene:
    """A picture: how to get there."""

    name: str
    act: Acting
    make_host: Callable[[], Host] = lambda: DemoHost(pace=0)
    options: RestoreOptions = RestoreOptions()
    path: Path = ARCHIVE
    goes_on: bool = False
    """Something still runs in the picture; `act` waits for all that can be waited for."""

    @contextmanager
    def staged(self) -> Iterator[PodthawApp]:
        """The app, in a world that is the same everywhere and every time."""
        self.lay_out()
        with (
            TemporaryDirectory() as home,
            patch.dict(os.environ, {"HOME": home, "TZ": "UTC"}),
            patch.object(text, "now", lambda: NOW),
            patch("tui.restore.output.secrets.token_hex", lambda _: "5ca1ab"),
            patch("tui.ui.widgets.step_list._took", lambda _: ""),
            patch.object(Input, "_toggle_cursor", lambda _: None),
            patch.object(Toast, "_expire", lambda _: None),
            patch.object(Notice, "has_expired", False),
        ):
            for name in ("NO_COLOR", "TEXTUAL_THEME", "XDG_STATE_HOME"):
                os.environ.pop(name, None)
            time.tzset()
            yield PodthawApp(str(self.path), self.make_host(), self.options, patience=0)

    def lay_out(self) -> None:
        """Put the archives where the scenes have them."""
        damaged = (DATA / "web.tar").read_bytes()
        laid_out(ARCHIVE, SHOP.read_bytes())
        laid_out(BARE, checkpoint(config=b'{"name": "bare"}', spec=b"{}"))
        laid_out(CUT, damaged[: len(damaged) * 2 // 3])
        EMPTY.mkdir(exist_ok=True)

    async def play(self, pilot: Pilot[PodthawError]) -> None:
        """Go there."""
        await settled(pilot)
        await self.act(pilot)
        if not self.goes_on:
            await settled(pilot)


def laid_out(path: Path, raw: bytes) -> None:
    """Put `raw` where it is the same for every test; other tests may be at it, too."""
    if path.exists() and path.read_bytes() == raw:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    copy = path.with_name(f".{os.getpid()}")
    copy.write_bytes(raw)
    os.utime(copy, (MADE.timestamp(), MADE.timestamp()))
    copy.rename(path)


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


async def reached(pilot: Pilot[PodthawError], condition: Callable[[], object]) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(60):
        while not condition():
            await pilot.pause(0.02)


async def until(pilot: Pilot[PodthawError], words: str) -> None:
    """Wait until `words` stand on the screen."""
    await reached(pilot, lambda: words in shown(pilot.app))


def shown(app: App[PodthawError]) -> str:
    """What stands on the screen."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


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


def refusing() -> Host:
    """A host that does not let its volumes go."""
    return AlteredHost(prints={"podman volume rm": ("Error: volume is being used\n", 2)}, pace=0)


def stalled() -> Host:
    """A host on which the restore never ends."""
    return StalledHost(RESTORE, RUN_HALF, pace=0)


def unreachable() -> Host:
    """A host that does not answer."""
    return CommandHost(["/nowhere/at-all"])


async def run_half(pilot: Pilot[PodthawError]) -> None:
    """Start a restore, and stop where Podman waits for CRIU."""
    await press("r", "ctrl+r")(pilot)
    await pilot.press("y")
    await until(pilot, "Received: 4242")


def while_it_runs(*keys: str) -> Acting:
    """Press keys in the middle of a restore."""

    async def act(pilot: Pilot[PodthawError]) -> None:
        await run_half(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return act


def fill_form(**values: str) -> Acting:
    """Open the form, and write into its fields; `port` is the first of the ports."""

    async def act(pilot: Pilot[PodthawError]) -> None:
        await press("r")(pilot)
        for name, value in values.items():
            ports = pilot.app.screen.query_one(PortRows)
            entry = ports.query(Input).first() if name == "port" else None
            (entry or pilot.app.screen.query_one(f"#{name}", Input)).value = value
            await settled(pilot)

    return act


def left_behind(fate: Fate) -> Acting:
    """Ask about a restore that was interrupted."""
    record = Record(
        id="20261126-150834-shop2",
        began=MADE.isoformat(),
        archive=str(ARCHIVE),
        name="shop2",
        host="this host",
        simulated=False,
        options={},
        forced=False,
        conflicts=[],
        command=["podman", "container", "restore"],
        log="",
    )
    remains = (
        Remains("container", "shop2", (("podman", "rm", "-f", "--", "shop2"),)),
        Remains("volume", "shop-data", (("podman", "volume", "rm", "--", "shop-data"),)),
    )

    async def act(pilot: Pilot[PodthawError]) -> None:
        assert isinstance(pilot.app, PodthawApp)
        pilot.app.settle(Aftermath(record, fate, remains if fate is Fate.LEFT else ()))

    return act


async def show_bar(pilot: Pilot[PodthawError]) -> None:
    """Show how far something long has come."""
    assert isinstance(pilot.app.screen, PodthawScreen)
    bar = pilot.app.screen.show_progress("Looking into memory and files …", "search")
    await pilot.pause()
    bar.tell(420 << 20, 1000 << 20)


async def compared(pilot: Pilot[PodthawError]) -> None:
    """Compare the archive with another."""
    pilot.app.push_screen(CompareScreen(str(ARCHIVE), str(TALKING)))
    await until(pilot, "Differences")
    await settled(pilot)
    await press("n", "n")(pilot)


MEMORY = ("9", *"jjjjj", "enter")
"""Keys that lead to the bytes of a mapping."""

RUN = ("r", "ctrl+r", "y")
"""Keys that restore what is READY."""

SCENES = {
    scene.name: scene
    for scene in (
        Scene("inspector", press()),
        Scene("conflict-in-config", press("c", "enter")),
        Scene("spec", press("3", "l", "j", "l")),
        Scene("secrets", press("3", "s", "slash", *"PATH=")),
        Scene("network", press("4", *"jljljl")),
        Scene("conflicts", press("c")),
        Scene("filter", press("3", "slash", *"net")),
        Scene("nothing-found", press("6", "slash", *"nosuch")),
        Scene("host", press("5", "j", "l")),
        Scene("archive", press("left_square_bracket", "l")),
        Scene("findings", press("f")),
        Scene("finding", press("f", "m", "G", "enter")),
        Scene("processes", press("6")),
        Scene("process", press("6", "enter", "j", "j")),
        Scene("files", press("7", "j", "j", "j", "j"), path=TALKING),
        Scene("file", press("7", *"jjjjj", "enter"), path=TALKING),
        Scene("content", press("0", "right_square_bracket", *"jjj", "v")),
        Scene("sockets", press("8", "j"), path=TALKING),
        Scene("memory", press(*MEMORY)),
        Scene("address", press(*MEMORY, "a", *"7ff")),
        Scene("search", press(*MEMORY, "slash", *"httpd", "enter")),
        Scene("search-unasked", press(*MEMORY, "slash")),
        Scene("mounts", press("0", "j")),
        Scene("filesystem", press("0", "right_square_bracket", "j", "j")),
        Scene("logs", press("0", *["right_square_bracket"] * 2)),
        Scene("sizes", press("0", *["right_square_bracket"] * 3)),
        Scene("raw", press("0", *["right_square_bracket"] * 4, "j", "enter", "j", "l")),
        Scene("no-network", press("4"), path=BARE),
        Scene("no-processes", press("6"), path=BARE),
        Scene("no-logs", press("0", *["right_square_bracket"] * 2), path=BARE),
        Scene("cut-off", press("c"), path=CUT),
        Scene("unreachable", press("c"), make_host=unreachable),
        Scene("unreachable-form", press("r"), make_host=unreachable),
        Scene("help", press("question_mark")),
        Scene("help-of-the-run", press(*RUN, "question_mark"), options=READY),
        Scene("palette", press("ctrl+p", *"me")),
        Scene("explain", press("c", "e")),
        Scene("rule", press("f", "enter", "e")),
        Scene("fixed", press("x")),
        Scene("remedy", press("B")),
        Scene("remedy-failed", press("B", "y"), make_host=refusing),
        Scene("restore", press("r")),
        Scene("restore-conflicts", press("r", "ctrl+g", "j")),
        Scene("restore-invalid", fill_form(name="no name", port="99999:80")),
        Scene("restore-ready", press("r", *"shop2"), options=READY),
        Scene("trust", press("r", "ctrl+r"), options=READY),
        Scene("running", while_it_runs(), make_host=stalled, options=READY, goes_on=True),
        Scene("cancel", while_it_runs("escape"), make_host=stalled, options=READY, goes_on=True),
        Scene("leave", while_it_runs("q"), make_host=stalled, options=READY, goes_on=True),
        Scene("restored", press(*RUN), options=READY),
        Scene("log-filter", press(*RUN, "slash", *"netavark"), options=READY),
        Scene("output", press(*RUN, "o"), options=READY),
        Scene("undo", press(*RUN, "u"), options=READY),
        Scene("failed", press(*RUN), make_host=failing, options=READY),
        Scene("history", press(*RUN, "f2"), make_host=failing, options=READY),
        Scene("no-history", press("f2")),
        Scene("compare", compared),
        Scene("export", press("2", "ctrl+e")),
        Scene("left-behind", left_behind(Fate.LEFT)),
        Scene("still-at-work", left_behind(Fate.WORKING)),
        Scene("progress", show_bar),
        Scene("open", press(), path=FOLDER),
        Scene("open-empty", press(), path=EMPTY),
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

SUFFIXES = {DARK: "", LIGHT: "-light"}
"""What the files of each theme's pictures are called."""


async def pictures() -> AsyncIterator[tuple[str, str]]:
    """The README's pictures: file name and SVG."""
    for name, scene in PICTURES.items():
        with SCENES[scene].staged() as app:
            async with app.run_test(size=(120, 36)) as pilot:
                await SCENES[scene].play(pilot)
                for theme, suffix in SUFFIXES.items():
                    app.theme = theme
                    await pilot.pause()
                    yield f"{name}{suffix}.svg", app.export_screenshot(simplify=True)


async def draw(folder: Path) -> None:
    """Write them."""
    folder.mkdir(exist_ok=True)
    async for name, svg in pictures():
        (folder / name).write_text(svg)


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
