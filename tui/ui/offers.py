"""What can be done where the focus is: for the help and the palette."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from textual.actions import parse
from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.screen import Screen

from tui.ui.keys import KEYS, Key, Keymap, Scope, keys_now, name_of

_BY_NAME = {name_of(scope, key): (scope, key) for scope in Scope for key in KEYS[scope]}

_MOVES = frozenset(
    ("down", "up", "left", "right", "first", "last", "page-down", "page-up", "open", "close")
)
"""Keys that nobody looks for by a name."""

_IN_PALETTE = frozenset(("commands", *_MOVES))


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a part of the screen can do."""

    node: DOMNode
    scope: Scope
    key: Key

    @property
    def possible(self) -> bool:
        """Whether it can be done now."""
        space, name, parameters = parse(self.key.action)
        node = self.node.app if space == "app" else self.node
        return bool(node.check_action(name, parameters))


def offers(screen: Screen[Any]) -> Iterator[Offer]:
    """Everything that can be done with keys, from the focus outwards."""
    inner = screen.focused.ancestors_with_self if screen.focused else [screen, screen.app]
    found = set()
    for node in inner:
        for _, binding in node._bindings:
            scope, key = _BY_NAME.get(binding.id or "", (None, None))
            if scope and key and binding.id not in found:
                found.add(binding.id)
                yield Offer(node, scope, key)


def by_scope(screen: Screen[Any]) -> list[tuple[Scope, list[Offer]]]:
    """The same by their tables."""
    return [
        (scope, sorted(some, key=lambda one: KEYS[scope].index(one.key)))
        for scope, some in groupby(offers(screen), lambda one: one.scope)
    ]


def commands(screen: Screen[Any], keymap: Keymap) -> Iterator[SystemCommand]:
    """What can be done now, for the palette; none of the words are data."""
    for offer in offers(screen):
        key = offer.key
        if key.id in _IN_PALETTE or not key.remappable or not offer.possible:
            continue
        keys = keys_now(offer.scope, key, keymap)
        yield SystemCommand(
            f"{_category(offer.scope)}: {key.label}",
            f"{keys}  {key.help}",
            _doing(screen.app, offer),
        )


def _category(scope: Scope) -> str:
    return "podthaw" if scope is Scope.EVERYWHERE else scope.value


def _doing(app: App[Any], offer: Offer) -> Callable[[], Any]:
    return partial(app.run_action, offer.key.action, offer.node)
