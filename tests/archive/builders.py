"""Archives byte by byte, for what no honest tool writes."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import zstandard

from tui.archive.model import Compression, Contents
from tui.archive.reader import read
from tui.archive.stream import PlainStream
from tui.errors import ArchiveError

BLOCK = 512
END = bytes(2 * BLOCK)
DOCUMENTS = {
    "config.dump": b'{"name": "web"}',
    "spec.dump": b'{"hostname": "webby"}',
    "network.status": b"null",
}

PACKERS: Mapping[Compression, Callable[[bytes], bytes]] = {
    Compression.NONE: bytes,
    Compression.GZIP: gzip.compress,
    Compression.ZSTD: zstandard.ZstdCompressor(write_checksum=True).compress,
    Compression.BZIP2: bz2.compress,
    Compression.XZ: lzma.compress,
}
PACKED = [kind for kind in Compression if kind is not Compression.NONE]


def header(
    name: str | bytes,
    size: int = 0,
    *,
    kind: bytes = b"0",
    link: bytes = b"",
    field: bytes | None = None,
    magic: bytes = b"ustar\x0000",
    prefix: bytes = b"",
) -> bytes:
    """A header with a right checksum, whatever else it says; `field` is the raw size."""
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    if field is None:
        field = b"%011o\0" % size if 0 <= size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    block = struct.pack(
        "100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x",
        *(raw, b"0000644\0", b"0000000\0", b"0000000\0", field, b"00000000000\0"),
        *(b" " * 8, kind, link, magic, b"", b"", b"", b"", prefix),
    )
    return signed(block)


def signed(block: bytes) -> bytes:
    """`block` with the checksum that belongs to it."""
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def entry(
    name: str | bytes, content: bytes = b"", *, kind: bytes = b"0", link: bytes = b""
) -> bytes:
    return header(name, len(content), kind=kind, link=link) + padded(content)


def record(key: str, value: bytes) -> bytes:
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def pax(kind: bytes = b"x", /, **records: bytes) -> bytes:
    """A pax header; a dot in a key is written as two underscores."""
    payload = b"".join(record(key.replace("__", "."), value) for key, value in records.items())
    return entry("PaxHeaders.0/x", payload, kind=kind)


def checkpoint(*entries: bytes, end: bytes = END, **documents: bytes) -> bytes:
    """A checkpoint: the documents (`config="{}"` replaces config.dump), then `entries`."""
    replaced = {f"{name}.dump": content for name, content in documents.items()}
    contents = {**DOCUMENTS, **replaced}
    return b"".join((*(entry(*item) for item in contents.items()), *entries, end))


def inner(*entries: bytes) -> bytes:
    """A tar inside."""
    return b"".join((*entries, END))


def saved(folder: Path, raw: bytes) -> Path:
    path = folder / "checkpoint"
    path.write_bytes(raw)
    return path


def opened(folder: Path, raw: bytes) -> Contents:
    """What the reader says of `raw` in the end."""
    *_, contents = read(str(saved(folder, raw)))
    return contents


def outcome(folder: Path, raw: bytes) -> Contents | str:
    """The same, or why nothing at all could be read."""
    try:
        return opened(folder, raw)
    except ArchiveError as error:
        return str(error)


def short(value: object) -> str:
    """`value` as the name of a test."""
    return repr(value)[:24]


def stream(raw: bytes) -> PlainStream:
    return PlainStream(io.BufferedReader(cast(io.RawIOBase, io.BytesIO(raw))), len(raw))


def unpacked(path: Path) -> tarfile.TarFile:
    """The real archive `path`, as the standard library sees it."""
    raw = path.read_bytes()
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    return tarfile.open(fileobj=io.BytesIO(raw))
