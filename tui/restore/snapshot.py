"""What a host has at one moment of all that a restore may add to it.

It is small enough for the journal: even after podthaw was killed, what the restore has made can
be told from what was there before.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from tui.host.facts import Fact, HostFacts, Unknown

T = TypeVar("T")
V = TypeVar("V")


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is there, by name or full ID; None where the host did not say."""

    containers: dict[str, str] | None = None
    """IDs with states, those that only the storage knows included."""
    pods: dict[str, str] | None = None
    """IDs with states."""
    volumes: dict[str, str] | None = None
    """Names, with when each was created."""
    images: dict[str, tuple[str, ...]] | None = None
    """IDs with names."""
    networks: dict[str, str] | None = None
    """Names with drivers."""


def snapshot(facts: HostFacts) -> Snapshot:
    """The part of `facts` that a restore may change."""
    return Snapshot(
        containers=_seen(facts.containers, lambda all_: {one.id: one.state for one in all_}),
        pods=_seen(facts.pods, lambda all_: {one.id: one.state.lower() for one in all_}),
        volumes=_seen(facts.volumes, lambda all_: {one.name: one.created for one in all_}),
        images=_seen(facts.images, lambda all_: {one.id: tuple(one.names) for one in all_}),
        networks=_seen(facts.networks, lambda all_: {one.name: one.driver for one in all_}),
    )


def changed(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """What is not as it was, for people; nothing where one of them does not know."""
    for kind in Snapshot.__struct_fields__:
        old, new = getattr(before, kind), getattr(after, kind)
        if old is None or new is None:
            continue
        noun = kind.removesuffix("s")
        for name in sorted(old.keys() | new.keys()):
            if name not in old:
                yield f"{noun} {name[:_SHORT]} is new"
            elif name not in new:
                yield f"{noun} {name[:_SHORT]} is gone"
            elif old[name] != new[name]:
                yield f"{noun} {name[:_SHORT]} was {_word(old[name])} and is {_word(new[name])}"


_SHORT = 24
"""Characters of a name or an ID that are shown."""


def _word(value: str | tuple[str, ...]) -> str:
    return (value if isinstance(value, str) else ", ".join(value)) or "without a name"


def _seen(fact: Fact[T], view: Callable[[T], dict[str, V]]) -> dict[str, V] | None:
    return None if isinstance(fact, Unknown) else view(fact.value)
