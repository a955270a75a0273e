"""What a known cause is, and how one is recognised in what a program said."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from tui.restore.conflict import Remedy
from tui.text import safe_text

SHOWN = 160
"""Characters of a name, a path or a quotation that a sentence has room for."""

SUBJECTS = ("name", "path", "port", "ip")
"""Named groups of patterns that say what an error is about; conflicts bear them as subjects."""

CRIU = ("criu",)
RUNTIMES = ("crun", "runc")
NETAVARK = ("netavark",)


class Yields(Enum):
    """When CRIU has complained too: whose complaint is the cause."""

    NOTHING = "nothing"
    """This one: it comes from before CRIU ran, and what CRIU says is of another time."""
    KNOWN = "known"
    """CRIU's if it is known; otherwise what CRIU says is a consequence of this."""
    ALL = "all"
    """CRIU's: this one is said in the end, whatever was wrong."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for which restores fail."""

    code: str
    pattern: str
    """What is said then, as a regular expression; what it matches is quoted to people."""
    says: str
    """What happened, in one sentence without its full stop; named groups stand in braces."""
    advice: str
    """What it means and what to do; named groups stand in braces."""
    checks: tuple[str, ...] = ()
    """The checks that foresee it."""
    by: tuple[str, ...] = ()
    """The programs that say it, where others say the same for other reasons."""
    remedies: tuple[Remedy, ...] = ()
    """Options that help, for when no check has foreseen it."""
    yields: Yields = Yields.NOTHING


@dataclass(frozen=True, slots=True)
class Harmless:
    """An error in CRIU's log that is never the cause."""

    pattern: str
    """How it begins, as a regular expression."""
    reason: str
    """Why it is not the cause."""


@dataclass(frozen=True, slots=True)
class Known:
    """A cause that was recognised."""

    cause: Cause
    groups: dict[str, str]
    """The named parts of what was said, safe to show."""
    quotation: str
    """The telling part of what was said, safe to show."""

    @property
    def subjects(self) -> list[str]:
        """What it is about."""
        return [self.groups[name] for name in SUBJECTS if self.groups.get(name)]

    @property
    def sentence(self) -> str:
        """What happened, with the words that tell it."""
        return f"{self.cause.says.format_map(self.groups)} ({self.quotation})"

    @property
    def advice(self) -> str:
        """What to do."""
        return self.cause.advice.format_map(self.groups)


def recognised(text: str, programs: Iterable[str], causes: Iterable[Cause]) -> Known | None:
    """The first of `causes` that `text` tells; `programs` have said it, or passed it on."""
    speakers = set(programs)
    for cause in causes:
        if cause.by and speakers.isdisjoint(cause.by):
            continue
        if found := re.search(cause.pattern, text):
            groups = {name: _short(part or "") for name, part in found.groupdict().items()}
            return Known(cause, groups, _short(found[0]))
    return None


def _short(text: str) -> str:
    text = safe_text(text.strip())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
