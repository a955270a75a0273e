from ipaddress import ip_address
from typing import Any

import pytest

from tests.criu.builders import contents, entry, head, image
from tests.restore.facts import archive
from tui.criu import images_pb2 as pb
from tui.criu.files import Extent
from tui.criu.framing import Magic, Order
from tui.criu.images import FOLDER, Images
from tui.criu.sockets import (
    AnySocket,
    InetSocket,
    NetlinkSocket,
    Packet,
    PacketSocket,
    Sockets,
    Stream,
    UnixSocket,
    sockets,
    unix_name,
)


def made(*files: pb.File, order: Order = "little", **images: bytes) -> Sockets:
    for number, file in enumerate(files, 1):
        file.id = number
    raw = image(Magic.FILES, *files, order=order)
    return sockets(Images(contents(files=raw, **images)))


def only(file: pb.File, **images: bytes) -> AnySocket:
    found = made(file, order="little", **images)
    assert found.problems == ()
    return found.by_file[1]


def words(address: str, order: Order = "little") -> list[int]:
    """An address as CRIU writes it on a machine of this byte order."""
    raw = ip_address(address).packed
    return [int.from_bytes(raw[at : at + 4], order) for at in range(0, len(raw), 4)]


def inet(**more: Any) -> pb.File:
    return pb.File(type=4, isk=pb.InetSk(**more))


def unix(**more: Any) -> pb.File:
    return pb.File(type=5, usk=pb.UnixSk(**more))


# Real checkpoints


def test_a_connection_seen_from_both_sides() -> None:
    whole = archive("established").contents
    found = sockets(Images(whole))
    assert found.problems == ()
    ends = [one for one in found.by_file.values() if isinstance(one, InetSocket)]
    assert [(one.state, one.connected) for one in ends] == [
        ("FIN_WAIT2", True),
        ("CLOSE_WAIT", True),
    ]
    first, second = ends
    assert (first.source, first.source_port) == (second.destination, second.destination_port)
    assert first.stream
    assert second.stream
    assert first.stream.send_sequence == second.stream.receive_sequence
    assert len(whole.files[first.stream.sent.member]) >= first.stream.sent.offset


def test_a_server_that_listens() -> None:
    found = sockets(Images(archive("web").contents))
    (one,) = found.by_file.values()
    assert isinstance(one, InetSocket)
    assert (one.protocol, one.state, one.version) == ("tcp", "LISTEN", 6)
    assert (one.source, one.source_port, one.connected) == ("::", 80, False)
    assert one.options["reuseaddr"] is True
    assert one.backlog > 0


# IP


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize(
    ("family", "written", "shown"),
    [
        (2, "10.88.0.2", "10.88.0.2"),
        (10, "2001:db8::10", "2001:db8::10"),
        (10, "fe80::1", "fe80::1"),
        (10, "::ffff:10.0.0.1", "::ffff:10.0.0.1"),
        (2, "2001:db8::10", ""),
        (10, "10.88.0.2", ""),
        (7, "10.88.0.2", ""),
    ],
)
def test_addresses(family: int, written: str, shown: str, order: Order) -> None:
    found = made(
        inet(family=family, proto=6, src_addr=words(written, order), dst_port=1), order=order
    )
    one = found.by_file[1]
    assert isinstance(one, InetSocket)
    assert (one.source, one.destination) == (shown, "")


def test_an_inet_socket() -> None:
    one = only(
        inet(
            ino=99,
            family=2,
            type=2,
            proto=17,
            state=7,
            src_port=53,
            src_addr=words("127.0.0.1"),
            dst_addr=words("0.0.0.0"),
            ifname=b"eth0",
            v6only=True,
            ns_id=10,
            shutdown=1,
        )
    )
    assert one == InetSocket(
        file_id=1,
        inode=99,
        type="dgram",
        protocol="udp",
        state="CLOSE",
        shutdown="receiving",
        network=10,
        source="127.0.0.1",
        source_port=53,
        destination="0.0.0.0",
        interface="eth0",
        v6only=True,
    )


@pytest.mark.parametrize(
    ("proto", "port", "connected"), [(6, 80, True), (6, 0, False), (17, 80, False)]
)
def test_what_criu_takes_for_a_connection(proto: int, port: int, connected: bool) -> None:
    one = only(inet(proto=proto, dst_port=port))
    assert isinstance(one, InetSocket)
    assert one.connected is connected


def test_options_are_told_where_they_are_set() -> None:
    opts = pb.SkOpts(
        so_sndbuf=1000,
        so_rcv_tmo_sec=1,
        so_rcv_tmo_usec=500_000,
        so_snd_tmo_usec=250_000,
        reuseaddr=True,
        so_keepalive=False,
        so_rcvlowat=1,
        so_bound_dev=b"eth1",
        so_filter=[1, 2, 3],
        so_mark=7,
    )
    one = only(
        inet(
            opts=opts,
            ip_opts=pb.IpOpts(freebind=True, ttl=64),
            tcp_opts=pb.TcpOpts(nodelay=True, cork=False, keepidle=5),
        )
    )
    assert one.options == {
        "sndbuf": 1000,
        "sndtimeo": 0.25,
        "rcvtimeo": 1.5,
        "reuseaddr": True,
        "mark": 7,
        "bound_dev": "eth1",
        "filter": 3,
        "ip_freebind": True,
        "ip_ttl": 64,
        "tcp_nodelay": True,
        "tcp_keepidle": 5,
    }
    assert isinstance(one, InetSocket)
    assert one.interface == "eth1"


def test_what_was_on_its_way_over_tcp() -> None:
    tcp = pb.TcpStream(
        inq_len=5, inq_seq=10, outq_len=3, outq_seq=20, unsq_len=1, mss_clamp=1460, snd_wnd=7
    )
    raw = image(Magic.TCP_STREAM, tcp) + b"helloabc"
    one = only(inet(ino=0xAB, proto=6, dst_port=1), tcp_stream_ab=raw)
    assert isinstance(one, InetSocket)
    member, start = "checkpoint/tcp-stream-ab.img", len(raw) - 8
    assert one.stream == Stream(
        received=Extent(member, start, 5),
        receive_sequence=10,
        sent=Extent(member, start + 5, 3),
        send_sequence=20,
        unsent=1,
        segment=1460,
        send_window=7,
        receive_window=0,
    )


def test_a_stream_that_is_cut_off_keeps_what_there_is() -> None:
    tcp = pb.TcpStream(inq_len=5, outq_len=0xFFFFFFFF)
    found = made(
        inet(ino=1, proto=6, dst_port=1), tcp_stream_1=image(Magic.TCP_STREAM, tcp) + b"hell"
    )
    one = found.by_file[1]
    assert isinstance(one, InetSocket)
    assert one.stream
    assert (one.stream.received.length, one.stream.sent.length) == (4, 0)
    assert [problem.message for problem in found.problems] == [
        "cut off: 4 of 4,294,967,300 bytes behind an entry"
    ]


# Unix


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"", ""),
        (b"/tmp/a.sock\0", "/tmp/a.sock"),
        (b"/tmp/a\0rest", "/tmp/a"),
        (b"\0abstract", "@abstract"),
        (b"\0with\0nuls\0", "@with\0nuls\0"),
        (b"\0\xff", "@\udcff"),
    ],
)
def test_names_of_unix_sockets(raw: bytes, name: str) -> None:
    assert unix_name(raw) == name


def test_a_unix_socket_that_listens() -> None:
    one = only(
        unix(
            ino=5,
            type=5,
            state=10,
            backlog=4,
            name=b"a.sock\0",
            name_dir=b"/run",
            deleted=True,
            mnt_id=12,
            file_perms=pb.FilePerms(mode=0o140755),
        )
    )
    assert one == UnixSocket(
        file_id=1,
        inode=5,
        type="seqpacket",
        protocol="",
        state="LISTEN",
        name="a.sock",
        backlog=4,
        mode=0o140755,
        folder="/run",
        deleted=True,
        mount=12,
    )


def test_the_peer_of_a_unix_socket() -> None:
    found = made(
        unix(ino=5, peer=6, state=1),
        unix(ino=6, peer=5, state=1, backlog=768),
        unix(ino=7, peer=99, state=1, uflags=1),
        unix(ino=8),
    )
    those = [one for one in found.by_file.values() if isinstance(one, UnixSocket)]
    assert [one.peer for one in those] == [2, 1, None, None]
    assert [one.external for one in those] == [False, False, True, False]
    assert [one.backlog for one in those] == [0, 0, 0, 0]  # of a connection it means nothing


def test_packets_wait_at_the_one_who_is_to_read_them() -> None:
    passed = pb.SkPacket(id_for=2, length=1, scm=[pb.Scm(type=1, rights=[7, 8])])
    raw = (
        head(Magic.SOCKET_QUEUES)
        + (entry(pb.SkPacket(id_for=2, length=5)) + b"first")
        + (entry(passed) + b"x")
        + (entry(pb.SkPacket(id_for=99, length=2)) + b"??")
    )
    found = made(unix(ino=5, peer=6), unix(ino=6, peer=5), sk_queues=raw)
    first, second = found.by_file[1], found.by_file[2]
    assert isinstance(first, UnixSocket)
    assert isinstance(second, UnixSocket)
    assert first.received == ()
    assert [packet.passed for packet in second.received] == [(), (7, 8)]
    assert [
        raw[packet.content.offset : packet.content.offset + packet.content.length]
        for packet in second.received
    ] == [b"first", b"x"]
    assert {packet.content.member for packet in second.received} == {FOLDER + "sk-queues.img"}


def test_packets_that_nobody_waits_for_are_counted_all_the_same() -> None:
    raw = image(Magic.SOCKET_QUEUES, *[pb.SkPacket(id_for=1)] * 2000)
    one = only(unix(ino=5), sk_queues=raw)
    assert isinstance(one, UnixSocket)
    assert len(one.received) == 1000
    assert one.received[0] == Packet(Extent("checkpoint/sk-queues.img", 14, 0))


# Others


def test_a_netlink_socket() -> None:
    file = pb.File(
        type=13, nlsk=pb.NetlinkSk(ino=3, protocol=0, state=7, portid=42, groups=[0b101, 1])
    )
    assert only(file) == NetlinkSocket(
        file_id=1,
        inode=3,
        type="raw",
        protocol="route",
        state="CLOSE",
        port=42,
        groups=(1, 3, 33),
    )


def test_a_packet_socket() -> None:
    psk = pb.PacketSock(type=3, protocol=0x300, ifindex=2, rx_ring=pb.PacketRing(block_nr=1))
    assert only(pb.File(type=10, psk=psk)) == PacketSocket(
        file_id=1,
        inode=0,
        type="raw",
        protocol="all",
        state="",
        interface_index=2,
        rings=True,
    )


def test_files_that_are_no_sockets_are_passed_over() -> None:
    assert made(pb.File(type=1, reg=pb.RegFile())).by_file == {}
