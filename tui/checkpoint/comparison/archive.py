"""What the archives say of themselves: who made them of what, with which tools, how large."""

from collections.abc import Iterator, Set
from datetime import datetime

from tui.checkpoint.comparison.difference import Difference, Fact, Unit, facts_apart
from tui.checkpoint.comparison.likeness import Exact
from tui.checkpoint.comparison.side import Side
from tui.checkpoint.origin import Engine
from tui.checkpoint.sizes import sizes
from tui.checkpoint.summary import lacking, podman_version

_EVERY = "every checkpoint has its own"
_UNTOLD = "only one of them says it"
_PACKED = "how it is packed"
_BELOW = "what it is made of is compared by itself"

_TOLD = {"memory", "shared", "root", "volume", "shm", "logs", "gpu", "ghosts"}
"""The parts whose size means something."""


def archive_apart(before: Side, after: Side) -> Iterator[Difference]:
    """The facts that differ."""
    told = dict(before.origin.tools).keys() & dict(after.origin.tools).keys()
    return facts_apart(_facts(before, told), _facts(after, told), Exact(before, after))


def _facts(side: Side, told: Set[str]) -> Iterator[Fact]:
    """All of them; `told` are the tools that both sides name."""
    checkpoint, known = side.checkpoint, side.origin
    contents = checkpoint.contents
    yield Fact("engine", known.engine.label)
    yield Fact("what it is", checkpoint.layout.value)
    yield Fact("container", known.name or None)
    yield Fact("ID", known.id or None)
    yield Fact("image", known.image or None)
    yield Fact("image ID", known.image_id or None)
    yield Fact("pod", known.pod or None)
    yield Fact("namespace", known.namespace or None)
    yield Fact("runtime", known.runtime or None)
    yield Fact("created", _moment(known.created))
    if known.engine is Engine.PODMAN:
        yield Fact("written by Podman, at least", podman_version(checkpoint) or None)
    for name, value in known.tools:
        yield Fact(name, value, expected="" if name in told else _UNTOLD)
    yield Fact("architecture", side.inside.processes.architecture or None)
    yield Fact("lacks", tuple(lacking(checkpoint)))
    yield Fact("checkpointed", _moment(known.checkpointed), expected=_EVERY)
    for part in () if side.partial else sizes(checkpoint).parts:
        expected = "" if part.key in _TOLD else _BELOW
        yield Fact(f"size of {part.label}", part.size, Unit.BYTES, expected)
    yield Fact("compression", contents.compression, expected=_PACKED)
    yield Fact("form", contents.form, expected=_PACKED)
    yield Fact("size of the file", contents.identity.size, Unit.BYTES, _PACKED)


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(sep=" ", timespec="seconds") if moment else None
