"""A terminal that a program is run in, to measure how long people wait for what they see.

It says that it knows synchronized output (mode 2026), so Textual brackets every frame, and a frame
is timed when its end has arrived: nothing of what is measured runs in this process.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from time import monotonic

COLUMNS, LINES = 160, 50

QUIET = 0.08
"""Seconds without a frame after which a key has had its effect."""

SETTLED = 0.3
"""Seconds without one after which the next key is pressed."""

IDLE = 3.0
"""Seconds without one after which nothing goes on behind the screen."""

PATIENCE = 60.0
"""Seconds after which something is said to be missing."""

_FRAME = b"\x1b[?2026l"
_ASKED = b"\x1b[?2026$p"
_KNOWN = b"\x1b[?2026;2$y"
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[()].|[^\[()])")

BEATS = "PODTHAW_BENCH_BEATS"
"""Environment variable with the file descriptor that tests.bench.stage writes stalls to."""

STALL = struct.Struct("dd")
"""When the event loop came back, and for how many seconds it had been away."""


class Terminal:
    """One program in it."""

    def __init__(self, argv: Sequence[str], environment: dict[str, str]) -> None:
        beats, write = os.pipe()
        os.set_blocking(beats, False)
        os.set_inheritable(write, True)
        environment = {**os.environ, **environment, BEATS: str(write)}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = monotonic()
        self.pid, self._file = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execvpe(argv[0], list(argv), environment)
        os.close(write)
        self._beats = beats
        self._open = b""
        """What came since the last frame was complete."""
        self._painted = b""
        """The text of the frames since the last key."""
        self._frames: list[float] = []
        """When they were complete."""

    def until(self, *texts: str) -> float:
        """The moment of the first frame by which all `texts` have been painted since the key."""
        wanted = [text.encode() for text in texts]
        end = monotonic() + PATIENCE
        while monotonic() < end:
            if self._frames and all(text in self._painted for text in wanted):
                return self._frames[-1]
            self._read(0.5)
        raise TimeoutError(f"{' and '.join(texts)} did not appear")

    def press(self, keys: str, *texts: str) -> float:
        """Press keys at once; milliseconds until `texts` are painted, or all that is painted.

        0 if nothing is.
        """
        self._forget()
        start = monotonic()
        os.write(self._file, keys.encode())
        if texts:
            return (self.until(*texts) - start) * 1000
        end = start + 1
        while monotonic() < end:
            self._read(QUIET)
            if self._frames and monotonic() - self._frames[-1] >= QUIET:
                break
        return (self._frames[-1] - start) * 1000 if self._frames else 0.0

    def settle(self, seconds: float = SETTLED) -> None:
        """Wait until nothing has been painted for so long."""
        while self._read(seconds):
            pass
        self._open = b""
        self.longest_stall()

    def longest_stall(self) -> float:
        """The longest time, in milliseconds, that the event loop was away since the last call."""
        raw = b""
        while True:
            try:
                part = os.read(self._beats, 1 << 16)
            except BlockingIOError:
                break
            if not part:
                break
            raw += part
        return max((gap * 1000 for _, gap in STALL.iter_unpack(raw)), default=0.0)

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._file)
        os.close(self._beats)

    def _read(self, timeout: float) -> bool:
        if not select.select([self._file], [], [], timeout)[0]:
            return False
        part = os.read(self._file, 1 << 20)
        if _ASKED in part:
            os.write(self._file, _KNOWN)
        frames, end, rest = (self._open + part).rpartition(_FRAME)
        self._open = rest
        if end:
            self._painted += _ESCAPE.sub(b"", frames)
            self._frames.append(monotonic())
        return True

    def _forget(self) -> None:
        self._painted, self._frames = b"", []


@contextmanager
def terminal(*argv: str) -> Iterator[Terminal]:
    """A program in a terminal, with a home and a state folder of its own."""
    with TemporaryDirectory(prefix="podthaw-bench-") as home:
        names = ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
        started = Terminal(argv, {**dict.fromkeys(names, home), "TEXTUAL_ANIMATIONS": "none"})
        try:
            started.until()
            yield started
        finally:
            started.close()
