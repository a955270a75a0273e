"""What a running command prints, read as it grows.

Podman writes to a file and not to a pipe: with a pipe it would die in the middle of a restore when
its reader dies.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui import text
from tui.errors import PodthawError
from tui.host.host import Host, NoAnswer
from tui.state import create_private, state_dir
from tui.text import decode

_CHUNK = 1 << 20
"""Bytes that are read at once."""


class _Lines:
    """Bytes put together to lines."""

    def __init__(self) -> None:
        self._rest = b""

    def more(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [decode(line) for line in lines]

    def rest(self) -> list[str]:
        """The last line, if no end of it came."""
        rest, self._rest = self._rest, b""
        return [decode(rest)] if rest else []


class Output:
    """A private file that commands write to and podthaw follows."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self._position = 0
        self._lines = _Lines()

    def new_lines(self, *, ended: bool) -> list[str]:
        """The lines since the last call; once nobody writes any more, the unfinished one too."""
        lines = []
        while data := os.pread(self.descriptor, _CHUNK, self._position):
            self._position += len(data)
            lines += self._lines.more(data)
        return lines + self._lines.rest() if ended else lines


@contextmanager
def new_output() -> Iterator[Output]:
    """A new file in the state folder; it stays there for people to read.

    Raises PodthawError when it cannot be made.
    """
    name = f"{text.now().astimezone():%Y-%m-%d-%H%M%S}-{secrets.token_hex(3)}.log"
    path = state_dir("restores") / name
    try:
        descriptor = create_private(path)
    except OSError as error:
        raise PodthawError(f"{path} cannot be written: {error.strerror}") from None
    try:
        yield Output(path, descriptor)
    finally:
        os.close(descriptor)


class HostFile:
    """A file of the host that grows, such as CRIU's restore.log."""

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self._path = path
        self._position = 0
        self._lines = _Lines()

    async def new_lines(self) -> list[str]:
        """The lines since the last call; none while the file cannot be read."""
        argv = ["tail", f"--bytes=+{self._position + 1}", "--", self._path]
        try:
            answer = await self._host.run(argv)
        except NoAnswer:
            return []
        data = answer.stdout.encode("utf-8", "surrogateescape")
        self._position += len(data)
        return self._lines.more(data)
