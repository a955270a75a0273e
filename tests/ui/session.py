"""A short session that plays by itself: `python -m tests.ui.session FILE` draws it as SVG.

Each step is a frame; CSS shows one after the other, so that it plays wherever a picture can be.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from rich.cells import cell_len
from rich.segment import Segment
from textual.pilot import Pilot

from tests.ui.golden import screen
from tests.ui.scenes import SCENES, press
from tui.errors import PodthawError

SIZE = (100, 30)

STEPS = (
    ("podthaw demo", "what is in the checkpoint, and what stands in the way of its restore", ()),
    ("c", "to the conflicts", ("c",)),
    ("Enter", "to the very place of one in the archive", ("enter",)),
    ("A", "use a remedy: keep the host's data", ("A",)),
    ("x", "mend everything that needs no decision", ("escape", "x")),
    ("6", "the processes that were frozen", ("6",)),
    ("9 Enter", "their memory", ("9", *"jjjjj", "enter")),
    ("r", "the form, with the exact command", ("r",)),
    ("shop2", "a new name", (*"shop2",)),
    ("Ctrl+r", "restore; what is risky is asked about", ("ctrl+r",)),
    ("y", "it runs, and this is where it answers", ("y",)),
)
"""What is pressed as people read it, what it does, and the keys."""

_SECONDS = 3
"""How long each frame stays."""

_CELL, _LINE, _EDGE = 8.4, 18, 10
_GROUND, _WORDS, _KEY = "#10151b", "#d7dee6", "#6cb6e8"


async def session() -> str:
    """The SVG."""
    frames = []
    with SCENES["inspector"].staged() as app:
        async with app.run_test(size=SIZE, notifications=False) as pilot:
            await SCENES["inspector"].play(pilot)
            for key, does, keys in STEPS:
                await press(*keys)(pilot)
                frames.append("".join(_frame(pilot, key, does)))
    return "\n".join(_played(frames)) + "\n"


def _played(frames: Iterable[str]) -> Iterator[str]:
    frames = list(frames)
    width, height = SIZE[0] * _CELL + 2 * _EDGE, (SIZE[1] + 2) * _LINE + 2 * _EDGE
    whole, share = len(frames) * _SECONDS, 100 / len(frames)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
    yield "<style>"
    yield "text{font:14px 'Fira Code','DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}"
    yield f".f{{visibility:hidden;animation:{whole}s step-end infinite}}"
    for number in range(len(frames)):
        start, end = number * share, (number + 1) * share
        first = "visible" if number == 0 else "hidden"
        yield (
            f"@keyframes k{number}{{0%{{visibility:{first}}}"
            f"{start:.2f}%{{visibility:visible}}{end:.2f}%{{visibility:hidden}}}}"
            f"#f{number}{{animation-name:k{number}}}"
        )
    yield "</style>"
    yield f'<rect width="100%" height="100%" rx="8" fill="{_GROUND}"/>'
    for number, frame in enumerate(frames):
        yield f'<g id="f{number}" class="f">{frame}</g>'
    yield "</svg>"


def _frame(pilot: Pilot[PodthawError], key: str, does: str) -> Iterator[str]:
    for y, line in enumerate(screen(pilot)):
        yield from _line(y, line)
    y = SIZE[1] + 1
    yield _text(0, y, key, _KEY, bold=True)
    yield _text(len(key) + 2, y, does, _WORDS)


def _line(y: int, line: Iterable[Segment]) -> Iterator[str]:
    x = 0
    for text, style, _ in line:
        cells = cell_len(text)
        back = style.bgcolor.triplet if style and style.bgcolor else None
        if back and back.hex != _GROUND:
            yield (
                f'<rect x="{_EDGE + x * _CELL:g}" y="{_EDGE + y * _LINE}"'
                f' width="{cells * _CELL:g}" height="{_LINE}" fill="{back.hex}"/>'
            )
        fore = style.color.triplet if style and style.color else None
        if text.strip():
            yield _text(x, y, text, fore.hex if fore else _WORDS, bold=bool(style and style.bold))
        x += cells


def _text(x: int, y: int, text: str, colour: str, *, bold: bool = False) -> str:
    lead = len(text) - len(text.lstrip(" "))
    text, x = text.strip(" "), x + lead
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{_EDGE + x * _CELL:g}" y="{_EDGE + (y + 0.75) * _LINE:g}" fill="{colour}"'
        f'{weight} textLength="{cell_len(text) * _CELL:g}">{escape(text)}</text>'
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(asyncio.run(session()))
