"""The headers of a tar, one after the other, from bytes that come only once.

The standard `tarfile` decodes each header block. Its walk is not used: it has no limits (one
pax header of 1 GiB, or a chain of long names, is followed to the end of memory or stack), it
takes a damaged header for the end of the archive, and it can only read what it can index.
Where readers differ, names and sizes are those of Go's archive/tar, which Podman uses.
"""

import posixpath
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tui.archive import limits
from tui.archive.model import Member, MemberKind
from tui.archive.stream import DamageError, Stream
from tui.text import decode

BLOCK = tarfile.BLOCKSIZE
_ZEROS = bytes(BLOCK)

_KINDS = {
    b"0": MemberKind.FILE,
    b"\0": MemberKind.FILE,
    b"S": MemberKind.FILE,
    b"1": MemberKind.HARDLINK,
    b"2": MemberKind.SYMLINK,
    b"5": MemberKind.DIRECTORY,
}
_WITHOUT_CONTENT = b"123456"
_NAMES = (b"path", b"linkpath", b"uname", b"gname")
_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK, _GNU_SPARSE = b"x", b"g", b"L", b"K", b"S"
_EXTENSIONS = (_PAX, _GLOBAL, _LONG_NAME, _LONG_LINK)

_OCTAL = re.compile(rb"[0-7]*")
_RECORD = re.compile(rb"(\d{1,%d}) " % limits.DIGITS)


@dataclass(frozen=True, slots=True)
class Header:
    """One member, and what follows its header."""

    member: Member
    spelled: str
    """Its name as the archive has it."""
    stored: int
    """Bytes of content that follow, without the padding."""
    sparse: bool
    """The content that follows is not the file's, but pieces of it."""
    padding: int
    """Bytes between the content and the next header."""


def next_header(stream: Stream) -> Header | None:
    """The next member of `stream`, None at the end-of-archive block.

    Raises DamageError where there is no valid header.
    """
    start = stream.offset
    pax: dict[str, bytes] = {}
    long: dict[bytes, bytes] = {}
    while True:
        offset = stream.offset
        block = stream.read(BLOCK)
        if block == _ZEROS:
            if pax or long:
                raise DamageError(offset, "an extended header is followed by no member")
            return None
        info = _decoded(block, offset)
        kind = block[156:157]
        if kind not in _EXTENSIONS:
            break
        if stream.offset - start + info.size > limits.EXTENDED_HEADER:
            raise DamageError(
                offset,
                f"an extended header of {info.size:,} bytes (podthaw and Podman read up to "
                f"{limits.EXTENDED_HEADER:,})",
            )
        payload = stream.read(info.size)
        if len(payload) < info.size or stream.skip(-info.size % BLOCK) < -info.size % BLOCK:
            raise DamageError(offset, "cut off in an extended header")
        if kind == _PAX:
            pax = _records(payload, offset)
        elif kind == _GLOBAL:  # an entry of its own for Go, which then begins afresh
            _records(payload, offset)
            pax, long = {}, {}
        else:
            long[kind] = payload.partition(b"\0")[0]
    if kind == _GNU_SPARSE:
        _skip_sparse_map(block[482:483], stream)
    return _header(block, info, pax, long, offset, stream.offset)


def cleaned(name: str) -> str:
    """`name` as Podman unpacks it, relative to the root of the archive: Go's path.Clean."""
    return posixpath.normpath("/" + name.lstrip("/")).lstrip("/")


def escapes(name: str) -> bool:
    """Whether `name` leads out of the archive, which Podman refuses."""
    return posixpath.normpath(name).split("/", 1)[0] == ".."


def _decoded(block: bytes, offset: int) -> tarfile.TarInfo:
    if not block:
        raise DamageError(offset, "the end-of-archive mark is missing: the archive was cut off")
    if len(block) < BLOCK:
        raise DamageError(offset, "cut off in a member's header")
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        info.size = _size(block[124:136], info.size)
    except (tarfile.HeaderError, ValueError) as error:
        raise DamageError(offset, f"not a valid member header ({error})") from error
    if info.size < 0:
        raise DamageError(offset, "a member of negative size")
    return info


def _size(field: bytes, parsed: int) -> int:
    """The size in a header: `tarfile` takes leading NULs for its end, Go passes over them."""
    if field[0] & 0x80:
        return parsed
    digits = field.strip(b" \0").partition(b"\0")[0]
    if not _OCTAL.fullmatch(digits):
        raise ValueError("a malformed size")
    return int(digits or b"0", 8)


def _records(payload: bytes, offset: int) -> dict[str, bytes]:
    """The records of a pax header, each `LENGTH KEY=VALUE` and a line feed; of equals the last.

    An empty value is as good as none.
    """
    records: dict[str, bytes] = {}
    at = 0
    while at < len(payload):
        found = _RECORD.match(payload, at)
        end = at + int(found[1]) if found else 0
        if not found or not found.end() < end <= len(payload) or payload[end - 1] != ord("\n"):
            raise DamageError(offset, "a malformed pax header")
        key, equals, value = payload[found.end() : end - 1].partition(b"=")
        if not key or not equals or b"\0" in (value if key in _NAMES else key):
            raise DamageError(offset, "a malformed pax header")
        records[decode(key)] = value
        at = end
    return {key: value for key, value in records.items() if value}


def _skip_sparse_map(extended: bytes, stream: Stream) -> None:
    while extended not in (b"\0", b""):
        extended = stream.read(BLOCK)[504:505]


def _header(
    block: bytes,
    info: tarfile.TarInfo,
    pax: Mapping[str, bytes],
    long: Mapping[bytes, bytes],
    offset: int,
    content: int,
) -> Header:
    kind = block[156:157]
    try:
        size = _number(pax["size"]) if "size" in pax else info.size
        mtime = float(pax["mtime"][: limits.DIGITS * 2]) if "mtime" in pax else info.mtime
    except ValueError as error:
        raise DamageError(offset, "a pax header with a malformed number") from error
    raw = block[:100].partition(b"\0")[0]
    if block[257:263] == b"ustar\0" and block[345:346] != b"\0":
        raw = block[345:500].partition(b"\0")[0] + b"/" + raw
    raw = long.get(_LONG_NAME) or pax.get("GNU.sparse.name") or pax.get("path") or raw
    link = long.get(_LONG_LINK) or pax.get("linkpath") or block[157:257].partition(b"\0")[0]
    if len(raw) > limits.NAME or len(link) > limits.NAME:
        raise DamageError(
            offset, f"a name of {max(len(raw), len(link)):,} bytes (up to {limits.NAME:,} are read)"
        )
    what = _KINDS.get(kind, MemberKind.OTHER)
    if kind == b"\0" and raw.endswith(b"/"):
        what = MemberKind.DIRECTORY
    stored = 0 if kind in _WITHOUT_CONTENT or what is MemberKind.DIRECTORY else size
    sparse = kind == _GNU_SPARSE or any(key.startswith("GNU.sparse.") for key in pax)
    spelled = decode(raw)
    return Header(
        Member(
            name=cleaned(spelled),
            kind=what,
            size=stored if what is MemberKind.FILE else 0,
            mode=info.mode & 0o7777,
            mtime=moment(mtime),
            link=decode(link) if what in (MemberKind.SYMLINK, MemberKind.HARDLINK) else "",
            offset=content if what is MemberKind.FILE and not sparse else None,
            owner=(info.uid, info.gid),
        ),
        spelled,
        stored,
        sparse,
        -stored % BLOCK,
    )


def _number(value: bytes) -> int:
    if not 0 < len(value) <= limits.DIGITS or not value.isdigit():
        raise ValueError(value)
    return int(value)


def moment(seconds: float) -> datetime:
    """The moment so many seconds after the epoch; where there is none, the epoch."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
