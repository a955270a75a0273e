"""Keys are declared once, and none has two meanings in one place."""

from collections import Counter

import pytest
from textual.binding import Binding

from tui.ui.keys import KEYS, Scope, bindings
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.screens.restore import RestoreScreen
from tui.ui.screens.run import RunScreen

IN_STATES = {"escape"}
"""Keys whose meaning depends on whether something runs; only one of them is ever offered."""


@pytest.mark.parametrize("scope", Scope)
def test_no_key_has_two_meanings(scope: Scope) -> None:
    counts = Counter(key for entry in KEYS[scope] for key in entry.keys.split(","))
    assert {key for key, count in counts.items() if count > 1} <= IN_STATES


@pytest.mark.parametrize("screen", [InspectorScreen, RestoreScreen, RunScreen])
def test_a_screens_keys_do_not_hide_those_of_everywhere(screen: type[InspectorScreen]) -> None:
    everywhere = {
        key
        for scope in (Scope.EVERYWHERE, Scope.OUTWARD)
        for entry in KEYS[scope]
        for key in entry.keys.split(",")
    }
    for scope in screen.SCOPES:
        for entry in KEYS[scope]:
            assert not everywhere & set(entry.keys.split(","))


def test_keys_that_terminals_take_for_others_are_not_used() -> None:
    used = {key for entries in KEYS.values() for entry in entries for key in entry.keys.split(",")}
    assert not used & {"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"}


def test_bindings_bear_ids_and_tooltips() -> None:
    found = [one for scope in Scope for one in bindings(scope) if isinstance(one, Binding)]
    assert len({one.id for one in found}) == len(found)
    assert all(one.tooltip for one in found if one.show)
