"""A JSON document as an outline: its places, what a filter leaves of it, where conflicts mark it.

Pure data; the tree widget shows it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from tui.checkpoint.config import Json
from tui.restore.conflict import Conflict, Severity
from tui.text import pointer, steps


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document, and the way to it."""

    pointer: str
    """A JSON pointer (RFC 6901); empty for the document itself."""
    key: str
    value: Json

    @property
    def holds(self) -> bool:
        """Whether there is something inside."""
        return self.count > 0

    @property
    def count(self) -> int:
        """How many places there are one level below."""
        return len(self.value) if isinstance(self.value, dict | list | tuple) else 0

    def number(self, key: str) -> int | None:
        """Which of the places one level below has this key; None if there is none."""
        if isinstance(self.value, dict):
            return next((number for number, one in enumerate(self.value) if one == key), None)
        return int(key) if key.isdecimal() and int(key) < self.count else None

    @property
    def text(self) -> str:
        """What a filter looks at: the key and the value, in small letters."""
        return f"{self.key}\n{plain_value(self.value)}".casefold()

    def inside(self, start: int = 0) -> Iterator["Place"]:
        """The places one level below from number `start` on, in the document's order."""
        if isinstance(self.value, dict):
            for key, value in islice(self.value.items(), start, None):
                yield Place(self.pointer + pointer(key), key, value)
        elif isinstance(self.value, list | tuple):
            for index, value in enumerate(self.value[start:], start):
                yield Place(self.pointer + pointer(index), str(index), value)


@dataclass(frozen=True, slots=True)
class Outline:
    """All places of a document in its order, so that a filter need not walk through it again."""

    places: Sequence[Place]
    above: Sequence[int]
    """For each place the number of the one that it lies in; of the document itself 0."""
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Hits:
    """What a filter found."""

    found: Mapping[str, None]
    """Pointers of the places that match themselves, in the document's order."""
    leading: Mapping[str, Sequence[Place]]
    """Of each place that leads to a hit, but is none and lies in none: what stays visible in it."""
    opened: Sequence[str]
    """Pointers of all places but the document that lead to a hit and are none, in its order."""


def outline(document: Json) -> Outline:
    """Every place of `document`; takes about 2 s for a million."""
    places, above, texts = [Place("", "", document)], [0], [""]
    waiting = [(0, places[0].inside())]
    while waiting:
        number, inside = waiting[-1]
        place = next(inside, None)
        if place is None:
            waiting.pop()
            continue
        if place.holds:
            waiting.append((len(places), place.inside()))
        places.append(place)
        above.append(number)
        texts.append(place.text)
    return Outline(places, above, texts)


def search(outline: Outline, words: str) -> Hits:
    """The places whose key or value contains `words`, in any case."""
    wanted = words.casefold()
    places, above = outline.places, outline.above
    numbers = [number for number, text in enumerate(outline.texts) if number and wanted in text]
    found = set(numbers)
    kept = {0}
    for number in numbers:
        while number not in kept:
            kept.add(number)
            number = above[number]
    whole: set[int] = set()
    leading: dict[str, list[Place]] = {}
    for number in sorted(kept):
        outer = above[number]
        if number and outer not in whole:
            leading[places[outer].pointer].append(places[number])
        if number in found or outer in whole:
            whole.add(number)
        else:
            leading[places[number].pointer] = []
    opened = [places[number].pointer for number in sorted(kept - found) if number]
    return Hits(dict.fromkeys(places[number].pointer for number in numbers), leading, opened)


@dataclass(frozen=True, slots=True)
class Mark:
    """The conflicts at one place of a document."""

    here: tuple[Conflict, ...] = ()
    below: Mapping[Severity, int] = field(default_factory=dict)
    """How many conflicts there are further inside."""


def marks(conflicts: Iterable[Conflict], name: str, document: Json) -> dict[str, Mark]:
    """Where `conflicts` mark the document `name`, by pointer; the root counts them all.

    A place that the document lacks is marked at the nearest place above it that is there.
    """
    here: dict[str, list[Conflict]] = {}
    below: dict[str, Counter[Severity]] = {}
    for conflict in conflicts:
        places = [nearest(document, at.pointer) for at in conflict.where if at.document == name]
        for place in dict.fromkeys(places):
            here.setdefault(place, []).append(conflict)
        for above in {above for place in places for above in above_all(place)} - set(places):
            below.setdefault(above, Counter())[conflict.severity] += 1
    return {
        place: Mark(tuple(here.get(place, ())), dict(below.get(place, {})))
        for place in here.keys() | below.keys()
    }


def above_all(pointer: str) -> Iterator[str]:
    """The pointers of all that `pointer` lies in, the document last."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer


def nearest(document: Json, place: str) -> str:
    """The pointer `place`, as far as it leads in `document`."""
    reached = ""
    for key in steps(place):
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list | tuple) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            break
        reached += pointer(key)
    return reached


def plain_value(value: Json) -> str:
    """A value as people read it: strings as they are, the rest as in JSON."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case dict() | list() | tuple():
            return "" if value else "empty"
        case _:
            return str(value)
