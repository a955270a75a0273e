"""Memory before and after, mapping by mapping.

Where a process still has the layout it had, mappings are known by their addresses; one that grew
downwards by its end. Where the kernel has placed everything anew, a mapping of a file is known by
that and the offset in it, an anonymous one by what it comes behind.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tui.checkpoint.comparison.difference import (
    Described,
    Difference,
    Fact,
    Kind,
    Unit,
    facts_apart,
    matched,
    one_sided,
    together,
    unique,
)
from tui.checkpoint.comparison.likeness import Likeness
from tui.checkpoint.comparison.pairs import Pair, Pairs
from tui.checkpoint.comparison.side import Side
from tui.criu.measure import Measure
from tui.criu.memory import Memory, Sizes
from tui.criu.vma import KERNEL, OBJECTS, Vma
from tui.criu.vma import Kind as Mapped

_PLACED = "placed anew"
_KERNELS = "made by the kernel"


@dataclass(frozen=True, slots=True)
class Region:
    """A mapping, as it was and as it is."""

    key: str
    before: Vma | None
    after: Vma | None
    settled: bool
    """Both are at the addresses at which they always were."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """How the bytes of a mapping that is there before and after compare."""

    pages: int
    """Pages that the archive has of it before or after."""
    differ: int
    """Those of them that are not the same, or not known on one side."""


def memory_apart(
    pairs: Pairs,
    before: Side,
    after: Side,
    alike: Likeness,
    content: Mapping[tuple[str, str], Bytes],
) -> Iterator[Difference]:
    """The mappings of every process, and shared memory; `content` by process and mapping."""
    was, now = _Reader(before), _Reader(after)
    for pair, earlier, later in memories(pairs, before, after):
        if earlier and later:
            inside = [
                _region_apart(
                    region, was, now, earlier, later, alike, content.get((pair.key, region.key))
                )
                for region in regions(earlier, later)
                if (region.before or not before.partial) and (region.after or not after.partial)
            ]
            yield together(
                pair.key,
                pair.label,
                inside,
                before=was.stored(earlier),
                after=now.stored(later),
                unit=Unit.BYTES,
                group=True,
            )
        elif later and not before.partial:
            told = Described(pair.label, now.stored(later), Unit.BYTES)
            yield one_sided(pair.key, told, Kind.ADDED)
        elif earlier and not after.partial:
            told = Described(pair.label, was.stored(earlier), Unit.BYTES)
            yield one_sided(pair.key, told, Kind.REMOVED)
    shared = [
        *matched(
            _objects(before),
            _objects(after),
            (_object, _object),
            alike,
        )
    ]
    if shared:
        yield together("shared", "shared memory", shared, group=True)


def memories(
    pairs: Pairs, before: Side, after: Side
) -> Iterator[tuple[Pair, Memory | None, Memory | None]]:
    """The memory of every process; of a pre-checkpoint, which has nothing else, by PID."""
    was = {one.pid: one for one in before.memories.processes}
    now = {one.pid: one for one in after.memories.processes}
    if not pairs.pairs:
        for pid in dict.fromkeys((*was, *now)):
            yield Pair(str(pid), None, None), was.get(pid), now.get(pid)
    for pair in pairs.pairs:
        yield (
            pair,
            was.get(pair.before.pid) if pair.before else None,
            now.get(pair.after.pid) if pair.after else None,
        )


def regions(before: Memory, after: Memory) -> Iterator[Region]:
    """The mappings of both, but for those that the kernel fills, in the order of addresses."""
    was, now = (tuple(vma for vma in one.vmas if vma.kind not in KERNEL) for one in (before, after))
    settled = _settled(was, now)
    earlier, later = (_settled_keys, _settled_keys) if settled else (_placed_keys, _placed_keys)
    first, second = earlier(was), later(now)
    if settled:
        _match_ends(first, second)
    for key in dict.fromkeys((*first, *second)):
        yield Region(key, first.get(key), second.get(key), settled)


def _settled(was: Iterable[Vma], now: Iterable[Vma]) -> bool:
    """Whether what the kernel places at random is where it was."""
    places = [
        {
            vma.kind: vma.end if vma.kind is Mapped.STACK else vma.start
            for vma in reversed(tuple(side))
            if vma.kind in (Mapped.STACK, Mapped.VDSO)
        }
        for side in (was, now)
    ]
    common = places[0].keys() & places[1].keys()
    return all(places[0][kind] == places[1][kind] for kind in common)


def _settled_keys(vmas: Iterable[Vma]) -> dict[str, Vma]:
    return {f"{vma.start:x} {vma.label}": vma for vma in vmas}


def _placed_keys(vmas: Iterable[Vma]) -> dict[str, Vma]:
    """By file and offset, or by what it comes behind, those of one key numbered."""
    behind, named = "", list[tuple[str, Vma]]()
    for vma in vmas:
        if vma.kind is Mapped.ANONYMOUS:
            named.append((f"{vma.label} behind {behind}" if behind else vma.label, vma))
            continue
        behind = vma.label
        offset = f" +{vma.offset:x}" if vma.path and vma.kind not in OBJECTS else ""
        named.append((f"{vma.label}{offset}", vma))
    return unique(named)


def _match_ends(was: dict[str, Vma], now: dict[str, Vma]) -> None:
    """Give those the same key that have kept their end and lost their start."""
    ends = {(vma.end, vma.label): key for key, vma in now.items() if key not in was}
    for key in [one for one in was if one not in now]:
        other = ends.pop((was[key].end, was[key].label), None)
        if other is not None:
            now[key] = now.pop(other)


def _region_apart(
    region: Region,
    was: "_Reader",
    now: "_Reader",
    before: Memory,
    after: Memory,
    alike: Likeness,
    content: Bytes | None,
) -> Difference:
    if region.before is None or region.after is None:
        kind = Kind.ADDED if region.before is None else Kind.REMOVED
        vma = region.after or region.before
        assert vma
        return one_sided(region.key, Described(_label(vma), vma.end - vma.start, Unit.BYTES), kind)
    earlier = was.facts(before, region.before, region.settled)
    later = now.facts(after, region.after, region.settled)
    found = [*facts_apart(earlier, later, alike)]
    if content and content.differ:
        note = f"{content.differ:,} of {content.pages:,} pages differ"
        found.append(Difference("content", "content", Kind.CHANGED, note=note))
    return together(
        region.key,
        _label(region.after),
        found,
        before=region.before.end - region.before.start,
        after=region.after.end - region.after.start,
        unit=Unit.BYTES,
    )


def _label(vma: Vma) -> str:
    return f"{vma.label} at {vma.start:x}"


class _Reader:
    """What one side says of its memory."""

    def __init__(self, side: Side) -> None:
        self._measure = Measure()
        self._side = side

    def stored(self, memory: Memory) -> int:
        """Bytes of it in the archive."""
        return sum(sizes.stored for vma in memory.vmas if (sizes := self._sizes(memory, vma)))

    def facts(self, memory: Memory, vma: Vma, settled: bool) -> Iterator[Fact]:
        kernels = _KERNELS if vma.kind is Mapped.VDSO else ""
        sizes = self._sizes(memory, vma)
        yield Fact("size", vma.end - vma.start, Unit.BYTES, kernels)
        yield Fact("permissions", vma.permissions, expected=kernels)
        if sizes:
            yield Fact("stored", sizes.stored, Unit.BYTES, kernels)
            yield Fact("in the earlier checkpoint", sizes.earlier, Unit.BYTES)
            yield Fact("left for later", sizes.lazy, Unit.BYTES)
        yield Fact("offset", vma.offset if vma.path else None, Unit.ADDRESS)
        grown = "it has kept its end" if settled else _PLACED
        yield Fact("start", vma.start, Unit.ADDRESS, grown)

    def _sizes(self, memory: Memory, vma: Vma) -> Sizes | None:
        return self._measure.sizes(memory, vma)


def _objects(side: Side) -> dict[str, Memory]:
    """Shared memory by its name; its number is another after each start."""
    return unique((one.vmas[0].label, one) for one in side.memories.objects if one.vmas)


def _object(memory: Memory) -> Described:
    vma = memory.vmas[0]

    def facts() -> Iterator[Fact]:
        yield Fact("size", vma.end, Unit.BYTES)
        yield Fact("stored", memory.sizes(vma).stored, Unit.BYTES)

    return Described(vma.label, vma.end, Unit.BYTES, facts)
