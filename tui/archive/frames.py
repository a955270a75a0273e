"""Compressed frames as files, each of whose errors says what is wrong with the data."""

import bz2
import io
import lzma
from collections.abc import Callable
from typing import IO, Protocol, cast

import zstandard
from isal import igzip_lib

from tui.archive import limits
from tui.archive.model import Compression

_CHUNK = 256 * limits.KIB

CORRUPT: tuple[type[Exception], ...] = (
    zstandard.ZstdError,
    lzma.LZMAError,
    igzip_lib.error,  # type: ignore[assignment]  # its stubs say that this is no class
    ValueError,
)
"""What decompressors raise where data is wrong."""


class _Decompressor(Protocol):
    """What the decompressors of bz2, lzma and isal have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Source(Protocol):
    """Where compressed bytes come from: a file, or another stream."""

    def read(self, size: int, /) -> bytes | None:
        """Up to `size` bytes, none at the end."""


class FrameReader(io.RawIOBase):
    """Concatenated compressed frames as one file; zeros may follow them, nothing else."""

    def __init__(self, file: Source, new: Callable[[], _Decompressor]) -> None:
        self._file = file
        self._new = new
        self._frame = new()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Decompress into `buffer`. Raises EOFError where a frame was cut off."""
        data = b""
        while not data:
            if self._frame.eof:
                rest = self._frame.unused_data.lstrip(b"\0")
                while not rest:
                    packed = self._file.read(_CHUNK)
                    if not packed:
                        return 0
                    rest = packed.lstrip(b"\0")
                self._frame = self._new()
            elif self._frame.needs_input:
                rest = self._file.read(_CHUNK) or b""
                if not rest:
                    raise EOFError
            else:
                rest = b""
            data = self._frame.decompress(rest, len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Marked:
    """Compressed bytes, and behind the last one a frame of podthaw's own.

    A file of its own: the garbage collector does not see what zstandard holds, so that a reader
    which reads from itself would stay for good, with its window.
    """

    MARK = b"the end"

    def __init__(self, file: Source) -> None:
        self._file = file
        self.at_end = False

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size) or b""
        if data or self.at_end:
            return data
        self.at_end = True
        return zstandard.ZstdCompressor().compress(self.MARK)


class ZstdReader(io.RawIOBase):
    """Concatenated zstd frames as one file.

    zstandard does not tell a file that ends between two frames from one that was cut off, so a
    frame of our own is put behind the last byte: unless it comes out again, something is missing.
    """

    def __init__(self, file: Source) -> None:
        self._source = _Marked(file)
        self._tail: io.BytesIO | None = None
        self._cut_off = False
        self._reader = zstandard.ZstdDecompressor(max_window_size=limits.WINDOW).stream_reader(
            cast(IO[bytes], self._source), read_size=_CHUNK, read_across_frames=True
        )

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Decompress into `buffer`. Raises EOFError where a frame was cut off."""
        if self._tail is None:
            try:
                count = self._reader.readinto1(buffer)
                if not self._source.at_end:
                    return count
                rest = bytes(buffer[:count]) + self._reader.read()
            except zstandard.ZstdError as error:
                if self._source.at_end:  # the mark did not fit where the file ends
                    raise EOFError from error
                raise
            self._cut_off = not rest.endswith(_Marked.MARK)
            self._tail = io.BytesIO(rest.removesuffix(_Marked.MARK))
        count = self._tail.readinto(buffer)
        if not count and self._cut_off:
            raise EOFError
        return count


def decompressed(source: Source, compression: Compression) -> io.RawIOBase:
    """What `source` holds, decompressed, as a file of which only `readinto` is used."""
    match compression:
        case Compression.ZSTD:
            return ZstdReader(source)
        case Compression.GZIP:
            return FrameReader(source, _gzip)
        case Compression.BZIP2:
            return FrameReader(source, bz2.BZ2Decompressor)
        case Compression.XZ:
            return FrameReader(source, _xz)
        case Compression.NONE:
            raise ValueError(compression)


def _gzip() -> _Decompressor:
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=limits.WINDOW)
