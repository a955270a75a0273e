"""Deleted files that are too large to be kept."""

from pathlib import Path

import pytest

from tests.archive.builders import PACKERS, checkpoint, opened, saved, short
from tests.archive.builders import entry as member
from tests.criu.builders import entry, image
from tui.archive import limits
from tui.archive.model import Compression, Contents
from tui.archive.reader import read
from tui.criu import images_pb2 as pb
from tui.criu.contents import read_content
from tui.criu.descriptors import Deleted
from tui.criu.framing import Magic
from tui.criu.inside import Inside, read_inside

BOTH = pytest.mark.parametrize("kind", [Compression.NONE, Compression.ZSTD], ids=short)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEPT_MEMBER", 1000)


def packed(ghost: bytes, kind: Compression) -> bytes:
    """An archive with a file that is deleted, and has a ghost."""
    files = image(Magic.FILES, pb.File(type=1, id=3, reg=pb.RegFile(name=b"tmp/x")))
    remaps = image(Magic.REMAPS, pb.RemapFilePath(orig_id=3, remap_id=1, remap_type=1))
    members = {"files": files, "ghost-file-1": ghost, "remap-fpath": remaps}
    return PACKERS[kind](
        checkpoint(*(member(f"checkpoint/{name}.img", raw) for name, raw in members.items()))
    )


def deleted(found: Inside) -> Deleted:
    gone = found.descriptors.files[3].deleted
    assert gone
    return gone


def content(contents: Contents, gone: Deleted) -> bytes:
    return read_content(contents, gone.extents, gone.size, gone.size)


@BOTH
def test_a_large_one_is_read_where_it_lies(kind: Compression, tmp_path: Path) -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile(ino=8)) + b"x" * 5000
    contents = opened(tmp_path, packed(raw, kind))
    assert "checkpoint/ghost-file-1.img" not in contents.files
    found = read_inside(contents)
    assert (deleted(found).size, deleted(found).inode) == (5000, 8)
    assert content(contents, deleted(found)) == b"x" * 5000
    assert not any("ghost" in problem.member for problem in found.problems)


@BOTH
def test_a_large_one_with_holes(kind: Compression, tmp_path: Path) -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile(chunks=True, size=9000))
    for at in (0, 6000):
        raw += entry(pb.GhostChunk(off=at, len=2000)) + b"y" * 2000
    contents = opened(tmp_path, packed(raw, kind))
    gone = deleted(read_inside(contents))
    assert [(one.at, one.length) for one in gone.extents] == [(0, 2000), (6000, 2000)]
    expected = b"y" * 2000 + bytes(4000) + b"y" * 2000 + bytes(1000)
    assert content(contents, gone) == expected


def test_one_that_is_no_image_is_a_problem(tmp_path: Path) -> None:
    found = read_inside(opened(tmp_path, packed(b"x" * 5000, Compression.GZIP)))
    assert ("checkpoint/ghost-file-1.img", "no such image: it begins with 78787878 78787878") in [
        (problem.member, problem.message) for problem in found.problems
    ]
    assert deleted(found) == Deleted("ghost")


@BOTH
def test_an_archive_that_has_changed_is_a_problem(kind: Compression, tmp_path: Path) -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile()) + b"x" * 5000
    contents = opened(tmp_path, packed(raw, kind))
    saved(tmp_path, packed(raw + b"!" * 9000, kind))
    problems = [one for one in read_inside(contents).problems if "ghost" in one.member]
    assert len(problems) == 1


def test_while_the_archive_is_read_it_is_not_read_again(tmp_path: Path) -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile()) + b"x" * 5000
    first = next(read(str(saved(tmp_path, packed(raw, Compression.NONE)))))
    assert not first.finished
    assert not any("ghost" in problem.member for problem in read_inside(first).problems)
