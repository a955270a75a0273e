import os
from collections.abc import Iterator

import pytest

from tui.archive.model import Compression, Contents, FileIdentity


@pytest.fixture
def empty_contents() -> Contents:
    return Contents("x.tar", FileIdentity(0, 0, 0, 0), Compression.NONE)


@pytest.fixture
def null() -> Iterator[int]:
    """A file descriptor that takes everything."""
    descriptor = os.open(os.devnull, os.O_RDWR)
    yield descriptor
    os.close(descriptor)
