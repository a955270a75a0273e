"""The grammar of published ports, as Podman's `--publish` has it, with its messages.

`[[hostIP:][hostPort[-end]]:]containerPort[-end][/protocol[,protocol]]`; see `CreatePortBindings`
in `pkg/specgenutil/util.go` and `ParsePortMapping` in `pkg/specgen/generate/ports.go`.
"""

import csv
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from tui.checkpoint.config import PortMapping

PROTOCOLS = ("tcp", "udp", "sctp")
_LARGEST = 65535


class PortError(ValueError):
    """The specification is one that Podman refuses; the message is Podman's."""


def parse(specs: Sequence[str]) -> tuple[PortMapping, ...]:
    """The mappings that Podman makes of the values of `--publish`.

    A host port of 0 is one that Podman chooses. Raises PortError.
    """
    wanted = [mapping for spec in _separate(specs) for mapping in _parse_one(spec)]
    return tuple(_merged(wanted))


def spec(mapping: PortMapping) -> str:
    """The value of `--publish` that makes `mapping`."""
    last = mapping.range - 1
    container = _range(mapping.container_port, last)
    host = _range(mapping.host_port, last) if mapping.host_port else ""
    ip = f"[{mapping.host_ip}]" if ":" in mapping.host_ip else mapping.host_ip
    protocol = f"/{mapping.protocol}" if mapping.protocol not in ("", "tcp") else ""
    if ip:
        return f"{ip}:{host}:{container}{protocol}"
    return f"{host}:{container}{protocol}" if host else f"{container}{protocol}"


def _range(first: int, more: int) -> str:
    return f"{first}-{first + more}" if more else str(first)


def _separate(specs: Iterable[str]) -> list[str]:
    """Each value of the option is a line of comma-separated values; an empty one says nothing."""
    return [part for row in csv.reader(specs) for part in row]


def _parse_one(text: str) -> list[PortMapping]:
    rest, *protocols = text.split("/")
    if len(protocols) > 1:
        raise PortError("invalid port format - protocol can only be specified once")
    ip, host, container = _split(rest)
    if not container:
        raise PortError("must provide a non-empty container port to publish")
    first, length = _parse_range(container)
    names = _protocols(protocols[0]) if protocols else ["tcp"]
    address = _address(ip)
    host_first = 0
    if host:
        host_first, host_length = _parse_range(host)
        if host_length != length:
            raise PortError(
                f"host and container port ranges have different lengths: {host_length} vs {length}"
            )
    return [
        PortMapping(
            host_ip=address,
            container_port=first,
            host_port=host_first,
            range=length,
            protocol=name,
        )
        for name in names
    ]


def _split(text: str) -> tuple[str | None, str | None, str]:
    """Host IP, host port and container port, the first two None where nothing stands for them."""
    ip = None
    brackets = text.split("]")
    if len(brackets) > 2:
        raise PortError(
            "invalid port format - at most one IPv6 address can be specified in a --publish"
        )
    if len(brackets) == 2:
        if not brackets[0].startswith("["):
            raise PortError("invalid port format - IPv6 addresses must be enclosed by []")
        if not brackets[1].startswith(":"):
            raise PortError("invalid port format - IPv6 address must be followed by a colon (':')")
        ip, text = brackets[0][1:], brackets[1][1:]
    match text.split(":"):
        case [container] if ip is None:
            return None, None, container
        case [_]:
            raise PortError(
                "invalid port format - must provide host and destination port if specifying an IP"
            )
        case [host, container]:
            return ip, host, container
        case [v4, host, container] if ip is None:
            return v4, host, container
        case [_, _, _]:
            raise PortError(
                "invalid port format - when v6 address specified, must be [ipv6]:hostPort:ctrPort"
            )
        case _:
            raise PortError("invalid port format - format is [[hostIP:]hostPort:]containerPort")


def _parse_range(text: str) -> tuple[int, int]:
    first, *ends = text.split("-")
    if len(ends) > 1:
        raise PortError("invalid port format - port ranges are formatted as startPort-stopPort")
    start = _parse_port(first)
    if not ends:
        return start, 1
    end = _parse_port(ends[0])
    if end <= start:
        raise PortError(
            "the end port of a range must be higher than the start port"
            f" - {end} is not higher than {start}"
        )
    return start, end - start + 1


def _parse_port(text: str) -> int:
    try:
        number = int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdigit() else None
    except ValueError:
        number = None
    if number is None:
        raise PortError(f'invalid port number: strconv.Atoi: parsing "{text}": invalid syntax')
    if not 1 <= number <= _LARGEST:
        raise PortError(f"port numbers must be between 1 and 65535 (inclusive), got {number}")
    return number


def _protocols(text: str) -> list[str]:
    if not text:
        raise PortError("must provide a non-empty protocol to publish")
    names = [name.lower() for name in text.split(",")]
    for name in names:
        if name not in PROTOCOLS:
            raise PortError(f'unrecognized protocol "{name}" in port mapping')
    return names


def _address(ip: str | None) -> str:
    if ip is None:
        return ""
    if not ip:
        raise PortError("must provide a non-empty container host IP to publish")
    try:
        address = ip_address(ip)
    except ValueError:
        raise PortError(f'cannot parse "{ip}" as an IP address') from None
    return "" if str(address) == "0.0.0.0" else str(address)


def _merged(mappings: Iterable[PortMapping]) -> list[PortMapping]:
    """Adjacent mappings as one, as Podman stores them."""
    merged: list[PortMapping] = []
    for mapping in sorted(mappings, key=_order):
        last = merged[-1] if merged else None
        if last and _same_place(last, mapping):
            overlap = last.host_port + last.range - mapping.host_port
            if overlap == 0 and last.container_port + last.range == mapping.container_port:
                merged[-1] = PortMapping(
                    host_ip=last.host_ip,
                    container_port=last.container_port,
                    host_port=last.host_port,
                    range=last.range + mapping.range,
                    protocol=last.protocol,
                )
                continue
            if overlap > 0 and mapping != last:
                raise PortError(
                    f"conflicting port mappings for host port {mapping.host_port}"
                    f" (protocol {mapping.protocol})"
                )
            if mapping == last:
                continue
        merged.append(mapping)
    return merged


def _order(mapping: PortMapping) -> tuple[str, str, int, int]:
    return (mapping.protocol, mapping.host_ip, mapping.host_port, mapping.container_port)


def _same_place(one: PortMapping, other: PortMapping) -> bool:
    return (
        one.protocol == other.protocol
        and one.host_ip == other.host_ip
        and one.host_port != 0 != other.host_port
    )
