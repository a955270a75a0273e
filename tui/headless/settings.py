"""The settings as they are now, in the form of the file that they are from."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui import state
from tui.errors import ExitCode
from tui.settings import VARIABLE, Settings


@dataclass(frozen=True, slots=True)
class Remappable:
    """Something that keys of people's own can do."""

    name: str
    keys: Sequence[str]
    """By default."""
    help: str


def settings(said: Settings, host_command: str | None, keys: Sequence[Remappable]) -> int:
    """Print the effective settings; `host_command` is the environment's, None if it says none."""
    print("\n".join(_lines(said, host_command, keys)))
    return ExitCode.OK


def _lines(said: Settings, host_command: str | None, keys: Sequence[Remappable]) -> Iterator[str]:
    there = "" if said.path.exists() else ", which is not there yet"
    yield f"# podthaw reads {_words(str(said.path))}{there} ({VARIABLE} names another)."
    yield "# This is what counts now and where it is from; what is commented out is the default."
    yield ""
    yield "# The colours; without it those chosen last in the command palette (ctrl+p)."
    if said.theme:
        yield _setting("theme", said.theme, _origin(said, "theme"))
    elif chosen := state.chosen_theme():
        yield f"# {_setting('theme', chosen, 'chosen last')}"
    else:
        yield f"# {_setting('theme', 'thaw', 'the default; thaw-light in light terminals')}"
    yield ""
    yield "# Every command on the host runs behind it: sudo -n, nsenter --target PID --all, …"
    if host_command is not None:
        yield _setting("host-command", host_command, "from the environment")
    elif said.host_command:
        yield _setting("host-command", said.host_command, _origin(said, "host-command"))
    else:
        yield f"# {_setting('host-command', '', 'the default: commands run as they are')}"
    yield ""
    yield "# Folders with checkpoints."
    if said.folders:
        yield _setting("folders", list(said.folders), _origin(said, "folders"))
    else:
        yield f"# {_setting('folders', [], 'the default')}"
    yield ""
    yield "# A key or a list of keys in place of those that podthaw has."
    yield "[keys]"
    scope = ""
    for key in keys:
        if key.name.partition(".")[0] != scope:
            scope = key.name.partition(".")[0]
            yield ""
        if key.name in said.keys:
            mine = said.keys[key.name]
            yield _setting(_quoted(key.name), _few(mine), _origin(said, f"keys.{key.name}"))
        else:
            yield f"# {_setting(_quoted(key.name), _few(key.keys), key.help)}"


def _origin(said: Settings, name: str) -> str:
    return f"line {said.line(name)} of the file"


def _few(keys: Sequence[str]) -> str | list[str]:
    return keys[0] if len(keys) == 1 else list(keys)


def _setting(name: str, value: str | list[str], told: str) -> str:
    written = _quoted(value) if isinstance(value, str) else f"[{', '.join(map(_quoted, value))}]"
    return f"{name} = {written}  # {told}"


def _quoted(value: str) -> str:
    """A string as TOML has it, with nothing in it that a terminal would act on."""
    written = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08X}" for one in written)


def _words(text: str) -> str:
    """`text` inside a comment, which ends with its line."""
    return _quoted(text)[1:-1]
