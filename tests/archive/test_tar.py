"""Headers: as `tarfile` reads honest ones, and as Go reads the others."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archive.builders import BLOCK, END, entry, header, pax, record, signed, stream
from tui.archive.model import MemberKind
from tui.archive.stream import DamageError
from tui.archive.tar import Header, cleaned, escapes, next_header

KINDS = {
    MemberKind.FILE: tarfile.REGTYPE,
    MemberKind.DIRECTORY: tarfile.DIRTYPE,
    MemberKind.SYMLINK: tarfile.SYMTYPE,
    MemberKind.HARDLINK: tarfile.LNKTYPE,
    MemberKind.OTHER: tarfile.FIFOTYPE,
}

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}

parts = st.text("aä€ .-", min_size=1, max_size=40).map(lambda part: f"x{part}x")
names = st.lists(parts, min_size=1, max_size=8).map("/".join)
honest = st.lists(
    st.builds(
        lambda name, kind, content, mode, mtime, link: (name, kind, content, mode, mtime, link),
        names,
        st.sampled_from(MemberKind),
        st.binary(max_size=1500),
        st.integers(0, 0o7777),
        st.integers(0, 2**33 - 1),
        names,
    ),
    max_size=5,
)


def headers(raw: bytes) -> Iterator[Header]:
    source = stream(raw)
    while (found := next_header(source)) is not None:
        yield found
        source.skip(found.stored + -found.stored % BLOCK)


def sound(raw: bytes) -> Iterator[Header]:
    """The headers up to the first that is refused."""
    with suppress(DamageError):
        yield from headers(raw)


def one(raw: bytes) -> Header:
    [found] = headers(raw + END)
    return found


@pytest.mark.parametrize("form", FORMATS)
@given(members=honest)
def test_honest_archives_read_as_tarfile_reads_them(
    form: str, members: list[tuple[str, MemberKind, bytes, int, int, str]]
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=FORMATS[form]) as tar:
        written = []
        for name, kind, content, mode, mtime, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime = KINDS[kind], mode, mtime
            info.size = len(content) if kind is MemberKind.FILE else 0
            if kind in (MemberKind.SYMLINK, MemberKind.HARDLINK):
                info.linkname = link
            try:
                tar.addfile(info, io.BytesIO(content))
            except ValueError:  # too long for ustar
                continue
            written.append((name, kind, info.size, mode, mtime, info.linkname))
    found = [found.member for found in headers(out.getvalue())]
    assert [
        (each.name, each.kind, each.size, each.mode, each.mtime.timestamp(), each.link)
        for each in found
    ] == written
    out.seek(0)
    with tarfile.open(fileobj=out) as tar:
        assert [each.name for each in found] == tar.getnames()


@given(start=st.sampled_from([b"0", b"x", b"L", b"S", b"5", b"2"]), data=st.data())
def test_a_header_is_read_or_refused_whatever_it_holds(start: bytes, data: st.DataObject) -> None:
    block = bytearray(header("config.dump", 3, kind=start))
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, BLOCK - 1), st.integers(0, 255)), max_size=20)
    ):
        block[at] = value
    raw = signed(bytes(block)) + data.draw(st.binary(max_size=2 * BLOCK)) + END
    for found in sound(raw):
        assert found.stored >= 0
        assert not found.member.name.startswith(("/", "../"))


@given(st.binary(max_size=3 * BLOCK))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    list(sound(raw))


@given(st.binary(max_size=200))
def test_any_pax_header_is_read_or_refused(payload: bytes) -> None:
    list(sound(entry("x", payload, kind=b"x") + entry("name", b"abc") + END))


@given(
    st.dictionaries(
        st.text("abcdefg.", min_size=1, max_size=10), st.binary(max_size=120), max_size=6
    ),
    st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name),
)
def test_a_sound_pax_header_is_read(others: dict[str, bytes], name: bytes) -> None:
    records = [record(key, value) for key, value in others.items()]
    payload = b"".join([*records, record("path", b"first"), record("path", name)])
    found = one(entry("PaxHeaders/x", payload, kind=b"x") + entry("short", b"abc"))
    assert found.spelled.encode("utf-8", "surrogateescape") == name
    assert found.stored == 3


@pytest.mark.parametrize(
    ("field", "size"),
    [
        (b"00000000012\0", 10),
        (b"         12 ", 10),
        (b"\0\0\0\0\0\0\0\0\00012\0", 10),  # tarfile sees nothing here, Go does
        (b"12\x0077777777 ", 10),
        (b" " * 12, 0),
        (b"\x80" + (10 << 30).to_bytes(11, "big"), 10 << 30),
    ],
)
def test_sizes_are_read_as_go_reads_them(field: bytes, size: int) -> None:
    found = next_header(stream(header("x", field=field)))
    assert found
    assert found.stored == found.member.size == size


def test_a_size_in_a_pax_header_counts_for_more() -> None:
    assert one(pax(size=b"700") + header("x", 3) + bytes(1024)).stored == 700
    assert one(pax(size=b"") + entry("x", b"abc")).stored == 3


def test_links_and_folders_have_no_content_whatever_their_size() -> None:
    for kind in (b"1", b"2", b"3", b"4", b"5", b"6"):
        assert one(header("x", 5000, kind=kind, link=b"y")).stored == 0
    folder = one(header("old/", 5000, kind=b"\0"))
    assert (folder.member.kind, folder.stored) == (MemberKind.DIRECTORY, 0)


def test_a_global_header_is_an_entry_of_its_own() -> None:
    found = one(pax(path=b"lost") + pax(b"g", path=b"never") + entry("name"))
    assert found.member.name == "name"
    assert list(headers(pax(b"g", comment=b"alone") + END)) == []


def test_a_long_name_of_gnu_counts_for_more_than_pax() -> None:
    both = entry("././@LongLink", b"gnu\0", kind=b"L") + pax(path=b"pax") + entry("plain")
    assert one(both).member.name == "gnu"


def test_a_prefix_belongs_to_ustar_alone() -> None:
    assert one(header("name", prefix=b"folder")).member.name == "folder/name"
    gnu = header("name", prefix=b"folder", magic=b"ustar  \0")
    assert one(gnu).member.name == "name"


def test_the_map_of_a_sparse_file_is_passed_over() -> None:
    block = bytearray(header("x", 512, kind=b"S", magic=b"ustar  \0"))
    block[482] = 1
    more, last = bytearray(BLOCK), bytes(BLOCK)
    more[504] = 1
    raw = signed(bytes(block)) + bytes(more) + last + bytes(512) + entry("behind")
    sparse, behind = headers(raw + END)
    assert sparse.sparse
    assert behind.member.name == "behind"


def test_a_moment_may_have_a_fraction() -> None:
    found = one(pax(mtime=b"1.5") + entry("x"))
    assert found.member.mtime == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "clean", "out"),
    [
        ("config.dump", "config.dump", False),
        ("./checkpoint/", "checkpoint", False),
        ("/etc/passwd", "etc/passwd", False),
        ("a/../../x", "x", True),
        ("..", "", True),
        ("/../x", "x", False),
        ("//../x", "x", False),
        ("..x/y", "..x/y", False),
        (".", "", False),
        ("", "", False),
    ],
)
def test_names_are_cleaned_as_go_cleans_them(name: str, clean: str, out: bool) -> None:
    assert cleaned(name) == clean
    assert escapes(name) == out
