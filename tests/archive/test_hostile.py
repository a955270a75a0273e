"""Archives that somebody made to deceive or to harm."""

import os
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.archive.builders import (
    BLOCK,
    END,
    PACKERS,
    checkpoint,
    entry,
    header,
    inner,
    opened,
    outcome,
    pax,
    record,
    saved,
    short,
)
from tui.archive import limits
from tui.archive.model import Compression, Contents
from tui.archive.reader import read

GIB = 1 << 30


@contextmanager
def memory(limit: int) -> Iterator[None]:
    """What is in here allocates no more than `limit` bytes at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def said(contents: Contents) -> list[tuple[str, str]]:
    """What the reader found wrong, and of which member; it is never complete then."""
    assert contents.finished
    assert contents.problems
    assert not contents.complete
    return [(problem.member, problem.message) for problem in contents.problems]


def doubts(contents: Contents) -> list[tuple[str, str]]:
    assert contents.complete
    return [(doubt.member, doubt.message) for doubt in contents.ambiguities]


# What would take all memory or all time


def test_a_document_of_10_gib_is_not_read(tmp_path: Path) -> None:
    path = saved(tmp_path, header("config.dump", 10 * GIB))
    os.truncate(path, BLOCK + 10 * GIB)
    with path.open("ab") as file:
        file.write(entry("spec.dump", b"{}") + END)
    with memory(limits.MIB):
        *_, contents = read(str(path))
    assert said(contents) == [("config.dump", "10.0 GiB long; documents are read up to 4.0 MiB")]
    assert contents.problems[0].offset == BLOCK
    assert contents.members[0].size == 10 * GIB
    assert contents.files.keys() == {"spec.dump"}


def test_a_document_that_claims_10_gib_is_not_read(tmp_path: Path) -> None:
    with memory(limits.MIB):
        contents = opened(tmp_path, header("config.dump", 10 * GIB) + b"{}")
    assert said(contents)[-1] == (
        "config.dump",
        f"cut off: {10 * GIB - 2:,} of its {10 * GIB:,} bytes are missing",
    )


def test_a_small_claim_is_no_larger_than_what_is_there(tmp_path: Path) -> None:
    contents = opened(tmp_path, entry("config.dump", b"{}") + header("spec.dump", 1000) + b"{}")
    assert said(contents) == [("spec.dump", "cut off: 998 of its 1,000 bytes are missing")]
    assert contents.files.keys() == {"config.dump"}


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_an_extended_header_of_1_gib_is_not_read(kind: bytes, tmp_path: Path) -> None:
    raw = entry("config.dump", b"{}") + header("././@LongLink", GIB, kind=kind) + bytes(10_000)
    with memory(limits.MIB):
        contents = opened(tmp_path, PACKERS[Compression.ZSTD](raw))
    message = "an extended header of 1,073,741,824 bytes (podthaw and Podman read up to 1,048,576)"
    assert said(contents) == [("config.dump", message)]
    assert contents.problems[0].offset == 2 * BLOCK


def test_chained_extended_headers_are_read_up_to_the_same_limit(tmp_path: Path) -> None:
    chain = entry("././@LongLink", b"name\0", kind=b"L") * 1200
    contents = opened(tmp_path, entry("config.dump", b"{}") + chain + entry("x") + END)
    [(member, message)] = said(contents)
    assert (member, message[:21]) == ("config.dump", "an extended header of")
    assert len(contents.members) == 1


def test_a_name_is_read_up_to_the_length_of_a_path(tmp_path: Path) -> None:
    long = b"n" * 5000
    for extension in (entry("././@LongLink", long + b"\0", kind=b"L"), pax(path=long)):
        contents = opened(tmp_path, entry("config.dump", b"{}") + extension + entry("x") + END)
        message = "a name of 5,000 bytes (up to 4,096 are read)"
        assert said(contents) == [("config.dump", message)]


def test_members_are_listed_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MEMBERS", 10)
    contents = opened(tmp_path, b"".join(entry(f"m{n}") for n in range(20)) + END)
    assert said(contents) == [("m9", "more than 10 members: the rest is unread")]
    assert len(contents.members) == 10


def test_files_inside_are_listed_up_to_a_limit_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NESTED_MEMBERS", 10)
    diff = inner(*(entry(f"etc/{n}", b"x") for n in range(20)))
    contents = opened(tmp_path, checkpoint(entry("rootfs-diff.tar", diff), entry("ctr.log", b"x")))
    assert said(contents) == [
        (
            "rootfs-diff.tar",
            "the tar inside cannot be read on: more than 10 files inside: the rest is not listed",
        )
    ]
    assert len(contents.nested["rootfs-diff.tar"]) == 10
    assert contents.files["ctr.log"] == b"x"


def test_all_names_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NAMES", 10_000)
    raw = b"".join(pax(path=f"{n:04}".encode() * 1000) + entry("x") for n in range(9)) + END
    contents = opened(tmp_path, raw)
    assert said(contents) == [("0002" * 1000, "more than 9.8 KiB of names: the rest is unread")]


def test_of_very_many_problems_the_first_are_told(tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(*(entry("../x") for _ in range(500))))
    assert len(contents.problems) == len(contents.ambiguities) == limits.REPORTED
    assert not contents.complete


def test_zeros_behind_the_end_are_read_without_end_but_not_kept(tmp_path: Path) -> None:
    path = saved(tmp_path, PACKERS[Compression.ZSTD](checkpoint() + bytes(64 << 20)))
    with memory(4 * limits.MIB):
        *_, contents = read(str(path))
    assert contents.complete


def test_many_levels_of_folders_cost_no_more_than_few(tmp_path: Path) -> None:
    deep = b"a/" * 2000 + b"link"
    links = b"".join(
        pax(path=b"%d/" % n + deep) + header("x", kind=b"2", link=b"y") for n in range(300)
    )
    assert opened(tmp_path, links + END).complete


# What leads Podman elsewhere than people


@pytest.mark.parametrize("name", ["../config.dump", "checkpoint/../../x", "..", "./../x"])
def test_a_name_that_leads_out_is_a_problem(name: str, tmp_path: Path) -> None:
    message = "the name leads out of the archive; Podman refuses it"
    assert (name, message) in said(opened(tmp_path, checkpoint(entry(name))))


@pytest.mark.parametrize("name", ["/etc/passwd", "./etc/passwd", "etc/passwd/"])
def test_usual_ways_to_write_a_name_are_no_problem(name: str, tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(entry(name)))
    assert contents.members[-1].name == "etc/passwd"
    assert doubts(contents) == []


@pytest.mark.parametrize(
    "name", ["./x/../config.dump", "/../config.dump", "x//..//config.dump", "././config.dump"]
)
def test_another_spelling_of_a_name_is_ambiguous(name: str, tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(entry(name, b'{"name": "other"}')))
    assert doubts(contents) == [
        ("config.dump", f"spelled {name!r} in the archive"),
        ("config.dump", "there more than once; Podman takes the last"),
    ]
    assert contents.files["config.dump"] == b'{"name": "other"}'


def test_of_equal_members_the_last_counts_even_if_it_is_not_kept(tmp_path: Path) -> None:
    folder = header("config.dump", kind=b"5")
    assert "config.dump" not in opened(tmp_path, checkpoint(folder)).files
    last = entry("rootfs-diff.tar", inner(entry("b")))
    contents = opened(tmp_path, checkpoint(entry("rootfs-diff.tar", inner(entry("a"))), last))
    assert [each.name for each in contents.nested["rootfs-diff.tar"]] == ["b"]


def test_folders_may_come_again(tmp_path: Path) -> None:
    folder = header("checkpoint/", kind=b"5")
    assert doubts(opened(tmp_path, checkpoint(folder, folder))) == []


@pytest.mark.parametrize(
    ("kind", "what"),
    [(b"1", "hardlink"), (b"2", "symlink"), (b"5", "directory"), (b"6", "other")],
)
def test_a_document_that_is_no_file_is_ambiguous(kind: bytes, what: str, tmp_path: Path) -> None:
    raw = entry("spec.dump", b"{}") + header("config.dump", kind=kind, link=b"spec.dump") + END
    assert ("config.dump", f"not a file but a {what}") in doubts(opened(tmp_path, raw))


@pytest.mark.parametrize("first", ["link", "member"])
def test_a_member_behind_a_link_is_ambiguous(first: str, tmp_path: Path) -> None:
    entries = [entry("checkpoint", kind=b"2", link=b"/etc"), entry("checkpoint/a/passwd", b"x")]
    contents = opened(tmp_path, checkpoint(*(entries if first == "link" else reversed(entries))))
    assert doubts(contents) == [("checkpoint/a/passwd", "lies in checkpoint, a symlink")]


def test_a_link_beside_its_likes_is_not(tmp_path: Path) -> None:
    link = entry("checkpoint", kind=b"2", link=b"/etc")
    beside = entry("checkpoint.d/x"), entry("checkpoint-x"), entry("checkpoint0/x")
    assert doubts(opened(tmp_path, checkpoint(link, *beside))) == []


def test_a_sparse_file_is_ambiguous_and_a_sparse_document_is_not_read(tmp_path: Path) -> None:
    sparse = pax(GNU__sparse__name=b"elsewhere") + entry("ctr.log", b"x")
    assert ("elsewhere", "a sparse file; Podman writes none") in doubts(
        opened(tmp_path, checkpoint(sparse))
    )
    contents = opened(tmp_path, pax(GNU__sparse__major=b"1") + entry("config.dump", b"{}") + END)
    message = "a sparse file; Podman does not write such documents"
    assert said(contents) == [("config.dump", message)]
    assert "config.dump" not in contents.files


# What is damaged


def test_without_its_end_an_archive_was_cut_off(tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(end=b""))
    message = "the end-of-archive mark is missing: the archive was cut off"
    assert said(contents) == [("network.status", message)]


def test_nothing_may_follow_the_end(tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(entry("x"), end=END + entry("config.dump", b"{}")))
    assert said(contents) == [("x", "something follows the end-of-archive mark")]
    assert contents.files["config.dump"] != b"{}"


def test_a_single_block_of_zeros_is_no_gap(tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(bytes(BLOCK), entry("config.dump", b"{}")))
    assert said(contents) == [("network.status", "something follows the end-of-archive mark")]


def test_a_plain_archive_cut_off_anywhere_names_member_and_place(tmp_path: Path) -> None:
    raw = checkpoint(entry("ctr.log", b"x" * 700))
    for cut in range(1, len(raw) - BLOCK, 7):
        contents = outcome(tmp_path, raw[:cut])
        if isinstance(contents, str):
            assert cut < BLOCK
            assert "cut off in a member's header" in contents
            continue
        [(member, message)] = said(contents)
        assert "cut off" in message
        assert member == contents.members[-1].name
        assert contents.problems[0].offset is not None
        assert contents.problems[0].offset <= cut


def test_a_member_whose_padding_is_missing_was_cut_off(tmp_path: Path) -> None:
    raw = entry("config.dump", b"{}")[: BLOCK + 100]
    assert said(opened(tmp_path, raw)) == [("config.dump", "cut off in the padding behind it")]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"x" * BLOCK, "not a valid member header (invalid header)"),
        (entry("x")[:-1] + b"x", "not a valid member header (bad checksum)"),
        (header("x", field=b"\xff" * 12), "a member of negative size"),
        (header("x", field=b"-0000000010\0"), "not a valid member header (a malformed size)"),
        (header("x", field=b"1_000      \0"), "not a valid member header (a malformed size)"),
        (entry("x", b"5 a=b", kind=b"x"), "a malformed pax header"),
        (entry("x", b"99 a=b\n", kind=b"x"), "a malformed pax header"),
        (entry("x", b"0 a=b\n", kind=b"x"), "a malformed pax header"),
        (entry("x", b"9" * 5000 + b" a=b\n", kind=b"x"), "a malformed pax header"),
        (entry("x", b"6 abc\n", kind=b"x"), "a malformed pax header"),
        (entry("x", record("", b"b"), kind=b"x"), "a malformed pax header"),
        (entry("x", b"not pax", kind=b"g"), "a malformed pax header"),
        (pax(path=b"config.dump\0x"), "a malformed pax header"),
        (pax(size=b"ten") + entry("x"), "a pax header with a malformed number"),
        (pax(size=b"9" * 21) + entry("x"), "a pax header with a malformed number"),
        (pax(mtime=b"noon") + entry("x"), "a pax header with a malformed number"),
        (pax(path=b"y"), "an extended header is followed by no member"),
        (header("x", 900, kind=b"x") + b"9 a=b", "cut off in an extended header"),
    ],
    ids=short,
)
def test_a_bad_header_ends_the_reading(bad: bytes, message: str, tmp_path: Path) -> None:
    end = b"" if "cut off" in message else END
    contents = opened(tmp_path, checkpoint(bad, end=end))
    assert said(contents) == [("network.status", message)]


def test_a_bad_tar_inside_a_file_that_was_cut_off_is_one_problem(tmp_path: Path) -> None:
    diff = entry("etc/large", os.urandom(200_000))
    raw = PACKERS[Compression.GZIP](checkpoint(entry("rootfs-diff.tar", diff)))
    contents = opened(tmp_path, raw[: len(raw) // 2])
    assert said(contents) == [("rootfs-diff.tar", "the gzip data was cut off")]


def test_odd_moments_are_no_reason_to_stop(tmp_path: Path) -> None:
    for moment in (b"nan", b"inf", b"-1e300", b"99999999999999", b"-99999999999999"):
        contents = opened(tmp_path, checkpoint(pax(mtime=moment) + entry("x")))
        assert contents.members[-1].mtime.year == 1970
        assert contents.complete


def test_names_may_hold_any_byte(tmp_path: Path) -> None:
    names = [b"\x1b[2J", b"caf\xe9", "\u202egnp.exe".encode(), b"a\nb"]
    contents = opened(tmp_path, checkpoint(*map(entry, names)))
    found = [member.name.encode("utf-8", "surrogateescape") for member in contents.members]
    assert found[3:] == names


# Compressed tars inside


def packed_inside(raw: bytes) -> bytes:
    return checkpoint(entry("rootfs-diff.tar", raw), entry("behind", b"still read"))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_tar_inside_may_be_compressed(kind: Compression, tmp_path: Path) -> None:
    tar = inner(entry("etc/motd", b"hello"), entry("etc/.wh.issue"))
    contents = opened(tmp_path, packed_inside(PACKERS[kind](tar)))
    assert contents.complete
    assert [each.name for each in contents.nested["rootfs-diff.tar"]] == [
        "etc/motd",
        "etc/.wh.issue",
    ]
    assert contents.files["behind"] == b"still read"


@pytest.mark.parametrize("kind", [Compression.GZIP, Compression.ZSTD])
def test_a_bomb_inside_is_not_followed(
    kind: Compression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNPACKED", 4 * limits.MIB)
    bomb = PACKERS[kind](entry("first", b"x") + header("big", 64 * limits.MIB) + bytes(64 << 20))
    with memory(4 * limits.MIB):
        contents = opened(tmp_path, packed_inside(bomb))
    assert said(contents) == [
        ("rootfs-diff.tar", "the tar inside cannot be read on: it unpacks to more than 4.0 MiB")
    ]
    assert [each.name for each in contents.nested["rootfs-diff.tar"]] == ["first", "big"]
    assert contents.files["behind"] == b"still read"


def test_several_bombs_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNPACKED", 3 * limits.MIB)
    part = PACKERS[Compression.GZIP](inner(entry("zeros", bytes(2 * limits.MIB))))
    names = [f"checkpoint/tmpfs-dev-{number}.tar.gz.img" for number in range(3)]
    contents = opened(tmp_path, checkpoint(*(entry(name, part) for name in names)))
    assert [member for member, _ in said(contents)] == names[1:]


def test_a_broken_compressed_tar_inside_leaves_the_archive_readable(tmp_path: Path) -> None:
    packed = PACKERS[Compression.GZIP](inner(entry("etc/motd", os.urandom(4000))))
    checksum = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
    for broken in (packed[:-60], checksum):
        contents = opened(tmp_path, packed_inside(broken))
        [(member, message)] = said(contents)
        assert member == "rootfs-diff.tar"
        assert "the gzip data" in message
        assert contents.files["behind"] == b"still read"
