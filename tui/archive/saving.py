"""Files of an archive, saved where somebody asks for them.

What is saved is what lies in the archive, byte by byte. Names are made harmless, no link is
followed, nothing leaves the folder that was chosen, and nothing that is there is written over.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tui.archive import limits
from tui.archive.extract import Chosen, passing, sizes
from tui.archive.model import Contents, Member
from tui.errors import ArchiveError
from tui.text import safe_text, size

_STEP = 4 * limits.MIB

_RESERVE = 64 * limits.MIB
"""Bytes that stay free on the disk."""

_COMPONENT = 200
"""Bytes of a file name; Linux takes 255."""

_DEPTH = 40
"""Folders inside each other; what lies deeper is saved beside the rest."""

_TRIES = 1000
"""Names that are tried for one file."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file as it was saved."""

    where: str
    """The tar inside that it comes from; empty for the archive itself."""
    name: str
    """Its name there."""
    path: str
    size: int
    sha256: str


def save(contents: Contents, where: str, name: str, folder: str) -> Saved:
    """Save one file into `folder`, under the last part of its name. Raises ArchiveError."""
    (saved,) = save_all(contents, [(where, name)], folder, flat=True)
    return saved


def save_all(
    contents: Contents,
    chosen: Collection[Chosen],
    folder: str,
    *,
    flat: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Saved]:
    """Save files one by one into `folder`, in folders as they lie in the archive unless `flat`.

    A file has mode 0600 and the time that it has in the archive; where its name is taken, it
    gets another. `progress` is told the bytes so far and in all; to stop, raise. Raises
    ArchiveError when one of them is missing, cannot be read or written; those before it stay.
    """
    chosen = tuple(dict.fromkeys(chosen))
    total, done = sizes(contents, chosen), 0
    with _opened(folder) as root:
        for (where, name), member, content in passing(contents, chosen):
            parts = [*_parts(where), *_parts(name)] or [file_name(name)]
            if flat or len(parts) > _DEPTH:
                parts = parts[-1:]
            digest = hashlib.sha256()
            with _created(root, parts, member) as (file, place):
                while data := content.read(min(_STEP, content.left)):
                    digest.update(data)
                    _write(file, data)
                    done += len(data)
                    if progress:
                        progress(done, total)
            path = str(Path(folder, place))
            yield Saved(where, name, path, member.size, digest.hexdigest())


def free_path(folder: str, name: str) -> str:
    """Where in `folder` something called `name` can be saved: a number follows if that is taken."""
    last = file_name(name)
    for number in range(_TRIES):
        path = Path(folder, f"{last}.{number}" if number else last)
        if not os.path.lexists(path):
            return str(path)
    raise _taken(last)


def file_name(component: str) -> str:
    """One part of a name as a harmless file name: printable, not too long, no way upwards."""
    name = "".join(char if char.isprintable() and char != "/" else "_" for char in component)
    if name in ("", ".", ".."):
        return "_" * max(1, len(name))
    if len(name.encode()) <= _COMPONENT:
        return name
    mark = hashlib.sha256(component.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{name.encode()[:_COMPONENT].decode('utf-8', 'ignore')}~{mark}"


def _parts(name: str) -> list[str]:
    return [file_name(part) for part in name.split("/") if part]


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    try:
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not the name of a folder"
        raise ArchiveError(f"{safe_text(folder)}: nothing can be saved there: {why}.") from error
    try:
        yield root
    finally:
        os.close(root)


@contextmanager
def _created(root: int, parts: list[str], member: Member) -> Iterator[tuple[int, str]]:
    """A new file below `root`, with room for `member`, and its path there.

    Unless all goes well it is removed again.
    """
    *folders, last = parts
    place = os.dup(root)
    try:
        for folder in folders:
            _enter(place, folder)
        file, name = _new(place, last)
        try:
            _check_room(file, member.size)
            yield file, "/".join([*folders, name])
            with suppress(OSError, OverflowError):
                moment = member.mtime.timestamp()
                os.utime(file, (moment, moment))
        except BaseException:
            os.unlink(name, dir_fd=place)
            raise
        finally:
            os.close(file)
    finally:
        os.close(place)


def _enter(place: int, folder: str) -> None:
    """Let `place` be the folder inside it, made if it is not there."""
    try:
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700, dir_fd=place)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        inner = os.open(folder, flags, dir_fd=place)
    except OSError as error:
        raise ArchiveError(
            f"{safe_text(folder)}: nothing can be saved in it: {error.strerror}."
        ) from error
    os.dup2(inner, place, inheritable=False)
    os.close(inner)


def _new(place: int, last: str) -> tuple[int, str]:
    """A file that was not there before, and its name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    for number in range(_TRIES):
        name = f"{last}.{number}" if number else last
        try:
            return os.open(name, flags, 0o600, dir_fd=place), name
        except FileExistsError:
            continue
        except OSError as error:
            raise ArchiveError(f"{safe_text(last)}: cannot be saved: {error.strerror}.") from error
    raise _taken(last)


def _taken(last: str) -> ArchiveError:
    return ArchiveError(f"{safe_text(last)}: cannot be saved: there are {_TRIES:,} of that name.")


def _check_room(file: int, needed: int) -> None:
    status = os.fstatvfs(file)
    free = status.f_bavail * status.f_frsize
    if free < needed + _RESERVE:
        raise ArchiveError(
            f"there is too little room: {size(needed)} are needed, and {size(free)} are free."
        )


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError as error:
        raise ArchiveError(f"the file cannot be saved: {error.strerror}.") from error
