from dataclasses import replace
from typing import Any

import pytest

from tests.restore.facts import (
    CRIU,
    CRUN,
    NOBODY_KNOWS,
    PODMAN,
    altered,
    archive,
    host,
    look,
)
from tui.restore.conflict import Conflict, Location, Severity

RUNC = archive("runc")
MEMBER = archive("member")


def only(found: tuple[Conflict, ...]) -> Conflict:
    (conflict,) = found
    return conflict


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("rootless", {"podman": NOBODY_KNOWS}),
        ("criu-missing", {"criu": NOBODY_KNOWS}),
        ("runtime-missing", {"runtime": NOBODY_KNOWS}),
    ],
)
def test_every_restore_needs_to_know(code: str, facts: dict[str, Any]) -> None:
    conflict = only(look(code, RUNC, host(**facts)))
    assert conflict.severity is Severity.UNCHECKED
    assert NOBODY_KNOWS.reason in conflict.detail


@pytest.mark.parametrize(
    "code", ["criu-too-old", "runtime-cannot-restore", "runtime-cannot-restore-pods"]
)
@pytest.mark.parametrize("missing", [NOBODY_KNOWS, None])
def test_what_is_not_there_is_said_once(code: str, missing: Any) -> None:
    assert look(code, MEMBER, host(criu=missing, runtime=missing), pod="shop") == ()


@pytest.mark.parametrize(
    "code",
    [
        "rootless",
        "criu-missing",
        "criu-too-old",
        "runtime-missing",
        "runtime-cannot-restore",
        "runtime-cannot-restore-pods",
    ],
)
def test_a_good_host_is_no_conflict(code: str) -> None:
    assert look(code, RUNC, host()) == ()
    assert look(code, MEMBER, host(), pod="shop") == ()


def test_podman_without_root() -> None:
    conflict = only(look("rootless", RUNC, host(podman=replace(PODMAN, rootless=True))))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where == (Location("host", "/podman/rootless"),)


def test_criu_is_not_installed() -> None:
    conflict = only(look("criu-missing", RUNC, host(criu=None)))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where == (Location("host", "/criu"),)


@pytest.mark.parametrize(
    ("version", "pod", "blocked"),
    [(31099, "", True), (31100, "", False), (31599, "shop", True), (31600, "shop", False)],
)
def test_how_old_criu_may_be(version: int, pod: str, blocked: bool) -> None:
    facts = host(criu=replace(CRIU, version=version))
    found = look("criu-too-old", MEMBER if pod else RUNC, facts, pod=pod)
    assert [one.severity for one in found] == [Severity.BLOCKER] * blocked
    if blocked:
        needed = "3.16 to restore into a pod" if pod else "3.11"
        assert found[0].detail == f"Podman wants at least {needed}."


def test_the_archives_runtime_is_not_installed() -> None:
    conflict = only(look("runtime-missing", RUNC, host(runtime=None)))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "The OCI runtime runc is not installed"
    assert conflict.subject == "runc"
    assert conflict.where[0] == Location("config.dump", "/runtime")


def test_an_archive_without_a_runtime_needs_any() -> None:
    nameless = altered(RUNC, config={"runtime": None})
    conflict = only(look("runtime-missing", nameless, host(runtime=None)))
    assert conflict.title == "Podman has no OCI runtime"


def test_a_runtime_without_criu() -> None:
    facts = host(runtime=replace(CRUN, restores=False))
    conflict = only(look("runtime-cannot-restore", RUNC, facts))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.host == "`/usr/bin/crun checkpoint --help` fails"


def test_a_runtime_that_cannot_restore_into_pods_matters_to_pods() -> None:
    facts = host(runtime=replace(CRUN, restores_into_pods=False))
    assert look("runtime-cannot-restore-pods", RUNC, facts) == ()
    conflict = only(look("runtime-cannot-restore-pods", MEMBER, facts, pod="shop"))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where[1] == Location("host", "/runtime/restores_into_pods")
