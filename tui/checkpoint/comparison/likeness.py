"""Which differences mean nothing: IDs and numbers that are made anew for each container or start.

Two containers never have them in common, and neither has one container on two hosts.
"""

import re
from collections.abc import Iterable
from functools import partial

from tui.checkpoint.comparison.side import Side
from tui.checkpoint.config import Json

ANEW = "only IDs differ in it"
TOLD = "told under archive"

_IDS = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=\bl/)[A-Z0-9]{26}\b",
    re.ASCII,
)
"""IDs of containers and layers, UUIDs, the short names of overlay layers: another container has
others; in one container they stay, and what has others is called by its content, say."""

_NUMBERS = re.compile(
    r"(?P<inode>\b(?:pipe|socket|net|mnt|pid|ipc|uts|user|cgroup|time):\[)\d+"
    r"|(?P<process>/proc/)\d+(?=/ns/)"
    r"|(?P<snapshot>/snapshots/)\d+(?=/)"
    r"|(?P<category>:s0(?:-s0)?:)c\d+(?:,c\d+)*",
    re.ASCII,
)
"""Inodes of what has no name, PIDs of the host, containerd's snapshots, SELinux categories."""

_SHORT = 12
"""Characters of the ID that a container is called by where it has no other host name."""


class Likeness:
    """Knows the IDs of both sides."""

    def __init__(self, before: Side, after: Side, *, told: bool = True) -> None:
        """With `told`, what the archive section tells need not be told again."""
        self.unread = before.partial, after.partial
        ids = () if same_container(before, after) else (_IDS,)
        self.earlier = partial(_essence, (*_own(before), *ids))
        """What of a text before is not made anew."""
        self.later = partial(_essence, (*_own(after), *ids))
        self._told = (_told(before), _told(after)) if told else None

    def __call__(self, before: Json, after: Json) -> str:
        """Why the difference of two values means nothing; empty: it does."""
        if not isinstance(before, str) or not isinstance(after, str):
            return ""
        if self._told:
            pairs = zip(*self._told, strict=True)
            if any(earlier and (before, after) == (earlier, later) for earlier, later in pairs):
                return TOLD
        return ANEW if self.earlier(before) == self.later(after) else ""


class Exact:
    """Takes every difference for one that means something."""

    def __init__(self, before: Side, after: Side) -> None:
        self.unread = before.partial, after.partial

    def __call__(self, _before: Json, _after: Json) -> str:
        """Nothing."""
        return ""


def same_container(before: Side, after: Side) -> bool:
    """Whether both are of one container; without an ID nobody knows."""
    return bool(before.origin.id) and before.origin.id == after.origin.id


def _told(side: Side) -> tuple[str, ...]:
    known = side.origin
    created = side.checkpoint.config.created
    return known.name, known.image, known.image_id, known.runtime, known.pod, created


def _own(side: Side) -> tuple[re.Pattern[str], ...]:
    """The IDs by which the documents of a side name it and its pod."""
    pod = side.checkpoint.config.pod
    sandbox = (side.checkpoint.spec.annotations or {}).get("io.kubernetes.cri.sandbox-id", "")
    known = [one for one in (side.origin.id, pod, sandbox) if len(one) > _SHORT]
    words = [*known, *(one[:_SHORT] for one in known)]
    return (re.compile("|".join(map(re.escape, words))),) if words else ()


def _essence(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    """What is left of `text` without IDs; of a path without what leads there, too.

    Engines keep what belongs to a container in a folder that is called by its ID.
    """
    for pattern in patterns:
        if pattern is _IDS and _IDS.fullmatch(text):
            continue
        if text.startswith("/") and (found := pattern.search(text)):
            text = f"…{text[found.end() :]}"
        text = pattern.sub("…", text)
    return _NUMBERS.sub(_without, text)


def _without(found: re.Match[str]) -> str:
    return f"{found[found.lastgroup or 0]}…"
