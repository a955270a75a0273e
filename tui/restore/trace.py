"""What Podman's debug lines tell about a restore that is under way.

While it restores, Podman answers no question, so these lines are the only source. Their order:
`libpod/container_internal_common.go` and `libpod/oci_conmon_common.go`.
"""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from tui.restore.events import LogLine

_STAGES = (
    ("Checkpoint was created using", "reading the archive"),
    ("Pulling image", "looking for the image"),
    ("Allocated lock", "making the container"),
    ("Creating new volume", "making its volumes"),
    ("Trying to restore container", "unpacking the checkpoint"),
    ("Made network namespace", "setting up the network"),
    ("Created root filesystem", "unpacking the changed files"),
    ("running conmon", "bringing the processes back"),
    ("Cleaning up container", "the restore has failed, cleaning up"),
    ("Restored container", "the processes are back"),
)

_CONTAINER = re.compile(r"Allocated lock \d+ for container ([0-9a-f]{64})")
_CGROUP = re.compile(r"Setting Cgroup path for container ([0-9a-f]{64}) to (/\S+)")
_CONMON = re.compile(r'running conmon: \S+ args="\[(.*)\]"')


@dataclass(frozen=True, slots=True)
class Conmon:
    """The process that Podman started to run the runtime and watch over the container."""

    runtime: str
    """The path of the OCI runtime."""
    pid_file: str
    restore_log: str
    """Where CRIU writes its log."""
    persist_folder: str
    """Where conmon writes how the container ended; empty for a Podman that has none."""
    exit_id: str
    """The container that the exit command cleans up: the last of its arguments."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known so far; paths are the host's."""

    stage: str = ""
    """What Podman does, for people."""
    container: str = ""
    """The full ID of the container that is restored."""
    cgroups: tuple[tuple[str, str], ...] = ()
    """Container IDs with their cgroup paths; a pod's infra container may be started too."""
    conmon: Conmon | None = None

    @property
    def cgroup(self) -> str:
        """The restored container's cgroup, below the mount points of the controllers."""
        return dict(self.cgroups).get(self.container, "")

    def after(self, line: LogLine) -> "Trace":
        """What is known once `line` was read."""
        if line.source != "podman":
            return self
        trace = self
        for beginning, stage in _STAGES:
            if line.text.startswith(beginning):
                trace = replace(trace, stage=stage)
        if found := _CONTAINER.match(line.text):
            return replace(trace, container=found[1])
        if found := _CGROUP.match(line.text):
            return replace(trace, cgroups=(*trace.cgroups, (found[1], found[2])))
        if found := _CONMON.match(line.text):
            conmon = _conmon(found[1].split(" "), trace.container)
            return replace(trace, conmon=conmon or trace.conmon)
        return trace


def _conmon(words: list[str], container: str) -> Conmon | None:
    """From conmon's arguments, if it is the restored container's and not another one's."""
    values: dict[str, str] = dict(pairwise(words))  # of what is given several times, the last
    if values.get("-c") != container:
        return None
    return Conmon(
        runtime=values.get("-r", ""),
        pid_file=values.get("--conmon-pidfile", ""),
        restore_log=f"{values.get('-b', '')}/restore.log",
        persist_folder=values.get("--persist-dir", ""),
        exit_id=values.get("--exit-command-arg", ""),
    )
