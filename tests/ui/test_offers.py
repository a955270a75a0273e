"""Footer, palette and help offer what can be done, with the keys that people have chosen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual._callback import invoke
from textual.binding import BindingsMap
from textual.keys import _character_to_key

from tests.ui.scenes import SCENES, Scene, press, settled, shown
from tests.ui.test_flow import Piloted, opened
from tui.host.demo import DemoHost
from tui.restore.options import RestoreOptions
from tui.settings import Settings
from tui.ui.app import PodthawApp
from tui.ui.keymap import normal
from tui.ui.keys import Scope, bindings
from tui.ui.screens.help import TextScreen
from tui.ui.screens.history import HistoryScreen
from tui.ui.screens.restore import RestoreScreen
from tui.ui.widgets.key_footer import FEW, KeyFooter


@asynccontextmanager
async def with_keys(
    size: tuple[int, int] = (120, 40), **keys: str
) -> AsyncIterator[tuple[PodthawApp, Piloted]]:
    """The demo with other keys; `inspector__restore="R"` is `"inspector.restore" = "R"`."""
    written = {name.replace("__", "."): tuple(some.split()) for name, some in keys.items()}
    with SCENES["inspector"].staged() as staged:
        settings = Settings(Path("settings.toml"), keys=written)
        app = PodthawApp(staged._paths[0], DemoHost(pace=0), RestoreOptions(), settings=settings)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield app, pilot


async def test_other_keys_work_and_are_shown_in_place_of_the_old() -> None:
    async with with_keys(inspector__restore="R f5", inspector__conflicts="r") as (app, pilot):
        footer = shown(app).splitlines()[-1]
        assert "R Restore" in footer
        assert "r Conflicts" in footer
        commands = {one.title: one.help for one in app.get_system_commands(app.screen)}
        assert commands["Inspector: Restore"].startswith("R F5 ")
        await press("question_mark")(pilot)
        assert "R F5 " in shown(app)
        await press("escape", "c")(pilot)
        assert app.screen.focused
        assert app.screen.focused.id == "views"
        await press("r")(pilot)
        assert app.screen.focused.id == "conflicts"
        await press("R")(pilot)
        assert isinstance(app.screen, RestoreScreen)


async def test_a_key_that_shares_another_does_not_take_it_away() -> None:
    async with with_keys(rows__order="X") as (app, pilot):
        await press("6", "j", "X", "home")(pilot)
        assert "o Sort" not in shown(app)
        await press("enter", "escape")(pilot)
        await press("down", "G", "g")(pilot)
        assert app.screen.focused


async def test_remedies_leave_out_letters_that_mean_something_else() -> None:
    async with with_keys(inspector__update="A") as (app, pilot):
        before = app.session.options
        await press("A")(pilot)
        assert app.session.options == before
        assert " A " not in "".join(shown(app).split("keep the host's data")[0][-8:])
        await press("B")(pilot)
        assert app.session.options.ignore_volumes


@pytest.mark.parametrize("character", [chr(code) for code in range(0x20, 0x7F)])
def test_characters_are_called_as_textual_calls_them(character: str) -> None:
    assert normal(character) == _character_to_key(character)


WALK = [scene for scene in SCENES.values() if scene.name not in ("help", "explain")]


@pytest.mark.parametrize("scene", WALK, ids=lambda scene: scene.name)
async def test_the_footer_offers_only_what_can_be_done(scene: Scene) -> None:
    async with opened(scene, size=(80, 24)) as (app, pilot):
        await scene.play(pilot)
        for footer in app.screen.query(KeyFooter):
            chosen = footer.chosen()
            assert 0 < len(chosen) <= FEW
            assert chosen[-1].binding.action == "help"
            assert len({one.binding.action for one in chosen}) == len(chosen)
            line = shown(app).splitlines()[-1]
            for one in chosen:
                assert f"{app.get_key_display(one.binding)} {one.binding.description}" in line
                action = one.binding.action.partition("(")[0]
                assert one.node.check_action(action, ()) is not False
                assert one.enabled or one.node.check_action(action, ()) is None


async def test_keys_without_an_effect_are_not_offered() -> None:
    async with opened() as (app, pilot):
        assert "b Return" not in shown(app)
        await press("r")(pilot)
        assert "Reset" not in shown(app)
        await press(*"x2")(pilot)
        assert "^l Reset" in shown(app)


async def test_the_palette_has_what_the_focus_can_do_now() -> None:
    async with opened() as (app, pilot):
        titles = {one.title for one in app.get_system_commands(app.screen)}
        assert {"Inspector: Restore", "View: Logs", "podthaw: Quit", "podthaw: Theme"} <= titles
        assert "Inspector: Return" not in titles
        assert not any(title.startswith("Tables") for title in titles)
        await press("6")(pilot)
        commands = {one.title: one for one in app.get_system_commands(app.screen)}
        assert "Tables of what was running: Invert" not in commands
        await invoke(commands["Tables of what was running: Sort"].callback)
        await settled(pilot)
        titles = {one.title for one in app.get_system_commands(app.screen)}
        assert "Tables of what was running: Invert" in titles


async def test_the_palette_shows_keys_that_look_like_markup() -> None:
    async with opened(size=(120, 60)) as (app, pilot):
        await press("ctrl+p", *"before")(pilot)
        await pilot.pause()
        await settled(pilot)
        assert "[  The one before." in shown(app)


@pytest.mark.parametrize(
    ("keys", "first", "words"),
    [
        ((), Scope.VIEWS, "The views of the archive"),
        (("6",), Scope.VIEWS, "The processes that were running"),
        (("c",), Scope.CONFLICTS, "What stands between the archive and this host"),
        (("r",), Scope.RESTORE, "How the container shall be restored"),
        (("f2",), Scope.LIST, "The restores that were run from here"),
    ],
)
async def test_the_help_begins_with_what_has_the_focus(
    keys: tuple[str, ...], first: Scope, words: str
) -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press(*keys, "f1")(pilot)
        assert isinstance(app.screen, TextScreen)
        text = shown(app)
        assert words in text
        assert text.index(words) < text.index(first.value)
        await press("G")(pilot)
        assert "Signs" in shown(app)
        assert "blocker" in shown(app)
        await press("g", "ctrl+d", "ctrl+u", "escape")(pilot)
        assert not isinstance(app.screen, TextScreen)


async def test_escape_goes_back_along_jumps_of_every_kind() -> None:
    async with opened() as (app, pilot):
        views = app.screen.query_one("#views")

        def view() -> str | None:
            return app.screen._current().id  # type: ignore[attr-defined,no-any-return]

        await press("6", "7", "3")(pilot)
        await press("c", "enter")(pilot)
        assert view() == "config"
        await press("escape")(pilot)
        assert view() == "spec"
        await press("escape")(pilot)
        assert view() == "files"
        await press("escape")(pilot)
        assert view() == "processes"
        assert not views.has_focus
        await press("escape")(pilot)
        assert view() == "summary"
        assert views.has_focus


async def test_escape_closes_what_is_open_before_it_goes_back() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("6", "enter")(pilot)
        assert app.focused
        assert "details" in app.focused.classes
        await press("escape")(pilot)
        assert "rows" in app.focused.classes
        await press("slash", *"httpd", "escape")(pilot)
        assert app.screen.query_one("#filter").has_class("-hidden")
        await press("escape")(pilot)
        assert app.focused.id == "views"


async def test_the_history_opens_where_function_keys_are_eaten() -> None:
    async with opened() as (app, pilot):
        await press("ctrl+t")(pilot)
        assert isinstance(app.screen, HistoryScreen)


@pytest.mark.parametrize("scope", Scope)
def test_every_list_and_text_has_the_same_moves(scope: Scope) -> None:
    keys = set(BindingsMap(bindings(scope)).key_to_bindings)
    if "j" in keys:
        assert {"k", "g", "G"} <= keys
