"""What can be saved from a checkpoint, as people name it: `rootfs:/etc/passwd`, `core:7`.

Whatever is not there, or is no place at all, is the fault of whoever typed it: a UsageError, before
anything is written.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tui.archive.extract import ARCHIVE, Chosen
from tui.archive.model import Member, MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import FileSystem, Kind, file_systems
from tui.criu.descriptors import Deleted, OpenFile
from tui.criu.files import Extent
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import Memories, read_maps
from tui.criu.memory import Memory
from tui.criu.pages import Absence
from tui.criu.saving import LARGEST
from tui.criu.sockets import InetSocket, UnixSocket
from tui.criu.special import Memfd, Pipe
from tui.errors import UsageError
from tui.report.document import image_folder
from tui.text import safe_text, size

_SAVED = (MemberKind.FILE, MemberKind.HARDLINK)

_RANGE = re.compile(r"(\d+)/(?:0x)?([0-9a-f]{1,16})(?:-(?:0x)?([0-9a-f]{1,16}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """A file of the archive, or of a tar inside it."""

    place: str
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes of images that belong together."""

    place: str
    name: str
    extents: tuple[Extent, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Region:
    """Memory between two addresses, of a process or of an object."""

    place: str
    name: str
    pid: int
    """0 for shared memory."""
    object: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Core:
    """All of a process."""

    place: str
    pid: int


Wanted = File | Content | Region | Core


class Places:
    """Finds what is meant; of the checkpoint only what is asked for is read."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint

    def find(self, place: str) -> list[Wanted]:
        """What `place` means. Raises UsageError, or ArchiveError where that cannot be read."""
        kind, colon, rest = place.partition(":")
        if not colon:
            raise _wrong(place, "a place is a kind, a colon and a name, such as rootfs:/etc/passwd")
        match kind:
            case "rootfs":
                found = self._inside(place, [one for one in self._systems if _is(one, Kind.ROOT)])
                return _files(place, found, rest)
            case "volume":
                name, _, path = rest.partition("/")
                volumes = [one for one in self._systems if _is(one, Kind.VOLUME)]
                named = [one for one in volumes if one.name == name]
                if not named:
                    raise _wrong(place, _there_is("volume", (one.name for one in volumes)))
                return _files(place, self._inside(place, named), path)
            case "devshm":
                shared = [one for one in self._systems if _is(one, Kind.SHARED_MEMORY)]
                return _files(place, self._inside(place, shared), rest)
            case "tmpfs":
                mounted = [one for one in self._systems if _is(one, Kind.TMPFS)]
                return self._mounted(place, mounted, rest)
            case "member":
                members = {one.name: one for one in self._checkpoint.contents.members}
                return _files(place, [(ARCHIVE, one) for one in members.values()], rest)
            case "fd":
                return self._open(place, self._descriptor(place, rest))
            case "file":
                found_file = self._running.descriptors.files.get(_number(place, rest))
                if found_file is None:
                    raise _wrong(place, "no open file has that ID")
                return self._open(place, found_file)
            case "memory":
                return [self._region(place, rest)]
            case "shared":
                return [self._object(place, _number(place, rest), None)]
            case "core":
                memory = self._memory(place, _number(place, rest))
                return [Core(place, memory.pid)]
        raise _wrong(place, "there is no such kind of place; see `podthaw extract --help`")

    @cached_property
    def _systems(self) -> Sequence[FileSystem]:
        return file_systems(self._checkpoint)

    @cached_property
    def _running(self) -> Inside:
        return read_inside(self._checkpoint.contents, image_folder(self._checkpoint))

    @cached_property
    def maps(self) -> Memories:
        """The memory, without its bytes."""
        return read_maps(self._checkpoint.contents, image_folder(self._checkpoint))

    def _inside(self, place: str, systems: Sequence[FileSystem]) -> list[tuple[str, Member]]:
        if not systems:
            raise _wrong(place, "the archive has nothing of that kind")
        return [
            (one.where, entry.member) for one in systems for entry in one.entries if entry.member
        ]

    def _mounted(self, place: str, systems: Sequence[FileSystem], path: str) -> list[Wanted]:
        absolute = f"/{path.strip('/')}"
        for system in sorted(systems, key=lambda one: one.mountpoint, reverse=True):
            base = system.mountpoint.rstrip("/")
            if base and (absolute == base or absolute.startswith(f"{base}/")):
                return _files(place, self._inside(place, [system]), absolute.removeprefix(base))
        raise _wrong(place, _there_is("tmpfs", (one.mountpoint for one in systems)))

    def _descriptor(self, place: str, rest: str) -> OpenFile:
        pid, _, fd = rest.partition("/")
        process = self._running.processes.by_pid.get(_number(place, pid))
        if process is None:
            pids = self._running.processes.by_pid
            raise _wrong(place, _there_is("process", map(str, pids)))
        for one in self._running.descriptors.of(process):
            if one.fd == _number(place, fd):
                return one.file
        raise _wrong(place, "the process has no such descriptor")

    def _open(self, place: str, file: OpenFile) -> list[Wanted]:
        """What the archive has of an open file."""
        base = _base(place, file)
        found: list[Wanted] = []
        if file.deleted == Deleted("ghost"):
            raise _wrong(place, "it is deleted, and the image with its content cannot be read")
        if file.deleted and file.deleted.kind == "ghost" and not file.deleted.target:
            found.append(Content(place, base, file.deleted.extents, file.deleted.size))
        socket = self._running.sockets.by_file.get(file.id)
        match file.detail:
            case Pipe(queued=queued) if queued:
                found.append(_joined(place, base, queued))
            case Memfd(shmid=shmid):
                found.append(replace(self._object(place, shmid, file.size), name=base))
        match socket:
            case InetSocket(stream=stream) if stream:
                found.append(_joined(place, f"{base}-received", [stream.received]))
                found.append(_joined(place, f"{base}-sent", [stream.sent]))
            case UnixSocket(received=packets) if packets:
                parts = [packet.content for packet in packets]
                found.append(_joined(place, f"{base}-received", parts))
        if not found:
            raise _wrong(place, f"the archive has no bytes of it: it is {file.description}")
        return found

    def _region(self, place: str, rest: str) -> Region:
        typed = _RANGE.fullmatch(rest.lower())
        if not typed:
            raise _wrong(place, "memory is PID/START-END or PID/START, in hexadecimal")
        memory = self._memory(place, int(typed[1]))
        start = int(typed[2], 16)
        vma = memory.vma_at(start)
        if typed[3]:
            end = int(typed[3], 16)
        elif vma:
            start, end = vma.start, vma.end
        else:
            raise _wrong(place, "nothing is mapped there")
        if not 0 < end - start <= LARGEST:
            raise _wrong(place, f"a region has from 1 byte to {size(LARGEST)}")
        if all(each.what is Absence.UNMAPPED for each in memory.stretches(start, end)):
            raise _wrong(place, "nothing is mapped there")
        name = f"memory-{memory.pid}-{start:x}-{end:x}"
        return Region(place, name, memory.pid, None, start, end)

    def _object(self, place: str, number: int, length: int | None) -> Region:
        """Shared memory; `length` is that of a file that lies in it."""
        for memory in self.maps.objects:
            vma = memory.vmas[0]
            if vma.object == number:
                end = vma.end if length is None else length
                if not end:
                    raise _wrong(place, "it is empty")
                return Region(place, f"shared-{number}", 0, number, 0, end)
        raise _wrong(place, "the archive has no pages of it")

    def _memory(self, place: str, pid: int) -> Memory:
        memory = self.maps.process(pid)
        if memory is None:
            pids = (str(one.pid) for one in self.maps.processes)
            raise _wrong(place, _there_is("process", pids))
        return memory


def _is(system: FileSystem, kind: Kind) -> bool:
    return system.kind is kind


def _files(place: str, found: Iterable[tuple[str, Member]], path: str) -> list[Wanted]:
    """The file at `path`, or all that lie below it."""
    wanted, below = path.strip("/"), list[Wanted]()
    exact: Member | None = None
    for where, member in found:
        name = member.name.strip("/")
        if name == wanted and member.kind in _SAVED:
            return [File(place, (where, member.name))]
        if name == wanted:
            exact = member
        elif (not wanted or name.startswith(f"{wanted}/")) and member.kind in _SAVED:
            below.append(File(place, (where, member.name)))
    if below:
        return below
    if exact and exact.link:
        raise _wrong(place, f"it is a link to {exact.link}")
    raise _wrong(place, "no file in it" if exact else "the archive has no such file")


def _joined(place: str, name: str, extents: Iterable[Extent]) -> Content:
    """Bytes one behind the other."""
    placed, at = [], 0
    for extent in extents:
        placed.append(replace(extent, at=at))
        at += extent.length
    return Content(place, name, tuple(placed), at)


def _base(place: str, file: OpenFile) -> str:
    last = (file.path or file.description).rpartition("/")[2]
    return f"{place.replace(':', '-').replace('/', '-')}-{last}"


def _number(place: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise _wrong(place, f"{text!r} is no number")
    return int(text)


def _there_is(what: str, names: Iterable[str]) -> str:
    known = list(_shown(names))
    return f"there is no such {what}; there is {', '.join(known) or 'none'}"


def _shown(names: Iterable[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        if number == 20:
            yield "…"
            return
        yield name


def _wrong(place: str, why: str) -> UsageError:
    return UsageError(f"{safe_text(place)}: {safe_text(why)}")
