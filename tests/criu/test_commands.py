from pathlib import Path

import pytest

from tests.archive.builders import short
from tests.criu.memories import PAGE, Page, archive, area, page, process
from tests.data import DATA
from tui.archive import spool
from tui.archive.model import Compression
from tui.archive.opening import read
from tui.criu.commands import Started, read_started
from tui.criu.pagemap import Flag

BASE = 0x10000
ARGUMENTS = b"nginx: master\0" + b"x" * 200 + b"\0"
VARIABLES = b"PATH=/bin\0odd\0"


def files(end: bool = True) -> dict[str, bytes]:
    start = BASE + PAGE - 20
    raw = ARGUMENTS + VARIABLES
    content: dict[int, Page] = {
        BASE: page(raw[:20], end=True),
        BASE + PAGE: page(raw[20:]) if end else Flag.PARENT,
        **{BASE + number * PAGE: page(b"much") for number in range(8, 4096)},
    }
    found = process(
        7,
        [area(BASE, 4096)],
        content,
        mm_arg_start=start,
        mm_arg_end=start + len(ARGUMENTS),
        mm_env_start=start + len(ARGUMENTS),
        mm_env_end=start + len(raw),
    )
    return found | process(8, [area(BASE, 2)], {})


@pytest.mark.parametrize("kind", [Compression.NONE, Compression.ZSTD], ids=short)
def test_they_are_read_from_a_few_pages(
    kind: Compression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr(spool, "SMALL", PAGE)
    contents = archive(tmp_path, files(), kind)
    expected = Started(("nginx: master", "x" * 200), ("PATH=/bin", "odd"))
    assert read_started(contents) == {7: expected, 8: Started(None, None)}


def test_what_is_in_the_earlier_checkpoint_is_not_known(tmp_path: Path) -> None:
    assert read_started(archive(tmp_path, files(end=False)))[7] == Started(None, None)


def test_whoever_watches_can_stop_it(tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_started(archive(tmp_path, files(), Compression.GZIP), progress=stop)


def test_of_real_archives() -> None:
    for path in sorted(DATA.glob("*.tar*")):
        *_, contents = read(str(path))
        for started in read_started(contents).values():
            assert started.arguments
            assert started.environment
            assert any(entry.startswith("PATH=") for entry in started.environment)
