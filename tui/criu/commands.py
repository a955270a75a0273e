"""What every process was started with, without unpacking all of the memory to find it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui.archive.model import Contents, Member
from tui.archive.spool import Progress, opened
from tui.criu.images import FOLDER
from tui.criu.memories import Memories, map_members, read_maps, read_memories
from tui.criu.memory import TEXTS, arguments, environment


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
    wanted = [*map_members(contents, folder), *_pages(read_maps(contents, folder))]
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
                yield from memory.parts(start, end)
