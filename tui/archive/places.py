"""Where checkpoints may lie, and what is found there, each file once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tui.archive.finding import Candidate, candidate, candidates, left_out
from tui.archive.model import FileIdentity
from tui.errors import ArchiveError
from tui.text import plural, safe_text

KUBELET = "/var/lib/kubelet/checkpoints"
"""Where the kubelet puts the checkpoints that its API is asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file or a folder that may be a checkpoint."""

    path: str
    folder: str
    """Where it was found; empty for what was opened some time ago."""
    candidate: Candidate | None
    """None: it is gone."""
    remembered: bool = False
    """It was opened some time ago."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found in all places."""

    found: tuple[Found, ...]
    """The newest first, behind them what is gone."""
    notes: tuple[str, ...]
    """Which places could not be looked at, or not wholly, and why."""


def gather(folders: Sequence[str], remembered: Iterable[str]) -> Gathered:
    """All that may be a checkpoint in `folders`, in the kubelet's, and among what is `remembered`.

    The same file in several places is told of in the first of them.
    """
    found: dict[FileIdentity, Found] = {}
    notes: list[str] = []
    for folder in _different([*folders, KUBELET]):
        if folder == KUBELET and _absent(folder):
            continue
        try:
            more, listed = left_out(folder), candidates(folder)
        except ArchiveError as error:
            notes.append(str(error).rstrip("."))
            continue
        if more:
            notes.append(f"{safe_text(folder)}: {plural(more, 'more file')} not looked at")
        for one in listed:
            found.setdefault(one.identity, Found(str(one.path), folder, one))
    gone: list[Found] = []
    for path in remembered:
        there = candidate(Path(path))
        if there is None:
            gone += [Found(path, "", None, remembered=True)] if _absent(path) else []
            continue
        known = found.get(there.identity, Found(path, "", there))
        found[there.identity] = replace(known, remembered=True)
    newest = sorted(found.values(), key=_moment, reverse=True)
    return Gathered((*newest, *gone), tuple(notes))


def whole(path: str) -> str:
    """`path` from the root on, its folder by its own name."""
    there = Path(path)
    return str(there.parent.resolve() / there.name) if there.name else str(there.resolve())


def _moment(one: Found) -> float:
    return one.candidate.modified.timestamp() if one.candidate else 0


def _different(folders: Iterable[str]) -> Iterator[str]:
    """`folders` without those that are an earlier one by another name."""
    seen: set[object] = set()
    for folder in folders:
        try:
            status = Path(folder).stat()
            key: object = (status.st_dev, status.st_ino)
        except (OSError, ValueError):
            key = folder
        if key not in seen:
            seen.add(key)
            yield folder


def _absent(path: str) -> bool:
    try:
        Path(path).lstat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False
