"""The host that really runs commands: this machine, or whatever a command prefix leads to.

A prefix (`sudo -n`, `nsenter …`, `podman exec box`) is put in front of every argument list, so
the rest of podthaw never asks where it runs.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePath

from tui.errors import UsageError
from tui.host.host import FACT_TIMEOUT, Answer, NoAnswer, NotInstalled, Process
from tui.text import decode, safe_text, shell_line, size

OUTPUT_LIMIT = 64 << 20
"""Bytes that a command may print on each of its outputs."""

_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where criu and iptables live, which is not in the PATH of ordinary users."""

_MISLEADING = {"CONTAINER_CONNECTION", "CONTAINER_HOST", "LANGUAGE", "NOTIFY_SOCKET"}
"""Variables that would send Podman to another machine, or change what it says and does."""

_REAP = 1.0
"""Seconds that a killed command may take to go away."""

_NOT_FOUND = 127
"""How env, nsenter and container tools report that there is no such program."""


class CommandHost:
    """Runs argument lists on this machine, behind `prefix` if there is one."""

    simulated = False

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        """Raise UsageError when `prefix` cannot carry argument lists."""
        if prefix and PurePath(prefix[0]).name == "ssh":
            raise UsageError(
                "ssh cannot be a host command: the remote shell would take every argument apart "
                "again, and a name with a space or a `;` in it would become a command. Run "
                "podthaw on that machine instead."
            )
        self._prefix = tuple(prefix)

    @property
    def name(self) -> str:
        """What people call it: `this host`, or the prefix as people type it."""
        return shell_line(self._prefix) if self._prefix else "this host"

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = FACT_TIMEOUT
    ) -> Answer:
        """See `Host.run`; past the time limit the command and its whole session are killed."""
        loop = asyncio.get_running_loop()
        spawning = asyncio.ensure_future(
            loop.subprocess_exec(
                _Output,
                *self._prefix,
                *argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=_environment(),
            )
        )
        try:
            transport, output = await asyncio.shield(spawning)
        except (OSError, ValueError) as error:
            raise self._not_started(argv, error) from None
        except asyncio.CancelledError:
            with suppress(OSError, ValueError):
                await self._end(*await spawning)
            raise
        try:
            output.feed(transport, stdin)
            async with asyncio.timeout(timeout):
                await output.complete
        except TimeoutError:
            busy = "; while a restore runs, it answers nothing" if argv[0] == "podman" else ""
            raise NoAnswer(
                f"{safe_text(argv[0])} did not answer within {timeout:g} s{busy}"
            ) from None
        except _TooMuch:
            raise NoAnswer(f"{safe_text(argv[0])} printed more than {size(OUTPUT_LIMIT)}") from None
        finally:
            await self._end(transport, output)
        status = transport.get_returncode()
        assert status is not None
        answer = Answer(tuple(argv), status, decode(output.stdout), decode(output.stderr))
        if self._prefix and _says_not_found(answer):
            raise self._not_installed(argv)
        return answer

    def attach(self, argv: Sequence[str]) -> int:
        """See `Host.attach`."""
        try:
            return subprocess.call([*self._prefix, *argv], env=_environment())
        except (OSError, ValueError) as error:
            raise self._not_started(argv, error) from None

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        """See `Host.start`."""
        try:
            return RunningCommand(self, self._spawn(argv, stdin, stdout, stderr))
        except (OSError, ValueError) as error:
            raise self._not_started(argv, error) from None

    async def _end(self, transport: asyncio.SubprocessTransport, output: "_Output") -> None:
        """Kill what still runs, and let go of its outputs."""
        if not output.ended.is_set():
            self._signal(transport.get_pid(), signal.SIGKILL)
            with suppress(TimeoutError):
                await asyncio.wait_for(output.ended.wait(), _REAP)
        with suppress(PermissionError):
            transport.close()

    def _spawn(
        self, argv: Sequence[str], stdin: int | None, stdout: int, stderr: int
    ) -> "subprocess.Popen[bytes]":
        # not asyncio's subprocess: that one kills the command when its event loop goes away
        return subprocess.Popen(
            [*self._prefix, *argv],
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            env=_environment(),
        )

    def _signal(self, group: int, number: signal.Signals) -> None:
        """Send a signal to a process group, as the prefix's user if this one may not."""
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            pass
        except PermissionError:
            with suppress(OSError):
                null = subprocess.DEVNULL
                self._spawn(["kill", f"-{number.value}", "--", f"-{group}"], null, null, null)

    def _not_started(self, argv: Sequence[str], error: OSError | ValueError) -> NoAnswer:
        if isinstance(error, FileNotFoundError):
            return self._not_installed(self._prefix or argv)
        program = safe_text((*self._prefix, *argv)[0])
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return NoAnswer(f"{program} cannot be run: {reason}")

    def _not_installed(self, argv: Sequence[str]) -> NotInstalled:
        program = safe_text(argv[0])
        where = "this host" if argv is self._prefix else self.name
        return NotInstalled(f"{program} is not installed on {where}")


class RunningCommand:
    """A command in a session of its own, which lives on when podthaw dies."""

    def __init__(self, host: CommandHost, process: "subprocess.Popen[bytes]") -> None:
        self._host = host
        self._process = process

    async def wait(self) -> int:
        """The exit status, once it has ended."""
        if self._process.poll() is None:
            loop = asyncio.get_running_loop()
            ended = asyncio.Event()
            descriptor = os.pidfd_open(self._process.pid)
            try:
                loop.add_reader(descriptor, ended.set)
                await ended.wait()
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        return self._process.wait()

    def terminate(self) -> None:
        """Send TERM to it and to what it started in its session."""
        if self._process.poll() is None:
            self._host._signal(self._process.pid, signal.SIGTERM)


class _TooMuch(Exception):
    """A command printed more than OUTPUT_LIMIT."""


class _Output(asyncio.SubprocessProtocol):
    """What a command prints, until it has ended and closed its outputs."""

    def __init__(self) -> None:
        self._printed = {1: bytearray(), 2: bytearray()}
        self.complete = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()

    @property
    def stdout(self) -> bytes:
        return bytes(self._printed[1])

    @property
    def stderr(self) -> bytes:
        return bytes(self._printed[2])

    def feed(self, transport: asyncio.SubprocessTransport, stdin: bytes) -> None:
        pipe = transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        pipe.write(stdin)
        pipe.close()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._printed[fd] += data
        if len(self._printed[fd]) > OUTPUT_LIMIT and not self.complete.done():
            self.complete.set_exception(_TooMuch())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.ended.set()
        if not self.complete.done():
            self.complete.set_result(None)


def _environment() -> dict[str, str]:
    """What this process has, with messages in English and system programs within reach."""
    path = os.environ.get("PATH", os.defpath)
    kept = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    return {**kept, "LC_ALL": "C.UTF-8", "PATH": f"{path}:{_SYSTEM_PATH}"}


def _says_not_found(answer: Answer) -> bool:
    if answer.status == _NOT_FOUND:
        # the dynamic loader ends programs with the same status
        return "shared librar" not in answer.stderr
    return (
        answer.status == 1
        and answer.stderr.startswith("sudo: ")
        and answer.stderr.rstrip().endswith("command not found")
    )
