"""The terminal UI without animations, which would make every wait longer, and without a display."""

import os
from collections.abc import Iterator

import pytest

from tui.ui import heap

os.environ["TEXTUAL_ANIMATIONS"] = "none"
for _name in ("WAYLAND_DISPLAY", "DISPLAY", "TMUX", "STY", "PAGER", "VISUAL", "EDITOR"):
    os.environ.pop(_name, None)


@pytest.fixture(autouse=True)
def _every_archive_is_closed() -> Iterator[None]:
    """What the UI has read is given back, as it would be when podthaw ends."""
    yield
    heap.closed()
