"""Every screen looks as it did when somebody looked at it (`make snapshots` takes them anew)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui import golden
from tests.ui.golden import DARK, LIGHT, picture
from tests.ui.hostile import HOSTILE_SCENES
from tests.ui.scenes import SCENES, SIZES, Scene, pictures
from tests.ui.session import session

HARMLESS = {name: (name, scene) for name, scene in SCENES.items()}
ALL = HARMLESS | {
    f"hostile-{name}": (f"hostile-{name}", scene) for name, scene in HOSTILE_SCENES.items()
}


@pytest.mark.parametrize(("name", "scene"), ALL.values(), ids=ALL)
async def test_screen_in_every_size_and_theme(
    name: str, scene: Scene, request: pytest.FixtureRequest
) -> None:
    """On the way every line is looked at (see `golden.screen`)."""
    update = request.config.getoption("update_snapshots")
    with scene.staged() as app:
        async with app.run_test(size=SIZES[0], notifications=True) as pilot:
            await scene.play(pilot)
            for width, height in SIZES:
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                golden.compare(f"{name}-{width}x{height}", await picture(pilot), update=update)
            assert app.is_running


def test_every_golden_belongs_to_a_scene() -> None:
    wanted = {f"{name}-{width}x{height}.txt" for name in ALL for width, height in SIZES}
    assert {path.name for path in golden.FOLDER.iterdir()} == wanted


@pytest.mark.parametrize("name", SCENES)
def test_screen(name: str, snap_compare: Callable[..., bool]) -> None:
    scene = SCENES[name]
    with scene.staged() as app:
        assert snap_compare(app, terminal_size=SIZES[0], run_before=scene.play)


@pytest.mark.parametrize("name", ["conflicts", "restored"])
async def test_a_theme_looks_the_same_whenever_it_is_chosen(name: str) -> None:
    found = []
    for chosen in (LIGHT, DARK):
        with SCENES[name].staged() as app:
            app.theme = chosen
            async with app.run_test(size=SIZES[-1], notifications=True) as pilot:
                await SCENES[name].play(pilot)
                found.append(str(await picture(pilot)))
    assert found[0] == found[1]


async def test_the_readmes_pictures_show_what_there_is_now() -> None:
    folder = Path(__file__).parents[2] / "screenshots"
    async for name, svg in pictures():
        assert (folder / name).read_text() == svg, "run `make screenshots`"
    assert (folder / "session.svg").read_text() == await session(), "run `make screenshots`"
