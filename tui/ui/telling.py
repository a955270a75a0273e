"""An app whose notices are plain text, and go away whenever they come to the screen."""

from textual.app import App
from textual.notifications import Notification, Notify, SeverityLevel

from tui.errors import PodthawError
from tui.text import safe_text

_SHORTEST = 0.1
"""Seconds that a notice stays which comes to the screen when its time is over."""


class Notice(Notification):
    """A notification that has always some time left.

    Textual starts a timer with what is left. With less than nothing, when the screen was busy or
    podthaw suspended meanwhile, that timer never lets go of the event loop (Textual 8.2.8).
    """

    @property
    def time_left(self) -> float:
        """Seconds."""
        return max(super().time_left, _SHORTEST)

    @property
    def has_expired(self) -> bool:
        """Whether it need not be shown any more."""
        return super().time_left <= 0


class TellingApp(App[PodthawError]):
    """An app that tells people something without asking them."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """See App. Markup has no meaning in a notice, whoever asks for it."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Notice(message, title, severity, seconds)))

    def complain(self, error: Exception | str) -> None:
        """Say what went wrong."""
        self.notify(safe_text(str(error)), severity="error")
