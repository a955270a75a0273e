"""Checks of what will not be as it was although the restore works."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG, SPEC
from tui.restore.checks.registry import Case, check
from tui.restore.conflict import Conflict, Evidence, Severity
from tui.text import safe_text

AUTOREMOVE = "io.podman.annotations.autoremove"

UNIT = "PODMAN_SYSTEMD_UNIT"
"""The label of containers that a systemd unit started."""

SOCKET = "NOTIFY_SOCKET="


@check("autoremove", Severity.NOTE, "The container removes itself when it ends")
def autoremove(case: Case) -> Iterator[Conflict]:
    """It was started with `--rm`, and Podman removes it once it ends.

    That holds for a restore that fails, too: the container goes with CRIU's log in it. podthaw
    reads the log while it is written.
    """
    if (case.checkpoint.spec.annotations or {}).get(AUTOREMOVE) == "TRUE":
        yield Conflict(
            "autoremove",
            Severity.NOTE,
            "The container removes itself when it ends (--rm)",
            "If the restore fails, CRIU's log goes with it.",
            where=(case.at(SPEC, "annotations", AUTOREMOVE),),
            evidence=Evidence(archive=f"{AUTOREMOVE}: TRUE"),
        )


@check("health-check-timer", Severity.NOTE, "Health checks do not run again by themselves")
def health_check_timer(case: Case) -> Iterator[Conflict]:
    """The container has a health check, and restoring does not set its timer.

    Podman sets the timer when a container starts, not when it is restored, so that the health
    stays as it was. `podman healthcheck run` checks once.
    """
    test = case.value(CONFIG, "healthcheck", "Test")
    if isinstance(test, list) and test and test[0] != "NONE":
        words = safe_text(" ".join(str(word) for word in test))
        yield Conflict(
            "health-check-timer",
            Severity.NOTE,
            "The health check will not run by itself",
            "Podman sets its timer only when a container starts. podman healthcheck run checks it.",
            where=(case.at(CONFIG, "healthcheck"),),
            evidence=Evidence(archive=words),
        )


@check("systemd-unit", Severity.NOTE, "A systemd unit started the container")
def systemd_unit(case: Case) -> Iterator[Conflict]:
    """The container belonged to a systemd unit (Quadlet or `podman generate systemd`).

    The restored one does not: systemd neither watches nor restarts it. A unit of the same name on
    this host may start a second container of that name, or remove this one. Stop the unit first.
    """
    unit = (case.checkpoint.config.labels or {}).get(UNIT, "")
    if unit:
        name = safe_text(unit)
        yield Conflict(
            "systemd-unit",
            Severity.NOTE,
            f"The systemd unit {name} will not know the restored container",
            "If this host has the unit, stop it first: it may replace or remove the container.",
            subject=unit,
            where=(case.at(CONFIG, "labels", UNIT),),
            evidence=Evidence(archive=f"{UNIT}={name}"),
        )


@check("terminal", Severity.NOTE, "The container has a terminal")
def terminal(case: Case) -> Iterator[Conflict]:
    """It was started with `--tty`, and is restored without anybody at its terminal.

    `podman attach` goes to the terminal afterwards.
    """
    if case.checkpoint.spec.process.terminal:
        yield Conflict(
            "terminal",
            Severity.NOTE,
            "The container has a terminal, and comes back detached",
            "podman attach goes there afterwards.",
            where=(case.at(SPEC, "process", "terminal"),),
            evidence=Evidence(archive="terminal: true"),
        )


@check("sdnotify", Severity.WARNING, "The container tells systemd about itself")
def sdnotify(case: Case) -> Iterator[Conflict]:
    """Its processes were given a socket to tell systemd that they are ready or alive.

    After the restore nobody listens there. Processes that tell their watchdog regularly may take
    the failure badly. Run the container outside of a unit, or expect it.
    """
    for index, entry in enumerate(case.checkpoint.spec.process.env or ()):
        if entry.startswith(SOCKET):
            yield Conflict(
                "sdnotify",
                Severity.WARNING,
                "Nobody will listen to what the container tells systemd",
                "The socket in its environment belonged to the unit that started it.",
                where=(case.at(SPEC, "process", "env", index),),
                evidence=Evidence(archive=safe_text(entry)),
            )
            return
