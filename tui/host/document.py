"""The facts about a host as one JSON document: `podthaw host --json`, and the Host tree.

    {"name", "simulated",
     "podman": {…}, "runtime": {…} | null, "criu": {…} | null,
     "containers": {NAME or ID: {…}}, "pods": {NAME: {…}}, "volumes": {NAME: {…}},
     "images": {ID: {…}}, "networks": {NAME: {…}}, "secrets": {NAME: {}},
     "listeners": {"ADDRESS:PORT/PROTOCOL": {…}}, "endpoints": {"NETWORK ADDRESS": {…}},
     "paths": {PATH: {…} | null}, "programs": {NAME: true | false},
     "apparmor_profiles": {NAME: {}}, "space": {PATH: BYTES}, "memory": BYTES,
     "cpu_flags": {NAME: {}}, "criu_plugins": {NAME: {}}, "cgroups": {PATH: true | false},
     "image_files": {PATH: {…}}}

A fact that could not be had is `{"unknown": REASON}`, with the reason as a string; null says that
the host has no such program, or nothing at a path. Lists are objects, so that a JSON pointer stays
right when something else comes or goes: `tui.text.pointer("volumes", "webdata")`.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from tui.host.facts import Container, Endpoint, Fact, HostFacts, Listener, Unknown

T = TypeVar("T")


def facts_json(facts: HostFacts) -> dict[str, Any]:
    """The document; strings in it come from the host as they are."""
    return {
        "name": facts.host,
        "simulated": facts.simulated,
        "podman": _fact(facts.podman, _plain),
        "runtime": _fact(facts.runtime, _plain),
        "criu": _fact(facts.criu, _plain),
        "containers": _fact(facts.containers, _keyed(container_key)),
        "pods": _fact(facts.pods, _keyed(lambda pod: pod.name)),
        "volumes": _fact(facts.volumes, _keyed(lambda volume: volume.name)),
        "images": _fact(facts.images, _keyed(lambda image: image.id)),
        "networks": _fact(facts.networks, _keyed(lambda network: network.name)),
        "secrets": _fact(facts.secrets, _names),
        "listeners": _fact(facts.listeners, _keyed(listener_key)),
        "endpoints": _fact(facts.endpoints, _keyed(endpoint_key)),
        "paths": _fact(facts.paths, _plain),
        "programs": _fact(facts.programs, _plain),
        "apparmor_profiles": _fact(facts.apparmor_profiles, _sorted_names),
        "space": _fact(facts.space, _plain),
        "memory": _fact(facts.memory, _plain),
        "cpu_flags": _fact(facts.cpu_flags, _sorted_names),
        "criu_plugins": _fact(facts.criu_plugins, _sorted_names),
        "cgroups": _fact(facts.cgroups, _plain),
        "image_files": _fact(facts.image_files, _plain),
    }


def container_key(container: Container) -> str:
    """The key of a container: its name, or its ID when the storage knows no name."""
    return container.name or container.id


def listener_key(listener: Listener) -> str:
    """The key of a socket: `127.0.0.1:80/tcp`, `[::]:53/udp`."""
    return f"{address_port(listener.address, listener.port)}/{listener.protocol}"


def address_port(address: str, port: int) -> str:
    """Both as people write them: `127.0.0.1:80`, `[::]:53`."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def endpoint_key(endpoint: Endpoint) -> str:
    """The key of an address: `backnet 10.99.0.42`, or the MAC where there is no IP."""
    return f"{endpoint.network} {endpoint.ip or endpoint.mac}"


def _fact(fact: Fact[T], show: Callable[[T], Any]) -> Any:
    return {"unknown": fact.reason} if isinstance(fact, Unknown) else show(fact.value)


def _keyed(key: Callable[[T], str]) -> Callable[[Iterable[T]], dict[str, Any]]:
    return lambda values: {key(value): _plain(value) for value in values}


def _names(names: Iterable[str]) -> dict[str, Any]:
    return {name: {} for name in names}


def _sorted_names(names: Iterable[str]) -> dict[str, Any]:
    return _names(sorted(names))


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value, order="deterministic")
