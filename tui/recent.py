"""Which archives were opened last, so that nobody has to look for them again.

A private file in the state folder. It is a convenience: what is wrong with it is never an error.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tui.errors import PodthawError
from tui.state import create_private, state_dir

MOST = 50
"""Archives that are remembered."""

_FILE = "recent.json"

_LARGEST = 1 << 20
"""Bytes of the file that are read; podthaw itself never writes as many."""

_LONGEST = 4096
"""Characters of a path, which is what Linux allows in bytes."""


def recent() -> tuple[str, ...]:
    """Their absolute paths, the last one first; some may be gone."""
    try:
        with (state_dir() / _FILE).open("rb") as file:
            found = msgspec.json.decode(file.read(_LARGEST), type=list[str])
    except (PodthawError, OSError, msgspec.DecodeError, ValueError, RecursionError):
        return ()
    return tuple(_paths(found))


def remember(path: str) -> None:
    """Put the archive at `path`, which is absolute, first."""
    _write([path, *recent()])


def forget(path: str) -> None:
    """Remember the archive at `path` no longer."""
    _write(one for one in recent() if one != path)


def _paths(found: Iterable[str]) -> Iterator[str]:
    whole = (one for one in found if one.startswith("/") and "\0" not in one)
    sound = dict.fromkeys(one for one in whole if len(one) <= _LONGEST)
    yield from list(sound)[:MOST]


def _write(paths: Iterable[str]) -> None:
    """Replace the file as a whole; a path that is no UTF-8 cannot be kept."""
    kept = []
    for one in _paths(paths):
        try:
            one.encode()
        except UnicodeEncodeError:
            continue
        kept.append(one)
    try:
        folder = state_dir()
        new = folder / f"{_FILE}.{secrets.token_hex(4)}"
        try:
            with os.fdopen(create_private(new), "wb") as file:
                file.write(msgspec.json.encode(kept))
            new.replace(folder / _FILE)
        finally:
            Path(new).unlink(missing_ok=True)
    except (PodthawError, OSError):
        return
