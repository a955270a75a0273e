"""The least that Textual can show, to start podthaw against."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One line."""

    def compose(self) -> ComposeResult:
        """It."""
        yield Static("at once")


if __name__ == "__main__":
    Bare().run()
