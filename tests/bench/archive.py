"""How fast a large checkpoint is read, against nothing but decompressing it.

Builds a checkpoint with 2 GiB of memory pages on disk, three times: plain, zstd and gzip. Each
figure is the median of several runs in fresh processes; podthaw and the bare decompressor take
turns, so that both meet the same machine.
"""

import os
import platform
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO

from tests.data import DATA

PAGES = 2 << 30
PAGE = 4096
POOL = 64 << 20
ROUNDS = 5
FOLDER = "/var/tmp"
"""On disk, unlike /tmp on many machines."""

FIRST, RATIO, MEMORY = 50, 1.2, 100
"""The goals: milliseconds to the first document, times the bare decompressor, MB of memory."""

READ = """
import sys, time
from tui.checkpoint.reading import read
start = time.perf_counter()
first = 0.0
for checkpoint in read(sys.argv[1]):
    if not first and checkpoint.readable:
        first = time.perf_counter() - start
assert checkpoint.contents.complete, checkpoint.contents.problems
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(first, time.perf_counter() - start, peak)
"""


@dataclass(frozen=True)
class Run:
    """One process from start to end."""

    wall: float
    first: float = 0
    index: float = 0
    memory: int = 0
    """KiB at the peak; unlike wait4's figure it leaves out the memory of the parent."""


def pages() -> Iterator[bytearray]:
    """Memory such as it is: half of the pages like noise, half words with the same high bytes."""
    source = random.Random(0)
    noise, words = (bytearray(source.randbytes(POOL // 2)) for _ in range(2))
    for place, high in ((5, 0x7F), (6, 0), (7, 0)):
        words[place::8] = bytes([high]) * (len(words) // 8)
    for _ in range(PAGES // POOL):
        for at in range(0, len(noise), PAGE):
            yield noise[at : at + PAGE]
            yield words[at : at + PAGE]


class Memory:
    """The pages as a file that `tarfile` reads."""

    def __init__(self) -> None:
        self._pages = pages()

    def read(self, size: int) -> bytes:
        """`size` bytes; `tarfile` asks for whole pages."""
        return b"".join(next(self._pages) for _ in range(size // PAGE))


def build(path: Path) -> None:
    """A plain checkpoint: a real one with far more memory."""
    with (
        tarfile.open(DATA / "web.tar") as small,
        tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as large,
    ):
        for member in small:
            content: IO[bytes] | Memory | None = small.extractfile(member)
            if member.name == "checkpoint/pages-1.img":
                member.size, content = PAGES, Memory()
            large.addfile(member, content)  # type: ignore[arg-type]  # read() is all it calls


def pack(path: Path, packed: Path, *command: str) -> Path:
    with packed.open("wb") as out:
        subprocess.run([*command, str(path)], stdout=out, check=True)
    return packed


def podthaw(path: Path) -> Run:
    start = time.perf_counter()
    output = subprocess.run(
        [sys.executable, "-c", READ, str(path)], stdout=subprocess.PIPE, check=True
    ).stdout
    wall = time.perf_counter() - start
    first, index, memory = output.split()
    return Run(wall, float(first), float(index), int(memory))


def bare(program: str, path: Path) -> Run:
    start = time.perf_counter()
    subprocess.run([program, "-dc", str(path)], stdout=subprocess.DEVNULL, check=True)
    return Run(time.perf_counter() - start)


def row(path: Path, program: str | None) -> tuple[str, bool]:
    """A line of the table, and whether all goals are met."""
    runs, alone = [], []
    podthaw(path)  # the file comes into the page cache
    for _ in range(ROUNDS):
        runs.append(podthaw(path))
        if program:
            alone.append(bare(program, path))
    first = median(run.first for run in runs) * 1000
    index = median(run.index for run in runs)
    wall = median(run.wall for run in runs)
    memory = max(run.memory for run in runs) * 1024 / 1e6
    base = median(run.wall for run in alone) if alone else 0
    ratio = wall / base if base else 0
    met = first <= FIRST and ratio <= RATIO and memory < MEMORY
    against = f"{base:5.2f} s  {ratio:5.2f}" if base else f"{'-':>7}  {'-':>5}"
    name = path.suffix.removeprefix(".")
    gib = path.stat().st_size / (1 << 30)
    return (
        f"{name:<5} {gib:5.2f} GiB  {first:6.1f} ms  {index:8.3f} s  {wall:6.3f} s"
        f"  {memory:6.1f} MB  {against}  {'met' if met else 'MISSED'}",
        met,
    )


def machine() -> str:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    model = models[0] if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> int:
    print(f"machine: {machine()}")
    print(
        f"goals: first document {FIRST} ms, {RATIO} x the decompressor, {MEMORY} MB; {ROUNDS} runs"
    )
    print(
        f"{'':<5} {'file':>9}  {'first':>9}  {'index':>10}  {'process':>8}"
        f"  {'memory':>9}  {'alone':>7}  {'ratio':>5}"
    )
    met = True
    with tempfile.TemporaryDirectory(prefix="podthaw-bench-", dir=FOLDER) as folder:
        plain = Path(folder, "checkpoint.tar")
        build(plain)
        archives = (
            (plain, None),
            (pack(plain, plain.with_suffix(".zst"), "zstd", "-1", "-c", "-q"), "zstd"),
            (pack(plain, plain.with_suffix(".gz"), "gzip", "-1", "-c"), "gzip"),
        )
        for path, program in archives:
            line, good = row(path, program)
            print(line, flush=True)
            met &= good
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
