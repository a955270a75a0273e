import os
import stat
from pathlib import Path

import pytest

from tui.errors import PodthawError
from tui.state import create_private, state_dir


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "deep" / "state"))
    return tmp_path / "deep" / "state"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folders_are_private_whatever_the_umask_allows(home: Path) -> None:
    before = os.umask(0)
    try:
        folder = state_dir("restores")
    finally:
        os.umask(before)
    assert folder == home / "podthaw" / "restores"
    assert mode(folder) == mode(home / "podthaw") == 0o700


def test_folders_that_are_there_stay() -> None:
    (state_dir() / "note").touch()
    assert (state_dir() / "note").exists()
    assert state_dir("restores") == state_dir("restores")


def test_where_nothing_can_be_kept_people_are_told_what_to_do(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "podthaw").write_text("in the way")
    with pytest.raises(PodthawError) as caught:
        state_dir("restores")
    assert str(home / "podthaw" / "restores") in str(caught.value)
    assert "Set XDG_STATE_HOME" in str(caught.value)


def test_files_are_private_and_new() -> None:
    path = state_dir() / "output"
    before = os.umask(0)
    try:
        file = create_private(path)
    finally:
        os.umask(before)
    with os.fdopen(file, "r+b") as both:
        both.write(b"text")
        both.seek(0)
        assert both.read() == b"text"
    assert mode(path) == 0o600
    with pytest.raises(FileExistsError):
        create_private(path)


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    path = state_dir() / "output"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        create_private(path)
    assert not (tmp_path / "elsewhere").exists()
