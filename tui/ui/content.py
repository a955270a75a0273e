"""Pieces of text for several widgets, none of it from markup."""

from collections.abc import Sequence

from textual.content import Content

from tui.report.text import GLYPHS
from tui.restore.conflict import Conflict, Severity, counts
from tui.restore.plan import Verdict
from tui.text import safe_text
from tui.ui.session import Session

STYLES = {
    Severity.BLOCKER: "$text-error",
    Severity.UNCHECKED: "$text-accent",
    Severity.WARNING: "$text-warning",
    Severity.NOTE: "$quiet",
}

VERDICTS = {
    Verdict.READY: ("✔ ready to restore", "$text-success"),
    Verdict.BLOCKED: ("✖ blocked", "$text-error"),
    Verdict.UNKNOWN: ("? not everything could be checked", "$text-accent"),
}
"""What a verdict is in words and in colour."""


def tally(conflicts: Sequence[Conflict], kinds: int = len(Severity)) -> Content:
    """`✖1 ▲2`: the sign of each severity, up to so many, with its count, the worst first."""
    return Content(" ").join(
        Content.styled(f"{GLYPHS[severity]}{count}", STYLES[severity])
        for severity, count in counts(conflicts)[:kinds]
    )


def verdict(session: Session) -> Content:
    """Whether the restore can be started, and why not."""
    if session.trouble:
        return Content.styled(f"✖ {session.obstacle}", "$text-error")
    if session.plan is None or session.reading:
        return Content.styled(f"… {session.obstacle}", "$quiet")
    words, style = VERDICTS[session.plan.verdict]
    if session.obstacle:
        words = f"{words}: {session.obstacle}"
    return Content.styled(words, style)


def waiting(session: Session) -> str:
    """What is said in place of conflicts that are not known yet."""
    if session.trouble:
        return safe_text(f"✖ {session.trouble.rstrip('.')}. Press u in the inspector to try again.")
    if session.checkpoint is None:
        return "Reading the archive …"
    return "Asking the host …" if session.facts is None else ""
