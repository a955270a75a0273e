"""How fast two large checkpoints of one container are compared, against checkpointctl.

Builds a checkpoint with 2 GiB of memory, and the same a little later, with other bytes in one page;
both plain and zstd. podthaw and `checkpointctl diff` (if it is installed) take turns; each figure
is the median of several fresh processes. What checkpointctl does not do, comparing the bytes of
memory, is measured for podthaw alone.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.archive import FOLDER, PAGE, PAGES, machine, pack

ROUNDS = 3

FASTER = 3
"""The goal: how many times faster than checkpointctl."""

PATIENCE = 120
"""Seconds after which a comparison is taken for one that never ends."""


def later(before: Path, after: Path) -> None:
    """The same checkpoint, with other bytes in a page in the middle of its memory."""
    shutil.copyfile(before, after)
    with after.open("r+b") as file:
        place = file.seek(PAGES // 2)
        changed = bytes(byte ^ 0xFF for byte in file.read(PAGE))
        file.seek(place)
        file.write(changed)


def seconds(*argv: str, ends: int) -> float | None:
    """How long a program takes that ends with the code `ends`; None: longer than PATIENCE."""
    start = time.perf_counter()
    try:
        ended = subprocess.run(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    assert ended.returncode == ends, f"{argv[0]} failed: {ended.stderr.decode(errors='replace')}"
    return time.perf_counter() - start


def row(name: str, runs: list[float | None]) -> str:
    known = [one for one in runs if one is not None]
    told = f"{median(known):8.2f} s" if len(known) == len(runs) else f"more than {PATIENCE} s"
    return f"  {name:<24} {told}"


def compare(before: Path, after: Path, other: str | None) -> bool:
    """Print how long both take; whether podthaw is as much faster as it must be."""
    ours: list[float | None] = []
    theirs: list[float | None] = []
    podthaw = (sys.executable, "-m", "tui", "diff", str(before), str(after))
    seconds(*podthaw, ends=0)  # the files come into the page cache
    for _ in range(ROUNDS):
        ours.append(seconds(*podthaw, ends=0))
        if other and None not in theirs:
            theirs.append(seconds(other, "diff", str(before), str(after), ends=0))
    print(f"{before.suffix.removeprefix('.')}:")
    print(row("podthaw", ours))
    print(row("podthaw --memory", [seconds(*podthaw, "--memory", ends=1)]))
    if not theirs:
        return True
    print(row("checkpointctl", theirs))
    least = [PATIENCE if one is None else one for one in theirs]
    ratio = median(least) / median(one or PATIENCE for one in ours)
    sign = "more than " if None in theirs else ""
    met = "met" if ratio >= FASTER else "MISSED"
    print(f"  {sign}{ratio:.1f} times faster: {met}", flush=True)
    return ratio >= FASTER


def main() -> int:
    other = shutil.which("checkpointctl")
    print(f"machine: {machine()}")
    print(f"goal: {FASTER} times faster than checkpointctl; medians of {ROUNDS} runs")
    if not other:
        print("checkpointctl is not installed: podthaw alone")
    with tempfile.TemporaryDirectory(prefix="podthaw-bench-", dir=FOLDER) as folder:
        before, after = Path(folder, "before.tar"), Path(folder, "after.tar")
        subprocess.run([sys.executable, "-m", "tests.bench.memory", str(before)], check=True)
        later(before, after)
        packed = [
            pack(one, one.with_suffix(".zst"), "zstd", "-1", "-c", "-q") for one in (before, after)
        ]
        results = [compare(before, after, other), compare(packed[0], packed[1], other)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
