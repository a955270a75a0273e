"""What was opened last is remembered privately, and nothing in the file does harm."""

import stat
from pathlib import Path

import pytest

from tui import recent
from tui.state import state_dir


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_the_last_one_stands_first_once_and_their_number_is_bounded() -> None:
    for number in range(recent.MOST + 5):
        recent.remember(f"/x/{number}")
    recent.remember("/x/20")
    found = recent.recent()
    assert len(found) == recent.MOST
    assert found[:2] == ("/x/20", f"/x/{recent.MOST + 4}")
    assert found.count("/x/20") == 1


def test_the_file_is_private_and_nothing_else_is_left() -> None:
    recent.remember("/x")
    recent.forget("/x")
    (file,) = state_dir().iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert recent.recent() == ()


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b'{"a": 1}', b"[1]", b"\xff\xfe", b"[" * 100_000, b'["no/root", "/a\\u0000b"]'],
)
def test_a_file_that_makes_no_sense_is_an_empty_one(raw: bytes) -> None:
    (state_dir() / "recent.json").write_bytes(raw)
    assert recent.recent() == ()


def test_a_name_that_is_no_text_is_not_kept() -> None:
    recent.remember("/x/\udcff")
    recent.remember("/y")
    assert recent.recent() == ("/y",)
