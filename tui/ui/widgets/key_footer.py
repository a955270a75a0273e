"""The keys that can be pressed now, as many as there is room for; the help is always among them."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ROOMY = 110
"""Cells from which on there is air between the keys, and the palette's key stands there, too."""

FEW = 7
"""Keys that are shown where there is less room."""

_HELP = "help"

_LAST = (_HELP, "quit")
"""Actions whose keys stand at the end, wherever they come from."""


class KeyFooter(Footer):
    """The keys of what has the focus first, then those of the screen, quit and help.

    It is made anew only if it would look different, and without what it was before: each of its
    keys watches the footer, and would be kept as long as that (Textual #6666), 100 KB a time.
    """

    _drawn: object = None
    """The keys as they are shown now."""

    async def recompose(self) -> None:
        """See Widget."""
        if not self.is_attached:
            return
        chosen = [(one.binding, one.enabled) for one in self.chosen()]
        if chosen != self._drawn:
            self._drawn = chosen
            await super().recompose()
            self.mutate_reactive(Footer.compact)  # whoever is gone is no longer told

    def on_resize(self, event: events.Resize) -> None:
        """Show as many as there is room for."""
        self.compact = event.size.width < ROOMY
        self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        """One after the other."""
        if not self._bindings_ready:
            return
        for one in self.chosen():
            binding = one.binding
            yield FooterKey(
                binding.key,
                self.app.get_key_display(binding),
                binding.description,
                binding.action,
                disabled=not one.enabled,
                tooltip=one.tooltip,
            ).data_bind(compact=Footer.compact)

    def chosen(self) -> Sequence[ActiveBinding]:
        """What is shown, in its order."""
        shown = [one for one in self.screen.active_bindings.values() if one.binding.show]
        actions = {one.binding.action: one for one in reversed(shown)}
        found = [one for action, one in reversed(actions.items()) if action not in _LAST]
        last = [actions[action] for action in _LAST if action in actions]
        return list(self._fitting(found, last))

    def _fitting(
        self, found: Sequence[ActiveBinding], last: Sequence[ActiveBinding]
    ) -> Iterator[ActiveBinding]:
        width = self.size.width or self.app.size.width
        most = FEW if width < ROOMY else len(found) + len(last)
        needed = [self._width(one.binding, width) for one in (*last, *found)]
        room = width
        kept: list[ActiveBinding] = []
        for one, cells in zip((*last, *found), needed, strict=True):
            if len(kept) == most or cells > room:
                break
            kept.append(one)
            room -= cells
        yield from kept[len(last) :]
        yield from reversed(kept[: len(last)])

    def _width(self, binding: Binding, width: int) -> int:
        """The cells that a key takes, with what separates it from the next."""
        shown = self.app.get_key_display(binding)
        return cell_len(f"{shown} {binding.description}") + (1 if width < ROOMY else 3)
