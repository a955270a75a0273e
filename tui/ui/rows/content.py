"""Bytes to look at: text in lines, everything else in hex."""

from tui.text import decode, size
from tui.ui.rows.model import Bytes, Column, Row, Table

LIMIT = 1 << 20
"""Bytes that are shown."""

_ROW = 16
"""Bytes in one row."""

_TEXT = 0.9
"""The part of the characters that must be printable in what is taken for text."""


def content_table(what: Bytes, data: bytes) -> Table:
    """The beginning of `what`, which is `data`."""
    text = _as_text(data)
    rows = _lines(text) if text is not None else _hex(data)
    columns: tuple[Column, ...] = (Column(tone="quiet", widest=10), Column(widest=1000))
    if text is None:
        columns = (Column(tone="quiet", widest=10), Column(widest=49), Column(widest=_ROW))
    left = f" · the first {size(len(data))}" if len(data) < what.size else ""
    return Table(
        columns,
        rows,
        told=f"{size(what.size)} · {'text' if text is not None else 'hex'}{left}",
        empty="nothing is in it",
        wraps=text is not None,
    )


def _as_text(data: bytes) -> str | None:
    """`data` as text if it looks like such."""
    text = decode(data)
    if "\0" in text:
        return None
    odd = sum(1 for char in text if not char.isprintable() and char not in "\n\r\t")
    return text if odd <= (1 - _TEXT) * len(text) else None


def _lines(text: str) -> tuple[Row, ...]:
    return tuple(
        Row(str(number), (str(number), line), copy=line)
        for number, line in enumerate(text.removesuffix("\n").split("\n"), 1)
        if text
    )


def _hex(data: bytes) -> tuple[Row, ...]:
    rows = []
    for at in range(0, len(data), _ROW):
        part = data[at : at + _ROW]
        pairs = f"{part[:8].hex(' ')}  {part[8:].hex(' ')}"
        plain = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        rows.append(Row(str(at), (f"{at:08x}", pairs, plain)))
    return tuple(rows)
