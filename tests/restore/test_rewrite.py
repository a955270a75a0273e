from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.restore.facts import (
    NOBODY_KNOWS,
    altered,
    archive,
    host,
    identifier,
    pod,
    with_documents,
)
from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.restore.options import RestoreOptions
from tui.restore.rewrite import SANDBOX, Change, Version, changes, rewritten

SHOP = pod("shop")
HOST = host(pods=[SHOP, pod("small", "ipc"), pod("bare", infra=False)])
TODAY = (5, 8, 6)


def made(
    checkpoint: Checkpoint, version: Version = TODAY, **options: Any
) -> dict[str, tuple[Json, Json]]:
    found = changes(checkpoint, HOST, RestoreOptions(**options), version)
    return {change.document + change.pointer: (change.before, change.after) for change in found}


def test_nothing_changes_without_options() -> None:
    assert made(archive("web")) == {}


def test_a_new_name_clears_the_id() -> None:
    web = archive("web")
    assert made(web, name="other") == {
        "config.dump/id": (web.config.id, ""),
        "config.dump/name": ("web", "other"),
    }


def test_the_pod_takes_the_place_of_the_old_one() -> None:
    member = archive("member")
    before = member.documents[CONFIG]
    old = member.documents[SPEC]["annotations"][SANDBOX]
    command = [*before["CreateCommand"], old]
    found = made(altered(member, config={"CreateCommand": command}), pod="shop")
    assert found == {
        "config.dump/pod": (before["pod"], SHOP.id),
        "config.dump/ipcNsCtr": (before["ipcNsCtr"], SHOP.infra),
        "config.dump/netNsCtr": (before["netNsCtr"], SHOP.infra),
        "config.dump/utsNsCtr": (before["utsNsCtr"], SHOP.infra),
        "config.dump/MountLabel": (before.get("MountLabel"), SHOP.infra_mount_label),
        "config.dump/ProcessLabel": (before.get("ProcessLabel"), SHOP.infra_process_label),
        "config.dump/cgroupParent": (before["cgroupParent"], SHOP.cgroup_path),
        f"spec.dump/annotations/{SANDBOX}": (old, SHOP.id),
        f"config.dump/CreateCommand/{len(command) - 1}": (old, SHOP.id),
    }


@pytest.mark.parametrize("name", ["nopod", "small", "bare"])
def test_a_pod_that_podman_refuses_changes_nothing(name: str) -> None:
    assert made(archive("member"), pod=name) == {}


def test_nobody_knows_what_an_unknown_pod_would_change() -> None:
    options = RestoreOptions(pod="shop")
    assert changes(archive("member"), host(pods=NOBODY_KNOWS), options, TODAY) == ()


def test_a_pod_changes_nothing_about_a_container_without_one() -> None:
    assert made(archive("web"), pod="shop") == {}


STATIC = {"static_ips": ["10.0.0.9"], "static_mac": "92:d0:c6:0a:29:33"}


@pytest.mark.parametrize(
    ("version", "cleared"),
    [
        ((3, 4, 0), set()),
        (
            (4, 0, 0),
            {"newNetworks/back/static_ips", "newNetworks/back/static_mac", "staticIP"},
        ),
        (
            (5, 8, 6),
            {"newNetworks/back/static_ips", "newNetworks/back/static_mac", "staticIP"},
        ),
        ((6, 0, 0), {"orderedNetworks/0/static_ips", "orderedNetworks/0/static_mac"}),
    ],
)
def test_each_podman_clears_the_addresses_that_it_knows(
    version: Version, cleared: set[str]
) -> None:
    networks = {
        "newNetworks": {"back": STATIC},
        "orderedNetworks": [{"name": "back", **STATIC}],
        "staticIP": "10.0.0.9",
    }
    found = made(altered(archive("member"), config=networks), version, pod="shop")
    assert {place for place, (_, after) in found.items() if after is None} == {
        f"config.dump/{place}" for place in cleared
    }


def test_ports_of_podman_4_and_later() -> None:
    web = archive("web")
    found = made(web, publish=("127.0.0.1:8000-8001:80-81/udp",))
    mapping = {
        "host_ip": "127.0.0.1",
        "container_port": 80,
        "host_port": 8000,
        "range": 2,
        "protocol": "udp",
    }
    old = web.documents[CONFIG]["newPortMappings"]
    assert found == {"config.dump/newPortMappings": (old, [mapping])}


def test_ports_of_podman_3() -> None:
    found = made(archive("web"), (3, 4, 4), publish=("8000-8001:80-81",))
    after = [
        {"hostPort": 8000, "containerPort": 80, "protocol": "tcp", "hostIP": ""},
        {"hostPort": 8001, "containerPort": 81, "protocol": "tcp", "hostIP": ""},
    ]
    assert found == {"config.dump/portMappings": (None, after)}


def test_the_ports_that_are_there_already_are_no_change() -> None:
    assert made(archive("web"), publish=("18080:80",)) == {}


@pytest.mark.parametrize("typed", ["", "99999:80"])
def test_no_port_and_a_port_that_podman_refuses_change_nothing(typed: str) -> None:
    assert made(archive("web"), publish=(typed,)) == {}


def test_podman_reads_other_spellings_of_a_name() -> None:
    odd = altered(archive("web"), config={"name": None, "NAME": "evil"})
    assert made(odd, name="other")["config.dump/NAME"] == ("evil", "other")


def test_an_archive_without_annotations_gets_them() -> None:
    bare = altered(archive("member"), spec={"annotations": None})
    found = changes(bare, HOST, RestoreOptions(pod="shop"), TODAY)
    after = rewritten(bare.documents, found)
    assert after[SPEC]["annotations"] == {SANDBOX: SHOP.id}


OPTIONS = st.builds(
    RestoreOptions,
    name=st.sampled_from(("", "web", "other", "bad name!")) | st.text(max_size=5),
    pod=st.sampled_from(("", "shop", "small", "bare", identifier("shop"), "nopod")),
    publish=st.lists(
        st.sampled_from(("", "80", "8080:80", "1-9:1-9/udp", "nonsense")), max_size=3
    ).map(tuple),
)
VERSIONS = st.sampled_from([(3, 4, 4), (4, 0, 0), (5, 1, 0), (5, 8, 6), (6, 0, 0)])
ARCHIVES = st.sampled_from(("web", "member", "static", "runc"))


@given(ARCHIVES, OPTIONS, VERSIONS)
def test_changes_are_true_complete_and_the_same_again(
    name: str, options: RestoreOptions, version: Version
) -> None:
    checkpoint = archive(name)
    found = changes(checkpoint, HOST, options, version)
    after = rewritten(checkpoint.documents, found)
    assert differences(checkpoint.documents, after) == {
        place: values
        for change in found
        for place, values in differences(
            nested(change, change.before), nested(change, change.after)
        ).items()
    }
    again = changes(with_documents(checkpoint, after), HOST, options, version)
    assert again == ()


@given(ARCHIVES, OPTIONS, VERSIONS)
def test_what_was_before_is_all_that_undoing_needs(
    name: str, options: RestoreOptions, version: Version
) -> None:
    checkpoint = archive(name)
    found = changes(checkpoint, HOST, options, version)
    undone = tuple(
        replace(change, before=change.after, after=change.before) for change in reversed(found)
    )
    assert rewritten(rewritten(checkpoint.documents, found), undone) == checkpoint.documents


def nested(change: Change, value: Json) -> Json:
    """A document that has `value` alone, where the change is."""
    for step in reversed((change.document + change.pointer).split("/")):
        value = {step.replace("~1", "/"): value}
    return value


def differences(one: Json, other: Json, place: str = "") -> dict[str, tuple[Json, Json]]:
    """Each leaf that differs, by its pointer, with both values."""
    if one == other:
        return {}
    first, second = children(one), children(other)
    if first is None and second is None:
        return {place: (one, other)}
    found: dict[str, tuple[Json, Json]] = {}
    for key in {**(first or {}), **(second or {})}:
        found |= differences((first or {}).get(key), (second or {}).get(key), f"{place}/{key}")
    return found


def children(value: Json) -> dict[str, Json] | None:
    if isinstance(value, list):
        return {str(at): item for at, item in enumerate(value)}
    return value if isinstance(value, dict) else None
