import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.checkpoint.config import PortMapping
from tui.restore.ports import PROTOCOLS, PortError, host_side, parse, spec

NUMBERS = st.integers(1, 65535)


@st.composite
def mappings(draw: st.DrawFn) -> PortMapping:
    container = draw(NUMBERS)
    host = draw(st.just(0) | NUMBERS)
    most = min(65536 - max(container, host), 64511)
    ip = draw(st.just("") | st.ip_addresses().map(str))
    return PortMapping(
        host_ip="" if ip == "0.0.0.0" or ip.startswith("::ffff:") else ip,
        container_port=container,
        host_port=host,
        range=draw(st.just(1) | st.integers(1, most)),
        protocol=draw(st.sampled_from(PROTOCOLS)),
    )


@given(mappings())
def test_a_mapping_written_and_read_is_the_same(mapping: PortMapping) -> None:
    assert parse([spec(mapping)]) == (mapping,)


@given(st.lists(st.text() | st.text('0123456789-:/[],".tcpu%'), max_size=4))
def test_whatever_is_typed_is_a_port_or_an_error_for_people(typed: list[str]) -> None:
    try:
        found = parse(typed)
    except PortError:
        return
    assert all(1 <= one.container_port <= 65535 for one in found)
    assert parse([spec(one) for one in found]) == found


@pytest.mark.parametrize(
    ("typed", "ip", "host", "container", "count", "protocol"),
    [
        ("80", "", 0, 80, 1, "tcp"),
        ("8080:80", "", 8080, 80, 1, "tcp"),
        (":80", "", 0, 80, 1, "tcp"),
        ("8080:80/udp", "", 8080, 80, 1, "udp"),
        ("80/SCTP", "", 0, 80, 1, "sctp"),
        ("+80", "", 0, 80, 1, "tcp"),
        ("127.0.0.1:8080:80", "127.0.0.1", 8080, 80, 1, "tcp"),
        ("127.0.0.1::80", "127.0.0.1", 0, 80, 1, "tcp"),
        ("0.0.0.0:8080:80", "", 8080, 80, 1, "tcp"),
        ("[::1]:8080:80", "::1", 8080, 80, 1, "tcp"),
        ("[0:0::1]::80", "::1", 0, 80, 1, "tcp"),
        ("[::ffff:1.2.3.4]:8080:80", "1.2.3.4", 8080, 80, 1, "tcp"),
        ("8080-8090:80-90", "", 8080, 80, 11, "tcp"),
        ("1-65535:1-65535", "", 1, 1, 65535, "tcp"),
    ],
)
def test_one_mapping(
    typed: str, ip: str, host: int, container: int, count: int, protocol: str
) -> None:
    expected = PortMapping(
        host_ip=ip, host_port=host, container_port=container, range=count, protocol=protocol
    )
    assert parse([typed]) == (expected,)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("80/tcp/udp", "invalid port format - protocol can only be specified once"),
        ("::1]:80:80", "invalid port format - IPv6 addresses must be enclosed by []"),
        ("[::1]80:80", "invalid port format - IPv6 address must be followed by a colon (':')"),
        (
            "[::1]:[::1]:80",
            "invalid port format - at most one IPv6 address can be specified in a --publish",
        ),
        (
            "[::1]:80",
            "invalid port format - must provide host and destination port if specifying an IP",
        ),
        (
            "[::1]:1:80:80",
            "invalid port format - when v6 address specified, must be [ipv6]:hostPort:ctrPort",
        ),
        ("1:2:3:4", "invalid port format - format is [[hostIP:]hostPort:]containerPort"),
        ("8080:", "must provide a non-empty container port to publish"),
        ("80,", "must provide a non-empty container port to publish"),
        ("80/", "must provide a non-empty protocol to publish"),
        (":8080:80", "must provide a non-empty container host IP to publish"),
        ("host:8080:80", 'cannot parse "host" as an IP address'),
        ("01.2.3.4:80:80", 'cannot parse "01.2.3.4" as an IP address'),
        ("[fe80::1%lo]:80:80", 'cannot parse "fe80::1%lo" as an IP address'),
        ("1-2:1-3", "host and container port ranges have different lengths: 2 vs 3"),
        (
            "99999:80",
            "parsing host port: port numbers must be between 1 and 65535 (inclusive), got 99999",
        ),
        (
            "0",
            "parsing container port: port numbers must be between 1 and 65535 (inclusive), got 0",
        ),
        ("-5", "parsing container port: port numbers cannot be negative"),
        ("80-", "parsing container port: must provide ending number for port range"),
        (
            "1-2-3",
            "parsing container port: invalid port format - port ranges are formatted as"
            " startPort-stopPort",
        ),
        (
            "90-80",
            "parsing container port: the end port of a range must be higher than the start port"
            " - 80 is not higher than 90",
        ),
        (
            "http",
            'parsing container port: invalid port number: strconv.Atoi: parsing "http": invalid'
            " syntax",
        ),
        (
            "1_0",
            'parsing container port: invalid port number: strconv.Atoi: parsing "1_0": invalid'
            " syntax",
        ),
        (
            "9" * 5000 + ":80",
            f'parsing host port: invalid port number: strconv.Atoi: parsing "{"9" * 5000}": value'
            " out of range",
        ),
        (
            "80/tcp,udp",  # a list of values before it is a list of protocols
            'parsing container port: invalid port number: strconv.Atoi: parsing "udp": invalid'
            " syntax",
        ),
        ("80/icmp", 'unrecognized protocol "icmp" in port mapping'),
        (
            "1-65535",
            "failed to find an open port to expose container port 1 with range 65535 on the host",
        ),
        (
            "80-90:80-90,85-86:1-2",
            "conflicting port mappings for host port 85 (protocol tcp)",
        ),
        (
            'a"b',
            'invalid argument "a\\"b" for "-p, --publish" flag: parse error on line 1, column 2:'
            ' bare " in non-quoted-field',
        ),
        (
            '"ab',
            'invalid argument "\\"ab" for "-p, --publish" flag: parse error on line 1, column 4:'
            ' extraneous or missing " in quoted-field',
        ),
        (
            '80,"a"b',
            'invalid argument "80,\\"a\\"b" for "-p, --publish" flag: parse error on line 1, column'
            ' 6: extraneous or missing " in quoted-field',
        ),
    ],
)
def test_podmans_messages(typed: str, message: str) -> None:
    with pytest.raises(PortError) as refused:
        parse([typed])
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([""], []),
        (["80:80,81:81"], ["80-81:80-81"]),
        (["81:81", "80:80"], ["80-81:80-81"]),
        (["80:80", "80:80"], ["80:80"]),
        (["80-90:80-90", "85:85"], ["80-90:80-90"]),
        (["80:80", "81:9000"], ["80:80", "81:9000"]),
        (["80:80", "80:81"], ["80:80", "80:81"]),  # Podman notices only when it binds them
        (["80:80", "81:81/udp"], ["80:80", "81:81/udp"]),
        (["80:80", "127.0.0.1:81:81"], ["80:80", "127.0.0.1:81:81"]),
        (["80", "80-81", "90"], ["80-81", "90"]),
        (["80", "8080:80"], ["8080:80", "80"]),
        (['"80/tcp,udp,tcp"'], ["80", "80/udp"]),
    ],
)
def test_several_mappings_become_those_that_podman_stores(
    typed: list[str], expected: list[str]
) -> None:
    assert [spec(mapping) for mapping in parse(typed)] == expected


def test_where_the_host_answers() -> None:
    found = parse(["[::1]:8000-8002:80-82/udp", "10.0.0.1::80", "443:443", "81"])
    assert [host_side(one) for one in found] == ["[::1]:8000-8002", "10.0.0.1:", "443", ""]
