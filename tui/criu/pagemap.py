"""Which pages of memory a checkpoint has, and where they lie: the pagemap images.

An entry stands for pages that follow one another. Only those that are PRESENT take up room in
the pages image, one entry behind the other; what is in no entry was never written to.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntFlag
from itertools import accumulate

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from tui.criu import images_pb2 as images
from tui.criu.framing import Fault, Magic, entries

ENTRIES = 4_000_000
"""Entries, and compressed blocks, of all pagemaps together; 16 GiB of which every other page is
missing have two million."""

BLOCK = 4 << 20
"""Bytes that a compressed block unpacks to; CRIU's own limit."""

ADDRESSES = 1 << 64


class Flag(IntFlag):
    """What an entry says of its pages; CRIU's numbers."""

    PARENT = 1
    LAZY = 2
    PRESENT = 4
    ALIGNED = 8


_KNOWN = int(Flag.PARENT | Flag.LAZY | Flag.PRESENT | Flag.ALIGNED)


@dataclass(frozen=True, slots=True)
class Blocks:
    """How the pages of one entry are compressed: block by block, each with LZ4."""

    length: int
    """Bytes that all of them unpack to."""
    raw: int
    """Bytes that each unpacks to; the last one may have fewer."""
    sizes: tuple[int, ...]
    """Bytes that each takes up: none stands for zeros, as many as unpacked for no compression."""
    places: tuple[int, ...]
    """Where each begins, from the start of the entry's bytes."""


@dataclass(frozen=True, slots=True)
class Run:
    """Pages of one entry, or a part of them."""

    start: int
    end: int
    place: int | None
    """Where they begin in the pages image; of compressed ones, where those of the entry begin."""
    flags: Flag
    blocks: Blocks | None = None
    skipped: int = 0
    """Bytes of the entry that come before."""


@dataclass(slots=True)
class Pagemap:
    """The entries of one pagemap image, by address; filled only while it is read."""

    pages: int = 0
    """The number in the name of the pages image."""
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    ends: "array[int]" = field(default_factory=lambda: array("Q"))
    places: "array[int]" = field(default_factory=lambda: array("q"))
    flags: "array[int]" = field(default_factory=lambda: array("B"))
    blocks: dict[int, Blocks] = field(default_factory=dict)
    """Of the entries that are compressed, by index."""
    stored: int = 0
    """Bytes that the entries take up in the pages image."""
    count: int = 0
    """Entries and blocks."""
    fault: Fault | None = None
    """Why the image could not be read to its end."""

    @property
    def known(self) -> int:
        """The address from which on nothing is known."""
        if self.fault is None:
            return ADDRESSES
        return self.ends[-1] if self.ends else 0

    def runs(self, start: int, end: int) -> Iterator[Run]:
        """What the entries say of the addresses from `start` to `end`, in their order."""
        for index in range(max(0, bisect_right(self.starts, start) - 1), len(self.starts)):
            low, high = max(start, self.starts[index]), min(end, self.ends[index])
            if low >= end:
                return
            if low >= high:
                continue
            place, blocks = self.places[index], self.blocks.get(index)
            skipped = low - self.starts[index]
            yield Run(
                low,
                high,
                None if place < 0 else place if blocks else place + skipped,
                Flag(self.flags[index]),
                blocks,
                skipped,
            )


def read_pagemap(image: bytes, page: int, most: int = ENTRIES) -> Pagemap:
    """What the pagemap `image` says, with pages of `page` bytes; where it goes wrong, up to there.

    Up to `most` entries and blocks are read. CRIU up to 4.1 counts pages in another field, and
    very old ones have no flags.
    """
    pagemap = Pagemap()
    try:
        rest = entries(image, Magic.PAGEMAP)
        for _, head in rest:
            pagemap.pages = images.PagemapHead.FromString(head).pages_id
            break
        for offset, raw in rest:
            _add(pagemap, images.Pagemap.FromString(raw), page, offset)
            if pagemap.count > most:
                raise Fault(offset, f"more than {ENTRIES:,} entries in all: the rest is unread")
    except Fault as fault:
        pagemap.fault = fault
    except DecodeError:
        pagemap.fault = Fault(0, "an entry that is no protobuf of its kind")
    return pagemap


def _add(pagemap: Pagemap, entry: images.Pagemap, page: int, offset: int) -> None:
    count = entry.nr_pages if entry.HasField("nr_pages") else entry.compat_nr_pages
    start, end = entry.vaddr, entry.vaddr + count * page
    if start % page or end > ADDRESSES - page:
        raise Fault(offset, f"pages at {start:#x} to {end:#x}, where none can be")
    if pagemap.ends and start < pagemap.ends[-1]:
        raise Fault(offset, f"the pages at {start:#x} are out of order")
    flags = _flags(entry)
    if flags & ~_KNOWN:
        raise Fault(offset, f"flags {flags:#x}, of a CRIU that is newer than podthaw knows")
    if not count:
        return
    place = -1
    if flags & Flag.PRESENT:
        if flags & Flag.ALIGNED:
            pagemap.stored += -pagemap.stored % page
        place = pagemap.stored
        if entry.blocks or entry.total_compressed_size or entry.region_pages:
            blocks, length = _blocks(entry, count, page, offset)
            pagemap.blocks[len(pagemap.starts)] = blocks
            pagemap.count += len(blocks.sizes)
        else:
            length = end - start
        pagemap.stored += length
        if pagemap.stored >= 1 << 63:
            raise Fault(offset, "more pages than any file can hold")
    pagemap.count += 1
    pagemap.starts.append(start)
    pagemap.ends.append(end)
    pagemap.places.append(place)
    pagemap.flags.append(flags)


def _flags(entry: images.Pagemap) -> int:
    if not entry.HasField("flags"):
        return Flag.PARENT if entry.in_parent else Flag.PRESENT
    return entry.flags | (Flag.PARENT if entry.in_parent else 0)


def _blocks(entry: images.Pagemap, count: int, page: int, offset: int) -> tuple[Blocks, int]:
    """How an entry is compressed, and how many bytes it takes up."""
    if entry.blocks:
        told = images.PagemapBlocks.FromString(entry.blocks)
        sizes, each = tuple(told.block_sizes), told.pages_per_block
        total, step = told.total_payload_size, page if told.payload_padded else 1
    else:
        sizes = tuple(
            unknown.data
            for unknown in UnknownFieldSet(entry)  # type: ignore[attr-defined]
            if unknown.field_number == entry.BLOCKS_FIELD_NUMBER and isinstance(unknown.data, int)
        )
        total, each, step = entry.total_compressed_size, entry.region_pages, 1
    raw = max(each, 1) * page
    lengths = [size + -size % step for size in sizes]
    if (
        raw > BLOCK
        or len(sizes) != -(-count * page // raw)
        or any(size > raw for size in sizes)
        or total not in (sum(sizes), sum(lengths))
    ):
        raise Fault(offset, "pages that are compressed in a way that podthaw does not know")
    places = tuple(accumulate(lengths, initial=0))
    return Blocks(count * page, raw, sizes, places[:-1]), places[-1]
