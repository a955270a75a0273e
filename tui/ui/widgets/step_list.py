"""The steps of a restore, and how far each is."""

import time

from textual.content import Content
from textual.widgets import Static

from tui.report.text import OUTCOMES
from tui.restore.events import Event, Finished, Outcome, Progress, Step, StepFinished, StepStarted
from tui.text import safe_text
from tui.ui.pace import Pace

_WORDS = {
    Step.READ: "Read the archive",
    Step.CHECK: "Check the host again",
    Step.COPY: "Bring the archive over",
    Step.PULL: "Pull the image",
    Step.RESTORE: "Restore",
    Step.VERIFY: "Verify",
}

_STYLES = {
    Outcome.OK: "$text-success",
    Outcome.SKIPPED: "$quiet",
    Outcome.FAILED: "$text-error",
}

_SLOW = 2
"""Seconds from which on it is worth saying how long a step has taken."""


class StepList(Static):
    """Every step in its order."""

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__(markup=False)
        self._pace = pace or Pace()
        self._current: Step | None = None
        self._started = 0.0
        self._progress: Progress | None = None
        self._over = False
        self._finished: dict[Step, tuple[StepFinished, float]] = {}

    def on_mount(self) -> None:
        """Keep the clock going."""
        self.border_title = "Steps"
        self.set_interval(1.0, self._draw)
        self._draw()

    def follow(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case StepStarted(step):
                self._current, self._started, self._progress = step, time.monotonic(), None
                self._pace.restart()
            case Progress():
                self._progress = event
            case StepFinished(step):
                self._finished[step] = (event, time.monotonic() - self._started)
                self._current = None
            case Finished():
                self._over = True  # what matters now is how it ended
        self._draw()

    def _draw(self) -> None:
        self.update(Content("\n").join(self._line(step) for step in Step))

    def _line(self, step: Step) -> Content:
        if step in self._finished:
            event, seconds = self._finished[step]
            sign, style = OUTCOMES[event.outcome], _STYLES[event.outcome]
            detail = event.detail if event.outcome is Outcome.SKIPPED and not self._over else ""
            return Content.assemble(
                (f"{sign} ", style), _WORDS[step], _took(seconds), _below(detail)
            )
        if step is self._current:
            took = _took(time.monotonic() - self._started)
            return Content.assemble(
                ("▸ ", "$text-accent"), (_WORDS[step], "bold"), took, _below(self._stage())
            )
        return Content.styled(f"· {_WORDS[step]}", "$quiet")

    def _stage(self) -> str:
        progress = self._progress
        if progress is None:
            return ""
        if progress.done is None or not progress.total:
            return progress.message
        return self._pace.tell(progress.done, progress.total)


def _took(seconds: float) -> str:
    return f"  {seconds:.0f} s" if seconds >= _SLOW else ""


def _below(text: str) -> Content:
    return Content.styled(f"\n    {safe_text(text)}" if text else "", "$quiet")
