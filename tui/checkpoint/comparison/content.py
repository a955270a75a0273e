"""The bytes of both sides, gone through once: which pages and which files are the same."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from tui.archive import limits
from tui.archive.extract import Chosen, passing, sizes
from tui.archive.model import Problem
from tui.archive.spool import Progress, Store, opened
from tui.checkpoint.comparison.filesystem import Digests, same_size
from tui.checkpoint.comparison.memory import Bytes, Region, memories, regions
from tui.checkpoint.comparison.pairs import Pairs
from tui.checkpoint.comparison.side import Side
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.memory import Memory
from tui.criu.pages import Absence, Source, Stretch
from tui.criu.vma import OBJECTS
from tui.errors import ArchiveError

_STEP = limits.MIB


@dataclass(frozen=True, slots=True)
class Content:
    """What a look into the bytes has found; empty without one."""

    pages: Mapping[tuple[str, str], Bytes] = field(default_factory=dict)
    """By process and mapping, as `memory.regions` has them."""
    files: tuple[Digests, Digests] = field(default_factory=lambda: ({}, {}))
    """Before and after, of the files that have the same size."""
    problems: tuple[Problem, ...] = ()


def look_into(
    before: Side,
    after: Side,
    pairs: Pairs,
    *,
    memory: bool,
    files: bool,
    progress: Progress | None = None,
) -> Content:
    """Compare the bytes of memory, and of files; what is compressed is unpacked first.

    `progress` is told how many bytes have passed, and how many there are; to stop, it raises.
    Raises ArchiveError when memory cannot be read.
    """
    steps = _Steps(progress, 3 * memory + 2 * files)
    pages = dict(_pages(before, after, pairs, steps)) if memory else {}
    digests: tuple[Digests, Digests] = ({}, {})
    problems: list[Problem] = []
    if files:
        chosen = list(same_size(before, after))
        digests = (
            _digests(before, [one for one, _ in chosen], problems, steps.next()),
            _digests(after, [other for _, other in chosen], problems, steps.next()),
        )
        common = {
            (one, other) for one, other in chosen if one in digests[0] and other in digests[1]
        }
        digests = (
            {one: digests[0][one] for one, _ in common},
            {other: digests[1][other] for _, other in common},
        )
    return Content(pages, digests, tuple(problems))


class _Steps:
    """Makes one progress of several that follow one another."""

    def __init__(self, progress: Progress | None, count: int) -> None:
        self._progress = progress
        self._count = count
        self._begun = 0

    def next(self) -> Progress:
        """The progress of the next step."""
        before, self._begun = self._begun, self._begun + 1

        def tell(done: int, total: int) -> None:
            if self._progress:
                self._progress(before * total + done, self._count * total)

        return tell


def _digests(
    side: Side, chosen: list[Chosen], problems: list[Problem], progress: Progress
) -> Digests:
    """Of as many as can be read."""
    found: dict[Chosen, str] = {}
    contents = side.checkpoint.contents
    try:
        total, done = sizes(contents, chosen), 0
        for one, _, content in passing(contents, chosen):
            digest = hashlib.sha256()
            while data := content.read(min(_STEP, content.left)):
                digest.update(data)
                done += len(data)
                progress(done, total)
            found[one] = digest.hexdigest()
    except ArchiveError as error:
        problems.append(Problem("", None, str(error)))
    return found


def _pages(
    before: Side, after: Side, pairs: Pairs, steps: "_Steps"
) -> Iterator[tuple[tuple[str, str], Bytes]]:
    with ExitStack() as stack:
        was, now = (_opened(side, stack, steps.next()) for side in (before, after))
        progress = steps.next()
        total, done = was.stored + now.stored, 0
        known = {one.pid: one for one in was.processes}, {one.pid: one for one in now.processes}
        for pair, earlier, later in memories(pairs, before, after):
            if earlier is None or later is None:
                continue
            first, second = known[0].get(earlier.pid), known[1].get(later.pid)
            for region in regions(first, second) if first and second else ():
                found = _compared(first, second, region) if first and second else None
                if found:
                    done += 2 * found.pages * (first.page if first else 0)
                    yield (pair.key, region.key), found
                progress(min(done, total), total)


def _opened(side: Side, stack: ExitStack, progress: Progress) -> Memories:
    contents, folder = side.checkpoint.contents, side.checkpoint.folder
    store: Store = stack.enter_context(opened(contents, memory_members(contents, folder), progress))
    return read_memories(contents, store, folder=folder)


def _compared(before: Memory, after: Memory, region: Region) -> Bytes | None:
    """Page by page, where both have some; shared memory is compared by its size alone."""
    was, now = region.before, region.after
    if was is None or now is None or was.kind in OBJECTS or now.kind in OBJECTS:
        return None
    start, end = was.start, was.end
    shift = 0 if region.settled else now.start - was.start
    start, end = max(start, now.start - shift), min(end, now.end - shift)
    if start >= end:
        return None
    page = max(before.page, after.page)
    pages = differ = 0
    for low, high, one, other in _overlaps(
        before.stretches(start, end), after.stretches(start + shift, end + shift), shift
    ):
        if not isinstance(one.what, Source) and not isinstance(other.what, Source):
            continue
        count = -(-(high - low) // page)
        pages += count
        if _unknown(one) or _unknown(other):
            differ += count
        else:
            differ += _differing(
                one, low - one.start, other, low + shift - other.start, high - low, page
            )
    return Bytes(pages, differ)


def _unknown(stretch: Stretch) -> bool:
    return not isinstance(stretch.what, Source) and stretch.what is not Absence.ZERO


def _overlaps(
    was: Iterator[Stretch], now: Iterator[Stretch], shift: int
) -> Iterator[tuple[int, int, Stretch, Stretch]]:
    """Where a stretch before and one after lie over one another, by addresses before."""
    one, other = next(was, None), next(now, None)
    while one and other:
        low = max(one.start, other.start - shift)
        high = min(one.end, other.end - shift)
        if low < high:
            yield low, high, one, other
        if one.end <= other.end - shift:
            one = next(was, None)
        else:
            other = next(now, None)


def _differing(one: Stretch, at: int, other: Stretch, at_other: int, length: int, page: int) -> int:
    """How many of the pages from there on are not the same."""
    count = 0
    for done in range(0, length, _STEP):
        size = min(_STEP, length - done)
        first, second = bytearray(size), bytearray(size)
        one.read_into(at + done, memoryview(first))
        other.read_into(at_other + done, memoryview(second))
        if first != second:
            was, now = memoryview(first), memoryview(second)
            count += sum(
                was[place : place + page] != now[place : place + page]
                for place in range(0, size, page)
            )
    return count
