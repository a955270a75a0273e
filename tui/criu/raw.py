"""Images field by field, unknown ones too, with nothing read into the numbers."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from tui.archive.model import Problem
from tui.criu.catalogue import Piece, kind_of, pieces
from tui.criu.framing import Fault

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

VALUES = 100_000
"""Values of one image that are put into a document; a big mm image has some thousand."""

BYTES = 4096
"""Bytes of one value that are put into a document."""

_HEX = 1 << 16
"""Numbers from here on are mostly addresses, flags and masks."""

_WIRE_TYPES = {0: "varint", 1: "64-bit", 2: "bytes", 3: "group", 5: "32-bit"}


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message of protobuf, whose fields are looked at only when somebody asks."""

    type: str
    """The message's name in images.proto; empty for a group of unknown fields."""
    content: Any

    def fields(self) -> Iterator[tuple[str, Any]]:
        """The fields that are set, in the order of their numbers, as name and value.

        A value is a number, bytes, a RawMessage or a RawList. A field that the schema lacks, or
        has otherwise, is a list called `field 17 (varint)`.
        """
        found: list[tuple[int, str, Any]] = []
        if isinstance(self.content, Message):
            for descriptor, value in self.content.ListFields():
                found.append((descriptor.number, descriptor.name, _wrapped(value)))
        for (number, wire_type), values in _unknown(self.content).items():
            name = f"field {number} ({_WIRE_TYPES.get(wire_type, wire_type)})"
            found.append((number, name, RawList(values)))
        for _, name, value in sorted(found, key=itemgetter(0)):
            yield name, value


@dataclass(frozen=True, slots=True)
class RawList:
    """The values of a repeated field, each wrapped only when it is looked at."""

    content: Any

    def __len__(self) -> int:
        return len(self.content)

    def __iter__(self) -> Iterator[Any]:
        return map(_wrapped, self.content)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry of an image."""

    offset: int
    """Where its content begins, in bytes from the start of the image."""
    message: RawMessage
    behind: range
    """Where the raw bytes lie that belong to it."""


def decode_image(name: str, image: bytes) -> Iterator[RawEntry | Problem]:
    """The entries of the image called `name` (without the folder), one by one.

    Where it goes wrong, a Problem is the last.
    """
    kind = kind_of(name)
    if kind is None:
        yield Problem(name, None, "not made of entries, or of a kind that podthaw does not know")
        return
    try:
        for piece in pieces(image, kind):
            yield _entry(piece)
    except Fault as fault:
        yield Problem(name, fault.offset, fault.message)


def image_document(
    name: str, image: bytes, *, values: int = VALUES, hexadecimal: bool = False
) -> list[Any]:
    """The image as a document, up to so many values; where more are left out, it says so.

    With `hexadecimal` large numbers become text that has them both ways.
    """
    writer = _Writer(values, hexadecimal)
    entries: list[Any] = []
    for one in decode_image(name, image):
        if isinstance(one, Problem):
            entries.append({"problem": one.message, "offset": one.offset})
        elif writer.left <= 0:
            entries.append({"problem": "the rest is left out: there is too much of it"})
            break
        else:
            entries.append(writer.entry(one, image))
    return entries


class _Writer:
    """Makes documents of values, until they are too many."""

    def __init__(self, left: int, hexadecimal: bool) -> None:
        self.left = left
        self._hexadecimal = hexadecimal

    def entry(self, entry: RawEntry, image: bytes) -> Json:
        document: dict[str, Any] = {
            "offset": entry.offset,
            "message": entry.message.type,
            "fields": self.value(entry.message),
        }
        if entry.behind:
            document["behind"] = {
                "offset": entry.behind.start,
                "length": len(entry.behind),
                "bytes": self.value(image[entry.behind.start : entry.behind.stop]),
            }
        return document

    def value(self, value: Any) -> Json:
        self.left -= 1
        match value:
            case RawMessage():
                fields: dict[str, Any] = {}
                for name, inner in value.fields():
                    if self.left <= 0:
                        fields["…"] = "left out"
                        break
                    fields[name] = self.value(inner)
                return fields
            case RawList():
                listed = [self.value(one) for one in islice(value, max(self.left, 0))]
                more = len(value) - len(listed)
                return [*listed, f"… {more:,} more"] if more else listed
            case bytes():
                return _text(value)
            case bool() | float():
                return value
            case int() if self._hexadecimal and value >= _HEX:
                return f"{value} ({value:#x})"
            case _:
                return int(value)


def _entry(piece: Piece) -> RawEntry:
    return RawEntry(piece.offset, _message(piece.message), piece.behind)


def _message(message: Message) -> RawMessage:
    return RawMessage(message.DESCRIPTOR.name, message)


def _wrapped(value: Any) -> Any:
    if isinstance(value, Message):
        return _message(value)
    if isinstance(value, UnknownFieldSet):
        return RawMessage("", value)
    return value if isinstance(value, int | float | bytes) else RawList(value)


def _unknown(content: Any) -> dict[tuple[int, int], list[Any]]:
    """The values of each unknown field, by its number and wire type."""
    fields: Any = UnknownFieldSet(content) if isinstance(content, Message) else content
    found: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for one in fields:
        found[one.field_number, one.wire_type].append(one.data)
    return found


def _text(raw: bytes) -> str:
    """Text where it is such, else hex; the end is left out where there is much of it."""
    start = raw[:BYTES]
    more = f" … {len(raw) - BYTES:,} bytes more" if len(raw) > BYTES else ""
    try:
        text = start.removesuffix(b"\0").decode()
    except UnicodeDecodeError:
        text = "\0"
    return (text if text.isprintable() else start.hex(" ")) + more
