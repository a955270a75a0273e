"""What takes up the room in a checkpoint: every member counted once, in parts that people know."""

import re
from collections import defaultdict
from dataclasses import dataclass

from tui.archive.layout import DOCUMENTS, IMAGES, PRE_IMAGES
from tui.archive.model import Contents
from tui.archive.reader import TMPFS
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import ROOT, SHARED_MEMORY
from tui.checkpoint.logs import LOGS

_PAGES = re.compile(r"pages-(\d+)\.img", re.ASCII)

_IMAGES = (
    ("gpu", re.compile(r"amdgpu-pages-.*")),
    ("maps", re.compile(r"(?:pagemap|mm|vmas)-.*\.img")),
    ("ghosts", re.compile(r"ghost-file-.*\.img")),
    ("queues", re.compile(r"(?:tcp-stream-.*|(?:sk-queues|(?:pipes|fifo|tty)-data))\.img")),
    ("tmpfs", TMPFS),
)
"""Which of CRIU's images belong to a part of their own."""

_LABELS = {
    "memory": "memory",
    "shared": "shared memory of processes",
    "gpu": "memory of GPUs",
    "maps": "maps of the memory",
    "ghosts": "deleted files that were open",
    "queues": "data in connections and pipes",
    "tmpfs": "files on tmpfs, packed",
    "images": "everything else of CRIU",
    "root": "changes to the root file system",
    "volume": "volume",
    "shm": "/dev/shm",
    "logs": "logs",
    "documents": "configuration",
    "other": "other files",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the checkpoint."""

    key: str
    """`memory`, `shared`, `gpu`, `maps`, `ghosts`, `queues`, `tmpfs`, `images`, `root`, `volume`,
    `shm`, `logs`, `documents` or `other`."""
    label: str
    size: int
    """Bytes, as they are in the decompressed archive."""
    members: int
    name: str = ""
    """Of a volume."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The whole checkpoint."""

    parts: tuple[Part, ...]
    """The largest first; those that have no members are left out."""
    archive: int
    """Bytes of the file, which may be compressed."""

    @property
    def total(self) -> int:
        """Bytes of all parts together."""
        return sum(part.size for part in self.parts)


def sizes(checkpoint: Checkpoint) -> Sizes:
    """What each part of `checkpoint` takes up, of members of one name the last."""
    contents = checkpoint.contents
    shared = _shared(contents)
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for member in {member.name: member for member in contents.members if member.size}.values():
        found[_part(member.name, shared)].append(member.size)
    parts = [
        Part(key, f"{_LABELS[key]} {name}".rstrip(), sum(counts), len(counts), name)
        for (key, name), counts in found.items()
    ]
    parts.sort(key=lambda part: (-part.size, part.label))
    return Sizes(tuple(parts), contents.identity.size)


def _part(name: str, shared: frozenset[int]) -> tuple[str, str]:
    """The key of the part that a member belongs to, and the name of a volume."""
    if name.startswith((IMAGES, PRE_IMAGES)):
        return _of_images(name.partition("/")[2], shared), ""
    if name.startswith("volumes/") and name.endswith(".tar"):
        return "volume", name.removeprefix("volumes/").removesuffix(".tar")
    if name in LOGS:
        return "logs", ""
    return _MEMBERS.get(name, "other"), ""


_MEMBERS = {
    ROOT: "root",
    "deleted.files": "root",
    SHARED_MEMORY: "shm",
    "stats-dump": "images",
    **dict.fromkeys(DOCUMENTS, "documents"),
    **dict.fromkeys(("config.json", "status", "status.dump", "bind.mounts"), "documents"),
}


def _of_images(name: str, shared: frozenset[int]) -> str:
    if pages := _PAGES.fullmatch(name):
        return "shared" if int(pages[1]) in shared else "memory"
    return next((key for key, pattern in _IMAGES if pattern.fullmatch(name)), "images")


def _shared(contents: Contents) -> frozenset[int]:
    """Which pages images belong to shared memory; the parser of images is loaded only here."""
    from tui.criu.images import Images

    images = Images(contents)
    heads = (next(images.pieces(name), None) for name in images.named(r"pagemap-shmem-\d+\.img"))
    return frozenset(
        head.message.pages_id  # type: ignore[attr-defined]  # the kind of image tells the message
        for head in heads
        if head
    )
