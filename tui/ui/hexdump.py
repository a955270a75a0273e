"""What a hex view shows in which row, worked out without reading anything that is not seen.

Bytes that are there fill rows; bytes that are not take one row, however many they are, which says
why in words.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from tui.criu.memory import Memory
from tui.criu.pages import Source
from tui.text import size

CONTROL, HIGH, ZERO, PRINTABLE = "control", "high", "zero", "printable"

CLASSES = tuple(
    ZERO if byte == 0 else HIGH if byte > 0x7E else PRINTABLE if byte >= 0x20 else CONTROL
    for byte in range(256)
)
"""What kind of byte each is: told by colour, and by GLYPHS."""

GLYPHS = "".join(
    chr(byte) if kind == PRINTABLE else {ZERO: "·", CONTROL: "•", HIGH: "◦"}[kind]
    for byte, kind in enumerate(CLASSES)
)
"""How each byte is shown as a character."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes that follow one another and are all there, or all absent."""

    start: int
    size: int
    absent: str = ""
    """Why they are absent."""

    @property
    def end(self) -> int:
        """The address behind the last one."""
        return self.start + self.size


class Bytes(Protocol):
    """Something that has bytes at addresses."""

    def parts(self) -> Iterable[Part]:
        """All of it, in the order of addresses."""

    def read(self, address: int, count: int) -> bytes:
        """`count` bytes that are there; fewer where they cannot be read. Raises ArchiveError."""


class RawBytes:
    """Bytes that are in memory anyway, from address 0 on."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def parts(self) -> Iterable[Part]:
        """See Bytes."""
        return [Part(0, len(self._raw))] if self._raw else []

    def read(self, address: int, count: int) -> bytes:
        """See Bytes."""
        return self._raw[address : address + count]


class Region:
    """A part of the memory of a process."""

    def __init__(self, memory: Memory, start: int, end: int) -> None:
        self._memory = memory
        self._start = start
        self._end = end

    def parts(self) -> Iterable[Part]:
        """See Bytes; what was stored in several places is one part."""
        start = end = self._start
        for stretch in self._memory.stretches(self._start, self._end):
            end = stretch.start
            if not isinstance(stretch.what, Source):
                if start < end:
                    yield Part(start, end - start)
                yield Part(end, stretch.size, f"{size(stretch.size)} {stretch.what}")
                start = stretch.end
            end = stretch.end
        if start < end:
            yield Part(start, end - start)

    def read(self, address: int, count: int) -> bytes:
        """See Bytes."""
        found = self._memory.read(address, count)
        return found[0][1] if found and isinstance(found[0][1], bytes) else b""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row shows: some bytes of a part, or that they are absent."""

    start: int
    size: int
    part: Part

    @property
    def last(self) -> int:
        """The last address that the cursor can be at."""
        return self.start if self.part.absent else self.start + self.size - 1


class Rows:
    """The rows of some parts, `width` bytes in each."""

    def __init__(self, parts: Sequence[Part], width: int) -> None:
        self._parts = parts
        self.width = width
        counts = (1 if part.absent else -(-part.size // width) for part in parts)
        self._firsts = array("Q", accumulate(counts, initial=0))

    def __len__(self) -> int:
        return self._firsts[-1]

    def __getitem__(self, index: int) -> Row:
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = bisect_right(self._firsts, index) - 1
        part = self._parts[place]
        if part.absent:
            return Row(part.start, part.size, part)
        start = part.start + (index - self._firsts[place]) * self.width
        return Row(start, min(self.width, part.end - start), part)

    def index(self, address: int) -> int:
        """The row with `address`, or the last one before it; there must be rows."""
        place = max(0, bisect_right(self._parts, address, key=_start) - 1)
        part = self._parts[place]
        if part.absent:
            return self._firsts[place]
        inside = min(max(0, address - part.start), part.size - 1)
        return self._firsts[place] + inside // self.width

    @property
    def digits(self) -> int:
        """How many hexadecimal digits the addresses have."""
        last = self._parts[-1].end - 1 if self._parts else 0
        return next(digits for digits in (8, 12, 16) if last < 16**digits)


def columns(digits: int, width: int) -> int:
    """Cells of a row: address, mark, bytes with a gap in their middle, characters."""
    return digits + 2 + 3 * width + 1 + width


def fitting(digits: int, cells: int) -> int:
    """How many bytes a row of so many cells has."""
    return 16 if columns(digits, 16) <= cells else 8


def column(cell: int, rows: Rows) -> int:
    """Which byte of a row is shown in a cell, as a number or as a character."""
    cell -= rows.digits + 2
    characters = 3 * rows.width + 1
    if cell >= characters:
        return min(rows.width - 1, cell - characters)
    return max(0, min(rows.width - 1, (cell - (cell >= 3 * rows.width // 2)) // 3))


def address_in(text: str, cursor: int) -> int | None:
    """The address that people mean: `7ffe1000`, `0x7ffe1000`; `+100` and `-10` from `cursor`."""
    plain = text.strip().lower().replace("_", "")
    sign = plain[:1] if plain[:1] in ("+", "-") else ""
    digits = plain.removeprefix(sign).removeprefix("0x")
    if not 0 < len(digits) <= 16 or any(char not in "0123456789abcdef" for char in digits):
        return None
    number = int(digits, 16)
    return cursor + number if sign == "+" else cursor - number if sign == "-" else number


def _start(part: Part) -> int:
    return part.start
