"""Images that the reader did not keep, read piece by piece where they lie.

Ghost files have the content of deleted files, and may be as large as these; what tells of them are
a few bytes in between.
"""

from tui.archive.model import Member
from tui.archive.spool import Store
from tui.criu.framing import Fault
from tui.errors import ArchiveError


class Window:
    """An image that can be cut as if it were bytes; a cut raises Fault where it cannot be read."""

    def __init__(self, store: Store, member: Member) -> None:
        self._store = store
        self._member = member

    def __len__(self) -> int:
        return self._member.size

    def __getitem__(self, where: slice) -> bytes:
        start, stop, _ = where.indices(len(self))
        try:
            found = self._store.read(self._member, start, stop - start)
        except ArchiveError as error:
            raise Fault(start, str(error)) from error
        if len(found) < stop - start:
            raise Fault(start, "cannot be read: the archive is damaged there")
        return found
