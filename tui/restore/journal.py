"""A record of every restore that has touched a host, in the state folder beside its log.

A record is written when the restore begins, at every command, and when it has ended. While podthaw
lives it holds a lock beside the record, so that an interrupted restore can be told from one that
runs; what was on the host before stands in the record, so that the next podthaw can tell what the
interrupted one has made.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from tui import text
from tui.errors import PodthawError
from tui.host.document import facts_json
from tui.host.facts import NOT_ASKED
from tui.host.host import Host
from tui.restore.checks import Case
from tui.restore.events import Finished, Status
from tui.restore.plan import Plan
from tui.restore.remains import Footprint, footprint
from tui.restore.rewrite import change_documents
from tui.restore.snapshot import Snapshot, snapshot
from tui.state import create_private, state_dir

SCHEMA = 2

FOLDER = "restores"

KEPT = 200
"""How many restores are remembered, with their logs; of older ones only what is open stays."""


class State(StrEnum):
    """How a recorded restore stands."""

    RUNNING = "running"
    INTERRUPTED = "interrupted"
    """podthaw has ended in the middle of it; Podman may have gone on."""
    RESTORED = Status.RESTORED.value
    FAILED = Status.FAILED.value
    CANCELLED = Status.CANCELLED.value


class CleanUp(StrEnum):
    """What became of what a restore had left behind."""

    OPEN = ""
    """Nobody was asked yet."""
    KEPT = "kept"
    REMOVED = "removed"
    INCOMPLETE = "incomplete"
    """Something could not be removed."""
    NOTHING = "nothing left"


class Left(msgspec.Struct, frozen=True):
    """Something that was left behind, and the commands that remove it."""

    kind: str
    name: str
    remove: tuple[tuple[str, ...], ...]


class Ran(msgspec.Struct, frozen=True):
    """A command that was run on the host."""

    argv: tuple[str, ...]
    began: str
    """RFC 3339."""
    status: int | None = None
    """Exit status, negative for a signal; None while it runs, or when nobody saw its end."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One restore; it holds no value of an environment variable."""

    schema: int = SCHEMA
    id: str
    began: str
    """RFC 3339, as `ended`."""
    podthaw: int = 0
    """The process ID of the podthaw that ran it."""
    archive: str
    name: str
    """Of the restored container."""
    host: str
    simulated: bool
    options: dict[str, Any]
    forced: bool
    conflicts: list[dict[str, str]]
    """Code, subject, severity and title of each."""
    changes: list[dict[str, Any]] = []
    """What the restore changes in the archive's documents."""
    facts: dict[str, Any] = {}
    """What the host said before, as `podthaw host --json` has it."""
    before: Snapshot = Snapshot()
    footprint: Footprint = Footprint()
    command: list[str]
    commands: list[Ran] = []
    """Every command that may have changed something, in order."""
    log: str
    """The file with everything that Podman printed."""
    criu_log: str = ""
    """The file with CRIU's restore.log."""
    ended: str = ""
    status: str = State.RUNNING.value
    container: str = ""
    """The full ID."""
    cause: str = ""
    advice: str = ""
    evidence: tuple[str, ...] = ()
    """The log lines that tell the cause."""
    said: str = ""
    answers: tuple[str, ...] = ()
    remains: tuple[Left, ...] = ()
    """What it left behind; of one that succeeded, what came with the container."""
    clean_up: CleanUp = CleanUp.OPEN


def begun(
    case: Case, plan: Plan, *, name: str, host: Host, forced: bool, log: Path, criu_log: Path
) -> Record:
    """The record of a restore that begins now; `name` is the restored container's."""
    # of the image's files, which are many, no restore makes one
    facts = replace(case.facts, image_files=NOT_ASKED)
    return Record(
        id=log.stem,
        began=stamp(),
        podthaw=os.getpid(),
        archive=str(Path(case.checkpoint.contents.path).absolute()),
        name=name,
        host=host.name,
        simulated=host.simulated,
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
        changes=change_documents(case.checkpoint, plan.changes),
        facts=facts_json(facts),
        before=snapshot(case.facts),
        footprint=footprint(case),
        command=list(plan.command),
        log=str(log),
        criu_log=str(criu_log),
    )


def ending(finished: Finished) -> dict[str, Any]:
    """What a record says of how it ended."""
    diagnosis = finished.diagnosis
    return {
        "ended": stamp(),
        "status": finished.status.value,
        "container": finished.id,
        "cause": finished.cause,
        "advice": diagnosis.advice if diagnosis else "",
        "evidence": tuple(line.text for line in diagnosis.evidence) if diagnosis else (),
        "said": finished.said,
        "answers": finished.answers,
        "remains": tuple(
            Left(one.kind, one.name, one.remove) for one in finished.remains or finished.undo
        ),
        "clean_up": CleanUp.OPEN if finished.remains else CleanUp.NOTHING,
    }


class Entry:
    """The record of a restore that is under way, written anew whenever it changes."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def change(self, **changes: Any) -> None:
        """Write it with other values. Raises PodthawError."""
        self.record = msgspec.structs.replace(self.record, **changes)
        write(self.record)

    def started(self, argv: tuple[str, ...]) -> None:
        """A command has been started. Raises PodthawError."""
        self.change(commands=[*self.record.commands, Ran(argv, stamp())])

    def ran(self, status: int) -> None:
        """The command that was started last has ended. Raises PodthawError."""
        *others, last = self.record.commands
        self.change(commands=[*others, msgspec.structs.replace(last, status=status)])


@contextmanager
def kept(record: Record) -> Iterator[Entry]:
    """Write `record`, and hold its lock meanwhile.

    Raises PodthawError when it cannot be written, or when another podthaw is restoring the same
    container on the same host.
    """
    lock = _lock(record.id)
    try:
        descriptor = create_private(lock)
    except OSError as error:
        raise _not_written(lock, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        entry = Entry(record)
        with _alone():
            others = records()
            _refuse_a_second(record, others)
            write(record)
            _forget(others[KEPT - 1 :])
        yield entry
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def write(record: Record) -> None:
    """Write `record` in place of what was there. Raises PodthawError."""
    path = _path(record.id)
    fresh = path.with_suffix(".new")
    try:
        fresh.unlink(missing_ok=True)  # of a podthaw that was killed while it wrote
        with os.fdopen(create_private(fresh), "wb") as file:
            file.write(msgspec.json.format(_encoded(record), indent=2))
        fresh.replace(path)
    except OSError as error:
        raise _not_written(path, error) from None


def settled(record: Record, clean_up: CleanUp, ran: list[Ran] | None = None) -> Record:
    """Write down what became of what `record` had left. Raises PodthawError."""
    record = msgspec.structs.replace(
        record, clean_up=clean_up, commands=[*record.commands, *(ran or ())]
    )
    write(record)
    return record


def records() -> list[Record]:
    """Every record that can be read, the newest first. Raises PodthawError."""
    found = filter(None, (find(path.stem) for path in state_dir(FOLDER).glob("*.json")))
    return sorted(found, key=lambda record: (record.began, record.id), reverse=True)


def find(wanted: str) -> Record | None:
    """The record with the ID `wanted`, if it can be read. Raises PodthawError."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(_path(wanted).read_bytes(), type=Record)
    return None


def state(record: Record) -> State:
    """How the restore stands now."""
    if record.status != State.RUNNING:
        return State(record.status)
    with suppress(OSError), _lock(record.id).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return State.INTERRUPTED
    return State.RUNNING if _lock(record.id).exists() else State.INTERRUPTED


def unsettled(host: str) -> list[Record]:
    """The restores on the real host `host` of whose remains nobody was asked, the newest first.

    Those are the interrupted ones, and those whose terminal went away. Raises PodthawError.
    """
    return [
        record
        for record in records()
        if record.host == host
        and not record.simulated
        and record.schema == SCHEMA
        and record.clean_up is CleanUp.OPEN
        and state(record) not in (State.RUNNING, State.RESTORED)
    ]


def stamp() -> str:
    """The moment, as records have it."""
    return text.now().isoformat(timespec="milliseconds")


@contextmanager
def _alone() -> Iterator[None]:
    """No other podthaw begins a restore meanwhile."""
    path = state_dir(FOLDER) / "begin.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _not_written(path, error) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _forget(old: Iterable[Record]) -> None:
    for record in old:
        if state(record) is State.RESTORED or record.clean_up is not CleanUp.OPEN:
            for path in (_path(record.id), Path(record.log), Path(record.criu_log or record.log)):
                if path.parent == state_dir(FOLDER):
                    path.unlink(missing_ok=True)


def _refuse_a_second(record: Record, others: Iterable[Record]) -> None:
    for other in others:
        same = (other.host, other.name) == (record.host, record.name)
        if same and not record.simulated and state(other) is State.RUNNING:
            raise PodthawError(
                f"Another podthaw (process {other.podthaw}) has been restoring "
                f"{text.safe_text(record.name)} on {text.safe_text(record.host)} since "
                f"{other.began}. Wait until it has ended, or cancel it there."
            )


def _not_written(path: Path, error: OSError) -> PodthawError:
    return PodthawError(f"the record {path} cannot be written: {error.strerror}")


def _path(name: str) -> Path:
    return state_dir(FOLDER) / f"{name}.json"


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
            return {_shown(key): _shown(one) for key, one in value.items()}
        case list() | tuple():
            return [_shown(one) for one in value]
        case _:
            return value
