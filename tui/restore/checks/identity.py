"""Checks of the container's name and ID."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.document import container_key
from tui.host.facts import Container, Known, Unknown
from tui.restore.checks.names import NAME, free_name
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.text import safe_text


@check("id-in-use", Severity.BLOCKER, "A container with the archive's ID exists")
def id_in_use(case: Case) -> Iterator[Conflict]:
    """Without a new name the container gets its old ID back, and the host has one with that ID.

    Often it is the original, or what an earlier failed restore left behind. Podman fails: `that
    ID is already in use`. Give the restored container a new name (it gets a new ID with it), or
    remove the one that is there.
    """
    config, containers = case.checkpoint.config, case.facts.containers
    if case.options.name or not config.id:
        return
    where = case.at(CONFIG, "id")
    if isinstance(containers, Unknown):
        reason = containers.reason
        yield unchecked("id-in-use", "the host's containers", reason, where, on_host("containers"))
        return
    found = next((found for found in containers.value if found.id == config.id), None)
    if found:
        yield Conflict(
            "id-in-use",
            Severity.BLOCKER,
            f"A container with this ID exists: {safe_text(found.name)} ({safe_text(found.state)})",
            "Choose a new name, which brings a new ID, or remove that container.",
            subject=config.id,
            where=(where, on_host("containers", container_key(found))),
            evidence=Evidence(archive=f"ID {safe_text(config.id[:12])}", host=_describe(found)),
            remedies=(*_new_name(case), *_remove(found)),
        )


@check("name-in-use", Severity.BLOCKER, "The name is taken")
def name_in_use(case: Case) -> Iterator[Conflict]:
    """Another container, of Podman or only of its storage, or a pod has the name.

    Podman fails after it has pulled the image: `the container name … is already in use`. Choose
    another name, or remove the container.
    """
    config, facts = case.checkpoint.config, case.facts
    name = case.options.name or config.name
    if not name:
        return
    where = case.at(CONFIG, "name")
    if isinstance(facts.containers, Unknown):
        if case.options.name:  # otherwise the check of the ID has said it
            reason = facts.containers.reason
            yield unchecked("name-in-use", "the name", reason, where, on_host("containers"))
        return
    for found in facts.containers.value:
        if found.name == name and (case.options.name or found.id != config.id):
            yield Conflict(
                "name-in-use",
                Severity.BLOCKER,
                f"The name {safe_text(name)} is taken by a container",
                "Choose another name, or remove that container.",
                subject=name,
                where=(where, on_host("containers", container_key(found))),
                evidence=Evidence(archive=f"name {safe_text(name)}", host=_describe(found)),
                remedies=(*_new_name(case), *_remove(found)),
            )
            return
    if isinstance(facts.pods, Unknown):
        yield unchecked("name-in-use", "the name", facts.pods.reason, where, on_host("pods"))
    elif any(pod.name == name for pod in facts.pods.value):
        yield Conflict(
            "name-in-use",
            Severity.BLOCKER,
            f"The name {safe_text(name)} is taken by a pod",
            "Containers and pods share their names. Choose another one.",
            subject=name,
            where=(where, on_host("pods", name)),
            evidence=Evidence(archive=f"name {safe_text(name)}", host=f"pod {safe_text(name)}"),
            remedies=tuple(_new_name(case)),
        )


@check("name-invalid", Severity.WARNING, "The name breaks Podman's rule for names")
def name_invalid(case: Case) -> Iterator[Conflict]:
    """The name is one that `podman run` would refuse; restoring does not look at it and works.

    Names begin with a letter or digit and go on with letters, digits, `_`, `.` and `-`. The
    restored container runs, but other commands may trip over its name. Choose another one.
    """
    name = case.options.name or case.checkpoint.config.name
    if name and not NAME.fullmatch(name):
        yield Conflict(
            "name-invalid",
            Severity.WARNING,
            f"{safe_text(name)} is a name that podman run would refuse",
            "The restore works, but other commands may refuse the name. Allowed are letters,"
            " digits, _ . and -, the first a letter or digit.",
            subject=name,
            where=(case.at(CONFIG, "name"),),
            evidence=Evidence(archive=f"name {safe_text(name)}"),
            remedies=tuple(_new_name(case)),
        )


def _new_name(case: Case) -> Iterator[Remedy]:
    if isinstance(case.facts.containers, Known):
        name = free_name(case.options.name or case.checkpoint.config.name, case.facts)
        yield Remedy("new-name", f"call it {name}", options={"name": name})


def _remove(found: Container) -> Iterator[Remedy]:
    if not found.infra:  # it goes with its pod only
        yield Remedy(
            "remove-container",
            f"remove the container {safe_text(container_key(found))}",
            commands=(("podman", "rm", "--storage" if found.external else "--force", found.id),),
            removes=safe_text(f"container {container_key(found)} ({found.state})"),
        )


def _describe(found: Container) -> str:
    return safe_text(f"container {found.name}, {found.state}, ID {found.id[:12]}")
