"""Themes with contrast, and consoles that show less than others."""

from itertools import product
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tests.ui.scenes import SCENES, press, settled, shown
from tests.ui.test_flow import opened
from tui import state
from tui.errors import UsageError
from tui.host.demo import DemoHost
from tui.report.text import GLYPHS
from tui.restore.options import RestoreOptions
from tui.settings import Settings
from tui.ui.adapting import first_theme
from tui.ui.app import PodthawApp
from tui.ui.characters import PlainCharacters, plain
from tui.ui.console import Characters, Console, console_of
from tui.ui.themes import OWN

PACKAGE = Path(__file__).parents[2] / "tui"

TEXTS = ("foreground", "quiet", *(f"text-{name}" for name in (
    "primary", "accent", "warning", "error", "success"
)))  # fmt: skip
BACKGROUNDS = ("background", "surface", "panel", "surface-lighten-1", "primary-muted")
PAIRS = [*product(TEXTS, BACKGROUNDS), ("background", "primary"), ("text-warning", "warning-muted")]


def luminance(color: Color) -> float:
    """As WCAG 2 defines it."""
    linear = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in color.normalized
    ]
    return sum(
        weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def contrast(first: str, second: str) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    dark, light = sorted(luminance(Color.parse(color)) for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_every_text_can_be_read(theme: Theme) -> None:
    colors = theme.to_color_system().generate() | theme.variables
    for text, behind in PAIRS:
        found = contrast(colors[text], colors[behind])
        assert found >= 4.5, f"{text} on {behind}: {found:.1f}"


@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_borders_scrollbars_and_cursors_without_focus_can_be_seen(theme: Theme) -> None:
    colors = theme.to_color_system().generate() | theme.variables
    seen = [contrast(colors[f"surface-lighten-{n}"], colors["background"]) for n in (1, 2, 3)]
    assert seen == sorted(seen)
    assert seen[0] > 1.15
    assert seen[1] > 1.5


UTF8 = {"LANG": "en_GB.UTF-8", "COLORTERM": "truecolor", "TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("changes", "console"),
    [
        ({}, Console()),
        ({"NO_COLOR": ""}, Console(colours=False)),
        ({"COLORTERM": ""}, Console()),
        ({"COLORTERM": "", "TERM": "screen"}, Console(colours=False)),
        (
            {"COLORTERM": "", "TERM": "linux"},
            Console(colours=False, characters=Characters.LINES),
        ),
        ({"COLORFGBG": "0;15"}, Console(light=True)),
        ({"COLORFGBG": "15;default;0"}, Console()),
        ({"LANG": "C"}, Console(characters=Characters.ASCII)),
        ({"LANG": "de_DE.ISO-8859-1@euro"}, Console(characters=Characters.ASCII)),
        ({"LANG": "C", "LC_ALL": "C.utf8"}, Console()),
        ({"LC_ALL": "C"}, Console(characters=Characters.ASCII)),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, Console(characters=Characters.ASCII)),
    ],
)
def test_the_environment_tells_of_the_console(changes: dict[str, str], console: Console) -> None:
    coerced = changes.get("LC_CTYPE") == "C.UTF-8"
    assert console_of(UTF8 | changes, utf8_mode=coerced) == console


def test_a_locale_that_somebody_asked_for_is_no_coerced_one() -> None:
    asked = {"LANG": "C", "LC_CTYPE": "C.UTF-8", "TERM": "xterm-256color"}
    assert console_of(asked, utf8_mode=False).characters is Characters.ALL


THEMES = BUILTIN_THEMES | {theme.name: theme for theme in OWN}
HERE = Path("settings.toml")


@pytest.mark.parametrize(
    ("named", "chosen", "console", "theme"),
    [
        ("", "", Console(), "thaw"),
        ("", "", Console(light=True), "thaw-light"),
        ("", "dracula", Console(light=True), "dracula"),
        ("", "gone", Console(), "thaw"),
        ("nord", "dracula", Console(), "nord"),
        ("nord", "dracula", Console(colours=False), "ansi-dark"),
        ("", "dracula", Console(colours=False, light=True), "ansi-light"),
        ("ansi-light", "", Console(colours=False), "ansi-light"),
    ],
)
def test_the_theme_to_begin_with(named: str, chosen: str, console: Console, theme: str) -> None:
    assert first_theme(Settings(HERE, theme=named), console, THEMES, chosen) == theme


def test_a_theme_that_there_is_not_is_told_with_its_line() -> None:
    with pytest.raises(UsageError, match=r"line 3: there is no theme nrod; did you mean nord\?"):
        first_theme(Settings(HERE, theme="nrod", lines={"theme": 3}), Console(), THEMES, "")


SOURCES = sorted(
    {
        character
        for path in (*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.tcss"))
        for character in path.read_text()
        if not character.isascii()
    }
)
"""Every character that podthaw itself draws, and some that it does not."""


@pytest.mark.parametrize("character", SOURCES)
def test_every_character_of_podthaws_own_has_one_for_plain_consoles(character: str) -> None:
    drawn = plain(character, Characters.ASCII)
    assert drawn.isascii()
    assert "??" not in drawn
    assert cell_len(drawn) == cell_len(character)
    assert cell_len(plain(character, Characters.LINES)) == cell_len(character)


@pytest.mark.parametrize("characters", [Characters.LINES, Characters.ASCII])
def test_signs_stay_different(characters: Characters) -> None:
    signs = {*GLYPHS.values(), "✔"}
    assert len({plain(sign, characters) for sign in signs}) == len(signs)
    assert plain("▸", characters) != plain("▾", characters)


def test_characters_of_archives_keep_their_width() -> None:
    text = "naïve 漢字 e\u0301 🔥 │ ⠋"
    (segment,) = PlainCharacters(Characters.ASCII).apply([Segment(text)], Color(0, 0, 0))
    assert segment.text == "naive ???? e ?? | *"
    assert cell_len(segment.text) == cell_len(text)


@pytest.mark.parametrize("keys", ["", "c", "f", "6", "9", "0", "r", "question_mark", "ctrl+p"])
async def test_nothing_but_ascii_reaches_a_console_of_ascii(keys: str) -> None:
    with SCENES["inspector"].staged() as staged:
        console = Console(colours=False, characters=Characters.ASCII)
        app = PodthawApp(staged._paths[0], DemoHost(pace=0), RestoreOptions(), console=console)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await press(*filter(None, [keys]))(pilot)
            drawn = shown(app)
    assert app.theme == "ansi-dark"
    assert drawn.isascii()


async def test_a_theme_that_is_chosen_is_there_next_time() -> None:
    async with opened() as (app, pilot):
        app.theme = "thaw-light"
        await settled(pilot)
        assert state.chosen_theme() == "thaw-light"
        assert "Next time" not in shown(app)
        again = PodthawApp(app._paths[0], app.host, RestoreOptions())
        assert again.theme == "thaw-light"


async def test_a_choice_that_will_not_last_is_told() -> None:
    with SCENES["inspector"].staged() as staged:
        settings = Settings(HERE, theme="nord")
        app = PodthawApp(staged._paths[0], DemoHost(pace=0), RestoreOptions(), settings=settings)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await settled(pilot)
            assert app.theme == "nord"
            app.theme = "thaw"
            await settled(pilot)
            assert "Next time it is nord again" in shown(app)
