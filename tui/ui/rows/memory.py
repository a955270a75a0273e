"""The memory of each process, mapping by mapping, and what was found in it."""

from collections.abc import Iterable

from tui.criu.measure import Measure
from tui.criu.memories import Memories
from tui.criu.memory import Memory
from tui.criu.patterns import Pattern, expression, hexadecimal, text
from tui.criu.search import Hit, Place
from tui.criu.vma import Vma
from tui.text import decode, size
from tui.ui.rows.model import Bytes, Column, Row, Table
from tui.ui.rows.running import Running, note

HITS = 10_000
"""Hits that are listed."""

_COLUMNS = (
    Column("FROM", "key", widest=22),
    Column("MODE", "quiet", widest=4),
    Column("MAPPED", "quiet", widest=10, right=True, rank=1, down=True),
    Column("STORED", widest=10, right=True, down=True),
    Column("WHAT", widest=1000),
)

_HIT_COLUMNS = (
    Column("PROCESS", "key", widest=22),
    Column("ADDRESS", "quiet", widest=14),
    Column("IN", "quiet", widest=30, rank=1),
    Column("FOUND", widest=1000),
)

_AROUND = 24
"""Bytes around a match that are shown."""


def memory_table(running: Running) -> Table:
    """The mappings of each process inside it; behind them shared memory."""
    rows: list[Row] = []
    known, measure = running.inside.processes.by_pid, Measure()
    for memory in running.memories.processes:
        process = known.get(memory.pid)
        name = f"{memory.pid} {process.name if process else ''}".rstrip()
        rows += _rows(memory, name, measure)
    for memory in running.memories.objects:
        rows += _rows(memory, "shared memory", measure)
    stored = size(running.memories.stored)
    return Table(
        _COLUMNS,
        tuple(rows),
        count=len(running.memories.processes),
        told=f"{stored} in the archive · w saves a region, of a process a core",
        empty="no memory is in the archive",
        note=note(running, running.memories.problems, empty=not rows),
    )


def _rows(memory: Memory, name: str, measure: Measure) -> Iterable[Row]:
    sizes = memory.sizes()
    told = f"{name}  ({size(sizes.stored)} of {size(sizes.mapped)})"
    number = memory.vmas[0].object if not memory.pid and memory.vmas else None
    base = f"mem/{memory.pid}" if number is None else f"mem/shared-{number}"
    core = Bytes(f"core.{memory.pid}", sizes.stored) if memory.pid else None
    pids = (memory.pid,) if memory.pid else ()
    yield Row(base, (told,), tone="title", pids=pids, content=core)
    for vma in memory.vmas:
        sizes_here = measure.sizes(memory, vma)
        stored = sizes_here.stored if sizes_here else -1
        mapped = vma.end - vma.start
        yield Row(
            f"{base}/{vma.start:x}",
            (f"{vma.start:x}", vma.permissions, size(mapped), _stored(stored), vma.label),
            1,
            keys=(vma.start, vma.permissions, mapped, stored, vma.label),
            tone="" if stored else "quiet",
            pids=pids,
            content=Bytes(f"memory-{memory.pid}-{vma.start:x}", mapped),
            copy=f"{vma.start:#x}-{vma.end:#x} {vma.permissions} {vma.label}",
        )


def _stored(count: int) -> str:
    """In words; -1 is what would take too long to work out."""
    return "?" if count < 0 else size(count) if count else "-"


def region_of(memories: Memories, row: Row) -> tuple[Memory, Vma | None] | None:
    """The memory that a row is about, and which mapping of it."""
    _, base, *start = row.id.split("/")
    if base.startswith("shared-"):
        number = int(base.removeprefix("shared-"))
        found = next((one for one in memories.objects if one.vmas[0].object == number), None)
    else:
        found = memories.process(int(base))
    if found is None:
        return None
    return found, found.vma_at(int(start[0], 16)) if start else None


def row_of(place: Place) -> str:
    """The ID of the row of the mapping with `place`."""
    if place.vma is None:
        return f"mem/{place.pid}"
    base = str(place.pid) if place.pid else f"shared-{place.vma.object}"
    return f"mem/{base}/{place.vma.start:x}"


def pattern_of(typed: str) -> Pattern:
    """What people mean: `/an expression/`, `0x de ad ?? ef`, or words. Raises UsageError."""
    if len(typed) > 2 and typed.startswith("/") and typed.endswith("/"):
        return expression(typed[1:-1])
    if typed.lower().startswith("0x"):
        return hexadecimal(typed)
    return text(typed, ignore_case=True, wide=True)


def hits_table(running: Running, hits: Iterable[Hit], told: str) -> Table:
    """What was found, and where; a row for each match, wherever else it is mapped."""
    known = running.inside.processes.by_pid
    rows = []
    for number, hit in enumerate(hits):
        place = hit.places[0]
        process = known.get(place.pid)
        name = f"{place.pid} {process.name}" if process else str(place.pid or "shared memory")
        more = f" +{len(hit.places) - 1}" if len(hit.places) > 1 else ""
        around = f"{_plain(hit.before[-_AROUND:])}«{hit.text}»{_plain(hit.after[:_AROUND])}"
        label = place.vma.label if place.vma else ""
        cells = (name + more, f"{place.address:x}", label, around)
        rows.append(Row(str(number), cells, copy=hit.text))
    return Table(_HIT_COLUMNS, tuple(rows), count=len(rows), told=told, empty=told)


def _plain(raw: bytes) -> str:
    return "".join(char if char.isprintable() else "·" for char in decode(raw))
