"""Everything that is in memory is found, wherever it lies, and nothing else is."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.criu.memories import (
    PAGE,
    SHARED,
    Page,
    archive,
    area,
    mapped,
    memories,
    page,
    process,
    runs,
)
from tests.criu.test_memory import shared
from tui.archive.model import Contents
from tui.criu import search as searching
from tui.criu.pagemap import Flag
from tui.criu.patterns import (
    LONGEST,
    NEEDLE,
    Expression,
    Needles,
    Pattern,
    Strings,
    expression,
    hexadecimal,
    text,
)
from tui.criu.search import Found, Hit, search
from tui.errors import UsageError

BASE = 0x10000


def hits(contents: Contents, pattern: Pattern, pids: tuple[int, ...] = ()) -> list[Hit]:
    with memories(contents) as found:
        return [hit for batch in search(found, pattern, pids) for hit in batch.hits]


def addresses(contents: Contents, pattern: Pattern) -> list[int]:
    return [hit.places[0].address for hit in hits(contents, pattern)]


def one(folder: Path, content: Mapping[int, Page], *splits: int) -> Contents:
    """A process with 16 anonymous pages in two mappings that touch."""
    areas = [area(BASE, 6), area(BASE + 6 * PAGE, 10)]
    return archive(folder, process(7, areas, content, splits))


@pytest.mark.parametrize("where", [0, 2, 5], ids=["pages", "entries", "mappings"])
def test_a_match_over_an_edge_is_found(where: int, tmp_path: Path) -> None:
    first = BASE + where * PAGE
    content = {first: page(b"the pass", end=True), first + PAGE: page(b"word is here")}
    contents = one(tmp_path, content, BASE + 3 * PAGE)
    for pattern in (
        text("password"),
        text("PASSWORD", ignore_case=True),
        hexadecimal("70617373 ?? 6f7264"),
        expression("pass(word)+"),
    ):
        [hit] = hits(contents, pattern)
        assert hit.places[0].address == first + PAGE - 4
        assert hit.match == b"password"
        assert hit.before.endswith(b"the ")
        assert hit.after.startswith(b" is here")
        assert len(hit.before) == len(hit.after) == searching.CONTEXT
        assert hit.places[0].pid == 7
        vma = hit.places[0].vma
        assert vma
        assert vma.start <= hit.places[0].address < vma.end


def test_nothing_is_found_over_a_gap(tmp_path: Path) -> None:
    gap: dict[int, Page] = {
        BASE: page(b"the pass", end=True),
        BASE + PAGE: Flag.PARENT,
        BASE + 2 * PAGE: page(b"word"),
        BASE + 15 * PAGE: page(b"the pass", end=True),
    }
    files = process(
        7, [area(BASE, 16), area(BASE + 17 * PAGE, 1)], gap | {BASE + 17 * PAGE: page(b"word")}
    )
    assert hits(archive(tmp_path, files), text("password")) == []


def test_zeros_that_are_not_stored_are_zeros(tmp_path: Path) -> None:
    contents = one(
        tmp_path,
        {BASE + PAGE: page(b"A").replace(b"\x90", b"B"), BASE + 3 * PAGE: page(b"C", end=True)},
    )
    assert addresses(contents, hexadecimal("00 00 41")) == [BASE + PAGE - 2]
    assert addresses(contents, hexadecimal("42 00 00 00")) == [BASE + 2 * PAGE - 1]
    assert addresses(contents, text("C\0")) == [BASE + 4 * PAGE - 1]
    assert addresses(contents, expression(r"BB\x00{4096}\x90")) == [BASE + 2 * PAGE - 2]
    assert addresses(contents, hexadecimal("00")) == []


def test_the_last_character_of_wide_text_may_end_in_a_page_of_zeros(tmp_path: Path) -> None:
    wide = "geheim".encode("utf-16-le")[:-1]
    contents = one(tmp_path, {BASE: page(wide, end=True)})
    [hit] = hits(contents, text("geheim", wide=True))
    assert hit.text == "geheim"
    [hit] = hits(contents, Strings(6, wide=True))
    assert hit.text == "geheim"


def test_text_in_any_case_and_both_encodings(tmp_path: Path) -> None:
    forms = ["straße", "STRASSE", "Straße", "strasse"]
    raw = b"|".join(form.encode() for form in forms) + b"|" + "STRAßE".encode("utf-16-le")
    contents = one(tmp_path, {BASE: page(raw)})
    assert len(hits(contents, text("straße"))) == 1
    assert len(hits(contents, text("straße", ignore_case=True))) == 3
    assert len(hits(contents, text("strasse", ignore_case=True))) == 2
    wide = hits(contents, text("straße", ignore_case=True, wide=True))
    assert [hit.text for hit in wide][-1] == "STRAßE"
    assert len(wide) == 4


def test_bytes_that_are_no_text_are_found(tmp_path: Path) -> None:
    contents = one(tmp_path, {BASE: page(b"\xff\xfe?\0\x01", at=100)})
    assert addresses(contents, hexadecimal("FFFE3F 00 01")) == [BASE + 100]
    assert addresses(contents, hexadecimal("0xfffe3f")) == [BASE + 100]
    assert addresses(contents, text("?")) == [BASE + 102]
    assert addresses(contents, text("\udcff\udcfe")) == [BASE + 100]


def test_what_processes_share_is_looked_through_once(tmp_path: Path) -> None:
    contents = archive(tmp_path, shared(tmp_path))
    with memories(contents) as found:
        *_, last = search(found, text("B"))
        assert last.total == found.stored
    first, second = hits(contents, text("B"))
    assert [(place.pid, place.address) for place in first.places] == [
        (7, BASE + PAGE),
        (8, BASE + 4 * PAGE),
    ]
    assert [(place.pid, place.address) for place in second.places] == [(0, PAGE)]
    assert second.places[0].vma
    assert second.places[0].vma.label == "/memfd:secret"


def test_processes_with_the_same_pages_are_one(tmp_path: Path) -> None:
    content = {BASE: page(b"needle")}
    pagemap, pages = mapped(1, content)
    files = process(7, [area(BASE, 2)], content) | process(9, [area(BASE, 2)], content)
    files |= {"pagemap-7": pagemap, "pagemap-9": pagemap, "pages-1": pages}
    contents = archive(tmp_path, files)
    [hit] = hits(contents, text("needle"))
    assert [place.pid for place in hit.places] == [7, 9]


def test_some_processes_alone(tmp_path: Path) -> None:
    files = process(7, [area(BASE, 2)], {BASE: page(b"needle")})
    files |= process(8, [area(BASE, 2)], {BASE + PAGE: page(b"needle")})
    files |= process(9, [area(BASE, 1, SHARED, shmid=3)], {})
    pagemap, pages = mapped(20, {0: page(b"needle")})
    files |= {"pagemap-shmem-3": pagemap, "pages-20": pages}
    contents = archive(tmp_path, files)
    assert [hit.places[0].pid for hit in hits(contents, text("needle"))] == [7, 8, 9]
    assert [hit.places[0].pid for hit in hits(contents, text("needle"), (8,))] == [8]
    assert [hit.places[0].pid for hit in hits(contents, text("needle"), (7, 9))] == [7, 9]


def test_hits_come_in_batches_and_progress_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "_BATCH", 10)
    content = {BASE + number * PAGE: page(b"x" * 16) for number in range(4)}
    with memories(one(tmp_path, content)) as found:
        looks: list[Found] = list(search(found, text("xx")))
    assert looks[0] == Found((), 0, 4 * PAGE)
    assert [len(look.hits) for look in looks[1:]] == [10, 10, 10, 2]
    assert [look.done for look in looks] == sorted(look.done for look in looks)
    assert looks[-1].done == looks[-1].total


def test_whoever_stops_asking_stops_the_search(tmp_path: Path) -> None:
    content = {BASE + number * PAGE: page(b"x" * 4000) for number in range(9)}
    with memories(one(tmp_path, content)) as found:
        looks = search(found, text("x"))
        next(looks)
        assert next(looks).done < 2 * PAGE
        looks.close()  # type: ignore[attr-defined]  # it is a generator


def test_damage_is_passed_over(tmp_path: Path) -> None:
    files = process(
        7,
        [area(BASE, 3), area(BASE + 9 * PAGE, 1)],
        {BASE: page(b"needle"), BASE + PAGE: page(b"needle")},
    )
    files |= process(8, [area(BASE, 1)], {BASE: page(b"needle")})
    files["pages-7"] = files["pages-7"][: PAGE + 3]
    found = hits(archive(tmp_path, files), text("needle"))
    assert [hit.places[0].pid for hit in found] == [7, 8]


# Expressions


def test_an_expression_with_nothing_to_match_ends(tmp_path: Path) -> None:
    contents = one(tmp_path, {BASE: page(b"xaax")})
    assert [hit.match for hit in hits(contents, expression("a*"))] == [b"aa"]


def test_a_match_as_long_as_promised_is_found_whole(tmp_path: Path) -> None:
    inner = b"<" + b"a" * (LONGEST - 2) + b">"
    content = {}
    for number in range(16):
        content[BASE + number * PAGE] = b"".ljust(PAGE, b".")
    raw = bytearray(b"".join(content.values()))
    raw[5 * PAGE - 100 : 5 * PAGE - 100 + len(inner)] = inner
    content = {BASE + at: bytes(raw[at : at + PAGE]) for at in range(0, len(raw), PAGE)}
    [hit] = hits(one(tmp_path, content), expression("<a+>"))
    assert hit.places[0].address == BASE + 5 * PAGE - 100
    assert hit.size == LONGEST
    assert inner.startswith(hit.match)


def test_what_every_match_contains_is_seen() -> None:
    def required(value: str) -> bytes:
        pattern = expression(value)
        assert isinstance(pattern, Expression)
        return pattern.required

    assert required(r"[\w.]+@[\w.]+\.org") == b".org"
    assert required(r"(?:abc){2,}x?") == b"abc"
    assert required(r"(abc)?x") == b"x"
    assert required(r"abc|abd") == b"ab"
    assert required(r"abc|xyz") == b""
    assert required(r"(?i)abc") == b""
    assert required(r"(?i:abc)d") == b"d"
    assert required(r"(?=abc)\w+") == b""


def test_expressions_that_take_long_are_kept_short(tmp_path: Path) -> None:
    content = {BASE + number * PAGE: b"a" * PAGE for number in range(16)}
    content[BASE + 15 * PAGE] = b"a" * (PAGE - 8) + b"@podthaw"
    [hit] = hits(one(tmp_path, content), expression(r"[a-z]+@[a-z]+"))
    assert hit.match.startswith(b"aaa")
    assert hit.size >= LONGEST


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: text(""), "must have 1 to"),
        (lambda: text("x" * (NEEDLE + 1)), "must have 1 to 1,048,576 bytes"),
        (lambda: text("\ud800"), "cannot be written in utf-8"),
        (lambda: hexadecimal("12 3"), "'12 3' are no bytes in hexadecimal"),
        (lambda: hexadecimal("\x1b[2J"), "␛[2J"),
        (lambda: expression("(a"), "'(a' is no regular expression: missing )"),
        (lambda: expression(""), "must have 1 to"),
    ],
)
def test_what_cannot_be_looked_for_is_said(make: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()  # type: ignore[operator]
    assert message in str(caught.value)


# Strings


def test_strings_are_found_over_edges(tmp_path: Path) -> None:
    content = {
        BASE: page(b"a str", end=True),
        BASE + PAGE: page(b"ing\tof text\n", at=0),
        BASE + 3 * PAGE: page(b"short\0longer", at=7) + b"",
    }
    found = hits(one(tmp_path, content), Strings(6))
    assert [(hit.places[0].address, hit.text) for hit in found] == [
        (BASE + PAGE - 5, "a string\tof text"),
        (BASE + 3 * PAGE + 13, "longer"),
    ]


def test_wide_strings_lie_at_even_and_odd_places(tmp_path: Path) -> None:
    wide = "wide text".encode("utf-16-le")
    content = {BASE: page(wide, at=100), BASE + 2 * PAGE: page(wide, at=101)}
    found = hits(one(tmp_path, content), Strings(6, wide=True))
    assert [(hit.places[0].address, hit.text) for hit in found] == [
        (BASE + 100, "wide text"),
        (BASE + 2 * PAGE + 101, "wide text"),
    ]


# At random


pieces = st.binary(min_size=1, max_size=6).map(
    lambda raw: bytes(b"ab\0\x90"[byte % 4] for byte in raw)
)
small_pages = st.lists(pieces, min_size=1, max_size=4).map(
    lambda parts: (parts[0] + parts[-1].rjust(PAGE - len(parts[0]), b"."))[:PAGE]
)


@given(
    st.dictionaries(st.integers(0, 15), small_pages, max_size=10),
    st.sets(st.integers(0, 15)),
    pieces.filter(lambda needle: needle.strip(b"\0")),
)
def test_all_matches_are_found(
    tmp_path_factory: pytest.TempPathFactory,
    numbered: Mapping[int, bytes],
    splits: set[int],
    needle: bytes,
) -> None:
    content: dict[int, Page] = {BASE + n * PAGE: raw for n, raw in numbered.items()}
    contents = one(tmp_path_factory.mktemp("one"), content, *(BASE + n * PAGE for n in splits))
    whole = b"".join(numbered.get(n, bytes(PAGE)) for n in range(16))
    expected = [BASE + found.start() for found in re.finditer(re.escape(needle), whole)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Needles, "window", 256)
        assert addresses(contents, Needles((needle,))) == expected
    escaped = re.escape(needle.decode("utf-8", "surrogateescape"))
    assert addresses(contents, expression(escaped)) == expected


@given(st.dictionaries(st.integers(0, 15), small_pages, max_size=10), st.booleans())
def test_all_strings_are_found(
    tmp_path_factory: pytest.TempPathFactory, numbered: Mapping[int, bytes], wide: bool
) -> None:
    content: dict[int, Page] = {BASE + n * PAGE: raw for n, raw in numbered.items()}
    contents = one(tmp_path_factory.mktemp("one"), content)
    expected = rb"(?:[\t\x20-\x7e]\0){3,}" if wide else rb"[\t\x20-\x7e]{3,}"
    found = {
        (start + match.start(), match[0])
        for start, raw in runs(content)
        for match in re.finditer(expected, raw + b"\0" * wide)
        if len(match[0]) <= 4096
    }
    ours = {
        (hit.places[0].address, hit.match)
        for hit in hits(contents, Strings(3, wide))
        if hit.size <= 4096
    }
    assert found <= ours if wide else found == ours
