"""Which files and folders of a folder may be checkpoints.

Files are told by their first bytes, folders by a file that only checkpoints have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.archive.layout import CONFIG, IMAGES, INVENTORY, PRE_IMAGES
from tui.archive.model import Compression, FileIdentity, Form
from tui.archive.stream import recognized
from tui.errors import ArchiveError
from tui.text import safe_text

MOST = 1000
"""Files of a folder that are looked at."""

_TAR_MAGIC = slice(257, 262)
"""Where `ustar` stands in the first header of a tar."""


_TELLING = (CONFIG, INVENTORY, f"{IMAGES}{INVENTORY}", f"{PRE_IMAGES}{INVENTORY}", "oci-layout")
"""Files of which every checkpoint that lies unpacked has one."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is an archive of some kind, or a folder with a checkpoint."""

    path: Path
    compression: Compression
    size: int
    """Bytes of the file; of a folder nobody has counted them."""
    modified: datetime
    identity: FileIdentity
    form: Form = Form.ARCHIVE


def holds_checkpoint(path: Path) -> bool:
    """Whether the folder at `path` is a checkpoint itself, and not a folder of archives."""
    return any((path / name).is_file() for name in _TELLING)


def candidates(folder: str) -> tuple[Candidate, ...]:
    """The archives in `folder`, the newest first. Raises ArchiveError when it cannot be listed."""
    files = sorted(_files(folder))[:MOST]
    found = [one for file in files for one in _candidate(file)]
    return tuple(sorted(found, key=lambda one: one.modified, reverse=True))


def left_out(folder: str) -> int:
    """How many files of `folder` are not looked at. Raises ArchiveError as `candidates`."""
    return max(0, len(_files(folder)) - MOST)


def candidate(path: Path) -> Candidate | None:
    """What lies at `path`, if that may be a checkpoint."""
    return next(_candidate(path), None)


def _files(folder: str) -> list[Path]:
    try:
        return list(Path(folder).iterdir())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ArchiveError(f"{safe_text(folder)}: cannot be listed: {why}.") from error


def _candidate(path: Path) -> Iterator[Candidate]:
    try:
        status = path.stat()
        identity = FileIdentity.of(status)
        moment = datetime.fromtimestamp(status.st_mtime, UTC)
        if path.is_dir() and holds_checkpoint(path):
            yield Candidate(path, Compression.NONE, 0, moment, identity, Form.FOLDER)
        if not path.is_file():
            return
        with path.open("rb") as file:
            head = file.read(512)
    except (OSError, OverflowError, ValueError):  # it has gone, or its time is absurd
        return
    compression = recognized(head)
    if compression is not Compression.NONE or head[_TAR_MAGIC] == b"ustar":
        yield Candidate(path, compression, status.st_size, moment, identity)
