"""JSON as Podman's Go reads it: names without regard to case, of equal ones the last.

People and most tools read names exactly, and of equal ones the first or the last. Wherever the
two could disagree, the document is ambiguous.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import TypeVar

import msgspec
from msgspec import inspect

from tui.archive import limits
from tui.archive.model import Problem
from tui.checkpoint.config import Json
from tui.text import pointer

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
        pairs = json.loads(
            text, object_pairs_hook=_Pairs, parse_constant=_refused, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError as error:
        raise DocumentError(f"nested more than {limits.DEPTH} levels deep") from error
    except ValueError as error:  # a number that is none, or has thousands of digits
        raise DocumentError(f"not valid JSON: {error}") from error
    duplicates: list[str] = []
    return Document(_plain(pairs, (), duplicates), tuple(duplicates))


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
    for place in document.duplicates:
        yield Problem(name, None, f"{place} is there more than once; Podman takes the last", place)
    misspelt = (_misspelt(document.value, _shape(kind), ()) for kind in kinds)
    for path in dict.fromkeys(islice(chain.from_iterable(misspelt), limits.REPORTED)):
        place = pointer(*path)
        yield Problem(
            name, None, f"{place}: Podman ignores upper and lower case in this name", place
        )


class _Pairs(list[tuple[str, Json]]):
    """An object before equal names are thrown away."""


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    """`number`, unless it would have to be written as Infinity, which is not JSON."""
    value = float(number)
    if math.isinf(value):
        raise ValueError("a number beyond all that can be read")
    return value


_Path = tuple[str | int, ...]
"""The steps of a JSON pointer, which is put together only where it is told."""


def _plain(value: Json, path: _Path, duplicates: list[str]) -> Json:
    if len(path) > limits.DEPTH:
        raise DocumentError(f"nested more than {limits.DEPTH} levels deep", pointer(*path))
    if isinstance(value, _Pairs):
        plain: dict[str, Json] = {}
        for name, item in value:
            name = _text(name)
            if len(name) > limits.KEY:
                raise DocumentError(
                    f"a name of {len(name):,} characters (up to {limits.KEY:,} are read)",
                    pointer(*path),
                )
            if name in plain:
                del plain[name]  # the last one's place counts, too
                if len(duplicates) < limits.REPORTED:
                    duplicates.append(pointer(*path, name))
            plain[name] = _plain(item, (*path, name), duplicates)
        return plain
    if isinstance(value, list):
        return [_plain(item, (*path, at), duplicates) for at, item in enumerate(value)]
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    """`value` with lone surrogates replaced, as Go does."""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


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
        return [_folded(_filled(item, shape.item_type), shape.item_type) for item in value]
    if isinstance(shape, inspect.DictType) and isinstance(value, dict):
        return {
            name: _folded(_filled(item, shape.value_type), shape.value_type)
            for name, item in value.items()
        }
    return value


def _filled(item: Json, shape: inspect.Type) -> Json:
    """`item` of a list or map, where null is the empty value."""
    if item is not None:
        return item
    return {} if isinstance(_without_null(shape), inspect.StructType) else ""


def _misspelt(value: Json, shape: inspect.Type, path: _Path) -> Iterator[_Path]:
    shape = _without_null(shape)
    if isinstance(shape, inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name.casefold(): field for field in shape.fields}
        seen: set[str] = set()
        for name, item in value.items():
            field = fields.get(name.casefold())
            if (field and field.encode_name != name) or name.casefold() in seen:
                yield (*path, name)
            seen.add(name.casefold())
            if field:
                yield from _misspelt(item, field.type, (*path, name))
    elif isinstance(shape, inspect.ListType) and isinstance(value, list):
        for at, item in enumerate(value):
            yield from _misspelt(item, shape.item_type, (*path, at))
    elif isinstance(shape, inspect.DictType) and isinstance(value, dict):
        for name, item in value.items():
            yield from _misspelt(item, shape.value_type, (*path, name))


def _pointer(place: str) -> str:
    """The place `$.namedVolumes[0].dest` that msgspec names, as a JSON pointer."""
    return "".join(f"/{step}" for step in re.findall(r"[^.\[\]`$]+", place))


def _called(value: Json) -> str:
    names = {list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
