"""The keys at the bottom of a screen."""

from textual.widgets import Footer


class KeyLine(Footer):
    """Textual's footer, which forgets the keys that it no longer shows.

    Each of them watches the footer, and would be kept as long as that (Textual #6666): 100 KB
    more with every change of what can be done.
    """

    async def recompose(self) -> None:
        """See Widget."""
        await super().recompose()
        self.mutate_reactive(Footer.compact)  # whoever is gone is no longer told
