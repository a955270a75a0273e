"""What deserves a look in a checkpoint: every rule, a module for each family."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from tui.findings import environment, files, memory, network, processes, rights, secrets  # noqa: F401
from tui.findings.registry import REGISTERED, Finding, Needs, Rule, Severity
from tui.findings.scene import Scene
from tui.text import plural, safe_text

__all__ = ["RULES", "Finding", "Findings", "Rule", "Severity", "explain", "find", "table"]

MOST = 100
"""Findings of one rule that are told: more of them say nothing new."""

TITLE, DETAIL = 200, 1000
"""Characters of them; names in archives can be much longer."""

ORDER = (
    "reverse-shell",
    "miner",
    "kernel-thread-name",
    "executable-place",
    "executable-deleted",
    "executable-written",
    "name-disguised",
    "server-child",
    "network-tool",
    "memfd-executable",
    "memory-anonymous-executable",
    "memory-writable-executable",
    "library-place",
    "library-injected",
    "engine-socket",
    "capabilities-full",
    "host-path-mounted",
    "host-namespace",
    "capabilities-strong",
    "seccomp-disabled",
    "system-file-changed",
    "system-program-changed",
    "ssh-key",
    "setuid-file",
    "program-in-writable",
    "persistence",
    "special-file",
    "traces-removed",
    "secret-in-memory",
    "secret-in-file",
    "socket-raw",
    "connection-public",
    "listener-unmapped",
    "kubernetes-token",
    "environment-differs",
    "packages-changed",
    "package-manager",
    "shell-history",
    "debugger",
    "zombies",
)
"""What is worth the first look comes first."""

RULES: dict[str, Rule] = {code: REGISTERED[code] for code in ORDER}
"""Every rule by its ID, in that order."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that deserves a look, and what was not looked at."""

    found: tuple[Finding, ...] = ()
    """The most severe first, then in the order of RULES."""
    unlooked: tuple[str, ...] = ()
    """The IDs of the rules that could not look, as nobody read what they need."""
    notes: tuple[str, ...] = ()
    """What else is missing from this list, in sentences."""


def find(scene: Scene) -> Findings:
    """Apply every rule whose needs `scene` meets."""
    found: list[Finding] = []
    unlooked, notes = [], []
    for rule in RULES.values():
        if not _met(rule.needs, scene):
            unlooked.append(rule.id)
            continue
        hits = list(islice(rule.look(scene), MOST + 1))
        if len(hits) > MOST:
            notes.append(f"There are more than {MOST} findings of {rule.id}.")
        found += (_shown(hit) for hit in hits[:MOST])
    severities = list(Severity)
    found.sort(key=lambda one: severities.index(one.severity))
    return Findings(tuple(found), tuple(unlooked), (*notes, *_unread(scene)))


def explain(code: str) -> str:
    """The documentation of the rule `code`. Raises KeyError when there is none."""
    rule = RULES[code]
    return f"{rule.id} ({rule.severity}): {rule.title}\n\n{rule.documentation}"


def table() -> list[tuple[str, str, str]]:
    """ID, severity and title of every rule."""
    return [(rule.id, rule.severity.value, rule.title) for rule in RULES.values()]


def _met(needs: Needs, scene: Scene) -> bool:
    match needs:
        case Needs.MAPPINGS:
            return scene.memories is not None
        case Needs.CONTENT:
            return scene.content is not None
        case _:
            return True


def _shown(finding: Finding) -> Finding:
    return replace(
        finding,
        title=_short(safe_text(finding.title[: 2 * TITLE]), TITLE),
        detail=_short(safe_text(finding.detail[: 2 * DETAIL]), DETAIL),
    )


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _unread(scene: Scene) -> Iterator[str]:
    sightings = scene.content.sightings if scene.content else None
    if sightings and sightings.unread:
        yield f"{plural(sightings.unread, 'file')} could not be looked through for secrets."
    if sightings and sightings.more:
        yield f"There are more than {len(sightings.found):,} secrets."
