"""The keys at the bottom of a screen."""

from textual.widgets import Footer


class KeyLine(Footer):
    """Textual's footer, made anew only if it would look different, and without what it was before.

    Each of its keys watches the footer, and would be kept as long as that (Textual #6666): 100 KB
    more whenever it is made anew.
    """

    _shown: object = None
    """The keys as they are shown now."""

    async def recompose(self) -> None:
        """See Widget."""
        if not self.is_attached:
            return
        keys = self.screen.active_bindings.values()
        shown = [(one.binding, one.enabled) for one in keys if one.binding.show]
        if shown != self._shown:
            self._shown = shown
            await super().recompose()
            self.mutate_reactive(Footer.compact)  # whoever is gone is no longer told
