"""What the user interface knows and what people chose, at one moment."""

from dataclasses import dataclass, replace
from typing import Any

from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import HostFacts
from tui.restore.conflict import Conflict, Evidence, Severity
from tui.restore.events import Diagnosis
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan, make_plan
from tui.text import plural

LAST_TRY = "last-try"
"""The code of what is no check's conflict, but the cause of a failed restore."""


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
    failure: Diagnosis | None = None
    """Why the last try failed."""

    def changed(self, **changes: Any) -> "Session":
        """The session with `changes`, and the plan that follows from them."""
        session = replace(self, **changes)
        if not session.checkpoint or not session.facts:
            return session
        return replace(session, plan=make_plan(session.checkpoint, session.facts, session.options))

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Those of the plan, and in front of them why the last try failed."""
        found = self.plan.conflicts if self.plan else ()
        if self.failure is None:
            return found
        told = "; ".join(line.text for line in self.failure.evidence)
        offered = {remedy.id for conflict in found for remedy in conflict.remedies}
        last = Conflict(
            LAST_TRY,
            Severity.WARNING,
            f"The last try failed: {self.failure.cause}",
            self.failure.advice,
            evidence=Evidence(host=told),
            remedies=tuple(one for one in self.failure.remedies if one.id not in offered),
        )
        return (last, *found)

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
