"""Whether the restored container is what the plan said: pure comparisons."""

from collections.abc import Iterator

import msgspec

from tui.errors import PodthawError
from tui.host.facts import Pod
from tui.restore.checks import Case
from tui.restore.checks.ports import effective_ports
from tui.restore.pods import chosen_pod, shared_namespaces
from tui.restore.trace import Trace

ANY_ADDRESS = "0.0.0.0"
"""What Podman shows for a port without an address of the host; before 5.0 it shows nothing."""

Ports = dict[str, list["_Binding"] | None]
"""By port and protocol of the container: `80/tcp`."""


class _Binding(msgspec.Struct, frozen=True, rename="pascal"):
    host_ip: str = ""
    host_port: str = ""


class State(msgspec.Struct, frozen=True, rename="pascal"):
    """The container's state, as Podman tells it."""

    status: str
    running: bool
    exit_code: int = 0
    restored: bool | None = None
    """None for Podman before 4.0."""


class _HostConfig(msgspec.Struct, frozen=True, rename="pascal"):
    network_mode: str = ""
    ipc_mode: str = ""
    pid_mode: str = ""
    uts_mode: str = msgspec.field(name="UTSMode", default="")


class _NetworkSettings(msgspec.Struct, frozen=True, rename="pascal"):
    ports: Ports | None = None


class Inspected(msgspec.Struct, frozen=True, rename="pascal"):
    """What `podman container inspect` says of one container."""

    id: str
    name: str
    state: State
    image: str = ""
    pod: str = ""
    host_config: _HostConfig = _HostConfig()
    network_settings: _NetworkSettings = _NetworkSettings()

    @property
    def answers(self) -> tuple[str, ...]:
        """Where its ports can be reached: `0.0.0.0:18081 -> 80/tcp`."""
        return tuple(
            f"{_bracketed(binding.host_ip or ANY_ADDRESS)}:{binding.host_port} -> {port}"
            for port, bindings in sorted((self.network_settings.ports or {}).items())
            for binding in bindings or ()
        )


def inspected(text: str) -> Inspected:
    """From `podman container inspect ID`. Raises PodthawError when it makes no sense."""
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogateescape"), type=list[Inspected])[0]
    except (msgspec.MsgspecError, IndexError) as error:
        raise PodthawError(
            f"podthaw does not understand what `podman inspect` says of the container: {error}"
        ) from None


def differences(case: Case, trace: Trace, found: Inspected) -> Iterator[str]:
    """What is not as the plan said, for people; mirrors what Podman's import verifies itself."""
    config, options = case.checkpoint.config, case.options
    name = options.name or config.name
    if found.name != name:
        yield f"its name is {found.name}, not {name}"
    if not options.name and found.id != config.id:
        yield f"its ID is {found.id}, not {config.id}"
    if trace.conmon and trace.conmon.exit_id != found.id:
        yield f"conmon's exit command is for {trace.conmon.exit_id or 'no container'}"
    if not found.state.running:
        yield f"it is {found.state.status} (exit code {found.state.exit_code}), not running"
    if found.state.restored is False:
        yield "Podman does not say that it was restored"
    if found.image != config.image_id:
        yield f"its image is {found.image}, not {config.image_id}"
    pod = chosen_pod(case.facts, options.pod)
    if pod:
        yield from _pod_differences(case, pod, found)
    elif not options.pod:
        yield from _port_differences(case, found)


def _pod_differences(case: Case, pod: Pod, found: Inspected) -> Iterator[str]:
    if found.pod != pod.id:
        yield f"its pod is {found.pod or 'none'}, not {pod.id}"
    modes = {
        "net": found.host_config.network_mode,
        "ipc": found.host_config.ipc_mode,
        "pid": found.host_config.pid_mode,
        "uts": found.host_config.uts_mode,
    }
    for namespace in shared_namespaces(case.checkpoint.config):
        mode = modes.get(namespace.name, "")
        if namespace.name in modes and mode != f"container:{pod.infra}":
            yield f"its {namespace.word} namespace is {mode or 'unknown'}, not the pod's"


def _port_differences(case: Case, found: Inspected) -> Iterator[str]:
    mappings = effective_ports(case)
    wanted = {
        (
            f"{mapping.container_port + more}/{mapping.protocol}",
            mapping.host_ip or ANY_ADDRESS,
            str(mapping.host_port + more) if mapping.host_port else "",
        )
        for mapping in mappings
        for more in range(max(mapping.range, 1))
    }
    chosen_by_podman = {port for port, _, number in wanted if not number}
    bound = {
        (
            port,
            binding.host_ip or ANY_ADDRESS,
            "" if port in chosen_by_podman else binding.host_port,
        )
        for port, bindings in (found.network_settings.ports or {}).items()
        for binding in bindings or ()
    }
    for port, address, number in sorted(wanted - bound):
        yield f"its port {port} is not published on {_bracketed(address)}:{number or 'any'}"
    for port, address, number in sorted(bound - wanted):
        yield f"its port {port} is published on {_bracketed(address)}:{number or 'any'}, unasked"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
