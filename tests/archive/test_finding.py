"""Archives are found in a folder by what they begin with."""

import os
from pathlib import Path

import pytest

from tests.archive.layouts import in_folder
from tests.data import DATA
from tui.archive.finding import candidates, holds_checkpoint
from tui.archive.model import Compression, Form
from tui.errors import ArchiveError


def test_only_archives_are_found_the_newest_first(tmp_path: Path) -> None:
    for seconds, (name, source) in enumerate(
        (("a.bin", "web.tar"), ("b", "web.tar.gz"), ("c.txt", "web.tar.zst"))
    ):
        (tmp_path / name).write_bytes((DATA / source).read_bytes())
        os.utime(tmp_path / name, (seconds, seconds))
    (tmp_path / "notes.tar").write_text("not a tar, whatever its name says")
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "gone.tar").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.tar")
    assert [(one.path.name, one.compression) for one in candidates(str(tmp_path))] == [
        ("c.txt", Compression.ZSTD),
        ("b", Compression.GZIP),
        ("a.bin", Compression.NONE),
    ]


def test_a_folder_with_a_checkpoint_is_found_too(tmp_path: Path) -> None:
    in_folder(tmp_path / "cp1", {"inventory.img": b"x"})
    in_folder(tmp_path / "web", {"config.dump": b"{}"})
    in_folder(tmp_path / "notes", {"inventory.txt": b"x"})
    found = {one.path.name: one.form for one in candidates(str(tmp_path))}
    assert found == {"cp1": Form.FOLDER, "web": Form.FOLDER}
    assert holds_checkpoint(tmp_path / "cp1")
    assert not holds_checkpoint(tmp_path)


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be listed"):
        candidates(str(tmp_path / "nowhere"))
