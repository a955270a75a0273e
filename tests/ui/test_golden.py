"""A golden that no longer fits says what people would see of it."""

from pathlib import Path

import pytest

from tests.ui import golden
from tests.ui.golden import Picture, compare, difference

PLAIN = ("white on black", "black on white")
ALARM = ("red on black bold", "red on white bold")


def drawn(*lines: str, alarm: str = "") -> Picture:
    """These lines, in which the letters of `alarm` stand out."""
    cells = tuple(tuple(ALARM if one in alarm else PLAIN for one in line) for line in lines)
    return Picture(lines, cells)


def test_words_that_changed_are_told_line_by_line() -> None:
    told = difference(str(drawn("one", "two")), str(drawn("one", "ten")))
    assert told.splitlines()[-3:] == [" one", "-two", "+ten"]


def test_colours_that_changed_are_told_with_the_words_that_bear_them() -> None:
    told = difference(str(drawn("a conflict")), str(drawn("a conflict", alarm="conflit")))
    assert "line 1, cell 3, 'conflict': " in told
    assert "white on black | black on white became red on black bold | red on white bold" in told


def test_what_differs_in_one_theme_alone_is_a_difference() -> None:
    assert str(Picture(("x",), ((PLAIN,),))) != str(Picture(("x",), (((PLAIN[0], ALARM[1]),),)))


def test_a_golden_that_is_not_there_says_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    with pytest.raises(AssertionError, match="make snapshots"):
        compare("new-80x24", drawn("x"), update=False)
    compare("new-80x24", drawn("x"), update=True)
    compare("new-80x24", drawn("x"), update=False)
    with pytest.raises(AssertionError, match="new-80x24 has changed"):
        compare("new-80x24", drawn("y"), update=False)
