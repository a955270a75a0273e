"""Which process before is which one after.

In a container PIDs stay the same from one checkpoint to the next; two containers, or bare images
with the PIDs of their hosts, have others for the same programs.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tui.checkpoint.comparison.likeness import same_container
from tui.checkpoint.comparison.side import Side
from tui.criu.processes import Process, Processes

_Lineage = dict[tuple[int, str, str], int]
"""A number for each way down from a root: that of the parent, the program, its name."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A process, as it was and as it is."""

    key: str
    """Its PID; `4→12` where that is another after, `4→` and `→12` where there is no other."""
    before: Process | None
    after: Process | None

    @property
    def label(self) -> str:
        """What people call it."""
        known = self.after or self.before
        assert known
        return f"{self.key.strip('→')} {known.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Pairs:
    """All processes, those that were there before first, parents in front of their children."""

    pairs: tuple[Pair, ...] = ()
    before: Mapping[int, str] = field(default_factory=dict)
    """The key of each by its PID before."""
    after: Mapping[int, str] = field(default_factory=dict)

    @property
    def moved(self) -> int:
        """How many have another PID after."""
        return sum(
            1 for one in self.pairs if one.before and one.after and one.before.pid != one.after.pid
        )


def pair(before: Side, after: Side) -> Pairs:
    """The processes of both sides; one that has another PID is known by program and parents."""
    was, now = before.inside.processes, after.inside.processes
    partner: dict[int, int] = {
        pid: pid
        for pid, process in was.by_pid.items()
        if pid in now.by_pid and _program(process) == _program(now.by_pid[pid])
    }
    taken = set(partner.values())
    lineage: _Lineage = {}
    waiting: dict[int, deque[int]] = defaultdict(deque)
    for pid, way in _ways(now, lineage):
        if pid not in taken:
            waiting[way].append(pid)
    for pid, way in _ways(was, lineage):
        if pid not in partner and waiting[way]:
            partner[pid] = waiting[way].popleft()
    taken = set(partner.values())
    same = same_container(before, after)
    for pid in was.by_pid:
        roots = pid in was.roots and pid in now.roots
        if pid not in partner and pid in now.by_pid and pid not in taken and (same or roots):
            partner[pid] = pid
    return _pairs(was, now, partner)


def _pairs(was: Processes, now: Processes, partner: Mapping[int, int]) -> Pairs:
    found: list[Pair] = []
    for _, process in was.tree():
        other = now.by_pid.get(partner.get(process.pid, 0)) if process.pid in partner else None
        if other is None:
            found.append(Pair(f"{process.pid}→", process, None))
        elif other.pid == process.pid:
            found.append(Pair(f"{process.pid}", process, other))
        else:
            found.append(Pair(f"{process.pid}→{other.pid}", process, other))
    taken = set(partner.values())
    found += [
        Pair(f"→{process.pid}", None, process)
        for _, process in now.tree()
        if process.pid not in taken
    ]
    return Pairs(
        tuple(found),
        {one.before.pid: one.key for one in found if one.before},
        {one.after.pid: one.key for one in found if one.after},
    )


def _program(process: Process) -> str:
    return PurePosixPath(process.exe).name or process.name


def _ways(processes: Processes, lineage: _Lineage) -> Iterator[tuple[int, int]]:
    """Every PID with the number of the way down to it, which both sides have in common."""
    known: dict[int, int] = {}
    for _, process in processes.tree():
        step = known.get(process.ppid, 0), _program(process), process.name
        known[process.pid] = lineage.setdefault(step, len(lineage) + 1)
        yield process.pid, known[process.pid]
