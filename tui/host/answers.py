"""What podman, criu and the kernel print, turned into facts.

Pure functions, lenient towards unknown keys. Podman's JSON: the `Report` types in
`pkg/domain/entities` and `define.InspectPodData`, Podman 4 to 6. CRIU's number: `GetCriuVersion`
in go-criu. Sockets: `Documentation/networking/proc_net_tcp.rst` of the kernel.
"""

import ipaddress
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from tui.host.facts import (
    Container,
    Endpoint,
    Image,
    Listener,
    Network,
    PathKind,
    PathStatus,
    Pod,
    Podman,
    Protocol,
    PublishedPort,
    Volume,
)

T = TypeVar("T")


class Surprise(Exception):
    """An answer that makes no sense; the message says where."""


def _decode(text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogateescape"), type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Surprise(str(error)) from None


class _Struct(msgspec.Struct, rename="camel"):
    """Podman's JSON with small initials."""


class _Named(msgspec.Struct, rename="pascal"):
    """Podman's JSON with capital initials."""


class _OciRuntime(_Struct):
    name: str
    path: str
    version: str = ""


class _Security(_Struct):
    rootless: bool
    selinux_enabled: bool = False
    apparmor_enabled: bool = False


class _HostInfo(_Struct):
    arch: str
    kernel: str
    cgroup_manager: str
    cgroup_version: str
    oci_runtime: _OciRuntime
    security: _Security
    free_locks: int | None = None


class _Store(_Struct):
    graph_root: str
    run_root: str
    volume_path: str = ""


class _Version(_Named):
    version: str


class _Info(_Struct):
    host: _HostInfo
    store: _Store
    version: _Version


class RuntimeAnswer(msgspec.Struct):
    """A runtime as Podman knows it."""

    name: str
    path: str
    version: str


def podman(text: str) -> Podman:
    """From `podman info --format json`."""
    info = _decode(text, _Info)
    return Podman(
        version=_podman_version(info.version.version),
        text=info.version.version,
        rootless=info.host.security.rootless,
        cgroup_version=info.host.cgroup_version,
        cgroup_manager=info.host.cgroup_manager,
        architecture=info.host.arch,
        kernel=info.host.kernel,
        default_runtime=info.host.oci_runtime.name,
        graph_root=info.store.graph_root,
        run_root=info.store.run_root,
        volume_path=info.store.volume_path,
        free_locks=info.host.free_locks,
        selinux=info.host.security.selinux_enabled,
        apparmor=info.host.security.apparmor_enabled,
    )


def _podman_version(text: str) -> tuple[int, int, int]:
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if found is None:
        raise Surprise(f"the version is {text!r}")
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)


def runtime(text: str) -> tuple[tuple[int, int, int], RuntimeAnswer]:
    """Podman's version and its runtime, from `podman [--runtime=NAME] info --format json`."""
    info = _decode(text, _Info)
    oci = info.host.oci_runtime
    version = oci.version.partition("\n")[0]
    return _podman_version(info.version.version), RuntimeAnswer(oci.name, oci.path, version)


def says_no_such_runtime(stderr: str) -> bool:
    """Whether Podman refused `--runtime` because the host has no such runtime."""
    return bool(
        re.search(r"OCI runtime .* not found|no valid executable found for OCI runtime", stderr)
    )


def asks_for_argument(output: str, podman_version: tuple[int, int, int]) -> bool:
    """Podman's own test of what `RUNTIME restore --lsm-mount-context` printed.

    runc's words count in every Podman, crun's since 5.3.
    """
    return "flag needs an argument" in output or (
        podman_version >= (5, 3, 0) and "requires an argument" in output
    )


def criu_version(text: str) -> tuple[int, str]:
    """CRIU's number and its own words for it, from `criu --version`.

    A build from git counts as the next minor version.
    """
    found = re.search(r"^Version:\s*((\d+)\.(\d+)(?:\.(\d+))?\S*)", text, re.MULTILINE)
    if found is None:
        raise Surprise("there is no line `Version: …`")
    words, *parts = found.groups(default="0")
    major, minor, sublevel = map(int, parts)
    git = re.search(r"^GitID:\s*(\S+)", text, re.MULTILINE)
    if git and git[1] != "0":
        return major * 10000 + (minor + 1) * 100, f"{words} ({git[1]})"
    return major * 10000 + minor * 100 + sublevel, words


class _Port(msgspec.Struct):
    host_ip: str = ""
    container_port: int = 0
    host_port: int = 0
    range: int = 1
    protocol: str = "tcp"


class _Container(_Named):
    id: str
    names: list[str] | None = None
    image: str = ""
    state: str = ""
    pod: str = ""
    ports: list[_Port] | None = None
    is_infra: bool = False
    created: int | str = ""


def containers(text: str) -> tuple[Container, ...]:
    """From `podman ps --all --external --no-trunc --format json`.

    Podman shows a pod's ports at every member; here the infra container alone has them.
    """
    listed = _decode(text, list[_Container])
    of_pods = {(one.pod, port) for one in listed if one.is_infra for port in _ports(one.ports)}
    return tuple(
        Container(
            id=one.id,
            name=one.names[0] if one.names else "",
            image=one.image,
            state=one.state,
            pod=one.pod,
            ports=tuple(
                port for port in _ports(one.ports) if one.is_infra or (one.pod, port) not in of_pods
            ),
            infra=one.is_infra,
            created=_moment(one.created),
        )
        for one in listed
    )


def _ports(ports: Sequence[_Port] | None) -> Iterator[PublishedPort]:
    for port in ports or ():
        for protocol in port.protocol.split(","):
            yield PublishedPort(
                host_ip=port.host_ip,
                host_port=port.host_port,
                container_port=port.container_port,
                range=max(port.range, 1),
                protocol=protocol,
            )


def _moment(created: int | str) -> str:
    if isinstance(created, str):
        return created
    try:
        return datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return ""


class _PodId(_Named):
    id: str


def pod_ids(text: str) -> set[str]:
    """From `podman pod ps --format json`."""
    return {pod.id for pod in _decode(text, list[_PodId])}


class PodAnswer(_Named):
    """A pod as `podman pod inspect` has it."""

    id: str
    name: str
    state: str = ""
    infra: str = msgspec.field(name="InfraContainerID", default="")
    shared_namespaces: list[str] | None = None
    cgroup_path: str = ""

    def fact(self, labels: "Labels | None") -> Pod:
        """The pod with the labels of its infra container."""
        return Pod(
            id=self.id,
            name=self.name,
            state=self.state,
            shared=frozenset(self.shared_namespaces or ()),
            infra=self.infra,
            cgroup_path=self.cgroup_path,
            infra_mount_label=labels.mount_label if labels else "",
            infra_process_label=labels.process_label if labels else "",
        )


def pods(text: str) -> list[PodAnswer]:
    """From `podman pod inspect POD…`: a list, or before Podman 5 one object."""
    document = _decode(text, Any)
    try:
        return msgspec.convert(
            document if isinstance(document, list) else [document], list[PodAnswer]
        )
    except msgspec.ValidationError as error:
        raise Surprise(str(error)) from None


class Labels(_Named):
    """The SELinux labels of a container."""

    id: str
    mount_label: str = ""
    process_label: str = ""


def labels(text: str) -> dict[str, Labels]:
    """By container ID, from `podman container inspect ID…`."""
    return {one.id: one for one in _decode(text, list[Labels])}


class _Volume(_Named):
    name: str
    driver: str = ""
    mountpoint: str = ""
    created_at: str = ""


def volumes(text: str) -> tuple[Volume, ...]:
    """From `podman volume ls --format json`."""
    return tuple(
        Volume(one.name, one.driver, one.mountpoint, one.created_at)
        for one in _decode(text, list[_Volume])
    )


class _Image(_Named):
    id: str
    names: list[str] | None = None
    repo_digests: list[str] | None = None
    created_at: str = ""
    size: int = 0


def images(text: str) -> tuple[Image, ...]:
    """From `podman image ls --all --no-trunc --format json`, one for each ID.

    Podman lists an image once for each of its names. References by digest count as names too.
    """
    return tuple(
        {
            one.id: Image(
                id=one.id.removeprefix("sha256:"),
                names=tuple(dict.fromkeys((*(one.names or ()), *(one.repo_digests or ())))),
                created=one.created_at,
                size=one.size,
            )
            for one in _decode(text, list[_Image])
        }.values()
    )


class _Subnet(_Struct):
    subnet: str = ""


class _Network(_Struct):
    name: str
    driver: str = ""
    subnets: list[_Subnet] | None = None


def networks(text: str) -> tuple[Network, ...]:
    """From `podman network ls --format json`."""
    return tuple(
        Network(one.name, one.driver, tuple(subnet.subnet for subnet in one.subnets or ()))
        for one in _decode(text, list[_Network])
    )


_TCP_LISTEN = "0A"
_UDP_BOUND = "07"
_SCTP_LISTEN = "10"


def listeners(text: str) -> tuple[Listener, ...]:
    """From the kernel's socket tables one after the other, told apart by their headings."""
    found: dict[Listener, None] = {}
    protocol: Protocol | None = None
    for line in text.splitlines():
        fields = line.split()
        if fields[:1] == ["sl"]:
            protocol = Protocol.UDP if "drops" in fields else Protocol.TCP
        elif fields[:1] == ["ENDPT"]:
            protocol = Protocol.SCTP
        elif fields:
            try:
                found.update(dict.fromkeys(_socket(protocol, fields)))
            except (ValueError, IndexError):
                raise Surprise(f"the line {line.strip()!r}") from None
    if protocol is None:
        raise Surprise("there is no table of sockets")
    return tuple(found)


def _socket(protocol: Protocol | None, fields: list[str]) -> Iterator[Listener]:
    if protocol is Protocol.SCTP:
        if fields[3] == _SCTP_LISTEN:
            for address in fields[8:]:
                yield Listener(protocol, _plain(ipaddress.ip_address(address)), int(fields[5]))
    elif protocol is None:
        raise ValueError
    elif fields[3] == (_TCP_LISTEN if protocol is Protocol.TCP else _UDP_BOUND):
        address, _, port = fields[1].partition(":")
        yield Listener(protocol, _plain(_kernel_address(address)), int(port, 16))


def _kernel_address(words: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as /proc/net has it: 32-bit words, each in the byte order of the machine."""
    raw = bytes.fromhex(words)
    if sys.byteorder == "little":
        raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return ipaddress.ip_address(raw)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address as text, an IPv4 one in IPv6's clothes without them."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


class _Secondary(_Named):
    address: str = msgspec.field(name="Addr", default="")


class _Attachment(msgspec.Struct, rename="pascal"):
    ip: str = msgspec.field(name="IPAddress", default="")
    ipv6: str = msgspec.field(name="GlobalIPv6Address", default="")
    more: list[_Secondary] | None = msgspec.field(name="SecondaryIPAddresses", default=None)
    more_ipv6: list[_Secondary] | None = msgspec.field(name="SecondaryIPv6Addresses", default=None)
    mac: str = msgspec.field(name="MacAddress", default="")


def endpoints(text: str) -> tuple[Endpoint, ...]:
    """From `podman container inspect`, a line each: the ID, and its networks as JSON.

    Of those that share an address, the first has it.
    """
    found: dict[tuple[str, str, str], Endpoint] = {}
    for line in text.splitlines():
        container, _, networks = line.partition(" ")
        attached = {} if networks == "null" else _decode(networks, dict[str, _Attachment])
        for name, attachment in attached.items():
            more = (*(attachment.more or ()), *(attachment.more_ipv6 or ()))
            ips = [attachment.ip, attachment.ipv6, *(one.address for one in more)]
            for ip in [ip for ip in ips if ip] or [""] * bool(attachment.mac):
                endpoint = Endpoint(container, name, ip, attachment.mac)
                found.setdefault((name, ip, attachment.mac), endpoint)
    return tuple(found.values())


_KINDS = {
    stat.S_IFREG: PathKind.FILE,
    stat.S_IFDIR: PathKind.DIRECTORY,
    stat.S_IFSOCK: PathKind.SOCKET,
    stat.S_IFIFO: PathKind.PIPE,
    stat.S_IFCHR: PathKind.CHARACTER_DEVICE,
    stat.S_IFBLK: PathKind.BLOCK_DEVICE,
}


def paths(text: str) -> dict[str, PathStatus]:
    """From `stat -L`: name, mode, major and minor number, each with a NUL behind it.

    The numbers are hexadecimal.
    """
    found = {}
    for name, mode, device in _stats(text):
        kind = _KINDS.get(stat.S_IFMT(mode))
        if kind is None:
            raise Surprise(f"{name!r} has the mode {mode:o}")
        special = kind in (PathKind.CHARACTER_DEVICE, PathKind.BLOCK_DEVICE)
        found[name] = PathStatus(kind, stat.S_IMODE(mode), device if special else None)
    return found


def links(text: str) -> frozenset[str]:
    """The symbolic links, from `stat` without `-L`."""
    return frozenset(name for name, mode, _ in _stats(text) if stat.S_ISLNK(mode))


def _stats(text: str) -> Iterator[tuple[str, int, tuple[int, int]]]:
    words = iter(text.split("\0"))
    # a name may hold anything but NUL, a line's end as well
    for name, mode, major, minor in zip(words, words, words, words, strict=False):
        try:
            yield name, int(mode, 16), (int(major, 16), int(minor, 16))
        except ValueError:
            raise Surprise(f"{name!r} has the mode {mode!r}") from None


def apparmor_profiles(text: str) -> frozenset[str]:
    """From the kernel's list: `NAME (MODE)` a line."""
    return frozenset(line.rpartition(" (")[0] for line in text.splitlines() if " (" in line)


def space(text: str) -> dict[str, int]:
    """From `df --output=avail,file` under its heading; the path stands last, as it was asked."""
    found = {}
    for line in text.splitlines()[1:]:
        available, _, path = line.strip().partition(" ")
        try:
            found[path] = int(available)
        except ValueError:
            raise Surprise(f"the line {line.strip()!r}") from None
    if not found:
        raise Surprise("there is no line under the heading")
    return found


def memory(text: str) -> int:
    """The bytes that are available, from /proc/meminfo."""
    found = re.search(r"^MemAvailable:\s*(\d+) kB$", text, re.MULTILINE)
    if found is None:
        raise Surprise("there is no line `MemAvailable: … kB`")
    return int(found[1]) * 1024


def cpu_flags(text: str) -> frozenset[str]:
    """What all processors can do, from /proc/cpuinfo."""
    if "processor" not in text:
        raise Surprise("there is no processor")
    lines = set(re.findall(r"^(?:flags|Features|features)\s*:(.*)$", text, re.MULTILINE))
    flags = [frozenset(line.split()) for line in lines]
    return frozenset.intersection(*flags) if flags else frozenset()


def criu_plugins(text: str) -> frozenset[str]:
    """From `ls`, the shared objects without their suffix."""
    return frozenset(line.removesuffix(".so") for line in text.splitlines() if line.endswith(".so"))


def folders(text: str) -> list[str]:
    """From `du --null`: the folders, each before those that it lies in."""
    return [line.partition("\t")[2] for line in text.split("\0")[:-1]]


def empty_files(text: str) -> frozenset[str]:
    """The files without a line, from `wc --lines`."""
    counts = (line.strip().partition(" ") for line in text.splitlines())
    return frozenset(path for count, _, path in counts if count == "0")
