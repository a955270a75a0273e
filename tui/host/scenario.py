"""A host that exists only in memory: what the demo host shows and what a restore changes in it.

It has what a newcomer should meet with the bundled checkpoint: a volume of the same name, a port
that another container holds, one pod that shares enough and one that does not. Refusals bear
Podman's own words.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from tui import text
from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import (
    Container,
    Endpoint,
    Image,
    Listener,
    Network,
    Pod,
    Protocol,
    PublishedPort,
    Volume,
)

NAMESPACES = {"ipc": "IPC", "net": "network", "pid": "PID", "uts": "UTS", "cgroup": "cgroup"}
"""The namespaces that a pod can share, with Podman's words for them."""

GRAPH_ROOT = "/var/lib/containers/storage"

VOLUME_PATH = f"{GRAPH_ROOT}/volumes"


class Refused(Exception):
    """Podman's answer to something that cannot be done."""

    def __init__(self, message: str, status: int = 125) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class RestoreCall:
    """The options of `podman container restore` that the simulation heeds."""

    name: str
    pod: str
    ports: tuple[PublishedPort, ...]
    ignore_volumes: bool


def made_up_id(*parts: str) -> str:
    """An ID that is the same in every run."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass
class Scenario:
    """The state of the simulated host."""

    containers: dict[str, Container] = field(default_factory=dict)
    """By ID, as the other tables by ID or name."""
    pods: dict[str, Pod] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    mounts: dict[str, frozenset[str]] = field(default_factory=dict)
    """The names of the volumes that a container uses, by its ID."""
    images: dict[str, Image] = field(default_factory=dict)
    networks: tuple[Network, ...] = ()
    secrets: tuple[str, ...] = ()
    sockets: tuple[Listener, ...] = ()
    """Of other services than containers."""
    addresses: dict[str, Endpoint] = field(default_factory=dict)
    """The address that a container has while it runs, by its ID."""
    folders: set[str] = field(default_factory=lambda: {"/", "/etc", "/srv", "/var/tmp"})
    """Folders that can be mounted into a container."""
    restored: set[str] = field(default_factory=set)
    """The IDs of the containers that a restore brought back."""

    def container(self, name: str) -> Container:
        """The container with this name, ID or start of an ID."""
        for container in self.containers.values():
            if name == container.name or (name and container.id.startswith(name)):
                return container
        raise Refused(f'no container with ID or name "{name}" found: no such container', 1)

    def pod(self, name: str) -> Pod:
        """The pod with this name, ID or start of an ID."""
        for pod in self.pods.values():
            if name == pod.name or (name and pod.id.startswith(name)):
                return pod
        raise Refused(f"no pod with name or ID {name} found: no such pod")

    def image(self, name: str) -> Image:
        """The image with this ID or one of its names, with or without its tag."""
        for image in self.images.values():
            if name == image.id or name in image.names or f"{name}:latest" in image.names:
                return image
        raise Refused(f"{name}: image not known")

    def listeners(self) -> Iterator[Listener]:
        """Every socket that listens, those that Podman holds for containers among them."""
        yield from self.sockets
        for container in self.containers.values():
            if container.state == "running":
                yield from _listeners(container.ports)

    def endpoints(self) -> Iterator[Endpoint]:
        """The addresses of the containers that run."""
        for container in self.containers.values():
            if container.state == "running" and container.id in self.addresses:
                yield self.addresses[container.id]

    def give_address(self, container: Container, ip: str = "", mac: str = "") -> None:
        """Put the container into the default network, under a free address unless it has one."""
        taken = {endpoint.ip for endpoint in self.addresses.values()}
        number = next(number for number in range(2, 255) if f"10.88.0.{number}" not in taken)
        self.addresses[container.id] = Endpoint(
            container.id,
            "podman",
            ip or f"10.88.0.{number}",
            mac or f"92:d0:c6:0a:29:{number:02x}",
        )

    def create_network(self, name: str, driver: str, subnets: Sequence[str]) -> None:
        """A new network."""
        if any(name == network.name for network in self.networks):
            raise Refused(f"network name {name} already used: network already exists")
        self.networks = (*self.networks, Network(name, driver, tuple(subnets)))

    def create_pod(self, name: str, shared: Sequence[str]) -> Pod:
        """A new pod with its infra container."""
        unknown = [word for word in shared if word not in NAMESPACES]
        if unknown:
            raise Refused(
                f"invalid kernel namespace to share: {unknown[0]}. "
                "Options are: cgroup, ipc, net, pid, uts or none"
            )
        if any(name == pod.name for pod in self.pods.values()):
            raise Refused(f'adding pod to state: name "{name}" is in use: pod already exists')
        pod_id = made_up_id("pod", name)
        infra = Container(
            id=made_up_id("infra", name),
            name=f"{pod_id[:12]}-infra",
            image="",
            state="running",
            pod=pod_id,
            infra=True,
            created=stamp(),
        )
        pod = Pod(
            id=pod_id,
            name=name,
            state="Running",
            shared=frozenset(shared),
            infra=infra.id,
            cgroup_path=f"/libpod_parent/{pod_id}",
        )
        self.pods[pod_id] = pod
        self.containers[infra.id] = infra
        if "net" in shared:
            self.give_address(infra)
        return pod

    def create_volume(self, name: str) -> None:
        """A new, empty volume, unless it is there."""
        self.volumes.setdefault(
            name, Volume(name, "local", f"{VOLUME_PATH}/{name}/_data", created=stamp())
        )

    def remove_volume(self, name: str) -> None:
        """Remove a volume that no container uses."""
        if name not in self.volumes:
            raise Refused(f'no volume with name "{name}" found: no such volume', 1)
        users = [user for user, names in self.mounts.items() if name in names]
        if users:
            raise Refused(
                f"volume {name} is being used by the following container(s): "
                f"{', '.join(users)}: volume is being used",
                2,
            )
        del self.volumes[name]

    def remove_container(self, name: str) -> Container:
        """Remove a container, running or not."""
        container = self.container(name)
        del self.containers[container.id]
        self.mounts.pop(container.id, None)
        self.addresses.pop(container.id, None)
        self.restored.discard(container.id)
        return container

    def tag(self, name: str, new: str) -> None:
        """Give an image one more name, which another image may lose by that."""
        image = self.image(name)
        new = new if ":" in new.rpartition("/")[2] else f"{new}:latest"
        for other in self.images.values():
            names = tuple(known for known in other.names if known != new)
            self.images[other.id] = replace(other, names=names)
        self.images[image.id] = replace(image, names=(*self.images[image.id].names, new))

    def admit(self, checkpoint: Checkpoint, call: RestoreCall) -> None:
        """Refuse what Podman refuses before it makes anything."""
        config = checkpoint.config
        if config.pod and not call.pod:
            raise Refused("cannot restore pod container without --pod")
        if call.pod and not config.pod:
            raise Refused("cannot restore non pod container into pod")
        if not call.ignore_volumes:
            for volume in config.named_volumes or ():
                if volume.name in self.volumes:
                    raise Refused(
                        f"volume with name {volume.name} already exists. "
                        "Use --ignore-volumes to not restore content of volumes"
                    )
        if call.pod:
            pod = self.pod(call.pod)
            joined = {
                "ipc": config.ipc_namespace_container,
                "net": config.net_namespace_container,
                "pid": config.pid_namespace_container,
                "uts": config.uts_namespace_container,
                "cgroup": config.cgroup_namespace_container,
            }
            for namespace, owner in joined.items():
                if owner and namespace not in pod.shared:
                    raise Refused(
                        f"pod {pod.name} does not share the {NAMESPACES[namespace]} namespace"
                    )
        self.image(config.image_name)

    def add(self, checkpoint: Checkpoint, call: RestoreCall) -> Container:
        """The container that a restore makes before it brings the processes back."""
        config = checkpoint.config
        if config.image_id not in self.images:
            raise Refused(
                f'creating container storage: reading image "{config.image_id}": '
                f'locating image with ID "{config.image_id}": image not known'
            )
        name = call.name or config.name
        container = Container(
            id=made_up_id("restored", name) if call.name else config.id,
            name=name,
            image=config.image_name,
            state="created",
            pod=self.pod(call.pod).id if call.pod else "",
            ports=call.ports,
            created=stamp(),
        )
        if container.id in self.containers:
            raise Refused("creating container storage: that ID is already in use")
        for other in self.containers.values():
            if other.name == name:
                raise Refused(
                    f'creating container storage: the container name "{name}" is already in use '
                    f"by {other.id}. You have to remove that container to be able to reuse that "
                    "name: that name is already in use, or use --replace to instruct Podman to "
                    "do so."
                )
        volumes = frozenset(volume.name for volume in config.named_volumes or ())
        for volume in sorted(volumes):
            self.create_volume(volume)
        self.containers[container.id] = container
        self.mounts[container.id] = volumes
        if not call.pod:
            old = None if call.name else next(iter(checkpoint.addresses), None)
            ip = old.ip.partition("/")[0] if old else ""
            if any(ip == endpoint.ip for endpoint in self.endpoints()):
                raise Refused(f"IPAM error: requested ip address {ip} is already allocated")
            self.give_address(container, ip, old.mac if old else "")
        return container

    def bind(self, container: Container) -> None:
        """Refuse ports that are taken."""
        taken = {(socket.protocol, socket.port) for socket in self.listeners()}
        for socket in _listeners(container.ports):
            if (socket.protocol, socket.port) in taken:
                address = "" if socket.address == "0.0.0.0" else socket.address
                raise Refused(
                    f"cannot listen on the {socket.protocol.upper()} port: "
                    f"listen {socket.protocol}4 {address}:{socket.port}: "
                    "bind: address already in use"
                )

    def bring_back(self, container: Container) -> None:
        """The processes run again."""
        self.containers[container.id] = replace(container, state="running")
        self.restored.add(container.id)


def _listeners(ports: Sequence[PublishedPort]) -> Iterator[Listener]:
    for port in ports:
        for offset in range(port.range):
            address = port.host_ip or "0.0.0.0"
            yield Listener(Protocol(port.protocol), address, port.host_port + offset)


def stamp(ago: timedelta = timedelta()) -> str:
    """A moment as Podman writes it."""
    return (text.now() - ago).isoformat().replace("+00:00", "Z")


def shop_floor(image_id: str, image_name: str) -> Scenario:
    """The host of the demo, on which the image of the bundled checkpoint lies."""
    scenario = Scenario(
        images={
            image.id: image
            for image in (
                Image(image_id, (image_name,), stamp(timedelta(days=9)), 2_213_103),
                _image("docker.io/library/nginx:1.29", 192_541_184),
                _image("docker.io/library/postgres:17", 438_304_768),
                _image("quay.io/podman/hello:latest", 786_432),
            )
        },
        networks=(
            Network("backend", "bridge", ("10.89.0.0/24",)),
            Network("podman", "bridge", ("10.88.0.0/16",)),
        ),
        secrets=("db-password", "tls-key"),
        sockets=(
            Listener(Protocol.TCP, "0.0.0.0", 22),
            Listener(Protocol.TCP, "::", 22),
            Listener(Protocol.TCP, "127.0.0.1", 631),
            Listener(Protocol.UDP, "0.0.0.0", 5353),
        ),
    )
    for name, ago in (
        ("shop-data", timedelta(hours=3)),
        ("db-data", timedelta(days=40)),
        ("metrics", timedelta(days=12)),
    ):
        path = f"{VOLUME_PATH}/{name}/_data"
        scenario.volumes[name] = Volume(name, "local", path, stamp(ago))
    scenario.create_pod("web-pod", ("ipc", "net", "uts"))
    scenario.create_pod("batch", ("ipc",))
    batch = scenario.pod("batch").id
    for container, volumes in (
        (_container("proxy", "docker.io/library/nginx:1.29", (8080, 80)), ()),
        (_container("db", "docker.io/library/postgres:17", (5432, 5432)), ("db-data",)),
        (_container("hello", "quay.io/podman/hello:latest", state="exited"), ()),
        (_container("nightly", "docker.io/library/postgres:17", pod=batch), ()),
    ):
        scenario.containers[container.id] = container
        scenario.mounts[container.id] = frozenset(volumes)
        if not container.pod:
            scenario.give_address(container)
    return scenario


def _image(name: str, size: int) -> Image:
    return Image(made_up_id("image", name), (name,), stamp(timedelta(days=30)), size)


def _container(
    name: str,
    image: str,
    port: tuple[int, int] | None = None,
    *,
    state: str = "running",
    pod: str = "",
) -> Container:
    ports = (PublishedPort("", port[0], port[1], 1, "tcp"),) if port else ()
    return Container(
        id=made_up_id("container", name),
        name=name,
        image=image,
        state=state,
        pod=pod,
        ports=ports,
        created=stamp(timedelta(days=2)),
    )
