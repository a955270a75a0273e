"""What the programs of a restore print, as log lines with their source and level.

Podman passes on what netavark, conmon and the OCI runtime print, and the runtime an excerpt of
CRIU's log; each has its own form, and only the lines themselves tell them apart.
"""

import re
from collections.abc import Callable

from tui.restore.causes import harmless
from tui.restore.events import Level, LogLine
from tui.text import safe_text

Redact = Callable[[str], str]
"""Masks what is secret in a text."""

_PODMAN = re.compile(r'time="[^"]*" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S*)(.*)')
_NETWORK = re.compile(r"\[(\w+)\s+(\w+)[\w:]*\] (.*)")
_CONMON = re.compile(r"\[conmon:([a-z])\]: (.*)")
_CRIU = re.compile(r"\(\d+\.\d+\)\s*(?:pie: )?(?:\d+: )?(?:(Error|Warn)\s+(?:\([^()]*\): )?)?(.*)")
_FAILURE = re.compile(r"(?:Error|ERRO)\b")
_WARNING = re.compile(r"(?:WARNING|WARN)\b")

_LEVELS = {
    "trace": Level.DEBUG,
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
    "error": Level.ERROR,
    "fatal": Level.ERROR,
    "panic": Level.ERROR,
}
_CONMON_LEVELS = {"d": Level.DEBUG, "i": Level.INFO, "w": Level.WARNING, "e": Level.ERROR}
_CRIU_LEVELS = {"Error": Level.ERROR, "Warn": Level.WARNING}


class LogReader:
    """Turns the lines of `program` into log lines, in order: some go over several lines."""

    def __init__(self, redact: Redact, program: str = "podman") -> None:
        self._redact = redact
        self._program = program
        self._open: tuple[str, Level] | None = None

    def __call__(self, line: str) -> LogLine | None:
        """The log line that `line` is; None for an empty one."""
        if not line.strip():
            return None
        source, level, text, self._open = self._parts(line)
        return LogLine(source, level, safe_text(self._redact(text)))

    def _parts(self, line: str) -> tuple[str, Level, str, tuple[str, Level] | None]:
        """Source, level and text, and whose the next line is if it does not say."""
        if found := _PODMAN.match(line):
            level, message, rest = found.groups()
            return "podman", _LEVELS.get(level, Level.INFO), _unquoted(message) + rest, None
        if found := _CONMON.match(line):
            return "conmon", _CONMON_LEVELS.get(found[1], Level.INFO), found[2], None
        if found := _NETWORK.match(line):
            source, level = found[2], _LEVELS.get(found[1].lower(), Level.INFO)
            return source, level, found[3], (source, level)
        if found := _CRIU.match(line):
            level = _CRIU_LEVELS.get(found[1], Level.DEBUG)
            if level is Level.ERROR and harmless(found[2]):
                return "criu", Level.INFO, f"{line}  [not the cause]", self._open
            return "criu", level, line, self._open
        if self._open:
            return *self._open, line, self._open
        if _FAILURE.match(line):
            return self._program, Level.ERROR, line, (self._program, Level.ERROR)
        if _WARNING.match(line):
            return self._program, Level.WARNING, line, None
        # what CRIU prints without a time is what its parts print while it debugs
        return self._program, Level.DEBUG if self._program == "criu" else Level.INFO, line, None


def _unquoted(text: str) -> str:
    """What the Go string literal `text` stands for; other text as it is."""
    return _ESCAPE.sub(_unescaped, text[1:-1]) if text.startswith('"') else text


_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4})|(.))")
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescaped(found: re.Match[str]) -> str:
    *numbers, char = found.groups()
    number = next((number for number in numbers if number), None)
    return chr(int(number, 16)) if number else _ESCAPED.get(char, char)
