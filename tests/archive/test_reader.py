import os
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.archive.builders import checkpoint, entry, header, inner, opened, saved, unpacked
from tests.data import DATA, DEMO
from tui.archive import limits, reader
from tui.archive.layout import DOCUMENTS
from tui.archive.model import FileIdentity, MemberKind
from tui.archive.reader import read
from tui.archive.tar import cleaned
from tui.errors import ArchiveError, ExitCode

REAL = [*sorted(DATA.glob("*.tar*")), DEMO]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_the_documents_come_before_the_memory(path: Path) -> None:
    first, *_, last = read(str(path))
    assert first.files.keys() >= DOCUMENTS
    assert not any("pages-" in member.name for member in first.members)
    assert not first.finished
    assert not first.complete
    assert last.finished
    assert last.complete
    assert last.position == path.stat().st_size
    assert not last.problems
    assert not last.ambiguities


def test_each_look_has_more_than_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_INTERVAL", 0)
    looks = list(read(str(DATA / "web.tar.zst")))
    assert len(looks) > len(looks[-1].members)
    for before, after in pairwise(looks):
        assert after.members[: len(before.members)] == before.members
        assert after.files.keys() >= before.files.keys()
        assert after.position >= before.position
        assert not before.finished


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_archives_read_as_the_standard_library_reads_them(path: Path) -> None:
    *_, contents = read(str(path))
    with unpacked(path) as tar:
        theirs = tar.getmembers()
        kept = {
            cleaned(member.name): file.read()
            for member in theirs
            if cleaned(member.name) in contents.files and (file := tar.extractfile(member))
        }
    assert [(each.name, each.size, each.mode) for each in contents.members] == [
        (cleaned(each.name), each.size, each.mode) for each in theirs
    ]
    assert [each.kind is MemberKind.DIRECTORY for each in contents.members] == [
        each.isdir() for each in theirs
    ]
    assert [each.mtime for each in contents.members] == [
        datetime.fromtimestamp(each.mtime, UTC) for each in theirs
    ]
    assert contents.files == kept


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_the_place_of_every_file_is_known(path: Path) -> None:
    *_, contents = read(str(path))
    with unpacked(path) as tar:
        places = [each.offset_data if each.isfile() else None for each in tar.getmembers()]
    assert [each.offset for each in contents.members] == places


def test_the_place_of_a_file_in_a_tar_inside_is_known(tmp_path: Path) -> None:
    raw = checkpoint(
        entry("rootfs-diff.tar", inner(entry("etc", kind=b"5"), entry("etc/motd", b"hello")))
    )
    folder, motd = opened(tmp_path, raw).nested["rootfs-diff.tar"]
    assert folder.offset is None
    assert motd.offset is not None
    assert raw[motd.offset :].startswith(b"hello")


def test_a_sparse_file_has_no_place(tmp_path: Path) -> None:
    contents = opened(tmp_path, checkpoint(entry("holes", b"x", kind=b"S")))
    assert contents.members[-1].offset is None


def test_small_members_are_kept_but_neither_memory_nor_tars() -> None:
    *_, contents = read(str(DATA / "web.tar"))
    left_out = {member.name for member in contents.members} - contents.files.keys()
    tmpfs = {name for name in contents.nested if name.startswith("checkpoint/tmpfs-dev-")}
    assert len(tmpfs) == 2
    assert left_out == tmpfs | {
        "artifacts",
        "checkpoint",
        "checkpoint/pages-1.img",
        "devshm-checkpoint.tar",
        "rootfs-diff.tar",
        "volumes/webdata.tar",
    }


def test_of_the_tars_inside_the_names_are_kept() -> None:
    *_, contents = read(str(DATA / "web.tar.gz"))
    listed = {
        name: [(entry.name, entry.kind, entry.size) for entry in entries]
        for name, entries in contents.nested.items()
        if not name.startswith("checkpoint/")
    }
    assert listed == {
        "devshm-checkpoint.tar": [("", MemberKind.DIRECTORY, 0)],
        "rootfs-diff.tar": [
            ("etc/motd", MemberKind.FILE, 28),
            ("tmp/x", MemberKind.FILE, 4),
            ("var/cache", MemberKind.DIRECTORY, 0),
            ("var/cache/web", MemberKind.DIRECTORY, 0),
            ("www", MemberKind.DIRECTORY, 0),
        ],
        "volumes/webdata.tar": [
            ("", MemberKind.DIRECTORY, 0),
            ("index.html", MemberKind.FILE, 6),
        ],
    }


def test_the_files_of_each_tmpfs_are_listed() -> None:
    *_, contents = read(str(DATA / "web.tar.gz"))
    devices = next(
        {entry.name: entry for entry in entries}
        for name, entries in contents.nested.items()
        if name.startswith("checkpoint/tmpfs-") and "null" in [entry.name for entry in entries]
    )
    assert devices["null"].kind is MemberKind.OTHER
    assert devices["stdin"].link == "/proc/self/fd/0"
    assert devices["stdin"].offset is None


def test_links_and_their_targets_are_told(tmp_path: Path) -> None:
    raw = checkpoint(
        entry("checkpoint/parent", kind=b"2", link=b"../pre-checkpoint"),
        entry("again", kind=b"1", link=b"config.dump"),
        entry("pipe", kind=b"6"),
    )
    *_, symlink, hardlink, pipe = opened(tmp_path, raw).members
    assert (symlink.kind, symlink.link) == (MemberKind.SYMLINK, "../pre-checkpoint")
    assert (hardlink.kind, hardlink.link) == (MemberKind.HARDLINK, "config.dump")
    assert pipe.kind is MemberKind.OTHER


def test_files_beyond_the_limits_are_listed_but_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_MEMBER", 1000)
    monkeypatch.setattr(limits, "KEPT", 2000)
    sizes = {"large": 1001, "first": 900, "second": 900, "third": 900, "small": 10}
    contents = opened(tmp_path, checkpoint(*(entry(name, b"x" * n) for name, n in sizes.items())))
    assert [member.name for member in contents.members][3:] == list(sizes)
    assert contents.files.keys() - DOCUMENTS == {"first", "second", "small"}
    assert contents.complete


def test_images_are_kept_up_to_a_limit_of_their_own_and_leave_half_of_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_MEMBER", 1000)
    monkeypatch.setattr(limits, "KEPT_IMAGE", 3000)
    monkeypatch.setattr(limits, "KEPT", 9000)
    sizes = {
        "checkpoint/ghost-file-1.img": 1001,
        "checkpoint/mm-1.img": 3001,
        "checkpoint/mm-2.img": 3000,
        "checkpoint/pagemap-1.img": 2000,
        "checkpoint/pages-1.img": 1,
        **{f"checkpoint/core-{number}.img": 1000 for number in range(1, 7)},
    }
    contents = opened(tmp_path, checkpoint(*(entry(name, b"x" * n) for name, n in sizes.items())))
    names = {name.removeprefix("checkpoint/") for name in contents.files.keys() - DOCUMENTS}
    assert names == {"mm-2.img", *(f"core-{number}.img" for number in range(1, 6))}


def test_the_documents_are_kept_whatever_else_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT", 0)
    contents = opened(tmp_path, checkpoint(entry("ctr.log", b"x")))
    assert contents.files.keys() == DOCUMENTS


def test_a_tar_inside_that_is_damaged_is_told_and_read_around(tmp_path: Path) -> None:
    diff = inner(entry("etc/motd", b"hello"))[:1500] + b"x" * 548
    contents = opened(tmp_path, checkpoint(entry("rootfs-diff.tar", diff), entry("ctr.log", b"x")))
    [problem] = contents.problems
    assert problem.member == "rootfs-diff.tar"
    assert problem.message.startswith("the tar inside cannot be read on: not a valid member header")
    assert [each.name for each in contents.nested["rootfs-diff.tar"]] == ["etc/motd"]
    assert contents.files["ctr.log"] == b"x"
    assert not contents.complete


def test_what_a_tar_inside_says_of_itself_ends_with_it(tmp_path: Path) -> None:
    claims = entry("rootfs-diff.tar", entry("a", b"hello") + header("b", 5000))
    contents = opened(tmp_path, checkpoint(claims, entry("ctr.log", b"x")))
    [problem] = contents.problems
    assert problem.message == "the tar inside cannot be read on: b inside is cut off"
    assert contents.files["ctr.log"] == b"x"


def test_the_file_is_told_apart_from_another_of_its_name() -> None:
    path = DATA / "web.tar"
    status = path.stat()
    *_, contents = read(str(path))
    assert contents.identity == FileIdentity(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
    )


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "notes").write_text("a few notes\n" * 100)
    said = {
        "": "this is a directory; podthaw opens the archive itself.",
        "pipe": "this is not a regular file; podthaw opens the archive itself.",
        "empty": "the file is empty.",
        "missing": "cannot be opened: No such file or directory.",
        "notes": "this is not an archive: no tar (not a valid member header",
        "nul\0": "not the name of a file.",
    }
    for name, message in said.items():
        with pytest.raises(ArchiveError) as caught:
            list(read(str(tmp_path / name)))
        assert message in str(caught.value)
        assert str(tmp_path) in str(caught.value)
        assert caught.value.exit_code == ExitCode.ARCHIVE


def test_the_name_of_the_file_is_safe_to_show(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"␛\[2Jx: cannot be opened"):
        list(read(str(tmp_path / "\x1b[2Jx")))


def test_the_file_is_closed_when_nobody_reads_on() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    looks = read(str(DATA / "web.tar.zst"))
    next(looks)
    looks.close()  # type: ignore[attr-defined]  # it is a generator
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_an_archive_may_be_empty(tmp_path: Path) -> None:
    contents = opened(tmp_path, bytes(10240))
    assert contents.members == ()
    assert contents.complete


def test_a_file_that_is_not_there_any_more_at_its_end(tmp_path: Path) -> None:
    path = saved(tmp_path, checkpoint(entry("checkpoint/pages-1.img", bytes(10_000_000))))
    looks = read(str(path))
    next(looks)
    os.truncate(path, 100_000)
    *_, last = looks
    assert not last.complete
    assert last.problems[-1].message.endswith("the archive was cut off")
