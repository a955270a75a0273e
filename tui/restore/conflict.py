"""A conflict between an archive and a host, and its remedies."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui.checkpoint.config import Json


class Severity(StrEnum):
    """What a conflict means for the restore, the worst first."""

    BLOCKER = "blocker"
    """The restore is refused or fails."""
    UNCHECKED = "unchecked"
    """Nobody could look, and this archive needs the answer."""
    WARNING = "warning"
    """The restore works, and something may still go wrong."""
    NOTE = "note"
    """A difference that people may want to know."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a document: where a tree marks the conflict."""

    document: str
    """`config.dump`, `spec.dump`, `network.status`, … or `host`."""
    pointer: str
    """A JSON pointer (RFC 6901); for `host`, into the facts as `podthaw host --json` has them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each side says."""

    archive: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out: options to change, or commands to run on the host."""

    id: str
    label: str
    options: dict[str, Any] = field(default_factory=dict)
    """Fields of RestoreOptions with their new values."""
    commands: tuple[tuple[str, ...], ...] = ()
    """Argument lists for the host, in order."""
    removes: str = ""
    """What is lost, by name; empty when nothing is."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that stands in the way, or that people should know."""

    code: str
    severity: Severity
    title: str
    """One line."""
    detail: str
    """What happens, why, and what can be done."""
    subject: str = ""
    """With `code` its identity: the volume's name, the namespace, the port."""
    where: tuple[Location, ...] = ()
    evidence: Evidence = Evidence()
    remedies: tuple[Remedy, ...] = ()


def counts(conflicts: Iterable[Conflict]) -> list[tuple[Severity, int]]:
    """How many conflicts there are of each severity that occurs, the worst first."""
    found = Counter(conflict.severity for conflict in conflicts)
    return [(severity, found[severity]) for severity in Severity if found[severity]]


def existing(document: Json, place: Iterable[str | int]) -> tuple[str | int, ...]:
    """The part of `place` that `document` has, as it is spelled there.

    Podman reads the names of fields without regard to case.
    """
    found: list[str | int] = []
    for step in place:
        if isinstance(document, dict) and isinstance(step, str):
            name = step if step in document else _spelling(document, step)
            if name is None:
                break
            step, document = name, document[name]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            document = document[step]
        else:
            break
        found.append(step)
    return tuple(found)


def _spelling(document: dict[str, Json], wanted: str) -> str | None:
    wanted = wanted.casefold()
    return next((name for name in reversed(document) if name.casefold() == wanted), None)
