from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archive.builders import PACKED, PACKERS, checkpoint, entry, opened, short
from tui.archive import forward as module
from tui.archive.forward import forward
from tui.archive.model import Compression, Contents, Member

PAGES = bytes(number * 7 % 251 for number in range(50_000))
MORE = PAGES[::-1]
RAW = checkpoint(
    entry("checkpoint/pages-1.img", PAGES),
    entry("ctr.log", b"a line"),
    entry("checkpoint/pages-2.img", MORE),
)


def archive(folder: Path, kind: Compression, raw: bytes = RAW) -> tuple[Contents, Member, Member]:
    contents = opened(folder, PACKERS[kind](raw))
    first, second = (member for member in contents.members if "pages-" in member.name)
    return contents, first, second


@pytest.fixture(autouse=True)
def no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")


@pytest.mark.parametrize("kind", Compression, ids=short)
def test_it_goes_through_the_archive_once(kind: Compression, tmp_path: Path) -> None:
    contents, first, second = archive(tmp_path, kind)
    with forward(contents) as store:
        assert store.read(first, 0, 100) == PAGES[:100]
        assert store.read(first, 90, 40_000) == PAGES[90:40_090]
        assert store.read(second, 10, 100) == MORE[10:110]
        assert store.read(second, len(MORE) - 5, 100) == MORE[-5:]
        assert store.read(second, len(MORE) + 5, 100) == b""


@pytest.mark.parametrize("kind", PACKED, ids=short)
def test_what_lies_far_back_is_read_again(
    kind: Compression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT", 1000)
    contents, first, second = archive(tmp_path, kind)
    with forward(contents) as store:
        assert store.read(second, 0, 100) == MORE[:100]
        assert store.read(first, 10, 100) == PAGES[10:110]
        assert store.read(second, 5000, 100) == MORE[5000:5100]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 50_000), st.integers(0, 3000)), max_size=8))
def test_any_order_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, reads: list[tuple[bool, int, int]]
) -> None:
    contents, first, second = archive(tmp_path_factory.mktemp("one"), Compression.ZSTD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_KEPT", 2000)
        with forward(contents) as store:
            for other, offset, count in reads:
                member, whole = (second, MORE) if other else (first, PAGES)
                assert store.read(member, offset, count) == whole[offset : offset + count]


def test_damage_ends_it(tmp_path: Path) -> None:
    cut = RAW[: RAW.index(MORE) + 5000]
    contents, first, second = archive(tmp_path, Compression.GZIP, cut)
    with forward(contents) as store:
        assert store.read(first, 0, 100) == PAGES[:100]
        assert store.read(second, 4000, 4096) == MORE[4000:5000]
        assert store.read(second, 6000, 10) == b""


def test_whoever_watches_can_stop_it(tmp_path: Path) -> None:
    contents, _, second = archive(tmp_path, Compression.ZSTD)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        raise InterruptedError

    with forward(contents, stop) as store, pytest.raises(InterruptedError):
        store.read(second, 0, 10)
    assert second.offset is not None
    assert told == [(second.offset, second.offset + second.size)]
