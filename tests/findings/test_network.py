"""Who can be reached, and who can reach it."""

from typing import Any

import pytest

from tests.findings.builders import look, runs, scene, severities, tcp
from tui.archive.layout import Layout
from tui.criu.sockets import InetSocket, PacketSocket
from tui.findings.registry import ProcessPlace, Severity, SocketPlace

HIGH, MEDIUM, LOW, INFO = Severity
WEB = {"newPortMappings": [{"container_port": 80, "host_port": 8080, "protocol": "tcp"}]}


def opened(*sockets: InetSocket, exe: str = "/app", **more: Any) -> Any:
    return scene(runs(exe), opened={1: dict(enumerate(sockets, 3))}, **more)


def test_a_port_that_nobody_published() -> None:
    web, other = tcp(4, "0.0.0.0:80"), tcp(5, "0.0.0.0:9999")
    (one,) = look("listener-unmapped", opened(web, other, config=WEB))
    assert one.severity is LOW
    assert one.title == "Port 9999/tcp is open, not among those published"
    assert one.places == (SocketPlace(5), ProcessPlace(1))
    assert severities("listener-unmapped", opened(web)) == [INFO]


def test_one_port_over_both_families_is_one_finding() -> None:
    (one,) = look("listener-unmapped", opened(tcp(4, "0.0.0.0:9999"), tcp(5, "[::]:9999")))
    assert one.detail == "It listens on 0.0.0.0, ::."


@pytest.mark.parametrize(
    "socket",
    [
        tcp(4, "127.0.0.1:9999"),
        tcp(4, "[::1]:9999"),
        tcp(4, "10.0.0.2:9999", "10.0.0.3:5432"),
        tcp(4, "0.0.0.0:40000", protocol="udp", type="dgram", state="CLOSE"),
        tcp(4, "0.0.0.0:0", state="CLOSE"),
    ],
    ids=["loopback", "loopback of IPv6", "a connection", "a client of UDP", "not bound"],
)
def test_what_is_no_open_port(socket: InetSocket) -> None:
    assert look("listener-unmapped", opened(socket)) == []


def test_a_range_of_ports_is_published() -> None:
    ports = [{"container_port": 80, "host_port": 80, "range": 3, "protocol": "udp"}]
    dns = tcp(4, "0.0.0.0:82", protocol="udp", type="dgram", state="CLOSE")
    assert look("listener-unmapped", opened(dns, config={"newPortMappings": ports})) == []
    tcp_too = tcp(5, "0.0.0.0:82")
    assert severities("listener-unmapped", opened(tcp_too, config={"newPortMappings": ports})) == [
        LOW
    ]


def test_ports_that_nobody_notes_are_not_told() -> None:
    web = tcp(4, "0.0.0.0:80")
    assert look("listener-unmapped", opened(web, config={"netNsCtr": "1f"})) == []
    assert look("listener-unmapped", opened(web, layout=Layout.CRIO)) == []


@pytest.mark.parametrize(
    ("exe", "severity"), [("/app", LOW), ("/usr/bin/curl", MEDIUM), ("/bin/sh", MEDIUM)]
)
def test_a_connection_to_the_internet(exe: str, severity: Severity) -> None:
    (one,) = look("connection-public", opened(tcp(4, "10.88.0.2:41000", "8.8.8.8:443"), exe=exe))
    assert (one.severity, one.title) == (severity, "Connected to 8.8.8.8:443 (tcp)")
    assert one.places == (SocketPlace(4), ProcessPlace(1))


@pytest.mark.parametrize(
    "peer", ["10.0.0.7:443", "127.0.0.1:443", "[fe80::1]:443", "224.0.0.251:5353", "1:443", ":0"]
)
def test_other_connections_are_not_public(peer: str) -> None:
    assert look("connection-public", opened(tcp(4, "10.88.0.2:41000", peer))) == []


def test_who_calls_the_container_is_not_told() -> None:
    listener, caller = tcp(4, "0.0.0.0:80"), tcp(5, "10.88.0.2:80", "8.8.8.8:50000")
    assert look("connection-public", opened(listener, caller)) == []
    assert severities("connection-public", opened(caller)) == [LOW]


def test_raw_sockets() -> None:
    raw = tcp(4, "0.0.0.0:1", type="raw", protocol="icmp", state="CLOSE")
    (one,) = look("socket-raw", opened(raw))
    assert one.title == "A socket for raw IPv4 packets (icmp)"
    packet = PacketSocket(5, 0, "raw", "all", "", interface_index=2)
    (one,) = look("socket-raw", scene(runs("/app"), opened={1: {3: packet}}))
    assert one.title == "A socket for every frame of device 2"
    assert one.detail == "app (PID 1) has it open."
    assert look("socket-raw", opened(tcp(4, "0.0.0.0:80"))) == []
