"""What Podman changes in the archive's documents before it restores them.

Mirrors `CRImportCheckpoint` (Podman, pkg/checkpoint/checkpoint_restore.go): Podman does the work,
and podthaw shows it beforehand and compares afterwards.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import msgspec

from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.host.facts import HostFacts, Pod
from tui.restore.options import RestoreOptions
from tui.restore.pods import chosen_pod, shared_namespaces
from tui.restore.ports import PortError, parse
from tui.text import pointer

SANDBOX = "io.kubernetes.cri-o.SandboxID"
"""The annotation that names the pod."""

POD_BY_ID = (5, 2, 0)
"""The first Podman that stores the pod's ID instead of what was typed."""

NEW_PORTS = (4, 0, 0)
"""The first Podman with `newPortMappings`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that will be another one."""

    document: str
    pointer: str
    """A JSON pointer (RFC 6901)."""
    before: Json
    """None where there is nothing yet."""
    after: Json


def changes(
    checkpoint: Checkpoint,
    facts: HostFacts,
    options: RestoreOptions,
    version: tuple[int, int, int],
) -> tuple[Change, ...]:
    """Every change that a Podman of `version` makes, in its order; values that stay are left out.

    An option that Podman would refuse changes nothing; it is a conflict instead.
    """
    wanted = [
        *_name(options),
        *_pod(checkpoint, chosen_pod(facts, options.pod), options.pod, version),
        *_ports(options, version),
    ]
    made = []
    for document, place, after in wanted:
        before = _value(checkpoint.documents.get(document), place)
        if before != after:
            made.append(Change(document, pointer(*place), before, after))
    return tuple(made)


def rewritten(documents: dict[str, Json], made: tuple[Change, ...]) -> dict[str, Json]:
    """`documents` with the changes made."""
    result = deepcopy(documents)
    for change in made:
        *folders, key = _parts(change.pointer)
        place = result[change.document]
        for folder in folders:
            place = place[int(folder)] if isinstance(place, list) else place.setdefault(folder, {})
        place[int(key) if isinstance(place, list) else key] = change.after
    return result


Place = tuple[str | int, ...]
Wanted = Iterator[tuple[str, Place, Json]]


def _name(options: RestoreOptions) -> Wanted:
    if options.name:
        yield CONFIG, ("id",), ""
        yield CONFIG, ("name",), options.name


def _pod(
    checkpoint: Checkpoint, pod: Pod | None, typed: str, version: tuple[int, int, int]
) -> Wanted:
    config = checkpoint.config
    if pod is None or not pod.infra or not config.pod:
        return
    shared = shared_namespaces(config)
    if any(namespace.name not in pod.shared for namespace in shared):
        return
    stored = pod.id if version >= POD_BY_ID else typed
    yield CONFIG, ("pod",), stored
    for namespace in shared:
        yield CONFIG, (namespace.key,), pod.infra
    yield CONFIG, ("MountLabel",), pod.infra_mount_label
    yield CONFIG, ("ProcessLabel",), pod.infra_process_label
    yield CONFIG, ("cgroupParent",), pod.cgroup_path
    old = (checkpoint.spec.annotations or {}).get(SANDBOX, "")
    yield SPEC, ("annotations", SANDBOX), stored
    for index, word in enumerate(config.create_command or ()):
        if word == old:
            yield CONFIG, ("CreateCommand", index), stored


def _ports(options: RestoreOptions, version: tuple[int, int, int]) -> Wanted:
    if not options.publish:
        return
    try:
        mappings = parse(options.publish)
    except PortError:
        return
    if version >= NEW_PORTS:
        yield CONFIG, ("newPortMappings",), msgspec.to_builtins(list(mappings))
    else:
        yield (
            CONFIG,
            ("portMappings",),
            [
                {
                    "hostPort": mapping.host_port + more,
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
        match document:
            case dict():
                document = document.get(key)
            case list() if isinstance(key, int) and key < len(document):
                document = document[key]
            case _:
                return None
    return document


def _parts(text: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]
