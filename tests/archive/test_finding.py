"""Archives are found in a folder by what they begin with."""

import os
from pathlib import Path

import pytest

from tests.data import DATA
from tui.archive.finding import candidates
from tui.archive.model import Compression
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


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be listed"):
        candidates(str(tmp_path / "nowhere"))
