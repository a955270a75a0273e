"""Facts from two sources, and where they may differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Facts = dict[str, Any]
"""What is known, by what it is about."""

NOTHING = "nothing"
"""Stands for a fact that one side does not have."""


@dataclass(frozen=True)
class Difference:
    """A row of a table: where the others say something else, who is right, and why."""

    where: str
    """The name of the fact, with wildcards."""
    right: str
    why: str
    fits: Callable[[Any, Any], bool]
    """Whether what podthaw says, and what the others do, differ in just this way."""
    always: bool = True
    """False where it depends on the machine whether there is such a difference."""


def assert_same(ours: Facts, theirs: Facts, table: Sequence[Difference] = ()) -> None:
    """All facts are the same, but for those that the table names; and all rows of it are needed."""
    unnamed, needed = [], set[Difference]()
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name, NOTHING), theirs.get(name, NOTHING)
        if one == other:
            continue
        row = next(
            (row for row in table if fnmatchcase(name, row.where) and row.fits(one, other)), None
        )
        if row:
            needed.add(row)
        else:
            unnamed.append(f"{name}:\n    podthaw: {one!r}\n    theirs:  {other!r}")
    idle = [f"{row.where}: {row.why}" for row in table if row.always and row not in needed]
    assert not unnamed, "\n".join([f"{len(unnamed)} differences that no table names:", *unnamed])
    assert not idle, "\n".join(["differences that are none any more:", *idle])


def flat(value: Any, name: str = "") -> Facts:
    """A document as facts, one for each of its leaves."""
    if isinstance(value, Mapping):
        inner = {f"{name}.{key}" if name else str(key): one for key, one in value.items()}
    elif isinstance(value, list):
        inner = {f"{name}[{at}]": one for at, one in enumerate(value)}
    else:
        return {name: value}
    found: Facts = {}
    for key, one in inner.items():
        found |= flat(one, key)
    return found
