"""CRIU's own figures of the dump (stats-dump) or of a restore (stats-restore).

Field names: CRIU's `stats.proto`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.message import Message

from tui.archive.model import Contents, Problem
from tui.criu.catalogue import kind_of, pieces
from tui.criu.framing import Fault

DUMP = "stats-dump"
RESTORE = "stats-restore"

MICROSECONDS = "µs"
PAGES = "pages"

_FIGURES = {
    "freezing_time": ("time until every process stood still", MICROSECONDS),
    "frozen_time": ("time that they stood still", MICROSECONDS),
    "memdump_time": ("of it finding the memory to save", MICROSECONDS),
    "memwrite_time": ("of it writing the memory", MICROSECONDS),
    "pages_scanned": ("memory looked at", PAGES),
    "pages_skipped_parent": ("memory left to the pre-checkpoint", PAGES),
    "pages_written": ("memory written", PAGES),
    "irmap_resolve": ("time to find the files that are watched", MICROSECONDS),
    "pages_lazy": ("memory that a lazy restore fetches later", PAGES),
    "page_pipes": ("pipes that the memory went through", ""),
    "page_pipe_bufs": ("buffers of these pipes", ""),
    "shpages_scanned": ("shared memory looked at", PAGES),
    "shpages_skipped_parent": ("shared memory left to the pre-checkpoint", PAGES),
    "shpages_written": ("shared memory written", PAGES),
    "pages_compared": ("memory compared with the parent's", PAGES),
    "pages_skipped_cow": ("memory that parent and child share", PAGES),
    "forking_time": ("time to make the processes", MICROSECONDS),
    "restore_time": ("time to restore them", MICROSECONDS),
    "pages_restored": ("memory restored", PAGES),
}
"""What each field means, and its unit; a page is as large as on the machine of the dump."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that CRIU counted."""

    name: str
    """CRIU's own."""
    label: str
    value: int
    unit: str
    """`µs`, `pages`, or empty for a plain count."""


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of one run of CRIU, those that it wrote down."""

    figures: tuple[Figure, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_stats(contents: Contents, name: str = DUMP) -> Stats:
    """The figures in the member `name`; none where CRIU, or the runtime, left it out."""
    raw, kind = contents.files.get(name), kind_of(name)
    if raw is None or kind is None:
        return Stats()
    figures: list[Figure] = []
    try:
        for piece in pieces(raw, kind):
            for run in ("dump", "restore"):
                if piece.message.HasField(run):
                    figures += _figures(getattr(piece.message, run))
    except Fault as fault:
        return Stats(tuple(figures), (Problem(name, fault.offset, fault.message),))
    return Stats(tuple(figures))


def _figures(counted: Message) -> Iterator[Figure]:
    for field, value in counted.ListFields():
        label, unit = _FIGURES[field.name]
        yield Figure(field.name, label, int(value), unit)
