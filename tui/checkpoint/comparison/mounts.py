"""Mounts before and after, by where they are mounted."""

from collections.abc import Iterator

from tui.checkpoint.comparison.difference import Described, Difference, Fact, matched, unique
from tui.checkpoint.comparison.likeness import Likeness
from tui.checkpoint.comparison.side import Side
from tui.criu.mounts import Mount

_LAYERS = "layers of the engine's own"
_NUMBERED = "numbers that the kernel gives"


def mounts_apart(before: Side, after: Side, alike: Likeness) -> Iterator[Difference]:
    """Every mount, behind the one that it lies on."""
    return matched(
        unique((alike.earlier(key), one) for key, one in _by_place(before).items()),
        unique((alike.later(key), one) for key, one in _by_place(after).items()),
        (_describe, _describe),
        alike,
    )


def _by_place(side: Side) -> dict[str, Mount]:
    """By mount point; of further mount namespaces with the number of that in front."""
    spaces: dict[int, int] = {}
    return unique(
        (_place(one, spaces.setdefault(one.namespace, len(spaces))), one)
        for _, one in side.inside.mounts.tree()
    )


def _place(mount: Mount, space: int) -> str:
    return f"namespace {space + 1}: {mount.mountpoint}" if space else mount.mountpoint


def _describe(mount: Mount) -> Described:
    told = f"{mount.file_system} {mount.source}".strip()
    return Described(mount.mountpoint, told, facts=lambda: _facts(mount))


def _facts(mount: Mount) -> Iterator[Fact]:
    yield Fact("type", mount.file_system or None)
    yield Fact("source", mount.source or None)
    yield Fact("part of it", mount.root)
    yield Fact("flags", mount.flags)
    layers = _LAYERS if mount.file_system == "overlay" else ""
    yield Fact("options", mount.options or None, expected=layers)
    yield Fact("file system flags", mount.super_flags)
    yield Fact("external", mount.external or None)
    yield Fact("deleted", mount.deleted)
    yield Fact("content in the archive", bool(mount.archive) or None)
    virtual = mount.device.startswith("0:")
    yield Fact("device", mount.device or None, expected=_NUMBERED if virtual else "")
    yield Fact("peer group", mount.shared, expected=_NUMBERED)
    yield Fact("follows peer group", mount.master, expected=_NUMBERED)
