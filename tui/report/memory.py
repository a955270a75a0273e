"""The memory of each process, mapping by mapping, for scripts and for people.

Addresses are text in hex in the documents: JSON's readers round numbers beyond 53 bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tui.archive.model import Contents, Problem
from tui.criu.inside import Inside
from tui.criu.measure import Measure
from tui.criu.memories import Memories, read_maps, read_memories
from tui.criu.memory import Memory, Sizes, total
from tui.criu.vma import OBJECTS, Vma
from tui.errors import ArchiveError
from tui.report.inside import problem_documents
from tui.report.lines import columns
from tui.text import safe_text, size


def maps(contents: Contents, folder: str) -> Memories:
    """The maps that the images in `folder` tell of; what cannot be read is a problem."""
    try:
        return read_maps(contents, folder)
    except ArchiveError as error:
        known = read_memories(contents, folder=folder)
        return replace(known, problems=(Problem("", None, str(error)), *known.problems))


def memory_document(inside: Inside, memories: Memories) -> dict[str, Any]:
    """Every process with where its bytes are, and its map; behind them shared memory."""
    measure = Measure()
    return {
        "page": memories.page,
        "stored": memories.stored,
        "processes": [_process(inside, memory, measure) for memory in memories.processes],
        "objects": [
            {**_mapping(vma, memory.sizes(vma)), "mapped": vma.end - vma.start}
            for memory in memories.objects
            for vma in memory.vmas
        ],
        "problems": problem_documents(memories.problems),
    }


def memory_lines(inside: Inside, memories: Memories) -> list[str]:
    """The totals of all processes, and behind them the map of each."""
    head = ("PID", "NAME", "MAPPED", "STORED", "SHARED", "AS IN FILES", "EARLIER", "LAZY", "ZERO")
    totals, regions = list[tuple[str, ...]]([head]), list[str]()
    measure = Measure()
    for memory in memories.processes:
        each = [(vma, measure.sizes(memory, vma)) for vma in memory.vmas]
        name = safe_text(_name(inside, memory.pid))
        all_ = _together(each)
        counts = (all_.mapped, all_.stored, _shared(memory), all_.file, all_.earlier, all_.lazy)
        row = (str(memory.pid), name or "-", *map(_count, counts), _count(all_.zero))
        totals.append(row)
        regions += ["", f"{memory.pid} {name}".rstrip(), *_map(each)]
    objects = [(vma, memory.sizes(vma)) for memory in memories.objects for vma in memory.vmas]
    if objects:
        regions += ["", "shared memory", *_objects(objects)]
    lines = [*(columns(totals) if memories.processes else ()), *regions]
    return lines or ["none"]


def _process(inside: Inside, memory: Memory, measure: Measure) -> dict[str, Any]:
    each = [(vma, measure.sizes(memory, vma)) for vma in memory.vmas]
    return {
        "pid": memory.pid,
        "name": _name(inside, memory.pid),
        "executable": memory.executable,
        "totals": _totals(memory, _together(each)),
        "map": [_mapping(vma, sizes) for vma, sizes in each],
    }


def _totals(memory: Memory, sizes: Sizes) -> dict[str, int]:
    return {
        "mapped": sizes.mapped,
        "stored": sizes.stored,
        "shared": _shared(memory),
        "file": sizes.file,
        "earlier": sizes.earlier,
        "lazy": sizes.lazy,
        "zero": sizes.zero,
        "other": sizes.other,
    }


def _together(each: Sequence[tuple[Vma, Sizes | None]]) -> Sizes:
    """All of them; those that were too much work are left out."""
    known = [sizes for _, sizes in each if sizes]
    return total(known) if known else Sizes()


def _mapping(vma: Vma, sizes: Sizes | None) -> dict[str, Any]:
    return {
        "start": hex(vma.start),
        "end": hex(vma.end),
        "permissions": vma.permissions,
        "flags": list(vma.flag_names),
        "kind": vma.kind,
        "path": vma.path,
        "offset": vma.offset,
        "object": vma.object,
        "stored": sizes.stored if sizes else None,
        "earlier": sizes.earlier if sizes else None,
        "lazy": sizes.lazy if sizes else None,
    }


def _map(each: Sequence[tuple[Vma, Sizes | None]]) -> Iterator[str]:
    rows = [
        (
            f"{vma.start:x}-{vma.end:x}",
            vma.permissions,
            size(vma.end - vma.start),
            _count(sizes.stored) if sizes else "?",
            safe_text(vma.label),
        )
        for vma, sizes in each
    ]
    yield from columns(rows, "  ") if rows else ()


def _objects(each: list[tuple[Vma, Sizes]]) -> list[str]:
    return columns(
        [
            (str(vma.object), size(vma.end), _count(sizes.stored), safe_text(vma.label))
            for vma, sizes in each
        ],
        "  ",
    )


def _name(inside: Inside, pid: int) -> str:
    process = inside.processes.by_pid.get(pid)
    return process.name if process else ""


def _shared(memory: Memory) -> int:
    """Bytes of shared memory that the process has mapped."""
    return sum(vma.end - vma.start for vma in memory.vmas if vma.kind in OBJECTS)


def _count(count: int) -> str:
    return size(count) if count else "-"
