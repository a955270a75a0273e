"""Messages of CRIU's images with a text in every field that can have one."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.criu.builders import entry, head
from tui.criu.catalogue import KINDS, Kind, Shape
from tui.criu.framing import SERVICE

_DEEPEST = 6
"""Messages in messages."""


def fill(message: Message, raw: bytes, depth: int = _DEEPEST) -> None:
    """Write `raw` into every field of `message` that can have it and is empty, and of those in it;
    those with more than `depth` others around them are left alone."""
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if depth:
                for one in _inside(message, field):
                    fill(one, raw, depth - 1)
        elif field.type in (FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING):
            text = (
                raw if field.type == FieldDescriptor.TYPE_BYTES else raw.decode("utf-8", "replace")
            )
            if field.is_repeated:
                if not getattr(message, field.name):
                    getattr(message, field.name).append(text)
            elif not message.HasField(field.name):
                setattr(message, field.name, text)


def one_of_each_kind(raws: Sequence[bytes], number: int) -> dict[str, bytes]:
    """An image of every kind there is, by name; those of a process bear `number`.

    Each has one entry for each of `raws`, and what lies behind an entry is empty.
    """
    return {
        _name(kind, number): head(kind.magic)
        + b"".join(entry(one) for raw in raws for one in _entries(kind.shape, raw))
        for kind in KINDS
    }


def texts_in(kind: Kind) -> set[tuple[str, str]]:
    """The message and the field of each place for a text in images of a kind."""
    return set(_texts_in(kind.shape.message.DESCRIPTOR, set())) | (
        set(_texts_in(kind.shape.inner.message.DESCRIPTOR, set())) if kind.shape.inner else set()
    )


def texts_of(message: Message) -> Iterator[tuple[str, str]]:
    """The message and the field of each text that is there."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in value if field.is_repeated else (value,):
                yield from texts_of(one)
        elif field.type in (FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING):
            yield message.DESCRIPTOR.name, field.name


def _inside(message: Message, field: Any) -> Iterable[Message]:
    found = getattr(message, field.name)
    if not field.is_repeated:
        found.SetInParent()
        return (found,)
    if not found:
        found.add()
    return list(found)


def _entries(shape: Shape, raw: bytes) -> Iterator[Message]:
    message = shape.message()
    fill(message, raw)
    yield message
    if shape.inner and shape.count(message):
        inner = shape.inner.message()
        fill(inner, raw)
        yield inner


def _name(kind: Kind, number: int) -> str:
    """A name that fits the pattern of the kind."""
    name = kind.pattern.partition("|")[0] if "(" not in kind.pattern else kind.pattern
    name = re.sub(r"\(\?:[^)]*\)\?", "", name)
    name = re.sub(r"\[([a-z])[a-z]*\]", r"\1", name)
    name = re.sub(r"\\d\+|\[0-9a-f\]\+", str(number), name)
    return name if kind.magic in SERVICE else f"{name}.img"


def _texts_in(message: Any, seen: set[str]) -> Iterator[tuple[str, str]]:
    if message.name in seen:
        return
    seen.add(message.name)
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            yield from _texts_in(field.message_type, seen)
        elif field.type in (FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING):
            yield message.name, field.name
