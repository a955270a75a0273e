"""Checks of published ports."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from msgspec.structs import replace

from tui.checkpoint.checkpoint import CONFIG
from tui.checkpoint.config import PortMapping
from tui.host.document import container_key, listener_key
from tui.host.facts import Container, HostFacts, Known, Listener, PublishedPort, Unknown
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.checks.words import SHOWN, some
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.restore.ports import LARGEST, PortError, host_side, parse, spec
from tui.restore.remedies import ARCHIVE_PORTS
from tui.restore.rewrite import NEW_PORTS
from tui.text import safe_text

RUNNING = frozenset({"running", "paused", "stopping"})
"""States in which a container holds its ports."""

MARKED = 20
"""How many nodes one conflict marks."""


@check("port-invalid", Severity.BLOCKER, "A port to publish is not one")
def invalid(case: Case) -> Iterator[Conflict]:
    """A value of `--publish` does not follow Podman's grammar.

    That is `[[hostIP:][hostPort[-end]]:]containerPort[-end][/protocol]`, with an IPv6 address in
    brackets. Podman refuses before it does anything, with the message that podthaw shows. Correct
    the value, or leave all out: the ports of the archive are published then.
    """
    try:
        parse(case.options.publish)
    except PortError as error:
        yield Conflict(
            "port-invalid",
            Severity.BLOCKER,
            "A port to publish is not one",
            safe_text(f"Podman would say: {error}."),
            evidence=Evidence(host=safe_text(f"--publish {' '.join(case.options.publish)}")),
            remedies=(ARCHIVE_PORTS,),
        )


@check("port-in-use", Severity.BLOCKER, "A port is taken on the host")
def in_use(case: Case) -> Iterator[Conflict]:
    """A running container publishes the port, or a process of the host listens on it.

    Only the same protocol on an overlapping address counts. Podman fails when it binds the port,
    after the container and its volumes were made. Publish another port; `--publish` replaces all
    of the recorded ports, so podthaw repeats the others. The ports of a stopped container are a
    note: they are free now, and will be missed when it starts.
    """
    facts = case.facts
    alone = case.on_host_network or case.checkpoint.config.network_mode == "none"
    if case.options.pod or alone:
        return  # Podman binds ports for a network namespace of the container's own
    mappings = effective_ports(case)
    sockets = _Sockets(facts)
    bound = _Bound()
    repeated: set[PortMapping] = set()
    for index, mapping in enumerate(mappings):
        if not mapping.host_port:
            continue
        twin = bound.twin(mapping)
        if twin is None:
            yield from _taken(case, sockets, mappings, index)
        elif mapping not in repeated:
            repeated.add(mapping)
            yield _twice(case, sockets, mappings, index, twin)
        bound.add(mapping)
    if bound:
        for fact, name in ((facts.containers, "containers"), (facts.listeners, "listeners")):
            if isinstance(fact, Unknown):
                yield unchecked("port-in-use", "the ports", fact.reason, on_host(name))
                return


def effective_ports(case: Case) -> tuple[PortMapping, ...]:
    """What the restored container would publish; nothing while `--publish` makes no sense."""
    try:
        wanted = parse(case.options.publish)
    except PortError:
        return ()
    config = case.checkpoint.config
    if wanted:
        return wanted
    if config.legacy_ports == (case.podman_version >= NEW_PORTS):
        return ()  # Podman knows the key of its own generation and publishes nothing else
    return tuple(config.port_mappings or ())


@dataclass(frozen=True, slots=True)
class _Holder:
    """A container with ports of its own, or a socket."""

    ports: range
    address: str
    container: Container | None = None
    index: int = 0
    """Of the port among the container's."""
    listener: Listener | None = None

    @property
    def runs(self) -> bool:
        return self.container is None or self.container.state in RUNNING

    @property
    def who(self) -> str:
        if self.container is None:
            return "a process of the host"
        return f"the container {safe_text(container_key(self.container))}"

    @property
    def evidence(self) -> str:
        if self.listener:
            return safe_text(f"a socket on {listener_key(self.listener)}")
        assert self.container
        held = _subject(self.container.ports[self.index])
        return safe_text(f"container {container_key(self.container)} ({self.container.state})") + (
            f", {held}"
        )

    @property
    def where(self) -> Location:
        if self.listener:
            return on_host("listeners", listener_key(self.listener))
        assert self.container
        return on_host("containers", container_key(self.container), "ports", self.index)


class _Sockets:
    """Who has which ports of the host, found without a look at all of them each time."""

    def __init__(self, facts: HostFacts) -> None:
        self._containers: dict[str, list[_Holder]] = {}
        self._listeners: dict[str, list[_Holder]] = {}
        self._busy: dict[tuple[str, str], set[int]] = {}
        if isinstance(facts.containers, Known):
            for container in facts.containers.value:
                for index, port in enumerate(container.ports):
                    if port.host_port:
                        holder = _Holder(_span(port), port.host_ip, container, index)
                        self._containers.setdefault(port.protocol, []).append(holder)
        if isinstance(facts.listeners, Known):
            for listener in facts.listeners.value:
                ports = range(listener.port, listener.port + 1)
                holder = _Holder(ports, listener.address, listener=listener)
                self._listeners.setdefault(listener.protocol, []).append(holder)
        for holders in (*self._containers.values(), *self._listeners.values()):
            holders.sort(key=_first)

    def containers(self, mapping: PortMapping) -> list[_Holder]:
        """Those that publish some of the ports, whether they run or not."""
        return self._among(self._containers, mapping)

    def processes(self, mapping: PortMapping, running: Iterable[_Holder]) -> list[_Holder]:
        """Sockets, but those that `running` containers are known to have."""
        known = _merged(holder.ports for holder in running)
        return [
            holder
            for holder in self._among(self._listeners, mapping)
            if not _within(holder.ports.start, known)
        ]

    def busy(self, mapping: PortMapping) -> set[int]:
        """The ports that somebody has, runs or not, where `mapping` would have its own."""
        key = mapping.protocol, mapping.host_ip
        if key not in self._busy:
            everywhere = PortMapping(
                host_ip=mapping.host_ip, host_port=1, range=LARGEST, protocol=mapping.protocol
            )
            holders = self._among(self._containers, everywhere)
            holders += self._among(self._listeners, everywhere)
            self._busy[key] = {
                port for run in _merged(holder.ports for holder in holders) for port in run
            }
        return self._busy[key]

    def _among(self, table: dict[str, list[_Holder]], mapping: PortMapping) -> list[_Holder]:
        span = _span(mapping)
        holders = table.get(mapping.protocol, [])
        return [
            holder
            for holder in holders[: bisect_left(holders, span.stop, key=_first)]
            if holder.ports.stop > span.start and overlap(holder.address, mapping.host_ip)
        ]


class _Bound:
    """The mappings that come before one, found without a look at all of them each time."""

    def __init__(self) -> None:
        self._mappings: list[PortMapping] = []
        self._longest = 0

    def __bool__(self) -> bool:
        return bool(self._mappings)

    def add(self, mapping: PortMapping) -> None:
        insort(self._mappings, mapping, key=_start)
        self._longest = max(self._longest, len(_span(mapping)))

    def twin(self, mapping: PortMapping) -> PortMapping | None:
        """One that wants some of the same ports."""
        span = _span(mapping)
        start = bisect_right(self._mappings, span.start - self._longest, key=_start)
        end = bisect_left(self._mappings, span.stop, key=_start)
        near = self._mappings[start:end]
        return next((one for one in near if _clash(one, mapping)), None)


def _taken(
    case: Case, sockets: _Sockets, mappings: tuple[PortMapping, ...], index: int
) -> Iterator[Conflict]:
    mapping = mappings[index]
    holders = sockets.containers(mapping)
    running = [holder for holder in holders if holder.runs]
    running += sockets.processes(mapping, running)
    found = running or holders
    if not found:
        return
    who = some(list(dict.fromkeys(holder.who for holder in found)), rest="others")
    evidence = [holder.evidence for holder in found[:SHOWN]]
    where = dict.fromkeys(holder.where for holder in found[:MARKED])
    ports = _ports(mapping, (holder.ports for holder in found))
    if running:
        title, detail = f"{ports} taken by {who}", "Publish another port, or free this one."
    else:
        title = f"{ports} published by {who}, not running"
        detail = "Nothing is in the way now; they cannot run side by side."
    yield Conflict(
        "port-in-use",
        Severity.BLOCKER if running else Severity.NOTE,
        title,
        detail,
        subject=_subject(mapping),
        where=(*_place(case, index), *where),
        evidence=Evidence(
            archive=safe_text(spec(mapping)),
            host=some(evidence, len(found), between="; "),
        ),
        remedies=tuple(_next_port(sockets, mappings, index)) if running else (),
    )


def _twice(
    case: Case,
    sockets: _Sockets,
    mappings: tuple[PortMapping, ...],
    index: int,
    twin: PortMapping,
) -> Conflict:
    mapping = mappings[index]
    return Conflict(
        "port-in-use",
        Severity.BLOCKER,
        f"Port {_subject(mapping)} is published twice",
        "The container itself has it already. Publish another port.",
        subject=spec(mapping),
        where=_place(case, index),
        evidence=Evidence(archive=safe_text(f"{spec(twin)} and {spec(mapping)}")),
        remedies=tuple(_next_port(sockets, mappings, index)),
    )


def _place(case: Case, index: int) -> tuple[Location, ...]:
    if case.options.publish:
        return ()
    key = "portMappings" if case.checkpoint.config.legacy_ports else "newPortMappings"
    return (case.at(CONFIG, key, index),)


def _subject(mapping: PortMapping | PublishedPort) -> str:
    """The host's side of the mapping with its protocol: `127.0.0.1:8000-8010/tcp`."""
    return safe_text(f"{host_side(mapping)}/{mapping.protocol}")


def _ports(mapping: PortMapping, taken: Iterable[range]) -> str:
    """`Port 80/tcp is`, or which of many: `80-82, 90 of the ports 80-99/tcp are`."""
    if mapping.range <= 1:
        return f"Port {_subject(mapping)} is"
    runs = [_common(run, _span(mapping)) for run in _merged(taken)]
    numbers = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    return f"{some(numbers)} of the ports {_subject(mapping)} are"


def _start(mapping: PortMapping) -> int:
    return mapping.host_port


def _first(holder: _Holder) -> int:
    return holder.ports.start


def _merged(spans: Iterable[range]) -> list[range]:
    """The same ports in order, those that touch made one."""
    merged: list[range] = []
    for span in sorted(spans, key=lambda span: span.start):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = range(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged


def _within(port: int, merged: list[range]) -> bool:
    at = bisect_right(merged, port, key=lambda span: span.start)
    return at > 0 and port < merged[at - 1].stop


def _span(mapping: PortMapping | PublishedPort) -> range:
    """The mapping's ports on the host."""
    return range(mapping.host_port, mapping.host_port + max(mapping.range, 1))


def _common(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))


def _clash(one: PortMapping | PublishedPort, other: PortMapping | PublishedPort) -> bool:
    return (
        one.host_port != 0 != other.host_port
        and one.host_port < other.host_port + max(other.range, 1)
        and other.host_port < one.host_port + max(one.range, 1)
        and one.protocol == other.protocol
        and overlap(one.host_ip, other.host_ip)
    )


def overlap(one: str, other: str) -> bool:
    """Whether sockets on both addresses get in each other's way.

    Without an address Podman binds IPv4 alone; a socket on `::` may serve IPv4 as well.
    """
    first, second = _address(one), _address(other)
    if first is None or second is None:
        return one == other
    if first == second or "::" in (str(first), str(second)):
        return True
    return first.version == second.version and (first.is_unspecified or second.is_unspecified)


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(text or "0.0.0.0")
    except ValueError:
        return None
    return (ip.ipv4_mapped if isinstance(ip, IPv6Address) else None) or ip


def _next_port(
    sockets: _Sockets, mappings: tuple[PortMapping, ...], index: int
) -> Iterator[Remedy]:
    """All ports again, with the next free ones for the mapping at `index`."""
    mapping = mappings[index]
    own = _merged(
        _span(other)
        for at, other in enumerate(mappings)
        if at != index and other.host_port and other.protocol == mapping.protocol
    )
    busy = sockets.busy(mapping)
    above = range(mapping.host_port + 1, LARGEST + 1)
    below = range(1024, min(mapping.host_port, LARGEST + 1))
    start = _gap(busy, own, above, mapping.range) or _gap(busy, own, below, mapping.range)
    if start is None:
        return
    moved = replace(mapping, host_port=start)
    publish = tuple(spec(moved if at == index else other) for at, other in enumerate(mappings))
    yield Remedy("next-port", f"publish {_subject(moved)} instead", options={"publish": publish})


def _gap(busy: set[int], own: list[range], ports: range, length: int) -> int | None:
    """The first of `length` ports in a row that nobody has."""
    start = ports.start
    if length > len(ports):
        return None
    for port in ports:
        if port in busy or _within(port, own):
            start = port + 1
        elif port - start + 1 >= length:
            return start
    return None
