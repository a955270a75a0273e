"""How fast the memory of a large checkpoint is looked through, against checkpointctl.

Builds a checkpoint of one process with 2 GiB of memory, plain and zstd, and lets podthaw and
checkpointctl (if it is installed) take turns: a search for a text in all memory, and everything
that can be said of the checkpoint. Each figure is the median of several fresh processes.

The text is there twice: in the middle of a page, and over the edge between two pagemap entries.
The pagemap is that of CRIU 4.1, because checkpointctl before 1.6 can read no newer one.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench.archive import FOLDER, PAGE, PAGES, machine, pack, pages
from tests.criu.builders import image
from tests.data import DATA
from tui.criu import images_pb2 as images
from tui.criu.framing import Magic, entries

ROUNDS = 3
FASTER = 3
"""The goal: how many times faster than checkpointctl."""

START = 0x7FFF00000000
"""Where the large mapping lies: behind all others, and so do its pages."""

ENTRY = 256
"""Pages of an entry, as CRIU writes them."""

NEEDLE = b"podthaw-needle-7f3a"
WHOLE, SPLIT = PAGES // 2 + 100, PAGES - ENTRY * PAGE - 9

SEARCH = f"""
import sys
from tui.archive.opening import read
from tui.archive.forward import forward
from tui.criu.memories import read_memories
from tui.criu.patterns import text
from tui.criu.search import search
*_, contents = read(sys.argv[1])
with forward(contents) as store:
    memories = read_memories(contents, store)
    pattern = text("{NEEDLE.decode()}")
    print(sum(len(found.hits) for found in search(memories, pattern)), "matches")
"""

INSPECT = """
import sys
from tui.checkpoint.reading import load
from tui.criu.commands import read_started
from tui.report.text import inspect_text
checkpoint = load(sys.argv[1])
print(inspect_text(checkpoint))
print(read_started(checkpoint.contents))
"""

PODTHAW = {"search": SEARCH, "inspect": INSPECT}
OTHER = {
    "search": ("memparse", "-p", "1", "-s", NEEDLE.decode()),
    "inspect": ("inspect", "--all"),
}


@dataclass(frozen=True)
class Run:
    """One process from start to end."""

    wall: float
    memory: int
    """Bytes at the peak."""
    written: int
    """Bytes to disk."""
    output: str


class Content(io.RawIOBase):
    """The pages, with the needles in them."""

    def __init__(self, first: bytes) -> None:
        self._left = first
        self._pages = self._all()

    def _all(self) -> Iterator[bytes]:
        for number, page in enumerate(pages()):
            for place in (WHOLE, SPLIT):
                at = place - number * PAGE
                if -len(NEEDLE) < at < PAGE:
                    low, high = max(0, at), min(PAGE, at + len(NEEDLE))
                    page[low:high] = NEEDLE[low - at : high - at]
            yield bytes(page)

    def read(self, size: int = -1) -> bytes:
        """What `tarfile` asks for."""
        while len(self._left) < size and (page := next(self._pages, b"")):
            self._left += page
        found, self._left = self._left[:size], self._left[size:]
        return found


def build(path: Path) -> None:
    """A plain checkpoint: a real one with far more memory."""
    with (
        tarfile.open(DATA / "web.tar") as small,
        tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as large,
    ):
        for member in small:
            file = small.extractfile(member)
            raw = file.read() if file else b""
            content: io.RawIOBase | io.BytesIO = io.BytesIO(raw)
            if member.name == "checkpoint/pages-1.img":
                member.size, content = len(raw) + PAGES, Content(raw)
            elif member.name in ("checkpoint/mm-1.img", "checkpoint/pagemap-1.img"):
                raw = _mappings(raw) if "mm-" in member.name else _pagemap(raw)
                member.size, content = len(raw), io.BytesIO(raw)
            large.addfile(member, content if file else None)


def _mappings(raw: bytes) -> bytes:
    [(_, entry)] = entries(raw, Magic.MM)
    mm = images.Mm.FromString(entry)
    large = images.Vma(start=START, end=START + PAGES, pgoff=0, shmid=0, fd=-1)
    large.MergeFrom(images.Vma(prot=3, flags=0x22, status=0x201))
    mm.vmas.append(large)
    return image(Magic.MM, mm)


def _pagemap(raw: bytes) -> bytes:
    """The entries as CRIU 4.1 writes them."""
    (_, head), *old = entries(raw, Magic.PAGEMAP)
    found = [images.Pagemap.FromString(entry) for _, entry in old]
    found += [
        images.Pagemap(vaddr=START + at, nr_pages=ENTRY, flags=4)
        for at in range(0, PAGES, ENTRY * PAGE)
    ]
    for entry in found:
        entry.compat_nr_pages = entry.nr_pages
        entry.ClearField("nr_pages")
    return image(Magic.PAGEMAP, head, *found)


def run(*argv: str) -> Run:
    """Run a program to its end, and ask the kernel what it took before it is gone."""
    environment = {**os.environ, "TMPDIR": FOLDER}
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        child = subprocess.Popen(argv, stdout=out, env=environment)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - start
        io_counts = Path(f"/proc/{child.pid}/io").read_text()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, f"{argv[0]} failed: {child.returncode}"
        out.seek(0)
        output = out.read().decode("utf-8", "replace")
    written = re.search(r"^write_bytes: (\d+)$", io_counts, re.MULTILINE)
    return Run(wall, usage.ru_maxrss * 1024, int(written[1]) if written else 0, output)


def starts(program: str) -> str:
    """Why a program does not start; empty if it does."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{program} cannot be started: {error.strerror}"
    said = done.stderr.strip().partition("\n")[0] or "it says nothing"
    return f"{program} ends with {done.returncode}: {said}" if done.returncode else ""


def row(name: str, runs: list[Run], matches: bool) -> str:
    found = re.findall(r"^(\d+) matches|\b(podthaw-needle-7f3a)", runs[-1].output, re.MULTILINE)
    count = sum(int(number or 1) for number, _ in found)
    return (
        f"  {name:<14} {median(one.wall for one in runs):8.2f} s"
        f"  {max(one.memory for one in runs) / 1e6:7.0f} MB"
        f"  {max(one.written for one in runs) / 1e6:7.0f} MB"
        + (f"  {count} of 2 found" if matches else "")
    )


def compare(path: Path, what: str, other: str | None) -> bool:
    """Print how long both take; whether podthaw is as much faster as it must be."""
    ours, theirs = [], []
    run(sys.executable, "-c", PODTHAW[what], str(path))  # the file comes into the page cache
    for _ in range(ROUNDS):
        ours.append(run(sys.executable, "-c", PODTHAW[what], str(path)))
        if other:
            command, *options = OTHER[what]
            theirs.append(run(other, command, *options, str(path)))
    print(f"{what}, {path.suffix.removeprefix('.')}:")
    print(row("podthaw", ours, what == "search"))
    if not theirs:
        return True
    print(row("checkpointctl", theirs, what == "search"))
    ratio = median(one.wall for one in theirs) / median(one.wall for one in ours)
    print(f"  {ratio:.1f} times faster: {'met' if ratio >= FASTER else 'MISSED'}", flush=True)
    return ratio >= FASTER


def main() -> int:
    if sys.argv[1:]:  # in a process of its own, whose memory is no part of what is measured
        build(Path(sys.argv[1]))
        return 0
    other = shutil.which("checkpointctl")
    trouble = starts(other) if other else "it is not installed"
    other = None if trouble else other
    print(f"machine: {machine()}")
    print(f"goal: {FASTER} times faster than checkpointctl; medians of {ROUNDS} runs")
    if trouble:
        print(f"podthaw alone, without checkpointctl: {trouble}")
    print(f"  {'':<14} {'time':>10}  {'memory':>10}  {'to disk':>10}")
    with tempfile.TemporaryDirectory(prefix="podthaw-bench-", dir=FOLDER) as folder:
        plain = Path(folder, "checkpoint.tar")
        subprocess.run([sys.executable, "-m", "tests.bench.memory", str(plain)], check=True)
        packed = pack(plain, plain.with_suffix(".zst"), "zstd", "-1", "-c", "-q")
        results = [compare(path, what, other) for what in PODTHAW for path in (plain, packed)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
