"""JSON as Podman's Go reads it: names without regard to case, of equal ones the last.

People and most tools read names exactly, and of equal ones the first or the last. Wherever the
two could disagree, the document is ambiguous.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TypeVar

import msgspec
from msgspec import inspect

from tui.archive import limits
from tui.archive.model import Problem
from tui.checkpoint.config import Json

View = TypeVar("View", bound=msgspec.Struct)


class DocumentError(Exception):
    """A document that Podman could not read either; the text is for people."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document in its own key order, and the names that it has more than once."""

    value: Json
    duplicates: tuple[str, ...]
    """JSON pointers."""


def parse(raw: bytes) -> Document:
    """The JSON document in `raw`. Raises DocumentError."""
    try:
        text = raw.decode("utf-8", "replace")
        pairs = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError as error:
        raise DocumentError(f"nested more than {limits.DEPTH} levels deep") from error
    except ValueError as error:  # a number that is none, or has thousands of digits
        raise DocumentError(f"not valid JSON: {error}") from error
    duplicates: list[str] = []
    return Document(_plain(pairs, "", 0, duplicates), tuple(duplicates))


def view(document: Json, kind: type[View]) -> View:
    """`document` as Go would decode it into `kind`. Raises DocumentError."""
    if not isinstance(document, dict):
        raise DocumentError(f"an object is expected, not {_called(document)}")
    try:
        return msgspec.convert(_folded(document, _shape(kind)), kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        raise DocumentError(reason.replace("`", ""), _pointer(place)) from error


def ambiguities(name: str, document: Document, *kinds: type[msgspec.Struct]) -> Iterator[Problem]:
    """Where Podman would read `document`, the member `name`, differently from what people see."""
    for pointer in document.duplicates:
        yield Problem(
            name, None, f"{pointer} is there more than once; Podman takes the last", pointer
        )
    misspelt = [_misspelt(document.value, _shape(kind), "") for kind in kinds]
    for pointer in dict.fromkeys(chain.from_iterable(misspelt)):
        yield Problem(
            name, None, f"{pointer}: Podman ignores upper and lower case in this name", pointer
        )


class _Pairs(list[tuple[str, Json]]):
    """An object before equal names are thrown away."""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _plain(value: Json, pointer: str, depth: int, duplicates: list[str]) -> Json:
    if depth > limits.DEPTH:
        raise DocumentError(f"nested more than {limits.DEPTH} levels deep", pointer)
    if isinstance(value, _Pairs):
        plain: dict[str, Json] = {}
        for name, item in value:
            name, place = _text(name), f"{pointer}/{escaped(_text(name))}"
            if name in plain and len(duplicates) < limits.REPORTED:
                duplicates.append(place)
            plain[name] = _plain(item, place, depth + 1, duplicates)
        return plain
    if isinstance(value, list):
        return [
            _plain(item, f"{pointer}/{at}", depth + 1, duplicates) for at, item in enumerate(value)
        ]
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    """`value` with lone surrogates replaced, as Go does."""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def escaped(name: str) -> str:
    """`name` as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


@cache
def _shape(kind: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(kind)


def _without_null(shape: inspect.Type) -> inspect.Type:
    if isinstance(shape, inspect.UnionType):
        return next(part for part in shape.types if not isinstance(part, inspect.NoneType))
    return shape


def _folded(value: Json, shape: inspect.Type) -> Json:
    """`value` with the names that `shape` has; null becomes nothing, as in Go."""
    shape = _without_null(shape)
    if isinstance(shape, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name.casefold(): field for field in shape.fields}
        return {
            field.encode_name: _folded(item, field.type)
            for name, item in value.items()
            if item is not None and (field := fields.get(name.casefold()))
        }
    if isinstance(shape, inspect.ListType) and isinstance(value, list):
        empty = {} if isinstance(_without_null(shape.item_type), inspect.StructType) else ""
        return [_folded(empty if item is None else item, shape.item_type) for item in value]
    if isinstance(shape, inspect.DictType) and isinstance(value, dict):
        return {name: _folded(item, shape.value_type) for name, item in value.items()}
    return value


def _misspelt(value: Json, shape: inspect.Type, pointer: str) -> Iterator[str]:
    shape = _without_null(shape)
    if isinstance(shape, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name.casefold(): field for field in shape.fields}
        seen: dict[str, str] = {}
        for name, item in value.items():
            place = f"{pointer}/{escaped(name)}"
            field = fields.get(name.casefold())
            if (field and field.encode_name != name) or name.casefold() in seen:
                yield place
            seen[name.casefold()] = name
            if field:
                yield from _misspelt(item, field.type, place)
    elif isinstance(shape, inspect.ListType) and isinstance(value, list):
        for at, item in enumerate(value):
            yield from _misspelt(item, shape.item_type, f"{pointer}/{at}")
    elif isinstance(shape, inspect.DictType) and isinstance(value, dict):
        for name, item in value.items():
            yield from _misspelt(item, shape.value_type, f"{pointer}/{escaped(name)}")


def _pointer(place: str) -> str:
    """The place `$.namedVolumes[0].dest` that msgspec names, as a JSON pointer."""
    return "".join(f"/{step}" for step in re.findall(r"[^.\[\]`$]+", place))


def _called(value: Json) -> str:
    names = {list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
