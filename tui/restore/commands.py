"""Running the commands of a restore: followed through their output file, stopped when asked."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from tui.host.host import Host
from tui.restore.events import Event, Level, LogLine, Progress, Step
from tui.restore.log import LogReader, Redact
from tui.restore.output import HostFile, Output
from tui.restore.processes import bytes_read
from tui.restore.stop import stop
from tui.restore.trace import Trace
from tui.text import size

_TICK = 0.1
"""Seconds between two looks at what a command has printed."""

_PROGRESS = 1.0
"""Seconds between two looks at what CRIU has read."""

_LARGE = 64 << 20
"""Bytes of memory from which on people want to know how far CRIU is."""


class Commands:
    """Runs one command after the other, and keeps what their output tells."""

    def __init__(
        self,
        host: Host,
        output: Output,
        redact: Redact,
        emit: Callable[[Event], None],
        cancelled: asyncio.Event,
        *,
        trace: Trace,
        memory: int,
    ) -> None:
        """`trace` is what is known already, `memory` how many bytes CRIU will read back."""
        self._host = host
        self._output = output
        self._read = LogReader(redact)
        self._read_criu = LogReader(redact, "criu")
        self._criu_log: HostFile | None = None
        self._emit = emit
        self._cancelled = cancelled
        self._memory = memory if memory >= _LARGE else 0
        self._next_look = 0.0
        self.trace = trace
        """What Podman's lines have told so far."""
        self.criu: list[LogLine] = []
        """CRIU's restore.log, as far as it was read."""

    async def run(
        self, step: Step, argv: Sequence[str], *, abandon: bool = True
    ) -> tuple[int, list[LogLine]]:
        """The exit status of `argv` and its lines that are more than debugging.

        Once the restore is cancelled the command is stopped. When instead nobody waits for its
        end any more, it runs on; without `abandon` its end is waited for even then.
        """
        target = self._output.descriptor
        process = await self._host.start(argv, stdout=target, stderr=target)
        ending = asyncio.ensure_future(process.wait())
        said: list[LogLine] = []
        try:
            ended = False
            while not ended:
                await asyncio.wait({ending}, timeout=_TICK)
                ended = ending.done()
                said += self._new_lines(step, ended=ended)
                await self._follow_criu(ended=ended)
                if self._cancelled.is_set() and not ended:
                    await stop(self._host, process, self.trace)
                elif not ended:
                    await self._tell_progress(step)
        finally:
            if not abandon:
                await asyncio.wait({ending})
            ending.cancel()
        return ending.result(), said

    def _new_lines(self, step: Step, *, ended: bool) -> list[LogLine]:
        said = []
        for text in self._output.new_lines(ended=ended):
            line = self._read(text)
            if line is None:
                continue
            self._emit(line)
            if line.level is not Level.DEBUG:
                said.append(line)
            before, self.trace = self.trace, self.trace.after(line)
            if self.trace.stage != before.stage:
                self._emit(Progress(step, self.trace.stage))
        return said

    async def _follow_criu(self, *, ended: bool) -> None:
        if self.trace.conmon is None:
            return
        if self._criu_log is None:
            self._criu_log = HostFile(self._host, self.trace.conmon.restore_log)
        found = []
        for text in await self._criu_log.new_lines(ended=ended):
            line = self._read_criu(text)
            if line:
                self._emit(line)
                found.append(line)
        self.criu += found
        self._output.keep_criu(found)

    async def _tell_progress(self, step: Step) -> None:
        if not self._memory or self.trace.conmon is None or monotonic() < self._next_look:
            return
        self._next_look = monotonic() + _PROGRESS
        done = min(await bytes_read(self._host, self.trace), self._memory)
        if done:
            text = f"CRIU has read {size(done)} of {size(self._memory)}"
            self._emit(Progress(step, text, done, self._memory))
