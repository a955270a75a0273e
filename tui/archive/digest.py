"""Checksums: of an archive, worked out beside the pass that reads it, and of every member."""

import errno
import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tui.archive import limits
from tui.archive.model import Contents, Form, Member, MemberKind
from tui.archive.opening import stream
from tui.archive.stream import DamageError, Section
from tui.errors import ArchiveError
from tui.text import safe_text

_STEP = 4 * limits.MIB


@dataclass(frozen=True, slots=True)
class Digests:
    """SHA-256 in hexadecimal, of everything."""

    archive: str
    """Of the file; empty for a folder."""
    members: tuple[tuple[Member, str], ...]
    """In archive order; empty where there is no content to be had (a sparse file)."""


def member_digests(
    contents: Contents, progress: Callable[[int, int], None] | None = None
) -> Digests:
    """The digests of the archive and of every file in it, in one pass.

    `progress` is told how many bytes of the members have passed, and how many there are; to stop,
    raise. Raises ArchiveError when it cannot be read, or has changed.
    """
    whole = hashlib.sha256()
    found: list[tuple[Member, str]] = []
    files = [member for member in contents.members if member.kind is MemberKind.FILE]
    total, done = sum(member.size for member in files), 0
    try:
        with stream(contents, whole.update) as bytes_again:
            for member in files:
                if member.offset is None:
                    found.append((member, ""))
                    continue
                bytes_again.skip(member.offset - bytes_again.offset)
                digest, section = hashlib.sha256(), Section(bytes_again, member.size)
                while data := section.read(_STEP):
                    digest.update(data)
                    done += len(data)
                    if progress:
                        progress(done, total)
                found.append((member, "" if section.left else digest.hexdigest()))
    except DamageError as error:
        raise ArchiveError(
            f"{safe_text(contents.path)}: cannot be read to its end: {error.message}."
        ) from error
    return Digests("" if contents.form is Form.FOLDER else whole.hexdigest(), tuple(found))


def sha256(path: str) -> str:
    """The SHA-256 of the file, in hexadecimal.

    Raises OSError when it cannot be read.
    """
    if not Path(path).is_file():  # reading a device or a pipe may never end
        raise OSError(errno.EINVAL, "not a regular file", path)
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_aside(path: str) -> "Future[str]":
    """`sha256`, in a thread: hashing gives the interpreter lock up, and so costs no time here."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sha256")
    future = executor.submit(sha256, path)
    executor.shutdown(wait=False)
    return future
