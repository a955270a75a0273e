"""What Podman changes in the archive's documents before it restores them.

Mirrors `CRImportCheckpoint` (Podman, pkg/checkpoint/checkpoint_restore.go): Podman does the work,
and podthaw shows it beforehand and compares afterwards.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import msgspec

from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.checkpoint.secrets import redacted, variables
from tui.host.facts import HostFacts, Pod
from tui.restore.conflict import existing
from tui.restore.options import RestoreOptions
from tui.restore.pods import chosen_pod, shared_namespaces
from tui.restore.ports import PortError, parse
from tui.text import Redactor, pointer, steps

Version = tuple[int, int, int]

SANDBOX = "io.kubernetes.cri-o.SandboxID"
"""The annotation that names the pod, or its infra container."""

NEW_PORTS = (4, 0, 0)
"""The first Podman with `newPortMappings` and `newNetworks`."""

ORDERED_NETWORKS = (6, 0, 0)
"""The first Podman with `orderedNetworks`, and without `staticIP` and `staticMAC`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that will be another one."""

    document: str
    pointer: str
    """A JSON pointer (RFC 6901)."""
    before: Json
    """None where there is nothing yet."""
    after: Json
    """None where there will be nothing."""


def change_documents(checkpoint: Checkpoint, changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """`changes` as JSON, with the values of environment variables masked."""
    redact = Redactor(variables(checkpoint))
    return [
        {
            "document": change.document,
            "pointer": change.pointer,
            "before": redacted(change.before, redact),
            "after": redacted(change.after, redact),
        }
        for change in changes
    ]


def changes(
    checkpoint: Checkpoint, facts: HostFacts, options: RestoreOptions, version: Version
) -> tuple[Change, ...]:
    """Every change that a Podman of `version` makes, in its order; values that stay are left out.

    An option that Podman would refuse changes nothing; it is a conflict instead. The pod's ID
    stands where Podman before 5.2 puts what was typed: podthaw passes the ID.
    """
    wanted = [
        *_name(options),
        *_pod(checkpoint, chosen_pod(facts, options.pod), version),
        *_ports(options, version),
    ]
    made = []
    for name, place, after in wanted:
        document = checkpoint.documents.get(name)
        there = existing(document, place)
        before = _value(document, there) if len(there) == len(place) else None
        if before != after and (before or after):  # for Podman, absent and empty are the same
            made.append(Change(name, pointer(*there, *place[len(there) :]), before, after))
    return tuple(made)


def rewritten(documents: dict[str, Json], made: tuple[Change, ...]) -> dict[str, Json]:
    """`documents` with the changes made."""
    result = deepcopy(documents)
    for change in made:
        *folders, key = steps(change.pointer)
        place = result[change.document]
        for folder in folders:
            if isinstance(place, dict) and place.get(folder) is None:
                place[folder] = {}
            place = place[int(folder)] if isinstance(place, list) else place[folder]
        if isinstance(place, list):
            place[int(key)] = change.after
        elif change.after is None:
            place.pop(key, None)
        else:
            place[key] = change.after
    return result


Place = tuple[str | int, ...]
Wanted = Iterator[tuple[str, Place, Json]]


def _name(options: RestoreOptions) -> Wanted:
    if options.name:
        yield CONFIG, ("id",), ""
        yield CONFIG, ("name",), options.name


def _pod(checkpoint: Checkpoint, pod: Pod | None, version: Version) -> Wanted:
    config = checkpoint.config
    if pod is None or not pod.infra or not config.pod:
        return
    shared = shared_namespaces(config)
    if any(namespace.name not in pod.shared for namespace in shared):
        return
    yield CONFIG, ("pod",), pod.id
    for namespace in shared:
        yield CONFIG, (namespace.key,), pod.infra
        if namespace.name == "net":
            yield from _without_addresses(checkpoint, version)
    yield CONFIG, ("MountLabel",), pod.infra_mount_label
    yield CONFIG, ("ProcessLabel",), pod.infra_process_label
    yield CONFIG, ("cgroupParent",), pod.cgroup_path
    old = (checkpoint.spec.annotations or {}).get(SANDBOX, "")
    yield SPEC, ("annotations", SANDBOX), pod.id
    for index, word in enumerate(config.create_command or ()):
        if word == old:
            yield CONFIG, ("CreateCommand", index), pod.id


def _without_addresses(checkpoint: Checkpoint, version: Version) -> Wanted:
    """Who joins the pod's network has no addresses of its own."""
    if version < NEW_PORTS:
        return
    key = "newNetworks" if version < ORDERED_NETWORKS else "orderedNetworks"
    document = checkpoint.documents.get(CONFIG)
    there = existing(document, (key,))
    networks = (_value(document, there) if there else None) or ()
    for name in networks if isinstance(networks, dict) else range(len(networks)):
        yield CONFIG, (key, name, "static_ips"), None
        yield CONFIG, (key, name, "static_mac"), None
    if version < ORDERED_NETWORKS:
        yield CONFIG, ("staticIP",), None
        yield CONFIG, ("staticMAC",), None


def _ports(options: RestoreOptions, version: Version) -> Wanted:
    try:
        mappings = parse(options.publish)
    except PortError:
        return
    if not mappings:
        return
    if version >= NEW_PORTS:
        yield CONFIG, ("newPortMappings",), msgspec.to_builtins(list(mappings))
    else:
        yield (
            CONFIG,
            ("portMappings",),
            [
                {
                    "hostPort": mapping.host_port + more if mapping.host_port else 0,
                    "containerPort": mapping.container_port + more,
                    "protocol": mapping.protocol,
                    "hostIP": mapping.host_ip,
                }
                for mapping in mappings
                for more in range(mapping.range)
            ],
        )


def _value(document: Json, place: Place) -> Json:
    for key in place:
        document = document[key]
    return document
