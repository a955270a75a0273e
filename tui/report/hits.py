"""What was found in memory, a line each, for people and for scripts."""

from collections.abc import Mapping
from typing import Any

from tui.criu.search import Hit, Place
from tui.report.document import SCHEMA
from tui.text import decode, safe_text

_AROUND = 24
"""Bytes around a match that people are shown."""


def hit_document(names: Mapping[int, str], hit: Hit) -> dict[str, Any]:
    """One match with all places that it is at; bytes and addresses are text in hex."""
    return {
        "schema": SCHEMA,
        "places": [_place(names, place) for place in hit.places],
        "size": hit.size,
        "match": hit.match.hex(),
        "before": hit.before.hex(),
        "after": hit.after.hex(),
        "text": hit.text,
    }


def hit_line(names: Mapping[int, str], hit: Hit, *, around: bool) -> str:
    """One match at its first place, fields between tabs; with `around` also what is beside it."""
    place, *others = hit.places
    more = f" +{len(others)}" if others else ""
    what = safe_text(hit.text)
    if around:
        what = f"{_plain(hit.before[-_AROUND:])}«{what}»{_plain(hit.after[:_AROUND])}"
    fields = (
        str(place.pid) + more,
        safe_text(names.get(place.pid, "")) or "-",
        hex(place.address),
        safe_text(_region(place)) or "-",
        what,
    )
    return "\t".join(fields)


def _place(names: Mapping[int, str], place: Place) -> dict[str, Any]:
    return {
        "pid": place.pid,
        "name": names.get(place.pid, ""),
        "address": hex(place.address),
        "region": _region(place),
        "permissions": place.vma.permissions if place.vma else "",
    }


def _region(place: Place) -> str:
    return place.vma.label if place.vma else ""


def _plain(raw: bytes) -> str:
    return "".join(char if char.isprintable() else "·" for char in decode(raw))
