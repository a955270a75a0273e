"""What tests.bench.ui runs in a terminal: podthaw, one widget of it, or one that others offer.

Each app tells through a pipe how long its event loop was away. `python -m tests.bench.stage WHAT`.
"""

import asyncio
import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import DataTable, Input, Log, RichLog, Tree

from tests.bench.terminal import BEATS, STALL
from tui.host.demo import DemoHost
from tui.restore.events import Level, LogLine
from tui.restore.options import RestoreOptions
from tui.ui.app import PodthawApp
from tui.ui.widgets.log_view import LogView

MANY = 100_000
SOME = 4_000
BATCH = 1_000

_BEAT = 0.004

Line = TypeVar("Line")


class Watched(App[Any]):
    """An app whose event loop is watched."""

    async def on_load(self) -> None:
        """Begin."""
        self._watching = asyncio.create_task(_watch(int(os.environ[BEATS])))


async def _watch(pipe: int) -> None:
    while True:
        before = monotonic()
        await asyncio.sleep(_BEAT)
        away = monotonic() - before - _BEAT
        if away > _BEAT:
            os.write(pipe, STALL.pack(monotonic(), away))


class WatchedPodthaw(Watched, PodthawApp):
    """Podthaw, watched."""

    CSS_PATH = str(Path(inspect.getfile(PodthawApp)).with_name("podthaw.tcss"))


class OurLog(Watched):
    """The log of a restore: `a` adds the lines, in batches."""

    CSS = "LogView { height: 1fr; border: round $primary }"

    def compose(self) -> ComposeResult:
        """The log, and a line to filter it by."""
        yield Input(id="filter")
        yield LogView()

    def on_mount(self) -> None:
        """Look at the log."""
        self.query_one(LogView).focus()

    async def key_a(self) -> None:
        """Add everything."""
        await _add(self.query_one(LogView).add, _log_line)

    def on_log_view_filter_wanted(self) -> None:
        """Type a filter."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter."""
        self.query_one(LogView).filter(event.value)


class TheirLog(Watched):
    """The log that Textual has."""

    def compose(self) -> ComposeResult:
        """The log."""
        yield Log()

    def on_mount(self) -> None:
        """Look at it."""
        self.query_one(Log).focus()

    async def key_a(self) -> None:
        """Add everything."""
        await _add(self.query_one(Log).write_lines, _text)


class TheirRichLog(Watched):
    """The log with colours that Textual has."""

    def compose(self) -> ComposeResult:
        """The log."""
        yield RichLog()

    async def key_a(self) -> None:
        """Add everything."""

        def add(lines: list[str]) -> None:
            log = self.query_one(RichLog)
            for line in lines:
                log.write(Text(line))

        await _add(add, _text)


class TheirTree(Watched):
    """The tree that Textual has, filled when it is opened; `s` opens some, `m` many."""

    def compose(self) -> ComposeResult:
        """The tree."""
        yield Tree("root")

    def key_s(self) -> None:
        """Open a node."""
        self._open(SOME)

    def key_m(self) -> None:
        """Open a node with very many."""
        self._open(MANY)

    def _open(self, count: int) -> None:
        node = self.query_one(Tree).root.add(f"{count}")
        for number in range(count):
            node.add_leaf(f"file-{number:05}")
        self.query_one(Tree).root.expand()
        node.expand()


class TheirTable(Watched):
    """The table that Textual has; `m` fills it."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable()

    def key_m(self) -> None:
        """Fill it."""
        table = self.query_one(DataTable)
        table.add_columns("NAME", "CHANGE", "SIZE", "MODIFIED", "OWNER")
        table.add_rows((f"file-{n:05}", "added", "1 kB", "today", "0:0") for n in range(MANY))


def _text(number: int) -> str:
    level = "Error" if number % 1000 == 999 else "Debug"
    return f"(00.{number:06}) {level} line {number} of a long log about file-{number % 977}"


def _log_line(number: int) -> LogLine:
    return LogLine("crun", Level.ERROR if number % 1000 == 999 else Level.INFO, _text(number))


async def _add(add: Callable[[list[Line]], object], make: Callable[[int], Line]) -> None:
    for start in range(0, MANY, BATCH):
        add([make(number) for number in range(start, start + BATCH)])
        await asyncio.sleep(0)


_STAGES: dict[str, Callable[[], App[Any]]] = {
    "log": OurLog,
    "Log": TheirLog,
    "RichLog": TheirRichLog,
    "Tree": TheirTree,
    "DataTable": TheirTable,
}


def main() -> None:
    """Run what was asked for."""
    what, *arguments = sys.argv[1:]
    if what == "podthaw":
        make = partial(WatchedPodthaw, arguments[0], DemoHost(), RestoreOptions())
        make().run()
    else:
        _STAGES[what]().run()


if __name__ == "__main__":
    main()
