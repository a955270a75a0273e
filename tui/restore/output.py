"""What a running command prints, read as it grows and kept.

Podman writes to a file and not to a pipe: with a pipe it would die in the middle of a restore when
its reader dies. CRIU's log is copied while it grows, because it can go with the container.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tui import text
from tui.errors import PodthawError
from tui.host.host import Host, NoAnswer
from tui.restore.events import LogLine
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
    """A private file that commands write to and podthaw follows, and one for CRIU's log."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.criu_path = path.with_suffix(".criu.log")
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

    def keep_criu(self, lines: Iterable[LogLine]) -> None:
        """Append to the copy of CRIU's log, as long as there is room for it."""
        data = "".join(f"{line.text}\n" for line in lines).encode("utf-8", "surrogateescape")
        if not data:
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        # a restore that runs is not left alone because its log cannot be kept
        with suppress(OSError), os.fdopen(os.open(self.criu_path, flags, 0o600), "wb") as file:
            file.write(data)

    def mask(self, redact: Callable[[str], str]) -> None:
        """Mask secrets in what the commands have printed, once they have ended.

        Raises PodthawError when the file cannot be written anew.
        """
        masked = self.path.with_suffix(".masked")
        try:
            with self.path.open("rb") as old, os.fdopen(create_private(masked), "wb") as new:
                for line in old:
                    new.write(redact(decode(line)).encode("utf-8", "surrogateescape"))
            masked.replace(self.path)
        except OSError as error:
            raise PodthawError(f"{self.path} cannot be written: {error.strerror}") from None


@contextmanager
def new_output() -> Iterator[Output]:
    """A new file in the state folder; it stays there for people to read, unless it is empty.

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
        if os.fstat(descriptor).st_size == 0:
            path.unlink(missing_ok=True)
        os.close(descriptor)


class HostFile:
    """A file of the host that grows, such as CRIU's restore.log."""

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self._path = path
        self._position = 0
        self._lines = _Lines()

    async def new_lines(self, *, ended: bool) -> list[str]:
        """The lines since the last call; none while the file cannot be read.

        Once nobody writes any more, the unfinished one too.
        """
        argv = ["tail", f"--bytes=+{self._position + 1}", "--", self._path]
        try:
            answer = await self._host.run(argv)
        except NoAnswer:
            return self._lines.rest() if ended else []
        data = answer.stdout.encode("utf-8", "surrogateescape")
        self._position += len(data)
        lines = self._lines.more(data)
        return lines + self._lines.rest() if ended else lines
