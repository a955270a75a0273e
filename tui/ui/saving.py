"""Files that people ask for."""

import os
from collections.abc import Iterable
from pathlib import Path

from tui import text
from tui.archive.model import Contents
from tui.archive.saving import file_name, save
from tui.criu.contents import pieces
from tui.restore.events import LogLine
from tui.state import create_private, state_dir
from tui.ui.rows.model import Bytes


def save_log(lines: Iterable[LogLine]) -> Path:
    """A new private file with `lines`. Raises OSError or PodthawError."""
    return _save(
        f"restore-{_stamp()}.log",
        "".join(f"{line.source}\t{line.level}\t{line.text}\n" for line in lines),
    )


def save_report(record: str, markdown: str) -> Path:
    """A new private file with the report of a restore. Raises OSError or PodthawError."""
    return _save(f"restore-{record}-{_stamp()}.md", f"{markdown}\n")


def save_text(name: str, words: str) -> Path:
    """A new private file with `words`, called after `name`. Raises OSError or PodthawError."""
    return _save(f"{_stamp()}-{file_name(name)}", f"{words}\n")


def save_content(contents: Contents, what: Bytes) -> Path:
    """A new private file with bytes of the archive. Raises OSError or PodthawError."""
    if what.file:
        return Path(save(contents, *what.file, str(state_dir("saved"))).path)
    path = new_path(what.name)
    with os.fdopen(create_private(path), "wb") as file:
        for at, piece in pieces(contents, what.extents, what.size):
            file.seek(at)
            file.write(piece)
        file.truncate(what.size)
    return path


def new_path(name: str) -> Path:
    """Where a file that is called `name` in the archive can be saved. Raises PodthawError."""
    return state_dir("saved") / f"{_stamp()}-{file_name(name)}"


def _save(name: str, words: str) -> Path:
    path = state_dir("saved") / name
    with os.fdopen(create_private(path), "w", encoding="utf-8", errors="replace") as file:
        file.write(words)
    return path


def _stamp() -> str:
    return f"{text.now().astimezone():%Y-%m-%d-%H%M%S-%f}"
