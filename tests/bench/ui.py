"""How long people wait for what they see, against the nearest thing that others offer.

Every program runs in a terminal of its own (tests.bench.terminal), and is measured from outside:
from the start or the key to the end of the frame that shows what was asked for. How long the
event loop was away meanwhile is told by the program itself (tests.bench.stage).

`python -m tests.bench.ui [headless] [start] [keys] [peers] [logs] [many]`.
"""

import io
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import IO

from tests.bench.archive import FOLDER, machine
from tests.bench.stage import MANY, SOME
from tests.bench.terminal import COLUMNS, IDLE, LINES, Terminal, terminal
from tests.data import DATA
from tui.host.demo import SHOP

ROUNDS = 7
KEYS = 60

WORDS = {"file-0999": "10 found", "file-0": "14,000 found", "nowhere": "0 found"}
"""What the tree and the table are filtered by, and what is told then."""

FRAME = 16.0
"""Milliseconds between two frames of a smooth picture."""

PEER = "peer"


def line(what: str, took: float, more: str = "") -> None:
    """Print one figure, in milliseconds."""
    print(f"  {what:<58} {took:8.1f} ms  {more}".rstrip(), flush=True)


def ratio(ours: float, theirs: float, name: str) -> str:
    return f"{ours / theirs:5.2f} x {name}"


def stalled(where: Terminal) -> str:
    return f"event loop away {where.longest_stall():6.1f} ms at the longest"


def process(*argv: str) -> float:
    """Milliseconds that a program takes from its start to its end."""
    start = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=False)
    return (time.perf_counter() - start) * 1000


def modules(*arguments: str) -> str:
    """How many modules a command of podthaw loads, and which of the heavy ones."""
    code = (
        "import sys; from tui.cli import main; status = 0\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = ('textual', 'rich', 'humanize', 'msgspec', 'google.protobuf', 'zstandard')\n"
        "print(len(sys.modules), *(one for one in heavy if one in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    count, *heavy = done.stderr.split()
    assert not {"textual", "rich"} & set(heavy), f"{arguments} loads what only the UI needs"
    return f"{count} modules, of these: {', '.join(heavy) or 'none that is heavy'}"


def headless() -> None:
    print("commands, from the start to the end of the process:")
    archive = str(DATA / "web.tar.zst")
    commands = {
        "--help": ("--help",),
        "inspect": ("inspect", archive),
        "check --host demo": ("check", "--host", "demo", archive),
    }
    took: dict[str, list[float]] = {name: [] for name in (*commands, PEER)}
    for _ in range(ROUNDS):
        took[PEER].append(process(sys.executable, "-c", "pass"))
        for name, arguments in commands.items():
            took[name].append(process(sys.executable, "-m", "tui", *arguments))
    base = statistics.median(took[PEER])
    line("python -c pass", base)
    for name, arguments in commands.items():
        now = statistics.median(took[name])
        line(f"podthaw {name}", now, f"{ratio(now, base, 'python')}; {modules(*arguments)}")


def start() -> None:
    print("start to paint:")
    took: dict[str, list[float]] = {"first": [], "summary": [], PEER: []}
    for _ in range(ROUNDS):
        with terminal(sys.executable, "-m", "tests.bench.bare") as bare:
            took[PEER].append(bare.until("at once") - bare.started)
        with terminal(sys.executable, "-m", "tui", str(SHOP), "--host", "demo") as podthaw:
            took["first"].append(podthaw.until("Summary", "Processes", "Quit") - podthaw.started)
            took["summary"].append(podthaw.until("podthaw-bb", "blocker") - podthaw.started)
    first, summary, base = (1000 * statistics.median(took[name]) for name in took)
    line("Textual with one Static", base)
    line("first frame with the views and the keys", first, ratio(first, base, "Textual alone"))
    line("frame with the summary and the conflicts", summary, ratio(summary, base, "Textual alone"))


def keys(where: Terminal, what: str, *pressed: str) -> None:
    """Press keys one after the other, and print how long each took to be painted."""
    where.settle()
    took = [where.press(key) for key in pressed]
    took = sorted(one for one in took if one)
    median, high = statistics.median(took), took[int(len(took) * 0.95)]
    line(what, median, f"95 % within {high:6.1f} ms; {stalled(where)}")


def pressing() -> None:
    print("key to the last frame that it causes (the bundled checkpoint):")
    with terminal(sys.executable, "-m", "tests.bench.stage", "podthaw", str(SHOP)) as podthaw:
        podthaw.until("podthaw-bb", "blocker")
        podthaw.settle(IDLE)
        keys(podthaw, "another view", *("2345" * (KEYS // 4)))
        keys(podthaw, "another view, of what was running", *("6780" * (KEYS // 4)))
        podthaw.press("1")
        podthaw.press("\x1b")
        keys(podthaw, "cursor in the list of views", *("jk" * (KEYS // 2)))
        podthaw.press("3")
        keys(podthaw, "cursor in a tree", *("j" * 12 + "k" * 12) * 2)
        podthaw.press("0")
        keys(podthaw, "cursor in a table with details beside it", *("j" * 12 + "k" * 12) * 2)
        podthaw.press("9")
        keys(podthaw, "cursor in the table of memory", *("j" * 8 + "k" * 8) * 2)
        podthaw.press("j" * 5 + "\r")
        keys(podthaw, "cursor in hexadecimal memory", *("j" * KEYS))
        keys(podthaw, "page in hexadecimal memory", *["\x1b[6~"] * 20)


def build(path: Path) -> None:
    """A real checkpoint with very many changed files."""
    nested = io.BytesIO()
    with tarfile.open(fileobj=nested, mode="w", format=tarfile.PAX_FORMAT) as tar:
        names = [f"srv/some/file-{number:05}" for number in range(SOME)]
        names += [f"srv/very/file-{number:05}" for number in range(MANY)]
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    content = nested.getvalue()
    with (
        tarfile.open(DATA / "web.tar") as small,
        tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as large,
    ):
        for member in small:
            file: IO[bytes] | None = small.extractfile(member) if member.isfile() else None
            if member.name == "rootfs-diff.tar":
                member.size, file = len(content), io.BytesIO(content)
            large.addfile(member, file)


def typed(where: Terminal, word: str, *texts: str) -> tuple[float, str]:
    """Type a filter; milliseconds from its last letter to its result, and the longest stall."""
    where.settle()
    where.press("/")
    where.settle()
    took = where.press(word, *texts)
    return took, stalled(where)


def many(path: Path) -> None:
    print(f"an archive with {MANY + SOME:,} changed files:")
    with terminal(sys.executable, "-m", "tests.bench.stage", "podthaw", str(path)) as podthaw:
        podthaw.until("localhost/", "Sizes")
        podthaw.settle(IDLE)
        took = podthaw.press("[", "srv/very")
        line("the Archive view", took, stalled(podthaw))
        podthaw.press("G")
        for count, folder in ((MANY, "very"), (SOME, "some")):
            podthaw.press("k", folder)
            podthaw.settle()
            took = podthaw.press("l", "file-00000")
            line(f"open a folder of {count:,} in the tree", took, stalled(podthaw))
            podthaw.settle()
        keys(podthaw, "cursor in that tree", *("j" * 20))
        for word, found in (
            ("file-0999", "10 found"),
            ("file-0", "14,000 found"),
            ("no", "0 found"),
        ):
            took, away = typed(podthaw, word, found)
            line(f"filter the tree by {word!r}", took, away)
            podthaw.settle()
            line("  close the filter", podthaw.press("\x1b", "file-"), stalled(podthaw))
    with terminal(sys.executable, "-m", "tests.bench.stage", "podthaw", str(path)) as podthaw:
        podthaw.until("localhost/", "Sizes")
        podthaw.settle(IDLE)
        podthaw.press("0")
        podthaw.settle()
        line("the File system view", podthaw.press("]", "srv/"), stalled(podthaw))
        podthaw.settle()
        for key in ("\x1b[H", "/", "v", "e", "r", "y", "\r"):
            podthaw.press(key)
            podthaw.settle()
        podthaw.press("\x1b")
        podthaw.settle()
        line(
            f"open a folder of {MANY:,} in the table",
            podthaw.press("l", "file-00000"),
            stalled(podthaw),
        )
        keys(podthaw, "cursor in that table", *("j" * 20))
        for word, found in (
            ("file-0999", "10 found"),
            ("file-0", "14,000 found"),
            ("no", "0 found"),
        ):
            took, away = typed(podthaw, word, found)
            line(f"filter the table by {word!r}", took, away)
            podthaw.settle()
            line("  close the filter", podthaw.press("\x1b", "file-"), stalled(podthaw))
        line("sort the table", podthaw.press("o", "by name"), stalled(podthaw))


def peers() -> None:
    print(f"the same with what Textual {version('textual')} has:")
    with terminal(sys.executable, "-m", "tests.bench.stage", "Tree") as where:
        where.settle()
        line(f"open a node of {SOME:,} in a Tree", where.press("s", "file-00000"), stalled(where))
    with terminal(sys.executable, "-m", "tests.bench.stage", "Tree") as where:
        where.settle()
        line(f"open a node of {MANY:,} in a Tree", where.press("m", "file-00000"), stalled(where))
    with terminal(sys.executable, "-m", "tests.bench.stage", "DataTable") as where:
        where.settle()
        line(f"fill a DataTable with {MANY:,}", where.press("m", "file-00000"), stalled(where))


def logs() -> None:
    print(f"a log of {MANY:,} lines:")
    last = f"line {MANY - 1} of"
    for what in ("log", "Log", "RichLog"):
        with terminal(sys.executable, "-m", "tests.bench.stage", what) as where:
            where.settle()
            name = "podthaw's log" if what == "log" else f"Textual's {what}"
            line(f"add them, {name}", where.press("a", last), stalled(where))
            if what != "log":
                continue
            keys(where, "scroll by a page", *["\x1b[5~"] * 20)
            for word, found in (
                ("line 99999 ", "1 line"),
                ("9", "filtered"),
                ("nowhere", "0 lines"),
            ):
                took, away = typed(where, word, found)
                line(f"filter it by {word!r}", took, away)
                where.settle()
                where.press("\x7f" * len(word))
                where.press("\t")


PARTS: dict[str, Callable[[], None]] = {
    "headless": headless,
    "start": start,
    "keys": pressing,
    "peers": peers,
    "logs": logs,
}


def main() -> int:
    wanted = sys.argv[1:] or [*PARTS, "many"]
    print(f"machine: {machine()}, Textual {version('textual')}, {COLUMNS} x {LINES} cells")
    print(f"medians of {ROUNDS} runs; a smooth picture has a frame every {FRAME:.0f} ms")
    for name in PARTS:
        if name in wanted:
            PARTS[name]()
    if "many" in wanted:
        with tempfile.TemporaryDirectory(prefix="podthaw-bench-", dir=FOLDER) as folder:
            path = Path(folder, "many.tar")
            build(path)
            many(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
