"""Folders of podthaw's own on the host, and the archive where the host can read it.

A host behind a prefix may see other files than podthaw does. If it sees the very same file,
nothing happens; otherwise the archive is copied to a folder of its own under /var/tmp and removed
afterwards. A record in the state folder, locked for as long as podthaw lives, lets the next
podthaw remove what a crash has left.
"""

import asyncio
import fcntl
import os
import re
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO

import msgspec

from tui.archive.digest import sha256_aside
from tui.archive.model import Contents, FileIdentity
from tui.errors import ArchiveError, HostError, PodthawError
from tui.host.host import FACT_TIMEOUT, Answer, Host, NoAnswer
from tui.host.processes import find, naming, signal
from tui.state import create_private, state_dir
from tui.text import decode, safe_text, shell_line, size

Progress = Callable[[int, int], None]
"""Told the bytes copied so far, and all of them."""

_FOLDER = "/var/tmp/podthaw-"
_COPY = "checkpoint.tar"
_TICK = 0.1
"""Seconds between two reports of progress."""
_ENDING = 1.0
"""Seconds that a cancelled copy may take to end."""


@asynccontextmanager
async def staged(host: Host, contents: Contents, progress: Progress) -> AsyncIterator[str]:
    """The absolute path under which `host` finds the archive that was read.

    Raises ArchiveError when the file is not the one that was read any more, HostError when the
    host refuses a command, PodthawError when it lacks space or the copy differs.
    """
    with _opened(contents) as (path, file):
        if await _sees(host, path, contents.identity):
            yield path
            return
        await remove_leftovers(host)
        async with own_folder(host) as folder:
            copy = f"{folder}/{_COPY}"
            await _room(host, folder, contents.identity.size)
            digest = sha256_aside(path)
            await _copy(host, file, copy, contents.identity.size, progress)
            there = (await _done(host, ["sha256sum", "--", copy], timeout=None)).stdout
            if there.split()[:1] != [await _hashed(digest, path)]:
                raise PodthawError(
                    f"The copy on {host.name} differs from {safe_text(path)}: does the host "
                    "command pass standard input on (`podman exec -i`, for one)?"
                )
            _unchanged(path, file, contents.identity)
            yield copy


async def remove_leftovers(host: Host) -> tuple[str, ...]:
    """Remove the copies on `host` whose podthaw has died, and say which."""
    removed = []
    for path in sorted(state_dir("staged").glob("*.json")):
        record = _abandoned(path)
        if record and record.host == host.name and _is_copy(record.folder):
            await signal(host, "KILL", await find(host, _copying(f"{record.folder}/{_COPY}")))
            if await naming(host, record.folder):
                continue  # Podman lives on without podthaw, and still reads it
            with suppress(HostError):
                await _remove(host, record.folder, path)
                removed.append(record.folder)
    return tuple(removed)


@contextmanager
def _opened(contents: Contents) -> Iterator[tuple[str, int]]:
    """The absolute path and a file descriptor of the file that was read."""
    path = str(Path(contents.path).absolute())
    if Path(path).is_dir():
        raise ArchiveError(f"{safe_text(path)} is a folder, and Podman imports archives only")
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise ArchiveError(f"{safe_text(path)} cannot be read any more: {error.strerror}") from None
    try:
        _unchanged(path, file, contents.identity)
        yield path, file
    finally:
        os.close(file)


def _unchanged(path: str, file: int, identity: FileIdentity) -> None:
    status = os.fstat(file)
    if identity != FileIdentity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns):
        raise ArchiveError(f"{safe_text(path)} has changed since podthaw read it; open it again")


async def _sees(host: Host, path: str, identity: FileIdentity) -> bool:
    try:
        answer = await host.run(["stat", "-L", "-c", "%d %i %s %.9Y", "--", path])
    except NoAnswer as error:
        raise HostError(str(error)) from None
    expected = [identity.device, identity.inode, identity.size, identity.mtime_ns]
    with suppress(ValueError):
        return expected == [int(word.replace(".", "")) for word in answer.stdout.split()]
    return False


async def _room(host: Host, folder: str, needed: int) -> None:
    answer = await _done(host, ["df", "--block-size=1", "--output=avail", "--", folder])
    try:
        available = int(answer.stdout.split()[-1])
    except (ValueError, IndexError):
        return
    if available < needed:
        raise PodthawError(
            f"/var/tmp on {host.name} has {size(available)} left and the archive takes "
            f"{size(needed)}: make room there, or put the archive where the host can see it"
        )


async def _hashed(digest: "Future[str]", path: str) -> str:
    try:
        return await asyncio.wrap_future(digest)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> ArchiveError:
    return ArchiveError(f"{safe_text(path)} cannot be read any more: {error.strerror}")


async def _copy(host: Host, file: int, copy: str, total: int, progress: Progress) -> None:
    with _outputs() as (null, said):
        try:
            process = await host.start(
                _copying(copy), stdin=file, stdout=null.fileno(), stderr=said.fileno()
            )
        except NoAnswer as error:
            raise HostError(str(error)) from None
        ending = asyncio.ensure_future(process.wait())
        try:
            while not ending.done():
                # the command reads through the same open file, and so moves its position
                progress(min(os.lseek(file, 0, os.SEEK_CUR), total), total)
                await asyncio.wait({ending}, timeout=_TICK)
        finally:
            if not ending.done():
                process.terminate()
                await asyncio.wait({ending}, timeout=_ENDING)
                ending.cancel()
        if ending.result() != 0:
            said.seek(0)
            words = safe_text(decode(said.read(4096)).strip())
            raise HostError(f"The archive cannot be copied to {host.name}: {words}")
        progress(total, total)


def _copying(copy: str) -> list[str]:
    """The command that writes its input to `copy`."""
    return ["tee", "--", copy]


@contextmanager
def _outputs() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Where a command's output goes, and its messages."""
    with Path(os.devnull).open("wb") as null, tempfile.TemporaryFile() as said:
        yield null, said


class _Record(msgspec.Struct):
    host: str
    folder: str


@asynccontextmanager
async def own_folder(host: Host) -> AsyncIterator[str]:
    """A new folder on `host`, recorded before it is made and removed in the end.

    Raises HostError when the host refuses it.
    """
    folder = _FOLDER + secrets.token_hex(8)
    record = state_dir("staged") / f"{PurePath(folder).name}.json"
    descriptor = create_private(record)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(descriptor, msgspec.json.encode(_Record(host.name, folder)))
        try:
            await _done(host, ["mkdir", "--mode=700", "--", folder])
            yield folder
        finally:
            with suppress(HostError):  # the record stays, and the next podthaw tries again
                await asyncio.shield(_remove(host, folder, record))
    finally:
        os.close(descriptor)


def _is_copy(folder: str) -> bool:
    return re.fullmatch(re.escape(_FOLDER) + "[0-9a-f]{16}", folder) is not None


async def _remove(host: Host, folder: str, record: Path) -> None:
    await _done(host, ["rm", "-rf", "--", folder])
    _forget(record)


def _forget(record: Path) -> None:
    record.unlink(missing_ok=True)


def _abandoned(record: Path) -> _Record | None:
    """What `record` says, unless the podthaw that wrote it still lives and holds its lock."""
    with suppress(OSError, msgspec.MsgspecError), record.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return msgspec.json.decode(file.read(), type=_Record)
    return None


async def _done(host: Host, argv: Sequence[str], *, timeout: float | None = FACT_TIMEOUT) -> Answer:
    """The answer of a command that must succeed."""
    try:
        answer = await host.run(argv, timeout=timeout)
    except NoAnswer as error:
        raise HostError(str(error)) from None
    if answer.status != 0:
        words = safe_text(answer.stderr.strip()) or f"exit status {answer.status}"
        raise HostError(f"`{shell_line(argv)}` failed on {host.name}: {words}")
    return answer
