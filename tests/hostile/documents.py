"""JSON with a text in every field that podthaw reads, and in fields that it does not know."""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec.inspect import (
    BoolType,
    DictType,
    FloatType,
    IntType,
    ListType,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from tui.archive.layout import CHECKPOINT_ANNOTATIONS
from tui.checkpoint import origin
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.networking import Networking, _CniResult, _Status
from tui.checkpoint.origin import _Reduced
from tui.checkpoint.spec import RuntimeSpec

Json = Any

SHAPES: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "config.dump": (ContainerConfig, Networking),
    "spec.dump": (RuntimeSpec,),
}
"""What podthaw reads of each document."""

DERIVED = {"networks", "legacy_ports"}
"""Fields of these that are no keys of a document."""

NOTES = tuple(re.findall(r'"(io\.kubernetes[a-zA-Z.-]+)"', inspect.getsource(origin)))
"""The annotations that tell where a checkpoint comes from."""


def config(texts: Sequence[str]) -> Json:
    """config.dump as Podman has it."""
    kinds = SHAPES["config.dump"]
    found = {key: value for kind in kinds for key, value in filled(kind, texts).items()}
    return found | unknown(texts)


def foreign_config(texts: Sequence[str]) -> Json:
    """config.dump as CRI-O and containerd have it."""
    return config(texts) | filled(_Reduced, texts)


def spec(texts: Sequence[str]) -> Json:
    """spec.dump."""
    notes = dict.fromkeys(NOTES, texts[0]) | dict.fromkeys(texts, texts[0])
    return filled(RuntimeSpec, texts) | {"annotations": notes} | unknown(texts)


def status(texts: Sequence[str]) -> Json:
    """network.status since Podman 4.0."""
    return {text: filled(_Status, texts) | unknown(texts[:1]) for text in texts}


def old_status(texts: Sequence[str]) -> Json:
    """network.status until Podman 3.4."""
    return [filled(_CniResult, texts) | unknown(texts[:1])]


def notes_of_image(texts: Sequence[str]) -> dict[str, str]:
    """The annotations of a checkpoint that is an image."""
    known = [prefix + name for prefix in CHECKPOINT_ANNOTATIONS for name in _IMAGE_NOTES]
    return dict.fromkeys([*known, *texts], texts[0])


_IMAGE_NOTES = (
    *re.findall(r'of_image\.get\("([a-zA-Z.]+)"\)', inspect.getsource(origin)),
    *origin._TOOLS,
)


def unknown(texts: Sequence[str]) -> dict[str, Json]:
    """Fields that podthaw does not know."""
    deep: Json = {text: [text, {text: text}, 10**30, -1e300, None, True] for text in texts}
    return {text: text for text in texts} | {"unknown": deep}


def filled(kind: type[msgspec.Struct], texts: Sequence[str]) -> dict[str, Json]:
    """An object of `kind`: single fields have the first of `texts`, lists and maps all of them."""
    found = _filled(type_info(kind), texts)
    assert isinstance(found, dict)
    return found


def places(kind: type[msgspec.Struct]) -> Iterator[tuple[str, ...]]:
    """The keys that lead to each field of `kind`; `[]` and `{}` are any item of a list or map."""
    return _places(type_info(kind), ())


def _filled(shape: Type, texts: Sequence[str]) -> Json:
    match shape:
        case StructType():
            return {
                field.encode_name: _filled(field.type, texts)
                for field in shape.fields
                if field.encode_name not in DERIVED
            }
        case ListType():
            return [_filled(shape.item_type, (text,)) for text in texts]
        case DictType():
            return {text: _filled(shape.value_type, (text,)) for text in texts}
        case UnionType():
            return _filled(next(one for one in shape.types if not isinstance(one, NoneType)), texts)
        case IntType():
            return 4711
        case FloatType():
            return 4711.5
        case BoolType():
            return True
        case StrType():
            return texts[0]
    raise AssertionError(f"nobody knows what to write into a {shape}")


def _places(shape: Type, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    match shape:
        case StructType():
            for field in shape.fields:
                if field.encode_name not in DERIVED:
                    yield from _places(field.type, (*path, field.encode_name))
        case ListType():
            yield path
            yield from _places(shape.item_type, (*path, "[]"))
        case DictType():
            yield path
            yield from _places(shape.value_type, (*path, "{}"))
        case UnionType():
            for one in shape.types:
                if not isinstance(one, NoneType):
                    yield from _places(one, path)
        case _:
            yield path
