from typing import Any

import pytest

from tests.restore.facts import (
    NOBODY_KNOWS,
    altered,
    archive,
    container,
    host,
    listener,
    look,
    podman,
    port,
)
from tui.checkpoint.checkpoint import SPEC
from tui.host.facts import HostFacts, Protocol
from tui.restore.checks import Case
from tui.restore.checks.ports import effective_ports, overlap
from tui.restore.conflict import Location, Severity
from tui.restore.options import RestoreOptions
from tui.restore.ports import spec

WEB = archive("web")
"""It publishes 18080:80."""


def severities(facts: HostFacts, **options: Any) -> list[Severity]:
    return [one.severity for one in look("port-in-use", WEB, facts, **options)]


def test_a_port_that_is_none() -> None:
    (conflict,) = look("port-invalid", WEB, host(), publish=("80:80", "99999:80"))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.detail == (
        "Podman would say: parsing host port: port numbers must be between 1 and 65535"
        " (inclusive), got 99999."
    )
    assert conflict.evidence.host == "--publish 80:80 99999:80"
    assert conflict.remedies[0].options == {"publish": ()}


def test_good_ports() -> None:
    assert look("port-invalid", WEB, host()) == ()
    assert look("port-invalid", WEB, host(), publish=("", "80:80")) == ()


def test_a_running_container_has_the_port() -> None:
    facts = host(containers=[container("cache", port(1), port(18080))], listeners=[listener(18080)])
    (conflict,) = look("port-in-use", WEB, facts)
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "Port 18080/tcp is taken by the container cache"
    assert conflict.subject == "18080/tcp"
    assert conflict.where == (
        Location("config.dump", "/newPortMappings/0"),
        Location("host", "/containers/cache/ports/1"),
    )
    assert conflict.evidence.archive == "18080:80"
    assert conflict.evidence.host == "container cache (running), 18080/tcp"
    assert conflict.remedies[0].options == {"publish": ("18081:80",)}


def test_a_process_of_the_host_has_the_port() -> None:
    (conflict,) = look("port-in-use", WEB, host(listeners=[listener(18080, "::")]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "Port 18080/tcp is taken by a process of the host"
    assert conflict.where[1] == Location("host", "/listeners/[::]:18080~1tcp")
    assert conflict.evidence.host == "a socket on [::]:18080/tcp"


@pytest.mark.parametrize("state", ["exited", "created", "storage"])
def test_the_port_of_a_stopped_container_is_a_note(state: str) -> None:
    facts = host(containers=[container("cache", port(18080), state=state)])
    (conflict,) = look("port-in-use", WEB, facts)
    assert conflict.severity is Severity.NOTE
    assert conflict.title == "Port 18080/tcp is published by the container cache, not running"
    assert conflict.remedies == ()


def test_a_socket_on_a_stopped_containers_port_is_somebody_elses() -> None:
    facts = host(
        containers=[container("cache", port(18080), state="exited")], listeners=[listener(18080)]
    )
    (conflict,) = look("port-in-use", WEB, facts)
    assert conflict.title == "Port 18080/tcp is taken by a process of the host"


@pytest.mark.parametrize(
    "facts",
    [
        host(listeners=[listener(18080, protocol=Protocol.UDP)]),
        host(listeners=[listener(18081)]),
        host(listeners=[listener(18080, "::1")]),
        host(containers=[container("cache", port(18080, "udp"))]),
        host(containers=[container("cache", port(18000, count=80))]),
    ],
)
def test_other_ports_protocols_and_addresses_do_not_matter(facts: HostFacts) -> None:
    assert severities(facts) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", True),
        ("", "0.0.0.0", True),
        ("", "127.0.0.1", True),
        ("127.0.0.1", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("0.0.0.0", "::", True),
        ("127.0.0.1", "::", True),
        ("127.0.0.1", "::1", False),
        ("", "::1", False),
        ("::1", "::", True),
        ("::1", "0:0::1", True),
        ("nonsense", "127.0.0.1", False),
        ("nonsense", "nonsense", True),
    ],
)
def test_which_addresses_get_in_each_others_way(one: str, other: str, expected: bool) -> None:
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


def test_an_address_narrows_the_conflict() -> None:
    facts = host(listeners=[listener(80, "127.0.0.1")])
    assert severities(facts, publish=("10.0.0.1:80:80",)) == []
    (conflict,) = look("port-in-use", WEB, facts, publish=("127.0.0.1:80:80",))
    assert conflict.subject == "127.0.0.1:80/tcp"
    assert conflict.where == (Location("host", "/listeners/127.0.0.1:80~1tcp"),)
    assert conflict.remedies[0].options == {"publish": ("127.0.0.1:81:80",)}


def test_a_range_is_one_conflict_that_names_the_ports() -> None:
    facts = host(
        containers=[container("a", port(8001)), container("b", port(8003, count=3))],
        listeners=[listener(8002), listener(8010), listener(8005)],
    )
    (conflict,) = look("port-in-use", WEB, facts, publish=("8000-8010:80-90", "9000:1"))
    assert conflict.subject == "8000-8010/tcp"
    assert conflict.title == (
        "8001-8005, 8010 of the ports 8000-8010/tcp are taken by the container a,"
        " the container b, a process of the host"
    )
    assert conflict.evidence.host.endswith("; and 1 more")
    assert conflict.remedies[0].options == {"publish": ("8011-8021:80-90", "9000:1")}


def test_of_very_many_ports_the_one_that_is_there_twice_is_found() -> None:
    wanted = [
        {"host_port": number, "container_port": 80, "range": length, "protocol": protocol}
        for number, length, protocol in (
            *((number, 1, "tcp") for number in range(20000, 30000)),
            (25000, 1, "udp"),
            (10, 300, "tcp"),
            (309, 1, "tcp"),
            (310, 1, "tcp"),
        )
    ]
    (conflict,) = look("port-in-use", altered(WEB, config={"newPortMappings": wanted}), host())
    assert conflict.title == "Port 309/tcp is published twice"
    assert conflict.evidence.archive == "10-309:80-379 and 309:80"


def test_every_port_of_a_crowded_host_is_one_conflict() -> None:
    facts = host(listeners=[listener(number) for number in range(1, 65536, 2)])
    (conflict,) = look("port-in-use", WEB, facts, publish=("1-65535:1-65535",))
    assert conflict.title == (
        "1, 3, 5 and 32,765 more of the ports 1-65535/tcp are taken by a process of the host"
    )
    assert len(conflict.where) == 20
    assert conflict.remedies == ()


def test_the_next_port_is_free_of_everything() -> None:
    facts = host(
        containers=[container("a", port(8000)), container("b", port(8001), state="exited")],
        listeners=[listener(8002), listener(8003, protocol=Protocol.UDP)],
    )
    (conflict,) = look("port-in-use", WEB, facts, publish=("8000:80", "8003:81", "8004:82/udp"))
    assert conflict.remedies[0].options == {"publish": ("8004:80", "8003:81", "8004:82/udp")}


def test_above_the_last_port_come_the_first_again() -> None:
    facts = host(listeners=[listener(65535), listener(1024)])
    (conflict,) = look("port-in-use", WEB, facts, publish=("65535:80",))
    assert conflict.remedies[0].options == {"publish": ("1025:80",)}


@pytest.mark.parametrize("second", ["80:81", "127.0.0.1:80:80"])
def test_podman_notices_late_that_a_port_is_published_twice(second: str) -> None:
    (conflict,) = look("port-in-use", WEB, host(), publish=("80:80", second))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.archive == f"80:80 and {second}"
    moved = second.replace("80:", "81:", 1)
    assert conflict.remedies[0].options == {"publish": ("80:80", moved)}


def test_a_port_that_podman_chooses_needs_no_facts() -> None:
    assert severities(host(listeners=NOBODY_KNOWS), publish=("80",)) == []


def test_a_pods_ports_and_those_of_the_hosts_network_are_not_bound() -> None:
    facts = host(listeners=[listener(18080)])
    assert severities(facts, pod="shop") == []
    assert look("port-in-use", altered(WEB, config={"networkMode": "host"}), facts) == ()
    linux = WEB.documents[SPEC]["linux"] | {"namespaces": [{"type": "pid"}, {"type": "mount"}]}
    assert look("port-in-use", altered(WEB, spec={"linux": linux}), facts) == ()


@pytest.mark.parametrize(
    "facts", [host(listeners=NOBODY_KNOWS), host(containers=NOBODY_KNOWS, listeners=NOBODY_KNOWS)]
)
def test_unknown_sockets_leave_it_open_once(facts: HostFacts) -> None:
    assert severities(facts) == [Severity.UNCHECKED]
    assert look("port-in-use", archive("runc"), facts) == ()


def test_what_is_known_counts_beside_what_is_not() -> None:
    facts = host(containers=NOBODY_KNOWS, listeners=[listener(18080)])
    assert severities(facts) == [Severity.BLOCKER, Severity.UNCHECKED]


LEGACY = altered(
    WEB,
    config={
        "newPortMappings": None,
        "portMappings": [{"hostPort": 18080, "containerPort": 80, "protocol": "tcp"}],
    },
)


@pytest.mark.parametrize(
    ("checkpoint", "version", "published"),
    [
        (WEB, (5, 8), ["18080:80"]),
        (WEB, (3, 4), []),
        (LEGACY, (3, 4), ["18080:80"]),
        (LEGACY, (4, 0), []),
    ],
)
def test_podman_publishes_the_ports_of_its_own_generation(
    checkpoint: Any, version: tuple[int, int], published: list[str]
) -> None:
    case = Case(checkpoint, host(podman=podman(*version)), RestoreOptions())
    assert [spec(one) for one in effective_ports(case)] == published


def test_ports_of_podman_3_are_marked_under_their_own_key() -> None:
    facts = host(podman=podman(3, 4), listeners=[listener(18080)])
    (conflict,) = look("port-in-use", LEGACY, facts)
    assert conflict.where[0] == Location("config.dump", "/portMappings/0")


def test_an_empty_option_publishes_the_archives_ports() -> None:
    case = Case(WEB, host(), RestoreOptions(publish=("",)))
    assert [spec(one) for one in effective_ports(case)] == ["18080:80"]


def test_senseless_ports_in_an_archive_are_no_exception() -> None:
    senseless = [
        {"host_ip": "nonsense", "host_port": 80, "container_port": 80, "range": 1},
        {"host_port": 65535, "container_port": 0, "range": 65535},
        {"host_port": 80, "container_port": 0, "range": 0, "protocol": "nonsense"},
    ]
    odd = altered(WEB, config={"newPortMappings": senseless})
    facts = host(listeners=[listener(80)], containers=[container("a", port(80))])
    assert all(one.code == "port-in-use" for one in look("port-in-use", odd, facts))
