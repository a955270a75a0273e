from typing import Any

import pytest

from tests.restore.facts import altered, archive, host, look
from tui.checkpoint.checkpoint import Checkpoint
from tui.restore.conflict import Location, Severity

WEB = archive("web")
AUTOREMOVE = "io.podman.annotations.autoremove"


def process(**changes: Any) -> Checkpoint:
    return altered(WEB, spec={"process": WEB.documents["spec.dump"]["process"] | changes})


NOTICED = {
    "autoremove": (altered(WEB, spec={"annotations": {AUTOREMOVE: "TRUE"}}), "/annotations/"),
    "health-check-timer": (
        altered(WEB, config={"healthcheck": {"Test": ["CMD-SHELL", "true"]}}),
        "/healthcheck",
    ),
    "systemd-unit": (
        altered(WEB, config={"labels": {"PODMAN_SYSTEMD_UNIT": "web.service"}}),
        "/labels/PODMAN_SYSTEMD_UNIT",
    ),
    "terminal": (process(terminal=True), "/process/terminal"),
    "sdnotify": (process(env=["A=1", "NOTIFY_SOCKET=/run/notify/notify.sock"]), "/process/env/1"),
}


@pytest.mark.parametrize("code", NOTICED)
def test_what_will_not_be_as_it_was(code: str) -> None:
    checkpoint, place = NOTICED[code]
    (conflict,) = look(code, checkpoint, host())
    assert conflict.severity is (Severity.WARNING if code == "sdnotify" else Severity.NOTE)
    assert conflict.where[0].pointer.startswith(place)
    assert conflict.evidence.archive
    assert look(code, WEB, host()) == ()


@pytest.mark.parametrize(
    ("code", "checkpoint"),
    [
        ("autoremove", altered(WEB, spec={"annotations": {AUTOREMOVE: "FALSE"}})),
        ("autoremove", altered(WEB, spec={"annotations": None})),
        ("health-check-timer", altered(WEB, config={"healthcheck": {"Test": ["NONE"]}})),
        ("health-check-timer", altered(WEB, config={"healthcheck": {"Test": "nonsense"}})),
        ("health-check-timer", altered(WEB, config={"healthcheck": None})),
        ("systemd-unit", altered(WEB, config={"labels": None})),
        ("sdnotify", process(env=None)),
    ],
)
def test_what_does_not_count(code: str, checkpoint: Checkpoint) -> None:
    assert look(code, checkpoint, host()) == ()


def test_names_are_read_as_podman_reads_them() -> None:
    odd = altered(WEB, config={"HealthCheck": {"test": ["CMD", "check"]}, "healthcheck": None})
    (conflict,) = look("health-check-timer", odd, host())
    assert conflict.where == (Location("config.dump", "/HealthCheck"),)
    assert conflict.evidence.archive == "CMD check"
