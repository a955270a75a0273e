"""An app that suits its console and what people have chosen: colours, characters, keys.

Which theme it begins with: on a console without the colours for others one of ANSI's; otherwise
the one that the settings name, for that was written down on purpose; otherwise the one that was
chosen last in the UI, which the state folder keeps; otherwise podthaw's own, light where the
terminal is. A choice that will not last, because the settings name another, is told about.
"""

from collections.abc import Mapping, Sequence

from textual.binding import Binding
from textual.filter import LineFilter, Monochrome, NoColor
from textual.theme import Theme

from tui import state
from tui.errors import PodthawError
from tui.settings import Settings, nearest, settings_path
from tui.text import safe_text, shown_path
from tui.ui.characters import PlainCharacters
from tui.ui.console import Console
from tui.ui.keymap import keymap_of, taken
from tui.ui.keys import Keymap, shown_key
from tui.ui.telling import TellingApp
from tui.ui.themes import OWN, THAW, THAW_LIGHT

_ANSI = ("ansi-dark", "ansi-light")


class AdaptingApp(TellingApp):
    """Takes its looks and its keys from the settings and the console."""

    def __init__(self, settings: Settings | None = None, console: Console | None = None) -> None:
        """Without `settings` there are none; `console` shows everything unless it is given.

        Raises UsageError with the line of a setting that is wrong.
        """
        self._kind = console or Console()
        self._characters = PlainCharacters(self._kind.characters)
        super().__init__()
        self.settings = settings or Settings(settings_path())
        self.keymap: Keymap = keymap_of(self.settings)
        self.taken_keys = taken(self.keymap)
        """Keys that the settings have given a meaning."""
        if not self._kind.colours:  # grey is a colour
            self._filters = [
                NoColor() if isinstance(one, Monochrome) else one for one in self._filters
            ]
        for theme in OWN:
            self.register_theme(theme)
        self.theme = first_theme(
            self.settings, self._kind, self.available_themes, state.chosen_theme()
        )
        if self.keymap:
            self.set_keymap(self.keymap)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What is done to everything that is drawn."""
        more = [self._characters] if self._characters.enabled else []
        return [*super().get_line_filters(), *more]

    def get_key_display(self, binding: Binding) -> str:
        """A key as the help and the README have it."""
        return shown_key(binding.key)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colour of what is less important, readable in dark and light themes.

        Textual's own `$text-muted` depends on what it stands on, which rich's styles cannot know.
        """
        return {"quiet": "ansi_default" if self.current_theme.ansi else "#7f8b97"}

    def watch_theme(self, _: str, theme: str) -> None:
        """Keep what is chosen, and say when it will not last."""
        if not self.is_running or not self._kind.colours:
            return
        try:
            state.choose_theme(theme)
        except (PodthawError, OSError) as error:
            self.notify(safe_text(str(error)), severity="warning")
        if self.settings.theme not in ("", theme):
            path = shown_path(str(self.settings.path))
            self.notify(
                safe_text(f"Next time it is {self.settings.theme} again: {path} says so."),
                title=theme,
            )


def first_theme(
    settings: Settings, console: Console, themes: Mapping[str, Theme], chosen: str
) -> str:
    """The theme to begin with; `chosen` is the one of last time.

    Raises UsageError when the settings name none of `themes`.
    """
    named = settings.theme
    if named and named not in themes:
        hint = nearest(named, themes) or f"; there are {', '.join(sorted(themes))}"
        raise settings.wrong("theme", f"there is no theme {named}{hint}")
    if not console.colours:
        return named if named in _ANSI else _ANSI[console.light]
    if named or chosen in themes:
        return named or chosen
    return (THAW_LIGHT if console.light else THAW).name
