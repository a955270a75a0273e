"""The bytes of an archive, decompressed, from front to back and never twice.

What is not wanted is skipped: in a plain file by seeking, in a compressed one by decompressing
into one buffer that is used again and again, so that skipping costs no Python objects.
"""

import io
from abc import ABC, abstractmethod
from collections.abc import Callable

from tui.archive import limits
from tui.archive.frames import CORRUPT, decompressed
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


class WatchedStream(Stream):
    """A file of which every byte is seen, those that are skipped as well."""

    def __init__(self, file: io.FileIO, seen: Callable[[bytes], object]) -> None:
        self._file = file
        self._seen = seen

    def read(self, size: int) -> bytes:
        """See Stream."""
        parts = []
        while size and (part := self._next(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """See Stream."""
        left = size
        while left and (part := self._next(min(left, _BUFFER))):
            left -= len(part)
        return size - left

    def _next(self, size: int) -> bytes:
        try:
            data = self._file.read(size) or b""
        except OSError as error:
            raise StreamError(self.offset, f"reading failed: {error.strerror}") from error
        self.offset += len(data)
        self._seen(data)
        return data


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
        except CORRUPT as error:
            raise self._broken(f"cannot be decompressed: {error}") from error
        self.offset += count or 0
        return count or 0

    def _broken(self, how: str) -> DamageError:
        return self._error(self.offset, f"the {self._compression} data {how}")


def recognized(head: bytes) -> Compression:
    """How a file that begins with `head` is compressed."""
    return next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), Compression.NONE)


def unpacked(file: io.FileIO, compression: Compression, size: int) -> Stream:
    """The decompressed bytes of `file`, which stands at its start and is `size` bytes long."""
    if compression is Compression.NONE:
        return PlainStream(io.BufferedReader(file), size)
    return PackedStream(decompressed(file, compression), compression)


def unpacked_inside(
    outer: Stream, compression: Compression, error: type[DamageError] = StreamError
) -> Stream:
    """The decompressed bytes of what follows in `outer`; `offset` counts from their start."""
    if compression is Compression.NONE:
        return Inner(outer)
    return PackedStream(decompressed(outer, compression), compression, error)
