"""The checksum of an archive, worked out beside the pass that reads it."""

import errno
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path


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
