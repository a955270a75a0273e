"""What was running in a checkpoint, read from all images that tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tui.archive import limits
from tui.archive.layout import Layout
from tui.archive.model import Problem
from tui.archive.spool import Progress, lies_open, opened
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import file_systems
from tui.criu.commands import Started, read_started
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import Memories, read_memories
from tui.errors import ArchiveError
from tui.findings import Findings, find
from tui.findings.scene import Scene, wanted, with_content
from tui.report.document import image_folder

UNPACKED = 64 * limits.MIB
"""Bytes of memory that are unpacked without being asked for."""


@dataclass(frozen=True, slots=True)
class Running:
    """All of it, as far as the archive has been read."""

    checkpoint: Checkpoint
    inside: Inside = Inside()
    memories: Memories = field(default_factory=Memories)
    words: Mapping[int, Started] = field(default_factory=dict)
    """By PID; those of which nothing was found are missing."""
    wordless: str = ""
    """Why there are none."""
    findings: Findings | None = None
    """What deserves a look; None until somebody has looked."""
    searched: bool = False
    """Memory and files were looked into for that as well."""
    tars: tuple[str, ...] = ()
    """Those with file systems, in the order of their view; known with the findings."""

    @property
    def whole(self) -> bool:
        """Whether the archive has been read to its end."""
        return self.checkpoint.contents.finished


def read_running(checkpoint: Checkpoint) -> Running:
    """What the images in `checkpoint` say, without what must be looked up in memory."""
    contents, folder = checkpoint.contents, image_folder(checkpoint)
    memories = read_memories(contents, folder=folder)
    if checkpoint.layout is Layout.PODMAN_PRE:
        return Running(checkpoint, memories=memories)
    wordless = "it is being looked up" if contents.finished else "the archive is still being read"
    return Running(checkpoint, read_inside(contents, folder), memories, wordless=wordless)


def with_words(running: Running, progress: Progress | None = None) -> Running:
    """The same with command lines and environments, as far as they are in memory."""
    checkpoint = running.checkpoint
    try:
        found = read_started(checkpoint.contents, image_folder(checkpoint), progress)
    except ArchiveError as error:
        return replace(running, wordless=str(error))
    return replace(running, words=found, wordless="")


def with_findings(running: Running) -> Running:
    """The same with what deserves a look, without a look into memory and files."""
    scene = _scene(running)
    return replace(
        running, findings=find(scene), tars=tuple(system.where for system in scene.systems)
    )


def with_search(running: Running, progress: Progress) -> Running:
    """The same with what is in memory and in files, too; what is compressed is unpacked first.

    Raises ArchiveError when it cannot be.
    """
    checkpoint = running.checkpoint
    parts = 1 if lies_open(checkpoint.contents) else 2

    def unpacking(done: int, total: int) -> None:
        progress(done, parts * total)

    def looking(done: int, total: int) -> None:
        progress((parts - 1) * total + done, parts * total)

    with opened(checkpoint.contents, wanted(checkpoint), unpacking) as store:
        found = find(with_content(_scene(running), store, looking))
    return replace(running, findings=found, searched=True)


def _scene(running: Running) -> Scene:
    systems = file_systems(running.checkpoint)
    return Scene(running.checkpoint, running.inside, systems, running.memories)


def note(running: Running, problems: tuple[Problem, ...], *needed: str, empty: bool = False) -> str:
    """What is missing or wrong, in one sentence; empty if nothing is.

    `needed` are images that others read, too; where there is nothing to show, damage of the
    archive is told as well.
    """
    contents = running.checkpoint.contents
    if not running.whole:
        return "… the archive is still being read: this is what is there so far"
    if running.checkpoint.layout is Layout.PODMAN_PRE:
        return "a pre-checkpoint has memory alone; the rest is in the checkpoint made on top of it"
    shared = (one for one in running.inside.problems if needed and one.member.endswith(needed))
    problems = tuple(dict.fromkeys((*shared, *problems)))
    if empty and not problems:
        problems = contents.problems
    if not problems:
        return ""
    first = problems[0]
    more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
    return f"▲ {first.member or 'the archive'}: {first.message}{more}"
