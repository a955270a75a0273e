"""Programs of the person at the terminal: clipboard, pager, editor.

They have nothing to do with the host, and run where podthaw runs.
"""

import asyncio
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tui.errors import UsageError
from tui.state import create_private
from tui.text import safe_text

Which = Callable[[str], str | None]
"""Where a program is; None where there is none."""

_PATIENCE = 2.0
"""Seconds that a program may take to put something on the clipboard."""

_DISPLAYS = (
    ("WAYLAND_DISPLAY", ("wl-copy", "--type", "text/plain")),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-in")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
)
"""The variable that tells of a display, and what speaks with its clipboard."""


def clipboard(environment: Mapping[str, str], which: Which = shutil.which) -> Sequence[str]:
    """What puts its standard input on the clipboard of the display; empty where nothing does."""
    for variable, argv in _DISPLAYS:
        if environment.get(variable) and which(argv[0]):
            return argv
    near = "SSH_CONNECTION" not in environment
    return ("pbcopy",) if near and which("pbcopy") else ()


def hand_over(argv: Sequence[str], text: str) -> bool:
    """Give `text` to a program of the clipboard; whether it took it."""
    try:
        return not subprocess.run(
            argv,
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
            start_new_session=True,  # some stay to serve what was copied
        ).returncode
    except (OSError, subprocess.SubprocessError):
        return False


def pager(environment: Mapping[str, str], which: Which = shutil.which) -> Sequence[str]:
    """What pages through a file: `$PAGER`, or else less or more. Raises UsageError."""
    return _words(environment, "PAGER") or (("less",) if which("less") else ("more",))


def editor(environment: Mapping[str, str]) -> Sequence[str]:
    """What edits a file: `$VISUAL`, `$EDITOR`, or else vi. Raises UsageError."""
    return _words(environment, "VISUAL") or _words(environment, "EDITOR") or ("vi",)


async def run(argv: Sequence[str]) -> int:
    """How a program ends that has the terminal; nothing else waits for it. Raises UsageError."""
    # the lines are UTF-8 wherever less thinks it is
    environment = {"LESSCHARSET": "utf-8", **os.environ}
    try:
        process = await asyncio.create_subprocess_exec(*argv, env=environment)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{safe_text(argv[0])} cannot be run: {why}.") from None
    try:
        return await process.wait()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.terminate()
        raise


@contextmanager
def lent_file(name: str, text: str) -> Iterator[Path]:
    """A private file with `text` for as long as a program looks at it. Raises OSError."""
    with TemporaryDirectory(prefix="podthaw-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / name
        with os.fdopen(create_private(path), "w", encoding="utf-8", errors="replace") as file:
            file.write(f"{text}\n")
        yield path


def _words(environment: Mapping[str, str], variable: str) -> Sequence[str]:
    try:
        return shlex.split(environment.get(variable, ""))
    except ValueError as error:
        raise UsageError(f"${variable} cannot be split into words: {error}.") from None
