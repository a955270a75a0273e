"""Differences as a tree, and how two lists of things become one by what tells each thing apart."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from tui.checkpoint.config import Json

T = TypeVar("T")


class Kind(StrEnum):
    """What has become of something; the value is how people are told."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    SAME = "same"


class Unit(StrEnum):
    """What a number is."""

    NONE = ""
    BYTES = "bytes"
    MODE = "mode"
    """Permissions, told in octal."""
    ADDRESS = "address"
    """Told in hexadecimal."""
    COMMAND = "command"
    """A list of words that people know as one line."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many things there are of each kind."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    same: int = 0
    expected: int = 0
    """Those that differ, but in what any two checkpoints may differ in."""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.added + other.added,
            self.removed + other.removed,
            self.changed + other.changed,
            self.same + other.same,
            self.expected + other.expected,
        )

    @property
    def differing(self) -> int:
        """Those that differ and mean something."""
        return self.added + self.removed + self.changed


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing before and after, with what differs in it."""

    key: str
    """What tells it apart from those beside it."""
    label: str
    """What people call it; as the archive has it."""
    kind: Kind
    before: Json = None
    """What it is, or was in all; None where it is not there, or has no value of its own."""
    after: Json = None
    unit: Unit = Unit.NONE
    note: str = ""
    """What cannot be said by two values."""
    expected: str = ""
    """Why any two checkpoints may differ in this, so that it means nothing; empty: it does."""
    inside: tuple["Difference", ...] = ()
    """Of what is the same, nothing."""
    group: bool = False
    """It stands for the things inside it, and is none itself."""
    counts: Counts = field(init=False)
    """Of the things in it, or itself."""

    def __post_init__(self) -> None:
        if self.group:
            counts = sum((one.counts for one in self.inside), Counts())
        else:
            counts = Counts(**{"expected" if self.expected else self.kind.value: 1})
        object.__setattr__(self, "counts", counts)

    @property
    def differs(self) -> bool:
        """Whether it is another, in a way that means something."""
        return self.kind is not Kind.SAME and not self.expected


def together(
    key: str,
    label: str,
    inside: Iterable[Difference],
    *,
    before: Json = None,
    after: Json = None,
    unit: Unit = Unit.NONE,
    group: bool = False,
) -> Difference:
    """What is there before and after: changed if anything in it is.

    Of what is no group, only that is kept which differs.
    """
    found = tuple(one for one in inside if group or one.kind is not Kind.SAME)
    differing = [one for one in found if one.kind is not Kind.SAME]
    kind = Kind.CHANGED if differing else Kind.SAME
    expected = ""
    if differing and not any(one.differs for one in differing):
        expected = "; ".join(dict.fromkeys(one.expected for one in differing))
    return Difference(
        key,
        label,
        kind,
        before,
        after,
        unit,
        expected=expected,
        inside=found,
        group=group,
    )


class Alike(Protocol):
    """Knows which differences mean nothing, and what may only have been unread."""

    unread: tuple[bool, bool]
    """What is missing before, or after, was perhaps not read: it is no difference."""

    def __call__(self, before: Json, after: Json, /) -> str:
        """Why the difference of two values means nothing; empty: it does."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about a thing."""

    name: str
    value: Json
    """A number or text; a tuple of texts whose order is of no importance; None: there is none."""
    unit: Unit = Unit.NONE
    expected: str = ""
    """Why a difference of it means nothing."""


def facts_apart(
    before: Iterable[Fact], after: Iterable[Fact], alike: Alike
) -> Iterator[Difference]:
    """What differs between the facts about a thing, in the order of both."""
    earlier = {fact.name: fact for fact in before}
    later = {fact.name: fact for fact in after}
    for name in _merged(earlier, later):
        known = earlier.get(name) or later[name]
        expected = min(known.expected, later.get(name, known).expected)
        was = earlier[name].value if name in earlier else None
        now = later[name].value if name in later else None
        if was == now:
            continue
        if isinstance(was or now, tuple):
            yield words_apart(name, was or (), now or (), expected, alike.unread)
            continue
        kind = Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED
        if (kind is Kind.ADDED and alike.unread[0]) or (kind is Kind.REMOVED and alike.unread[1]):
            continue
        expected = expected or (alike(was, now) if kind is Kind.CHANGED else "")
        yield Difference(name, name, kind, was, now, known.unit, expected=expected)


def words_apart(
    name: str,
    before: Iterable[str],
    after: Iterable[str],
    expected: str = "",
    unread: tuple[bool, bool] = (False, False),
) -> Difference:
    """Two lists of words without an order, as what is only in one of them."""
    was, now = dict.fromkeys(before), dict.fromkeys(after)
    gone = () if unread[1] else [one for one in was if one not in now]
    new = () if unread[0] else [one for one in now if one not in was]
    found = [Difference(one, one, Kind.REMOVED, expected=expected) for one in gone]
    found += [Difference(one, one, Kind.ADDED, expected=expected) for one in new]
    return together(name, name, found)


@dataclass(frozen=True, slots=True)
class Described:
    """A thing as people see it."""

    label: str
    value: Json = None
    unit: Unit = Unit.NONE
    facts: Callable[[], Iterable[Fact]] = tuple
    """Asked for only where the thing is there before and after."""


def matched(
    before: Mapping[str, T],
    after: Mapping[str, T],
    describe: tuple[Callable[[T], Described], Callable[[T], Described]],
    alike: Alike,
) -> Iterator[Difference]:
    """Things by what tells them apart, those before in front."""
    was, now = describe
    for key in _merged(before, after):
        if key not in after:
            if not alike.unread[1]:
                yield one_sided(key, was(before[key]), Kind.REMOVED)
        elif key not in before:
            if not alike.unread[0]:
                yield one_sided(key, now(after[key]), Kind.ADDED)
        else:
            yield two_sided(key, was(before[key]), now(after[key]), alike)


def two_sided(key: str, was: Described, now: Described, alike: Alike) -> Difference:
    """What is there before and after."""
    return together(
        key,
        now.label,
        facts_apart(was.facts(), now.facts(), alike),
        before=was.value,
        after=now.value,
        unit=now.unit,
    )


def one_sided(key: str, thing: Described, kind: Kind) -> Difference:
    """What is there only before, or only after."""
    added = kind is Kind.ADDED
    return Difference(
        key,
        thing.label,
        kind,
        None if added else thing.value,
        thing.value if added else None,
        thing.unit,
    )


def unique(pairs: Iterable[tuple[str, T]]) -> dict[str, T]:
    """By key; those whose key is taken are numbered: `/mnt`, `/mnt (2)`."""
    found: dict[str, T] = {}
    counted: dict[str, int] = {}
    for key, value in pairs:
        counted[key] = counted.get(key, 0) + 1
        found[f"{key} ({counted[key]})" if counted[key] > 1 else key] = value
    return found


def _merged(before: Mapping[str, T], after: Mapping[str, T]) -> Iterator[str]:
    yield from before
    yield from (key for key in after if key not in before)
