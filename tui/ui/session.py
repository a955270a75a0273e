"""What the user interface knows and what people chose, at one moment."""

from dataclasses import dataclass, replace
from typing import Any

from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import HostFacts
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan, make_plan
from tui.text import plural


@dataclass(frozen=True, slots=True)
class Session:
    """One archive in front of one host; `changed` makes the next moment of it."""

    path: str
    host: str
    simulated: bool
    options: RestoreOptions
    checkpoint: Checkpoint | None = None
    facts: HostFacts | None = None
    asking: bool = True
    """The host is being asked."""
    trouble: str = ""
    """Why the host could not be asked at all."""
    reveal: bool = False
    """Values of environment variables are shown."""
    plan: Plan | None = None

    def changed(self, **changes: Any) -> "Session":
        """The session with `changes`, and the plan that follows from them."""
        session = replace(self, **changes)
        if not session.checkpoint or not session.facts:
            return session
        return replace(session, plan=make_plan(session.checkpoint, session.facts, session.options))

    @property
    def reading(self) -> bool:
        """Not all of the archive has been seen yet."""
        return self.checkpoint is None or not self.checkpoint.contents.finished

    @property
    def obstacle(self) -> str:
        """Why the restore cannot be started now; empty when it can."""
        if self.checkpoint is None or self.reading:
            return "the archive is still being read"
        if self.trouble:
            return "the host cannot be asked"
        if self.plan is None:
            return "the host has not answered yet"
        blockers = self.plan.blockers
        return plural(len(blockers), "blocker") if blockers else ""
