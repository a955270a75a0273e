"""The plan of a restore: pure, and cheap enough to be made anew at every keystroke."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path

from tui.archive.model import Form
from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import HostFacts, Missing
from tui.restore.checks import CHECKS, Case
from tui.restore.checks.archive import OF_ARCHIVES, foreign
from tui.restore.conflict import Conflict, Remedy, Severity
from tui.restore.options import RestoreOptions, flags
from tui.restore.pods import chosen_pod
from tui.restore.rewrite import Change, changes
from tui.restore.trust import Grant, grants
from tui.text import safe_text

__all__ = ["Change", "Plan", "Verdict", "apply", "command", "make_plan"]

_SEVERITIES = tuple(Severity)


class Verdict(StrEnum):
    """Whether the restore will work."""

    READY = "ready"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a restore with these options would meet, change and run."""

    options: RestoreOptions
    conflicts: tuple[Conflict, ...]
    """The worst first, and then in the order in which Podman meets them."""
    changes: tuple[Change, ...]
    command: tuple[str, ...]
    """Empty where Podman cannot import such a checkpoint."""
    grants: tuple[Grant, ...] = ()
    """What the archive would be given on the host, the riskiest first."""

    @property
    def blockers(self) -> tuple[Conflict, ...]:
        """What the restore would fail of."""
        return tuple(one for one in self.conflicts if one.severity is Severity.BLOCKER)

    @property
    def verdict(self) -> Verdict:
        """Only blockers block; what could not be checked leaves it open."""
        if self.blockers:
            return Verdict.BLOCKED
        unchecked = any(one.severity is Severity.UNCHECKED for one in self.conflicts)
        return Verdict.UNKNOWN if unchecked else Verdict.READY


def make_plan(checkpoint: Checkpoint, facts: HostFacts, options: RestoreOptions) -> Plan:
    """Put the archive and the host next to each other.

    Asks nobody and changes nothing; what the archive, the host and the options say, however odd,
    becomes conflicts and never an exception. Of a checkpoint that Podman does not restore at all
    only that is told: what it would meet later is beside the point.
    """
    case = Case(checkpoint, facts, options)
    if foreign(checkpoint):
        found = [one for code in OF_ARCHIVES for one in CHECKS[code].look(case)]
        return Plan(options, tuple(found), (), ())
    looks = (conflict for check in CHECKS.values() for conflict in check.look(case))
    found = [conflict for conflict in looks if not _told_by_absence(conflict, facts)]
    found.sort(key=lambda conflict: _SEVERITIES.index(conflict.severity))
    return Plan(
        options,
        tuple(found),
        changes(checkpoint, facts, options, case.podman_version),
        _command(checkpoint, facts, options),
        grants(checkpoint, facts),
    )


def _told_by_absence(conflict: Conflict, facts: HostFacts) -> bool:
    """Whether it could not be checked for want of Podman alone, which is a blocker of its own."""
    podman = facts.podman
    return (
        conflict.severity is Severity.UNCHECKED
        and isinstance(podman, Missing)
        and safe_text(podman.reason) in conflict.detail
    )


def _command(checkpoint: Checkpoint, facts: HostFacts, options: RestoreOptions) -> tuple[str, ...]:
    contents = checkpoint.contents
    if contents.form is not Form.ARCHIVE:
        return ()
    return command(str(Path(contents.path).absolute()), facts, options)


def command(path: str, facts: HostFacts, options: RestoreOptions) -> tuple[str, ...]:
    """The argument list that restores the archive at `path` of the host.

    Values stand behind `=`, so that none can become an option; a pod stands with its full ID.
    """
    pod = chosen_pod(facts, options.pod)
    values = {**_values(options), "pod": pod.id if pod else options.pod}
    return (*_restore(options), f"--import={path}", *flags(values))


def command_in_place(container: str, options: RestoreOptions) -> tuple[str, ...]:
    """The argument list that restores what an earlier try has already unpacked."""
    values = {name: value for name, value in _values(options).items() if name in IN_PLACE}
    return (*_restore(options), *flags(values), container)


IN_PLACE = ("tcp_established", "tcp_close", "file_locks", "keep", "print_stats")
"""The options that Podman takes without --import, besides the cgroup manager."""


def same_import(one: RestoreOptions, other: RestoreOptions) -> bool:
    """Whether both unpack an archive in the same way."""
    mine, others = _values(one), _values(other)
    return all(mine[name] == others[name] for name in mine if name not in IN_PLACE)


def _restore(options: RestoreOptions) -> tuple[str, ...]:
    manager = f"--cgroup-manager={options.cgroup_manager}"
    engine = ("podman", "--log-level=debug", *([manager] if options.cgroup_manager else ()))
    return (*engine, "container", "restore")


def apply(options: RestoreOptions, remedy: Remedy) -> RestoreOptions:
    """`options` with what the remedy changes."""
    return replace(options, **remedy.options)


def _values(options: RestoreOptions) -> dict[str, object]:
    return {
        field.name: getattr(options, field.name)
        for field in fields(options)
        if field.name != "cgroup_manager"
    }
