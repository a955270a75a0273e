"""Checks of networks: whether they are there, and whether the old addresses can be had again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network

from tui.checkpoint.checkpoint import CONFIG, NETWORK
from tui.checkpoint.config import Network
from tui.criu.state import InetSocket
from tui.host.document import address_port, container_key, endpoint_key, listener_key
from tui.host.facts import Endpoint, Known, Listener, Unknown, known
from tui.restore.checks.names import free_name
from tui.restore.checks.ports import overlap
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.restore.ports import spec
from tui.restore.rewrite import NEW_PORTS, ORDERED_NETWORKS
from tui.text import safe_text

DEFAULT = "podman"
"""The network that Podman always has."""

_LISTENING = 10
_BOUND = 7
"""States of sockets, as the kernel counts them."""


@check("network-missing", Severity.BLOCKER, "A network of the container is not on the host")
def missing(case: Case) -> Iterator[Conflict]:
    """The container was in a network that this host does not have.

    Podman fails: `unable to find network with name or ID …: network not found`. Create a network
    of that name. The subnets that the archive recorded let the container have its old address.
    """
    networks = [(place, network) for place, network in _networks(case) if network.name != DEFAULT]
    if not networks:
        return
    here = case.facts.networks
    if isinstance(here, Unknown):
        where = networks[0][0], on_host("networks")
        yield unchecked("network-missing", "the networks", here.reason, *where)
        return
    there = {network.name for network in here.value}
    for place, network in networks:
        if network.name not in there:
            name = safe_text(network.name)
            recorded = sorted({str(subnet) for subnet, _ in _recorded_subnets(case, network.name)})
            yield Conflict(
                "network-missing",
                Severity.BLOCKER,
                f"There is no network {name} on this host",
                "Podman looks for it by name. Create it.",
                subject=network.name,
                where=(place, on_host("networks")),
                evidence=Evidence(
                    archive=f"network {name}"
                    + (f", {safe_text(', '.join(recorded))}" if recorded else ""),
                    host=safe_text(f"networks: {', '.join(sorted(there)) or 'none'}"),
                ),
                remedies=(_creation(case, network.name),),
            )


@check("ip-in-use", Severity.BLOCKER, "An address of the container is taken")
def ip_in_use(case: Case) -> Iterator[Conflict]:
    """A running container of the same network has an IP address that Podman asks for.

    Without a new name Podman asks for all old addresses again, even those that were given out by
    chance; with a new name still for those that were configured. It fails: `IPAM error: requested
    ip address … is already allocated`. Let the container have another one (`--ignore-static-ip`);
    where the address was not configured, a new name does it too.
    """
    asked = list(_asked(case))
    if not asked:
        return
    endpoints = case.facts.endpoints
    if isinstance(endpoints, Unknown):
        where = asked[0].where, on_host("endpoints")
        yield unchecked("ip-in-use", "the addresses", endpoints.reason, *where)
        return
    for address in asked:
        for found in endpoints.value:
            if found.network == address.network and _same_ip(found.ip, address.ip):
                yield Conflict(
                    "ip-in-use",
                    Severity.BLOCKER,
                    f"The address {safe_text(address.ip)} is taken",
                    f"Podman asks for it in the network {safe_text(address.network)}, "
                    + (
                        "where it was configured."
                        if address.configured
                        else "because the container had it."
                    ),
                    subject=f"{address.network} {address.ip}",
                    where=(address.where, on_host("endpoints", endpoint_key(found))),
                    evidence=Evidence(
                        archive=safe_text(f"{address.ip} in {address.network}"),
                        host=_holder(case, found),
                    ),
                    remedies=tuple(_other_address(case, address)),
                )
                break


@check("ip-outside-subnet", Severity.BLOCKER, "An address lies in no subnet of the network")
def ip_outside_subnet(case: Case) -> Iterator[Conflict]:
    """The host's network of that name has other subnets than the one that the container was in.

    Podman asks for the old address (see `ip-in-use`) and fails: `requested static ip … not in any
    subnet on network …`. Let the container have another address, or create the network anew.
    """
    networks = case.facts.networks
    if isinstance(networks, Unknown):
        if any(network.name == DEFAULT for _, network in _networks(case)):
            for address in _asked(case):
                where = address.where, on_host("networks")
                yield unchecked("ip-outside-subnet", "the subnets", networks.reason, *where)
                return
        return
    subnets = {network.name: network.subnets for network in networks.value}
    for address in _asked(case):
        here = subnets.get(address.network)
        if here and not any(_within(address.ip, subnet) for subnet in here):
            there = safe_text(", ".join(here))
            yield Conflict(
                "ip-outside-subnet",
                Severity.BLOCKER,
                f"{safe_text(address.ip)} is no address of the network"
                f" {safe_text(address.network)} here",
                f"Its subnets are {there}. Podman asks for the old address all the same.",
                subject=f"{address.network} {address.ip}",
                where=(address.where, on_host("networks", address.network, "subnets")),
                evidence=Evidence(archive=safe_text(address.ip), host=there),
                remedies=tuple(_other_address(case, address)),
            )


@check("mac-in-use", Severity.WARNING, "A MAC address of the container is in use")
def mac_in_use(case: Case) -> Iterator[Conflict]:
    """A running container of the same network has the MAC address that the restored one gets.

    Podman does not mind, and both containers run; but frames for either reach only one of them.
    Let the restored one have a new MAC address (`--ignore-static-mac`).
    """
    endpoints = case.facts.endpoints
    if isinstance(endpoints, Unknown):
        return  # a restore works without the answer
    for network, mac, where in _asked_macs(case):
        found = next(
            (one for one in endpoints.value if one.network == network and _same_mac(one.mac, mac)),
            None,
        )
        if found:
            yield Conflict(
                "mac-in-use",
                Severity.WARNING,
                f"The MAC address {safe_text(mac)} is in use",
                "Two interfaces with the same one get in each other's way.",
                subject=f"{network} {mac}",
                where=(where, on_host("endpoints", endpoint_key(found), "mac")),
                evidence=Evidence(
                    archive=safe_text(f"{mac} in {network}"), host=_holder(case, found)
                ),
                remedies=(
                    Remedy(
                        "new-mac", "take a new MAC address", options={"ignore_static_mac": True}
                    ),
                ),
            )


@check(
    "port-keys-of-another-podman",
    Severity.WARNING,
    "Podman does not read the archive's ports or networks",
)
def other_generation(case: Case) -> Iterator[Conflict]:
    """Podman 3, 4 and 6 each write ports or networks under a new name, and older ones lose them.

    `portMappings` and `networks` became `newPortMappings` and `newNetworks` in Podman 4, and the
    networks `orderedNetworks` in Podman 6. What a Podman does not know it passes over without a
    word: the restored container publishes nothing, or has no network at all. Publish the ports
    again (`--publish`), and connect the container afterwards (`podman network connect`).
    """
    config, version = case.checkpoint.config, case.podman_version
    if _joins(case):
        return
    engine = f"Podman {'.'.join(map(str, version))}"
    ports = config.port_mappings or ()
    if ports and config.legacy_ports == (version >= NEW_PORTS) and not case.options.publish:
        key = "portMappings" if config.legacy_ports else "newPortMappings"
        again = tuple(spec(mapping) for mapping in ports)
        yield Conflict(
            "port-keys-of-another-podman",
            Severity.WARNING,
            f"{engine} would publish no ports",
            "The archive has them under a name that this Podman does not know.",
            subject="ports",
            where=(case.at(CONFIG, key), on_host("podman", "version")),
            evidence=Evidence(archive=f"{key}: {safe_text(', '.join(again))}", host=engine),
            remedies=(
                Remedy("publish-again", "publish the same ports", options={"publish": again}),
            ),
        )
    key = _networks_key(case)
    if config.networks and not _reads(key, version):
        names = safe_text(", ".join(network.name for network in config.networks))
        yield Conflict(
            "port-keys-of-another-podman",
            Severity.WARNING,
            f"{engine} would restore it without a network",
            f"The archive has {names} under a name that this Podman does not know. Connect the"
            " container afterwards: podman network connect.",
            subject="networks",
            where=(case.at(CONFIG, key), on_host("podman", "version")),
            evidence=Evidence(archive=f"{key}: {names}", host=engine),
        )


@check("host-network-port", Severity.BLOCKER, "A port that the container listens on is taken")
def host_network_port(case: Case) -> Iterator[Conflict]:
    """The container uses the host's network, and something of the host has one of its ports.

    Nothing is published then: the container's own sockets listen on the host, and CRIU cannot
    bring one back where another one listens: `Can't bind inet socket`. Stop what has the port. For
    UDP it is a warning, because it depends on the sockets' options. An IPv6 socket serves IPv4 as
    well, unless there is one of IPv4 beside it; between those two it is a warning.
    """
    state = case.checkpoint.criu
    if state is None or not case.on_host_network:
        return
    own = list(dict.fromkeys(socket for socket in state.sockets if _serves(socket)))
    listeners = case.facts.listeners
    if isinstance(listeners, Unknown):
        if own:
            where = case.at(CONFIG, "networkMode"), on_host("listeners")
            yield unchecked("host-network-port", "its ports", listeners.reason, *where)
        return
    seen: set[str] = set()
    for socket in own:
        subject = f"{address_port(socket.source, socket.source_port)}/{socket.protocol}"
        found = next((one for one in listeners.value if _collide(socket, one)), None)
        if not found or subject in seen:
            continue
        seen.add(subject)
        certain = socket.protocol == "tcp" and (
            (":" in socket.source) == (":" in found.address)
            or _alone(socket.source, (one.source for one in own if one.source_port == found.port))
            or _alone(
                found.address, (one.address for one in listeners.value if one.port == found.port)
            )
        )
        held = safe_text(listener_key(found))
        yield Conflict(
            "host-network-port",
            Severity.BLOCKER if certain else Severity.WARNING,
            f"{safe_text(subject)} is taken on the host",
            "The container listened there itself, in the host's network. Stop what has it now.",
            subject=subject,
            where=(
                case.at(CONFIG, "networkMode"),
                on_host("listeners", listener_key(found)),
            ),
            evidence=Evidence(
                archive=f"a socket on {safe_text(subject)}", host=f"a socket on {held}"
            ),
        )


def _alone(address: str, others: Iterable[str]) -> bool:
    """Whether a socket of IPv6 has none of IPv4 beside it, and so serves both."""
    return ":" in address and all(":" in other for other in others)


def _serves(socket: InetSocket) -> bool:
    state = {"tcp": _LISTENING, "udp": _BOUND}.get(socket.protocol)
    return socket.state == state and socket.source_port != 0 and socket.destination_port == 0


def _collide(socket: InetSocket, listener: Listener) -> bool:
    return (
        listener.protocol == socket.protocol
        and listener.port == socket.source_port
        and overlap(listener.address, socket.source)
    )


@dataclass(frozen=True, slots=True)
class _Address:
    """An address that Podman will ask for."""

    network: str
    ip: str
    configured: bool
    where: Location


def _joins(case: Case) -> bool:
    """Whether the container is in another one's network, or in none of Podman's."""
    config = case.checkpoint.config
    joins = bool(config.net_namespace_container) or config.network_mode == "none"
    return joins or case.on_host_network


def _networks_key(case: Case) -> str:
    """The key of config.dump that the networks came from."""
    keys = ("orderedNetworks", "newNetworks")
    return next((key for key in keys if case.value(CONFIG, key) is not None), "networks")


def _reads(key: str, version: tuple[int, int, int]) -> bool:
    """Whether a Podman of this version knows the key."""
    if key == "orderedNetworks":
        return version >= ORDERED_NETWORKS
    return (key == "newNetworks") == (version >= NEW_PORTS)


def _networks(case: Case) -> Iterator[tuple[Location, Network]]:
    """The networks that the host's Podman will look for, with their places."""
    key = _networks_key(case)
    if _joins(case) or not _reads(key, case.podman_version):
        return
    for index, network in enumerate(case.checkpoint.config.networks):
        step = network.name if key == "newNetworks" else index
        yield case.at(CONFIG, key, step), network


def _keeps(case: Case) -> bool:
    """Whether Podman reads the recorded addresses, and forgets the configured ones for them."""
    options = case.options
    recorded = any(address.network for address in case.checkpoint.addresses)
    both = options.ignore_static_ip and options.ignore_static_mac
    return recorded and not options.name and not both


def _asked(case: Case) -> Iterator[_Address]:
    """The IP addresses that Podman will ask for."""
    if case.options.ignore_static_ip:
        return
    networks = {network.name: (place, network) for place, network in _networks(case)}
    configured = {
        (name, ip) for name, (_, network) in networks.items() for ip in network.static_ips or ()
    }
    if not _keeps(case):
        for name, ip in sorted(configured):
            yield _Address(name, ip, True, networks[name][0])
        return
    for address in case.checkpoint.addresses:
        if address.network in networks:
            ip = address.ip.partition("/")[0]
            where = case.at(NETWORK, address.network, "interfaces", address.interface, "subnets")
            yield _Address(address.network, ip, (address.network, ip) in configured, where)


def _asked_macs(case: Case) -> Iterator[tuple[str, str, Location]]:
    """Network, MAC address and place of those that Podman will give out again."""
    if case.options.ignore_static_mac:
        return
    networks = {network.name: (place, network) for place, network in _networks(case)}
    if not _keeps(case):
        for name, (place, network) in networks.items():
            if network.static_mac:
                yield name, network.static_mac, place
        return
    macs = {
        (address.network, address.mac): address.interface
        for address in case.checkpoint.addresses
        if address.mac and address.network in networks
    }
    for (name, mac), interface in macs.items():
        yield name, mac, case.at(NETWORK, name, "interfaces", interface, "mac_address")


def _other_address(case: Case, address: _Address) -> Iterator[Remedy]:
    yield Remedy("new-address", "take another address", options={"ignore_static_ip": True})
    if not address.configured and isinstance(case.facts.containers, Known):
        name = free_name(case.checkpoint.config.name, case.facts)
        if name == case.checkpoint.config.name:
            name = free_name(f"{name}-restored", case.facts)
        yield Remedy(
            "new-name",
            f"call it {name}, which frees it of its old addresses",
            options={"name": name},
        )


def _creation(case: Case, name: str) -> Remedy:
    """Creating the network, with the recorded subnets unless another network has them."""
    taken = [subnet for network in known(case.facts.networks, ()) for subnet in network.subnets]
    words: list[str] = []
    for subnet, gateway in _recorded_subnets(case, name):
        if not any(_overlap(subnet, other) for other in taken):
            words.append(f"--subnet={subnet}")
            if gateway:
                words.append(f"--gateway={gateway}")
    subnets = [word.partition("=")[2] for word in words if word.startswith("--subnet")]
    label = f"create the network {name}"
    return Remedy(
        "create-network",
        safe_text(f"{label} with {' and '.join(subnets)}" if subnets else label),
        commands=(("podman", "network", "create", *words, "--", name),),
    )


def _recorded_subnets(case: Case, name: str) -> Iterator[tuple[str, str]]:
    """Each subnet in which the container had an address, with its gateway."""
    seen: set[str] = set()
    for address in case.checkpoint.addresses:
        if address.network != name:
            continue
        try:
            subnet = str(ip_interface(address.ip).network)
            gateway = str(ip_address(address.gateway)) if address.gateway else ""
        except ValueError:
            continue
        if subnet not in seen:
            seen.add(subnet)
            yield subnet, gateway


def _holder(case: Case, endpoint: Endpoint) -> str:
    containers = known(case.facts.containers, ())
    names = (container_key(one) for one in containers if one.id == endpoint.container)
    return safe_text(f"container {next(names, endpoint.container[:12])} has it")


@lru_cache(maxsize=1024)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _same_ip(one: str, other: str) -> bool:
    return one == other or (_parsed(one) is not None and _parsed(one) == _parsed(other))


def _same_mac(one: str, other: str) -> bool:
    return bool(one) and one.lower().replace("-", ":") == other.lower().replace("-", ":")


def _within(ip: str, subnet: str) -> bool:
    try:
        return ip_address(ip) in ip_network(subnet, strict=False)
    except ValueError:
        return True  # podthaw does not understand one of them, and accuses neither


def _overlap(one: str, other: str) -> bool:
    try:
        first, second = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    return first.version == second.version and first.overlaps(second)
