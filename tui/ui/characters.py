"""Characters that a console cannot draw, replaced at the very last moment, in every widget.

Each becomes another of the same width, and no two signs that mean something become the same.
"""

from unicodedata import category, normalize

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from tui.ui.console import Characters

SIGNS = {
    "✖": "x",
    "▲": "!",
    "✔": "+",
    "●": "@",
    "◌": "o",
    "◆": "%",
    "■": "#",
    "▪": "#",
    "•": "*",
    "◦": "o",
    "·": ".",
    "‧": ".",
    "…": ".",
    "⋯": ".",
    "▸": ">",
    "▾": "v",
    "▶": ">",
    "▼": "v",
    "◀": "<",
    "◂": "<",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↔": "-",
    "↵": "<",
    "⏎": "<",
    "⌫": "<",
    "«": "<",
    "»": ">",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "µ": "u",
    "°": "o",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "≠": "#",
    "≈": "~",
    "±": "~",
    "≤": "<",
    "≥": ">",
    "␡": "?",
    "［": "[ ",
    "］": "] ",
    "🔎": "/ ",
}
"""In ASCII."""

_DRAWN = "↑↓←→■·•°«»µ×±▲▼▶◀█▄▀▌▐░▒▓═║╔╗╚╝"
"""What the fonts of the Linux console have beyond lines and Latin-1."""

_CORNERS = {"╭": "┌", "╮": "┐", "╰": "└", "╯": "┘"}

_LINES = {
    **dict.fromkeys("─━╌╍┄┅┈┉╴╶╸╺╼╾═", "─"),
    **dict.fromkeys("│┃╎╏┆┇┊┋╵╷╹╻╽╿║", "│"),
    **dict.fromkeys("┌┍┎┏╒╓╔", "┌"),
    **dict.fromkeys("┐┑┒┓╕╖╗", "┐"),
    **dict.fromkeys("└┕┖┗╘╙╚", "└"),
    **dict.fromkeys("┘┙┚┛╛╜╝", "┘"),
    **dict.fromkeys("├┝┞┟┠┡┢┣╞╟╠", "├"),
    **dict.fromkeys("┤┥┦┧┨┩┪┫╡╢╣", "┤"),
    **dict.fromkeys("┬┭┮┯┰┱┲┳╤╥╦", "┬"),
    **dict.fromkeys("┴┵┶┷┸┹┺┻╧╨╩", "┴"),
    **dict.fromkeys("┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╪╫╬", "┼"),
    **_CORNERS,
}
"""Lines as the simplest font has them."""

_BLOCKS = {
    **dict.fromkeys("▁▂▃▔", "_"),
    **dict.fromkeys("▄▅▆▇█▉▊▋▀▓▒", "#"),
    **dict.fromkeys("▌▍▎▏▐▕", "|"),
    "░": ":",
}


class PlainCharacters(LineFilter):
    """Replaces what the console has no character for."""

    def __init__(self, characters: Characters) -> None:
        super().__init__(enabled=characters is not Characters.ALL)
        self._table = _Table(characters)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """See LineFilter."""
        table = self._table
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(table), *rest)
            for segment in segments
            for rest in (segment[1:],)
        ]


class _Table(dict[int, str]):
    """What to draw for a character, worked out once for each that comes up."""

    def __init__(self, characters: Characters) -> None:
        super().__init__()
        self._characters = characters

    def __missing__(self, code: int) -> str:
        self[code] = drawn = plain(chr(code), self._characters)
        return drawn


def plain(character: str, characters: Characters) -> str:
    """`character`, or what stands for it, as wide as it is."""
    if character.isascii() or characters is Characters.ALL:
        return character
    line = _LINES.get(character)
    if characters is Characters.LINES:
        if character in _DRAWN or "\xa1" <= character <= "\xff":
            return character
        if line:
            return line
        if character in "▁▂▃▔":
            return " "
        if character in _BLOCKS:
            return "█"
    if character == "═":
        return "="
    if line:
        return "-" if line == "─" else "|" if line == "│" else "+"
    width = get_character_cell_size(character)
    found = SIGNS.get(character) or _BLOCKS.get(character) or _like(character)
    return f"{found:{width}}"[:width] if width else ""


def _like(character: str) -> str:
    """A letter without its accent; of anything else that there is something."""
    if "⠀" <= character <= "⣿":  # braille, as things that turn are drawn
        return "*"
    letters = normalize("NFKD", character).encode("ascii", "ignore").decode()
    if len(letters) == 1:
        return letters
    return " " if category(character) == "Zs" else "??"
