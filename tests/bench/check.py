"""What asking a real host adds to the pass over a large checkpoint.

`podthaw check`, the whole process, and nothing but the reading of the same file take turns. The
host is this machine, or what PODTHAW_HOST_COMMAND leads to.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.bench.archive import FOLDER, ROUNDS, build, machine, pack, podthaw

ADDED = 0.5
"""The goal: seconds more than the bare pass over the archive."""


def check(path: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tui", "check", str(path), "--json"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode in (0, 1, 5), f"exit status {done.returncode}"
    return time.perf_counter() - start


def main() -> int:
    print(f"machine: {machine()}")
    print(f"goal: a check takes {ADDED} s more than reading; medians of {ROUNDS} runs")
    with tempfile.TemporaryDirectory(prefix="podthaw-bench-", dir=FOLDER) as folder:
        plain = Path(folder, "checkpoint.tar")
        build(plain)
        packed = pack(plain, plain.with_suffix(".zst"), "zstd", "-1", "-c", "-q")
        podthaw(packed)  # the file comes into the page cache
        bare, whole = [], []
        for _ in range(ROUNDS):
            bare.append(podthaw(packed).wall)
            whole.append(check(packed))
    added = median(whole) - median(bare)
    print(f"reading {median(bare):.2f} s  check {median(whole):.2f} s  added {added:.2f} s")
    return 0 if added <= ADDED else 1


if __name__ == "__main__":
    sys.exit(main())
