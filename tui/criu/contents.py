"""The bytes of deleted files, pipes and sockets, from the images that have them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from tui.archive import limits
from tui.archive.model import Contents
from tui.archive.spool import opened
from tui.criu.files import Extent


def read_content(contents: Contents, extents: Iterable[Extent], size: int, limit: int) -> bytes:
    """The first `limit` bytes of what is `size` long; between the extents there are zeros.

    Raises ArchiveError when they cannot be read.
    """
    found = bytearray(max(0, min(size, limit)))
    for at, piece in pieces(contents, extents, len(found)):
        end = min(len(found), at + len(piece))
        if at < end:
            found[at:end] = piece[: end - at]
    return bytes(found)


def pieces(contents: Contents, extents: Iterable[Extent], end: int) -> Iterator[tuple[int, bytes]]:
    """What is in front of `end`, a part of it at a time, each with its place.

    Raises ArchiveError when it cannot be read.
    """
    members = {member.name: member for member in contents.members}
    wanted = [one for one in extents if one.at < end and one.length > 0]
    unkept = {one.member for one in wanted} - contents.files.keys()
    with ExitStack() as stack:
        store = (
            stack.enter_context(opened(contents, [members[name] for name in unkept]))
            if unkept
            else None
        )
        for one in wanted:
            raw, done = contents.files.get(one.member), 0
            length = min(one.length, end - one.at)
            while done < length:
                count, start = min(limits.MIB, length - done), one.offset + done
                piece = (raw or b"")[start : start + count]
                if store and raw is None:
                    piece = store.read(members[one.member], start, count)
                if not piece:
                    break
                yield one.at + done, piece
                done += len(piece)
