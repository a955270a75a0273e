"""Where a checkpoint's documents carry secrets: the values of environment variables."""

import re
from collections.abc import Callable, Iterator

from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.text import Redactor, mask_variable

_OPTION = re.compile(r"(--env(?:-merge)?=|-[ditqP]*e=?)(?=.)", re.DOTALL)
"""podman's option with its value in the same argument, alone or behind options without one."""

_OPTION_ALONE = re.compile(r"--env(?:-merge)?|-[ditqP]*e")


def masked(name: str, document: Json) -> Json:
    """`document`, the member `name`, with the values of environment variables masked."""
    if name == SPEC:
        return _masked_spec(document)
    if name != CONFIG:
        return document
    known = set(_environment(_inside(document, "spec")))
    document = _changed(document, "spec", _masked_spec)
    return _changed(document, "CreateCommand", lambda value: _masked_command(value, known))


def variables(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Every `NAME=value` in the checkpoint's documents, for `tui.text.Redactor`."""
    config, spec = (checkpoint.documents.get(name) for name in (CONFIG, SPEC))
    command = _inside(config, "CreateCommand")
    found = [*_environment(spec), *_environment(_inside(config, "spec"))]
    if isinstance(command, list):
        found += [value for _, value in _arguments(command, set(found)) if value]
    return tuple(dict.fromkeys(found))


def redacted(value: Json, redact: Redactor) -> Json:
    """`value` with what `redact` knows masked in every string."""
    match value:
        case str():
            return redact(value)
        case list():
            return [redacted(one, redact) for one in value]
        case dict():
            return {name: redacted(one, redact) for name, one in value.items()}
        case _:
            return value


def _masked_spec(spec: Json) -> Json:
    return _changed(spec, "process", lambda process: _changed(process, "env", _masked_list))


def _masked_list(entries: Json) -> Json:
    if not isinstance(entries, list):
        return entries
    return [mask_variable(entry) if isinstance(entry, str) else entry for entry in entries]


def _masked_command(command: Json, known: set[str]) -> Json:
    if not isinstance(command, list):
        return command
    return [
        option + mask_variable(value) if value else option
        for option, value in _arguments(command, known)
    ]


def _arguments(command: list[Json], known: set[str]) -> Iterator[tuple[Json, str]]:
    """Each argument as what stays and the `NAME=value` behind it, empty if there is none."""
    follows = False
    for argument in command:
        if not isinstance(argument, str):
            yield argument, ""
        elif follows or argument in known:
            yield "", argument
        elif option := _OPTION.match(argument):
            yield option[0], argument[option.end() :]
        else:
            yield argument, ""
        follows = isinstance(argument, str) and bool(_OPTION_ALONE.fullmatch(argument))


def _environment(spec: Json) -> list[str]:
    entries = _inside(_inside(spec, "process"), "env")
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, str)]


def _inside(document: Json, name: str) -> Json:
    """The value of `name`, spelled in any case as Podman reads it; of several the last."""
    found = None
    if isinstance(document, dict):
        for key, value in document.items():
            if key.casefold() == name.casefold():
                found = value
    return found


def _changed(document: Json, name: str, change: Callable[[Json], Json]) -> Json:
    """`document` with each value of `name`, spelled in any case, changed."""
    if not isinstance(document, dict):
        return document
    return {
        key: change(value) if key.casefold() == name.casefold() else value
        for key, value in document.items()
    }
