"""Files that people ask for."""

import os
from collections.abc import Iterable
from pathlib import Path

from tui import text
from tui.restore.events import LogLine
from tui.state import create_private, state_dir


def save_log(lines: Iterable[LogLine]) -> Path:
    """A new private file with `lines`. Raises OSError or PodthawError."""
    path = state_dir("saved") / f"restore-{text.now().astimezone():%Y-%m-%d-%H%M%S-%f}.log"
    with os.fdopen(create_private(path), "w", encoding="utf-8", errors="replace") as file:
        for line in lines:
            file.write(f"{line.source}\t{line.level}\t{line.text}\n")
    return path
