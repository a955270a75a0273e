"""What is known about a host, as frozen data: each fact a value, or the reason it is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A fact that the host gave."""

    value: T


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be had, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Missing(Unknown):
    """A fact that only a program knows which is not on the host."""


Fact = Known[T] | Unknown


def known(fact: Fact[T], otherwise: D) -> T | D:
    """The value of `fact`, or `otherwise` where it could not be had."""
    return fact.value if isinstance(fact, Known) else otherwise


@dataclass(frozen=True, slots=True)
class Podman:
    """The engine."""

    version: tuple[int, int, int]
    text: str
    """The version as Podman prints it."""
    rootless: bool
    cgroup_version: str
    """`v1` or `v2`."""
    cgroup_manager: str
    """`systemd` or `cgroupfs`."""
    architecture: str
    """Go's name: `amd64`, `arm64`."""
    kernel: str
    default_runtime: str
    graph_root: str
    run_root: str
    volume_path: str
    free_locks: int | None
    """None for a Podman that does not tell."""
    selinux: bool
    apparmor: bool


@dataclass(frozen=True, slots=True)
class Runtime:
    """An OCI runtime, and what it can do by Podman's own tests."""

    name: str
    path: str
    version: str
    restores: bool
    """`RUNTIME checkpoint --help` succeeds."""
    restores_into_pods: bool
    """`RUNTIME restore --lsm-mount-context` asks for the argument."""
    finds_criu: bool = True
    """False where it loads CRIU's library when it restores, and the host surely has none."""
    closes_connections: bool = True
    """False where `RUNTIME restore --help` knows no --tcp-close."""


@dataclass(frozen=True, slots=True)
class Criu:
    """CRIU as the host's `criu` says."""

    version: int
    """CRIU's own number: major * 10000 + minor * 100 + sublevel."""
    text: str
    check: str
    """What `criu check` printed."""
    works: bool
    """`criu check` succeeded."""


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port that a container publishes on the host."""

    host_ip: str
    host_port: int
    container_port: int
    range: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Container:
    """A container, Podman's or only the storage's."""

    id: str
    name: str
    image: str
    state: str
    """Podman's word: `running`, `created`, `exited`, …; `storage` when Podman does not know it."""
    pod: str
    """The full ID of its pod, or empty."""
    ports: tuple[PublishedPort, ...] = ()
    infra: bool = False
    created: str = ""

    @property
    def external(self) -> bool:
        """Only the storage knows it: Buildah, CRI-O, or a Podman that was killed."""
        return self.state == "storage"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, with what it shares."""

    id: str
    name: str
    state: str
    shared: frozenset[str]
    """Of `ipc`, `net`, `pid`, `uts`, `cgroup`, `user`, `mount`."""
    infra: str
    """The full ID of the infra container, or empty."""
    cgroup_path: str
    infra_mount_label: str = ""
    infra_process_label: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """A named volume."""

    name: str
    driver: str
    mountpoint: str
    created: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image in the host's storage."""

    id: str
    names: tuple[str, ...]
    created: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """A network with its subnets."""

    name: str
    driver: str
    subnets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that a container of the host has in a network."""

    container: str
    """The container's full ID."""
    network: str
    ip: str
    """Without its prefix length."""
    mac: str


class PathKind(StrEnum):
    """What a path leads to, links followed."""

    FILE = "file"
    DIRECTORY = "directory"
    SOCKET = "socket"
    PIPE = "pipe"
    CHARACTER_DEVICE = "character device"
    BLOCK_DEVICE = "block device"


@dataclass(frozen=True, slots=True)
class PathStatus:
    """What lies at a path of the host."""

    kind: PathKind
    mode: int
    """Permission bits."""
    device: tuple[int, int] | None = None
    """Major and minor number of a device."""
    link: bool = False
    """The path itself is a symbolic link."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file of an image, before the container changed it."""

    kind: str
    """`file`, `directory`, `symlink` or `other`."""
    mode: int
    size: int
    link: str = ""
    """Where a symbolic link leads, as it stands there."""


class Protocol(StrEnum):
    """The transport protocols that a port can be published for."""

    TCP = "tcp"
    UDP = "udp"
    SCTP = "sctp"


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens (TCP) or is bound (UDP) on the host."""

    protocol: Protocol
    address: str
    port: int


NOT_ASKED = Unknown("nobody asked")


@dataclass(frozen=True, slots=True)
class HostFacts:
    """Everything that was asked of one host at one moment."""

    host: str
    simulated: bool
    podman: Fact[Podman]
    runtime: Fact[Runtime | None]
    """The runtime that a restore would use; None when the host has no such runtime."""
    criu: Fact[Criu | None]
    """None when it is not installed."""
    containers: Fact[tuple[Container, ...]]
    pods: Fact[tuple[Pod, ...]]
    volumes: Fact[tuple[Volume, ...]]
    images: Fact[tuple[Image, ...]]
    networks: Fact[tuple[Network, ...]]
    secrets: Fact[tuple[str, ...]]
    """Names only."""
    listeners: Fact[tuple[Listener, ...]]
    endpoints: Fact[tuple[Endpoint, ...]] = NOT_ASKED
    """Addresses of containers that run; those that share a network namespace have them once."""
    paths: Fact[Mapping[str, PathStatus | None]] = NOT_ASKED
    """The paths of `Questions.paths`; None where nothing is."""
    programs: Fact[Mapping[str, bool]] = NOT_ASKED
    """Whether the host can start each of `Questions.programs`."""
    apparmor_profiles: Fact[frozenset[str]] = NOT_ASKED
    """Loaded profiles; empty where AppArmor is off."""
    space: Fact[Mapping[str, int]] = NOT_ASKED
    """Bytes that are free at the storage's root, its volumes and /var/tmp, by path.

    A folder that is not there is left out.
    """
    memory: Fact[int] = NOT_ASKED
    """Bytes that are available."""
    cpu_flags: Fact[frozenset[str]] = NOT_ASKED
    """That every processor has, as /proc/cpuinfo names them; empty where it names none."""
    criu_plugins: Fact[frozenset[str]] = NOT_ASKED
    """File names without their suffix: `cuda_plugin`."""
    cgroups: Fact[Mapping[str, bool]] = NOT_ASKED
    """The cgroup folders of the container `Questions.container`, each before those it lies in.

    True where processes are in it, or nobody can say that there are none.
    """
    image_files: Fact[Mapping[str, ImageFile]] = NOT_ASKED
    """The files of the image with the ID `Questions.image_id`, by path without a leading slash."""
