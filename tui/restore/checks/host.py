"""Checks of the host's own abilities: Podman's privileges, CRIU and the OCI runtime."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Known, Missing, Unknown
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.restore.options import RestoreOptions, flag
from tui.text import safe_text

OLDEST_CRIU = 31100
"""What Podman demands of CRIU (pkg/criu/criu.go, MinCriuVersion)."""

OLDEST_CRIU_FOR_PODS = 31600
"""What Podman demands of CRIU to restore into a pod (PodCriuVersion)."""

ADDED = {
    "ignore_static_ip": (1, 5, 0),
    "ignore_rootfs": (1, 5, 0),
    "ignore_static_mac": (1, 7, 0),
    "ignore_volumes": (3, 0, 0),
    "import_previous": (3, 0, 0),
    "pod": (3, 3, 0),
    "publish": (3, 3, 0),
    "file_locks": (4, 0, 0),
    "print_stats": (4, 0, 0),
}
"""The first Podman with each option; `tcp_close` has a check of its own."""

LIBRARY = "libcriu.so.2"

_SLICE = ".slice"
"""How systemd's cgroups end, and nobody else's."""


@check("podman-missing", Severity.BLOCKER, "Podman is not installed")
def podman_missing(case: Case) -> Iterator[Conflict]:
    """The host has no `podman` program.

    Without it nothing can be restored, and nothing that only Podman knows can be checked: its
    containers, volumes, images and networks. Install Podman, in the package `podman` of most
    distributions; where it lies in another root or on another machine, give podthaw the way
    there with --host-command.
    """
    podman = case.facts.podman
    if isinstance(podman, Missing):
        yield Conflict(
            "podman-missing",
            Severity.BLOCKER,
            "Podman is not installed on this host",
            "Nothing can be restored without it, and what only it knows cannot be checked."
            " Install the package podman.",
            where=(on_host("podman"),),
            evidence=Evidence(host=safe_text(podman.reason)),
        )


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

    Podman refuses: `checkpoint/restore requires at least CRIU 31100` (which is 3.11; 31600 is
    3.16). Update CRIU.
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
    5.3 or later), runc from 1.1 on. Update the runtime.
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


@check("criu-check-failed", Severity.BLOCKER, "CRIU does not work on this host")
def criu_check_failed(case: Case) -> Iterator[Conflict]:
    """`criu check` failed: this CRIU and this kernel do not fit together.

    Where CRIU cannot even find out what the kernel can do, every restore fails at once, as CRIU
    3.17 does on Linux 6.18: `vdso: Unexpected rt vDSO area bounds`. Update CRIU. Where CRIU says
    that it `looks good but some kernel features are missing`, it is a warning: only containers that
    use such a feature fail.
    """
    criu, podman = case.facts.criu, case.facts.podman
    if isinstance(criu, Unknown) or criu.value is None or criu.value.works:
        return
    if isinstance(podman, Known) and podman.value.rootless:
        return  # CRIU does not get far without root, and that is said already
    partly = "looks good" in criu.value.check.lower()
    lines = [line.strip() for line in criu.value.check.splitlines() if line.strip()]
    telling = next((line for line in lines if "Error" in line), lines[0] if lines else "nothing")
    yield Conflict(
        "criu-check-failed",
        Severity.WARNING if partly else Severity.BLOCKER,
        "CRIU misses features of this kernel" if partly else "CRIU does not work on this host",
        f"`criu check` says: {safe_text(telling)}",
        where=(on_host("criu", "check"),),
        evidence=Evidence(host=safe_text(f"CRIU {criu.value.text}: {telling}")),
    )


@check("criu-library-missing", Severity.BLOCKER, "The OCI runtime does not find CRIU's library")
def criu_library_missing(case: Case) -> Iterator[Conflict]:
    """The runtime is crun, which loads libcriu.so.2 when it restores, and the host has none.

    crun's own help says nothing of it, and Podman does not look. The restore fails: ``could not
    load `libcriu.so.2` ``. Install it: the package is `libcriu2`, `criu-libs` or `libcriu`, and
    often not part of the package `criu`.
    """
    runtime = case.facts.runtime
    if isinstance(runtime, Known) and runtime.value and not runtime.value.finds_criu:
        name = safe_text(runtime.value.name)
        yield Conflict(
            "criu-library-missing",
            Severity.BLOCKER,
            f"{name} does not find {LIBRARY}",
            "Install CRIU's library: libcriu2 or criu-libs.",
            subject=runtime.value.name,
            where=(case.at(CONFIG, "runtime"), on_host("runtime", "finds_criu")),
            evidence=Evidence(host=f"no {LIBRARY} among the host's libraries"),
        )


@check("cgroup-manager-differs", Severity.BLOCKER, "The cgroup's name does not fit the manager")
def cgroup_manager_differs(case: Case) -> Iterator[Conflict]:
    """The archive's cgroup parent has a name that this host's cgroup manager does not accept.

    With systemd it must end in `.slice`, with cgroupfs it must not. Podman fails: `did not receive
    systemd slice as cgroup parent when using systemd to manage cgroups`, or `systemd slice received
    as cgroup parent when using cgroupfs`. Restore with the other manager (`--cgroup-manager`).
    A container in a pod gets the pod's cgroup.
    """
    podman, config = case.facts.podman, case.checkpoint.config
    parent = config.cgroup_parent
    if isinstance(podman, Unknown) or config.pod or not parent:
        return
    manager = case.options.cgroup_manager or podman.value.cgroup_manager
    fitting = "systemd" if parent.endswith(_SLICE) else "cgroupfs"
    if manager not in ("systemd", "cgroupfs") or manager == fitting:
        return
    yield Conflict(
        "cgroup-manager-differs",
        Severity.BLOCKER,
        f"The cgroup {safe_text(parent)} does not fit the manager {manager}",
        f"The container was made with {fitting}. Restore it with that manager.",
        where=(case.at(CONFIG, "cgroupParent"), on_host("podman", "cgroup_manager")),
        evidence=Evidence(
            archive=safe_text(f"cgroup parent {parent}"), host=f"cgroup manager {manager}"
        ),
        remedies=(
            Remedy(
                "cgroup-manager",
                f"restore with the cgroup manager {fitting}",
                options={"cgroup_manager": fitting},
            ),
        ),
    )


@check("option-unknown", Severity.BLOCKER, "This Podman has no such option")
def option_unknown(case: Case) -> Iterator[Conflict]:
    """An option was chosen that the host's Podman is too old for.

    Podman refuses: `unknown flag`. Do without the option, or update Podman.
    """
    if isinstance(case.facts.podman, Unknown):
        return
    version, text = case.podman_version, safe_text(case.facts.podman.value.text)
    for name, added in ADDED.items():
        chosen, default = getattr(case.options, name), getattr(RestoreOptions(), name)
        if chosen == default or version >= added:
            continue
        yield Conflict(
            "option-unknown",
            Severity.BLOCKER,
            f"Podman {text} has no {flag(name)}",
            f"It came with Podman {added[0]}.{added[1]}.",
            subject=name,
            where=(on_host("podman", "version"),),
            evidence=Evidence(archive=flag(name), host=f"Podman {text}"),
            remedies=(Remedy("without", f"restore without {flag(name)}", options={name: default}),),
        )
