"""Checks of the container's name and ID."""

import re
from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Container, Known, Unknown
from tui.restore.checks.registry import Case, check, unchecked
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.text import pointer, safe_text

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""Podman's rule for names (libpod/define/errors.go, RegexError)."""


@check("id-in-use", Severity.BLOCKER, "A container with the archive's ID exists")
def id_in_use(case: Case) -> Iterator[Conflict]:
    """Without a new name the container gets its old ID back, and the host has one with that ID.

    Often it is the original, or what an earlier failed restore left behind. Podman fails: `that
    ID is already in use`. Give the restored container a new name (it gets a new ID with it), or
    remove the one that is there.
    """
    config, containers = case.checkpoint.config, case.facts.containers
    if case.options.name:
        return
    where = (Location(CONFIG, "/id"), Location("host", "/containers"))
    if isinstance(containers, Unknown):
        yield unchecked("id-in-use", "the host's containers", containers.reason, *where)
        return
    for found in containers.value:
        if found.id == config.id:
            yield Conflict(
                "id-in-use",
                Severity.BLOCKER,
                f"A container with this ID exists: {safe_text(found.name)} ({found.state})",
                "Choose a new name, which brings a new ID, or remove that container.",
                subject=config.id,
                where=(where[0], Location("host", pointer("containers", found.name))),
                evidence=Evidence(archive=f"id {config.id[:12]}", host=_describe(found)),
                remedies=(*_new_name(case), _remove(found)),
            )


@check("name-in-use", Severity.BLOCKER, "The name is taken")
def name_in_use(case: Case) -> Iterator[Conflict]:
    """Another container, of Podman or only of its storage, or a pod has the name.

    Podman fails after it has pulled the image: `the container name … is already in use`. Choose
    another name, or remove the container.
    """
    config, facts = case.checkpoint.config, case.facts
    name = case.options.name or config.name
    where = (Location(CONFIG, "/name"), Location("host", "/containers"))
    if isinstance(facts.containers, Unknown):
        if case.options.name:  # otherwise the check of the ID has said it
            yield unchecked("name-in-use", "the name", facts.containers.reason, *where)
        return
    for found in facts.containers.value:
        if found.name == name and not (found.id == config.id and not case.options.name):
            yield Conflict(
                "name-in-use",
                Severity.BLOCKER,
                f"The name {safe_text(name)} is taken by a container",
                "Choose another name, or remove that container.",
                subject=name,
                where=(where[0], Location("host", pointer("containers", found.name))),
                evidence=Evidence(archive=safe_text(name), host=_describe(found)),
                remedies=(*_new_name(case), _remove(found)),
            )
    if isinstance(facts.pods, Known) and any(pod.name == name for pod in facts.pods.value):
        yield Conflict(
            "name-in-use",
            Severity.BLOCKER,
            f"The name {safe_text(name)} is taken by a pod",
            "Containers and pods share their names. Choose another one.",
            subject=name,
            where=(where[0], Location("host", pointer("pods", name))),
            evidence=Evidence(archive=safe_text(name), host=f"pod {safe_text(name)}"),
            remedies=tuple(_new_name(case)),
        )


@check("name-invalid", Severity.WARNING, "The name breaks Podman's rule for names")
def name_invalid(case: Case) -> Iterator[Conflict]:
    """The name is one that `podman run` would refuse; restoring does not look at it and works.

    Names begin with a letter or digit and go on with letters, digits, `_`, `.` and `-`. The
    restored container runs, but other commands may trip over its name.
    """
    name = case.options.name or case.checkpoint.config.name
    if name and not NAME.fullmatch(name):
        yield Conflict(
            "name-invalid",
            Severity.WARNING,
            f"{safe_text(name)} is no name that Podman would give",
            "The restore works, but other commands may refuse the name. Allowed are letters,"
            " digits, _ . and -, the first a letter or digit.",
            subject=name,
            where=(Location(CONFIG, "/name"),),
            remedies=tuple(_new_name(case)),
        )


@check("tcp-established-with-name", Severity.BLOCKER, "--tcp-established goes with no new name")
def tcp_established_with_name(case: Case) -> Iterator[Conflict]:
    """Established TCP connections can be restored only for the same container.

    Podman refuses: `--tcp-established cannot be used with --name`. Close them (`--tcp-close`), or
    keep the name.
    """
    if case.options.tcp_established and case.options.name:
        yield Conflict(
            "tcp-established-with-name",
            Severity.BLOCKER,
            "Established connections cannot be restored under a new name",
            "Podman refuses --tcp-established together with --name.",
            remedies=(
                Remedy(
                    "close-connections",
                    "close the connections",
                    options={"tcp_established": False, "tcp_close": True},
                ),
                Remedy("keep-name", "keep the old name", options={"name": ""}),
            ),
        )


def free_name(case: Case) -> str:
    """A valid name that no container or pod of the host has."""
    containers, pods = case.facts.containers, case.facts.pods
    taken = {found.name for found in containers.value} if isinstance(containers, Known) else set()
    taken |= {pod.name for pod in pods.value} if isinstance(pods, Known) else set()
    wanted = case.options.name or case.checkpoint.config.name
    base = re.sub(r"[^a-zA-Z0-9_.-]+", "-", wanted).lstrip("_.-") or "restored"
    if base != wanted and base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def _new_name(case: Case) -> Iterator[Remedy]:
    if isinstance(case.facts.containers, Known):
        name = free_name(case)
        yield Remedy("new-name", f"call it {name}", options={"name": name})


def _remove(found: Container) -> Remedy:
    return Remedy(
        "remove-container",
        f"remove the container {found.name}",
        commands=(("podman", "rm", "--force", found.id),),
        removes=f"container {found.name} ({found.state})",
    )


def _describe(found: Container) -> str:
    return safe_text(f"container {found.name}, {found.state}, ID {found.id[:12]}")
