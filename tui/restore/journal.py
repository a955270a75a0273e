"""A record of every restore that has touched a host, in the state folder beside its log.

A record is written when the restore begins and again when it has ended. While podthaw lives it
holds a lock beside the record, so that an interrupted restore can be told from one that runs.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from tui import text
from tui.errors import PodthawError
from tui.restore.events import Finished, Status
from tui.restore.plan import Plan
from tui.state import create_private, state_dir

SCHEMA = 1

FOLDER = "restores"


class State(StrEnum):
    """How a recorded restore stands."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """podthaw has ended in the middle of it; Podman may have gone on."""
    RESTORED = Status.RESTORED.value
    FAILED = Status.FAILED.value
    CANCELLED = Status.CANCELLED.value


class Left(msgspec.Struct, frozen=True):
    """Something that was left behind, and the commands that remove it."""

    kind: str
    name: str
    remove: tuple[tuple[str, ...], ...]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One restore; it holds no value of an environment variable."""

    schema: int = SCHEMA
    id: str
    began: str
    """RFC 3339, as `ended`."""
    archive: str
    name: str
    host: str
    simulated: bool
    options: dict[str, Any]
    forced: bool
    conflicts: list[dict[str, str]]
    """Code, subject, severity and title of each."""
    command: list[str]
    log: str
    """The file with everything that Podman printed."""
    ended: str = ""
    status: str = State.RUNNING.value
    container: str = ""
    """The full ID."""
    cause: str = ""
    said: str = ""
    answers: tuple[str, ...] = ()
    remains: tuple[Left, ...] = ()


def begun(
    plan: Plan, *, archive: str, name: str, host: str, simulated: bool, forced: bool, log: Path
) -> Record:
    """The record of a restore that begins now."""
    return Record(
        id=log.stem,
        began=_stamp(),
        archive=str(Path(archive).absolute()),
        name=name,
        host=host,
        simulated=simulated,
        options=asdict(plan.options),
        forced=forced,
        conflicts=[
            {
                "code": one.code,
                "subject": one.subject,
                "severity": one.severity.value,
                "title": one.title,
            }
            for one in plan.conflicts
        ],
        command=list(plan.command),
        log=str(log),
    )


def ended(record: Record, finished: Finished) -> Record:
    """`record` with how it ended."""
    return msgspec.structs.replace(
        record,
        ended=_stamp(),
        status=finished.status.value,
        container=finished.id,
        cause=finished.cause,
        said=finished.said,
        answers=finished.answers,
        remains=tuple(Left(one.kind, one.name, one.remove) for one in finished.remains),
    )


@contextmanager
def kept(record: Record) -> Iterator[None]:
    """Write `record`, and hold its lock meanwhile. Raises PodthawError."""
    lock = _lock(record.id)
    try:
        descriptor = create_private(lock)
    except OSError as error:
        raise _not_written(lock, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        write(record)
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def write(record: Record) -> None:
    """Write `record` in place of what was there. Raises PodthawError."""
    path = state_dir(FOLDER) / f"{record.id}.json"
    fresh = path.with_suffix(".new")
    try:
        with os.fdopen(create_private(fresh), "wb") as file:
            file.write(msgspec.json.format(_encoded(record), indent=2))
        fresh.replace(path)
    except OSError as error:
        raise _not_written(path, error) from None


def records() -> list[Record]:
    """Every record that can be read, the newest first. Raises PodthawError."""
    found = []
    for path in sorted(state_dir(FOLDER).glob("*.json"), reverse=True):
        with suppress(OSError, msgspec.MsgspecError):
            found.append(msgspec.json.decode(path.read_bytes(), type=Record))
    return found


def state(record: Record) -> State:
    """How the restore stands now."""
    if record.status != State.RUNNING:
        return State(record.status)
    with suppress(OSError), _lock(record.id).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return State.INTERRUPTED
    return State.RUNNING if _lock(record.id).exists() else State.INTERRUPTED


def _not_written(path: Path, error: OSError) -> PodthawError:
    return PodthawError(f"the record {path} cannot be written: {error.strerror}")


def _lock(name: str) -> Path:
    return state_dir(FOLDER) / f"{name}.lock"


def _encoded(record: Record) -> bytes:
    # a name that is not UTF-8 is kept as it can be shown
    plain = msgspec.to_builtins(record)
    return msgspec.json.encode(_shown(plain))


def _shown(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {key: _shown(one) for key, one in value.items()}
        case list() | tuple():
            return [_shown(one) for one in value]
        case _:
            return value


def _stamp() -> str:
    return text.now().isoformat(timespec="seconds")
