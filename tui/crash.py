"""What is told of a defect of podthaw's own: one sentence, and a file for whoever mends it.

A traceback on the terminal tells people nothing, and could carry text of an archive there.
"""

import os
import sys
import traceback
from pathlib import Path

from tui import __version__, text
from tui.errors import PodthawError
from tui.state import create_private, state_dir


def report(error: BaseException) -> str:
    """One sentence about `error`, whose traceback is in a new private file; it names the file."""
    return f"a defect of podthaw's own ended it: {_brief(error)}. {_kept(error)}"


def _kept(error: BaseException) -> str:
    try:
        path = _write(error)
    except (OSError, PodthawError) as reason:
        return f"Its traceback could not be kept: {reason}"
    return f"Its traceback is in {text.shown_path(str(path))}: please report it."


def _brief(error: BaseException) -> str:
    """Which exception it is, and where it was raised, without what it says."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    own = [frame for frame in frames if "/tui/" in frame.filename] or frames
    file = own[-1].filename.rpartition("/tui/")[2]
    return text.safe_text(f"{type(error).__name__} in {file}, line {own[-1].lineno}")


def _write(error: BaseException) -> Path:
    path = state_dir("crashes") / f"{text.now().astimezone():%Y-%m-%d-%H%M%S-%f}.txt"
    with os.fdopen(create_private(path), "w", encoding="utf-8", errors="replace") as file:
        file.write(f"podthaw {__version__}, Python {sys.version.split()[0]}\n\n")
        file.writelines(traceback.format_exception(error))
    return path
