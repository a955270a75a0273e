"""Which pod of the host a restore goes into, and which namespaces it must share."""

from collections.abc import Iterable
from dataclasses import dataclass

from tui.checkpoint.config import ContainerConfig
from tui.host.facts import HostFacts, Pod, known


@dataclass(frozen=True, slots=True)
class PodNamespace:
    """One namespace that a container can share with its pod."""

    name: str
    """As `podman pod create --share` has it."""
    key: str
    """Of config.dump."""
    field: str
    """Of ContainerConfig."""
    word: str
    """As Podman's messages have it."""


NAMESPACES = (
    PodNamespace("ipc", "ipcNsCtr", "ipc_namespace_container", "IPC"),
    PodNamespace("net", "netNsCtr", "net_namespace_container", "network"),
    PodNamespace("pid", "pidNsCtr", "pid_namespace_container", "PID"),
    PodNamespace("uts", "utsNsCtr", "uts_namespace_container", "UTS"),
    PodNamespace("cgroup", "cgroupNsCtr", "cgroup_namespace_container", "cgroup"),
)
"""In the order in which Podman looks at them."""


def shared_namespaces(config: ContainerConfig) -> tuple[PodNamespace, ...]:
    """The namespaces that the container shared with its pod."""
    return tuple(namespace for namespace in NAMESPACES if getattr(config, namespace.field))


def find_pod(pods: Iterable[Pod], wanted: str) -> Pod | None:
    """The pod that Podman finds by a name, an ID, or the beginning of an ID that is unique."""
    if not wanted:
        return None
    pods = tuple(pods)
    exact = [pod for pod in pods if wanted in (pod.name, pod.id)]
    if exact:
        return exact[0]
    begun = [pod for pod in pods if pod.id.startswith(wanted)]
    return begun[0] if len(begun) == 1 else None


def chosen_pod(facts: HostFacts, wanted: str) -> Pod | None:
    """The host's pod that `--pod` names, if it is known."""
    pods = known(facts.pods, ())
    return find_pod(pods, wanted)


def suitable_pods(config: ContainerConfig, facts: HostFacts) -> tuple[Pod, ...]:
    """The host's pods that share all that the container shared."""
    needed = {namespace.name for namespace in shared_namespaces(config)}
    return tuple(pod for pod in known(facts.pods, ()) if pod.infra and needed <= pod.shared)
