"""JSON documents compared by what their parts are called, not by where they stand in a list.

Of values that are masked nothing is told but that they differ.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tui.checkpoint.checkpoint import CONFIG, SPEC
from tui.checkpoint.comparison.difference import (
    Difference,
    Kind,
    Unit,
    together,
    unique,
)
from tui.checkpoint.comparison.likeness import Likeness
from tui.checkpoint.config import Json
from tui.checkpoint.secrets import masked

MASKED = "the values differ, both are masked"

_ABSENT = "one that is absent is read as this"
"""How Go's JSON, in which the engines are written, takes a key that is not there."""

_EVERY = "it differs with every checkpoint"

_TIMES = {"checkpointedtime", "restoredtime", "restored"}
"""What containerd and CRI-O write down of the checkpoint itself."""

_IDENTITIES = (
    ("destination",),
    ("dest",),
    ("volumeName",),
    ("name",),
    ("Name",),
    ("container_port", "protocol"),
    ("containerPort", "protocol"),
    ("path",),
    ("type",),
    ("containerID",),
    ("ipnet",),
)
"""What tells the objects of a list apart, the first that does: of mounts, volumes, ports, …"""

_COMMANDS = {"args", "command", "entrypoint", "createcommand", "exitcommand", "cmd", "test"}
"""Lists whose order is what they say."""

_ENVIRONMENT = "env"


@dataclass(frozen=True, slots=True)
class _Value:
    """A part of a document, and what may be shown of it, which has the same shape."""

    raw: Json
    shown: Json
    word: bool = False
    """It is one of a list of words, which says all by being there."""


def document_apart(
    name: str, before: Json, after: Json, alike: Likeness, *, reveal: bool, told: bool = True
) -> Iterator[Difference]:
    """What differs between two documents, both the member `name`, key by key.

    With `told`, what config.dump has of spec.dump is told there.
    """
    was, now = (_Value(one, one if reveal else masked(name, one)) for one in (before, after))
    walk = _Walk(alike)
    if not isinstance(before, dict) or not isinstance(after, dict):
        earlier, later = (None if one.raw is None else one for one in (was, now))
        if earlier or later:
            yield walk.either("document", name, earlier, later)
        return
    for key, one, other in _sides(_entries(was), _entries(now)):
        lower = key.casefold()
        expected = ""
        if name == CONFIG and lower in _TIMES:
            expected = _EVERY
        elif name == CONFIG and lower == "spec" and told:
            expected = f"told under spec, as {SPEC} has it"
        yield replace(walk, expected=expected).either(key, key, one, other)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes down both documents."""

    alike: Likeness
    expected: str = ""
    """Why all differences from here on mean nothing."""

    def either(
        self, key: str, label: str, was: _Value | None, now: _Value | None, unit: Unit = Unit.NONE
    ) -> Difference:
        """A part that may be in one of them alone."""
        if was is not None and now is not None:
            return self.apart(key, label, was, now)
        kind = Kind.ADDED if was is None else Kind.REMOVED
        known = was or now
        assert known
        expected = self.expected or ("" if known.raw or known.word else _ABSENT)
        value = None if known.word else known.shown
        before, after = (value, None) if was else (None, value)
        return Difference(key, label, kind, before, after, unit, expected=expected)

    def apart(self, key: str, label: str, was: _Value, now: _Value) -> Difference:
        """A part that is in both."""
        if was.raw == now.raw and type(was.raw) is type(now.raw):
            plain = not isinstance(was.raw, dict | list)
            before, after = (was.shown, now.shown) if plain else (None, None)
            return Difference(key, label, Kind.SAME, before, after)
        if isinstance(was.raw, dict) and isinstance(now.raw, dict):
            inside = _sides(_entries(was), _entries(now))
        elif isinstance(was.raw, list) and isinstance(now.raw, list):
            words = all(isinstance(one, str) for one in (*was.raw, *now.raw))
            if words and key.casefold() in _COMMANDS:
                return self._leaf(key, label, was, now, Unit.COMMAND)
            inside = _listed(key, was, now, self.alike)
        else:
            return self._leaf(key, label, was, now)
        found = (
            self.either(name, _label(name, one, other), one, other) for name, one, other in inside
        )
        return together(key, label, found, group=True)

    def _leaf(
        self, key: str, label: str, was: _Value, now: _Value, unit: Unit = Unit.NONE
    ) -> Difference:
        expected = self.expected or self.alike(was.raw, now.raw)
        hidden = was.shown == now.shown and was.shown != was.raw
        return Difference(
            key,
            label,
            Kind.CHANGED,
            was.shown,
            now.shown,
            unit,
            MASKED if hidden else "",
            expected,
        )


_Sides = Iterator[tuple[str, _Value | None, _Value | None]]


def _sides(was: Mapping[str, _Value], now: Mapping[str, _Value]) -> _Sides:
    for key in dict.fromkeys((*was, *now)):
        yield key, was.get(key), now.get(key)


def _entries(value: _Value) -> dict[str, _Value]:
    return {key: _Value(one, value.shown[key]) for key, one in value.raw.items()}


def _label(key: str, was: _Value | None, now: _Value | None) -> str:
    known = now or was
    return str(known.shown) if known and known.word else key


def _listed(key: str, was: _Value, now: _Value, alike: Likeness) -> _Sides:
    """The parts of two lists by what tells them apart."""
    both = (*was.raw, *now.raw)
    if key.casefold() == _ENVIRONMENT and all(isinstance(one, str) for one in both):
        return _sides(_variables(was), _variables(now))
    if all(not isinstance(one, dict | list) for one in both):
        return _sides(_words(was, alike.earlier), _words(now, alike.later))
    for identity in _IDENTITIES:
        found = _named(was, identity), _named(now, identity)
        if found[0] is not None and found[1] is not None:
            return _sides(found[0], found[1])
    return _leftover(was, now)


def _variables(entries: _Value) -> dict[str, _Value]:
    return unique(
        (name, _Value(value, shown.partition("=")[2]))
        for (name, _, value), shown in zip(
            (one.partition("=") for one in entries.raw), entries.shown, strict=True
        )
    )


def _words(words: _Value, essence: Callable[[str], str]) -> dict[str, _Value]:
    """Each once, by what of it is not made anew."""
    known = {
        (word if isinstance(word, str) else json.dumps(word)): shown
        for word, shown in zip(words.raw, words.shown, strict=True)
    }
    return unique((essence(text), _Value(text, shown, True)) for text, shown in known.items())


def _named(objects: _Value, identity: Sequence[str]) -> dict[str, _Value] | None:
    """By what `identity` says of each; None where that does not tell them apart."""
    found: dict[str, _Value] = {}
    for one, shown in zip(objects.raw, objects.shown, strict=True):
        if not isinstance(one, dict):
            return None
        parts = [one.get(name) for name in identity]
        if not all(isinstance(part, str | int) for part in parts):
            return None
        found["/".join(map(str, parts))] = _Value(one, shown)
    return found if len(found) == len(objects.raw) else None


def _leftover(was: _Value, now: _Value) -> _Sides:
    """What is in one list alone, in order; equal parts are taken for the same wherever they are."""
    texts = [[json.dumps(one, sort_keys=True) for one in side.raw] for side in (was, now)]
    common = Counter(texts[0]) & Counter(texts[1])
    before, after = (
        _without(side, list_, common) for side, list_ in zip((was, now), texts, strict=True)
    )
    for at in range(max(len(before), len(after))):
        one = before[at] if at < len(before) else None
        other = after[at] if at < len(after) else None
        index = (one or other or (0, None))[0]
        yield (
            f"[{index}]"
            if other is None or one is None or one[0] == other[0]
            else (f"[{one[0]}→{other[0]}]"),
            one[1] if one else None,
            other[1] if other else None,
        )


def _without(side: _Value, texts: Iterable[str], common: Counter[str]) -> list[tuple[int, _Value]]:
    left, found = Counter(common), []
    for at, text in enumerate(texts):
        if left[text]:
            left[text] -= 1
        else:
            found.append((at, _Value(side.raw[at], side.shown[at])))
    return found
