from dataclasses import replace
from typing import Any

import pytest

from tests.restore.facts import (
    NOBODY_KNOWS,
    altered,
    archive,
    container,
    host,
    identifier,
    listener,
    look,
    podman,
)
from tui.checkpoint.checkpoint import Checkpoint
from tui.criu.state import InetSocket
from tui.host.facts import Endpoint, Network, Protocol
from tui.restore.conflict import Conflict, Location, Severity

STATIC = archive("static")
WEB = archive("web")
MEMBER = archive("member")
PODMAN_NET = Network("podman", "bridge", ("10.88.0.0/16",))
IP, MAC = "10.99.0.42", "92:d0:c6:0a:29:33"
OLD_IP, OLD_MAC = "10.88.0.15", "c6:e2:aa:48:ad:b0"
"""Of the web archive, given out by chance."""


def only(found: tuple[Conflict, ...]) -> Conflict:
    (conflict,) = found
    return conflict


def has(network: str, ip: str, mac: str = "02:00:00:00:00:01") -> dict[str, Any]:
    """A host with a container that has this address."""
    other = container("other")
    return {"containers": [other], "endpoints": [Endpoint(other.id, network, ip, mac)]}


def in_the_network_of_the_host(*sockets: InetSocket) -> Checkpoint:
    checkpoint = altered(WEB, config={"networkMode": "host", "newNetworks": None})
    assert checkpoint.criu
    return replace(checkpoint, criu=replace(checkpoint.criu, sockets=sockets))


def socket(port: int, address: str = "0.0.0.0", protocol: str = "tcp") -> InetSocket:
    return InetSocket(protocol, 10 if protocol == "tcp" else 7, address, port, "", 0)


def test_a_network_that_is_there() -> None:
    assert look("network-missing", STATIC, host()) == ()


def test_a_network_is_missing() -> None:
    conflict = only(look("network-missing", STATIC, host(networks=[PODMAN_NET])))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == "backnet"
    assert conflict.where == (
        Location("config.dump", "/newNetworks/backnet"),
        Location("host", "/networks"),
    )
    assert conflict.evidence.archive == "network backnet, 10.99.0.0/24"
    assert conflict.evidence.host == "networks: podman"
    (create,) = conflict.remedies
    assert create.label == "create the network backnet with 10.99.0.0/24"
    assert create.commands == (
        (
            *("podman", "network", "create", "--subnet=10.99.0.0/24"),
            *("--gateway=10.99.0.1", "--", "backnet"),
        ),
    )


def test_a_subnet_of_another_network_is_not_created_again() -> None:
    taken = Network("other", "bridge", ("10.99.0.0/16",))
    conflict = only(look("network-missing", STATIC, host(networks=[taken])))
    assert conflict.remedies[0].commands == (("podman", "network", "create", "--", "backnet"),)


def test_the_default_network_is_always_there() -> None:
    assert look("network-missing", WEB, host(networks=[])) == ()
    assert look("network-missing", WEB, host(networks=NOBODY_KNOWS)) == ()


def test_unknown_networks_matter_to_an_archive_with_one() -> None:
    conflict = only(look("network-missing", STATIC, host(networks=NOBODY_KNOWS)))
    assert conflict.severity is Severity.UNCHECKED


@pytest.mark.parametrize("code", ["network-missing", "ip-in-use", "ip-outside-subnet"])
@pytest.mark.parametrize(
    "config",
    [
        {"netNsCtr": identifier("infra")},
        {"networkMode": "host"},
        {"networkMode": "none"},
        {"newNetworks": None},
    ],
)
def test_who_has_no_network_of_its_own_needs_none(code: str, config: dict[str, Any]) -> None:
    joined = altered(STATIC, config=config)
    assert look(code, joined, host(networks=[], **has("backnet", IP))) == ()


def test_a_configured_address_is_taken_whatever_the_name() -> None:
    facts = host(**has("backnet", IP))
    for name in ("", "other"):
        conflict = only(look("ip-in-use", STATIC, facts, name=name))
        assert conflict.severity is Severity.BLOCKER
        assert conflict.subject == f"backnet {IP}"
        assert conflict.evidence.host == "container other has it"
        assert conflict.where[1] == Location("host", f"/endpoints/backnet {IP}")
        assert [remedy.options for remedy in conflict.remedies] == [{"ignore_static_ip": True}]
    assert look("ip-in-use", STATIC, facts, ignore_static_ip=True) == ()


def test_an_old_address_is_taken_without_a_new_name_only() -> None:
    facts = host(**has("podman", OLD_IP))
    conflict = only(look("ip-in-use", WEB, facts))
    assert conflict.where[0] == Location("network.status", "/podman/interfaces/eth0/subnets")
    assert "because the container had it" in conflict.detail
    assert [remedy.options for remedy in conflict.remedies] == [
        {"ignore_static_ip": True},
        {"name": "web-restored"},
    ]
    assert look("ip-in-use", WEB, facts, name="web-restored") == ()
    assert look("ip-in-use", WEB, facts, ignore_static_ip=True) == ()


@pytest.mark.parametrize(
    "elsewhere", [("backnet", OLD_IP), ("podman", "10.88.0.16"), ("podman", "")]
)
def test_other_addresses_do_not_matter(elsewhere: tuple[str, str]) -> None:
    assert look("ip-in-use", WEB, host(**has(*elsewhere))) == ()


def test_with_both_options_nothing_is_asked_for() -> None:
    facts = host(**has("backnet", IP, MAC), networks=[])
    options = {"ignore_static_ip": True, "ignore_static_mac": True}
    for code in ("ip-in-use", "mac-in-use", "ip-outside-subnet"):
        assert look(code, STATIC, facts, **options) == ()


def test_unknown_addresses_matter_to_who_asks_for_one() -> None:
    facts = host(endpoints=NOBODY_KNOWS)
    assert only(look("ip-in-use", WEB, facts)).severity is Severity.UNCHECKED
    assert look("ip-in-use", WEB, facts, name="other") == ()
    assert look("mac-in-use", WEB, facts) == ()


def test_ipv6_addresses_are_compared_as_numbers() -> None:
    config = {"newNetworks": {"backnet": {"static_ips": ["fd99:0::2"]}}}
    configured = replace(altered(STATIC, config=config), addresses=())
    assert only(look("ip-in-use", configured, host(**has("backnet", "fd99::2")))).subject == (
        "backnet fd99:0::2"
    )


def test_the_network_has_other_subnets() -> None:
    moved = host(networks=[Network("backnet", "bridge", ("10.97.0.0/24", "fd97::/64"))])
    conflict = only(look("ip-outside-subnet", STATIC, moved))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where[1] == Location("host", "/networks/backnet/subnets")
    assert conflict.evidence.host == "10.97.0.0/24, fd97::/64"
    assert only(look("ip-outside-subnet", STATIC, moved, name="x")).subject == f"backnet {IP}"
    assert look("ip-outside-subnet", STATIC, moved, ignore_static_ip=True) == ()
    assert look("ip-outside-subnet", STATIC, host()) == ()


@pytest.mark.parametrize("subnets", [(), ("nonsense",)])
def test_subnets_that_tell_nothing_accuse_nobody(subnets: tuple[str, ...]) -> None:
    unknown = host(networks=[Network("backnet", "macvlan", subnets)])
    assert look("ip-outside-subnet", STATIC, unknown) == ()


def test_unknown_subnets_are_said_once() -> None:
    facts = host(networks=NOBODY_KNOWS)
    assert look("ip-outside-subnet", STATIC, facts) == (), "network-missing says it"
    assert only(look("ip-outside-subnet", WEB, facts)).severity is Severity.UNCHECKED
    assert look("ip-outside-subnet", WEB, facts, name="x") == ()


def test_a_mac_address_in_use_is_a_warning() -> None:
    conflict = only(look("mac-in-use", STATIC, host(**has("backnet", "10.99.0.7", MAC.upper()))))
    assert conflict.severity is Severity.WARNING
    assert conflict.remedies[0].options == {"ignore_static_mac": True}
    facts = host(**has("podman", "10.88.0.7", OLD_MAC))
    assert only(look("mac-in-use", WEB, facts)).where[0] == Location(
        "network.status", "/podman/interfaces/eth0/mac_address"
    )
    assert look("mac-in-use", WEB, facts, ignore_static_mac=True) == ()
    assert look("mac-in-use", WEB, facts, name="x") == (), "only configured ones are kept then"
    assert look("mac-in-use", WEB, host(**has("backnet", "10.88.0.7", OLD_MAC))) == ()


def test_podman_6_writes_networks_that_podman_5_does_not_read() -> None:
    ordered = altered(
        WEB, config={"newNetworks": None, "orderedNetworks": [{"name": "gone"}, {"name": "too"}]}
    )
    conflict = only(look("port-keys-of-another-podman", ordered, host(podman=podman(5, 8))))
    assert (conflict.severity, conflict.subject) == (Severity.WARNING, "networks")
    assert conflict.evidence.archive == "orderedNetworks: gone, too"
    assert look("network-missing", ordered, host(podman=podman(5, 8))) == ()
    assert look("port-keys-of-another-podman", ordered, host(podman=podman(6, 0))) == ()
    missing = look("network-missing", ordered, host(podman=podman(6, 0)))
    assert [one.where[0].pointer for one in missing] == ["/orderedNetworks/0", "/orderedNetworks/1"]


def test_podman_3_wrote_ports_and_networks_that_podman_4_does_not_read() -> None:
    old = altered(
        WEB,
        config={
            "newNetworks": None,
            "networks": ["podman"],
            "newPortMappings": None,
            "portMappings": [{"hostPort": 18080, "containerPort": 80, "protocol": "tcp"}],
        },
    )
    ports, networks = look("port-keys-of-another-podman", old, host())
    assert (ports.subject, networks.subject) == ("ports", "networks")
    assert ports.remedies[0].options == {"publish": ("18080:80",)}
    assert ports.where[0] == Location("config.dump", "/portMappings")
    (left,) = look("port-keys-of-another-podman", old, host(), publish=("18080:80",))
    assert left.subject == "networks"
    assert look("port-keys-of-another-podman", old, host(podman=podman(3, 4))) == ()


def test_podman_3_reads_no_archive_of_podman_5() -> None:
    found = look("port-keys-of-another-podman", WEB, host(podman=podman(3, 4)))
    assert [one.subject for one in found] == ["ports", "networks"]
    assert look("port-keys-of-another-podman", MEMBER, host(podman=podman(3, 4))) == ()


@pytest.mark.parametrize(
    ("own", "other", "severity"),
    [
        (socket(80), listener(80), Severity.BLOCKER),
        (socket(80), listener(80, "127.0.0.1"), Severity.BLOCKER),
        (socket(80, "127.0.0.1"), listener(80), Severity.BLOCKER),
        (socket(80, "::"), listener(80, "::"), Severity.BLOCKER),
        (socket(80, "::"), listener(80), Severity.BLOCKER),
        (socket(80), listener(80, "::"), Severity.BLOCKER),
        (socket(80, protocol="udp"), listener(80, protocol=Protocol.UDP), Severity.WARNING),
        (socket(80), listener(80, protocol=Protocol.UDP), None),
        (socket(80), listener(81), None),
        (socket(80, "10.0.0.1"), listener(80, "10.0.0.2"), None),
        (replace(socket(80), state=1, destination_port=9), listener(80), None),
        (replace(socket(80), protocol="icmp"), listener(80), None),
    ],
)
def test_ports_in_the_network_of_the_host(
    own: InetSocket, other: Any, severity: Severity | None
) -> None:
    checkpoint = in_the_network_of_the_host(own, own)
    found = look("host-network-port", checkpoint, host(listeners=[other]))
    assert [one.severity for one in found] == [severity] * (severity is not None)
    if severity:
        host_part = "[::]" if own.source == "::" else own.source
        assert found[0].subject == f"{host_part}:80/{own.protocol}"
        assert found[0].where[0] == Location("config.dump", "/networkMode")


def test_an_ipv6_socket_beside_one_of_ipv4_may_leave_that_alone() -> None:
    both = in_the_network_of_the_host(socket(80, "::"), socket(80, "127.0.0.1"))
    found = look("host-network-port", both, host(listeners=[listener(80, "127.0.0.2")]))
    assert [one.severity for one in found] == [Severity.WARNING]


def test_podman_writes_no_network_mode_for_the_network_of_the_host() -> None:
    checkpoint = in_the_network_of_the_host(socket(80))
    linux = checkpoint.documents["spec.dump"]["linux"]
    kept = [one for one in linux["namespaces"] if one["type"] != "network"]
    silent = altered(
        checkpoint, config={"networkMode": None}, spec={"linux": linux | {"namespaces": kept}}
    )
    assert only(look("host-network-port", silent, host(listeners=[listener(80)])))


def test_a_network_of_its_own_has_all_ports() -> None:
    assert look("host-network-port", WEB, host(listeners=[listener(80, "::")])) == ()


def test_unknown_listeners_matter_to_who_listens_on_the_host() -> None:
    facts = host(listeners=NOBODY_KNOWS)
    listening = in_the_network_of_the_host(socket(80))
    assert only(look("host-network-port", listening, facts)).severity is Severity.UNCHECKED
    assert look("host-network-port", in_the_network_of_the_host(), facts) == ()
    unread = replace(listening, criu=None)
    assert look("host-network-port", unread, facts) == ()
