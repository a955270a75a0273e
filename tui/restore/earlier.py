"""A second try with what a failed one has left: in place, without unpacking the archive again.

Podman restores a container that is merely created from the checkpoint in its folder, as long as
CRIU got to work on it once: what fails before that leaves the folder half made.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.errors import PodthawError
from tui.host.facts import HostFacts, Known
from tui.host.host import Host
from tui.restore.events import Remains
from tui.restore.remains import find_cgroup
from tui.restore.snapshot import Snapshot
from tui.restore.trace import Trace


@dataclass(frozen=True, slots=True)
class Earlier:
    """The failed try."""

    trace: Trace
    before: Snapshot
    """The host before it."""

    @property
    def container(self) -> str:
        """The full ID of the container that it has made."""
        return self.trace.container

    def without(self, facts: HostFacts) -> HostFacts:
        """`facts` without what the try has made, which is not in its own way.

        Raises PodthawError when its container is not there any more.
        """
        containers, volumes = facts.containers, facts.volumes
        if isinstance(containers, Known):
            others = tuple(one for one in containers.value if one.id != self.container)
            if len(others) == len(containers.value):
                raise PodthawError(
                    f"The container {self.container[:12]} of the last try is gone: restore anew."
                )
            containers = Known(others)
        if isinstance(volumes, Known) and self.before.volumes is not None:
            known = self.before.volumes
            volumes = Known(tuple(one for one in volumes.value if one.name in known))
        return replace(facts, containers=containers, volumes=volumes, cgroups=Known({}))

    async def obstacles(self, host: Host) -> tuple[Remains, ...]:
        """What the second try would stumble over: the cgroup, and CRIU's log of the first."""
        log = self.trace.conmon.restore_log if self.trace.conmon else ""
        remove = (("rm", "-f", "--", log),) if log else ()
        return (*await find_cgroup(host, self.trace), Remains("log", log, remove))


def can_try_again(trace: Trace, remains: Sequence[Remains]) -> bool:
    """Whether what a failed try has left can be restored in place."""
    return trace.conmon is not None and any(thing.kind == "container" for thing in remains)
