"""Images entry by entry, honest ones and others, and Contents that have them."""

from datetime import UTC, datetime

from google.protobuf.message import Message

from tui.archive.model import Compression, Contents, FileIdentity, Member, MemberKind
from tui.criu.framing import Magic, Order
from tui.criu.images import FOLDER

COMMON = 0x54564319
SERVICE = 0x55105940
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def head(magic: int, order: Order = "little") -> bytes:
    """What an image begins with."""
    first = SERVICE if magic in (Magic.STATS, Magic.IRMAP_CACHE) else COMMON
    words = [magic] if magic == Magic.INVENTORY else [first, magic]
    return b"".join(word.to_bytes(4, order) for word in words)


def entry(message: Message | bytes, order: Order = "little") -> bytes:
    """One entry of an image."""
    raw = message if isinstance(message, bytes) else message.SerializeToString()
    return len(raw).to_bytes(4, order) + raw


def image(magic: int, *messages: Message | bytes, order: Order = "little") -> bytes:
    """An image of these entries."""
    return head(magic, order) + b"".join(entry(one, order) for one in messages)


def contents(*members: Member, **images: bytes) -> Contents:
    """An archive with these images; in their names `_` stands for `-`."""
    files = {f"{FOLDER}{name.replace('_', '-')}.img": raw for name, raw in images.items()}
    found = tuple(member(name, size=len(raw)) for name, raw in files.items())
    identity = FileIdentity(1, 2, 3, 4)
    return Contents(
        "/a.tar",
        identity,
        Compression.NONE,
        members=(*found, *members),
        files=files,
        finished=True,
        complete=True,
    )


def member(name: str, *, size: int = 0, kind: MemberKind = MemberKind.FILE) -> Member:
    return Member(name, kind, size, 0o600, NOW)
