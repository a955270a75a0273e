"""What can be looked for in memory: text, bytes, regular expressions, and all that is printable.

A pattern finds its matches in one buffer. Matches of up to `longest` bytes are found whole,
wherever they lie; longer ones (of an expression, or strings) come in parts.

Python's engine for regular expressions needs quadratic time for some on some data, such as
`[a-z]+@` on a megabyte of letters. So expressions are matched in small windows, and only around
the text that every match must contain, if there is such a text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from re import _parser  # type: ignore[attr-defined]  # the only thing that knows expressions
from typing import Any, Protocol

from tui.errors import UsageError
from tui.text import safe_text

LONGEST = 8 * 1024
"""Bytes of a match of an expression, or of a string, that is found whole."""

NEEDLE = 1024 * 1024
"""Bytes of text, or of bytes in hexadecimal, that can be looked for."""

_WINDOW = 256 * 1024

_PRINTABLE = frozenset((*range(0x20, 0x7F), 0x09))
_IS_PRINTABLE = bytes(int(byte in _PRINTABLE) for byte in range(256))
_IS_ZERO = bytes([1]).ljust(256, b"\0")

_HEX = re.compile(r"(?:0x)?((?:[0-9a-f]{2}|\?\?)+)", re.ASCII)


class Pattern(Protocol):
    """Something to look for."""

    @property
    def longest(self) -> int:
        """Bytes of a match that is found whole."""

    @property
    def window(self) -> int:
        """Bytes to be looked through at once; no other thread runs meanwhile."""

    @property
    def zeros(self) -> tuple[int, int]:
        """How many bytes that are zero may begin and end a match."""

    def matches(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where matches begin and end, in order, none inside another."""


@dataclass(frozen=True, slots=True)
class Needles:
    """One of a few byte strings."""

    needles: tuple[bytes, ...]
    fold: bool = False
    """ASCII letters match in either case; the needles are lower case then."""

    @property
    def longest(self) -> int:
        """See Pattern."""
        return max(map(len, self.needles))

    @property
    def window(self) -> int:
        """See Pattern."""
        return max(_WINDOW, 4 * self.longest)

    @property
    def zeros(self) -> tuple[int, int]:
        """See Pattern."""
        return (
            max(len(needle) - len(needle.lstrip(b"\0")) for needle in self.needles),
            max(len(needle) - len(needle.rstrip(b"\0")) for needle in self.needles),
        )

    def matches(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
        """See Pattern."""
        where = buffer.lower() if self.fold else buffer
        following = [where.find(needle, start, end) for needle in self.needles]
        while any(at >= 0 for at in following):
            at, index = min((at, index) for index, at in enumerate(following) if at >= 0)
            start = at + len(self.needles[index])
            yield at, start
            for each, needle in enumerate(self.needles):
                if 0 <= following[each] < start:
                    following[each] = where.find(needle, start, end)


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression on bytes."""

    compiled: re.Pattern[bytes]
    required: bytes = b""
    """What every match contains."""
    longest: int = LONGEST
    window: int = _WINDOW // 4

    @property
    def zeros(self) -> tuple[int, int]:
        """See Pattern."""
        return LONGEST, LONGEST

    def matches(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
        """See Pattern; matches without any bytes are none."""
        first = buffer.find(self.required, start, end)
        if first < 0:
            return
        if self.required:
            last = buffer.rfind(self.required, start, end)
            start, end = max(start, first - self.longest), min(end, last + self.longest)
        for found in self.compiled.finditer(buffer, start, end):
            if found.end() > found.start():
                yield found.span()


@dataclass(frozen=True, slots=True)
class Strings:
    """Everything printable of some length, as the program `strings` finds it."""

    minimum: int = 6
    """Characters."""
    wide: bool = False
    """UTF-16LE, not ASCII."""
    longest: int = LONGEST
    window: int = _WINDOW

    @property
    def zeros(self) -> tuple[int, int]:
        """See Pattern."""
        return 0, int(self.wide)

    def matches(self, buffer: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
        """See Pattern."""
        if not self.wide:
            marks = bytes(memoryview(buffer)[start:end]).translate(_IS_PRINTABLE)
            for low, high in _stretches(marks, self.minimum):
                yield start + low, start + high
            return
        found = []
        for first in (start, start + 1):
            count = (end - first) // 2
            text = bytes(memoryview(buffer)[first : first + 2 * count])
            marks = _both(text[::2].translate(_IS_PRINTABLE), text[1::2].translate(_IS_ZERO))
            found += [
                (first + 2 * low, first + 2 * high) for low, high in _stretches(marks, self.minimum)
            ]
        yield from sorted(found)


def text(value: str, *, ignore_case: bool = False, wide: bool = False) -> Pattern:
    """`value` in UTF-8, and with `wide` in UTF-16LE, too. Raises UsageError."""
    encodings = ("utf-8", "utf-16-le") if wide else ("utf-8",)
    needles = tuple(dict.fromkeys(_encoded(value, encoding) for encoding in encodings))
    _check(max(map(len, needles)))
    if not ignore_case:
        return Needles(needles)
    if value.isascii():
        return Needles(tuple(needle.lower() for needle in needles), fold=True)
    alternatives = (b"".join(_either(char, encoding) for char in value) for encoding in encodings)
    return Expression(re.compile(b"|".join(alternatives)))


def hexadecimal(value: str) -> Pattern:
    """Bytes as `de ad be ef`; `??` stands for any byte. Raises UsageError."""
    found = _HEX.fullmatch("".join(value.lower().split()))
    if not found:
        raise UsageError(
            f"{safe_text(value)!r} are no bytes in hexadecimal: write them as `de ad be ef`,"
            " with `??` for any byte."
        )
    pairs = re.findall("..", found[1])
    _check(len(pairs), LONGEST if "??" in pairs else NEEDLE)
    if "??" not in pairs:
        return Needles((bytes.fromhex(found[1]),))
    known = max((bytes.fromhex(part) for part in found[1].split("??")), key=len)
    parts = (b"." if pair == "??" else re.escape(bytes.fromhex(pair)) for pair in pairs)
    return Expression(re.compile(b"".join(parts), re.DOTALL), known)


def expression(value: str, *, ignore_case: bool = False) -> Pattern:
    """A regular expression as Python has them, on bytes. Raises UsageError."""
    try:
        compiled = re.compile(_encoded(value, "utf-8"), re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{safe_text(value)!r} is no regular expression: {error}.") from error
    _check(len(value), LONGEST)
    folded = compiled.flags & re.IGNORECASE
    return Expression(compiled, b"" if folded else _required(_parser.parse(compiled.pattern)))


def _encoded(value: str, encoding: str) -> bytes:
    try:
        return value.encode(encoding, "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError(f"{safe_text(value)!r} cannot be written in {encoding}.") from error


def _either(char: str, encoding: str) -> bytes:
    cases = dict.fromkeys((char, char.lower(), char.upper(), char.title()))
    return b"(?:%s)" % b"|".join(re.escape(_encoded(case, encoding)) for case in cases)


def _check(length: int, most: int = NEEDLE) -> None:
    if not 0 < length <= most:
        raise UsageError(f"What is looked for must have 1 to {most:,} bytes.")


def _required(parsed: Any) -> bytes:
    """The longest text that whatever matches a parsed expression has in it, as far as one sees."""
    found, run = b"", b""
    for operator, argument in parsed:
        name = str(operator)
        if name == "LITERAL":
            run += bytes([argument])
            found = max(found, run, key=len)
            continue
        run = b""
        if name == "SUBPATTERN" and not argument[1]:
            found = max(found, _required(argument[3]), key=len)
        elif name.endswith("_REPEAT") and argument[0]:
            found = max(found, _required(argument[2]), key=len)
    return found


def _both(first: bytes, second: bytes) -> bytes:
    both = int.from_bytes(first, "little") & int.from_bytes(second, "little")
    return both.to_bytes(len(first), "little")


def _stretches(marks: bytes, minimum: int) -> Iterator[tuple[int, int]]:
    """Where at least `minimum` ones follow one another; `find` is far faster than `re` here."""
    wanted, at = b"\1" * minimum, 0
    while (at := marks.find(wanted, at)) >= 0:
        end = marks.find(b"\0", at + minimum)
        end = len(marks) if end < 0 else end
        yield at, end
        at = end
