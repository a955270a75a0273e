"""What a screen looks like, as a file that people can read and review.

The text of the screen, below it one letter a cell for how the cell looks, and below that what each
letter means in the dark and in the light theme. One file has a screen in one size and both themes.
"""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.pilot import Pilot

from tui.errors import PodthawError
from tui.ui.themes import THAW, THAW_LIGHT

FOLDER = Path(__file__).parent / "goldens"

DARK = THAW.name

LIGHT = THAW_LIGHT.name

THEMES = (DARK, LIGHT)

_CELLS = "--- cells"
_LOOKS = "--- looks, dark and light"

_LETTERS = (
    string.ascii_letters
    + string.digits
    + "αβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюя"
)

_TOLD = 12
"""Places that are told of a screen whose colours have changed."""

_PAUSES = 20
"""How often somebody waits for a screen that goes on changing."""

Looks = tuple[str, ...]
"""How a cell looks, in each theme."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen in one size."""

    lines: tuple[str, ...]
    cells: tuple[tuple[Looks, ...], ...]
    """Of each line as many as it has cells."""

    def __str__(self) -> str:
        """The file."""
        found = dict.fromkeys(looks for line in self.cells for looks in line)
        letters = dict(zip(found, _LETTERS, strict=False))
        assert len(letters) == len(found), "there are more looks than letters"
        parts = [
            *(line.rstrip() for line in self.lines),
            _CELLS,
            *(_shortened("".join(letters[looks] for looks in line)) for line in self.cells),
            _LOOKS,
            *(f"{letter} {' | '.join(looks)}" for looks, letter in letters.items()),
        ]
        return "\n".join(parts) + "\n"


async def steady(pilot: Pilot[PodthawError]) -> None:
    """Wait until the screen stays as it is."""
    before, now = None, screen(pilot)
    for _ in range(_PAUSES):
        if before == now:
            return
        await pilot.pause()
        before, now = now, screen(pilot)


async def picture(pilot: Pilot[PodthawError]) -> Picture:
    """The screen as it is now; on the way every line is looked at (see `screen`)."""
    await steady(pilot)
    seen = []
    before = pilot.app.theme
    for theme in (before, *(one for one in THEMES if one != before)):
        if pilot.app.theme != theme:
            pilot.app.theme = theme
            await pilot.pause()
        seen.append((theme, screen(pilot)))
    seen.sort(key=lambda one: THEMES.index(one[0]))
    lines = tuple("".join(one.text for one in line) for line in seen[0][1])
    looks = [[list(_cells(line)) for line in found] for _, found in seen]
    return Picture(
        lines, tuple(tuple(zip(*line, strict=True)) for line in zip(*looks, strict=True))
    )


def screen(pilot: Pilot[PodthawError]) -> list[list[Segment]]:
    """The lines on the screen. Fails if a terminal would draw one of them otherwise."""
    width, height = pilot.app.size
    lines = [list(strip) for strip in pilot.app.screen._compositor.render_strips()]
    assert len(lines) == height
    for number, line in enumerate(lines):
        text = "".join(one.text for one in line)
        assert text.isprintable(), f"line {number} has something else than text: {text!a}"
        assert cell_len(text) == width, f"line {number} is not {width} cells wide: {text!a}"
        for one in line:
            if one.style:
                assert one.style.link is None, f"line {number} has a link: {text!r}"
                assert "@click" not in one.style.meta, f"line {number} can be clicked: {text!r}"
    return lines


def compare(name: str, found: Picture, *, update: bool) -> None:
    """Fail if the golden `name` shows something else than `found`; or make it anew."""
    path = FOLDER / f"{name}.txt"
    actual = str(found)
    if update:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(actual, "utf-8")
        return
    assert path.exists(), f"there is no {path.name} yet; run `make snapshots`, and look at it"
    expected = path.read_text("utf-8")
    assert actual == expected, f"{name} has changed:\n{difference(expected, actual)}"


def difference(expected: str, actual: str) -> str:
    """What people would see of the change from one file to the other."""
    before, after = _parsed(expected), _parsed(actual)
    if before.lines != after.lines:
        return "\n".join(
            unified_diff(before.lines, after.lines, "as it was", "as it is", lineterm="", n=2)
        )
    told = list(_recoloured(before, after))
    more = [f"… and {len(told) - _TOLD} more places"] if len(told) > _TOLD else []
    return "\n".join(["the text is the same, the colours are not:", *told[:_TOLD], *more])


def _recoloured(before: Picture, after: Picture) -> Iterator[str]:
    lines = zip(before.lines, before.cells, after.cells, strict=True)
    for number, (text, old, new) in enumerate(lines, 1):
        at = 0
        for (was, now), run in groupby(zip(old, new, strict=True)):
            count = len(list(run))
            if was != now:
                words = _cut(text, at, at + count)
                yield f"  line {number}, cell {at + 1}, {words!r}: {was[0]} became {now[0]}"
            at += count


def _cut(text: str, start: int, end: int) -> str:
    """The cells of `text` from `start` to `end`."""
    at, found = 0, ""
    for char in text:
        if start <= at < end:
            found += char
        at += cell_len(char)
    return found


def _parsed(golden: str) -> Picture:
    text, _, rest = golden.partition(f"{_CELLS}\n")
    cells, _, looks = rest.partition(f"{_LOOKS}\n")
    meanings = {line[0]: (line[2:],) for line in looks.splitlines()}
    lines, rows = text.split("\n")[:-1], cells.splitlines()
    width = max(map(cell_len, (*lines, *rows)))
    filled = (row.ljust(width, row[-1]) for row in rows)
    return Picture(tuple(lines), tuple(tuple(meanings[one] for one in row) for row in filled))


def _cells(line: list[Segment]) -> Iterator[str]:
    for one in line:
        look = _look(one.style or Style.null())
        for _ in range(cell_len(one.text)):
            yield look


def _look(style: Style) -> str:
    colours = [
        (colour.triplet.hex if colour.triplet else colour.name) if colour else "-"
        for colour in (style.color, style.bgcolor)
    ]
    kinds = [
        name
        for name in ("bold", "dim", "italic", "underline", "strike", "reverse")
        if getattr(style, name)
    ]
    return " ".join((f"{colours[0]} on {colours[1]}", *kinds))


def _shortened(letters: str) -> str:
    """`letters` with but one of those at the end that are the same."""
    return letters.rstrip(letters[-1]) + letters[-1]
