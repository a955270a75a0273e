"""What happens during a restore, as the screen, the log and the JSON output see it."""

from dataclasses import dataclass
from enum import StrEnum

from tui.restore.conflict import Conflict


class Step(StrEnum):
    """The steps of a restore, in order."""

    READ = "read"
    CHECK = "check"
    COPY = "copy"
    PULL = "pull"
    RESTORE = "restore"
    VERIFY = "verify"


class Outcome(StrEnum):
    """How a step ended."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"


class Level(StrEnum):
    """How loud a log line is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Status(StrEnum):
    """How a restore ended."""

    RESTORED = "restored"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins."""

    step: Step


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is."""

    step: Step
    message: str
    done: int | None = None
    """Bytes, or None when nobody can say."""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a program printed, safe to show and with secrets masked."""

    source: str
    """The program: `podman`, `netavark`, `conmon`, `crun`, `criu`, `podthaw`, …"""
    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step has ended."""

    step: Step
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Remains:
    """Something that a failed or cancelled restore left behind."""

    kind: str
    """`container`, `storage`, `volume`, `image`, `runtime`, `cgroup`."""
    name: str
    remove: tuple[tuple[str, ...], ...]
    """The commands that remove it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event."""

    status: Status
    id: str = ""
    name: str = ""
    cause: str = ""
    """Why it failed: the first real error, not Podman's last line."""
    said: str = ""
    """Podman's own last words, where they differ from the cause."""
    remains: tuple[Remains, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """What blocked it."""
    answers: tuple[str, ...] = ()
    """Where the restored container can be reached: `0.0.0.0:18081 -> 80/tcp`."""
    log: str = ""
    """The file with everything that Podman printed."""


Event = StepStarted | Progress | LogLine | StepFinished | Finished
