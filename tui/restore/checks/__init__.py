"""Every check that is made before a restore, a module for each family."""

from tui.restore.checks import (  # noqa: F401
    archive,
    criu,
    files,
    host,
    identity,
    image,
    leftovers,
    lifecycle,
    mounts,
    network,
    pod,
    ports,
    resources,
    security,
    volumes,
)
from tui.restore.checks.registry import REGISTERED, Case, Check

__all__ = ["CHECKS", "Case", "Check", "explain", "table"]

ORDER = (
    "archive-incomplete",
    "archive-ambiguous",
    "engine-unsupported",
    "import-needs-archive",
    "podman-missing",
    "runtime-missing",
    "rootless",
    "option-unknown",
    "tcp-established-with-name",
    "tcp-close-unsupported",
    "pod-required",
    "pod-forbidden",
    "dependencies",
    "volume-exists",
    "criu-missing",
    "criu-too-old",
    "runtime-cannot-restore",
    "runtime-cannot-restore-pods",
    "pod-not-found",
    "pod-without-infra",
    "namespace-not-shared",
    "port-invalid",
    "image-missing",
    "id-in-use",
    "name-in-use",
    "name-invalid",
    "image-id-differs",
    "network-missing",
    "locks-exhausted",
    "cgroup-manager-differs",
    "secret-missing",
    "ip-outside-subnet",
    "ip-in-use",
    "port-in-use",
    "volume-data-missing",
    "criu-check-failed",
    "criu-library-missing",
    "bind-source-missing",
    "pid-folder-missing",
    "volume-elsewhere",
    "mount-of-old-container",
    "bind-source-kind",
    "bind-source-link",
    "secret-mount",
    "overlay-mount",
    "volume-root-mode",
    "bind-source-mode",
    "device-missing",
    "host-network-port",
    "apparmor-profile-missing",
    "deleted-symlink",
    "file-differs",
    "volume-file-differs",
    "images-unreadable",
    "previous-checkpoint-required",
    "tcp-close-required",
    "gpu-plugin-missing",
    "architecture-differs",
    "cgroup-version-differs",
    "cgroup-left-behind",
    "external-mount-unmapped",
    "network-lock-tool-missing",
    "tcp-established",
    "lsm-differs",
    "cpu-features",
    "file-locks",
    "user-namespace",
    "disk-space",
    "memory",
    "restore-timeout",
    "mac-in-use",
    "port-keys-of-another-podman",
    "sdnotify",
    "autoremove",
    "health-check-timer",
    "systemd-unit",
    "terminal",
    "volume-driver",
)
"""The order in which Podman meets what the checks look for."""

CHECKS: dict[str, Check] = {code: REGISTERED[code] for code in ORDER}
"""Every check by its code, in that order."""


def explain(code: str) -> str:
    """The documentation of the check `code`.

    Raises KeyError when there is none.
    """
    check = CHECKS[code]
    return f"{check.code} ({check.severity}): {check.title}\n\n{check.documentation}"


def table() -> list[tuple[str, str, str]]:
    """Code, severity and title of every check."""
    return [(check.code, check.severity.value, check.title) for check in CHECKS.values()]
