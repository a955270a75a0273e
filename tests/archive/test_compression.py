import gc
import io
import os
import weakref
from pathlib import Path

import pytest
import zstandard

from tests.archive.builders import PACKED, PACKERS, checkpoint, entry, opened, outcome, saved
from tests.data import DATA
from tui.archive import limits
from tui.archive.frames import decompressed
from tui.archive.model import Compression, Contents
from tui.archive.reader import read
from tui.errors import ArchiveError

PAGES = os.urandom(20_000)
RAW = checkpoint(entry("checkpoint/pages-1.img", PAGES), entry("ctr.log", b"ready\n" * 1000))


def names(contents: Contents) -> list[str]:
    return [member.name for member in contents.members]


@pytest.mark.parametrize("kind", Compression)
def test_the_first_bytes_tell_the_compression_not_the_name(
    kind: Compression, tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.tar.bz2.jpg"
    path.write_bytes(PACKERS[kind](RAW))
    *_, contents = read(str(path))
    assert contents.compression is kind
    assert contents.complete
    assert contents.position == path.stat().st_size
    assert names(contents)[-2:] == ["checkpoint/pages-1.img", "ctr.log"]
    assert contents.files["ctr.log"] == b"ready\n" * 1000


def test_a_container_is_the_same_in_each_of_podmans_compressions() -> None:
    *_, plain = read(str(DATA / "web.tar"))
    *_, gzip = read(str(DATA / "web.tar.gz"))
    *_, zstd = read(str(DATA / "web.tar.zst"))
    assert names(plain) == names(gzip) == names(zstd)
    assert plain.files["config.dump"].startswith(b"{")
    assert [each.compression for each in (plain, gzip, zstd)] == ["none", "gzip", "zstd"]
    assert plain.complete
    assert gzip.complete
    assert zstd.complete


@pytest.mark.parametrize("kind", PACKED)
def test_several_frames_are_one_archive(kind: Compression, tmp_path: Path) -> None:
    between = b"" if kind is Compression.ZSTD else bytes(1000)
    third = len(RAW) // 3
    parts = RAW[:third], RAW[third : 2 * third], RAW[2 * third :]
    contents = opened(tmp_path, between.join(map(PACKERS[kind], parts)) + between)
    assert contents.complete
    assert contents.files["ctr.log"] == b"ready\n" * 1000


@pytest.mark.parametrize("kind", PACKED)
def test_nothing_stays_of_what_was_read(kind: Compression) -> None:
    reader = decompressed(io.BytesIO(PACKERS[kind](RAW)), kind)
    while reader.readinto(bytearray(65536)):
        pass
    stays = weakref.ref(reader)
    del reader
    gc.collect()
    assert stays() is None


def test_zstd_frames_that_carry_no_data_are_passed_over(tmp_path: Path) -> None:
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
    pack = zstandard.ZstdCompressor().compress
    raw = pack(RAW[:5000]) + skippable + pack(b"") + pack(RAW[5000:]) + skippable
    assert opened(tmp_path, raw).complete


@pytest.mark.parametrize("kind", PACKED)
def test_something_else_behind_the_last_frame_is_damage(kind: Compression, tmp_path: Path) -> None:
    contents = opened(tmp_path, PACKERS[kind](RAW) + b"something else")
    assert contents.finished
    assert not contents.complete
    [problem] = contents.problems
    assert f"the {kind} data " in problem.message
    assert problem.offset == len(RAW)


@pytest.mark.parametrize("kind", Compression)
def test_a_file_that_was_cut_off_anywhere_says_so(kind: Compression, tmp_path: Path) -> None:
    whole = PACKERS[kind](RAW)
    for cut in [*range(1, len(whole), len(whole) // 60), *range(len(whole) - 12, len(whole))]:
        if kind is Compression.NONE and cut >= len(RAW) - 512:
            continue  # one block of zeros is end enough
        contents = outcome(tmp_path, whole[:cut])
        if isinstance(contents, str):
            assert "this is not an archive" in contents
            continue
        assert contents.finished
        assert not contents.complete
        assert "cut off" in contents.problems[-1].message
        assert contents.problems[-1].member == contents.members[-1].name
        assert contents.problems[-1].offset is not None
        assert contents.problems[-1].offset <= len(RAW)


@pytest.mark.parametrize("kind", PACKED)
def test_a_wrong_byte_anywhere_is_seen_or_does_not_matter(
    kind: Compression, tmp_path: Path
) -> None:
    good = opened(tmp_path, RAW)
    whole = PACKERS[kind](RAW)
    for at in range(8, len(whole), len(whole) // 60):
        raw = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        contents = outcome(tmp_path, raw)
        if isinstance(contents, str):
            continue
        assert contents.finished
        if contents.complete:
            assert (contents.members, contents.files) == (good.members, good.files)
        else:
            assert contents.problems


def test_a_wrong_byte_is_told_with_its_member_and_place(tmp_path: Path) -> None:
    raw = bytearray(PACKERS[Compression.BZIP2](RAW))
    raw[-4] ^= 1
    [problem] = opened(tmp_path, bytes(raw)).problems
    assert problem.message == "the bzip2 data cannot be decompressed: Invalid data stream"
    assert problem.member == "ctr.log"
    assert problem.offset is not None


def test_a_zstd_window_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    window_of_256_mib = bytes([18 << 3])
    last_raw_block = (1 | len(RAW) << 3).to_bytes(3, "little")
    frame = b"\x28\xb5\x2f\xfd\x00" + window_of_256_mib + last_raw_block + RAW
    with pytest.raises(ArchiveError, match=r"zstd data cannot be decompressed: .* too much memory"):
        opened(tmp_path, frame)


def test_an_xz_dictionary_beyond_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WINDOW", limits.MIB)
    with pytest.raises(ArchiveError, match=r"xz data cannot be decompressed: Memory usage"):
        opened(tmp_path, PACKERS[Compression.XZ](RAW))


@pytest.mark.parametrize("kind", PACKED)
def test_packed_text_is_no_archive(kind: Compression, tmp_path: Path) -> None:
    path = saved(tmp_path, PACKERS[kind](b"some notes\n" * 100))
    with pytest.raises(ArchiveError) as caught:
        list(read(str(path)))
    assert f"{path}: this is not an archive: no tar inside the {kind}" in str(caught.value)
