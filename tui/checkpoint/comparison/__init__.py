"""Two checkpoints compared: of one container over time, of two hosts, of anything.

Everything is known by what it is called, not by where it stands: processes by PID or program,
descriptors by number, sockets by their addresses, mounts and files by path, parts of documents by
name. Every thing is looked up once, so that no archive can drive the time up.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

from tui.archive.layout import Layout
from tui.archive.spool import Progress
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC
from tui.checkpoint.comparison.archive import archive_apart
from tui.checkpoint.comparison.content import Content, look_into
from tui.checkpoint.comparison.descriptors import descriptors_apart
from tui.checkpoint.comparison.difference import Counts, Difference, together
from tui.checkpoint.comparison.documents import document_apart
from tui.checkpoint.comparison.filesystem import filesystem_apart
from tui.checkpoint.comparison.likeness import Likeness, same_container
from tui.checkpoint.comparison.memory import memory_apart
from tui.checkpoint.comparison.mounts import mounts_apart
from tui.checkpoint.comparison.pairs import Pairs, pair
from tui.checkpoint.comparison.processes import processes_apart
from tui.checkpoint.comparison.side import Side
from tui.checkpoint.comparison.sockets import sockets_apart

ARCHIVE = "archive"

TITLES = {
    ARCHIVE: "Archive",
    "processes": "Processes",
    "sockets": "Sockets",
    "files": "Open files",
    "filesystem": "File systems",
    "mounts": "Mounts",
    "memory": "Memory",
    "network": "Network",
    "config": "Config",
    "spec": "Spec",
}
"""The sections, what matters most first."""

SECTIONS = tuple(TITLES)

_DOCUMENTS = {"config": CONFIG, "spec": SPEC, "network": NETWORK}

_FRAGILE = ("processes", "sockets", "files", "mounts")
"""Those that a pre-checkpoint does not have."""


@dataclass(frozen=True, slots=True)
class Section:
    """What differs in one respect."""

    name: str
    root: Difference
    """The group of all things in it."""
    notes: tuple[str, ...] = ()
    """What could not be compared, or not surely."""
    compared: bool = True
    """Both sides have something to compare."""

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.name]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two checkpoints, and what differs."""

    before: Side
    after: Side
    sections: tuple[Section, ...]
    content: Content = Content()

    @property
    def counts(self) -> Counts:
        """Of all sections together."""
        return sum((section.root.counts for section in self.sections), Counts())

    @property
    def same(self) -> bool:
        """Whether nothing differs that means something."""
        return not self.counts.differing

    @property
    def whole(self) -> bool:
        """Whether all of both could be read."""
        sides = (self.before, self.after)
        read = all(one.checkpoint.whole and not one.problems for one in sides)
        return read and not self.content.problems

    @property
    def caveat(self) -> str:
        """What is not told because it may only have been unread; empty: all was read."""
        sides = (("first", self.before), ("second", self.after))
        unread = " and the ".join(which for which, side in sides if side.partial)
        words = "could be read only in part: what is missing there is not told of"
        return f"the {unread} {words}" if unread else ""

    @property
    def same_container(self) -> bool:
        """Whether both are of one container."""
        return same_container(self.before, self.after)


def compare(
    before: Side,
    after: Side,
    sections: Collection[str] = SECTIONS,
    *,
    reveal: bool = False,
    content: Content | None = None,
) -> Comparison:
    """What differs, in `sections`; `content` is what `look_into` has found.

    Values of environment variables are masked unless `reveal`.
    """
    content = content or Content()
    pairs = pair(before, after)
    alike = Likeness(before, after, told=ARCHIVE in sections)
    found: dict[str, Callable[[], Iterable[Difference]]] = {
        ARCHIVE: lambda: archive_apart(before, after),
        "processes": lambda: processes_apart(pairs, before, after, alike, reveal=reveal),
        "sockets": lambda: sockets_apart(pairs, before, after, alike),
        "files": lambda: descriptors_apart(pairs, before, after, alike),
        "filesystem": lambda: filesystem_apart(before, after, alike, content.files),
        "mounts": lambda: mounts_apart(before, after, alike),
        "memory": lambda: memory_apart(pairs, before, after, alike, content.pages),
    }
    told = "spec" in sections and all(SPEC in one.checkpoint.documents for one in (before, after))
    for section, name in _DOCUMENTS.items():
        was, now = (one.checkpoint.documents.get(name) for one in (before, after))
        found[section] = partial(document_apart, name, was, now, alike, reveal=reveal, told=told)
    return Comparison(
        before,
        after,
        tuple(
            _section(name, before, after, pairs, found[name])
            for name in SECTIONS
            if name in sections
        ),
        content,
    )


def look(
    comparison: Comparison,
    *,
    memory: bool = True,
    files: bool = True,
    progress: Progress | None = None,
) -> Content:
    """What the bytes of both say. Raises ArchiveError as `look_into`."""
    before, after = comparison.before, comparison.after
    pairs = pair(before, after)
    return look_into(before, after, pairs, memory=memory, files=files, progress=progress)


def _section(
    name: str,
    before: Side,
    after: Side,
    pairs: Pairs,
    inside: Callable[[], Iterable[Difference]],
) -> Section:
    reasons = [
        f"not compared: {which} {reason}"
        for which, side in (("the first", before), ("the second", after))
        if (reason := _absent(name, side))
    ]
    if reasons:
        nothing = together(name, TITLES[name], (), group=True)
        return Section(name, nothing, tuple(reasons) if len(reasons) == 1 else (), False)
    root = together(name, TITLES[name], inside(), group=True)
    return Section(name, root, tuple(_notes(name, pairs)))


def _absent(name: str, side: Side) -> str:
    """Why a side has nothing to compare in a section; empty: it has."""
    checkpoint = side.checkpoint
    if name in _DOCUMENTS:
        member = _DOCUMENTS[name]
        unread = checkpoint.bare or not checkpoint.contents.complete
        lacks = unread and member not in checkpoint.documents
        return f"has no {member} that can be read" if lacks else ""
    if name in _FRAGILE and checkpoint.layout is Layout.PODMAN_PRE:
        return "is a pre-checkpoint, which has memory alone"
    if name == "filesystem" and (checkpoint.bare or checkpoint.layout is Layout.PODMAN_PRE):
        return "has no changes to the root file system"
    return ""


def _notes(name: str, pairs: Pairs) -> Iterable[str]:
    if name == "processes" and pairs.moved:
        yield f"{pairs.moved:,} with another PID, matched by program and parents"
