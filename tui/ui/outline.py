"""A JSON document as an outline: its places, what a filter leaves of it, where conflicts mark it.

Pure data; the tree widget shows it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

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
        return isinstance(self.value, dict | list | tuple) and len(self.value) > 0

    def contains(self, words: str) -> bool:
        """Whether `words`, in small letters, stand in the key or the value."""
        return words in self.key.casefold() or words in plain_value(self.value).casefold()

    def inside(self) -> Iterator["Place"]:
        """The places one level below, in the document's order."""
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield Place(self.pointer + pointer(key), key, value)
        elif isinstance(self.value, list | tuple):
            for index, value in enumerate(self.value):
                yield Place(self.pointer + pointer(index), str(index), value)


@dataclass(frozen=True, slots=True)
class Hits:
    """What a filter found."""

    found: Mapping[str, None]
    """Pointers of the places that match themselves, in the document's order."""
    kept: frozenset[str]
    """Those, and all that they lie in."""

    def shows(self, pointer: str) -> bool:
        """Whether a place stays visible: it leads to a hit, is one, or lies in one."""
        return pointer in self.kept or any(above in self.found for above in above_all(pointer))


def search(document: Json, words: str) -> Hits:
    """The places of `document` whose key or value contains `words`, in any case."""
    wanted = words.casefold()
    found: dict[str, None] = {}
    kept: set[str] = set()
    waiting = [Place("", "", document)]
    while waiting:
        place = waiting.pop()
        if place.pointer and place.contains(wanted):
            found[place.pointer] = None
            kept.add(place.pointer)
            kept.update(above_all(place.pointer))
        waiting += reversed(list(place.inside()))
    return Hits(found, frozenset(kept))


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
