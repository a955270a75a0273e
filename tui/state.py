"""Where podthaw keeps what must outlive it: private files in a private folder."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import platformdirs

from tui.errors import PodthawError


def state_dir(name: str = "") -> Path:
    """The state folder or a folder in it, made with mode 0700 if it is not there yet.

    Raises PodthawError when it cannot be made.
    """
    root = platformdirs.user_state_path("podthaw")
    folder = root / name
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        for path in dict.fromkeys((root, folder)):
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise PodthawError(
            f"podthaw cannot keep its logs and records in {folder}: {error.strerror}. "
            "Set XDG_STATE_HOME to a folder that you can write to."
        ) from None
    return folder


def create_private(path: Path) -> int:
    """A file descriptor of the new file `path`, for reading and writing, with mode 0600.

    Raises OSError, FileExistsError among them.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a private file with `text`; whoever reads sees the old one or the new.

    Raises OSError.
    """
    new = path.with_name(f".{path.name}-{token_hex(4)}")
    try:
        with os.fdopen(create_private(new), "w") as file:
            file.write(text)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise


_THEME = "theme"

_LONGEST = 100
"""Characters of a theme's name that are read."""


def chosen_theme() -> str:
    """The theme that was chosen last in the user interface; empty if there was none."""
    try:
        with (platformdirs.user_state_path("podthaw") / _THEME).open() as file:
            return file.read(_LONGEST).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def choose_theme(name: str) -> None:
    """Keep the theme that was chosen.

    Raises PodthawError or OSError.
    """
    write_private(state_dir() / _THEME, f"{name}\n")
