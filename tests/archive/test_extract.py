"""Files come out of every layout as they went in, and go nowhere else than they should."""

import hashlib
import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.archive.builders import PACKERS, checkpoint, entry, header, inner, pax, saved, unpacked
from tests.archive.layouts import PODMAN_NAME, containerd, image, in_folder, tar
from tests.data import DATA
from tui.archive import extract, limits, saving
from tui.archive.digest import member_digests
from tui.archive.extract import ARCHIVE, file_bytes
from tui.archive.model import Compression, Contents
from tui.archive.opening import read, stream
from tui.archive.saving import file_name, save, save_all
from tui.archive.stream import Stream
from tui.errors import ArchiveError

DIFF = "rootfs-diff.tar"
BIG = os.urandom(3 * limits.MIB)


def opened(path: Path) -> Contents:
    *_, contents = read(str(path))
    return contents


def made(folder: Path, *entries: bytes, compression: Compression = Compression.NONE) -> Contents:
    return opened(saved(folder, PACKERS[compression](checkpoint(*entries))))


def refused(contents: Contents, where: str, name: str) -> str:
    with pytest.raises(ArchiveError) as caught:
        file_bytes(contents, where, name, 10)
    return str(caught.value)


# Looking


@pytest.mark.parametrize("name", ["web.tar", "web.tar.gz", "web.tar.zst"])
def test_a_file_of_a_tar_inside_and_of_the_archive(name: str) -> None:
    contents = opened(DATA / name)
    assert file_bytes(contents, "volumes/webdata.tar", "index.html", 100) == b"hello\n"
    with unpacked(DATA / name) as theirs:
        pages = theirs.extractfile("checkpoint/pages-1.img")
        assert pages
        assert file_bytes(contents, ARCHIVE, "checkpoint/pages-1.img", 1 << 20) == pages.read()


@pytest.mark.parametrize("packed", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
@pytest.mark.parametrize("around", [Compression.NONE, Compression.ZSTD])
def test_a_large_file_inside_from_its_start_and_its_end(
    packed: Compression, around: Compression, tmp_path: Path
) -> None:
    layer = PACKERS[packed](inner(entry("first", b"1"), entry("big", BIG), entry("last", b"9")))
    contents = made(tmp_path, entry(DIFF, layer), entry("behind", b"b"), compression=around)
    assert file_bytes(contents, DIFF, "big", 10) == BIG[:10]
    assert file_bytes(contents, DIFF, "big", 10, tail=True) == BIG[-10:]
    assert file_bytes(contents, DIFF, "big", 1 << 30) == BIG
    assert file_bytes(contents, DIFF, "last", 10, tail=True) == b"9"


def test_from_folders_and_images_too(tmp_path: Path) -> None:
    files = containerd()
    for contents in (
        opened(in_folder(tmp_path / "folder", files)),
        opened(saved(tmp_path, tar(image(tar(files), of_manifest=PODMAN_NAME)))),
    ):
        assert file_bytes(contents, DIFF, "etc/hostname", 100) == b"shop\n"
        assert file_bytes(contents, ARCHIVE, "container.log", 4) == files["container.log"][:4]


def test_of_duplicates_the_last_and_of_hard_links_what_they_lead_to(tmp_path: Path) -> None:
    layer = inner(
        entry("a", b"old"),
        entry("a", b"new"),
        entry("b", kind=b"1", link=b"a"),
        entry("c", kind=b"1", link=b"b"),
        entry("round", kind=b"1", link=b"round"),
        entry("out", kind=b"1", link=b"../../etc/passwd"),
    )
    for packed in (Compression.NONE, Compression.GZIP):
        contents = made(tmp_path, entry(DIFF, PACKERS[packed](layer)))
        assert file_bytes(contents, DIFF, "a", 9) == b"new"
        assert file_bytes(contents, DIFF, "c", 9) == b"new"
        assert "its links lead to no file" in refused(contents, DIFF, "round")
        assert "there is no such file" in refused(contents, DIFF, "out")


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    contents = made(
        tmp_path,
        entry("link", kind=b"2", link=b"/etc/passwd"),
        entry("holes", b"x", kind=b"S"),
        entry(DIFF, inner(entry("pipe", kind=b"6"), entry("holes", b"x", kind=b"S"))),
    )
    assert "it is a symbolic link, not a file" in refused(contents, ARCHIVE, "link")
    assert "only pieces of it" in refused(contents, ARCHIVE, "holes")
    assert "it is a device, a pipe or a socket" in refused(contents, DIFF, "pipe")
    assert "only pieces of it" in refused(contents, DIFF, "holes")
    assert "there is no such file" in refused(contents, "nowhere.tar", "x")


def test_a_file_that_is_cut_off_is_said(tmp_path: Path) -> None:
    raw = checkpoint(header("ctr.log", 9000) + b"x" * 100, end=b"")
    contents = opened(saved(tmp_path, raw))
    with pytest.raises(ArchiveError, match="8,900 of its bytes are missing"):
        file_bytes(contents, ARCHIVE, "ctr.log", 9000)


def test_a_bomb_inside_is_followed_no_further_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNPACKED", 4 * limits.MIB)
    layer = entry("first", b"x") + header("big", 64 * limits.MIB) + bytes(64 << 20)
    contents = made(tmp_path, entry(DIFF, PACKERS[Compression.GZIP](layer)))
    assert file_bytes(contents, DIFF, "first", 9) == b"x"
    with pytest.raises(ArchiveError, match="cannot be read"):
        file_bytes(contents, DIFF, "big", 9, tail=True)


def test_an_archive_that_was_changed_is_not_read(tmp_path: Path) -> None:
    contents = made(tmp_path, entry("ctr.log", b"hello"))
    saved(tmp_path, checkpoint(entry("ctr.log", b"other")) + bytes(512))
    with pytest.raises(ArchiveError, match="has changed since it was read"):
        file_bytes(contents, ARCHIVE, "ctr.log", 5)


# Saving


def test_a_file_is_saved_with_its_checksum(tmp_path: Path) -> None:
    contents = made(tmp_path, entry(DIFF, inner(pax(mtime=b"1700000000") + entry("etc/x", BIG))))
    target = tmp_path / "out"
    target.mkdir()
    done = save(contents, DIFF, "etc/x", str(target))
    path = target / "x"
    assert done.path == str(path)
    assert (done.where, done.name, done.size) == (DIFF, "etc/x", len(BIG))
    assert done.sha256 == hashlib.sha256(BIG).hexdigest()
    assert path.read_bytes() == BIG
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_mtime == 1_700_000_000


def test_many_files_are_saved_in_one_pass_and_as_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = PACKERS[Compression.GZIP](inner(entry("etc/a", b"aa"), entry("srv/b", b"bbb")))
    contents = made(tmp_path, entry(DIFF, layer), entry("ctr.log", b"log"))
    passes = []

    def counted(again: Contents) -> AbstractContextManager[Stream]:
        passes.append(again)
        return stream(again)

    monkeypatch.setattr(extract, "stream", counted)
    steps: list[tuple[int, int]] = []
    chosen = [(ARCHIVE, "ctr.log"), (DIFF, "srv/b"), (DIFF, "etc/a"), (DIFF, "srv/b")]
    (tmp_path / "out").mkdir()
    done = list(
        save_all(contents, chosen, str(tmp_path / "out"), progress=lambda *step: steps.append(step))
    )
    assert len(passes) == 1
    assert [Path(one.path).relative_to(tmp_path / "out").as_posix() for one in done] == [
        f"{DIFF}/etc/a",
        f"{DIFF}/srv/b",
        "ctr.log",
    ]
    assert [Path(one.path).read_bytes() for one in done] == [b"aa", b"bbb", b"log"]
    assert steps == [(2, 8), (5, 8), (8, 8)]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    contents = made(tmp_path, entry("ctr.log", b"log"))
    target = tmp_path / "out"
    target.mkdir()
    (target / "ctr.log").symlink_to(tmp_path / "victim")
    (target / "ctr.log.1").write_text("mine")
    assert save(contents, ARCHIVE, "ctr.log", str(target)).path == str(target / "ctr.log.2")
    assert not (tmp_path / "victim").exists()
    assert (target / "ctr.log.1").read_text() == "mine"


def test_no_link_in_the_folder_leads_out_of_it(tmp_path: Path) -> None:
    contents = made(tmp_path, entry(DIFF, inner(entry("etc/x", b"x"))))
    target, other = tmp_path / "out", tmp_path / "other"
    target.mkdir()
    other.mkdir()
    (target / DIFF).symlink_to(other)
    with pytest.raises(ArchiveError, match="nothing can be saved in it"):
        list(save_all(contents, [(DIFF, "etc/x")], str(target)))
    assert list(other.iterdir()) == []


@pytest.mark.parametrize(
    ("component", "harmless"),
    [
        ("x", "x"),
        ("..", "__"),
        (".", "_"),
        ("", "_"),
        ("a/b", "a_b"),
        ("a\x1b[31m\n\u202e", "a_[31m__"),
        ("\udcff", "_"),
        (".bashrc", ".bashrc"),
        ("ü", "ü"),
    ],
)
def test_names_are_made_harmless(component: str, harmless: str) -> None:
    assert file_name(component) == harmless


def test_long_names_stay_different() -> None:
    one, other = file_name("ü" * 300 + "1"), file_name("ü" * 300 + "2")
    assert one != other
    assert len(one.encode()) < 255


def test_odd_names_stay_in_the_folder(tmp_path: Path) -> None:
    names = ["../../evil", "/etc/evil", "a\nb", "x" * 300, "/".join(["d"] * 100) + "/deep"]
    layer = inner(*(pax(path=name.encode()) + entry("x", name.encode()) for name in names))
    contents = made(tmp_path, entry(DIFF, layer))
    target = tmp_path / "out"
    target.mkdir()
    before = {path for path in tmp_path.rglob("*") if target not in path.parents}
    chosen = [(DIFF, one.name) for one in contents.nested[DIFF]]
    done = list(save_all(contents, chosen, str(target)))
    assert len(done) == len(names)
    assert {Path(one.path).read_bytes() for one in done} == {name.encode() for name in names}
    assert all(target in Path(one.path).resolve().parents for one in done)
    assert {path for path in tmp_path.rglob("*") if target not in path.parents} == before


def test_what_cannot_be_saved_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = checkpoint(header("ctr.log", 9000) + b"x" * 100, end=b"")
    contents = opened(saved(tmp_path, raw))
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(ArchiveError, match="are missing"):
        save(contents, ARCHIVE, "ctr.log", str(target))
    monkeypatch.setattr(saving, "_RESERVE", 1 << 62)
    with pytest.raises(ArchiveError, match="too little room"):
        save(contents, ARCHIVE, "config.dump", str(target))
    assert list(target.iterdir()) == []
    with pytest.raises(ArchiveError, match="nothing can be saved there"):
        save(contents, ARCHIVE, "config.dump", str(tmp_path / "nowhere"))


# Checksums


@pytest.mark.parametrize("kind", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
def test_every_member_has_its_checksum(kind: Compression, tmp_path: Path) -> None:
    path = saved(tmp_path, PACKERS[kind](checkpoint(entry("big", BIG), entry("empty"))))
    steps: list[tuple[int, int]] = []
    found = member_digests(opened(path), lambda *step: steps.append(step))
    assert found.archive == hashlib.sha256(path.read_bytes()).hexdigest()
    digests = {member.name: digest for member, digest in found.members}
    assert digests["big"] == hashlib.sha256(BIG).hexdigest()
    assert digests["empty"] == hashlib.sha256().hexdigest()
    assert digests.keys() == {"config.dump", "spec.dump", "network.status", "big", "empty"}
    assert steps[-1][0] == steps[-1][1]


def test_of_folders_and_images(tmp_path: Path) -> None:
    files = containerd()
    expected = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()}
    path = saved(tmp_path, tar(image(tar(files), of_manifest=PODMAN_NAME)))
    in_image = member_digests(opened(path))
    assert in_image.archive == hashlib.sha256(path.read_bytes()).hexdigest()
    unpacked_too = member_digests(opened(in_folder(tmp_path / "folder", files)))
    assert unpacked_too.archive == ""
    for found in (in_image, unpacked_too):
        assert {member.name: digest for member, digest in found.members} == expected


def test_what_is_cut_off_or_in_pieces_has_none(tmp_path: Path) -> None:
    raw = checkpoint(entry("holes", b"x", kind=b"S"), header("ctr.log", 900) + b"x", end=b"")
    found = member_digests(opened(saved(tmp_path, raw)))
    digests = {member.name: digest for member, digest in found.members}
    assert (digests["holes"], digests["ctr.log"]) == ("", "")
    assert digests["config.dump"]
    assert found.archive == hashlib.sha256(raw).hexdigest()
