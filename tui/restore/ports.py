"""The grammar of published ports, as Podman's `--publish` has it, with its messages.

`[[hostIP:][hostPort[-end]]:]containerPort[-end][/protocol[,protocol]]`; see `CreatePortBindings`
in `pkg/specgenutil/util.go` and `ParsePortMapping` in `pkg/specgen/generate/ports.go`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv6Address, ip_address

from msgspec.structs import replace

from tui.checkpoint.config import PortMapping
from tui.host.facts import PublishedPort

PROTOCOLS = ("tcp", "udp", "sctp")
"""What a port can be published for."""

LARGEST = 65535
"""The largest port number."""

_FIRST_UNPRIVILEGED = 1024
"""The kernel picks no smaller port where Podman asks it for any."""

_FIELD = re.compile(r'"((?:[^"]|"")*+)"|([^",]*)')
"""One value of a comma-separated line, in quotes or without any."""

_NUMBER = re.compile(r"[+-]?[0-9]+")


class PortError(ValueError):
    """The specification is one that Podman refuses; the message is Podman's."""


def parse(specs: Sequence[str]) -> tuple[PortMapping, ...]:
    """The mappings that Podman makes of the values of `--publish`.

    A host port of 0 is one that Podman chooses. Raises PortError.
    """
    wanted = [_parse_one(part) for spec in specs for part in _separate(spec)]
    places: dict[tuple[str, str], list[PortMapping]] = {}
    for mapping in wanted:
        for protocol in _protocols(mapping.protocol):
            place = places.setdefault((mapping.host_ip, protocol), [])
            place.append(replace(mapping, protocol=protocol))
    return tuple(mapping for place in places.values() for mapping in _joined(place))


def spec(mapping: PortMapping) -> str:
    """The value of `--publish` that makes `mapping`."""
    container = _range(mapping.container_port, mapping.range)
    protocol = f"/{mapping.protocol}" if mapping.protocol not in ("", "tcp") else ""
    host = host_side(mapping)
    return f"{host}:{container}{protocol}" if host else f"{container}{protocol}"


def host_side(mapping: PortMapping | PublishedPort) -> str:
    """Where the host answers: `8000-8010`, `[::1]:80`; no number where Podman chooses one."""
    ports = _range(mapping.host_port, mapping.range) if mapping.host_port else ""
    ip = f"[{mapping.host_ip}]" if ":" in mapping.host_ip else mapping.host_ip
    return f"{ip}:{ports}" if ip else ports


def _range(first: int, count: int) -> str:
    return f"{first}-{first + count - 1}" if count > 1 else str(first)


def _separate(text: str) -> Iterator[str]:
    """Each value of the option is a line of comma-separated values; an empty one says nothing."""
    at = -1
    while text and at < len(text):
        start = at + 1
        field = _FIELD.match(text, start)
        assert field, "the pattern matches the empty string"
        quoted, plain = field.groups()
        at = field.end()
        if text[at : at + 1] not in ("", ","):
            raise _misquoted(text, start, at)
        yield plain if quoted is None else quoted.replace('""', '"')


def _misquoted(text: str, start: int, end: int) -> PortError:
    """What Go's csv reader says of the field at `start`, which makes no sense after `end`."""
    if text[start] != '"':
        column, reason = end + 1, 'bare " in non-quoted-field'
    else:
        column = end if end > start else len(text) + 1
        reason = 'extraneous or missing " in quoted-field'
    return PortError(
        f'invalid argument {_quoted(text)} for "-p, --publish" flag:'
        f" parse error on line 1, column {column}: {reason}"
    )


def _parse_one(text: str) -> PortMapping:
    """The mapping with its protocols as they were written."""
    rest, *protocols = text.split("/")
    if len(protocols) > 1:
        raise PortError("invalid port format - protocol can only be specified once")
    ip, host, container = _split(rest)
    if not container:
        raise PortError("must provide a non-empty container port to publish")
    first, length = _parse_range(container, "container")
    if protocols == [""]:
        raise PortError("must provide a non-empty protocol to publish")
    address = _address(ip)
    host_first = 0
    if host:
        host_first, host_length = _parse_range(host, "host")
        if host_length != length:
            raise PortError(
                f"host and container port ranges have different lengths: {host_length} vs {length}"
            )
    return PortMapping(
        host_ip=address,
        container_port=first,
        host_port=host_first,
        range=length,
        protocol="".join(protocols),
    )


def _split(text: str) -> tuple[str | None, str, str]:
    """Host IP (None where none is written), host port and container port."""
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
            return None, "", container
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


def _parse_range(text: str, side: str) -> tuple[int, int]:
    """The first port and how many there are."""
    try:
        first, *ends = text.split("-")
        if len(ends) > 1:
            raise PortError("invalid port format - port ranges are formatted as startPort-stopPort")
        if not first:
            raise PortError("port numbers cannot be negative")
        start = _parse_port(first)
        if not ends:
            return start, 1
        if not ends[0]:
            raise PortError("must provide ending number for port range")
        end = _parse_port(ends[0])
        if end <= start:
            raise PortError(
                "the end port of a range must be higher than the start port"
                f" - {end} is not higher than {start}"
            )
    except PortError as error:
        raise PortError(f"parsing {side} port: {error}") from None
    return start, end - start + 1


def _parse_port(text: str) -> int:
    wrong = f"invalid port number: strconv.Atoi: parsing {_quoted(text)}"
    if not _NUMBER.fullmatch(text):
        raise PortError(f"{wrong}: invalid syntax")
    if len(text.lstrip("+-0")) > len("9223372036854775807"):
        raise PortError(f"{wrong}: value out of range")
    number = int(text)
    if not 1 <= number <= LARGEST:
        raise PortError(f"port numbers must be between 1 and 65535 (inclusive), got {number}")
    return number


def _protocols(text: str) -> Iterable[str]:
    names = dict.fromkeys(name.lower() or "tcp" for name in text.split(","))
    for name in names:
        if name not in PROTOCOLS:
            raise PortError(f"unrecognized protocol {_quoted(name)} in port mapping")
    return names


def _address(ip: str | None) -> str:
    """The address as Podman stores it; that of every interface is stored as none."""
    if ip is None or ip == "0.0.0.0":
        return ""
    if not ip:
        raise PortError("must provide a non-empty container host IP to publish")
    try:
        address = ip_address(ip)
    except ValueError:
        address = None
    if address is None or "%" in ip:  # Go knows no zones here
        raise PortError(f"cannot parse {_quoted(ip)} as an IP address")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _joined(mappings: Iterable[PortMapping]) -> Iterator[PortMapping]:
    """The mappings of one address and protocol, those that touch made one, as Podman does."""
    last: PortMapping | None = None
    for mapping in sorted(mappings, key=_order):
        if last and _continues(last, mapping):
            more = mapping.container_port - last.container_port + mapping.range
            last = replace(last, range=max(last.range, more))
            continue
        if last:
            yield _possible(last)
        last = mapping
    if last:
        yield _possible(last)


def _order(mapping: PortMapping) -> tuple[bool, int, int]:
    return not mapping.host_port, mapping.host_port, mapping.container_port


def _continues(last: PortMapping, mapping: PortMapping) -> bool:
    """Whether one range covers both. Raises PortError where they contradict each other."""
    further = mapping.container_port - last.container_port
    if not mapping.host_port:
        return not last.host_port and further < last.range
    distance = mapping.host_port - last.host_port
    if distance <= last.range and distance == further:
        return True
    if distance < last.range - 1:  # Podman overlooks an overlap of one port
        raise PortError(
            f"conflicting port mappings for host port {mapping.host_port}"
            f" (protocol {mapping.protocol})"
        )
    return False


def _possible(mapping: PortMapping) -> PortMapping:
    if not mapping.host_port and mapping.range > LARGEST - _FIRST_UNPRIVILEGED:
        raise PortError(
            f"failed to find an open port to expose container port {mapping.container_port}"
            f" with range {mapping.range} on the host"
        )
    return mapping
