"""What has become of a restore whose podthaw was killed, and putting it right.

The journal tells what was on the host before, the file that Podman wrote to how far it came. Podman
may still be at work, may have brought the container back without podthaw, or have left something.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

import msgspec

from tui.errors import PodthawError
from tui.host.collect import collect
from tui.host.host import Host, NoAnswer
from tui.host.processes import descendants, find, signal
from tui.host.questions import Questions
from tui.restore import journal
from tui.restore.earlier import Earlier
from tui.restore.events import Level, LogLine, Remains
from tui.restore.journal import CleanUp, Ran, Record, State
from tui.restore.log import LogReader
from tui.restore.options import RestoreOptions, flag
from tui.restore.plan import IN_PLACE, same_import
from tui.restore.remains import clean_up, find_remains
from tui.restore.snapshot import changed, snapshot
from tui.restore.stop import kill_runtime, settle
from tui.restore.trace import Trace
from tui.restore.verify import inspected
from tui.text import decode, safe_text

_TRIES = 100
_PAUSE = 0.2
"""Seconds between two looks at whether Podman has ended."""


class Fate(Enum):
    """How an interrupted restore went on."""

    WORKING = auto()
    """Podman is still at it."""
    RUNS = auto()
    """The container runs: Podman has gone on alone, or a later try has brought it back."""
    LEFT = auto()
    """It has failed, and something was left behind."""
    NOTHING = auto()
    """It has left nothing."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What an interrupted restore has come to."""

    record: Record
    fate: Fate
    remains: tuple[Remains, ...] = ()


async def look(host: Host, record: Record) -> Aftermath:
    """What `record`'s restore has come to; nothing on the host changes.

    What needs no decision is written down. Raises PodthawError when the host does not say.
    """
    if await _podman(host, record):
        return Aftermath(record, Fate.WORKING)
    trace = replayed(record)
    if await _runs(host, trace):
        if journal.state(record) is State.INTERRUPTED:
            changes = {"status": State.RESTORED.value, "container": trace.container}
            record = msgspec.structs.replace(record, **changes)
        return Aftermath(journal.settled(record, CleanUp.NOTHING), Fate.RUNS)
    remains: tuple[Remains, ...] = ()
    if not _taken_over(record, trace):
        remains = await find_remains(host, record.footprint, record.before, trace)
    if remains:
        return Aftermath(record, Fate.LEFT, remains)
    return Aftermath(journal.settled(record, CleanUp.NOTHING), Fate.NOTHING)


async def stop(host: Host, record: Record) -> None:
    """End the Podman that is still at work, and what it has started.

    Raises PodthawError when it does not end.
    """
    for _ in range(_TRIES):
        pids = await _podman(host, record)
        if not pids:
            break
        trace = replayed(record)
        if trace.conmon is None:
            # with what it waits for: it does not end before that
            below = [one for pid in pids for one in await descendants(host, pid)]
            await signal(host, "TERM", [*pids, *below])
        else:
            await kill_runtime(host, trace)
        await asyncio.sleep(_PAUSE)
    else:
        raise PodthawError(f"Podman (process {', '.join(pids)}) does not end")
    await settle(host, replayed(record))


async def remove(host: Host, record: Record, remains: Sequence[Remains]) -> AsyncIterator[LogLine]:
    """Remove what a restore has left, see whether all is as before, and write both down.

    Raises PodthawError when the record cannot be written.
    """
    if journal.state(record) is State.INTERRUPTED:
        await settle(host, replayed(record))
    ran: list[Ran] = []

    def note(argv: tuple[str, ...], status: int | None) -> None:
        ran.append(Ran(argv, journal.stamp(), status))

    failed = False
    async for line in clean_up(host, remains, note):
        failed |= line.level is Level.ERROR
        yield line
    journal.settled(record, CleanUp.INCOMPLETE if failed else CleanUp.REMOVED, ran)
    other = list(changed(record.before, snapshot(await collect(host, Questions()))))
    for words in other:
        yield LogLine("podthaw", Level.WARNING, safe_text(f"not as before the restore: {words}"))
    if not failed and not other:
        yield LogLine("podthaw", Level.INFO, "the host is as it was before the restore")


def replayed(record: Record) -> Trace:
    """What the lines that Podman has printed so far tell; nothing where the file has gone."""
    try:
        text = decode(Path(record.log).read_bytes())
    except OSError:
        return Trace()
    read, trace = LogReader(str), Trace()
    for words in text.splitlines():
        line = read(words)
        if line:
            trace = trace.after(line)
    return trace


def earlier(archive: str, host: Host, options: RestoreOptions) -> Earlier:
    """The last restore of `archive` on `host`, to be tried again in place with `options`.

    So what it has left is kept, which is written down. Raises PodthawError when there is none, or
    none that can be tried again so.
    """
    path = str(Path(archive).absolute())
    found = (one for one in journal.records() if (one.archive, one.host) == (path, host.name))
    last = next(found, None)
    if last is None or journal.state(last) not in (State.FAILED, State.CANCELLED):
        raise PodthawError("There is no failed restore of this archive to try again in place.")
    trace = replayed(last)
    if trace.conmon is None or last.clean_up is CleanUp.REMOVED:
        raise PodthawError(
            "The last restore of this archive has left nothing to try again with: restore it anew."
        )
    before = msgspec.convert(last.options, RestoreOptions)
    if not same_import(before, options):
        raise PodthawError(
            "The last restore of this archive had other options, and in place only "
            f"{', '.join(map(flag, IN_PLACE))} can change: clean up and restore it anew."
        )
    journal.settled(last, CleanUp.KEPT)
    return Earlier(trace, last.before)


async def refuse_if_working(host: Host, name: str) -> None:
    """Raise PodthawError when a restore of `name`, whose podthaw was killed, still goes on."""
    for record in journal.unsettled(host.name):
        interrupted = record.name == name and journal.state(record) is State.INTERRUPTED
        if interrupted and await _podman(host, record):
            raise PodthawError(
                f"Podman is still restoring {safe_text(name)}: the podthaw that began it at "
                f"{record.began} has been killed. Wait until it has ended, or end it with "
                f"`podthaw history {record.id} --clean-up`."
            )


async def _podman(host: Host, record: Record) -> list[str]:
    """The PIDs of the Podman that the killed podthaw had started, if it still runs."""
    last = record.commands[-1] if record.commands else None
    if last is None or last.status is not None or journal.state(record) is not State.INTERRUPTED:
        return []
    return await find(host, last.argv[last.argv.index("podman") :])


def _taken_over(record: Record, trace: Trace) -> bool:
    """Whether a later restore has succeeded with what this one had made."""
    return any(
        later.began > record.began
        and later.host == record.host
        and journal.state(later) is State.RESTORED
        and (
            later.container == trace.container
            or not set(later.footprint.volumes).isdisjoint(record.footprint.volumes)
        )
        for later in journal.records()
    )


async def _runs(host: Host, trace: Trace) -> bool:
    """Whether the container runs now."""
    if not trace.container:
        return False
    try:
        answer = await host.run(("podman", "container", "inspect", trace.container))
        state = inspected(answer.stdout).state if answer.status == 0 else None
    except NoAnswer as error:
        raise PodthawError(str(error)) from None
    return state is not None and state.running
