from dataclasses import replace

import pytest

from tests.restore.facts import (
    CRUN,
    NOBODY_KNOWS,
    altered,
    archive,
    container,
    host,
    identifier,
    look,
    pod,
    podman,
)
from tui.host.facts import Container
from tui.restore.conflict import Location, Severity

WEB = archive("web")
ORIGINAL = container("web", state="exited", its_id=WEB.config.id)
NAMESAKE = container("web")


def test_the_original_has_the_id() -> None:
    (conflict,) = look("id-in-use", WEB, host(containers=[ORIGINAL]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "A container with this ID exists: web (exited)"
    assert conflict.subject == WEB.config.id
    assert conflict.where == (
        Location("config.dump", "/id"),
        Location("host", "/containers/web"),
    )
    assert conflict.evidence.archive == "ID f84d8f0144d5"
    assert conflict.evidence.host == "container web, exited, ID f84d8f0144d5"
    new_name, remove = conflict.remedies
    assert new_name.options == {"name": "web-2"}
    assert remove.commands == (("podman", "rm", "--force", WEB.config.id),)
    assert remove.removes == "container web (exited)"


def test_what_only_the_storage_knows_is_removed_from_it() -> None:
    left = Container(WEB.config.id, "", "", "storage", "")
    (conflict,) = look("id-in-use", WEB, host(containers=[left]))
    assert conflict.where[1] == Location("host", f"/containers/{WEB.config.id}")
    assert conflict.remedies[1].commands == (("podman", "rm", "--storage", WEB.config.id),)


def test_an_infra_container_is_not_removed_without_its_pod() -> None:
    infra = container("web", infra=True)
    (conflict,) = look("name-in-use", WEB, host(containers=[infra]))
    assert [remedy.id for remedy in conflict.remedies] == ["new-name"]


def test_a_new_name_brings_a_new_id() -> None:
    assert look("id-in-use", WEB, host(containers=[ORIGINAL]), name="other") == ()


def test_the_original_is_no_second_conflict_by_its_name() -> None:
    assert look("name-in-use", WEB, host(containers=[ORIGINAL])) == ()
    (conflict,) = look("name-in-use", WEB, host(containers=[ORIGINAL]), name="web")
    assert conflict.subject == "web"


@pytest.mark.parametrize(
    ("options", "free"), [({}, "web-3"), ({"name": "web"}, "web-3"), ({"name": "db"}, "db-2")]
)
def test_another_container_has_the_name(options: dict[str, str], free: str) -> None:
    facts = host(containers=[NAMESAKE, container("web-2"), container("db")])
    (conflict,) = look("name-in-use", WEB, facts, **options)
    name = options.get("name", "web")
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == f"The name {name} is taken by a container"
    assert conflict.where[1] == Location("host", f"/containers/{name}")
    assert conflict.remedies[0].options == {"name": free}


def test_pods_share_names_with_containers() -> None:
    (conflict,) = look("name-in-use", WEB, host(pods=[pod("web")]))
    assert conflict.title == "The name web is taken by a pod"
    assert conflict.where[1] == Location("host", "/pods/web")
    assert [remedy.options for remedy in conflict.remedies] == [{"name": "web-2"}]


@pytest.mark.parametrize("code", ["id-in-use", "name-in-use"])
def test_nothing_is_in_use_on_an_empty_host(code: str) -> None:
    assert look(code, WEB, host(containers=[container("other")], pods=[pod("some")])) == ()


def test_unknown_containers_leave_the_id_open_once() -> None:
    facts = host(containers=NOBODY_KNOWS, pods=NOBODY_KNOWS)
    (conflict,) = look("id-in-use", WEB, facts)
    assert conflict.severity is Severity.UNCHECKED
    assert NOBODY_KNOWS.reason in conflict.detail
    assert look("name-in-use", WEB, facts) == ()


def test_unknown_containers_leave_a_new_name_open() -> None:
    facts = host(containers=NOBODY_KNOWS)
    assert look("id-in-use", WEB, facts, name="other") == ()
    (conflict,) = look("name-in-use", WEB, facts, name="other")
    assert conflict.severity is Severity.UNCHECKED


def test_unknown_pods_leave_the_name_open() -> None:
    (conflict,) = look("name-in-use", WEB, host(pods=NOBODY_KNOWS))
    assert conflict.severity is Severity.UNCHECKED
    assert conflict.where[1] == Location("host", "/pods")


@pytest.mark.parametrize("name", ["web", "0", "a.b_c-D"])
def test_valid_names(name: str) -> None:
    assert look("name-invalid", WEB, host(), name=name) == ()


@pytest.mark.parametrize(
    ("name", "proposed"),
    [("bad name!", "bad-name"), ("-x", "x"), ("é", "restored"), ("a\n", "a"), ("web/1", "web-1")],
)
def test_an_invalid_name_is_a_warning_for_podman_takes_it(name: str, proposed: str) -> None:
    (conflict,) = look("name-invalid", WEB, host(), name=name)
    assert conflict.severity is Severity.WARNING
    assert conflict.subject == name
    assert "\n" not in conflict.title
    assert [remedy.options for remedy in conflict.remedies] == [{"name": proposed}]


def test_the_archives_own_name_can_be_invalid() -> None:
    (conflict,) = look("name-invalid", altered(WEB, config={"name": "_"}), host())
    assert conflict.where == (Location("config.dump", "/name"),)


def test_established_connections_need_the_old_name() -> None:
    assert look("tcp-established-with-name", WEB, host(), name="x") == ()
    assert look("tcp-established-with-name", WEB, host(), tcp_established=True) == ()
    (conflict,) = look("tcp-established-with-name", WEB, host(), name="x", tcp_established=True)
    assert conflict.severity is Severity.BLOCKER
    assert [remedy.id for remedy in conflict.remedies] == ["close-connections", "keep-name"]


def test_an_older_podman_cannot_close_connections() -> None:
    (conflict,) = look(
        "tcp-established-with-name", WEB, host(podman=podman(5, 6)), name="x", tcp_established=True
    )
    assert [remedy.id for remedy in conflict.remedies] == ["keep-name"]


def test_nor_can_a_runtime_that_does_not_know_how() -> None:
    runc = replace(CRUN, name="runc", closes_connections=False)
    (conflict,) = look(
        "tcp-established-with-name", WEB, host(runtime=runc), name="x", tcp_established=True
    )
    assert [remedy.id for remedy in conflict.remedies] == ["keep-name"]


def test_a_container_without_a_name_on_the_host_takes_none() -> None:
    nameless = altered(WEB, config={"name": None})
    unnamed = Container(identifier("x"), "", "", "storage", "")
    assert look("name-in-use", nameless, host(containers=[unnamed])) == ()
