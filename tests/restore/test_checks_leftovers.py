from dataclasses import replace

import pytest

from tests.restore.facts import (
    NOBODY_KNOWS,
    PODMAN,
    altered,
    archive,
    container,
    host,
    look,
    pod,
)
from tui.host.facts import HostFacts, Known, Unknown
from tui.restore.conflict import Location, Severity

WEB = archive("web")
MEMBER = archive("member")
SHOP = pod("shop")
ID = WEB.config.id
CGROUP = f"/libpod_parent/libpod-{ID}"
DEVICES, PIDS = (f"/sys/fs/cgroup/{name}{CGROUP}" for name in ("devices", "pids"))
LEFT = {f"{DEVICES}/inner": False, DEVICES: False, PIDS: False}


def left(
    cgroups: dict[str, bool] | Unknown, version: str = "v1", facts: HostFacts | None = None
) -> HostFacts:
    return replace(
        facts or host(),
        podman=Known(replace(PODMAN, cgroup_version=version)),
        cgroups=cgroups if isinstance(cgroups, Unknown) else Known(cgroups),
    )


def test_empty_folders_are_removed_the_inner_ones_first() -> None:
    (conflict,) = look("cgroup-left-behind", WEB, left(LEFT))
    assert conflict.severity is Severity.WARNING
    assert conflict.title == "An earlier restore has left 3 empty cgroup folders"
    assert conflict.where == (Location("config.dump", "/id"), Location("host", "/cgroups"))
    assert conflict.evidence.archive == f"ID {ID[:12]}"
    assert conflict.evidence.host == f"{CGROUP} (3 folders)"
    (remedy,) = conflict.remedies
    assert remedy.commands == (("rmdir", "--", f"{DEVICES}/inner", DEVICES, PIDS),)
    assert remedy.removes == "3 empty cgroup folders"


def test_with_cgroups_v2_they_are_hardly_ever_in_the_way() -> None:
    unified = f"/sys/fs/cgroup{CGROUP}"
    (conflict,) = look("cgroup-left-behind", WEB, left({unified: False}, "v2"))
    assert conflict.severity is Severity.NOTE
    assert conflict.remedies[0].commands == (("rmdir", "--", unified),)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_nothing_is_removed_where_processes_are(version: str) -> None:
    (conflict,) = look("cgroup-left-behind", WEB, left(LEFT | {PIDS: True}, version))
    assert conflict.severity is Severity.WARNING
    assert "Podman does not know" in conflict.title
    assert conflict.evidence.host == f"{CGROUP} (3 folders, processes in 1)"
    assert conflict.remedies == ()


def test_a_container_that_podman_knows_has_its_cgroup_by_right() -> None:
    facts = left(LEFT, facts=host(containers=[container("web", its_id=ID)]))
    assert look("cgroup-left-behind", WEB, facts) == ()
    assert look("id-in-use", WEB, facts)


def test_a_new_name_brings_a_new_cgroup() -> None:
    assert look("cgroup-left-behind", WEB, left(LEFT), name="other") == ()


def test_a_clean_host() -> None:
    assert look("cgroup-left-behind", WEB, left({})) == ()


def test_a_member_gets_a_cgroup_of_its_pod() -> None:
    folder = (
        "/sys/fs/cgroup/machine.slice/machine-libpod_pod_shop.slice/"
        f"libpod-{MEMBER.config.id}.scope"
    )
    facts = left({folder: False}, facts=host(pods=[SHOP, pod("other")]))
    (conflict,) = look("cgroup-left-behind", MEMBER, facts, pod="shop")
    assert conflict.remedies[0].commands == (("rmdir", "--", folder),)
    assert look("cgroup-left-behind", MEMBER, facts, pod="other") == ()


def test_what_nobody_knows_matters_with_cgroups_v1() -> None:
    (conflict,) = look("cgroup-left-behind", WEB, left(NOBODY_KNOWS))
    assert conflict.severity is Severity.UNCHECKED
    assert look("cgroup-left-behind", WEB, left(NOBODY_KNOWS, "v2")) == ()


@pytest.mark.parametrize("unknown", ["podman", "containers"])
def test_other_checks_say_what_else_is_unknown(unknown: str) -> None:
    facts = replace(left(LEFT), **{unknown: NOBODY_KNOWS})  # type: ignore[arg-type]
    assert look("cgroup-left-behind", WEB, facts) == ()


def test_a_container_without_cgroups() -> None:
    without = altered(WEB, config={"cgroupParent": None})
    assert look("cgroup-left-behind", without, left(NOBODY_KNOWS)) == ()
