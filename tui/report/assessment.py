"""What a list of archives tells of each: a first look, which is cheap, and later the verdict."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tui.archive import limits
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.origin import origin
from tui.checkpoint.reading import read
from tui.errors import ArchiveError
from tui.host.collect import collect, reachable
from tui.host.host import Host
from tui.host.questions import questions
from tui.report.summary import Section, summary
from tui.restore.conflict import Conflict
from tui.restore.options import RestoreOptions
from tui.restore.plan import Verdict, make_plan

_FAR = 64 * limits.MIB
"""Bytes of an archive behind which a first look does not go; documents come first."""

Stopped = Callable[[], bool]
"""Whether nobody wants the answer any more; asked from any thread."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What the beginning of an archive says."""

    name: str
    """The container's; what is unknown is empty."""
    image: str
    engine: str
    checkpointed: datetime | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What all of an archive and the host say together."""

    verdict: Verdict | None
    """None where the archive has no documents that make sense."""
    conflicts: tuple[Conflict, ...]
    summary: tuple[Section, ...]
    whole: bool
    """All that belongs to such a checkpoint could be read."""


def glance(path: str, stopped: Stopped) -> Glance:
    """The first look at the archive at `path`. Raises ArchiveError."""
    for checkpoint in read(path):
        if stopped():
            raise ArchiveError("It was stopped.")
        if checkpoint.readable or checkpoint.contents.position > _FAR:
            break
    found = origin(checkpoint)
    return Glance(found.name or found.id[:12], found.image, found.engine.label, found.checkpointed)


async def assess(path: str, host: Host, options: RestoreOptions, stopped: Stopped) -> Assessment:
    """Whether the checkpoint at `path` will restore on `host`.

    Raises ArchiveError, and HostError when the host cannot be asked at all.
    """
    checkpoint, told = await asyncio.to_thread(_whole, path, stopped)
    if not (checkpoint.readable or checkpoint.bare):
        return Assessment(None, (), told, whole=False)
    await reachable(host)
    plan = make_plan(checkpoint, await collect(host, questions(checkpoint)), options)
    return Assessment(plan.verdict, plan.conflicts, told, whole=checkpoint.whole)


def _whole(path: str, stopped: Stopped) -> tuple[Checkpoint, tuple[Section, ...]]:
    for each in read(path):
        checkpoint = each
        if stopped():
            raise ArchiveError("It was stopped.")
    return checkpoint, summary(checkpoint)
