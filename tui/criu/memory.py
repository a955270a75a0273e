"""The memory of each process: what is mapped where, and the bytes of it that are there."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tui.archive import limits
from tui.archive.model import Member
from tui.criu.pages import Absence, Pages, Source, Stretch
from tui.criu.vma import FILES, KERNEL, OBJECTS, Kind, Vma
from tui.text import decode

TEXTS = 8 * limits.MIB
"""Bytes of arguments, or of the environment; the kernel allows 6 MiB together."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Bytes that are not there."""

    size: int
    why: Absence


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of memory by where they are; together as many as are mapped."""

    stored: int = 0
    zero: int = 0
    file: int = 0
    """As in the mapped file, which is not in the checkpoint."""
    earlier: int = 0
    """In the earlier checkpoint."""
    lazy: int = 0
    other: int = 0
    """Missing, damaged, or made by the kernel."""

    @property
    def mapped(self) -> int:
        """All of them."""
        return self.stored + self.zero + self.file + self.earlier + self.lazy + self.other


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The memory of one process, or one shared memory by itself."""

    pid: int
    """0 for shared memory."""
    vmas: tuple[Vma, ...]
    """In the order of their addresses."""
    pages: Pages
    page: int = 4096
    """Bytes of a page."""
    auxiliary: tuple[int, ...] = ()
    """The auxiliary vector: keys and values in turn."""
    executable: str = ""
    argument_range: tuple[int, int] = (0, 0)
    environment_range: tuple[int, int] = (0, 0)

    def vma_at(self, address: int) -> Vma | None:
        """The mapping that `address` lies in."""
        index = self._before(address)
        return self.vmas[index] if index >= 0 and address < self.vmas[index].end else None

    def stretches(self, start: int, end: int) -> Iterator[Stretch]:
        """What is from `start` to `end`, in order and without gaps, in pieces as long as can be."""
        held: Stretch | None = None
        for stretch in self._all(start, end):
            if held is None:
                held = stretch
            elif joined := held.joined(stretch):
                held = joined
            else:
                yield held
                held = stretch
        if held:
            yield held

    def mapped(self) -> Iterator[Stretch]:
        """The same of everything that is mapped."""
        for start, end in spans(self.vmas):
            yield from self.stretches(start, end)

    def read(self, address: int, count: int) -> list[tuple[int, bytes | Absent]]:
        """What is at `address` and behind it, each piece with where it begins.

        Zeros that are not stored are absent, too. Raises ArchiveError.
        """
        found: list[tuple[int, bytes | Absent]] = []
        for stretch in self.stretches(address, address + count):
            if not isinstance(stretch.what, Source):
                found.append((stretch.start, Absent(stretch.size, stretch.what)))
                continue
            buffer = bytearray(stretch.size)
            there = stretch.what.read_into(0, memoryview(buffer))
            if there:
                found.append((stretch.start, bytes(memoryview(buffer)[:there])))
            if there < stretch.size:
                missing = Absent(stretch.size - there, Absence.DAMAGED)
                found.append((stretch.start + there, missing))
        return found

    def parts(self, start: int, end: int) -> Iterator[Member]:
        """The parts of the pages images that have what is stored, as if they were members."""
        for stretch in self.stretches(start, end):
            if isinstance(stretch.what, Source):
                member, place = stretch.what.member, stretch.what.place
                length = stretch.what.length or stretch.size
                yield replace(member, offset=(member.offset or 0) + place, size=length)

    def sizes(self, vma: Vma | None = None) -> Sizes:
        """Where the bytes of one mapping are, or those of all."""
        return _sizes(self.stretches(vma.start, vma.end) if vma else self.mapped(), self.pages)

    def _before(self, address: int) -> int:
        """The index of the last mapping that begins at `address` or before; -1: none does."""
        return bisect_right(self.vmas, address, key=_start) - 1

    def _all(self, start: int, end: int) -> Iterator[Stretch]:
        at = start
        for index in range(max(0, self._before(start)), len(self.vmas)):
            vma = self.vmas[index]
            low, high = max(at, vma.start), min(end, vma.end)
            if low >= end:
                break
            if low >= high:
                continue
            if at < low:
                yield Stretch(at, low, Absence.UNMAPPED)
            yield from self._within(vma, low, high)
            at = high
        if at < end:
            yield Stretch(at, end, Absence.UNMAPPED)

    def _within(self, vma: Vma, start: int, end: int) -> Iterator[Stretch]:
        if vma.kind not in OBJECTS:
            yield from self.pages.stretches(str(self.pid), start, end, _otherwise(vma.kind))
        elif vma.object is None:
            yield Stretch(start, end, Absence.MISSING)
        else:
            distance = vma.start - vma.offset
            name = object_name(vma.object)
            for stretch in self.pages.stretches(
                name, start - distance, end - distance, Absence.ZERO
            ):
                yield Stretch(stretch.start + distance, stretch.end + distance, stretch.what)


def _start(vma: Vma) -> int:
    return vma.start


def object_name(number: int) -> str:
    """What the name of the pagemap of a shared memory ends in."""
    return f"shmem-{number}"


def arguments(memory: Memory) -> tuple[str, ...] | None:
    """The command line, as it was at the checkpoint; None if it is not in the archive.

    As the kernel shows it: where the last argument has lost its end, the process has written its
    title over them, up to the first NUL, which may lie in the environment.
    """
    start, end = memory.argument_range
    raw = _bytes(memory, start, end)
    if raw and raw[-1]:
        behind = max(end, memory.environment_range[1])
        raw = _bytes(memory, start, min(behind, start + max(memory.page, end - start)))
        return None if raw is None else (decode(raw.partition(b"\0")[0]),)
    return None if raw is None else _texts(raw)


def environment(memory: Memory) -> tuple[str, ...] | None:
    """The environment that the process was started with, or what it wrote over it.

    Programs that change their title write there, so that entries need not have a `=`.
    """
    raw = _bytes(memory, *memory.environment_range)
    return None if raw is None else _texts(raw)


def total(sizes: Iterable[Sizes]) -> Sizes:
    """All of them together."""
    each = [(one.stored, one.zero, one.file, one.earlier, one.lazy, one.other) for one in sizes]
    return Sizes(*map(sum, zip(*each, strict=True)))


def _bytes(memory: Memory, start: int, end: int) -> bytes | None:
    """What lies there, if it is no more than TEXTS; None if some of it is not in the archive."""
    if not 0 < end - start <= TEXTS:
        return None
    raw = bytearray()
    for _, piece in memory.read(start, end - start):
        if isinstance(piece, bytes):
            raw += piece
        elif piece.why is Absence.ZERO:
            raw += bytes(piece.size)
        else:
            return None
    return bytes(raw)


def _texts(raw: bytes) -> tuple[str, ...]:
    """Cut at each NUL; the padding behind the last one is left out."""
    text = raw.removesuffix(b"\0")
    if text.endswith(b"\0\0"):
        text = text.rstrip(b"\0")
    return tuple(map(decode, text.split(b"\0")))


def _otherwise(kind: Kind) -> Absence:
    """What a page is that no pagemap tells of."""
    if kind in FILES:
        return Absence.FILE
    if kind in KERNEL or kind is Kind.VDSO:
        return Absence.KERNEL
    return Absence.MISSING if kind is Kind.UNKNOWN else Absence.ZERO


def _sizes(stretches: Iterable[Stretch], pages: Pages) -> Sizes:
    counts = dict.fromkeys(("stored", "zero", "file", "earlier", "lazy", "other"), 0)
    for stretch in stretches:
        counts[_place(stretch, pages)] += stretch.size
    return Sizes(**counts)


def _place(stretch: Stretch, pages: Pages) -> str:
    match stretch.what:
        case Source():
            return "stored" if stretch.what.pages is pages else "earlier"
        case Absence.ZERO:
            return "zero"
        case Absence.FILE:
            return "file"
        case Absence.EARLIER:
            return "earlier"
        case Absence.LAZY:
            return "lazy"
    return "other"


def spans(vmas: Sequence[Vma]) -> Iterator[tuple[int, int]]:
    """The mappings, those that touch each other as one."""
    start = end = -1
    for vma in vmas:
        if vma.start != end:
            if end > start:
                yield start, end
            start = vma.start
        end = vma.end
    if end > start:
        yield start, end
