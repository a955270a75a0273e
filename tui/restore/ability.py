"""Whether a host can restore any container at all, whatever the archive."""

from collections.abc import Iterator
from dataclasses import dataclass

from tui.host.facts import HostFacts, Known, Missing, Unknown
from tui.restore.checks.host import LIBRARY, OLDEST_CRIU
from tui.restore.plan import Verdict
from tui.text import safe_text


@dataclass(frozen=True, slots=True)
class Ability:
    """What a host can do, with the reasons; all of them are safe to show."""

    obstacles: tuple[str, ...]
    """What every restore would fail of."""
    unknown: tuple[str, ...]
    """Why it could not be found out whether there is more."""

    @property
    def verdict(self) -> Verdict:
        """As that of a plan."""
        if self.obstacles:
            return Verdict.BLOCKED
        return Verdict.UNKNOWN if self.unknown else Verdict.READY


def ability(facts: HostFacts) -> Ability:
    """What `facts` say about every restore."""
    obstacles = tuple(_obstacles(facts))
    needed = (facts.podman, facts.criu, facts.runtime)
    reasons = (safe_text(fact.reason) for fact in needed if isinstance(fact, Unknown))
    return Ability(obstacles, tuple(one for one in dict.fromkeys(reasons) if one not in obstacles))


def _obstacles(facts: HostFacts) -> Iterator[str]:
    podman, criu, runtime = facts.podman, facts.criu, facts.runtime
    if isinstance(podman, Missing):
        yield safe_text(podman.reason)
    if isinstance(podman, Known) and podman.value.rootless:
        yield "Podman does not run as root: use sudo, or --host-command 'sudo -n'"
    if isinstance(criu, Known):
        if not criu.value:
            yield "CRIU is not installed"
        elif criu.value.version < OLDEST_CRIU:
            yield f"CRIU {safe_text(criu.value.text)} is too old for Podman"
        elif not criu.value.works:
            yield "`criu check` says that CRIU does not work with this kernel"
    if isinstance(runtime, Known) and runtime.value:
        name = safe_text(runtime.value.name)
        if not runtime.value.restores:
            yield f"{name} was built without CRIU"
        elif not runtime.value.finds_criu:
            yield f"{name} does not find {LIBRARY}"
