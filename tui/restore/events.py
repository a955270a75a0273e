"""What happens during a restore, as the screen, the log and the JSON output see it."""

from dataclasses import dataclass
from enum import StrEnum

from tui.restore.conflict import Conflict, Remedy


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
class Diagnosis:
    """Why a restore failed, as far as what everybody said tells it."""

    code: str
    """Of the known cause; empty when nobody knows it."""
    cause: str
    """One line for an admin; of an unknown cause the error itself."""
    advice: str
    """What it means and what to do."""
    evidence: tuple[LogLine, ...]
    """The line that tells it; of an unknown cause the lines around it too."""
    said: str
    """Podman's own last words, where they differ."""
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True)
class Remains:
    """Something that a restore has made, and that is still there."""

    kind: str
    """`container`, `storage`, `volume`, `image`, `running pod`, `runtime`, `cgroup`."""
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
    diagnosis: Diagnosis | None = None
    """What is known of the cause, once Podman had been started."""
    remains: tuple[Remains, ...] = ()
    """What it left behind, unless it succeeded."""
    again: bool = False
    """What was left behind can be restored in place, without the archive."""
    undo: tuple[Remains, ...] = ()
    """What came with the restored container, itself first."""
    conflicts: tuple[Conflict, ...] = ()
    """What blocked it."""
    answers: tuple[str, ...] = ()
    """Where the restored container can be reached: `0.0.0.0:18081 -> 80/tcp`."""
    log: str = ""
    """The file with everything that Podman printed."""
    criu_log: str = ""
    """The file with CRIU's restore.log, if there was one."""
    record: str = ""
    """The ID under which the journal has it."""


Event = StepStarted | Progress | LogLine | StepFinished | Finished
