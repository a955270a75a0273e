"""What the processes of a restore have read, and how far that says CRIU is."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.restore.hosts import AlteredHost
from tui.host.host import Answer
from tui.restore.commands import Commands
from tui.restore.events import Event, Progress, Step
from tui.restore.output import new_output
from tui.restore.processes import bytes_read
from tui.restore.trace import Conmon, Trace

ID = "f" * 64

TRACE = Trace(container=ID, conmon=Conmon("/usr/bin/crun", "/run/pid", "/run/log", "", ID))

MEBIBYTE = 1 << 20


class Host(AlteredHost):
    """conmon (10) has started the runtime (11), that CRIU (12), and Podman its cleaning up (13)."""

    def __init__(self, read: int = 0) -> None:
        super().__init__()
        self._files = {
            "/run/pid": "10\n",
            "/proc/10/cmdline": f"conmon\0-c\0{ID}\0",
            "/proc/11/cmdline": "crun\0restore\0",
            "/proc/13/cmdline": f"podman\0container\0cleanup\0{ID}\0",
        }
        self._children = {"10": "11 13", "11": "12", "13": "14"}
        self._counters = "".join(f"rchar: {read}\nwchar: 5\n" for _ in range(2))

    async def run(self, argv: Sequence[str], **_: Any) -> Answer:
        match tuple(argv):
            case ("cat", "--", "/proc/11/io", "/proc/12/io"):
                said = self._counters
            case ("cat", *_, path):
                said = self._files.get(path, "")
            case ("sh", "-c", _, "sh", pid):
                said = self._children.get(pid, "")
            case _:
                said = ""
        return Answer(tuple(argv), 0, said, "")


async def test_what_the_runtime_and_criu_have_read_is_added_up() -> None:
    assert await bytes_read(Host(3 * MEBIBYTE), TRACE) == 6 * MEBIBYTE
    assert await bytes_read(Host(), Trace()) == 0


async def test_a_large_restore_says_how_far_criu_is(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    events: list[Event] = []
    host = Host(64 * MEBIBYTE)
    ended = asyncio.Event()

    class Running:
        async def wait(self) -> int:
            await ended.wait()
            return 0

        def terminate(self) -> None:
            raise AssertionError

    async def start(argv: Sequence[str], *, stdin: Any = None, stdout: int, stderr: int) -> Any:
        os.write(stderr, b"(00.1) x\n")
        return Running()

    monkeypatch.setattr(host, "start", start)

    def take(event: Event) -> None:
        events.append(event)
        if isinstance(event, Progress):
            ended.set()

    with new_output() as output:
        commands = Commands(
            host, output, str, take, asyncio.Event(), trace=TRACE, memory=256 * MEBIBYTE
        )
        await commands.run(Step.RESTORE, ("podman",))

    progress = next(event for event in events if isinstance(event, Progress))
    assert (progress.done, progress.total) == (128 * MEBIBYTE, 256 * MEBIBYTE)
    assert progress.message == "CRIU has read 128.0 MiB of 256.0 MiB"
