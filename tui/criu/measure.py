"""Where the bytes of every mapping are, in a time that no archive can drive up.

The mappings of a process do not overlap, so that its pagemap is gone through once. Shared memory
can be mapped any number of times, each with other parts of it.
"""

from bisect import bisect_left

from tui.criu.memory import Memory, Sizes, object_name
from tui.criu.pagemap import ENTRIES
from tui.criu.vma import OBJECTS, Vma


class Measure:
    """Remembers what parts of shared memory have, and stops when there are too many."""

    def __init__(self, left: int = ENTRIES) -> None:
        """Entries of the pagemaps of shared memory that are gone through: `left`."""
        self._left = left
        self._known: dict[tuple[int, int, int], Sizes] = {}

    def sizes(self, memory: Memory, vma: Vma) -> Sizes | None:
        """Where the bytes of one mapping are; None where that would take too long."""
        if vma.kind not in OBJECTS or vma.object is None or not memory.pid:
            return memory.sizes(vma)
        length = vma.end - vma.start
        key = vma.object, vma.offset, length
        if key not in self._known:
            pagemap = memory.pages.pagemaps.get(object_name(vma.object))
            starts = pagemap.starts if pagemap else []
            first, last = bisect_left(starts, vma.offset), bisect_left(starts, vma.offset + length)
            self._left -= last - first + 1
            if self._left < 0:
                return None
            self._known[key] = memory.sizes(vma)
        return self._known[key]
