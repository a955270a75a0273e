import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archive.builders import (
    DOCUMENTS,
    PACKED,
    PACKERS,
    checkpoint,
    entry,
    inner,
    opened,
    saved,
    short,
    unpacked,
)
from tests.archive.layouts import PODMAN_NAME, image, in_folder, tar
from tests.data import DATA
from tui.archive import opening, spool
from tui.archive.model import Compression, Contents, Form, Member
from tui.archive.reader import read
from tui.errors import ArchiveError

PAGES = bytes(range(256)) * 48
MORE = PAGES[::-1]
RAW = checkpoint(
    entry("checkpoint/pages-1.img", PAGES),
    entry("ctr.log", b"a line"),
    entry("checkpoint/pages-2.img", MORE),
)


def called(contents: Contents, name: str) -> Member:
    return next(member for member in contents.members if member.name == name)


def pages(contents: Contents) -> list[Member]:
    return [member for member in contents.members if "pages-" in member.name]


def archive(folder: Path, kind: Compression, raw: bytes = RAW) -> Contents:
    return opened(folder, PACKERS[kind](raw))


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(spool, "SMALL", 0)
    return folder


@pytest.mark.parametrize("kind", Compression)
def test_any_part_of_any_member_is_read(kind: Compression, tmp_path: Path) -> None:
    contents = archive(tmp_path, kind)
    first, second = pages(contents)
    with spool.opened(contents, [second, first]) as store:
        assert store.read(first, 0, len(PAGES)) == PAGES
        assert store.read(second, 4096, 100) == MORE[4096:4196]
        assert store.read(second, len(MORE) - 10, 100) == MORE[-10:]
        assert store.read(first, len(PAGES) + 1, 5) == b""
        buffer = bytearray(b"....")
        assert store.read_into(second, 7, memoryview(buffer)[1:3]) == 2
        assert buffer == b"." + MORE[7:9] + b"."


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 9000)), max_size=9))
def test_reads_are_slices_of_the_member(reads: list[tuple[int, int]]) -> None:
    path = DATA / "web.tar.zst"
    *_, contents = read(str(path))
    [member] = pages(contents)
    with unpacked(path) as tar:
        file = tar.extractfile(member.name)
        assert file
        whole = file.read()
    with spool.opened(contents, [member]) as store:
        for offset, count in reads:
            assert store.read(member, offset, count) == whole[offset : offset + count]


@pytest.mark.parametrize("kind", Compression)
def test_a_file_in_a_tar_inside_is_read(kind: Compression, tmp_path: Path) -> None:
    diff = inner(entry("etc", kind=b"5"), entry("etc/motd", b"hello"), entry("etc/hosts", b"bye"))
    contents = archive(tmp_path, kind, checkpoint(entry("rootfs-diff.tar", diff)))
    outer, motd = called(contents, "rootfs-diff.tar"), contents.nested["rootfs-diff.tar"][1]
    for wanted in ([motd], [outer], [motd, outer]):
        with spool.opened(contents, wanted) as store:
            assert store.read(motd, 0, 100) == b"hello"


@pytest.mark.parametrize("kind", PACKED)
def test_only_what_is_wanted_is_written(kind: Compression, tmp_path: Path) -> None:
    contents = archive(tmp_path, kind)
    first, second = pages(contents)
    assert spool.needed(contents, [first]) == len(PAGES)
    with spool.opened(contents, [first]) as store:
        with pytest.raises(KeyError, match=r"pages-2"):
            store.read(second, 0, 1)
        with pytest.raises(KeyError, match=r"config\.dump"):
            store.read(called(contents, "config.dump"), 0, 1)


def descriptors(folder: Path) -> list[int]:
    """Those of files in `folder`, whether they still have a name or not."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            if folder in link.readlink().parents:
                found.append(int(link.name))
    return found


def test_the_file_has_no_name_and_is_ours_alone(tmp_path: Path, room: Path) -> None:
    contents = archive(tmp_path, Compression.ZSTD)
    with spool.opened(contents, pages(contents)):
        assert list(room.iterdir()) == []
        [number] = descriptors(room)
        status = os.fstat(number)
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert status.st_nlink == 0
        assert status.st_size == len(PAGES) + len(MORE)
    assert descriptors(room) == []


def test_of_a_plain_archive_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    contents = archive(tmp_path, Compression.NONE)
    assert spool.needed(contents, pages(contents)) == 0
    with spool.opened(contents, pages(contents)) as store:
        assert store.read(pages(contents)[0], 0, 4) == PAGES[:4]


def test_a_little_is_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SMALL", len(PAGES))
    monkeypatch.setenv("TMPDIR", "/nowhere")
    contents = archive(tmp_path, Compression.ZSTD)
    first, second = pages(contents)
    assert spool.needed(contents, [first]) == 0
    assert spool.needed(contents, [first, second]) == len(PAGES) + len(MORE)
    with spool.opened(contents, [first]) as store:
        assert store.read(first, 10, 5000) == PAGES[10:5010]


def test_a_part_of_a_member_can_be_wanted(tmp_path: Path) -> None:
    contents = archive(tmp_path, Compression.GZIP)
    first, second = pages(contents)
    assert second.offset is not None
    part = replace(second, offset=second.offset + 4096, size=100)
    with spool.opened(contents, [part]) as store:
        assert store.read(second, 4100, 50) == MORE[4100:4150]
        for member, offset, count in ((second, 4096, 101), (second, 4095, 2), (first, 0, 1)):
            with pytest.raises(KeyError, match="pages-"):
                store.read(member, offset, count)


def test_without_room_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = archive(tmp_path, Compression.ZSTD)
    monkeypatch.setattr(
        os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=4096), raising=True
    )
    seen: list[int] = []
    with (
        pytest.raises(ArchiveError) as caught,
        spool.opened(contents, pages(contents), lambda done, _: seen.append(done)),
    ):
        pass
    assert (
        "room has 4.0 KiB left, and 24.0 KiB of the archive must be unpacked there: 20.0 KiB"
        in (str(caught.value))
    )
    assert "TMPDIR" in str(caught.value)
    assert not seen


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    contents = archive(tmp_path, Compression.GZIP)
    with (
        pytest.raises(ArchiveError, match=r"nowhere: nothing can be written there \(No such file"),
        spool.opened(contents, pages(contents)),
    ):
        pass


def test_progress_reaches_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_STEP", 1000)
    contents = archive(tmp_path, Compression.XZ)
    [_, second] = pages(contents)
    seen: list[tuple[int, int]] = []
    with spool.opened(contents, [second], lambda *now: seen.append(now)) as store:
        assert store.read(second, 0, len(MORE)) == MORE
    assert second.offset is not None
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {second.offset + second.size}
    assert seen[-1][0] == seen[-1][1]


def test_whoever_watches_can_stop_it(
    tmp_path: Path, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_STEP", 1000)
    contents = archive(tmp_path, Compression.ZSTD)
    calls = 0

    def stop(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        raise InterruptedError

    with pytest.raises(InterruptedError), spool.opened(contents, pages(contents), stop):
        pass
    assert calls == 1
    assert descriptors(tmp_path) == []
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("kind", [Compression.NONE, Compression.ZSTD], ids=short)
def test_another_file_of_the_name_is_refused(kind: Compression, tmp_path: Path) -> None:
    contents = archive(tmp_path, kind)
    Path(contents.path).unlink()
    saved(tmp_path, PACKERS[kind](RAW))
    with (
        pytest.raises(ArchiveError, match="it has changed since it was read"),
        spool.opened(contents, pages(contents)),
    ):
        pass


def test_a_file_that_changes_while_it_is_unpacked_is_refused(tmp_path: Path) -> None:
    contents = archive(tmp_path, Compression.ZSTD)
    path = Path(contents.path)

    def touch(done: int, total: int) -> None:
        os.utime(path, ns=(1, 1))

    with (
        pytest.raises(ArchiveError, match="it has changed since"),
        spool.opened(contents, pages(contents), touch),
    ):
        pass


def test_a_plain_archive_that_changes_later_gives_no_bytes(tmp_path: Path) -> None:
    contents = archive(tmp_path, Compression.NONE)
    first, _ = pages(contents)
    with spool.opened(contents, [first]) as store:
        os.truncate(contents.path, 100)
        with pytest.raises(ArchiveError, match="it has changed since"):
            store.read(first, 0, 10)


@pytest.mark.parametrize("kind", [Compression.NONE, Compression.GZIP], ids=short)
def test_of_an_archive_that_is_cut_off_the_rest_is_there(kind: Compression, tmp_path: Path) -> None:
    cut = RAW[: RAW.index(MORE) + 5000]
    contents = archive(tmp_path, kind, cut)
    assert not contents.complete
    first, second = pages(contents)
    with spool.opened(contents, [first, second]) as store:
        assert store.read(first, 0, len(PAGES)) == PAGES
        assert store.read(second, 4000, 4096) == MORE[4000:5000]
        assert store.read(second, 6000, 10) == b""


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    contents = archive(tmp_path, Compression.NONE)
    Path(contents.path).unlink()
    with (
        pytest.raises(ArchiveError, match=r"checkpoint: cannot be read: No such file"),
        spool.opened(contents, []),
    ):
        pass


@pytest.mark.parametrize("layer", [Compression.NONE, Compression.GZIP], ids=short)
@pytest.mark.parametrize("outer", [Compression.NONE, Compression.ZSTD], ids=short)
def test_the_layer_of_an_image_is_read(
    outer: Compression, layer: Compression, tmp_path: Path
) -> None:
    files = image(PACKERS[layer](RAW), of_manifest=PODMAN_NAME)
    path = saved(tmp_path, PACKERS[outer](tar(files)))
    *_, contents = opening.read(str(path))
    assert contents.form is Form.IMAGE
    first, second = pages(contents)
    in_place = outer is layer is Compression.NONE
    assert spool.needed(contents, [second]) == (0 if in_place else len(MORE))
    with spool.opened(contents, [second]) as store:
        assert store.read(second, 100, 5000) == MORE[100:5100]
        os.utime(path, ns=(1, 1))
        if in_place:
            with pytest.raises(ArchiveError, match="it has changed since it was read"):
                store.read(second, 0, 1)
    with (
        pytest.raises(ArchiveError, match="it has changed since it was read"),
        spool.opened(contents, [first]),
    ):
        pass


def test_the_files_of_a_folder_are_read_where_they_lie(tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    files = {"checkpoint/pages-1.img": PAGES, "checkpoint/pages-2.img": MORE}
    in_folder(folder, {**DOCUMENTS, **files})
    *_, contents = opening.read(str(folder))
    assert contents.form is Form.FOLDER
    first, second = pages(contents)
    assert spool.needed(contents, [first, second]) == 0
    with spool.opened(contents, []) as store:
        assert store.read(second, 10, 9000) == MORE[10:9010]
        assert store.read(first, 0, 1 << 20) == PAGES
        (folder / "checkpoint/pages-1.img").write_bytes(MORE + MORE)
        with pytest.raises(ArchiveError, match=r"has changed while it was read: open it again"):
            store.read(first, 0, 1)
