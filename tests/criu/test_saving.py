import hashlib
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.criu.memories import PAGE, Page, archive, area, memories, page, process
from tui.criu.memory import Absent
from tui.criu.pagemap import Flag
from tui.criu.pages import Absence
from tui.criu.saving import LARGEST, SavedMemory, save_region
from tui.errors import ArchiveError

BASE = 0x10000
A, B = page(b"A"), page(b"B")
CONTENT: dict[int, Page] = {
    BASE: A,
    BASE + PAGE: Flag.PARENT,
    BASE + 3 * PAGE: B,
    BASE + 4 * PAGE: B,
}


def saved(
    folder: Path, start: int, end: int, content: dict[int, Page] = CONTENT, pages: int = 4
) -> tuple[SavedMemory, bytes]:
    target = folder / "region"
    files = process(7, [area(BASE, 6)], content)
    files["pages-7"] = files["pages-7"][: pages * PAGE]
    with memories(archive(folder, files)) as found:
        made = save_region(found.processes[0], start, end, str(target))
    return made, target.read_bytes()


def test_what_is_absent_is_zero_and_told(tmp_path: Path) -> None:
    made, raw = saved(tmp_path, BASE + 100, BASE + 4 * PAGE)
    assert raw == A[100:] + bytes(2 * PAGE) + B
    assert made == SavedMemory(
        path=str(tmp_path / "region"),
        size=4 * PAGE - 100,
        absent=((BASE + PAGE, Absent(PAGE, Absence.EARLIER)),),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def test_damage_is_told(tmp_path: Path) -> None:
    made, raw = saved(tmp_path, BASE, BASE + 5 * PAGE, pages=2)
    assert raw == A + bytes(2 * PAGE) + B + bytes(PAGE)
    assert made.absent[-1] == (BASE + 4 * PAGE, Absent(PAGE, Absence.DAMAGED))


def test_the_file_is_for_its_owner_and_has_holes(tmp_path: Path) -> None:
    _, raw = saved(tmp_path, BASE - (256 << 20), BASE + PAGE)
    status = (tmp_path / "region").stat()
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_size == len(raw) == (256 << 20) + PAGE
    assert status.st_blocks * 512 < 1 << 20


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "region").write_text("mine")
    with pytest.raises(ArchiveError, match="region: cannot be saved: File exists"):
        saved(tmp_path, BASE, BASE + PAGE)
    assert (tmp_path / "region").read_text() == "mine"


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "region").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArchiveError, match="cannot be saved"):
        saved(tmp_path, BASE, BASE + PAGE)
    assert not (tmp_path / "elsewhere").exists()


def test_whoever_stops_it_leaves_nothing_behind(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        raise InterruptedError

    target = tmp_path / "region"
    with memories(archive(tmp_path, process(7, [area(BASE, 6)], CONTENT))) as found:
        with pytest.raises(InterruptedError):
            save_region(found.processes[0], BASE, BASE + 6 * PAGE, str(target), stop)
        assert told == [(PAGE, 6 * PAGE)]
        assert not target.exists()
        steps: list[int] = []
        save_region(
            found.processes[0],
            BASE,
            BASE + 6 * PAGE,
            str(target),
            lambda done, _: steps.append(done),
        )
        assert steps == sorted(steps)
        assert steps[-1] == 6 * PAGE


def test_without_room_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=4096))
    with pytest.raises(ArchiveError, match=r"too little room: 12\.0 KiB are needed, and 4\.0 KiB"):
        saved(tmp_path, BASE, BASE + 6 * PAGE)
    assert not (tmp_path / "region").exists()


def test_a_disk_that_fills_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(ArchiveError, match="region: cannot be saved: No space left on device"):
        saved(tmp_path, BASE, BASE + PAGE)
    assert not (tmp_path / "region").exists()


@pytest.mark.parametrize("end", [BASE, BASE - 1, BASE + LARGEST + 1])
def test_only_regions_of_some_size_are_saved(end: int, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"Only what is up to 1\.0 TiB large"):
        saved(tmp_path, BASE, end)
