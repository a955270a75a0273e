"""Checks of the host's own abilities: Podman's privileges, CRIU and the OCI runtime."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Known, Unknown
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Severity
from tui.text import safe_text

OLDEST_CRIU = 31100
"""What Podman demands of CRIU (pkg/criu/criu.go, MinCriuVersion)."""

OLDEST_CRIU_FOR_PODS = 31600
"""What Podman demands of CRIU to restore into a pod (PodCriuVersion)."""


@check("rootless", Severity.BLOCKER, "Podman does not run as root")
def rootless(case: Case) -> Iterator[Conflict]:
    """Podman runs without root, and CRIU cannot restore a container then.

    Podman refuses: `restoring a container requires root`. Run podthaw as root, or give it a
    command prefix that becomes root, such as `--host-command 'sudo -n'`.
    """
    podman = case.facts.podman
    where = on_host("podman")
    if isinstance(podman, Unknown):
        yield unchecked("rootless", "Podman itself", podman.reason, where)
    elif podman.value.rootless:
        yield Conflict(
            "rootless",
            Severity.BLOCKER,
            "Podman does not run as root here",
            "Restoring needs root. Start podthaw with sudo, or use --host-command 'sudo -n'.",
            where=(on_host("podman", "rootless"),),
            evidence=Evidence(host="podman info says: rootless"),
        )


@check("criu-missing", Severity.BLOCKER, "CRIU is not installed")
def criu_missing(case: Case) -> Iterator[Conflict]:
    """The host has no `criu` program.

    Podman notices it only after it has pulled the image and made the container and its volumes.
    Install CRIU, in the package `criu` of most distributions.
    """
    criu = case.facts.criu
    where = on_host("criu")
    if isinstance(criu, Unknown):
        yield unchecked("criu-missing", "CRIU", criu.reason, where)
    elif criu.value is None:
        yield Conflict(
            "criu-missing",
            Severity.BLOCKER,
            "CRIU is not installed on this host",
            "Nothing can be restored without it. Install the package criu.",
            where=(where,),
            evidence=Evidence(host="criu: command not found"),
        )


@check("criu-too-old", Severity.BLOCKER, "CRIU is too old")
def criu_too_old(case: Case) -> Iterator[Conflict]:
    """Podman wants CRIU 3.11 or later, and 3.16 or later to restore into a pod.

    Podman refuses: `checkpoint/restore requires at least CRIU 31100` (or 31600). Update CRIU.
    """
    criu = case.facts.criu
    if isinstance(criu, Unknown) or criu.value is None:
        return
    oldest = OLDEST_CRIU_FOR_PODS if case.options.pod else OLDEST_CRIU
    if criu.value.version < oldest:
        yield Conflict(
            "criu-too-old",
            Severity.BLOCKER,
            f"CRIU {safe_text(criu.value.text)} is too old",
            f"Podman wants at least {oldest // 10000}.{oldest // 100 % 100}"
            f"{' to restore into a pod' if case.options.pod else ''}.",
            where=(on_host("criu", "version"),),
            evidence=Evidence(host=f"CRIU {criu.value.version}, at least {oldest} is needed"),
        )


@check("runtime-missing", Severity.BLOCKER, "The archive's OCI runtime is not installed")
def runtime_missing(case: Case) -> Iterator[Conflict]:
    """The container ran under an OCI runtime that this host's Podman does not know.

    Podman restores with the runtime that the archive names and fails without it. Install it.
    """
    runtime, name = case.facts.runtime, case.checkpoint.config.runtime
    where = (case.at(CONFIG, "runtime"), on_host("runtime"))
    if isinstance(runtime, Unknown):
        yield unchecked("runtime-missing", "the OCI runtime", runtime.reason, *where)
    elif runtime.value is None:
        yield Conflict(
            "runtime-missing",
            Severity.BLOCKER,
            f"The OCI runtime {safe_text(name)} is not installed"
            if name
            else "Podman has no OCI runtime",
            "Podman restores with the runtime that made the checkpoint. Install it.",
            subject=name,
            where=where,
            evidence=Evidence(archive=f"runtime {safe_text(name)}", host="not known to Podman"),
        )


@check("runtime-cannot-restore", Severity.BLOCKER, "The OCI runtime cannot restore")
def runtime_cannot_restore(case: Case) -> Iterator[Conflict]:
    """The runtime was built without CRIU: `RUNTIME checkpoint --help` fails.

    Podman says `configured runtime does not support checkpoint/restore`, after it has made the
    container. Install a runtime with CRIU support.
    """
    runtime = case.facts.runtime
    if isinstance(runtime, Known) and runtime.value and not runtime.value.restores:
        name = safe_text(runtime.value.name)
        yield Conflict(
            "runtime-cannot-restore",
            Severity.BLOCKER,
            f"{name} cannot restore containers",
            "It was built without CRIU. Install a build with it, or runc.",
            subject=runtime.value.name,
            where=(case.at(CONFIG, "runtime"), on_host("runtime", "restores")),
            evidence=Evidence(host=f"`{safe_text(runtime.value.path)} checkpoint --help` fails"),
        )


@check("runtime-cannot-restore-pods", Severity.BLOCKER, "The OCI runtime cannot restore into pods")
def runtime_cannot_restore_pods(case: Case) -> Iterator[Conflict]:
    """The runtime has no `--lsm-mount-context`, which Podman takes for support of pods.

    Podman refuses: `runtime … does not support pod restore`. crun can from 1.18 on (with Podman
    5.3 or later), runc from 1.1 on.
    """
    runtime = case.facts.runtime
    if not case.options.pod or not isinstance(runtime, Known) or not runtime.value:
        return
    if not runtime.value.restores_into_pods:
        yield Conflict(
            "runtime-cannot-restore-pods",
            Severity.BLOCKER,
            f"{safe_text(runtime.value.name)} cannot restore into pods",
            "Update it: crun 1.18 with Podman 5.3, or runc 1.1.",
            subject=runtime.value.name,
            where=(
                case.at(CONFIG, "runtime"),
                on_host("runtime", "restores_into_pods"),
            ),
            evidence=Evidence(host=safe_text(runtime.value.version)),
        )
