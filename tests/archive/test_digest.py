import hashlib
from pathlib import Path

import pytest

from tests.data import DATA
from tui.archive.digest import sha256, sha256_aside


def test_the_digest_is_the_files() -> None:
    path = DATA / "web.tar.zst"
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    assert sha256(str(path)) == sha256_aside(str(path)).result() == known


def test_what_is_no_file_has_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        sha256("/dev/zero")
    with pytest.raises(OSError, match="missing"):
        sha256_aside(str(tmp_path / "missing")).result()
