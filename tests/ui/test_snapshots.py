"""Every screen looks as it did when somebody looked at it (`make snapshots` takes them anew)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.scenes import SCENES, SIZES, pictures


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
def test_screen(name: str, size: tuple[int, int], snap_compare: Callable[..., bool]) -> None:
    scene = SCENES[name]
    with scene.staged() as app:
        assert snap_compare(app, terminal_size=size, run_before=scene.play)


async def test_the_readmes_pictures_show_what_there_is_now() -> None:
    folder = Path(__file__).parents[2] / "screenshots"
    async for name, svg in pictures():
        assert (folder / name).read_text() == svg, "run `make screenshots`"
