"""Checks of what an earlier restore of the same container has left on the host."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Unknown, known
from tui.host.questions import cgroup_path
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.restore.pods import chosen_pod
from tui.text import plural, safe_text


@check("cgroup-left-behind", Severity.WARNING, "An earlier restore has left its cgroup")
def cgroup_left_behind(case: Case) -> Iterator[Conflict]:
    """There are cgroup folders with the container's ID, and Podman knows no such container.

    A restore that failed leaves them now and then, empty. With cgroups v1 the next one may fail of
    them: ``write to `devices.deny`: Invalid argument``. Remove them, each before the one it lies
    in, or give the container a new name: it gets a new ID with it. With cgroups v2 they are hardly
    ever in the way, and it is a note.

    Where processes are in them, something runs of which Podman does not know. Nothing is removed
    then: end the processes first, which the file `cgroup.procs` of each folder lists.
    """
    podman, cgroups = known(case.facts.podman, None), case.facts.cgroups
    cgroup = _cgroup(case)
    if not podman or not cgroup:
        return
    harmful = podman.cgroup_version == "v1"
    where = (case.at(CONFIG, "id"), on_host("cgroups"))
    if isinstance(cgroups, Unknown):
        if harmful:
            yield unchecked("cgroup-left-behind", "the host's cgroups", cgroups.reason, *where)
        return
    folders = [folder for folder in cgroups.value if f"{cgroup}/" in f"{folder}/"]
    busy = sum(cgroups.value[folder] for folder in folders)
    if not folders:
        return
    host = f"{cgroup} ({plural(len(folders), 'folder')}"
    yield Conflict(
        "cgroup-left-behind",
        Severity.WARNING if harmful or busy else Severity.NOTE,
        "Processes are in the cgroup of a container that Podman does not know"
        if busy
        else f"An earlier restore has left {plural(len(folders), 'empty cgroup folder')}",
        "End them first: something of an earlier restore still runs."
        if busy
        else "The OCI runtime may fail of them (write to devices.deny). Remove them."
        if harmful
        else "They are hardly ever in the way, and can be removed.",
        subject=cgroup,
        where=where,
        evidence=Evidence(
            archive=f"ID {case.checkpoint.config.id[:12]}",
            host=safe_text(f"{host}, processes in {busy})" if busy else f"{host})"),
        ),
        remedies=() if busy else (_remove(folders),),
    )


def _cgroup(case: Case) -> str:
    """The cgroup that the restored container would get; empty where another check has said more."""
    config, containers = case.checkpoint.config, known(case.facts.containers, None)
    if case.options.name or containers is None or any(one.id == config.id for one in containers):
        return ""
    pod = chosen_pod(case.facts, case.options.pod)
    parent = pod.cgroup_path if pod else config.cgroup_parent
    return cgroup_path(parent, config.id) if config.id and parent else ""


def _remove(folders: list[str]) -> Remedy:
    return Remedy(
        "remove-cgroup",
        "remove the empty cgroup folders",
        commands=(("rmdir", "--", *folders),),
        removes=plural(len(folders), "empty cgroup folder"),
    )
