"""The hex view: what it shows, where its keys lead, and that gigabytes cost nothing."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.message import Message

from tests.criu.memories import PAGE, Page, archive, area, memories, page, process
from tui.criu.pagemap import Flag
from tui.errors import ArchiveError
from tui.ui.hexdump import (
    GLYPHS,
    Bytes,
    Part,
    RawBytes,
    Region,
    Row,
    Rows,
    address_in,
    column,
    columns,
    fitting,
)
from tui.ui.widgets.hex_view import HexView

BASE = 0x10000


class Shown(App[None]):
    """Nothing but the view."""

    def __init__(self, source: Bytes) -> None:
        super().__init__()
        self.source = source
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield HexView()

    def on_mount(self) -> None:
        self.view.show(self.source)
        self.view.focus()

    @property
    def view(self) -> HexView:
        return self.query_one(HexView)

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]

    def on_hex_view_address_wanted(self, message: HexView.AddressWanted) -> None:
        self.told.append(message)

    def on_hex_view_search_wanted(self, message: HexView.SearchWanted) -> None:
        self.told.append(message)


class Endless:
    """Terabytes that are made up when they are asked for, and how much that was."""

    SIZE = 1 << 46

    def __init__(self) -> None:
        self.read_bytes = 0

    def parts(self) -> Iterable[Part]:
        return [Part(0, self.SIZE)]

    def read(self, address: int, count: int) -> bytes:
        self.read_bytes += count
        return bytes((address + at) // 16 % 256 for at in range(count))


class Broken:
    """Bytes of which some cannot be read."""

    def parts(self) -> Iterable[Part]:
        return [Part(0, PAGE), Part(PAGE, 20)]

    def read(self, address: int, count: int) -> bytes:
        if address < PAGE:
            raise ArchiveError("a.tar: it has changed since it was read: open it again.")
        return b"0123456789ABCDEFGH"[:count]


async def test_a_row_has_address_numbers_and_characters() -> None:
    app = Shown(RawBytes(b"Hello, world!\0\x07\xff" + b"more"))
    async with app.run_test(size=(80, 24)):
        assert app.lines[0] == (
            "00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 00 07 ff Hello, world!·•◦"
        )
        assert app.lines[1] == ("00000010  6d 6f 72 65                                      more")
        assert app.lines[2] == ""
        assert app.view.border_subtitle == "0x0"


async def test_it_fits_eighty_cells_and_half_of_them() -> None:
    app = Shown(RawBytes(bytes(PAGE)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("pagedown")
        assert app.lines[0].startswith("00000000  00 00 00 00 00 00 00 00  00")
        assert app.view.cursor == 23 * 16
        await pilot.resize_terminal(50, 24)
        await pilot.pause()
        top = next(line for line in app.lines if line.startswith("00000170"))
        assert top == "00000170  00 00 00 00  00 00 00 00 ········"
        assert app.view.cursor == 23 * 16


async def test_addresses_of_a_process_fit_eighty_cells(tmp_path: Path) -> None:
    start = 0x7FFE_0000_0000
    files = process(7, [area(start, 1)], {start: page(b"text")})
    with memories(archive(tmp_path, files)) as found:
        app = Shown(Region(found.processes[0], start, start + PAGE))
        async with app.run_test(size=(80, 24)):
            assert app.lines[0].startswith("7ffe00000000  74 65 78 74 90")
            assert app.lines[0][:79].endswith("text◦◦◦◦◦◦◦◦◦◦◦◦")


async def test_what_is_absent_is_one_line_in_words(tmp_path: Path) -> None:
    content: dict[int, Page] = {
        BASE: page(b"first"),
        BASE + 2 * PAGE: Flag.PARENT,
        BASE + 3 * PAGE: page(b"last"),
    }
    files = process(7, [area(BASE, 4)], content)
    with memories(archive(tmp_path, files)) as found:
        app = Shown(Region(found.processes[0], BASE, BASE + 6 * PAGE))
        async with app.run_test(size=(90, 560)) as pilot:
            lines = app.lines
            assert lines[256] == "00011000  … 4.0 KiB zeros, never written to …"
            assert lines[257] == (
                "00012000  … 4.0 KiB in the earlier checkpoint, not in this one …"
            )
            assert lines[258].startswith("00013000  6c 61 73 74")
            assert lines[514] == "00014000  … 8.0 KiB not mapped …"
            assert lines[515] == ""
            assert app.view.go_to(BASE + PAGE - 1)
            steps = []
            for _ in range(3):
                await pilot.press("right")
                steps.append(app.view.cursor)
            assert steps == [BASE + PAGE, BASE + 2 * PAGE, BASE + 3 * PAGE]
            await pilot.press("left", "left", "left")
            assert app.view.cursor == BASE + PAGE - 1


async def test_keys_move_the_cursor_and_the_window_follows() -> None:
    app = Shown(RawBytes(bytes(range(256)) * 16))
    async with app.run_test(size=(80, 10)) as pilot:
        for keys, cursor in (
            ("l", 1),
            ("j", 17),
            ("h", 16),
            ("k", 0),
            ("left", 0),
            ("up", 0),
            ("G", PAGE - 1),
            ("down", PAGE - 1),
            ("right", PAGE - 1),
            ("pageup", PAGE - 1 - 9 * 16),
            ("home", 0),
            ("ctrl+d", 9 * 16),
            ("ctrl+u", 0),
            ("end", PAGE - 1),
        ):
            await pilot.press(keys)
            assert app.view.cursor == cursor, keys
        assert app.lines[-1].startswith("00000ff0")
        assert app.lines[0].startswith("00000f60")
        assert app.view.border_subtitle == "0xfff"


async def test_the_cursor_is_told_by_more_than_colour() -> None:
    app = Shown(RawBytes(b"abc"))
    async with app.run_test(size=(80, 4)) as pilot:
        await pilot.press("l")
        strip = app.view.render_line(0)
        reverse = [segment.text for segment in strip if segment.style and segment.style.reverse]
        assert reverse == ["62", "b"]


async def test_hits_are_marked_and_visited() -> None:
    raw = bytearray(b"." * 64 * 16)
    for at in (30, 500, 1000):
        raw[at : at + 4] = b"find"
    app = Shown(RawBytes(bytes(raw)))
    async with app.run_test(size=(80, 6)) as pilot:
        app.view.mark([(1000, 4), (30, 4), (500, 4)])
        assert app.view.border_subtitle == "0x0 · hit - of 3"
        await pilot.press("n")
        assert app.view.cursor == 30
        assert app.view.border_subtitle == "0x1e · hit 1 of 3"
        assert app.lines[1].startswith("00000010▸ ")
        assert app.lines[2].startswith("00000020▸ ")
        assert app.lines[3].startswith("00000030  ")
        under = [
            segment.text
            for segment in app.view.render_line(2)
            if segment.style and segment.style.underline
        ]
        assert under == ["6e", "64", "nd"]
        visited = []
        for key in ("n", "n", "n", "N", "N"):
            await pilot.press(key)
            visited.append(app.view.cursor)
        assert visited == [500, 1000, 30, 1000, 500]
        assert any("▸" in line for line in app.lines)


async def test_terabytes_are_scrolled_through_without_being_read() -> None:
    source = Endless()
    app = Shown(source)
    async with app.run_test(size=(80, 24)) as pilot:
        assert source.read_bytes <= 2 * 4096
        await pilot.press("end")
        last = Endless.SIZE - 16
        assert app.lines[-1].startswith(f"{last:012x}")
        assert app.view.cursor == Endless.SIZE - 1
        await pilot.press("up")
        assert app.view.cursor == Endless.SIZE - 17
        await pilot.press("home")
        assert app.lines[0].startswith("000000000000")
        middle = (1 << 45) + 7
        assert app.view.go_to(middle)
        await pilot.pause()
        assert any(line.startswith(f"{1 << 45:012x}") for line in app.lines)
        for _ in range(10):
            await pilot.press("pagedown")
        assert app.view.cursor == middle + 10 * 23 * 16
        assert source.read_bytes < 20 * 4096


async def test_only_addresses_that_are_there_can_be_gone_to(tmp_path: Path) -> None:
    files = process(7, [area(BASE, 2)], {BASE: page(b"A"), BASE + PAGE: page(b"B")})
    with memories(archive(tmp_path, files)) as found:
        app = Shown(Region(found.processes[0], BASE, BASE + 2 * PAGE))
        async with app.run_test(size=(80, 24)):
            assert app.view.go_to(BASE + PAGE + 5)
            assert app.view.cursor == BASE + PAGE + 5
            assert not app.view.go_to(BASE - 1)
            assert not app.view.go_to(BASE + 2 * PAGE)
            assert app.view.cursor == BASE + PAGE + 5


async def test_bytes_that_cannot_be_read_are_told_in_their_row() -> None:
    app = Shown(Broken())
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.lines[0].startswith("00000000  a.tar: it has changed since it was read")
        await pilot.press("end")
        assert app.lines[-2].startswith("00001000  30 31")
        assert app.lines[-1].startswith("00001010  47 48                  ")


async def test_nothing_is_an_empty_view() -> None:
    app = Shown(RawBytes(b""))
    async with app.run_test(size=(80, 4)) as pilot:
        await pilot.press("down", "right", "end", "home", "pagedown", "n", "N")
        assert app.view.border_subtitle == "empty"
        assert not app.view.go_to(0)
        assert "".join(app.lines) == ""


async def test_what_must_be_typed_is_asked_for() -> None:
    app = Shown(RawBytes(b"abc"))
    async with app.run_test(size=(80, 4)) as pilot:
        await pilot.press("a", "slash")
        kinds = [type(message) for message in app.told]
        assert kinds == [HexView.AddressWanted, HexView.SearchWanted]


async def test_a_click_puts_the_cursor_there() -> None:
    app = Shown(RawBytes(bytes(256)))
    async with app.run_test(size=(80, 24)) as pilot:
        for x, cursor in ((10, 16), (13, 17), (34, 16 + 7), (35, 16 + 8), (59, 16), (74, 31)):
            await pilot.click(HexView, offset=(x, 1))
            assert app.view.cursor == cursor, x


# Without a screen


def test_rows_need_what_they_say() -> None:
    assert columns(12, 16) == 79
    assert [fitting(8, cells) for cells in (74, 75, 200)] == [8, 16, 16]
    rows = Rows([Part(0, 32)], 16)
    assert [column(cell, rows) for cell in (0, 10, 12, 13, 33, 35, 57, 58, 59, 74, 99)] == [
        *(0, 0, 0, 1, 7, 8, 15, 15, 0, 15, 15)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7ffe1000", 0x7FFE1000),
        ("0x7FFE_1000", 0x7FFE1000),
        (" +10 ", 0x110),
        ("-0x10", 0xF0),
        ("", None),
        ("+", None),
        ("12g", None),
        ("١٢", None),
        ("1" * 17, None),
    ],
)
def test_addresses_as_people_type_them(text: str, expected: int | None) -> None:
    assert address_in(text, 0x100) == expected


def test_every_byte_has_a_glyph_of_one_cell() -> None:
    assert len(GLYPHS) == 256
    assert all(glyph.isprintable() for glyph in GLYPHS)


parts = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 100), st.booleans()), min_size=1, max_size=8
)


@given(parts, st.sampled_from([8, 16]))
def test_rows_and_addresses_lead_to_each_other(
    steps: list[tuple[int, int, bool]], width: int
) -> None:
    at, found = 0, []
    for gap, count, there in steps:
        found.append(Part(at + gap, count, "" if there else "absent"))
        at += gap + count
    rows = Rows(found, width)
    seen: list[Row] = [rows[index] for index in range(len(rows))]
    assert sum(row.size for row in seen) == sum(part.size for part in found)
    for index, row in enumerate(seen):
        assert row.size <= width or row.part.absent
        for address in (row.start, row.last):
            assert rows.index(address) == index
    with pytest.raises(IndexError):
        rows[len(rows)]
