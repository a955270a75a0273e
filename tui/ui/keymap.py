"""The keys that the settings ask for, checked, in the form that Textual takes.

Nothing here loads Textual: `podthaw settings` checks them, too.
"""

from collections.abc import Iterator

from tui.settings import Settings, nearest
from tui.ui.keys import KEYS, NAMED_KEYS, SYMBOLS, Keymap, Scope, name_of, remappable, shown_key

TAKEN_FOR_OTHERS = {
    "ctrl+h": "Backspace",
    "ctrl+i": "Tab",
    "ctrl+j": "Enter",
    "ctrl+m": "Enter",
    "ctrl+left_square_bracket": "Esc",
}
"""Keys that most terminals cannot tell from others."""

_MODIFIERS = ("alt", "ctrl", "shift")

_FIXED = {name_of(scope, key) for scope in Scope for key in KEYS[scope] if not key.remappable}

_NAMES = {character: name for name, character in SYMBOLS.items()} | {" ": "space"}

TOGETHER = (
    (Scope.INSPECTOR, Scope.VIEWS, Scope.ROWS),
    (Scope.COMPARE, Scope.VIEWS, Scope.ROWS),
    (Scope.RUN, Scope.LOG),
)
"""Scopes that work at the same time."""

OVER_ALL = (Scope.PAGE, Scope.QUESTION, Scope.DIALOG)
"""Scopes of what lies over everything and has its own meaning for keys."""


def keymap_of(settings: Settings) -> Keymap:
    """All keys by their names once `settings` are applied; empty if they change none.

    All of them: where Textual replaces one key of a widget, it would forget another that shares it.

    Raises UsageError with the line of what cannot be.
    """
    if not settings.keys:
        return {}
    known = {name: key.keys for name, _, key in remappable()}
    changed = {name: ",".join(_keys(settings, name, known)) for name in settings.keys}
    _refuse_clashes(settings, known | changed)
    return known | changed


def taken(keymap: Keymap) -> frozenset[str]:
    """The keys that settings have given a meaning."""
    if not keymap:
        return frozenset()
    default = {name: key.keys for name, _, key in remappable()}
    changed = [keys for name, keys in keymap.items() if keys != default[name]]
    return frozenset(key for keys in changed for key in keys.split(","))


def normal(key: str) -> str | None:
    """`key` as Textual names it; None if there is no such key."""
    before, plus, name = key.rpartition("+")
    if plus and not name:
        before, name = before.removesuffix("+"), "+"
    modifiers = sorted(before.lower().split("+")) if before else []
    if not set(modifiers) <= set(_MODIFIERS) or len(set(modifiers)) < len(modifiers):
        return None
    if name.lower() in NAMED_KEYS:
        return "+".join([*modifiers, name.lower()])
    character = name if name in SYMBOLS else _character(name)
    if character is None or modifiers == ["shift"]:  # with shift it is another character
        return None
    if modifiers and len(character) == 1:
        character = character.lower()
    return "+".join([*modifiers, character])


def _character(key: str) -> str | None:
    if len(key) != 1 or not key.isprintable():
        return None
    return _NAMES.get(key, key if key.isascii() and key.isalnum() else None)


def _keys(settings: Settings, name: str, known: Keymap) -> Iterator[str]:
    setting = f"keys.{name}"
    if name in _FIXED:
        raise settings.wrong(setting, f"{name} cannot be given other keys")
    if name not in known:
        hint = nearest(name, known) or "; `podthaw settings` lists the names"
        raise settings.wrong(setting, f"there is nothing called {name}{hint}")
    for written in settings.keys[name]:
        key = normal(written)
        if key is None:
            hint = nearest(written.lower(), NAMED_KEYS)
            raise settings.wrong(
                setting,
                f"{written} is no key{hint or '; write r, ?, ctrl+r, f5, pageup or the like'}",
            )
        if key in TAKEN_FOR_OTHERS:
            other = TAKEN_FOR_OTHERS[key]
            raise settings.wrong(
                setting, f"terminals cannot tell {written} from {other}; choose another key"
            )
        yield key


def _refuse_clashes(settings: Settings, keymap: Keymap) -> None:
    default = {name_of(scope, key): key.keys for scope, keys in KEYS.items() for key in keys}
    for name in settings.keys:
        scope = Scope[name.partition(".")[0].upper()]
        mine = set(keymap[name].split(","))
        for other in (one for beside in _with(scope) for one in _names(beside) if one != name):
            shared = set(default[name].split(",")) & set(default[other].split(","))
            both = mine & set(keymap.get(other, default[other]).split(",")) - shared
            if both:
                raise settings.wrong(
                    f"keys.{name}",
                    f"{shown_key(min(both))} is {other} already; give that another key, too",
                )


def _with(scope: Scope) -> list[Scope]:
    """The scopes that work at the same time as `scope`."""
    if scope in OVER_ALL:
        return [scope]
    if scope is Scope.EVERYWHERE:
        return [one for one in Scope if one not in OVER_ALL]
    beside = [one for group in TOGETHER if scope in group for one in group]
    return list(dict.fromkeys((scope, *beside, Scope.EVERYWHERE)))


def _names(scope: Scope) -> list[str]:
    return [name_of(scope, key) for key in KEYS[scope]]
