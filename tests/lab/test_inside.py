"""What podthaw finds in a checkpoint is what was in the living container, and what others find."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import peers
from tests.lab.facts import NOTHING, Difference, assert_same
from tests.lab.machine import Lab
from tests.lab.told import told
from tests.lab.zoo import Zoo, make_titled, make_zoo
from tui.archive.spool import opened
from tui.checkpoint.reading import load
from tui.criu.commands import read_started
from tui.criu.contents import read_content
from tui.criu.elfcore import write_core
from tui.criu.files import Extent
from tui.criu.images import Images
from tui.criu.inside import Inside, read_inside
from tui.criu.memories import Memories, memory_members, read_memories
from tui.criu.memory import Absent
from tui.criu.pages import Absence
from tui.criu.patterns import text
from tui.criu.search import search
from tui.criu.sockets import InetSocket, UnixSocket
from tui.criu.special import Memfd, Pipe

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]


@pytest.fixture(scope="module")
def zoo(started_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    started_lab.clean()
    return make_zoo(started_lab, tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="module")
def inside(zoo: Zoo) -> Inside:
    return read_inside(load(zoo.archive).contents)


@pytest.fixture
def memories(zoo: Zoo) -> Iterator[Memories]:
    contents = load(zoo.archive).contents
    with opened(contents, memory_members(contents)) as store:
        yield read_memories(contents, store)


# The living container


def _mapped(kernel: str, ours: str) -> Any:
    return lambda mine, theirs: (
        NOTHING not in (mine, theirs)
        and mine[:2] == theirs[:2]
        and re.fullmatch(kernel, theirs[2])
        and mine[2] == re.sub(kernel, ours, theirs[2])
    )


LIVING = (
    Difference(
        "* thread * program counter",
        "both",
        "CRIU interrupts the system call, and sets the thread back so that it is made again",
        lambda ours, theirs: ours == theirs - 2,
    ),
    Difference(
        "5 thread 5 blocked",
        "both",
        "the shell waits in ppoll, which unblocks all signals; CRIU has what is blocked after it",
        lambda ours, theirs: theirs == () and "SIGINT" in ours,
    ),
    Difference(
        "* fd * value",
        "both",
        "time has passed, and the timer went on",
        lambda ours, theirs: 0 < ours <= theirs,
    ),
    Difference(
        "* fd *",
        "both",
        "a namespace is known by CRIU's own number, not by its inode",
        lambda ours, theirs: str(ours).startswith("uts:[") and str(theirs).startswith("uts:["),
    ),
    Difference(
        "* fd *",
        "the kernel",
        "CRIU does not write down the inode of a packet socket",
        lambda ours, theirs: ours == "socket" and theirs.startswith("socket:["),
    ),
    Difference(
        "* fd * flags",
        "the kernel",
        "of a pidfd CRIU keeps only the flags that it can be opened with",
        lambda ours, theirs: (ours, theirs) == (0, 2),
    ),
    Difference(
        "* fd * mount",
        "podthaw",
        "a memfd lies on a mount of the kernel's own, which no container has",
        lambda ours, theirs: ours is None,
    ),
    Difference(
        "* fd * socket received",
        "podthaw",
        "the kernel counts the end of the connection as one more byte",
        lambda ours, theirs: (ours, theirs) == (0, 1),
    ),
    Difference(
        "8 fd * lock",
        "both",
        "a lock is shown at every process that shares the table, and CRIU writes down one of them",
        lambda ours, theirs: ours == NOTHING,
    ),
    Difference(
        "* map *",
        "both",
        "CRIU takes the two parts of vvar for one mapping: here are the parts",
        lambda ours, theirs: ours == NOTHING and theirs[2] in ("[vvar]", "[vvar_vclock]"),
        always=False,  # before Linux 6.13 it was one
    ),
    Difference(
        "* map *",
        "both",
        "CRIU takes the two parts of vvar for one mapping: here is the whole",
        lambda ours, theirs: theirs == NOTHING and ours[2] == "[vvar]",
        always=False,
    ),
    Difference(
        "* map *",
        "both",
        "what lies in memory alone is always deleted, which podthaw does not repeat",
        _mapped(r"(/memfd:aviary|/dev/zero) \(deleted\)", r"\1"),
    ),
    Difference(
        "* map *",
        "both",
        "System V shared memory is named after its key, which podthaw tells elsewhere",
        _mapped(r"/SYSV00005a00 \(deleted\)", ""),
    ),
    Difference(
        "mount * flags",
        "both",
        "without a word about access times the kernel keeps them exactly; CRIU has a word for it",
        lambda ours, theirs: set(ours) - set(theirs) == {"strictatime"},
    ),
    Difference(
        "mount * flags",
        "the kernel",
        "CRIU does not know nosymfollow",
        lambda ours, theirs: set(theirs) - set(ours) == {"nosymfollow"},
        always=False,  # what Podman mounts with cgroup v1
    ),
    Difference(
        "mount * super options",
        "both",
        "CRIU adds what the kernel does by itself",
        lambda ours, theirs: set(ours) - set(theirs) == {"newinstance"},
    ),
    Difference(
        "mount * file system",
        "the kernel",
        "CRIU does not write down file systems that it has no code for",
        lambda ours, theirs: ours == "",
    ),
)
"""Where the checkpoint and the living container may differ."""


def test_it_tells_what_the_kernel_showed(zoo: Zoo) -> None:
    assert_same(told(load(zoo.archive).contents), zoo.living, LIVING)


def test_nothing_is_a_problem(inside: Inside) -> None:
    assert inside.problems == ()


def test_who_has_which_rights(inside: Inside, zoo: Zoo) -> None:
    [pid] = zoo.said("process")["without rights"]
    process = inside.processes.by_pid[int(pid)]
    assert process.leader
    who = process.leader.credentials
    assert who.groups == (7, 77, 70000)
    assert who.ambient == who.effective == ("cap_net_bind_service",)
    assert who.permitted == ("cap_kill", "cap_net_bind_service")
    assert "cap_chown" not in who.bounding
    assert who.no_new_privs
    assert "keep_caps" in who.securebits
    assert process.leader.death_signal == "SIGTERM"


def test_timers_and_how_processes_stand(inside: Inside, zoo: Zoo) -> None:
    pids = {name: int(pid) for name, (pid,) in zoo.said("process").items()}
    process = inside.processes.by_pid[pids["timers"]]
    assert [(one.kind, one.interval) for one in process.itimers] == [("real", 10.25)]
    assert [(one.clock, one.interval) for one in process.timers] == [("boottime", 5.0)]
    assert process.leader
    assert len(process.leader.signal_stack) == 1 << 16
    assert inside.processes.by_pid[1].subreaper
    assert inside.processes.by_pid[pids["stopped"]].stop_signal == "SIGSTOP"
    assert inside.processes.by_pid[pids["zombie"]].exit_code == 7 << 8
    assert inside.processes.sharers(inside.processes.by_pid[1], "files") == (pids["sharer"],)


# What waits in queues, and what has lost its name


def _bytes(zoo: Zoo, extents: tuple[Extent, ...]) -> bytes:
    size = sum(one.length for one in extents)
    return read_content(load(zoo.archive).contents, extents, size, size)


def test_what_waits_to_be_read(inside: Inside, zoo: Zoo) -> None:
    fds = {name: int(words[0]) for name, words in zoo.said("fd").items()}
    files = {one.fd: one.file for one in inside.descriptors.of(inside.processes.by_pid[1])}
    queues = {}
    for name, fd in fds.items():
        file, socket = files[fd], inside.sockets.by_file.get(files[fd].id)
        if isinstance(file.detail, Pipe):
            queues[name] = [_bytes(zoo, file.detail.queued)]
        elif isinstance(socket, UnixSocket):
            queues[name] = [_bytes(zoo, (packet.content,)) for packet in socket.received]
        elif isinstance(socket, InetSocket) and socket.stream:
            queues[name] = [_bytes(zoo, (socket.stream.received,))]
    assert {name: found for name, found in queues.items() if any(found)} == {
        "pipe": [b"in the pipe"],
        "fifo": [b"in the fifo"],
        "tcp_client": [b"to the client"],
        "tcp_server": queues["tcp_server"],
        "tcp6_server": [b"over six"],
        "stream_right": [b"left to right"],
        "datagram_right": [b"first packet", b"with a file"],
        "abstract_server": [b"to the abstract one"],
    }
    client, server = (
        inside.sockets.by_file[files[fds[name]].id] for name in ("tcp_client", "tcp_server")
    )
    assert isinstance(client, InetSocket)
    assert isinstance(server, InetSocket)
    assert client.stream
    assert server.stream
    on_the_way = _bytes(zoo, (server.stream.received,)) + _bytes(zoo, (client.stream.sent,))
    assert on_the_way == b"q" * int(zoo.said("queued")["tcp_client"][0])
    assert client.stream.unsent > 0
    assert client.options["keepalive"]
    assert client.options["tcp_nodelay"]


def test_a_file_that_was_passed_and_those_that_were_deleted(inside: Inside, zoo: Zoo) -> None:
    fds = {name: int(words[0]) for name, words in zoo.said("fd").items()}
    files = {one.fd: one.file for one in inside.descriptors.of(inside.processes.by_pid[1])}
    right = inside.sockets.by_file[files[fds["datagram_right"]].id]
    assert isinstance(right, UnixSocket)
    [passed] = right.received[1].passed
    assert inside.descriptors.files[passed].path == "/etc/passwd"
    assert files[fds["duplicate"]] is files[fds["plain"]] is not files[fds["description"]]
    deleted, holes = files[fds["deleted"]].deleted, files[fds["holes"]].deleted
    assert deleted
    assert holes
    contents = load(zoo.archive).contents
    whole = read_content(contents, deleted.extents, deleted.size, 100)
    assert whole == b"deleted, and still open\n"
    hollow = read_content(contents, holes.extents, holes.size, holes.size)
    assert hollow == (bytes(100 * 4096) + b"behind a hole").ljust(120 * 4096, b"\0")
    memfd = files[fds["memfd"]].detail
    assert isinstance(memfd, Memfd)
    assert memfd.seals == ("SHRINK", "GROW")


# Memory


def _hash(data: bytes) -> str:
    found = 0xCBF29CE484222325
    for byte in data:
        found = (found ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{found:016x}"


def test_bytes_of_memory_are_what_the_program_had(zoo: Zoo, memories: Memories) -> None:
    memory = memories.process(1)
    assert memory
    printed, found, absent = {}, {}, {}
    for name, (address, length, hashed) in zoo.said("memory").items():
        data = b""
        for _, piece in memory.read(int(address, 16), int(length)):
            if isinstance(piece, Absent) and piece.why is not Absence.ZERO:
                absent[name] = piece.why
            data += bytes(piece.size) if isinstance(piece, Absent) else piece
        printed[name], found[name] = hashed, _hash(data)
    assert absent == {"board": Absence.FILE}, "a shared file is not in the memory's images"
    del printed["board"], found["board"]
    assert found == printed
    assert len(found) == 7


def test_a_secret_is_found_over_the_edges_of_pages_and_mappings(
    zoo: Zoo, memories: Memories
) -> None:
    places = {}
    for found in search(memories, text("zoo-secret-")):
        for hit in found.hits:
            for place in hit.places:
                places[place.pid, place.address] = (hit.match + hit.after)[:27]
    for number, name in enumerate(("over_pages", "over_mappings", "shared"), 1):
        [address] = zoo.said("secret")[name]
        secret = f"zoo-secret-{number:04d}-do-not-tell".encode()
        having = {pid for pid, at in places if at == int(address, 16)}
        assert {places[pid, int(address, 16)] for pid in having} == {secret}
        assert having == {1, 2, 3, 4, 6, 8}, "all that were forked"


def test_a_debugger_opens_the_core(lab: Lab, zoo: Zoo, memories: Memories, tmp_path: Path) -> None:
    memory = memories.process(1)
    assert memory
    core = tmp_path / "core"
    write_core(Images(load(zoo.archive).contents), memory, str(core))
    with core.open("rb") as file:
        argv = [*lab.prefix, "cp", "/dev/stdin", "/root/core"]
        subprocess.run(argv, stdin=file, check=True)
    [address] = zoo.said("secret")["over_pages"]
    shown = lab.run(
        *("gdb", "-batch", "-nx", "-ex", "info threads", "-ex", f"x/s {address}"),
        *("-ex", "thread apply all -q print $rip", "-core", "/root/core"),
    )
    lab.run("rm", "/root/core")
    assert len(re.findall(r"LWP (1|9|10)\b", shown)) >= 3, shown
    assert "zoo-secret-0001-do-not-tell" in shown
    for tid in (1, 9, 10):
        told_of = zoo.living[f"1 thread {tid} program counter"] - 2
        assert f"{told_of:#x}" in shown


# Other readers

_KINDS = (
    "REG PIPE FIFO INETSK UNIXSK EVENTFD EVENTPOLL INOTIFY SIGNALFD PACKETSK TTY FANOTIFY NETLINKSK"
    " NS TUNF EXT TIMERFD MEMFD"
)
"""Of files, as CRIU counts them."""

ENUMERATIONS = {name: number for number, name in enumerate(_KINDS.split(), 1)} | {
    **dict.fromkeys(("X86_64", "NATIVE", "GHOST", "LOOPBACK", "SELINUX", "READ", "PTY"), 1),
    **dict.fromkeys(("filter", "WRITE", "APPARMOR"), 2),
    "NO_LSM": 0,
    "AARCH64": 3,
    "CTL_STR": 5,
    "PIDFD": 20,
    "CTL_32": 6,
}

PYCRIU = (
    Difference(
        "*",
        "both",
        "crit has the names of enumerations, podthaw the numbers of all that it shows raw",
        lambda ours, theirs: isinstance(theirs, str) and ENUMERATIONS.get(theirs) == ours,
    ),
    Difference(
        "files.img*.usk.name",
        "both",
        "crit writes the NUL in the name of a socket as =00",
        lambda ours, theirs: ours == theirs.replace("=00", "\0").encode(),
    ),
    Difference(
        "*.extra",
        "both",
        "crit has something behind every entry of such images, if only nothing",
        lambda ours, theirs: (ours, theirs) == (NOTHING, ""),
    ),
)
"""Where crit and podthaw differ."""


def test_every_value_of_every_image_is_what_crit_decodes(lab: Lab, zoo: Zoo) -> None:
    theirs = peers.pycriu(lab, Path(zoo.archive))
    ours = peers.raw(load(zoo.archive).contents, theirs)
    assert len(theirs) > 10_000
    assert_same(ours, theirs, PYCRIU)


CHECKPOINTCTL = (
    Difference(
        "* arguments",
        "podthaw",
        "checkpointctl 1.3 reads no pages of CRIU 4.2, which counts them in another field",
        lambda ours, theirs: ours and not theirs.strip(),
    ),
    Difference(
        "* environment",
        "podthaw",
        "the same; without a page there is no environment",
        lambda ours, theirs: ours and not theirs,
    ),
    Difference(
        "* fd * path",
        "podthaw",
        "checkpointctl has CRIU's number where it does not look into files.img",
        lambda ours, theirs: bool(re.fullmatch(r"([A-Z]+|20)\.\d+", theirs)),
    ),
    Difference(
        "* fd * path",
        "podthaw",
        "in /proc it is pipe:[…]",
        lambda ours, theirs: theirs.startswith("pipe[") and ours == theirs.replace("[", ":["),
    ),
    Difference(
        "* fd * path",
        "podthaw",
        "in /proc it is socket:[…]; checkpointctl adds the peer and the name, with its NUL",
        lambda ours, theirs: (
            ours.removeprefix("socket:[").removesuffix("]")
            == theirs.removeprefix("unix[").split()[0]
        ),
    ),
    Difference(
        "* fd * path",
        "podthaw",
        "checkpointctl does not tell that a file was deleted",
        lambda ours, theirs: ours == f"{theirs} (deleted)",
    ),
    Difference(
        "* fd * type",
        "podthaw",
        "checkpointctl 1.3 does not know pidfds",
        lambda ours, theirs: (ours, theirs) == ("PIDFD", "20"),
    ),
    Difference(
        "* socket * src",
        "podthaw",
        "checkpointctl takes the words of an IPv6 address apart in the wrong order",
        lambda ours, theirs: ":" in ours and ":" in theirs,
    ),
    Difference(
        "* socket * dst",
        "podthaw",
        "checkpointctl takes the words of an IPv6 address apart in the wrong order",
        lambda ours, theirs: ":" in ours and ":" in theirs,
    ),
    Difference(
        "* socket * state",
        "podthaw",
        "the kernel and ss(8) have no second _ in it",
        lambda ours, theirs: (ours, theirs) == ("FIN_WAIT2", "FIN_WAIT_2"),
    ),
    Difference(
        "* socket * address",
        "podthaw",
        "an abstract name begins with a NUL, written @; a path ends before it",
        lambda ours, theirs: ours.removeprefix("@") == theirs.strip("\0"),
    ),
)
"""Where checkpointctl and podthaw differ."""


def test_checkpointctl_says_the_same(lab: Lab, zoo: Zoo, tmp_path: Path) -> None:
    [zombie] = zoo.said("process")["zombie"]
    archive = peers.without(Path(zoo.archive), int(zombie), tmp_path / "without.tar")
    document, error = peers.checkpointctl(lab, archive, "--all")
    assert document, error
    checkpoint = load(str(archive))
    ours = peers.checkpointctl_told(checkpoint.contents)
    assert_same(ours, peers.checkpointctl_facts(document), CHECKPOINTCTL)
    there = {mount.mountpoint for mount in read_inside(checkpoint.contents).mounts.by_id.values()}
    assert {mount["destination"] for mount in document["mounts"]} <= there
    pages = document["checkpoint_size"]["memory_pages_size"]
    assert pages == read_memories(checkpoint.contents).stored


def test_checkpointctl_says_nothing_of_a_checkpoint_with_a_zombie(lab: Lab, zoo: Zoo) -> None:
    [zombie] = zoo.said("process")["zombie"]
    document, error = peers.checkpointctl(lab, Path(zoo.archive), "--all")
    assert document is None
    assert f"ids-{zombie}.img: no such file" in error or f"pagemap-{zombie}.img" in error


def test_a_title_that_goes_on_in_the_environment(lab: Lab, tmp_path: Path) -> None:
    archive = make_titled(lab, tmp_path)
    started = read_started(load(archive).contents)[1]
    assert started.arguments == ("zoo: xxxxxxxxxxxover the environment",)
    assert started.environment
    assert started.environment[0] == "over the environment"
