"""Pagemaps of every CRIU, honest ones and others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.criu.builders import head, image
from tests.criu.memories import PAGE
from tui.criu import images_pb2 as images
from tui.criu.framing import Magic
from tui.criu.pagemap import ADDRESSES, Flag, Pagemap, Run, read_pagemap

PRESENT, PARENT, LAZY = Flag.PRESENT, Flag.PARENT, Flag.LAZY


def pagemap(*entries: images.Pagemap, page: int = PAGE) -> Pagemap:
    return read_pagemap(image(Magic.PAGEMAP, images.PagemapHead(pages_id=7), *entries), page)


def entry(start: int, count: int, flags: int = PRESENT) -> images.Pagemap:
    return images.Pagemap(vaddr=start, nr_pages=count, flags=flags)


def everything(found: Pagemap) -> list[Run]:
    return list(found.runs(0, ADDRESSES))


def test_only_present_pages_take_up_room() -> None:
    found = pagemap(
        entry(0x1000, 2),
        entry(0x3000, 1, PARENT),
        entry(0x8000, 1, LAZY),
        entry(0x9000, 1, LAZY | PRESENT),
    )
    assert found.fault is None
    assert found.pages == 7
    assert found.stored == 3 * PAGE
    assert everything(found) == [
        Run(0x1000, 0x3000, 0, PRESENT),
        Run(0x3000, 0x4000, None, PARENT),
        Run(0x8000, 0x9000, None, LAZY),
        Run(0x9000, 0xA000, 2 * PAGE, LAZY | PRESENT),
    ]


def test_a_part_of_an_entry_begins_where_it_is_asked_for() -> None:
    found = pagemap(entry(0x1000, 1), entry(0x10000, 4))
    assert list(found.runs(0x11234, 0x11238)) == [
        Run(0x11234, 0x11238, PAGE + 0x1234, PRESENT, None, 0x1234)
    ]
    assert list(found.runs(0x2000, 0x10000)) == []
    assert list(found.runs(0x14000, 0x20000)) == []
    assert list(found.runs(0, 0x1001)) == [Run(0x1000, 0x1001, 0, PRESENT)]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (images.Pagemap(vaddr=0x1000, compat_nr_pages=2, flags=4), (0, PRESENT)),
        (images.Pagemap(vaddr=0x1000, compat_nr_pages=2), (0, PRESENT)),
        (images.Pagemap(vaddr=0x1000, compat_nr_pages=2, in_parent=True), (None, PARENT)),
        (images.Pagemap(vaddr=0x1000, nr_pages=2, compat_nr_pages=9, flags=4), (0, PRESENT)),
    ],
    ids=["up to 4.1", "without flags", "in_parent", "both counts"],
)
def test_every_criu_counts_its_own_way(
    message: images.Pagemap, expected: tuple[int | None, Flag]
) -> None:
    [run] = everything(pagemap(message))
    assert (run.start, run.end) == (0x1000, 0x3000)
    assert (run.place, run.flags) == expected


def test_pages_may_be_larger() -> None:
    found = pagemap(entry(0x10000, 2), entry(0x40000, 1), page=0x10000)
    assert [(run.end - run.start, run.place) for run in everything(found)] == [
        (0x20000, 0),
        (0x10000, 0x20000),
    ]


def test_newer_images_align_what_they_store() -> None:
    blocks = images.PagemapBlocks(block_sizes=[100], total_payload_size=100, pages_per_block=1)
    packed = entry(0x1000, 1)
    packed.blocks = blocks.SerializeToString()
    found = pagemap(packed, entry(0x5000, 1), entry(0x9000, 1, PRESENT | Flag.ALIGNED))
    assert [run.place for run in everything(found)] == [0, 100, 2 * PAGE]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (entry(0x1000, 1), "the pages at 0x1000 are out of order"),
        (entry(0x2001, 1), "pages at 0x2001 to 0x3001, where none can be"),
        (entry(0x5000, 1 << 60), "where none can be"),
        (entry(0x5000, 1, 0x24), "flags 0x24, of a CRIU that is newer than podthaw knows"),
    ],
)
def test_what_makes_no_sense_ends_the_reading(bad: images.Pagemap, message: str) -> None:
    found = pagemap(entry(0x1000, 1), bad, entry(0x9000, 1))
    assert found.fault
    assert message in found.fault.message
    assert len(everything(found)) == 1
    assert found.known == 0x2000


def test_what_is_no_pagemap_is_told() -> None:
    assert "no such image" in str(read_pagemap(b"nothing of the kind", PAGE).fault)
    assert "no protobuf" in str(read_pagemap(head(Magic.PAGEMAP) + b"\2\0\0\0\xff\xff", PAGE).fault)
    assert read_pagemap(head(Magic.PAGEMAP), PAGE).fault is None


def varints(field: int, *values: int) -> bytes:
    """Numbers as repeated varints of a field that the schema has as bytes."""
    out = b""
    for value in values:
        out += bytes([field << 3])
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        out += bytes([value])
    return out


def test_both_ways_to_tell_of_compressed_pages() -> None:
    sizes = [0, 300, PAGE]
    first = entry(0x1000, 3)
    first.total_compressed_size = sum(sizes)
    second = entry(0x9000, 3)
    second.blocks = images.PagemapBlocks(
        block_sizes=sizes, total_payload_size=sum(sizes), pages_per_block=1
    ).SerializeToString()
    raw = first.SerializeToString() + varints(6, *sizes)
    found = read_pagemap(image(Magic.PAGEMAP, images.PagemapHead(pages_id=1), raw, second), PAGE)
    assert found.fault is None
    one, two = everything(found)
    assert one.blocks == two.blocks
    assert one.blocks
    assert one.blocks.sizes == (0, 300, PAGE)
    assert one.blocks.places == (0, 0, 300)
    assert (one.place, two.place, found.stored) == (0, 300 + PAGE, 2 * (300 + PAGE))


@pytest.mark.parametrize(
    "blocks",
    [
        {"block_sizes": [1], "total_payload_size": 1, "pages_per_block": 1},
        {"block_sizes": [1, PAGE + 1], "total_payload_size": PAGE + 2, "pages_per_block": 1},
        {"block_sizes": [1, 2], "total_payload_size": 9, "pages_per_block": 1},
        {"block_sizes": [5], "total_payload_size": 5, "pages_per_block": 1 << 20},
    ],
    ids=["too few", "too long", "another sum", "too large"],
)
def test_blocks_that_do_not_fit_are_refused(blocks: dict[str, object]) -> None:
    packed = entry(0x1000, 2)
    packed.blocks = images.PagemapBlocks(**blocks).SerializeToString()  # type: ignore[arg-type]
    found = pagemap(packed)
    assert found.fault
    assert "compressed in a way that podthaw does not know" in found.fault.message


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 5), st.sampled_from([PRESENT, PARENT, LAZY])),
        max_size=12,
    ),
    st.integers(0, 80 * PAGE),
    st.integers(0, 80 * PAGE),
)
def test_parts_are_parts_of_the_whole(
    steps: list[tuple[int, int, Flag]], start: int, length: int
) -> None:
    at, entries = 0, []
    for gap, count, flags in steps:
        at += gap * PAGE
        entries.append(entry(at, count, flags))
        at += count * PAGE
    found = pagemap(*entries)
    end = start + length
    parts = list(found.runs(start, end))
    expected = [
        (max(start, run.start), min(end, run.end), run.flags, run.place, run.start)
        for run in everything(found)
        if max(start, run.start) < min(end, run.end)
    ]
    assert [(part.start, part.end, part.flags) for part in parts] == [each[:3] for each in expected]
    for part, (low, _, _, place, whole) in zip(parts, expected, strict=True):
        assert part.place == (None if place is None else place + low - whole)
