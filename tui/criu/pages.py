"""The pages behind the pagemaps: where each byte is, and why some are not there."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import lz4.block  # type: ignore[import-untyped]

from tui.archive.model import Member
from tui.archive.spool import Store
from tui.criu.pagemap import Blocks, Flag, Pagemap, Run

_UNPACKED = 8
"""Compressed blocks that are kept unpacked, of at most 4 MiB each."""


class Absence(StrEnum):
    """Why bytes of memory are not stored; the value is how people are told."""

    ZERO = "zeros, never written to"
    FILE = "as in the file: not in the checkpoint"
    KERNEL = "made by the kernel: not in the checkpoint"
    EARLIER = "in the earlier checkpoint, not in this one"
    LAZY = "left for later on the machine it came from"
    UNMAPPED = "not mapped"
    MISSING = "missing: the archive has no pages for it"
    DAMAGED = "damaged: the archive cannot be read here"
    UNREAD = "unknown: the pagemap cannot be read that far"


@dataclass(frozen=True, slots=True)
class Source:
    """Where stored bytes are."""

    pages: "Pages"
    member: Member
    place: int
    """Where they begin in the pages image; of compressed ones, where those of the entry begin."""
    blocks: Blocks | None = None
    skipped: int = 0
    """Bytes of the compressed entry that come before."""

    @property
    def length(self) -> int:
        """Bytes that the whole entry takes up if it is compressed, otherwise 0."""
        return self.blocks.places[-1] + self.blocks.sizes[-1] if self.blocks else 0

    def goes_on(self, size: int, other: "Source") -> bool:
        """Whether `other` follows the first `size` bytes of this one."""
        return (
            not self.blocks
            and not other.blocks
            and self.place + size == other.place
            and self.member is other.member
            and self.pages is other.pages
        )

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; how many bytes there were. Raises ArchiveError."""
        return self.pages.read_into(self, offset, buffer)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Addresses that follow one another and whose bytes do so too, or are absent alike."""

    start: int
    end: int
    what: Source | Absence

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.end - self.start

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` from `offset` on; how many bytes there were. Raises ArchiveError.

        Of zeros there are as many as are asked for, of what is absent otherwise none.
        """
        if isinstance(self.what, Source):
            return self.what.read_into(offset, buffer)
        if self.what is not Absence.ZERO:
            return 0
        buffer[:] = bytes(len(buffer))
        return len(buffer)

    def joined(self, other: "Stretch") -> "Stretch | None":
        """Both as one, if `other` goes on where this one ends."""
        if isinstance(self.what, Source) and isinstance(other.what, Source):
            same = self.what.goes_on(self.size, other.what)
        else:
            same = self.what is other.what
        return Stretch(self.start, other.end, self.what) if same else None


class Pages:
    """The pagemaps of one checkpoint, and the pages that they tell of."""

    def __init__(
        self,
        pagemaps: Mapping[str, Pagemap],
        members: Mapping[int, Member],
        store: Store | None,
        page: int = 4096,
        earlier: "Pages | None" = None,
    ) -> None:
        """`pagemaps` by what their names end in (`7`, `shmem-1131`), `members` by number.

        `earlier` is the checkpoint that this one was made on top of; with pages of another size
        than `page` it cannot be that, and is not looked at.
        """
        self.pagemaps = pagemaps
        self.page = page
        self._members = members
        self._store = store
        self._earlier = earlier if earlier and earlier.page == page else None
        self._unpacked: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()

    def stretches(self, name: str, start: int, end: int, otherwise: Absence) -> Iterator[Stretch]:
        """What the pagemap `name` has from `start` to `end`; what is not in it is `otherwise`."""
        pagemap = self.pagemaps.get(name)
        if pagemap is None:
            yield Stretch(start, end, Absence.MISSING)
            return
        member = self._members.get(pagemap.pages)
        at = start
        for run in pagemap.runs(start, end):
            if at < run.start:
                yield Stretch(at, run.start, otherwise)
            yield from self._run(name, run, member)
            at = run.end
        known = max(at, min(end, pagemap.known))
        if at < known:
            yield Stretch(at, known, otherwise)
        if known < end:
            yield Stretch(known, end, Absence.UNREAD)

    def read_into(self, source: Source, offset: int, buffer: memoryview) -> int:
        """Fill `buffer` with the bytes of `source` from `offset` on; how many there were."""
        if source.blocks is None:
            return self._stored(source, source.place + offset, buffer)
        done, at = 0, source.skipped + offset
        while done < len(buffer):
            index, within = divmod(at + done, source.blocks.raw)
            part = self._block(source, source.blocks, index)[within:][: len(buffer) - done]
            if not part:
                break
            buffer[done : done + len(part)] = part
            done += len(part)
        return done

    def _run(self, name: str, run: Run, member: Member | None) -> Iterator[Stretch]:
        if run.place is None:
            if not run.flags & Flag.PARENT:
                yield Stretch(run.start, run.end, Absence.LAZY)
            elif self._earlier is None:
                yield Stretch(run.start, run.end, Absence.EARLIER)
            else:
                yield from self._earlier.stretches(name, run.start, run.end, Absence.EARLIER)
        elif member is None or member.offset is None:
            yield Stretch(run.start, run.end, Absence.MISSING)
        else:
            there = run.end
            if run.blocks is None:
                there = max(run.start, min(run.end, run.start + member.size - run.place))
            if run.start < there:
                source = Source(self, member, run.place, run.blocks, run.skipped)
                yield Stretch(run.start, there, source)
            if there < run.end:
                yield Stretch(there, run.end, Absence.DAMAGED)

    def _stored(self, source: Source, place: int, buffer: memoryview) -> int:
        return self._store.read_into(source.member, place, buffer) if self._store else 0

    def _block(self, source: Source, blocks: Blocks, index: int) -> bytes:
        """A compressed block as it was; empty if it is damaged."""
        key = (source.member.name, source.place, index)
        found = self._unpacked.get(key)
        if found is None:
            data = bytearray(blocks.sizes[index])
            count = self._stored(source, source.place + blocks.places[index], memoryview(data))
            raw = min(blocks.raw, blocks.length - index * blocks.raw)
            found = _unpacked(data, raw) if count == len(data) else b""
            self._unpacked[key] = found
            while len(self._unpacked) > _UNPACKED:
                self._unpacked.popitem(last=False)
        return found


def _unpacked(data: bytearray, raw: int) -> bytes:
    if not data:
        return bytes(raw)
    if len(data) == raw:
        return bytes(data)
    try:
        unpacked: bytes = lz4.block.decompress(data, uncompressed_size=raw)
    except lz4.block.LZ4BlockError:
        return b""
    return unpacked if len(unpacked) == raw else b""
