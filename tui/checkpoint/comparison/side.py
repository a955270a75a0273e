"""One of the two checkpoints that are compared, with all that was read of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tui.archive.layout import Layout
from tui.archive.model import Problem
from tui.archive.spool import Progress
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import FileSystem, file_systems
from tui.checkpoint.origin import Origin, origin
from tui.checkpoint.secrets import variables
from tui.criu.commands import Started, read_started
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import Memories, read_maps, read_memories
from tui.errors import ArchiveError
from tui.text import Redactor


@dataclass(frozen=True, slots=True)
class Side:
    """A checkpoint that was read to its end, or as far as that goes."""

    checkpoint: Checkpoint
    origin: Origin
    inside: Inside = Inside()
    memories: Memories = field(default_factory=Memories)
    started: Mapping[int, Started] = field(default_factory=dict)
    """By PID; those of which nothing was found are missing."""
    systems: tuple[FileSystem, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What could not be read, beside the problems of the checkpoint."""

    @property
    def partial(self) -> bool:
        """What is missing may only have been unread."""
        return not self.checkpoint.contents.complete or bool(self.problems)

    def redactor(self, *, reveal: bool) -> Redactor:
        """What masks the values of environment variables in free text."""
        if reveal:
            return Redactor(())
        known = [entry for one in self.started.values() for entry in one.environment or ()]
        return Redactor([*variables(self.checkpoint), *known])


def read_side(checkpoint: Checkpoint, progress: Progress | None = None) -> Side:
    """All that is compared of `checkpoint`; what cannot be read is a problem.

    Of a compressed archive a few pages of memory are unpacked, which `progress` is told of.
    """
    known = Side(checkpoint, origin(checkpoint))
    contents, folder = checkpoint.contents, checkpoint.folder
    problems: list[Problem] = []
    memories = _maps(checkpoint, problems)
    if checkpoint.layout is Layout.PODMAN_PRE:
        return Side(checkpoint, known.origin, memories=memories, problems=tuple(problems))
    inside = read_inside(contents, folder)
    started: Mapping[int, Started] = {}
    try:
        started = read_started(contents, folder, progress)
    except ArchiveError as error:
        problems.append(Problem("", None, f"command lines cannot be read: {error}"))
    return Side(
        checkpoint,
        known.origin,
        inside,
        memories,
        started,
        file_systems(checkpoint),
        _once((*problems, *inside.problems, *memories.problems)),
    )


def _maps(checkpoint: Checkpoint, problems: list[Problem]) -> Memories:
    try:
        return read_maps(checkpoint.contents, checkpoint.folder)
    except ArchiveError as error:
        problems.append(Problem("", None, str(error)))
        return read_memories(checkpoint.contents, folder=checkpoint.folder)


def _once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))
