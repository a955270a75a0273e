"""What the console can show, as far as its environment tells."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

_MANY_COLOURS = ("256color", "direct", "kitty", "ghostty", "alacritty")
"""What the names of terminals with 256 colours or more end with."""


class Characters(Enum):
    """Which characters can be drawn."""

    ALL = auto()
    LINES = auto()
    """Those of the Linux console's fonts: Latin letters and straight lines."""
    ASCII = auto()


@dataclass(frozen=True, slots=True)
class Console:
    """A console; the defaults are those of a terminal emulator."""

    colours: bool = True
    """It shows more than 16, and they are wanted."""
    light: bool = False
    """Its background is light."""
    characters: Characters = Characters.ALL


def console_of(environment: Mapping[str, str], *, utf8_mode: bool | None = None) -> Console:
    """The console that `environment` tells of; `utf8_mode` is Python's own."""
    coerced = bool(sys.flags.utf8_mode) if utf8_mode is None else utf8_mode
    return Console(
        _has_colours(environment), _is_light(environment), _characters(environment, coerced)
    )


def _has_colours(environment: Mapping[str, str]) -> bool:
    if "NO_COLOR" in environment:
        return False
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return True
    return environment.get("TERM", "").endswith(_MANY_COLOURS)


def _is_light(environment: Mapping[str, str]) -> bool:
    """What xterm, rxvt, Konsole and others put into COLORFGBG: the last number is that behind."""
    return environment.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")


def _characters(environment: Mapping[str, str], coerced: bool) -> Characters:
    """By the locale; that is what was asked for, not what Python makes of C (PEP 538)."""
    language = environment.get("LANG", "")
    ctype = environment.get("LC_CTYPE", "")
    if coerced and ctype == "C.UTF-8" and language in ("", "C", "POSIX"):
        ctype = ""
    locale = environment.get("LC_ALL", "") or ctype or language
    if not locale.lower().replace("-", "").partition("@")[0].endswith("utf8"):
        return Characters.ASCII
    return Characters.LINES if environment.get("TERM") == "linux" else Characters.ALL
