"""The memory of everything in a checkpoint, put together from its images.

The maps alone need no page, and so no unpacked archive; for their bytes there must be a Store.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from tui.archive import limits
from tui.archive.model import Contents, Member, MemberKind, Problem
from tui.archive.spool import Store, opened
from tui.criu import images_pb2 as images
from tui.criu.files import FileTable, file_table
from tui.criu.framing import Fault, Magic, entries
from tui.criu.images import FOLDER, Images
from tui.criu.memory import Memory, Sizes, total
from tui.criu.pagemap import ADDRESSES, ENTRIES, Pagemap, read_pagemap
from tui.criu.pages import Pages
from tui.criu.vma import Kind, Status, Vma, memfd_name, vma
from tui.text import decode, size

IMAGE = 64 * limits.MIB
"""Bytes of a pagemap, or of the mappings of a process, that are read."""

IMAGES = 256 * limits.MIB
"""Bytes of all those of them that the reader did not keep."""

MAPPINGS = 1_000_000
"""Mappings of all processes; a process has some hundred, and by default at most 65,530."""

_MAPS = re.compile(r"(?:pagemap-(?:shmem-)?|mm-)\d+\.img", re.ASCII)
_PAGEMAP = re.compile(r"pagemap-((?:shmem-)?\d+)\.img", re.ASCII)
_MM = re.compile(r"mm-(\d+)\.img", re.ASCII)
_PAGES = re.compile(r"pages-(\d+)\.img", re.ASCII)

_PAGE_SIZE = 6
"""AT_PAGESZ of the auxiliary vector."""

_PAGE_SIZES = (1 << 12, 1 << 13, 1 << 14, 1 << 16)


@dataclass(frozen=True, slots=True)
class Memories:
    """The memory in a checkpoint."""

    processes: tuple[Memory, ...] = ()
    """By process ID; the dead have none."""
    objects: tuple[Memory, ...] = ()
    """Shared memory, each once, whether processes have it mapped or not: as one mapping at 0."""
    pages: Pages = field(default_factory=lambda: Pages({}, {}, None))
    page: int = 4096
    """Bytes of a page on the machine it came from."""
    stored: int = 0
    """Bytes of pages in the archive, what processes share counted once."""
    problems: tuple[Problem, ...] = ()

    def process(self, pid: int) -> Memory | None:
        """The memory of a process."""
        return next((memory for memory in self.processes if memory.pid == pid), None)

    def sizes(self) -> Sizes:
        """Where the bytes of all processes are; what they share counts for each."""
        return total(memory.sizes() for memory in self.processes)


def memory_members(contents: Contents, folder: str = FOLDER) -> list[Member]:
    """What must be in the Store: the pages, and those maps that are too large to be kept."""
    return [
        member
        for name, member in _members(contents, folder).items()
        if _PAGES.fullmatch(name)
        or (_MAPS.fullmatch(name) and member.name not in contents.files and member.size <= IMAGE)
    ]


def read_memories(
    contents: Contents,
    store: Store | None = None,
    earlier: Pages | None = None,
    folder: str = FOLDER,
) -> Memories:
    """The memory that the images in `folder` tell of; what cannot be read is a problem.

    `earlier` has the pages of the checkpoint before, for those that did not change since.
    """
    return _Loader(contents, store, folder).load(earlier)


def map_members(contents: Contents, folder: str = FOLDER) -> list[Member]:
    """Those of `memory_members` that are no pages."""
    pages = f"{folder}pages-"
    return [each for each in memory_members(contents, folder) if not each.name.startswith(pages)]


def read_maps(contents: Contents, folder: str = FOLDER) -> Memories:
    """The same without the bytes of the pages, which cannot be read then.

    Raises ArchiveError when maps that were not kept cannot be read.
    """
    unkept = map_members(contents, folder)
    if not unkept:
        return read_memories(contents, folder=folder)
    with opened(contents, unkept) as store:
        return read_memories(contents, store, folder=folder)


def _members(contents: Contents, folder: str) -> dict[str, Member]:
    return {
        member.name.removeprefix(folder): member
        for member in contents.members
        if member.name.startswith(folder) and member.kind is MemberKind.FILE
    }


class _Loader:
    def __init__(self, contents: Contents, store: Store | None, folder: str) -> None:
        self._contents = contents
        self._store = store
        self._folder = folder
        self._members = _members(contents, folder)
        self._problems: list[Problem] = []
        self._room = IMAGES
        self._mappings = 0

    def load(self, earlier: Pages | None) -> Memories:
        mms = self._mms()
        page = next(filter(None, map(_page_size, mms.values())), None) or self._inferred()
        pagemaps = self._pagemaps(page)
        pages = Pages(pagemaps, self._pages(), self._store, page, earlier)
        table = self._table()
        found = [self._process(pid, mm, pages, page, table) for pid, mm in mms.items()] + [
            Memory(int(name), _unmapped(pagemap), pages, page)
            for name, pagemap in pagemaps.items()
            if name.isdecimal() and int(name) not in mms
        ]
        names = {inode.shmid: memfd_name(inode) for inode in table.memfds.values()}
        return Memories(
            processes=tuple(sorted(found, key=lambda memory: memory.pid)),
            objects=tuple(
                Memory(0, (_object(int(name.removeprefix("shmem-")), pagemap, names),), pages, page)
                for name, pagemap in pagemaps.items()
                if not name.isdecimal() and pagemap.ends
            ),
            pages=pages,
            page=page,
            stored=sum({each.pages: each.stored for each in pagemaps.values()}.values()),
            problems=tuple(self._problems[: limits.REPORTED]),
        )

    def _process(
        self,
        pid: int,
        mm: images.Mm,
        pages: Pages,
        page: int,
        table: FileTable,
    ) -> Memory:
        found: list[Vma] = []
        self._mappings += len(mm.vmas)
        if self._mappings > MAPPINGS:
            self._problem(f"mm-{pid}.img", None, f"unread: more than {MAPPINGS:,} mappings in all")
            mm = images.Mm()
        for entry in sorted(mm.vmas, key=lambda entry: entry.start):
            if not (found[-1].end if found else 0) <= entry.start < entry.end <= ADDRESSES - page:
                self._problem(
                    f"mm-{pid}.img", None, f"the mapping at {entry.start:#x} is none, or overlaps"
                )
                continue
            found.append(vma(entry, table))
        executable = table.entries.get(mm.exe_file_id)
        return Memory(
            pid=pid,
            vmas=tuple(found),
            pages=pages,
            page=page,
            auxiliary=tuple(mm.mm_saved_auxv),
            executable="/" + decode(executable.reg.name).lstrip("/") if executable else "",
            argument_range=(mm.mm_arg_start, mm.mm_arg_end),
            environment_range=(mm.mm_env_start, mm.mm_env_end),
        )

    def _numbered(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """The images whose names fit, each with what tells it apart."""
        for name in self._members:
            if found := pattern.fullmatch(name):
                yield name, found[1]

    def _mms(self) -> dict[int, images.Mm]:
        found = {}
        for name, pid in self._numbered(_MM):
            try:
                for _, raw in entries(self._image(name), Magic.MM):
                    found[int(pid)] = images.Mm.FromString(raw)
            except Fault as fault:
                self._problem(name, fault.offset, fault.message)
            except DecodeError:
                self._problem(name, None, "an entry that is no protobuf of its kind")
        return found

    def _pagemaps(self, page: int) -> dict[str, Pagemap]:
        found, left = {}, ENTRIES
        for name, number in self._numbered(_PAGEMAP):
            try:
                pagemap = found[number] = read_pagemap(self._image(name), page, left)
                left -= pagemap.count
            except Fault as fault:
                pagemap = found[number] = Pagemap(fault=fault)
            if pagemap.fault:
                self._problem(name, pagemap.fault.offset, pagemap.fault.message)
        return found

    def _inferred(self) -> int:
        """Bytes of a page where no process tells: so many that some image is as long as it says.

        A pre-checkpoint has nothing but pagemaps and pages.
        """
        numbered = {
            int(number): self._members[name].size for name, number in self._numbered(_PAGES)
        }
        for name, _ in self._numbered(_PAGEMAP):
            image = self._contents.files.get(self._members[name].name, b"")
            for page in _PAGE_SIZES if image else ():
                found = read_pagemap(image, page)
                if found.fault is None and found.stored == numbered.get(found.pages, 0) > 0:
                    return page
        return _PAGE_SIZES[0]

    def _pages(self) -> dict[int, Member]:
        if "cipher.img" in self._members:
            self._problem("cipher.img", None, "the pages are encrypted: none of them can be read")
            return {}
        return {int(number): self._members[name] for name, number in self._numbered(_PAGES)}

    def _table(self) -> FileTable:
        """The files; a pre-checkpoint has none."""
        if "files.img" not in self._members:
            return FileTable({}, {}, {}, "little")
        found = Images(self._contents, self._folder)
        table = file_table(found)
        self._problems += found.problems
        return table

    def _image(self, name: str) -> bytes:
        """The bytes of an image, from the Store if they were not kept. Raises Fault."""
        member = self._members[name]
        raw = self._contents.files.get(member.name)
        if raw is None and member.size > IMAGE:
            raise Fault(0, f"{size(member.size)} long; they are read up to {size(IMAGE)}")
        if raw is None and self._store is None:
            raise Fault(0, f"{size(member.size)} long: to be read together with the pages")
        if raw is None and self._store and member.offset is not None:
            self._room -= member.size
            if self._room < 0:
                raise Fault(0, f"unread: large maps are read up to {size(IMAGES)} in all")
            raw = self._store.read(member, 0, member.size)
        return raw or b""

    def _problem(self, name: str, offset: int | None, message: str) -> None:
        self._problems.append(Problem(self._folder + name, offset, message))


def _page_size(mm: images.Mm) -> int | None:
    """Bytes of a page, as the kernel told the process."""
    pairs = dict(zip(mm.mm_saved_auxv[::2], mm.mm_saved_auxv[1::2], strict=False))
    found = pairs.get(_PAGE_SIZE)
    return found if found in _PAGE_SIZES else None


def _unmapped(pagemap: Pagemap) -> tuple[Vma, ...]:
    """What stands for mappings in a pre-checkpoint, which has none: the pages that it tells of."""
    found: list[Vma] = []
    for start, end in zip(pagemap.starts, pagemap.ends, strict=True):
        if found and found[-1].end == start:
            start = found.pop().start
        found.append(Vma(start, end, 0, 0, Status(0), Kind.UNKNOWN))
    return tuple(found)


def _object(number: int, pagemap: Pagemap, names: Mapping[int, str]) -> Vma:
    """Shared memory as one mapping, as far as it has pages."""
    kind = Kind.MEMFD if number in names else Kind.SHARED
    name = names.get(number, "")
    return Vma(0, pagemap.ends[-1], 3, 1, Status(0), kind, name, 0, number)
