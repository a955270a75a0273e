"""How an image is cut into entries: magic numbers, byte order, lengths.

    image := [COMMON] MAGIC { entry }
    entry := size (4 bytes), then as many bytes of protobuf

All integers have the byte order of the machine that was dumped. Nothing here trusts a number
before it has been compared with what is really there.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Literal

LONGEST = 4 << 20
"""Bytes of one entry; CRIU's own are a few hundred, cgroups and seccomp filters tens of KiB."""

Order = Literal["little", "big"]

_COMMON = 0x54564319

_WORD = 4


class Magic(IntEnum):
    """The number that an image of each kind begins with, behind the common one."""

    INVENTORY = 0x58313116
    PSTREE = 0x50273030
    CORE = 0x55053847
    FILES = 0x56303138
    REMAPS = 0x59133954
    MOUNTS = 0x55563928
    CGROUP = 0x59383330
    LOCKS = 0x54323616


class Fault(Exception):
    """What is wrong with an image, and where."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        """Bytes from the start of the image."""
        self.message = message


def byte_order(image: bytes, magic: Magic) -> Order:
    """The byte order of an image. Raises Fault when it is no image of this kind."""
    wanted = _head(magic)
    orders: tuple[Order, Order] = ("little", "big")
    for order in orders:
        if image.startswith(b"".join(word.to_bytes(_WORD, order) for word in wanted)):
            return order
    what = "cut off in its magic number" if len(image) < _WORD * len(wanted) else "no such image"
    raise Fault(0, f"{what}: it begins with {image[: _WORD * len(wanted)].hex(' ', _WORD) or '-'}")


def entries(image: bytes, magic: Magic) -> Iterator[tuple[int, bytes]]:
    """Each entry with the offset of its content. Raises Fault where the image goes wrong."""
    order = byte_order(image, magic)
    offset, end = _WORD * len(_head(magic)), len(image)
    while offset < end:
        if end - offset < _WORD:
            raise Fault(offset, f"cut off: {end - offset} bytes where a length should be")
        size = int.from_bytes(image[offset : offset + _WORD], order)
        offset += _WORD
        if size > LONGEST:
            raise Fault(offset, f"an entry of {size:,} bytes; they are read up to {LONGEST:,}")
        if size > end - offset:
            raise Fault(offset, f"cut off: {end - offset:,} of {size:,} bytes of an entry")
        yield offset, image[offset : offset + size]
        offset += size


def _head(magic: Magic) -> tuple[int, ...]:
    return (magic,) if magic is Magic.INVENTORY else (_COMMON, magic)
