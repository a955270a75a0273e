"""What was running in a checkpoint, read from all images that tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.archive import limits
from tui.archive.layout import PRE_IMAGES, Layout
from tui.archive.model import Problem
from tui.archive.spool import needed, opened
from tui.checkpoint.checkpoint import Checkpoint
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.memory import arguments, environment
from tui.errors import ArchiveError
from tui.text import size

UNPACKED = 64 * limits.MIB
"""Bytes of memory that are unpacked without being asked for, to find command lines in them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a process was told, as its memory has it."""

    arguments: tuple[str, ...] | None = None
    environment: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """All of it, as far as the archive has been read."""

    checkpoint: Checkpoint
    inside: Inside = Inside()
    memories: Memories = field(default_factory=Memories)
    words: Mapping[int, Words] = field(default_factory=dict)
    """By PID; those of which nothing was found are missing."""
    wordless: str = ""
    """Why there are none."""

    @property
    def whole(self) -> bool:
        """Whether the archive has been read to its end."""
        return self.checkpoint.contents.finished


def read_running(checkpoint: Checkpoint) -> Running:
    """What the images in `checkpoint` say, and the words in its memory if they are at hand."""
    contents = checkpoint.contents
    if checkpoint.layout is Layout.PODMAN_PRE:
        return Running(checkpoint, memories=read_memories(contents, folder=PRE_IMAGES))
    inside = read_inside(contents)
    memories = read_memories(contents)
    if not contents.finished:
        return Running(checkpoint, inside, memories, wordless="the archive is still being read")
    wanted = memory_members(contents)
    count = needed(contents, wanted)
    if count > UNPACKED:
        why = f"{size(count)} of memory must be unpacked for that: the Memory view does it"
        return Running(checkpoint, inside, memories, wordless=why)
    try:
        with opened(contents, wanted) as store:
            found = {
                memory.pid: Words(arguments(memory), environment(memory))
                for memory in read_memories(contents, store).processes
            }
    except ArchiveError as error:
        return Running(checkpoint, inside, memories, wordless=str(error))
    return Running(checkpoint, inside, memories, found)


def note(running: Running, problems: tuple[Problem, ...]) -> str:
    """What is missing or wrong, in one sentence; empty if nothing is."""
    if not running.whole:
        return "… the archive is still being read: this is what is there so far"
    if running.checkpoint.layout is Layout.PODMAN_PRE:
        return "a pre-checkpoint has memory alone; the rest is in the checkpoint made on top of it"
    if not problems:
        return ""
    first = problems[0]
    more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
    return f"▲ {first.member}: {first.message}{more}"
