"""Names that are free on the host, for the remedies that propose one."""

import re

from tui.host.facts import HostFacts, known

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""Podman's rule for names (libpod/define/errors.go, RegexError)."""


def taken_names(facts: HostFacts) -> set[str]:
    """What containers and pods are called; they share their names."""
    containers, pods = known(facts.containers, ()), known(facts.pods, ())
    return {container.name for container in containers} | {pod.name for pod in pods}


def free_name(wanted: str, facts: HostFacts) -> str:
    """The valid name most like `wanted` that nothing on the host has."""
    taken = taken_names(facts)
    base = re.sub(r"[^a-zA-Z0-9_.-]+", "-", wanted).strip("_.-") or "restored"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
