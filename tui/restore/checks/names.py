"""Names that are free on the host, for the remedies that propose one."""

import re

from tui.host.facts import HostFacts, Known

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""Podman's rule for names (libpod/define/errors.go, RegexError)."""


def taken_names(facts: HostFacts) -> set[str]:
    """What containers and pods are called; they share their names."""
    containers, pods = facts.containers, facts.pods
    names = {found.name for found in containers.value} if isinstance(containers, Known) else set()
    return names | ({pod.name for pod in pods.value} if isinstance(pods, Known) else set())


def free_name(wanted: str, facts: HostFacts) -> str:
    """The valid name most like `wanted` that nothing on the host has."""
    taken = taken_names(facts)
    base = re.sub(r"[^a-zA-Z0-9_.-]+", "-", wanted).strip("_.-") or "restored"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    return name
