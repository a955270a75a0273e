"""A process of a checkpoint as an ELF core file, which debuggers open.

    gdb PROGRAM CORE

Nothing in it is made up: of mapped files only pages that the checkpoint has are in it, so that a
debugger takes the others from the files. Zeros that were never written to are holes.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from tui.criu import images_pb2 as images
from tui.criu.elfnotes import Task, machine, notes
from tui.criu.framing import Magic
from tui.criu.images import Images
from tui.criu.memory import Absent, Memory
from tui.criu.pages import Absence, Source, Stretch
from tui.criu.saving import Output, Progress, output, stored
from tui.criu.threads import ARCHITECTURES
from tui.errors import ArchiveError

HOLE = 1 << 30
"""Bytes of zeros, never written to, that still become a hole; more of them are left out."""

_CORE = 4
_LOAD, _NOTE = 1, 4
_HEADER, _PROGRAM, _SECTION = 64, 56, 64
_MANY = 0xFFFF
"""As many segments, or more, are told by a section header (PN_XNUM)."""

_THREADS = 100_000

_NOT_TOLD = (Absence.ZERO, Absence.FILE, Absence.KERNEL)


@dataclass(frozen=True, slots=True)
class SavedCore:
    """A core file."""

    path: str
    size: int
    """Bytes of the file; it takes up less where it has holes."""
    threads: int
    absent: tuple[tuple[int, Absent], ...]
    """What is not in it, by address; files that are mapped, and zeros, are not told."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """Memory that becomes a PT_LOAD."""

    protection: int
    stretches: tuple[Stretch, ...]
    stored: bool
    """It has bytes in the file."""

    @property
    def start(self) -> int:
        return self.stretches[0].start

    @property
    def size(self) -> int:
        return self.stretches[-1].end - self.start


def write_core(
    found: Images, memory: Memory, path: str, progress: Progress | None = None
) -> SavedCore:
    """Write a core of the process that `memory` is of to a new file.

    Raises ArchiveError when podthaw cannot write one for its architecture, when its threads are
    not in the archive, when the file is there already, or when there is no room.
    """
    task = _task(found, memory.pid)
    number = machine(task)
    if number is None:
        name = ARCHITECTURES.get(task.leader.mtype, f"architecture {task.leader.mtype}")
        what = f"32-bit code on {name}" if name == "amd64" else name
        raise ArchiveError(
            f"process {memory.pid} runs {what}; podthaw writes cores for amd64 and arm64."
        )
    segments = list(_segments(memory))
    with output(path) as out:
        out.check_room(stored(stretch for segment in segments for stretch in segment.stretches))
        size = _write(out, number, notes(task, memory), segments, memory.page, progress)
    absent = [
        (stretch.start, Absent(stretch.size, stretch.what))
        for segment in segments
        for stretch in segment.stretches
        if not isinstance(stretch.what, Source) and stretch.what not in _NOT_TOLD
    ]
    return SavedCore(
        path, size, len(task.threads), tuple(sorted(absent + out.absent, key=_address))
    )


def _task(found: Images, pid: int) -> Task:
    trees = found.decoded("pstree.img", Magic.PSTREE, images.Pstree)
    tree = next((one for one in trees if one.pid == pid), None)
    if tree is None:
        raise ArchiveError(f"process {pid} is not in pstree.img: there is no core without it.")
    tids = dict.fromkeys([pid, *tree.threads[:_THREADS]])
    threads = [
        (tid, core)
        for tid in tids
        for core in found.decoded(f"core-{tid}.img", Magic.CORE, images.Core)
    ]
    if not threads or threads[0][0] != pid:
        raise ArchiveError(
            f"the registers of process {pid} cannot be read: its core-{pid}.img is missing or"
            " damaged."
        )
    return Task(tree, tuple(threads))


def _segments(memory: Memory) -> Iterator[_Segment]:
    for vma in memory.vmas:

        def stored(stretch: Stretch, protection: int = vma.protection) -> bool:
            zeros = stretch.what is Absence.ZERO and stretch.size <= HOLE and protection != 0
            return zeros or isinstance(stretch.what, Source)

        for there, stretches in groupby(memory.stretches(vma.start, vma.end), stored):
            yield _Segment(vma.protection, tuple(stretches), there)


def _write(
    out: Output,
    number: int,
    noted: bytes,
    segments: Sequence[_Segment],
    page: int,
    progress: Progress | None,
) -> int:
    """Write the whole file; how long it is."""
    count = 1 + len(segments)
    noted_at = _HEADER + count * _PROGRAM
    place = noted_at + len(noted)
    place += -place % page
    headers = [_program(_NOTE, 0, noted_at, 0, len(noted), 0, 4)]
    places = []
    for each in segments:
        flags = each.protection & 2 | (each.protection & 1) << 2 | (each.protection & 4) >> 2
        length = each.size if each.stored else 0
        headers.append(_program(_LOAD, flags, place, each.start, length, each.size, page))
        places.append(place)
        place += length
    sections = _section(count) if count >= _MANY else b""
    out.write(_header(number, count, place if sections else 0) + b"".join(headers) + noted, 0)
    total = sum(each.size for each in segments if each.stored)
    done = 0
    for each, at in zip(segments, places, strict=True):
        for stretch in each.stretches if each.stored else ():
            if isinstance(stretch.what, Source):
                for data in out.copy(stretch, at + stretch.start - each.start):
                    done += len(data)
                    if progress:
                        progress(done, total)
            else:
                done += stretch.size
    out.end_at(place)
    out.write(sections, place)
    return place + len(sections)


def _header(number: int, count: int, sections: int) -> bytes:
    ident = b"\x7fELF\2\1\1".ljust(16, b"\0")  # 64 bit, little-endian, version 1
    return ident + struct.pack(
        "<HHIQQQIHHHHHH",
        *(_CORE, number, 1, 0, _HEADER, sections, 0, _HEADER),
        *(_PROGRAM, min(count, _MANY), _SECTION if sections else 0, 1 if sections else 0, 0),
    )


def _program(
    kind: int, flags: int, place: int, address: int, stored: int, size: int, align: int
) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, place, address, 0, stored, size, align)


def _section(count: int) -> bytes:
    """The one section header, which tells how many segments there are."""
    return struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 0, 0, count, 0, 0)


def _address(one: tuple[int, Absent]) -> int:
    return one[0]
