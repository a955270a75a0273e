"""Every screen looks as it did when somebody looked at it (`make snapshots` takes them anew)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui import golden
from tests.ui.golden import picture
from tests.ui.scenes import SCENES, SIZES, pictures


@pytest.mark.parametrize("name", SCENES)
async def test_screen_in_every_size_and_theme(name: str, request: pytest.FixtureRequest) -> None:
    scene = SCENES[name]
    update = request.config.getoption("update_snapshots")
    with scene.staged() as app:
        async with app.run_test(size=SIZES[0], notifications=True) as pilot:
            await scene.play(pilot)
            for width, height in SIZES:
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                golden.compare(f"{name}-{width}x{height}", await picture(pilot), update=update)


@pytest.mark.parametrize("name", SCENES)
def test_screen(name: str, snap_compare: Callable[..., bool]) -> None:
    scene = SCENES[name]
    with scene.staged() as app:
        assert snap_compare(app, terminal_size=SIZES[0], run_before=scene.play)


def test_every_golden_belongs_to_a_scene() -> None:
    wanted = {f"{name}-{width}x{height}.txt" for name in SCENES for width, height in SIZES}
    assert {path.name for path in golden.FOLDER.iterdir()} == wanted


async def test_the_readmes_pictures_show_what_there_is_now() -> None:
    folder = Path(__file__).parents[2] / "screenshots"
    async for name, svg in pictures():
        assert (folder / name).read_text() == svg, "run `make screenshots`"
