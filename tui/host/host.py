"""The one door to the machine that containers are restored on.

Everything that podthaw learns or does outside its own process and its own state goes through a
`Host`; no other package touches `/proc`, other people's files or subprocesses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tui.text import safe_text, shell_line

FACT_TIMEOUT = 10.0
"""Seconds that a question to the host may take; a busy Podman hangs for as long as it is busy."""


class NoAnswer(Exception):
    """The command could not be run, or did not end in time; the message says why."""


class NotInstalled(NoAnswer):
    """The host has no such program."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended."""

    argv: tuple[str, ...]
    status: int
    """Exit status; negative for the signal that ended it."""
    stdout: str
    stderr: str


def printed(answer: Answer, words: int | None = None) -> str:
    """What a command printed. Raises NoAnswer when it failed, naming its first `words`."""
    if answer.status != 0:
        lines = answer.stderr.strip().splitlines()
        said = safe_text(lines[-1]) if lines else "and said nothing"
        raise NoAnswer(f"`{shell_line(answer.argv[:words])}` failed ({answer.status}): {said}")
    return answer.stdout


class Process(Protocol):
    """A command that runs in a session of its own and outlives podthaw if it must."""

    async def wait(self) -> int:
        """The exit status, once it has ended."""
        ...

    def terminate(self) -> None:
        """Send TERM to it and to what it started in its session."""
        ...


class Host(Protocol):
    """A place where commands run."""

    @property
    def name(self) -> str:
        """For people: `this host`, `sudo -n`, `demo host (simulation)`."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether nothing is real here, which every screen and every output must say."""
        ...

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = FACT_TIMEOUT
    ) -> Answer:
        """Run `argv` to its end, within `timeout` seconds.

        Raises NotInstalled when the host has no such program, and NoAnswer when it could not be
        run for another reason or did not end in time.
        """
        ...

    def attach(self, argv: Sequence[str]) -> int:
        """Run `argv` on podthaw's own terminal until it ends; its exit status.

        Raises NotInstalled or NoAnswer when it could not be started.
        """
        ...

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        """Start `argv` on open file descriptors of podthaw's machine.

        Raises NotInstalled or NoAnswer when it could not be started.
        """
        ...
