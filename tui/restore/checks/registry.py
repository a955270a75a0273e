"""The registry of checks: one function each, whose docstring is its documentation."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import Json
from tui.host.facts import HostFacts, Known
from tui.restore.conflict import Conflict, Location, Severity, existing
from tui.restore.options import RestoreOptions
from tui.text import pointer, safe_text


@dataclass(frozen=True, slots=True)
class Case:
    """What a check looks at: the archive, the host, and what a person chose."""

    checkpoint: Checkpoint
    facts: HostFacts
    options: RestoreOptions

    @property
    def podman_version(self) -> tuple[int, int, int]:
        """The host's; where nobody knows it, that of a current Podman."""
        podman = self.facts.podman
        return podman.value.version if isinstance(podman, Known) else CURRENT_PODMAN

    @property
    def on_host_network(self) -> bool:
        """Whether it has no network of its own.

        The namespaces tell; Podman writes no networkMode for `--network host`.
        """
        namespaces = self.checkpoint.spec.linux.namespaces
        return self.checkpoint.config.network_mode == "host" or (
            bool(namespaces) and not any(one.type == "network" for one in namespaces or ())
        )

    def value(self, document: str, *place: str | int) -> Json:
        """What an archive's document has there; None where it has nothing."""
        value: Json = self.checkpoint.documents.get(document)
        there = existing(value, place)
        if len(there) < len(place):
            return None
        for step in there:
            value = value[step]
        return value

    def at(self, document: str, *place: str | int) -> Location:
        """The node of an archive's document, or the nearest above it that is there."""
        return Location(
            document, pointer(*existing(self.checkpoint.documents.get(document), place))
        )


CURRENT_PODMAN = (5, 8, 0)
"""What is assumed where the host's Podman did not say its version."""

Look = Callable[[Case], Iterator[Conflict]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as people know it."""

    code: str
    severity: Severity
    """The worst that it can yield."""
    title: str
    look: Look

    @property
    def documentation(self) -> str:
        """What it means, why it happens and what to do."""
        return inspect.getdoc(self.look) or ""


REGISTERED: dict[str, Check] = {}
"""Every check by its code."""


def check(code: str, severity: Severity, title: str) -> Callable[[Look], Look]:
    """Put a function into the registry."""

    def register(look: Look) -> Look:
        REGISTERED[code] = Check(code, severity, title, look)
        return look

    return register


def on_host(*place: str | int) -> Location:
    """A node of the host's facts (see `tui.host.document`)."""
    return Location("host", pointer(*place))


def unchecked(code: str, what: str, reason: str, *where: Location) -> Conflict:
    """Nobody could look, and this archive needs the answer."""
    return Conflict(
        code=code,
        severity=Severity.UNCHECKED,
        title=f"Could not check {what}",
        detail=safe_text(f"The host did not say: {reason}"),
        where=where,
    )
