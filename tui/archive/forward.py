"""Bytes of members in the order in which they lie, while the archive is unpacked: no disk needed.

For what looks once at everything, such as a search. Reads that go on where the last one ended, or
a little before, cost nothing; one that leads further back begins again at the start.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tui.archive import limits
from tui.archive.model import Contents, Member
from tui.archive.opening import stream
from tui.archive.spool import Progress, Store, lies_open, opened
from tui.archive.stream import DamageError, Stream

_KEPT = limits.MIB
"""Bytes that can be read again."""

_STEP = 4 * limits.MIB
"""Bytes that are skipped between two calls of Progress."""


@contextmanager
def forward(contents: Contents, progress: Progress | None = None) -> Iterator[Store]:
    """The contents of all members while the block lasts, as `opened` but for the order.

    `progress` is told while parts of the archive are skipped; to stop, it raises. It is not for
    several threads.
    """
    if lies_open(contents):
        with opened(contents, []) as store:
            yield store
        return
    with ExitStack() as stack:
        yield _ForwardStore(contents, stack, progress)


class _ForwardStore(Store):
    """An archive that is unpacked as far as it is read."""

    def __init__(self, contents: Contents, stack: ExitStack, progress: Progress | None) -> None:
        self._contents = contents
        self._stack = stack
        self._progress = progress
        self._stream: Stream | None = None
        self._kept = b""

    def _read_into(self, member: Member, start: int, buffer: memoryview) -> int:
        archive = self._stream
        if archive is None or start < archive.offset - len(self._kept):
            archive = self._again()
        try:
            self._skip(archive, start, (member.offset or 0) + member.size)
            if archive.offset < start:
                return 0
            first = start - (archive.offset - len(self._kept))
            found = self._kept[first : first + len(buffer)]
            if len(found) < len(buffer):
                data = archive.read(len(buffer) - len(found))
                self._kept = (self._kept + data)[-_KEPT:]
                found += data
        except DamageError:
            return 0
        buffer[: len(found)] = found
        return len(found)

    def _again(self) -> Stream:
        self._stack.close()
        self._kept = b""
        self._stream = self._stack.enter_context(stream(self._contents))
        return self._stream

    def _skip(self, archive: Stream, start: int, total: int) -> None:
        while (gap := start - archive.offset) > 0:
            self._kept = b""
            if not archive.skip(min(gap, _STEP)):
                return
            if self._progress:
                self._progress(archive.offset, total)
