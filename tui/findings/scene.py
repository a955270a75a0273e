"""What the rules look at, read beforehand: a frozen input, so that rules are pure functions."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import attrgetter

from tui.archive import limits
from tui.archive.layout import IMAGES, PRE_IMAGES, Layout
from tui.archive.model import Member
from tui.archive.spool import Store
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import FileSystem, file_systems
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.memory import Memory, arguments, environment
from tui.criu.processes import Process
from tui.criu.special import Memfd
from tui.findings.sightings import Sightings, look_through

HEAD = 4
"""Bytes at the beginning of a program that tell it from data."""

TEXTS = 64 * limits.MIB
"""Bytes of the command lines, and of the environments, of all processes together."""

_PROGRAMS = (b"\x7fELF", b"#!")

Progress = Callable[[int, int], None]
"""Bytes that have been looked through, and how many will be. To stop, it raises."""


@dataclass(frozen=True, slots=True)
class Content:
    """What was read from memory and from files."""

    arguments: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The command line of each process, by PID, where it is in the archive."""
    environments: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """What each process was started with, by PID."""
    programs: frozenset[tuple[int, int]] = frozenset()
    """PID and address of executable memory without a file that begins as a program does."""
    memfds: frozenset[int] = frozenset()
    """The shmid of every memfd whose content begins as a program does."""
    sightings: Sightings = Sightings()


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Everything that the rules may ask."""

    checkpoint: Checkpoint
    inside: Inside = Inside()
    systems: tuple[FileSystem, ...] = ()
    memories: Memories | None = None
    """The mappings; None where nobody read them."""
    content: Content | None = None
    """None where nobody asked for a look into memory and files."""

    @property
    def mountpoints(self) -> frozenset[str]:
        """Where something is mounted, the root left out."""
        planned = {mount.destination for mount in self.checkpoint.spec.mounts or ()}
        found = {mount.mountpoint for mount in self.inside.mounts.by_id.values()}
        return frozenset((planned | found) - {"/"})

    def contained(self, process: Process) -> bool:
        """Whether the process has a user namespace of its own, so that its root is not root."""
        own = process.ids.get("user")
        outside = self.inside.processes.host.get("user")
        if own is not None and outside is not None:
            return own != outside
        return bool(self.checkpoint.spec.linux.uid_mappings)


def folder(checkpoint: Checkpoint) -> str:
    """Where CRIU's images lie in an archive of this kind."""
    return PRE_IMAGES if checkpoint.layout is Layout.PODMAN_PRE else IMAGES


def scene(checkpoint: Checkpoint, inside: Inside | None = None) -> Scene:
    """What can be known without a look into memory; `inside` spares the reading of the images."""
    where = folder(checkpoint)
    return Scene(
        checkpoint,
        inside or read_inside(checkpoint.contents, where),
        file_systems(checkpoint),
        read_memories(checkpoint.contents, folder=where),
    )


def wanted(checkpoint: Checkpoint) -> list[Member]:
    """What must be in the Store for `with_content`."""
    contents = checkpoint.contents
    tars = [member for member in contents.members if member.name in contents.nested]
    return [*memory_members(contents, folder(checkpoint)), *tars]


def with_content(known: Scene, store: Store, progress: Progress | None = None) -> Scene:
    """The same scene, with what is in memory and in files.

    Raises ArchiveError when the archive cannot be read any more.
    """
    memories = read_memories(known.checkpoint.contents, store, folder=folder(known.checkpoint))
    content = Content(
        arguments=_texts(memories, arguments, attrgetter("argument_range")),
        environments=_texts(memories, environment, attrgetter("environment_range")),
        programs=frozenset(
            (memory.pid, vma.start)
            for memory in memories.processes
            for vma in memory.vmas
            if vma.protection & 4 and not vma.path and _is_program(memory, vma.start)
        ),
        memfds=_memfds(known.inside, memories),
        sightings=look_through(memories, known.systems, store, progress or _unwatched),
    )
    return replace(known, memories=memories, content=content)


def _texts(
    memories: Memories,
    read: Callable[[Memory], tuple[str, ...] | None],
    place: Callable[[Memory], tuple[int, int]],
) -> dict[int, tuple[str, ...]]:
    """What `read` says of each process, up to TEXTS of all together."""
    found, left = {}, TEXTS
    for memory in memories.processes:
        start, end = place(memory)
        if end - start > left:
            continue
        left -= max(0, end - start)
        words = read(memory)
        if words is not None:
            found[memory.pid] = words
    return found


def _memfds(inside: Inside, memories: Memories) -> frozenset[int]:
    wanted = {
        file.detail.shmid
        for file in inside.descriptors.files.values()
        if isinstance(file.detail, Memfd)
    }
    return frozenset(
        number
        for memory in memories.objects
        if (number := memory.vmas[0].object) in wanted
        and number is not None
        and _is_program(memory, memory.vmas[0].start)
    )


def _is_program(memory: Memory, address: int) -> bool:
    found = memory.read(address, HEAD)
    head = found[0][1] if found else b""
    return isinstance(head, bytes) and head.startswith(_PROGRAMS)


def _unwatched(_done: int, _total: int) -> None:
    pass
