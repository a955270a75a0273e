"""Mending what needs no decision: conflicts with a single way out that loses nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import HostFacts
from tui.restore.conflict import Conflict, Remedy, Severity
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan, apply, make_plan

_ROUNDS = 20
"""Remedies that are used one after the other; each makes its own conflict go away."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What follows once everything that needs no decision is chosen."""

    options: RestoreOptions
    chosen: tuple[Remedy, ...]
    """Remedies that changed the options."""
    commands: tuple[Remedy, ...]
    """Remedies whose commands are still to be run on the host."""


def mend(checkpoint: Checkpoint, facts: HostFacts, options: RestoreOptions) -> Mended:
    """Use every remedy that is the only one and removes nothing; nothing is run."""
    chosen: list[Remedy] = []
    for _ in range(_ROUNDS):
        found = list(_only_ways_out(make_plan(checkpoint, facts, options)))
        remedy = next((one for one in found if one.options), None)
        if remedy is None:
            return Mended(options, tuple(chosen), tuple(found))
        options = apply(options, remedy)
        chosen.append(remedy)
    return Mended(options, tuple(chosen), ())


def can_mend(plan: Plan) -> bool:
    """Whether `mend` would find anything to do."""
    return any(True for _ in _only_ways_out(plan))


def _only_ways_out(plan: Plan) -> Iterator[Remedy]:
    for conflict in plan.conflicts:
        if _stands_in_the_way(conflict) and len(conflict.remedies) == 1:
            (remedy,) = conflict.remedies
            if not remedy.removes:
                yield remedy


def _stands_in_the_way(conflict: Conflict) -> bool:
    return conflict.severity in (Severity.BLOCKER, Severity.UNCHECKED)
