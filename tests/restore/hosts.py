"""The demo host with some commands put in other words."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence

from tui.host.demo import DemoHost
from tui.host.host import FACT_TIMEOUT, Answer, NoAnswer, Process


class Ended:
    """A process that is over before anybody looks."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def wait(self) -> int:
        return self._status

    def terminate(self) -> None:
        pass


class AlteredHost(DemoHost):
    """`prints` is what commands that are started print and end with, `changes` what the answers
    of others are changed to; both by how the command begins."""

    def __init__(
        self,
        *,
        prints: Mapping[str, tuple[str, int] | NoAnswer] | None = None,
        changes: Mapping[str, Callable[[str], str]] | None = None,
        pace: float = 0.1,
    ) -> None:
        super().__init__(pace=pace)
        self._prints = prints or {}
        self._changes = changes or {}
        self.started: list[Process] = []

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = FACT_TIMEOUT
    ) -> Answer:
        line = " ".join(argv)
        answer = await super().run(argv, stdin=stdin, timeout=timeout)
        for beginning, change in self._changes.items():
            if line.startswith(beginning):
                return Answer(answer.argv, 0, change(answer.stdout), "")
        return answer

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        line = " ".join(argv[2:] if argv[0] == "env" else argv)
        for beginning, printed in self._prints.items():
            if line.startswith(beginning):
                if isinstance(printed, NoAnswer):
                    raise printed
                text, status = printed
                os.write(stderr, text.encode("utf-8", "surrogateescape"))
                return Ended(status)
        process = await super().start(argv, stdin=stdin, stdout=stdout, stderr=stderr)
        self.started.append(process)
        return process


class Stalled:
    """A process that ends only when it is told to."""

    def __init__(self) -> None:
        self._told = asyncio.Event()

    async def wait(self) -> int:
        await self._told.wait()
        return -15

    def terminate(self) -> None:
        self._told.set()


class StalledHost(DemoHost):
    """A command that begins with `beginning` prints `text`, and then does not go on."""

    def __init__(self, beginning: str, text: str, *, pace: float) -> None:
        super().__init__(pace=pace)
        self._beginning = beginning
        self._text = text

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        line = " ".join(argv[2:] if argv[0] == "env" else argv)
        if not line.startswith(self._beginning):
            return await super().start(argv, stdin=stdin, stdout=stdout, stderr=stderr)
        os.write(stderr, self._text.encode("utf-8", "surrogateescape"))
        return Stalled()


class GatedHost(DemoHost):
    """What is started waits until `gate` is set."""

    def __init__(self) -> None:
        super().__init__(pace=0)
        self.gate = asyncio.Event()

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        await self.gate.wait()
        return await super().start(argv, stdin=stdin, stdout=stdout, stderr=stderr)
