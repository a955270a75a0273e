"""Untrusted strings made safe to show, secrets masked, sizes and times for people."""

import shlex
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import humanize

MASK = "••••••"
"""What stands for the value of an environment variable until people ask for it."""


class _Shown(dict[int, str]):
    """What to show for each code point, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isprintable():
            shown = char
        elif char == "\t":
            shown = "    "
        elif code < 0x20:
            shown = chr(ord("␀") + code)
        elif char == "\x7f":
            shown = "␡"
        elif 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8
            shown = f"\\x{code & 0xFF:02x}"
        else:
            shown = f"<U+{code:04X}>"
        return self.setdefault(code, shown)


_SHOWN = _Shown()


def safe_text(value: str) -> str:
    """`value` in one line, with every character that a terminal could act on made visible."""
    return value if value.isprintable() else value.translate(_SHOWN)


def safe_lines(value: str) -> list[str]:
    """The lines of `value`, each safe to show."""
    return [safe_text(line) for line in value.splitlines()]


def decode(raw: bytes) -> str:
    """`raw` as text; bytes that are not UTF-8 survive as lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def mask_variable(entry: str) -> str:
    """`NAME=value` without the value."""
    name, equals, value = entry.partition("=")
    return f"{name}={MASK}" if equals and value else entry


class Redactor:
    """Replaces known `NAME=value` pairs in free text such as log lines."""

    def __init__(self, variables: Iterable[str]) -> None:
        pairs = {entry for entry in variables if len(entry.partition("=")[2]) > 0}
        self._pairs = sorted(((pair, mask_variable(pair)) for pair in pairs), reverse=True)

    def __call__(self, text: str) -> str:
        """`text` with every known value masked."""
        for pair, masked in self._pairs:
            text = text.replace(pair, masked)
        return text


def size(count: int) -> str:
    """`count` bytes for people, in powers of 1024: `12.3 MiB`."""
    return humanize.naturalsize(count, binary=True)


def now() -> datetime:
    """The moment that ages are measured from."""
    return datetime.now(UTC)


def age(moment: datetime, since: datetime | None = None) -> str:
    """How long ago `moment` was: `2 days ago`."""
    elapsed = (since or now()) - moment
    return humanize.naturaltime(max(elapsed, timedelta()))


def shown_path(path: str) -> str:
    """`path`, short and safe to show: `~/…` in people's own folder."""
    home = str(Path.home())
    return safe_text(f"~{path.removeprefix(home)}" if path.startswith(f"{home}/") else path)


def ago(stamp: str) -> str:
    """How long ago the moment was that Podman writes as `stamp`; empty if it is none."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    return age(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def shell_line(argv: Iterable[str]) -> str:
    """`argv` as people would type it, safe to show."""
    return safe_text(shlex.join(argv))


def plural(count: int, noun: str) -> str:
    """`1 volume`, `2 volumes`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def pointer(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) that leads along keys and indexes: `/volumes/a~1b`."""
    return "".join([f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts])


def steps(pointer: str) -> list[str]:
    """The keys and indexes along a JSON pointer, as text: what `pointer` made it of."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
