import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.criu.builders import contents, image, member
from tests.data import DATA, DEMO
from tests.restore.facts import archive
from tui.archive import limits
from tui.archive.model import Contents, MemberKind, Problem
from tui.checkpoint.reading import load, read
from tui.criu import images as reader
from tui.criu import images_pb2 as images
from tui.criu.framing import Magic, Order
from tui.criu.images import FOLDER
from tui.criu.reading import read_state
from tui.criu.state import CriuState, InetSocket, Mount, RegularFile

WEB = archive("web")


def state(name: str) -> CriuState:
    found = archive(name).criu
    assert found
    return found


def told(found: CriuState) -> list[tuple[str, int | None, str]]:
    """The problems, without those of images that made-up archives do not have."""
    return [
        (problem.member.removeprefix(FOLDER), problem.offset, problem.message)
        for problem in found.problems
        if not problem.message.startswith("missing")
    ]


# Real checkpoints


@pytest.mark.parametrize("path", [*sorted(DATA.glob("*.tar*")), DEMO], ids=lambda path: path.name)
def test_images_of_real_checkpoints_are_read_without_a_problem(path: Path) -> None:
    *earlier, last = read(str(path))
    assert last.criu
    assert last.criu.problems == ()
    assert [one.criu for one in earlier] == [None] * len(earlier)
    assert last.criu.architecture == "amd64"
    assert (last.criu.lsm, last.criu.lsm_profiles) == ("none", ())
    assert (last.criu.network_lock, last.criu.tcp_close) == ("iptables", False)
    assert last.criu.plugins == ()
    assert last.criu.xsave & 0b10
    assert {"memory", "pids", "name=systemd"} <= set(last.criu.controllers)
    assert (last.criu.user_namespace, last.criu.locks) == (False, 0)
    assert last.criu.processes >= 1


def test_a_server_that_listens() -> None:
    web = state("web")
    assert web.sockets == (InetSocket("tcp", 10, "::", 80, "::", 0),)
    assert not web.sockets[0].connected
    assert (web.streams, web.processes) == (0, 1)
    assert RegularFile("/bin/busybox", 2063232, 0o100755, False, web.files[0].mount) in web.files
    assert {mount.mountpoint: mount.external for mount in web.mounts}["/www"] == "/www"


def test_connections_inside_of_a_container() -> None:
    found = state("established")
    assert [(one.source, one.destination_port) for one in found.sockets] == [
        ("127.0.0.1", 7),
        ("127.0.0.1", 53688),
    ]
    assert all(one.connected for one in found.sockets)
    assert (found.streams, found.processes) == (2, 2)


def test_runtimes_name_masked_files_in_their_own_way() -> None:
    by_crun = {mount.external for mount in state("web").mounts}
    by_runc = {mount.external for mount in state("runc").mounts}
    assert {"/proc/keys", "/run/crun/.empty-directory"} <= by_crun
    assert "/dev/null" in by_runc
    assert "/proc/keys" not in by_runc


def test_every_open_file_lies_on_a_mount() -> None:
    for name in ("web", "established", "member", "runc", "deleted"):
        found = state(name)
        known = {mount.id for mount in found.mounts}
        assert {file.mount for file in found.files} <= known
        assert "/" in {mount.mountpoint for mount in found.mounts}


def test_protobuf_is_loaded_with_the_first_images_only() -> None:
    code = (
        "import sys, tui.checkpoint.reading as reading;"
        f"looks = reading.read({str(DATA / 'web.tar.zst')!r}); first = next(looks);"
        "print('google.protobuf' in sys.modules, end=' ');"
        "[*looks]; print('google.protobuf' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


# Parts one by one


def test_the_inventory() -> None:
    raw = image(
        Magic.INVENTORY,
        images.Inventory(
            img_version=2,
            lsmtype=2,
            tcp_close=True,
            network_lock_method=1,
            plugins_entry=images.Plugins(plugins=[b"cuda_plugin", b"cuda_plugin", b"x\xff"]),
        ),
    )
    found = read_state(contents(inventory=raw))
    assert (found.lsm, found.tcp_close, found.network_lock) == ("apparmor", True, "nftables")
    assert found.plugins == ("cuda_plugin", "x\udcff")


@pytest.mark.parametrize(
    ("inventory", "lsm", "lock"),
    [
        (images.Inventory(img_version=1), "none", ""),
        (images.Inventory(lsmtype=1, network_lock_method=0), "selinux", "iptables"),
        (images.Inventory(lsmtype=9, network_lock_method=2), "9", "skip"),
        (images.Inventory(network_lock_method=7), "none", "7"),
    ],
)
def test_an_older_and_a_newer_inventory(inventory: images.Inventory, lsm: str, lock: str) -> None:
    found = read_state(contents(inventory=image(Magic.INVENTORY, inventory)))
    assert (found.lsm, found.network_lock) == (lsm, lock)


def core(mtype: int, bits: int = 0, profile: bytes = b"") -> bytes:
    xsave = images.XsaveX86(xstate_bv=bits)
    return image(
        Magic.CORE,
        images.Core(
            mtype=mtype,
            thread_info=images.ThreadInfoX86(fpregs=images.FpregsX86(xsave=xsave)),
            thread_core=images.ThreadCore(creds=images.Creds(lsm_profile=profile)),
        ),
    )


def test_threads_are_put_together() -> None:
    found = read_state(
        contents(core_1=core(1, 0b11), core_7=core(1, 1 << 5, b"one"), core_8=core(1, 0, b"one"))
    )
    assert found.architecture == "amd64"
    assert found.xsave == 0b100011
    assert found.lsm_profiles == ("one",)


@pytest.mark.parametrize(
    ("mtype", "architecture"), [(3, "arm64"), (4, "ppc64le"), (5, "s390x"), (0, ""), (99, "")]
)
def test_architectures(mtype: int, architecture: str) -> None:
    assert read_state(contents(core_1=core(mtype))).architecture == architecture


def test_processes_are_counted() -> None:
    tree = [images.Pstree(pid=pid) for pid in (1, 2, 3, 4)]
    found = read_state(contents(pstree=image(Magic.PSTREE, *tree)))
    assert found.processes == 4


@pytest.mark.parametrize("order", ["little", "big"])
def test_addresses_are_read_in_the_order_of_the_machine(order: Order) -> None:
    words = [int.from_bytes(bytes(part), order) for part in ([0x20, 1, 0xD, 0xB8], [0] * 4)]
    sockets = [
        images.InetSk(
            family=10, proto=17, state=7, src_port=53, src_addr=[*words, 0, words[1]], dst_addr=[0]
        ),
        images.InetSk(
            family=2,
            proto=6,
            state=1,
            src_port=1,
            dst_port=2,
            src_addr=[int.from_bytes(b"\x0a\x58\x00\x02", order)],
            dst_addr=[int.from_bytes(b"\x7f\x00\x00\x01", order)] * 2,
        ),
        images.InetSk(family=1, proto=299, src_addr=[1]),
    ]
    raw = image(Magic.FILES, *(images.File(isk=isk) for isk in sockets), order=order)
    assert read_state(contents(files=raw)).sockets == (
        InetSocket("udp", 7, "2001:db8::", 53, "", 0),
        InetSocket("tcp", 1, "10.88.0.2", 1, "", 2),
        InetSocket("299", 0, "", 0, "", 0),
    )


@pytest.mark.parametrize(
    ("protocol", "state", "port", "connected"),
    [
        ("tcp", 1, 80, True),
        ("tcp", 5, 80, True),
        ("tcp", 7, 80, True),
        ("tcp", 10, 0, False),
        ("tcp", 7, 0, False),
        ("udp", 1, 53, False),
    ],
)
def test_what_criu_takes_for_a_connection(
    protocol: str, state: int, port: int, connected: bool
) -> None:
    assert InetSocket(protocol, state, "::1", 1, "::1", port).connected is connected


def test_files_of_which_some_were_deleted() -> None:
    files = [
        images.File(id=1, reg=images.RegFile(name=b"/a\xff", mnt_id=-3, size=0, mode=0o100644)),
        images.File(id=2, reg=images.RegFile(name=b"tmp/b")),
        images.File(id=3),
    ]
    found = read_state(
        contents(
            files=image(Magic.FILES, *files),
            remap_fpath=image(Magic.REMAPS, images.RemapFilePath(orig_id=2)),
        )
    )
    assert found.files == (
        RegularFile("/a\udcff", 0, 0o100644, False, -3),
        RegularFile("/tmp/b", None, None, True, 0),
    )


def test_mounts_of_every_age() -> None:
    mounts = [
        images.Mnt(mnt_id=1, mountpoint=b"./"),
        images.Mnt(mnt_id=2, mountpoint=b"/.a", ext_key=b"/.a"),
        images.Mnt(mnt_id=3, mountpoint=b"/b", root=b"key", ext_mount=True),
        images.Mnt(mnt_id=4, mountpoint=b"/c", root=b"/r"),
        images.Mnt(mnt_id=5),
    ]
    raw = image(Magic.MOUNTS, *mounts)
    assert read_state(contents(mountpoints_13=raw)).mounts == (
        Mount(1, "/", ""),
        Mount(2, "/.a", "/.a"),
        Mount(3, "/b", "key"),
        Mount(4, "/c", ""),
        Mount(5, "/", ""),
    )


def test_cgroups_locks_and_what_is_told_by_names() -> None:
    controllers = [
        images.CgController(cnames=[b"cpu", b"cpuacct"]),
        images.CgController(cnames=[b""]),
        images.CgController(cnames=[b"cpu"]),
    ]
    found = read_state(
        contents(
            member("checkpoint/tcp-stream-9f.img"),
            member("checkpoint/tcp-stream-a.img"),
            member("checkpoint/userns-9.img"),
            cgroup=image(Magic.CGROUP, images.Cgroup(controllers=controllers)),
            filelocks=image(Magic.LOCKS, *[images.FileLock(flag=1)] * 3),
        )
    )
    assert found.controllers == ("cpu", "cpuacct", "")
    assert (found.locks, found.streams) == (3, 2)
    assert found.user_namespace


# Images that are missing, damaged or hostile


def test_images_that_every_checkpoint_has_are_missed() -> None:
    found = read_state(contents())
    assert found == CriuState(problems=found.problems)
    assert [(problem.member, problem.message) for problem in found.problems] == [
        (f"checkpoint/{name}.img", "missing: CRIU writes one in every checkpoint")
        for name in ("inventory", "core-*", "files", "mountpoints-*", "pstree")
    ]


def test_a_broken_image_does_not_make_the_archive_incomplete(tmp_path: Path) -> None:
    raw = (DATA / "web.tar").read_bytes()
    at = raw.index(b"\x19\x43\x56\x54" + Magic.FILES.to_bytes(4, "little"))
    path = tmp_path / "web.tar"
    path.write_bytes(raw[:at] + b"XXXX" + raw[at + 4 :])
    found = load(str(path))
    assert found.contents.complete
    assert found.criu
    assert told(found.criu) == [("files.img", 0, "no such image: it begins with 58585858 38313056")]
    assert found.criu.files == ()
    assert found.criu.mounts == state("web").mounts


def test_an_image_that_was_not_kept_is_too_large() -> None:
    large = member("checkpoint/files.img", size=limits.KEPT_IMAGE + 1)
    behind = member("checkpoint/core-1.img", size=9)
    link = member("checkpoint/inventory.img", kind=MemberKind.SYMLINK)
    assert told(read_state(contents(large, behind, link))) == [
        ("inventory.img", None, "not a file but a symlink"),
        ("core-1.img", None, "not read: too many small files are in front of it"),
        ("files.img", None, "16.0 MiB long, too large to be read: images are up to 16.0 MiB"),
    ]


def test_an_image_that_is_cut_off_is_not_read(tmp_path: Path) -> None:
    raw = (DATA / "web.tar").read_bytes()
    at = raw.index(b"checkpoint/files.img")
    path = tmp_path / "cut.tar"
    path.write_bytes(raw[: at + 600])
    found = load(str(path))
    assert found.criu
    assert "not read: the archive is damaged in it" in [
        message for name, _, message in told(found.criu) if name == "files.img"
    ]


def test_what_stands_before_a_damaged_entry_is_read() -> None:
    good, bad = images.Pstree(pid=1, sid=1), b"\x08"
    raw = image(Magic.PSTREE, good, bad, good)
    found = read_state(contents(pstree=raw))
    assert found.processes == 1
    assert told(found) == [("pstree.img", 20, "an entry that is no protobuf of its kind")]


def test_fields_and_kinds_of_another_criu_are_passed_over() -> None:
    newer = images.Pstree(pid=1, sid=1).SerializeToString() + b"\xfa\x7f\x03new"
    found = read_state(contents(pstree=image(Magic.PSTREE, newer)))
    assert found.processes == 1
    assert told(found) == []


def test_entries_are_counted_over_all_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "ENTRIES", 5)
    raw = image(Magic.MOUNTS, *[images.Mnt()] * 4)
    found = read_state(contents(mountpoints_1=raw, mountpoints_2=raw))
    assert len(found.mounts) == 5
    assert told(found) == [("mountpoints-2.img", 16, "more than 5 entries: the rest is unread")]


def test_only_so_many_problems_are_told() -> None:
    many = {f"core_{number}": b"" for number in range(3 * limits.REPORTED)}
    assert len(read_state(contents(**many)).problems) == limits.REPORTED


def test_a_name_of_another_script_is_no_image() -> None:
    found = read_state(contents(member("checkpoint/core-\u0661.img")))
    assert told(found) == []


def test_nested_and_repeated_fields_cost_no_more_than_they_weigh() -> None:
    deep = b""
    for _ in range(200):
        deep = b"\x12" + bytes([len(deep) % 128]) + deep[:127]
    wide = b"\x12\x00" * 100_000
    found = read_state(contents(core_1=image(Magic.CORE, deep), cgroup=image(Magic.CGROUP, wide)))
    assert found.controllers == ()


REAL = {
    name.removeprefix(FOLDER): raw
    for name, raw in archive("established").contents.files.items()
    if name.startswith(FOLDER) and name.endswith(".img")
}
WORTHWHILE = sorted(
    name
    for name in REAL
    if name.partition(".")[0].partition("-")[0]
    in ("inventory", "core", "files", "pstree", "mountpoints", "cgroup")
)


def mutated(name: str, raw: bytes) -> Contents:
    whole = archive("established").contents
    return replace(whole, files={**whole.files, FOLDER + name: raw})


@given(
    st.sampled_from(WORTHWHILE),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=8)), max_size=4),
    st.integers(0, 5000),
)
def test_real_images_that_were_damaged_are_problems_at_worst(
    name: str, patches: list[tuple[int, bytes]], end: int
) -> None:
    raw = bytearray(REAL[name])
    for at, patch in patches:
        raw[at % len(raw) : at % len(raw) + len(patch)] = patch
    found = read_state(mutated(name, bytes(raw[:end])))
    assert {problem.member for problem in found.problems} <= {FOLDER + name}
    for problem in found.problems:
        assert problem.message.isprintable()
        assert problem.offset is None or 0 <= problem.offset <= len(raw)


@given(st.sampled_from(WORTHWHILE), st.binary(max_size=300))
def test_nonsense_in_place_of_an_image_is_a_problem(name: str, raw: bytes) -> None:
    found = read_state(mutated(name, raw))
    assert all(isinstance(problem, Problem) for problem in found.problems)


@given(st.sampled_from(WORTHWHILE), st.lists(st.binary(max_size=60), max_size=5), st.booleans())
def test_entries_of_any_content_are_read_or_told(
    name: str, messages: list[bytes], big: bool
) -> None:
    magic = next(one for one in Magic if REAL[name].find(one.to_bytes(4, "little"), 0, 8) >= 0)
    found = read_state(mutated(name, image(magic, *messages, order="big" if big else "little")))
    assert len(found.problems) <= 1
