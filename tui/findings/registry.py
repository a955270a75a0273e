"""The registry of rules: one function each, whose docstring is its documentation.

A rule says what deserves a look, not that something is wrong: most of what it describes has
harmless causes too, and its documentation names them.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from tui.findings.scene import Scene

PLACES = 20
"""Places that are told of one finding; its detail tells how many there are."""


class Severity(StrEnum):
    """How much a finding deserves a look, the most first."""

    HIGH = "high"
    """Seldom seen in a container that does only what it was made for."""
    MEDIUM = "medium"
    """Has harmless causes that are not rare."""
    LOW = "low"
    """Widens what an attacker could do, or is mostly harmless."""
    INFO = "info"
    """Worth knowing to somebody who wants to understand what went on."""


@dataclass(frozen=True, slots=True)
class ProcessPlace:
    """A process."""

    pid: int


@dataclass(frozen=True, slots=True)
class DescriptorPlace:
    """A descriptor of a process."""

    pid: int
    fd: int
    file: int
    """The ID of the open file."""


@dataclass(frozen=True, slots=True)
class SocketPlace:
    """A socket, by the ID of its file."""

    file: int


@dataclass(frozen=True, slots=True)
class MountPlace:
    """A mount, by its ID in CRIU's images."""

    mount: int


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file in one of the tars inside, as `tui.checkpoint.filesystem` has it."""

    where: str
    """The tar."""
    path: str
    """As the container sees it."""


@dataclass(frozen=True, slots=True)
class MemoryPlace:
    """An address in the memory of a process."""

    pid: int
    """0 for shared memory that no process has mapped; the address then counts from its start."""
    address: int


@dataclass(frozen=True, slots=True)
class DocumentPlace:
    """A node of a JSON document."""

    document: str
    """`config.dump`, `spec.dump`."""
    pointer: str
    """A JSON pointer (RFC 6901)."""


Place = (
    ProcessPlace
    | DescriptorPlace
    | SocketPlace
    | MountPlace
    | FilePlace
    | MemoryPlace
    | DocumentPlace
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that deserves a look."""

    rule: str
    severity: Severity
    title: str
    """One line."""
    detail: str
    """What was seen, and why it matters."""
    places: tuple[Place, ...] = ()
    """Where it shows, up to PLACES, what leads there best first."""


class Needs(StrEnum):
    """What a rule looks at beyond documents, images and the names of files."""

    NOTHING = "nothing"
    MAPPINGS = "mappings"
    """What is mapped in each process, which needs no page of memory."""
    CONTENT = "content"
    """What is in memory and in files, which nobody looks at unasked."""


Look = Callable[[Scene], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as people know it."""

    id: str
    severity: Severity
    """The worst that it can yield."""
    title: str
    needs: Needs
    look: Look

    @property
    def documentation(self) -> str:
        """What it means, what is harmless about it, and what to look at."""
        return inspect.getdoc(self.look) or ""


REGISTERED: dict[str, Rule] = {}
"""Every rule by its ID."""


def rule(
    id: str,  # noqa: A002 (what people call it)
    severity: Severity,
    title: str,
    needs: Needs = Needs.NOTHING,
) -> Callable[[Look], Look]:
    """Put a function into the registry."""

    def register(look: Look) -> Look:
        REGISTERED[id] = Rule(id, severity, title, needs, look)
        return look

    return register


def first(places: Iterable[Place]) -> tuple[Place, ...]:
    """The places of a finding, of many the first, none twice."""
    return tuple(dict.fromkeys(islice(places, 10 * PLACES)))[:PLACES]
