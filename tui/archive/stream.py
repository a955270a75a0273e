"""The bytes of an archive, decompressed, from front to back and never twice.

What is not wanted is skipped: in a plain file by seeking, in a compressed one by decompressing
into one buffer that is used again and again, so that skipping costs no Python objects.
"""

import bz2
import io
import lzma
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import IO, Protocol, cast

import zstandard
from isal import igzip_lib

from tui.archive import limits
from tui.archive.model import Compression

MAGIC = {
    b"\x1f\x8b": Compression.GZIP,
    b"\x28\xb5\x2f\xfd": Compression.ZSTD,
    b"BZh": Compression.BZIP2,
    b"\xfd7zXZ\x00": Compression.XZ,
}

MAGIC_LENGTH = max(map(len, MAGIC))
"""Bytes that tell the compression."""

_BUFFER = 512 * limits.KIB
_CHUNK = 256 * limits.KIB


_CORRUPT: tuple[type[Exception], ...] = (
    zstandard.ZstdError,
    lzma.LZMAError,
    igzip_lib.error,  # type: ignore[assignment]  # its stubs say that this is no class
    ValueError,
)


class DamageError(Exception):
    """The archive cannot be read beyond `offset` (bytes of decompressed archive)."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


class StreamError(DamageError):
    """The bytes themselves do not come any more: the file is cut off, or cannot be decompressed."""


class Stream(ABC):
    """Bytes that come once; `offset` counts those that have passed."""

    offset = 0

    @abstractmethod
    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end. Raises DamageError."""

    @abstractmethod
    def skip(self, size: int) -> int:
        """Pass over `size` bytes; how many there were. Raises DamageError."""


class Section(Stream):
    """A part of another stream, as long as a member; `offset` is the other stream's."""

    def __init__(self, outer: Stream, size: int) -> None:
        self._outer = outer
        self._held = b""
        self.offset = outer.offset
        self.left = size

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, which stay to be read; once, before anything is read."""
        self._held = self._outer.read(min(size, self.left))
        return self._held

    def read(self, size: int) -> bytes:
        """See Stream."""
        wanted = min(size, self.left)
        data, self._held = self._held[:wanted], self._held[wanted:]
        if len(data) < wanted:
            data += self._outer.read(wanted - len(data))
        self._passed(len(data))
        return data

    def skip(self, size: int) -> int:
        """See Stream."""
        wanted = min(size, self.left)
        count, self._held = len(self._held[:wanted]), self._held[wanted:]
        if count < wanted:
            count += self._outer.skip(wanted - count)
        self._passed(count)
        return count

    def _passed(self, count: int) -> None:
        self.left -= count
        self.offset = self._outer.offset - len(self._held)


class Inner(Stream):
    """The rest of another stream as one of its own; `offset` counts from its own start."""

    def __init__(self, outer: Stream) -> None:
        self._outer = outer

    def read(self, size: int) -> bytes:
        """See Stream."""
        data = self._outer.read(size)
        self.offset += len(data)
        return data

    def skip(self, size: int) -> int:
        """See Stream."""
        count = self._outer.skip(size)
        self.offset += count
        return count


class PlainStream(Stream):
    """A file that is not compressed."""

    def __init__(self, file: io.BufferedReader, size: int) -> None:
        self._file = file
        self._size = size

    def read(self, size: int) -> bytes:
        """See Stream."""
        try:
            data = self._file.read(size)
        except OSError as error:
            raise StreamError(self.offset, f"reading failed: {error.strerror}") from error
        self.offset += len(data)
        return data

    def skip(self, size: int) -> int:
        """See Stream."""
        count = max(0, min(size, self._size - self.offset))
        self._file.seek(count, io.SEEK_CUR)
        self.offset += count
        return count


class PackedStream(Stream):
    """A compressed file, or a compressed part of another stream.

    Damage is a StreamError, or of the kind `error`: a broken part leaves what is around it sound.
    """

    def __init__(
        self,
        source: io.RawIOBase,
        compression: Compression,
        error: type[DamageError] = StreamError,
    ) -> None:
        self._source = source
        self._compression = compression
        self._error = error
        self._buffer = memoryview(bytearray(_BUFFER))

    def read(self, size: int) -> bytes:
        """See Stream."""
        parts = []
        while size and (count := self._fill(size)):
            parts.append(bytes(self._buffer[:count]))
            size -= count
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """See Stream."""
        left = size
        while left and (count := self._fill(left)):
            left -= count
        return size - left

    def _fill(self, size: int) -> int:
        """Decompress up to `size` bytes into the buffer; 0 at the end."""
        try:
            count = self._source.readinto(self._buffer[:size])
        except MemoryError as error:
            raise self._broken("asks for too much memory") from error
        except EOFError as error:
            raise self._broken("was cut off") from error
        except OSError as error:
            if error.errno is None:  # bz2's way of saying that the data is wrong
                raise self._broken(f"cannot be decompressed: {error}") from error
            raise self._error(self.offset, f"reading failed: {error.strerror}") from error
        except _CORRUPT as error:
            raise self._broken(f"cannot be decompressed: {error}") from error
        self.offset += count or 0
        return count or 0

    def _broken(self, how: str) -> DamageError:
        return self._error(self.offset, f"the {self._compression} data {how}")


class _Decompressor(Protocol):
    """What the decompressors of bz2, lzma and isal have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Source(Protocol):
    """Where compressed bytes come from: a file, or another stream."""

    def read(self, size: int, /) -> bytes | None: ...


class FrameReader(io.RawIOBase):
    """Concatenated compressed frames as one file; zeros may follow them, nothing else."""

    def __init__(self, file: _Source, new: Callable[[], _Decompressor]) -> None:
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


class ZstdReader(io.RawIOBase):
    """Concatenated zstd frames as one file.

    zstandard does not tell a file that ends between two frames from one that was cut off, so a
    frame of our own is put behind the last byte: unless it comes out again, something is missing.
    """

    _MARK = b"the end"

    def __init__(self, file: _Source) -> None:
        self._file = file
        self._at_end = False
        self._tail: io.BytesIO | None = None
        self._cut_off = False
        self._reader = zstandard.ZstdDecompressor(max_window_size=limits.WINDOW).stream_reader(
            cast(IO[bytes], self), read_size=_CHUNK, read_across_frames=True
        )

    def read(self, size: int = -1) -> bytes:
        """Compressed bytes, for zstandard: the file's, and then the mark."""
        data = self._file.read(size) or b""
        if data or self._at_end:
            return data
        self._at_end = True
        return zstandard.ZstdCompressor().compress(self._MARK)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Decompress into `buffer`. Raises EOFError where a frame was cut off."""
        if self._tail is None:
            try:
                count = self._reader.readinto1(buffer)
                if not self._at_end:
                    return count
                rest = bytes(buffer[:count]) + self._reader.read()
            except zstandard.ZstdError as error:
                if self._at_end:  # the mark did not fit where the file ends
                    raise EOFError from error
                raise
            self._cut_off = not rest.endswith(self._MARK)
            self._tail = io.BytesIO(rest.removesuffix(self._MARK))
        count = self._tail.readinto(buffer)
        if not count and self._cut_off:
            raise EOFError
        return count


def recognized(head: bytes) -> Compression:
    """How a file that begins with `head` is compressed."""
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), Compression.NONE)


def unpacked(file: io.FileIO, compression: Compression, size: int) -> Stream:
    """The decompressed bytes of `file`, which stands at its start and is `size` bytes long."""
    if compression is Compression.NONE:
        return PlainStream(io.BufferedReader(file), size)
    return PackedStream(_decompressed(file, compression), compression)


def unpacked_inside(
    outer: Stream, compression: Compression, error: type[DamageError] = StreamError
) -> Stream:
    """The decompressed bytes of what follows in `outer`; `offset` counts from their start."""
    if compression is Compression.NONE:
        return Inner(outer)
    return PackedStream(_decompressed(outer, compression), compression, error)


def _decompressed(source: _Source, compression: Compression) -> io.RawIOBase:
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
