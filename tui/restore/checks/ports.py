"""Checks of published ports."""

from collections.abc import Iterator
from ipaddress import ip_address

import msgspec

from tui.checkpoint.checkpoint import CONFIG
from tui.checkpoint.config import PortMapping
from tui.host.facts import HostFacts, Known, Unknown
from tui.restore.checks.registry import Case, check, unchecked
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.restore.ports import PortError, parse, spec
from tui.text import pointer, safe_text

RUNNING = frozenset({"running", "paused", "stopping"})
"""States in which a container holds its ports."""


@check("port-invalid", Severity.BLOCKER, "A port to publish is not one")
def invalid(case: Case) -> Iterator[Conflict]:
    """A value of `--publish` does not follow Podman's grammar.

    That is `[[hostIP:][hostPort[-end]]:]containerPort[-end][/protocol]`, with an IPv6 address in
    brackets. Podman refuses before it does anything, with the message that podthaw shows.
    """
    try:
        parse(case.options.publish)
    except PortError as error:
        yield Conflict(
            "port-invalid",
            Severity.BLOCKER,
            "A port to publish is not one",
            safe_text(f"Podman would say: {error}."),
            evidence=Evidence(host=safe_text(" ".join(case.options.publish))),
            remedies=(
                Remedy("archive-ports", "publish the archive's ports", options={"publish": ()}),
            ),
        )


@check("port-in-use", Severity.BLOCKER, "A port is taken on the host")
def in_use(case: Case) -> Iterator[Conflict]:
    """A running container publishes the port, or a process of the host listens on it.

    Only the same protocol on an overlapping address counts. Podman fails when it binds the port,
    after the container and its volumes were made. Publish another port; `--publish` replaces all
    of the recorded ports, so podthaw repeats the others. The ports of a stopped container are a
    note: they are free now, and will be missed when it starts.
    """
    mappings = effective_ports(case)
    if not mappings or case.options.pod:  # in a pod the ports are the infra container's
        return
    facts = case.facts
    for index, mapping in enumerate(mappings):
        if not mapping.host_port:
            continue
        where = () if case.options.publish else (Location(CONFIG, pointer(KEY, index)),)
        for port in range(mapping.host_port, mapping.host_port + max(mapping.range, 1)):
            yield from _taken(case, facts, mapping, port, where)
    for fact, what in ((facts.containers, "/containers"), (facts.listeners, "/listeners")):
        if isinstance(fact, Unknown):
            yield unchecked("port-in-use", "the ports", fact.reason, Location("host", what))
            return


KEY = "newPortMappings"


def effective_ports(case: Case) -> tuple[PortMapping, ...]:
    """What the restored container would publish; nothing while `--publish` makes no sense."""
    if case.options.publish:
        try:
            return parse(case.options.publish)
        except PortError:
            return ()
    config = case.checkpoint.config
    if config.legacy_ports and case.podman_version >= (4, 0, 0):
        return ()  # Podman 4.0 and later does not know the key and publishes nothing
    return tuple(config.port_mappings or ())


def _taken(
    case: Case, facts: HostFacts, mapping: PortMapping, port: int, where: tuple[Location, ...]
) -> Iterator[Conflict]:
    number = f"{port}/{mapping.protocol}"
    holders = list(_holders(facts, mapping, port))
    holding = [holder for holder in holders if holder[1]]
    for name, runs in holding[:1] or holders[:1]:
        yield Conflict(
            "port-in-use",
            Severity.BLOCKER if runs else Severity.NOTE,
            f"Port {number} is taken by {safe_text(name)}"
            if runs
            else f"Port {number} belongs to {safe_text(name)}, which is stopped",
            "Publish another port." if runs else "It will not start while this one runs.",
            subject=number,
            where=(*where, Location("host", "/listeners" if runs else "/containers")),
            evidence=Evidence(archive=spec(mapping), host=safe_text(name)),
            remedies=tuple(_next_port(case, mapping)) if runs else (),
        )
    if holding or not isinstance(facts.listeners, Known):
        return
    for listener in facts.listeners.value:
        if (
            listener.protocol == mapping.protocol
            and listener.port == port
            and overlap(listener.address, mapping.host_ip)
        ):
            yield Conflict(
                "port-in-use",
                Severity.BLOCKER,
                f"Port {number} is taken by a process of the host",
                "Publish another port, or stop that process.",
                subject=number,
                where=(*where, Location("host", "/listeners")),
                evidence=Evidence(
                    archive=spec(mapping), host=f"a socket on {listener.address}, port {port}"
                ),
                remedies=tuple(_next_port(case, mapping)),
            )
            return


def _holders(facts: HostFacts, mapping: PortMapping, port: int) -> Iterator[tuple[str, bool]]:
    """Containers that publish the port, and whether they run."""
    if isinstance(facts.containers, Known):
        for container in facts.containers.value:
            for held in container.ports:
                if (
                    held.protocol == mapping.protocol
                    and held.host_port <= port < held.host_port + max(held.range, 1)
                    and overlap(held.host_ip, mapping.host_ip)
                ):
                    yield f"the container {container.name}", container.state in RUNNING


def overlap(one: str, other: str) -> bool:
    """Whether sockets on both addresses get in each other's way; empty is every address."""
    if not one or not other:
        return True
    first, second = _plain(one), _plain(other)
    if first == second:
        return True
    for wildcard, address in ((first, second), (second, first)):
        if wildcard.is_unspecified and (wildcard.version == 6 or address.version == 4):
            return True
    return False


def _plain(address: str):  # type: ignore[no-untyped-def]
    ip = ip_address(address)
    return getattr(ip, "ipv4_mapped", None) or ip


def _next_port(case: Case, mapping: PortMapping) -> Iterator[Remedy]:
    """The archive's ports with the next free ones for `mapping`."""
    mappings = effective_ports(case)
    free = next(
        (
            start
            for start in range(mapping.host_port + 1, 65536 - mapping.range)
            if _free(case.facts, mapping, start)
            and not any(_clash(other, mapping, start) for other in mappings if other != mapping)
        ),
        None,
    )
    if free is None:
        return
    moved = msgspec.structs.replace(mapping, host_port=free)
    publish = tuple(spec(moved if other == mapping else other) for other in mappings)
    yield Remedy("next-port", f"publish {free} instead", options={"publish": publish})


def _free(facts: HostFacts, mapping: PortMapping, start: int) -> bool:
    for port in range(start, start + max(mapping.range, 1)):
        if any(_holders(facts, mapping, port)):
            return False
        if isinstance(facts.listeners, Known) and any(
            listener.port == port and listener.protocol == mapping.protocol
            for listener in facts.listeners.value
        ):
            return False
    return True


def _clash(other: PortMapping, mapping: PortMapping, start: int) -> bool:
    return (
        other.protocol == mapping.protocol
        and other.host_port < start + mapping.range
        and start < other.host_port + other.range
    )
