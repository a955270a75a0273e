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
    podman,
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


SAID = "(00.000) Error (criu/vdso.c:1): vdso: Unexpected rt vDSO area bounds"
PARTLY = "Looks good but some kernel features are missing\nwhich may cause restore failure."


@pytest.mark.parametrize(
    ("words", "severity"),
    [(f"Warn\n{SAID}", Severity.BLOCKER), ("", Severity.BLOCKER), (PARTLY, Severity.WARNING)],
)
def test_criu_does_not_like_the_kernel(words: str, severity: Severity) -> None:
    facts = host(criu=replace(CRIU, works=False, check=words))
    conflict = only(look("criu-check-failed", RUNC, facts))
    assert conflict.severity is severity
    if SAID in words:
        assert conflict.detail == f"`criu check` says: {SAID}"
    rootless = host(criu=replace(CRIU, works=False), podman=replace(PODMAN, rootless=True))
    assert look("criu-check-failed", RUNC, rootless) == (), "nothing works without root"


@pytest.mark.parametrize("criu", [CRIU, None, NOBODY_KNOWS])
def test_criu_that_says_nothing_bad(criu: Any) -> None:
    assert look("criu-check-failed", RUNC, host(criu=criu)) == ()


def test_the_runtime_does_not_find_criu() -> None:
    conflict = only(
        look("criu-library-missing", RUNC, host(runtime=replace(CRUN, finds_criu=False)))
    )
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where[1] == Location("host", "/runtime/finds_criu")
    for runtime in (CRUN, None, NOBODY_KNOWS):
        assert look("criu-library-missing", RUNC, host(runtime=runtime)) == ()


@pytest.mark.parametrize(
    ("parent", "manager", "chosen", "remedy"),
    [
        ("/libpod_parent", "systemd", "", "cgroupfs"),
        ("/libpod_parent", "systemd", "cgroupfs", ""),
        ("/libpod_parent", "cgroupfs", "", ""),
        ("/libpod_parent", "cgroupfs", "systemd", "cgroupfs"),
        ("machine.slice", "cgroupfs", "", "systemd"),
        ("machine.slice", "systemd", "", ""),
        ("machine.slice", "systemd", "nonsense", ""),
        ("", "systemd", "", ""),
    ],
)
def test_the_cgroup_manager(parent: str, manager: str, chosen: str, remedy: str) -> None:
    checkpoint = altered(RUNC, config={"cgroupParent": parent})
    facts = host(podman=replace(PODMAN, cgroup_manager=manager))
    found = look("cgroup-manager-differs", checkpoint, facts, cgroup_manager=chosen)
    assert [one.remedies[0].options["cgroup_manager"] for one in found] == [remedy] * bool(remedy)


def test_a_pod_has_a_cgroup_of_its_own() -> None:
    facts = host(podman=replace(PODMAN, cgroup_manager="systemd"))
    assert look("cgroup-manager-differs", MEMBER, facts, pod="shop") == ()
    assert look("cgroup-manager-differs", RUNC, host(podman=NOBODY_KNOWS)) == ()


def test_options_that_an_old_podman_does_not_have() -> None:
    options = {"file_locks": True, "publish": ("80:80",), "ignore_volumes": True}
    old, conflict = look("option-unknown", RUNC, host(podman=podman(3, 2)), **options)
    assert (old.subject, conflict.subject) == ("publish", "file_locks")
    assert conflict.severity is Severity.BLOCKER
    assert conflict.detail == "It came with Podman 4.0."
    assert conflict.remedies[0].options == {"file_locks": False}
    assert old.remedies[0].options == {"publish": ()}
    assert look("option-unknown", RUNC, host(), **options) == ()
    assert look("option-unknown", RUNC, host(podman=podman(3, 0))) == ()
    assert look("option-unknown", RUNC, host(podman=NOBODY_KNOWS), **options) == ()
