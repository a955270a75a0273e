"""Checks of pods: whether the container needs one, and whether the chosen one fits."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Known, Pod, Unknown
from tui.restore.checks.names import free_name
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.restore.pods import chosen_pod, shared_namespaces, suitable_pods
from tui.restore.remedies import NO_POD
from tui.text import safe_text


@check("pod-required", Severity.BLOCKER, "The container belonged to a pod, and none is chosen")
def required(case: Case) -> Iterator[Conflict]:
    """The container was a member of a pod and shares namespaces with the pod's infra container.

    Podman refuses: `cannot restore pod container without --pod`. Choose a pod of this host that
    shares at least the same namespaces (`--pod`), or create one.
    """
    config = case.checkpoint.config
    if config.pod and not case.options.pod:
        shared = ", ".join(namespace.name for namespace in shared_namespaces(config))
        yield Conflict(
            "pod-required",
            Severity.BLOCKER,
            "The container belonged to a pod: choose one",
            f"It shared {shared or 'no namespace'} with its pod. Podman restores it only into a"
            " pod that shares them too.",
            where=(case.at(CONFIG, "pod"),),
            evidence=Evidence(
                archive=f"pod {safe_text(config.pod[:12])}, sharing {shared or 'nothing'}"
            ),
            remedies=tuple(_pod_remedies(case)),
        )


@check("pod-forbidden", Severity.BLOCKER, "The container belonged to no pod, and one is chosen")
def forbidden(case: Case) -> Iterator[Conflict]:
    """The container was in no pod, and `--pod` was given.

    Podman refuses: `cannot restore non pod container into pod`. Restore it without a pod.
    """
    if case.options.pod and not case.checkpoint.config.pod:
        yield Conflict(
            "pod-forbidden",
            Severity.BLOCKER,
            "The container belonged to no pod",
            "Podman restores it only without --pod.",
            where=(case.at(CONFIG, "pod"),),
            evidence=Evidence(archive="no pod", host=f"--pod {safe_text(case.options.pod)}"),
            remedies=(NO_POD,),
        )


@check("dependencies", Severity.BLOCKER, "The container depends on other containers")
def dependencies(case: Case) -> Iterator[Conflict]:
    """The container joined namespaces or volumes of another container that is not its pod's.

    Podman refuses: `cannot import checkpoints of containers with dependencies`. Nothing on this
    host can help; the container must be made without the dependency and checkpointed again.
    """
    needed = case.checkpoint.config.dependencies or ()
    if needed:
        yield Conflict(
            "dependencies",
            Severity.BLOCKER,
            "The container depends on other containers",
            "Podman never imports such a checkpoint.",
            where=(case.at(CONFIG, "Dependencies"),),
            evidence=Evidence(archive=safe_text(", ".join(name[:12] for name in needed))),
        )


@check("pod-not-found", Severity.BLOCKER, "The chosen pod does not exist")
def not_found(case: Case) -> Iterator[Conflict]:
    """No pod of this host has the name or ID that was given with `--pod`.

    Podman refuses, and names the pod that the archive came from instead of the one you gave.
    Choose a pod that is there, or create it.
    """
    if not case.options.pod or not case.checkpoint.config.pod:
        return
    if isinstance(case.facts.pods, Unknown):
        yield unchecked("pod-not-found", "the pod", case.facts.pods.reason, on_host("pods"))
    elif chosen_pod(case.facts, case.options.pod) is None:
        names = ", ".join(pod.name for pod in case.facts.pods.value) or "none"
        yield Conflict(
            "pod-not-found",
            Severity.BLOCKER,
            f"There is no pod {safe_text(case.options.pod)}",
            "Choose a pod of this host, or create one.",
            subject=case.options.pod,
            where=(case.at(CONFIG, "pod"), on_host("pods")),
            evidence=Evidence(host=safe_text(f"pods: {names}")),
            remedies=tuple(_pod_remedies(case)),
        )


@check("pod-without-infra", Severity.BLOCKER, "The chosen pod has no infra container")
def without_infra(case: Case) -> Iterator[Conflict]:
    """The pod was created with `--infra=false`, so nothing holds its namespaces.

    Podman refuses: `cannot retrieve infra container from pod`. Choose another pod.
    """
    pod = _pod(case)
    if pod and not pod.infra:
        yield Conflict(
            "pod-without-infra",
            Severity.BLOCKER,
            f"Pod {safe_text(pod.name)} has no infra container",
            "There is nothing that the restored container could share namespaces with.",
            subject=pod.name,
            where=(case.at(CONFIG, "pod"), on_host("pods", pod.name, "infra")),
            evidence=Evidence(host="no infra container"),
            remedies=tuple(_pod_remedies(case)),
        )


@check("namespace-not-shared", Severity.BLOCKER, "The chosen pod does not share a namespace")
def not_shared(case: Case) -> Iterator[Conflict]:
    """The container shared a namespace with its old pod that the chosen pod does not share.

    Podman refuses, for the first of ipc, net, pid, uts and cgroup that is missing; podthaw names
    each. Choose a pod that shares them all, or create one with `podman pod create --share`.
    """
    pod = _pod(case)
    if not pod or not pod.infra:
        return
    for namespace in shared_namespaces(case.checkpoint.config):
        if namespace.name not in pod.shared:
            yield Conflict(
                "namespace-not-shared",
                Severity.BLOCKER,
                f"Pod {safe_text(pod.name)} does not share the {namespace.word} namespace",
                "The container shared it with its old pod, and CRIU needs it again.",
                subject=namespace.name,
                where=(
                    case.at(CONFIG, namespace.key),
                    on_host("pods", pod.name, "shared"),
                ),
                evidence=Evidence(
                    archive=f"{namespace.key} is set",
                    host=safe_text(f"shares {', '.join(sorted(pod.shared)) or 'nothing'}"),
                ),
                remedies=tuple(_pod_remedies(case)),
            )


def _pod(case: Case) -> Pod | None:
    return chosen_pod(case.facts, case.options.pod) if case.checkpoint.config.pod else None


def _pod_remedies(case: Case) -> Iterator[Remedy]:
    config, facts = case.checkpoint.config, case.facts
    for pod in suitable_pods(config, facts):
        name = safe_text(pod.name)
        yield Remedy(f"pod:{pod.id}", f"restore into pod {name}", options={"pod": pod.name})
    if isinstance(facts.pods, Known):
        name = free_name(f"{config.name or 'restored'}-pod", facts)
        shared = ",".join(namespace.name for namespace in shared_namespaces(config)) or "none"
        yield Remedy(
            "create-pod",
            f"create the pod {name} with the namespaces that the container shares",
            commands=(("podman", "pod", "create", f"--share={shared}", f"--name={name}"),),
        )
