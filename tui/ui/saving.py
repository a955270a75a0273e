"""Files that people ask for."""

import os
from collections.abc import Iterable
from pathlib import Path

from tui import text
from tui.archive.model import Contents
from tui.archive.saving import file_name, save_all
from tui.archive.spool import Progress
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


def save_content(contents: Contents, what: Bytes, progress: Progress) -> Path:
    """A new private file with bytes of the archive; it goes again if `progress` raises.

    Raises OSError or PodthawError.
    """
    if what.file:
        folder = str(state_dir("saved"))
        (saved,) = save_all(contents, [what.file], folder, flat=True, progress=progress)
        return Path(saved.path)
    path = new_path(what.name)
    try:
        with os.fdopen(create_private(path), "wb") as file:
            for at, piece in pieces(contents, what.extents, what.size):
                file.seek(at)
                file.write(piece)
                progress(at + len(piece), what.size)
            file.truncate(what.size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
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
