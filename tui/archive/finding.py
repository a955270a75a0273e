"""Which files of a folder may be checkpoints, told by their first bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.archive.model import Compression
from tui.archive.stream import recognized
from tui.errors import ArchiveError
from tui.text import safe_text

MOST = 1000
"""Files of a folder that are looked at."""

_TAR_MAGIC = slice(257, 262)
"""Where `ustar` stands in the first header of a tar."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is an archive of some kind."""

    path: Path
    compression: Compression
    size: int
    modified: datetime


def candidates(folder: str) -> tuple[Candidate, ...]:
    """The archives in `folder`, the newest first. Raises ArchiveError when it cannot be listed."""
    try:
        files = sorted(Path(folder).iterdir())[:MOST]
    except OSError as error:
        raise ArchiveError(f"{safe_text(folder)}: cannot be listed: {error.strerror}.") from error
    found = [one for file in files for one in _candidate(file)]
    return tuple(sorted(found, key=lambda one: one.modified, reverse=True))


def _candidate(path: Path) -> Iterator[Candidate]:
    try:
        if not path.is_file():
            return
        status = path.stat()
        with path.open("rb") as file:
            head = file.read(512)
        moment = datetime.fromtimestamp(status.st_mtime, UTC)
    except (OSError, OverflowError, ValueError):  # it has gone, or its time is absurd
        return
    compression = recognized(head)
    if compression is not Compression.NONE or head[_TAR_MAGIC] == b"ustar":
        yield Candidate(path, compression, status.st_size, moment)
