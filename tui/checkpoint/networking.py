"""How the generations of Podman write down networks, ports and addresses.

Podman 6 has `orderedNetworks`, 4 and 5 `newNetworks`, 3.4 and earlier `networks` with one static
address; ports are `newPortMappings` since 4.0, `portMappings` before; network.status is a map
since 4.0 and a list of CNI results before.
"""

from collections.abc import Iterator

import msgspec

from tui.checkpoint.config import ContainerConfig, Json, Network, Port, PortMapping
from tui.checkpoint.documents import DocumentError, view
from tui.checkpoint.network import Address


class _LegacyPort(msgspec.Struct, frozen=True, rename="camel"):
    host_port: Port = 0
    container_port: Port = 0
    protocol: str = "tcp"
    host_ip: str = msgspec.field(name="hostIP", default="")


class Networking(msgspec.Struct, frozen=True):
    """The keys of config.dump whose meaning depends on the version of Podman."""

    ordered: list[Network] | None = msgspec.field(name="orderedNetworks", default=None)
    by_name: dict[str, Network] | None = msgspec.field(name="newNetworks", default=None)
    names: list[str] | None = msgspec.field(name="networks", default=None)
    static_ip: str = msgspec.field(name="staticIP", default="")
    static_mac: str = msgspec.field(name="staticMAC", default="")
    legacy_ports: list[_LegacyPort] | None = msgspec.field(name="portMappings", default=None)


def with_networking(config: ContainerConfig, networking: Networking) -> ContainerConfig:
    """`config` with the networks, and the ports, of whatever generation wrote it."""
    config = msgspec.structs.replace(config, networks=_networks(networking))
    if config.port_mappings is not None or networking.legacy_ports is None:
        return config
    ports = [
        PortMapping(
            host_ip=port.host_ip,
            container_port=port.container_port,
            host_port=port.host_port,
            protocol=port.protocol or "tcp",
        )
        for port in networking.legacy_ports
    ]
    return msgspec.structs.replace(config, port_mappings=ports, legacy_ports=True)


def addresses(status: Json) -> tuple[Address, ...]:
    """The addresses in network.status. Raises DocumentError."""
    if status is None:
        return ()
    if isinstance(status, list):
        results = [view(result, _CniResult) for result in status]
        return tuple(address for result in results for address in _cni_addresses(result))
    if not isinstance(status, dict):
        raise DocumentError("neither a map of networks nor a list of CNI results")
    return tuple(
        address
        for network, block in status.items()
        if block is not None
        for address in _addresses(network, view(block, _Status))
    )


def _networks(networking: Networking) -> list[Network]:
    if networking.ordered is not None:
        return networking.ordered
    if networking.by_name is not None:
        return [
            msgspec.structs.replace(network, name=name)
            for name, network in networking.by_name.items()
        ]
    names = networking.names or []
    return [
        Network(
            name=name,
            static_ips=[networking.static_ip] if at == 0 and networking.static_ip else None,
            static_mac=networking.static_mac if at == 0 else "",
        )
        for at, name in enumerate(names)
    ]


class _Subnet(msgspec.Struct, frozen=True):
    ipnet: str = ""
    gateway: str = ""


class _Interface(msgspec.Struct, frozen=True):
    subnets: list[_Subnet] | None = None
    mac_address: str = ""


class _Status(msgspec.Struct, frozen=True):
    interfaces: dict[str, _Interface] | None = None


class _CniInterface(msgspec.Struct, frozen=True):
    name: str = ""
    mac: str = ""
    sandbox: str = ""


class _CniAddress(msgspec.Struct, frozen=True):
    address: str = ""
    gateway: str = ""
    interface: int = -1


class _CniResult(msgspec.Struct, frozen=True):
    interfaces: list[_CniInterface] | None = None
    ips: list[_CniAddress] | None = None


def _addresses(network: str, status: _Status) -> Iterator[Address]:
    for name, interface in (status.interfaces or {}).items():
        for subnet in interface.subnets or ():
            yield Address(network, name, subnet.ipnet, subnet.gateway, interface.mac_address)


def _cni_addresses(result: _CniResult) -> Iterator[Address]:
    """CNI does not say which network it was, only which interface."""
    interfaces = result.interfaces or []
    for ip in result.ips or ():
        inside = interfaces[ip.interface] if 0 <= ip.interface < len(interfaces) else None
        yield Address(
            "",
            inside.name if inside else "",
            ip.address,
            ip.gateway,
            inside.mac if inside else "",
        )
