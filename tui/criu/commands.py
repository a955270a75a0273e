"""What every process was started with, without unpacking all of the memory to find it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tui.archive.model import Contents, Member
from tui.archive.spool import Progress, opened
from tui.criu.images import FOLDER
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.memory import TEXTS, Memory, arguments, environment
from tui.criu.pages import Source


@dataclass(frozen=True, slots=True)
class Started:
    """How a process was started, or what it has made of that since; None: not in the archive."""

    arguments: tuple[str, ...] | None
    environment: tuple[str, ...] | None
    """`NAME=value`, mostly: a program that changes its title may have written something else."""


def read_started(
    contents: Contents, folder: str = FOLDER, progress: Progress | None = None
) -> dict[int, Started]:
    """Of each process by its ID. Of a compressed archive only a few pages are unpacked.

    Raises ArchiveError when the pages cannot be read.
    """
    maps = [
        member
        for member in memory_members(contents, folder)
        if not member.name.startswith(f"{folder}pages-")
    ]
    known = read_memories(contents, folder=folder)
    if maps:
        with opened(contents, maps) as store:
            known = read_memories(contents, store, folder=folder)
    wanted = [*maps, *_pages(known)]
    with opened(contents, wanted, progress) as store:
        found = read_memories(contents, store, folder=folder)
        return {
            memory.pid: Started(arguments(memory), environment(memory))
            for memory in found.processes
        }


def _pages(memories: Memories) -> Iterator[Member]:
    """The parts of the pages images that have them, as if they were members."""
    for memory in memories.processes:
        for start, end in (memory.argument_range, memory.environment_range):
            if 0 < end - start <= TEXTS:
                yield from _parts(memory, start, end)


def _parts(memory: Memory, start: int, end: int) -> Iterator[Member]:
    for stretch in memory.stretches(start, end):
        if isinstance(stretch.what, Source):
            member, place = stretch.what.member, stretch.what.place
            length = stretch.what.length or stretch.size
            yield replace(member, offset=(member.offset or 0) + place, size=length)
