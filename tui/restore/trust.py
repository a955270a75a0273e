"""What a restored container is given on the host: the restore runs as root with the archive's word.

Podman checks none of it. Only what goes beyond a plain `podman run IMAGE` is named.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from posixpath import basename, normpath

import msgspec

from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.spec import Hook, Mount
from tui.host.facts import HostFacts, Known
from tui.host.questions import is_bind, of_container
from tui.restore.conflict import Location
from tui.restore.pods import NAMESPACES, shared_namespaces
from tui.text import pointer, safe_text


class Risk(StrEnum):
    """What somebody who made the archive could do with it, the worst first."""

    HIGH = "high"
    """Take over the host."""
    MEDIUM = "medium"
    """Reach things of the host, or lack a wall that other containers have."""
    LOW = "low"
    """See or use something that belongs to the host."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that the container gets, safe to show."""

    risk: Risk
    title: str
    where: Location


DEFAULT_CAPABILITIES = frozenset(
    {
        "CAP_AUDIT_WRITE",
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_MKNOD",
        "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW",
        "CAP_SETFCAP",
        "CAP_SETGID",
        "CAP_SETPCAP",
        "CAP_SETUID",
        "CAP_SYS_CHROOT",
    }
)
"""What Podman has given by default, older versions included (containers.conf)."""

_ALMIGHTY = frozenset(
    {
        "CAP_BPF",
        "CAP_DAC_READ_SEARCH",
        "CAP_MAC_ADMIN",
        "CAP_PERFMON",
        "CAP_SYSLOG",
        "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",
        "CAP_SYS_MODULE",
        "CAP_SYS_PTRACE",
        "CAP_SYS_RAWIO",
        "CAP_SYS_TIME",
    }
)
"""Capabilities that lead out of a container."""

_NAMESPACES = {
    "pid": (Risk.HIGH, "sees and signals every process of the host"),
    "mount": (Risk.HIGH, "shares the host's mounts"),
    "network": (Risk.MEDIUM, "uses the host's network: every local service, every interface"),
    "ipc": (Risk.MEDIUM, "shares the host's shared memory"),
    "uts": (Risk.LOW, "shares the host's name"),
}

_SENSITIVE = (
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/proc",
    "/root",
    "/run",
    "/sys",
    "/usr",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/run",
    "/var/spool/cron",
)
"""Folders of the host from which it can be taken over, or that hold other people's data."""

_MEMORY = {(1, 1), (1, 2), (1, 4)}
"""/dev/mem, /dev/kmem and /dev/port."""

_VOLUME = re.compile(r"/volumes/([^/]+)/_data(?=/|$)")
"""Where the data of a volume lies below Podman's storage, whatever driver that has."""

_SOCKETS = ("podman.sock", "docker.sock", "containerd.sock", "crio.sock")

_PLAIN_SYSCTL = "net.ipv4.ping_group_range"
"""Podman sets it for every container."""

CRIU_CONFIG = "org.criu.config"
"""The annotation that names a configuration file of the host for CRIU."""


def grants(checkpoint: Checkpoint, facts: HostFacts | None = None) -> tuple[Grant, ...]:
    """Everything beyond an ordinary container, the riskiest first."""
    found = [
        *_privileged(checkpoint),
        *_hooks(checkpoint),
        *_criu_config(checkpoint),
        *_written_paths(checkpoint),
        *_namespaces(checkpoint),
        *_capabilities(checkpoint),
        *_mounts(checkpoint),
        *_devices(checkpoint),
        *_walls(checkpoint, facts),
        *_secrets(checkpoint),
        *_sysctls(checkpoint),
    ]
    return tuple(sorted(found, key=lambda grant: tuple(Risk).index(grant.risk)))


def _grant(risk: Risk, title: str, document: str, *place: str | int) -> Grant:
    return Grant(risk, safe_text(title), Location(document, pointer(*place)))


def _privileged(checkpoint: Checkpoint) -> Iterator[Grant]:
    if checkpoint.config.privileged:
        yield _grant(
            Risk.HIGH, "is privileged: every capability and every device", CONFIG, "privileged"
        )


def _hooks(checkpoint: Checkpoint) -> Iterator[Grant]:
    hooks = checkpoint.spec.hooks
    for field in msgspec.structs.fields(hooks):
        listed: list[Hook] = getattr(hooks, field.name) or []
        for index, hook in enumerate(listed):
            title = f"has {hook.path} run on the host, as root ({field.encode_name} hook)"
            yield _grant(Risk.HIGH, title, SPEC, "hooks", field.encode_name, index)


def _criu_config(checkpoint: Checkpoint) -> Iterator[Grant]:
    path = (checkpoint.spec.annotations or {}).get(CRIU_CONFIG)
    if path is not None:
        title = f"makes CRIU read its options, programs to run among them, from {path}"
        yield _grant(Risk.HIGH, title, SPEC, "annotations", CRIU_CONFIG)


def _written_paths(checkpoint: Checkpoint) -> Iterator[Grant]:
    config, podmans_own = checkpoint.config, _podmans_own(checkpoint.config)
    for key, path in (
        ("logPath", config.log_path),
        ("conmonPidFile", config.conmon_pid_file),
        ("pid_file", config.pid_file),
    ):
        if path and not podmans_own(path):
            yield _grant(Risk.HIGH, f"has Podman write to {path}, as root ({key})", CONFIG, key)


def _namespaces(checkpoint: Checkpoint) -> Iterator[Grant]:
    namespaces = checkpoint.spec.linux.namespaces
    if namespaces is None:
        return
    own = {namespace.type for namespace in namespaces}
    for name, (risk, title) in _NAMESPACES.items():
        if name not in own:
            yield _grant(risk, title, SPEC, "linux", "namespaces")
    replaced = _replaced_namespaces(checkpoint.config)
    for index, namespace in enumerate(namespaces):
        if namespace.path and namespace.type not in replaced:
            risk, _ = _NAMESPACES.get(namespace.type, (Risk.HIGH, ""))
            title = f"joins the {namespace.type} namespace at {namespace.path} of the host"
            yield _grant(risk, title, SPEC, "linux", "namespaces", index)


def _replaced_namespaces(config: ContainerConfig) -> set[str]:
    """The namespaces whose path Podman replaces: its own network, and those of the pod."""
    replaced = {namespace.word.lower() for namespace in shared_namespaces(config)}
    if config.create_net_namespace:
        replaced.add("network")
    if config.user_namespace_container:
        replaced.add("user")
    return replaced


def _capabilities(checkpoint: Checkpoint) -> Iterator[Grant]:
    if checkpoint.config.privileged:
        return  # that says it already
    capabilities = checkpoint.spec.process.capabilities
    more = {*(capabilities.bounding or ()), *(capabilities.effective or ())} - DEFAULT_CAPABILITIES
    for risk, names in ((Risk.HIGH, more & _ALMIGHTY), (Risk.MEDIUM, more - _ALMIGHTY)):
        if names:
            title = f"has the capabilities {', '.join(sorted(names))}"
            yield _grant(risk, title, SPEC, "process", "capabilities")


def _mounts(checkpoint: Checkpoint) -> Iterator[Grant]:
    podmans_own = _podmans_own(checkpoint.config)
    for index, mount in enumerate(checkpoint.spec.mounts or ()):
        if is_bind(mount) and not podmans_own(mount.source):
            writable = "ro" not in (mount.options or ())
            title = f"{'writes' if writable else 'reads'} {mount.source} of the host"
            yield _grant(
                _mount_risk(mount, writable),
                f"{title}, as {mount.destination}",
                SPEC,
                "mounts",
                index,
            )


def _podmans_own(config: ContainerConfig) -> Callable[[str], bool]:
    """Whether Podman itself gives the container a path: below its folder, or a volume."""
    owners = {config.id, *(getattr(config, namespace.field) for namespace in NAMESPACES)} - {""}
    volumes = {volume.name for volume in config.named_volumes or ()}

    def own(path: str) -> bool:
        place = normpath(path)
        return place.startswith("/") and (
            of_container(place) in owners or not volumes.isdisjoint(_VOLUME.findall(place))
        )

    return own


def _mount_risk(mount: Mount, writable: bool) -> Risk:
    if not mount.source.startswith("/"):
        return Risk.HIGH  # runtimes start at a folder of their own, and `..` leads anywhere
    source = f"/{normpath(mount.source).lstrip('/')}"
    if source == "/" or basename(source) in _SOCKETS:
        return Risk.HIGH
    if any(_within(source, one) or _within(one, source) for one in _SENSITIVE):
        return Risk.HIGH if writable else Risk.MEDIUM
    return Risk.LOW


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _devices(checkpoint: Checkpoint) -> Iterator[Grant]:
    for index, device in enumerate(checkpoint.spec.linux.devices or ()):
        almighty = device.type == "b" or (device.major, device.minor) in _MEMORY
        risk = Risk.HIGH if almighty else Risk.MEDIUM
        title = f"uses the device {device.path} ({device.type} {device.major}:{device.minor})"
        yield _grant(risk, title, SPEC, "linux", "devices", index)


def _walls(checkpoint: Checkpoint, facts: HostFacts | None) -> Iterator[Grant]:
    """Protections that other containers have."""
    config, spec = checkpoint.config, checkpoint.spec
    if config.privileged or not checkpoint.documents.get(SPEC):
        return
    if spec.linux.seccomp is None:
        yield _grant(Risk.MEDIUM, "may use every system call (no seccomp filter)", SPEC, "linux")
    if not spec.linux.masked_paths:
        title = "sees what is hidden in /proc and /sys elsewhere (nothing is masked)"
        yield _grant(Risk.MEDIUM, title, SPEC, "linux")
    podman = facts.podman if facts else None
    if not isinstance(podman, Known):
        return
    if podman.value.selinux and "disable" in (config.label_options or ()):
        yield _grant(Risk.MEDIUM, "is not confined by SELinux", CONFIG, "labelopts")
    if podman.value.apparmor and spec.process.apparmor_profile in ("", "unconfined"):
        yield _grant(Risk.MEDIUM, "is not confined by AppArmor", SPEC, "process")


def _secrets(checkpoint: Checkpoint) -> Iterator[Grant]:
    for index, secret in enumerate(checkpoint.config.secrets or ()):
        title = f"reads the host's secret {secret.name}"
        yield _grant(Risk.MEDIUM, title, CONFIG, "secrets", index)


def _sysctls(checkpoint: Checkpoint) -> Iterator[Grant]:
    for name, value in (checkpoint.spec.linux.sysctl or {}).items():
        if name != _PLAIN_SYSCTL:
            yield _grant(Risk.LOW, f"sets {name} to {value}", SPEC, "linux", "sysctl", name)
