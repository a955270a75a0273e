"""What people have written into their settings file, and every way in which it can be wrong.

What is chosen in the user interface goes to the state folder instead (see `tui.state`): podthaw
never writes into this file.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import platformdirs

from tui.errors import UsageError

VARIABLE = "PODTHAW_SETTINGS"
"""Environment variable with the path of another settings file."""

LARGEST = 1 << 20
"""Bytes of a file that are read; nobody writes more by hand."""

NAMES = ("theme", "host-command", "folders", "keys")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says; what it does not say is empty."""

    path: Path
    theme: str = ""
    host_command: str = ""
    folders: tuple[str, ...] = ()
    """Where checkpoints lie; absolute."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """As they are written, by what they do; whether there is such a key the UI knows."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each setting begins, by its name with dots; from 1."""

    def wrong(self, name: str, what: str) -> UsageError:
        """The error that `what` is wrong with the setting `name`."""
        return _wrong(self.path, self.line(name), what)

    def line(self, name: str) -> int:
        """Where a setting is, or the table that it lies in; 0 if it is not there."""
        while name and name not in self.lines:
            name = name.rpartition(".")[0]
        return self.lines.get(name, 0)


def settings_path() -> Path:
    """Where the settings are, whether or not there are any."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else platformdirs.user_config_path("podthaw") / "settings.toml"


def read_settings() -> Settings:
    """The settings; a file that is not there says nothing.

    Raises UsageError with the file, the line, what is wrong there and what may have been meant.
    """
    path = settings_path()
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Settings(path)
    except OSError as error:
        raise _wrong(path, 0, f"it cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST:
        raise _wrong(path, 0, "it is larger than 1 MiB")
    text = _text(path, raw)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from None
    except RecursionError:
        raise _wrong(path, 0, "it is nested too deeply") from None
    return _settings(Settings(path, lines=_lines(text)), document)


def nearest(name: str, names: Iterable[str]) -> str:
    """The name that may have been meant, as the end of a sentence; empty if none is near."""
    found = get_close_matches(name, list(names), n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _settings(said: Settings, document: Mapping[str, Any]) -> Settings:
    for name in document:
        if name not in NAMES:
            hint = nearest(name, NAMES) or f"; there are {', '.join(NAMES)}"
            raise said.wrong(name, f"there is no setting {name}{hint}")
    return Settings(
        said.path,
        _string(said, document, "theme"),
        _string(said, document, "host-command"),
        tuple(_folders(said, document.get("folders", []))),
        dict(_keys(said, document.get("keys", {}))),
        said.lines,
    )


def _string(said: Settings, document: Mapping[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise said.wrong(name, f'{name} must be a string such as "…", not {_kind(value)}')
    return value


def _folders(said: Settings, value: Any) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        kind = "something else inside" if isinstance(value, list) else _kind(value)
        raise said.wrong("folders", f'folders must be a list of strings such as ["…"], not {kind}')
    for folder in value:
        try:
            path = Path(folder).expanduser()
        except RuntimeError:
            raise said.wrong("folders", f"there is no home folder for {folder}") from None
        if not path.is_absolute():
            raise said.wrong("folders", f"{folder} must begin with / or ~")
        yield str(path)


def _keys(said: Settings, value: Any, above: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each name with its keys; without quotes, `scope.id` is a table in a table for TOML."""
    if not isinstance(value, dict):
        raise said.wrong("keys", f"keys must be a table, [keys], not {_kind(value)}")
    for name, wanted in value.items():
        whole = f"{above}{name}"
        if isinstance(wanted, dict):
            yield from _keys(said, wanted, f"{whole}.")
            continue
        keys = [wanted] if isinstance(wanted, str) else wanted
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys) or not keys:
            kind = "a list with something else" if isinstance(keys, list) else _kind(keys)
            raise said.wrong(
                f"keys.{whole}", f"{whole} must be a key or a list of keys, in quotes, not {kind}"
            )
        yield whole, tuple(keys)


def _kind(value: object) -> str:
    kinds = {str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return kinds.get(type(value), "a list" if isinstance(value, list) else "a table")


def _text(path: Path, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _wrong(path, line, "this is not UTF-8") from None


_AT = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)


def _syntax_error(path: Path, text: str, message: str) -> UsageError:
    match = _AT.match(message)
    what = match[1] if match else message
    line = int(match[2]) if match and match[2] else text.rstrip().count("\n") + 1
    return _wrong(path, line, f"this is not TOML: {what[:1].lower()}{what[1:]}")


_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*""")


def _lines(text: str) -> dict[str, int]:
    """Where each setting and table begins, which tomllib does not tell."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("["):
            table = _dotted(line.strip().strip("[]"))
            found.setdefault(table, number)
        elif (name := _dotted(line)) and "=" in line:
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


def _dotted(line: str) -> str:
    """The name that `line` begins with, without quotes."""
    parts, at = [], 0
    while match := _PART.match(line, at):
        parts.append(next(part for part in match.groups() if part is not None))
        at = match.end()
        if line[at : at + 1] != ".":
            break
        at += 1
    return ".".join(parts)


def _wrong(path: Path, line: int, what: str) -> UsageError:
    where = f"{path}, line {line}" if line else str(path)
    return UsageError(f"{where}: {what}")
