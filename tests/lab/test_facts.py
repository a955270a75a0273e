"""The comparison of facts: nothing slips through, and no row of a table outlives its reason."""

import pytest

from tests.lab.facts import NOTHING, Difference, assert_same, flat

ROW = Difference("1 *", "podthaw", "they round", lambda ours, theirs: ours - theirs == 1)


def test_what_no_row_fits_is_told() -> None:
    with pytest.raises(AssertionError, match="2 name"):
        assert_same({"1 size": 3, "2 name": "a"}, {"1 size": 2, "2 name": "b"}, [ROW])
    with pytest.raises(AssertionError, match="1 size"):
        assert_same({"1 size": 4}, {"1 size": 2}, [ROW])


@pytest.mark.parametrize("facts", [({"a": 1}, {}), ({}, {"a": 1})])
def test_what_one_side_lacks_is_a_difference(facts: tuple[dict[str, int], dict[str, int]]) -> None:
    with pytest.raises(AssertionError, match=NOTHING):
        assert_same(*facts)


def test_a_row_that_is_not_needed_is_told() -> None:
    assert_same({"1 size": 3}, {"1 size": 2}, [ROW])
    with pytest.raises(AssertionError, match="they round"):
        assert_same({"1 size": 2}, {"1 size": 2}, [ROW])


def test_a_document_becomes_one_fact_a_leaf() -> None:
    assert flat({"a": [{"b": 1}, 2], "c": {}}) == {"a[0].b": 1, "a[1]": 2}
