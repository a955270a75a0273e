from typing import Any

import msgspec
import pytest

from tui.checkpoint.config import ContainerConfig, Network, PortMapping
from tui.checkpoint.documents import DocumentError, view
from tui.checkpoint.network import Address
from tui.checkpoint.networking import Networking, addresses, with_networking


def config(**document: Any) -> ContainerConfig:
    """The configuration as it is read; the keys of Podman 3.4 mean other things to the view."""
    plain = {name: value for name, value in document.items() if name != "networks"}
    return with_networking(view(plain, ContainerConfig), view(document, Networking))


BACKNET = {"static_ips": ["10.99.0.42"], "static_mac": "92:d0:c6:0a:29:33", "aliases": ["db"]}


def test_podman_6_has_an_ordered_list() -> None:
    found = config(orderedNetworks=[{"name": "b", **BACKNET}, {"name": "a"}])
    assert found.networks == [
        Network(
            name="b",
            static_ips=["10.99.0.42"],
            static_mac="92:d0:c6:0a:29:33",
            aliases=["db"],
        ),
        Network(name="a"),
    ]


def test_podman_4_and_5_have_a_map() -> None:
    found = config(newNetworks={"backnet": BACKNET, "podman": {"interface_name": "eth1"}})
    assert [network.name for network in found.networks] == ["backnet", "podman"]
    assert found.networks[0].static_ips == ["10.99.0.42"]
    assert found.networks[1].interface_name == "eth1"


def test_podman_3_has_names_and_one_address() -> None:
    found = config(networks=["backnet", "podman"], staticIP="10.99.0.42", staticMAC="92:d0::33")
    assert found.networks == [
        Network(name="backnet", static_ips=["10.99.0.42"], static_mac="92:d0::33"),
        Network(name="podman"),
    ]


def test_the_newest_key_counts() -> None:
    ordered = [{"name": "new"}]
    assert config(orderedNetworks=ordered, newNetworks={"old": {}}).networks[0].name == "new"
    assert config(newNetworks={}, networks=["older"]).networks == []
    assert config().networks == []


def test_ports_since_podman_4() -> None:
    found = config(newPortMappings=[{"host_port": 18080, "container_port": 80, "range": 2}])
    assert found.port_mappings == [PortMapping(host_port=18080, container_port=80, range=2)]
    assert not found.legacy_ports


def test_ports_of_podman_3() -> None:
    found = config(
        portMappings=[
            {"hostPort": 53, "containerPort": 53, "protocol": "udp", "hostIP": "127.0.0.1"},
            {"hostPort": 80, "containerPort": 8080, "protocol": ""},
        ]
    )
    assert found.port_mappings == [
        PortMapping(host_ip="127.0.0.1", host_port=53, container_port=53, protocol="udp"),
        PortMapping(host_port=80, container_port=8080),
    ]
    assert found.legacy_ports


def test_new_ports_count_for_more_than_old_ones() -> None:
    found = config(newPortMappings=[], portMappings=[{"hostPort": 80}])
    assert found.port_mappings == []
    assert not found.legacy_ports


def test_addresses_since_podman_4() -> None:
    status = {
        "podman": {
            "interfaces": {
                "eth0": {
                    "subnets": [
                        {"ipnet": "10.88.0.17/16", "gateway": "10.88.0.1"},
                        {"ipnet": "fd00::2/64"},
                    ],
                    "mac_address": "fe:d4:89:88:34:34",
                }
            }
        },
        "empty": None,
        "without": {"interfaces": None},
    }
    assert addresses(status) == (
        Address("podman", "eth0", "10.88.0.17/16", "10.88.0.1", "fe:d4:89:88:34:34"),
        Address("podman", "eth0", "fd00::2/64", "", "fe:d4:89:88:34:34"),
    )


def test_addresses_of_podman_3_are_cni_results() -> None:
    status = [
        {
            "cniVersion": "0.4.0",
            "interfaces": [
                {"name": "cni-podman0", "mac": "66:00::1"},
                {"name": "eth0", "mac": "66:00::2", "sandbox": "/run/netns/x"},
            ],
            "ips": [
                {"version": "4", "interface": 1, "address": "10.88.0.5/16", "gateway": "10.88.0.1"},
                {"version": "4", "interface": 99, "address": "10.88.0.6/16"},
                {"version": "4", "address": "10.88.0.7/16"},
            ],
        },
        {},
    ]
    assert addresses(status) == (
        Address("", "eth0", "10.88.0.5/16", "10.88.0.1", "66:00::2"),
        Address("", "", "10.88.0.6/16", "", ""),
        Address("", "", "10.88.0.7/16", "", ""),
    )


def test_without_a_network_there_are_no_addresses() -> None:
    assert addresses(None) == addresses([]) == addresses({}) == ()


@pytest.mark.parametrize(
    "status", [7, "x", True, {"podman": []}, [7], {"podman": {"interfaces": {"eth0": 1}}}]
)
def test_a_status_without_sense_is_refused(status: Any) -> None:
    with pytest.raises(DocumentError):
        addresses(status)


def test_nothing_else_of_the_configuration_changes() -> None:
    plain = ContainerConfig(name="web", pod="p")
    changed = with_networking(plain, Networking(names=["podman"]))
    assert msgspec.structs.replace(changed, networks=[]) == plain
