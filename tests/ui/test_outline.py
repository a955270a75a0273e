"""Documents as outlines: what a filter leaves, and where conflicts mark them."""

from hypothesis import given
from hypothesis import strategies as st

from tui.restore.conflict import Conflict, Location, Severity
from tui.text import steps
from tui.ui.outline import Place, above_all, marks, nearest, outline, search

DOCUMENT = {
    "name": "web",
    "volumes": [{"name": "webdata", "dest": "/www"}, {"name": "logs", "dest": "/var/log"}],
    "a/b": {"~": True},
    "nothing": {},
}


def conflict(*pointers: str, severity: Severity = Severity.BLOCKER) -> Conflict:
    where = tuple(Location("config.dump", pointer) for pointer in pointers)
    return Conflict("code", severity, "title", "detail", where=where)


def test_a_place_has_the_places_inside() -> None:
    inside = list(Place("", "", DOCUMENT).inside())
    assert [place.pointer for place in inside] == ["/name", "/volumes", "/a~1b", "/nothing"]
    assert [place.holds for place in inside] == [False, True, True, False]


def left(words: str, place: str) -> list[str] | None:
    """What a filter leaves in a place; None if that is all."""
    leading = search(outline(DOCUMENT), words).leading.get(place)
    return None if leading is None else [one.pointer for one in leading]


def test_a_filter_keeps_hits_and_what_they_lie_in() -> None:
    hits = search(outline(DOCUMENT), "WEBDATA")
    assert list(hits.found) == ["/volumes/0/name"]
    assert hits.opened == ["/volumes", "/volumes/0"]
    assert left("webdata", "") == ["/volumes"]
    assert left("webdata", "/volumes") == ["/volumes/0"]
    assert left("webdata", "/volumes/0") == ["/volumes/0/name"]


def test_a_hit_keeps_all_that_is_inside() -> None:
    hits = search(outline(DOCUMENT), "volumes")
    assert list(hits.found) == ["/volumes"]
    assert left("volumes", "") == ["/volumes"]
    assert left("volumes", "/volumes") is None


def test_a_hit_in_a_hit_hides_nothing_of_the_outer_one() -> None:
    document = {"log": {"a": {"log": 1, "b": 2}, "c": 3}, "d": 4}
    hits = search(outline(document), "log")
    assert list(hits.found) == ["/log", "/log/a/log"]
    assert hits.opened == ["/log/a"]
    assert list(hits.leading) == [""]


def test_values_are_found_as_they_are_shown() -> None:
    assert list(search(outline(DOCUMENT), "true").found) == ["/a~1b/~0"]


def test_words_are_not_found_across_key_and_value() -> None:
    assert not search(outline(DOCUMENT), "nameweb").found


def test_hits_come_in_the_documents_order() -> None:
    found = search(outline(DOCUMENT), "name").found
    assert list(found) == ["/name", "/volumes/0/name", "/volumes/1/name"]


def test_without_a_hit_nothing_is_left() -> None:
    assert left("zzz", "") == []


def test_a_conflict_marks_its_place_and_counts_above() -> None:
    found = marks([conflict("/volumes/0/name")], "config.dump", DOCUMENT)
    assert found["/volumes/0/name"].here[0].title == "title"
    assert found["/volumes/0"].below == {Severity.BLOCKER: 1}
    assert found[""].below == {Severity.BLOCKER: 1}


def test_a_conflict_at_two_places_counts_once_above_both() -> None:
    found = marks([conflict("/volumes/0/name", "/volumes/1/name")], "config.dump", DOCUMENT)
    assert found["/volumes"].below == {Severity.BLOCKER: 1}


def test_a_place_that_is_not_there_is_marked_where_its_way_ends() -> None:
    found = marks([conflict("/volumes/7/name")], "config.dump", DOCUMENT)
    assert found["/volumes"].here


def test_other_documents_stay_unmarked() -> None:
    assert marks([conflict("/name")], "spec.dump", DOCUMENT) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_every_pointer_of_a_document_leads_back_to_its_place(document: object) -> None:
    waiting = [Place("", "", document)]
    while waiting:
        place = waiting.pop()
        assert nearest(document, place.pointer) == place.pointer
        assert list(above_all(place.pointer))[-1:] in ([], [""])
        waiting += place.inside()


@given(JSON)
def test_an_outline_has_every_place_behind_the_one_that_it_lies_in(document: object) -> None:
    found = outline(document)
    assert len(found.places) == len(found.above) == len(found.texts)
    for number, place in enumerate(found.places[1:], 1):
        outer = found.places[found.above[number]]
        assert found.above[number] < number
        assert place in outer.inside()
        assert next(outer.inside(outer.number(steps(place.pointer)[-1]) or 0)) == place
