"""A checkbox that does not need colours."""

from textual.widgets import Checkbox


class Toggle(Checkbox):
    """Textual's own shows the same sign in two colours."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        """Show the sign only when it is on."""
        self.BUTTON_INNER = "✔" if self.value else " "
        super().watch_value()
