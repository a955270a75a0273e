"""Looking through all memory at once: hits come while it goes on.

Memory is looked through in the order of addresses, so that matches over the edges of pages, of
pagemap entries and of mappings that touch are found; zeros that are not stored count as zeros.
What several processes share is looked through once.
"""

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tui.criu.memories import Memories
from tui.criu.memory import Memory, spans
from tui.criu.pages import Absence, Source, Stretch
from tui.criu.patterns import Pattern
from tui.criu.vma import OBJECTS, Vma
from tui.text import decode

CONTEXT = 32
"""Bytes before and behind a match that are told."""

KEPT = 4096
"""Bytes of a match that are told."""

_GAP = 64 << 10
"""Zeros between two stretches that are looked through with them."""

_INTERVAL = 0.1
"""Seconds between two Found."""

_BATCH = 500
"""Hits of one Found."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes are in the memory of a process."""

    pid: int
    """0 for shared memory that no process has mapped; the address then counts from its start."""
    address: int
    vma: Vma | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One match."""

    places: tuple[Place, ...]
    """Where it is: more than one where memory is shared."""
    size: int
    """Bytes of the match."""
    before: bytes
    match: bytes
    """The match, or its beginning."""
    after: bytes

    @property
    def text(self) -> str:
        """The match as text; every other byte zero is UTF-16LE."""
        wide = len(self.match) > 1 and not self.match[1::2].strip(b"\0") and self.match[0]
        return self.match.decode("utf-16-le", "replace") if wide else decode(self.match)


@dataclass(frozen=True, slots=True)
class Found:
    """What has been found since the last one, and how far it has come."""

    hits: tuple[Hit, ...]
    done: int
    """Bytes of memory that have been looked through."""
    total: int
    """Bytes of memory to look through."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Memory that is looked through once."""

    memory: Memory
    pids: tuple[int, ...] = ()
    """Whose it is: of several processes if they have one memory."""
    mappings: tuple[tuple[int, Vma], ...] = ()
    """Of shared memory: who has it mapped where."""

    def stretches(self) -> Iterator[Stretch]:
        """What is stored, and zeros; shared memory that a process has mapped comes by itself."""
        own = [vma for vma in self.memory.vmas if not self.pids or vma.kind not in OBJECTS]
        for start, end in spans(own):
            for stretch in self.memory.stretches(start, end):
                if stretch.what is Absence.ZERO or isinstance(stretch.what, Source):
                    yield stretch

    def place(self) -> int:
        """Where in the archive its pages begin."""
        stored = (each.what for each in self.stretches() if isinstance(each.what, Source))
        first = next(stored, None)
        return (first.member.offset or 0) + first.place if first else 0

    def places(self, address: int) -> tuple[Place, ...]:
        """Where `address` of the memory is."""
        vma = self.memory.vma_at(address)
        found = [Place(pid, address, vma) for pid in self.pids] + [
            Place(pid, vma.start + address - vma.offset, vma)
            for pid, vma in self.mappings
            if vma.offset <= address < vma.offset + vma.end - vma.start
        ]
        return tuple(found) or (Place(0, address, vma),)


def search(memories: Memories, pattern: Pattern, pids: Iterable[int] = ()) -> Iterator[Found]:
    """The matches in all memory, or in that of some processes, with every Found some more.

    They come in the order of the archive: a Store that goes forward alone will do.

    The first Found comes at once, the others about every tenth of a second, also without hits;
    whoever wants no more stops asking. Raises ArchiveError when the pages cannot be read.
    """
    targets = sorted(_targets(memories, frozenset(pids)), key=_Target.place)
    total = sum(_stored(target.stretches()) for target in targets)
    done, told, hits = 0, time.monotonic(), list[Hit]()
    yield Found((), done, total)
    for target in targets:
        for run in _runs(target.stretches(), *pattern.zeros):
            start, length, stored = run[0].start, run[-1].end - run[0].start, _stored(run)
            for at, hit in _scan(target, run, pattern):
                if hit:
                    hits.append(hit)
                if len(hits) >= _BATCH or time.monotonic() - told > _INTERVAL:
                    yield Found(tuple(hits), done + stored * (at - start) // length, total)
                    told, hits = time.monotonic(), []
            done += stored
    yield Found(tuple(hits), total, total)


def _targets(memories: Memories, pids: frozenset[int]) -> Iterator[_Target]:
    wanted = [memory for memory in memories.processes if not pids or memory.pid in pids]
    left = wanted
    while left:
        first, *left = left
        twins = tuple(other.pid for other in left if _same(first, other))
        left = [other for other in left if other.pid not in twins]
        yield _Target(first, (first.pid, *twins))
    for shared in memories.objects:
        mappings = tuple(
            (memory.pid, vma)
            for memory in wanted
            for vma in memory.vmas
            if vma.kind in OBJECTS and vma.object == shared.vmas[0].object
        )
        if mappings or not pids:
            yield _Target(shared, mappings=mappings)


def _same(one: Memory, other: Memory) -> bool:
    """Whether two processes have one memory: the same pages in the same places."""
    first = one.pages.pagemaps.get(str(one.pid))
    second = other.pages.pagemaps.get(str(other.pid))
    return first is not None and first == second and one.vmas == other.vmas


def _stored(stretches: Iterable[Stretch]) -> int:
    return sum(stretch.size for stretch in stretches if isinstance(stretch.what, Source))


def _runs(stretches: Iterable[Stretch], before: int, after: int) -> Iterator[list[Stretch]]:
    """The stretches that belong together: stored ones, and zeros if there are few between them.

    In front of each run there are up to `before` zeros, behind it up to `after`.
    """
    run: list[Stretch] = []
    zeros: Stretch | None = None
    """What came last, if that was no part of a run."""
    for stretch in stretches:
        last = zeros or (run[-1] if run else None)
        if last and last.end != stretch.start:
            yield from _ended(run, zeros, after)
            run, zeros = [], None
        if stretch.what is Absence.ZERO:
            zeros = stretch
            continue
        if run and zeros and zeros.size > _GAP:
            yield from _ended(run, zeros, after)
            run = []
        if zeros and run:
            run.append(zeros)
        elif zeros and before:
            run.append(Stretch(max(zeros.start, zeros.end - before), zeros.end, Absence.ZERO))
        run.append(stretch)
        zeros = None
    yield from _ended(run, zeros, after)


def _ended(run: list[Stretch], zeros: Stretch | None, after: int) -> Iterator[list[Stretch]]:
    if run:
        if zeros and after:
            end = min(zeros.end, zeros.start + after)
            run.append(Stretch(zeros.start, end, Absence.ZERO))
        yield run


def _scan(
    target: _Target, run: Sequence[Stretch], pattern: Pattern
) -> Iterator[tuple[int, Hit | None]]:
    """The hits in `run`, and between them how far it has been looked through."""
    starts = [stretch.start for stretch in run]
    floor = at = starts[0]
    end = run[-1].end
    buffer = bytearray(min(pattern.window, end - at))
    while at < end:
        low = max(floor, at - CONTEXT)
        high, onward = _fill(run, starts, low, buffer)
        whole = high == end or onward > high
        limit = high if whole else high - pattern.longest - CONTEXT
        for first, last in pattern.matches(buffer, at - low, high - low):
            if low + first >= limit:
                break
            at = low + last
            if not _only_zeros(run, starts, low + first, at):
                yield at, _hit(target, low, buffer, first, last, high - low)
        if onward > high:
            floor = at = onward
        else:
            at = max(at, limit)
        yield at, None


def _fill(
    run: Sequence[Stretch], starts: Sequence[int], low: int, buffer: bytearray
) -> tuple[int, int]:
    """Fill `buffer` with memory from `low` on: up to where, and from where on it can be read on."""
    view = memoryview(buffer)
    at, stop = low, min(low + len(buffer), run[-1].end)
    index = bisect_right(starts, low) - 1
    while at < stop:
        stretch = run[index]
        part = view[at - low : min(stretch.end, stop) - low]
        there = stretch.read_into(at - stretch.start, part)
        at += there
        if there < len(part):
            return at, stretch.end
        index += 1
    return at, at


def _only_zeros(run: Sequence[Stretch], starts: Sequence[int], first: int, last: int) -> bool:
    """Whether nothing from `first` to `last` is stored."""
    low, high = bisect_right(starts, first) - 1, bisect_right(starts, last - 1)
    return all(stretch.what is Absence.ZERO for stretch in run[low:high])


def _hit(target: _Target, low: int, buffer: bytearray, first: int, last: int, end: int) -> Hit:
    view = memoryview(buffer)
    return Hit(
        places=target.places(low + first),
        size=last - first,
        before=bytes(view[max(0, first - CONTEXT) : first]),
        match=bytes(view[first : min(last, first + KEPT)]),
        after=bytes(view[last : min(end, last + CONTEXT)]),
    )
