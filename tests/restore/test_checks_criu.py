from dataclasses import replace
from typing import Any

import pytest

from tests.restore.facts import CRUN, NOBODY_KNOWS, PODMAN, altered, archive, host, look, podman
from tui.archive.model import Member, MemberKind, Problem
from tui.checkpoint.checkpoint import Checkpoint
from tui.criu.state import CriuState, InetSocket, Mount
from tui.host.facts import HostFacts, Known, PathKind, PathStatus
from tui.restore.checks import CHECKS
from tui.restore.conflict import Conflict, Location, Severity
from tui.restore.options import RestoreOptions
from tui.restore.plan import apply

WEB = archive("web")
ESTABLISHED = archive("established")
RUNC = archive("runc")
RUNC_HERE = replace(CRUN, name="runc", path="/usr/bin/runc", closes_connections=False)
PARENT = Member("checkpoint/parent", MemberKind.SYMLINK, 0, 0o777, WEB.contents.members[0].mtime)
NULL = PathStatus(PathKind.CHARACTER_DEVICE, 0o666)


def images(checkpoint: Checkpoint = WEB, **changes: Any) -> Checkpoint:
    """`checkpoint` with other things in CRIU's images."""
    assert checkpoint.criu
    return replace(checkpoint, criu=replace(checkpoint.criu, **changes))


def facts(base: HostFacts | None = None, **changes: Any) -> HostFacts:
    return replace(base or host(), **changes)


def tcp(source: str, destination: str = "10.88.0.9", *, state: int = 1) -> InetSocket:
    return InetSocket("tcp", state, source, 40000, destination, 5432)


def severities(found: tuple[Conflict, ...]) -> list[Severity]:
    return [conflict.severity for conflict in found]


def after(
    code: str, remedy: str, found: Conflict, checkpoint: Checkpoint, where: HostFacts
) -> tuple[Conflict, ...]:
    """What the check finds once the remedy was taken."""
    options = apply(RestoreOptions(), next(one for one in found.remedies if one.id == remedy))
    return look(
        code, checkpoint, where, **{name: getattr(options, name) for name in options.__slots__}
    )


FAMILY = [code for code, check in CHECKS.items() if check.look.__module__.endswith(".criu")]


@pytest.mark.parametrize("code", FAMILY)
def test_nothing_is_said_while_the_archive_is_still_read(code: str) -> None:
    members = (*ESTABLISHED.contents.members, PARENT)
    reading = replace(
        ESTABLISHED,
        criu=None,
        contents=replace(ESTABLISHED.contents, members=members, finished=False),
    )
    assert look(code, reading, host(podman=NOBODY_KNOWS, runtime=NOBODY_KNOWS)) == ()


@pytest.mark.parametrize("code", FAMILY)
@pytest.mark.parametrize("name", ["web", "member", "runc", "static", "deleted"])
def test_ordinary_checkpoints_meet_nothing(code: str, name: str) -> None:
    assert look(code, archive(name), host()) == ()


@pytest.mark.parametrize("code", FAMILY)
def test_images_that_say_nothing_are_no_reason_to_refuse(code: str) -> None:
    everything_unknown = facts(
        host(podman=NOBODY_KNOWS, runtime=NOBODY_KNOWS),
        cpu_flags=NOBODY_KNOWS,
        criu_plugins=NOBODY_KNOWS,
    )
    assert look(code, replace(WEB, criu=CriuState()), everything_unknown) == ()


# Connections


def test_open_connections_are_restored_or_closed() -> None:
    (conflict,) = look("tcp-established", ESTABLISHED, host())
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "2 open TCP connections in the checkpoint"
    assert conflict.evidence.archive == (
        "127.0.0.1:53688 to 127.0.0.1:7, 127.0.0.1:7 to 127.0.0.1:53688"
    )
    assert [(one.id, one.options) for one in conflict.remedies] == [
        ("restore-connections", {"tcp_established": True}),
        ("close-connections", {"tcp_close": True}),
    ]
    for one in conflict.remedies:
        assert after("tcp-established", one.id, conflict, ESTABLISHED, host()) == ()


def test_under_a_new_name_connections_can_only_be_closed() -> None:
    (conflict,) = look("tcp-established", ESTABLISHED, host(), name="copy")
    assert [one.id for one in conflict.remedies] == ["close-connections"]


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (host(podman=podman(5, 6)), "Podman 5.6.0 has no --tcp-close"),
        (host(runtime=RUNC_HERE), "runc has no --tcp-close"),
    ],
    ids=["podman", "runc"],
)
def test_not_every_host_can_close_connections(where: HostFacts, why: str) -> None:
    (conflict,) = look("tcp-established", ESTABLISHED, where)
    assert [one.id for one in conflict.remedies] == ["restore-connections"]
    assert conflict.evidence.host == why


@pytest.mark.parametrize(
    "where", [host(podman=NOBODY_KNOWS), host(runtime=NOBODY_KNOWS), host(runtime=None)]
)
def test_a_host_that_is_not_known_is_believed_to_close_connections(where: HostFacts) -> None:
    (conflict,) = look("tcp-established", ESTABLISHED, where)
    assert len(conflict.remedies) == 2


def test_a_connection_that_was_closing_counts_as_criu_counts_it() -> None:
    (conflict,) = look("tcp-established", images(sockets=(tcp("10.88.0.2", state=7),)), host())
    assert conflict.evidence.archive == "10.88.0.2:40000 to 10.88.0.9:5432"


def test_names_of_images_tell_of_connections_when_the_sockets_cannot_be_read() -> None:
    unread = images(ESTABLISHED, sockets=(), problems=(Problem("files.img", 0, "damaged"),))
    (conflict,) = look("tcp-established", unread, host())
    assert conflict.title == "2 open TCP connections in the checkpoint"
    assert conflict.evidence.archive == "tcp-stream images"


def test_sockets_that_listen_or_speak_udp_are_no_connections() -> None:
    sockets = (
        InetSocket("tcp", 10, "::", 80, "::", 0),
        InetSocket("udp", 1, "10.88.0.2", 40000, "10.88.0.1", 53),
    )
    assert look("tcp-established", images(sockets=sockets), host()) == ()


def test_restored_connections_need_their_addresses() -> None:
    own = WEB.addresses[0].ip.partition("/")[0]
    moved = images(sockets=(tcp(own), tcp("127.0.0.1"), tcp("::1"), tcp(f"::ffff:{own}")))
    assert look("tcp-established", moved, host(), tcp_established=True) == ()
    (conflict,) = look(
        "tcp-established", moved, host(), tcp_established=True, ignore_static_ip=True
    )
    assert conflict.severity is Severity.WARNING
    assert conflict.evidence.archive == (
        f"{own}:40000 to 10.88.0.9:5432, [::ffff:{own}]:40000 to 10.88.0.9:5432"
    )
    assert conflict.evidence.host == "--ignore-static-ip"
    (remedy,) = conflict.remedies
    assert remedy.options == {"tcp_close": True, "tcp_established": False}
    assert after("tcp-established", remedy.id, conflict, moved, host()) == ()


@pytest.mark.parametrize("source", ["192.0.2.7", "fe80::1", ""])
def test_an_address_that_the_archive_does_not_name_may_be_missing(source: str) -> None:
    connected = images(sockets=(tcp(source),))
    (conflict,) = look("tcp-established", connected, host(), tcp_established=True)
    assert conflict.severity is Severity.WARNING


def test_in_a_pod_connections_meet_the_pods_addresses() -> None:
    own = WEB.addresses[0].ip.partition("/")[0]
    connected = images(sockets=(tcp(own),))
    found = look("tcp-established", connected, host(), tcp_established=True, pod="shop")
    assert severities(found) == [Severity.WARNING]


def test_what_was_dumped_to_be_closed_must_be_closed() -> None:
    closed = images(ESTABLISHED, tcp_close=True)
    assert look("tcp-established", closed, host()) == ()
    (conflict,) = look("tcp-close-required", closed, host())
    assert conflict.severity is Severity.BLOCKER
    assert [one.id for one in conflict.remedies] == ["close-connections"]
    assert after("tcp-close-required", "close-connections", conflict, closed, host()) == ()


def test_what_must_be_closed_cannot_be_restored_by_runc() -> None:
    (conflict,) = look("tcp-close-required", images(tcp_close=True), host(runtime=RUNC_HERE))
    assert conflict.remedies == ()
    assert conflict.detail == "runc has no --tcp-close, so that it cannot be restored here."
    assert conflict.where[1] == Location("host", "/runtime/closes_connections")


def test_connections_cannot_be_closed_by_an_old_podman() -> None:
    old = host(podman=podman(5, 6))
    assert look("tcp-close-unsupported", WEB, old) == ()
    assert look("tcp-close-unsupported", WEB, host(), tcp_close=True) == ()
    (conflict,) = look("tcp-close-unsupported", WEB, old, tcp_close=True)
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where == (Location("host", "/podman/version"),)
    assert after("tcp-close-unsupported", "no-closing", conflict, WEB, old) == ()


# Processor, cgroups, security module, plugins


def test_another_architecture() -> None:
    arm = host(podman=replace(PODMAN, architecture="arm64"))
    (conflict,) = look("architecture-differs", WEB, arm)
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.archive == "registers of amd64"
    assert conflict.evidence.host == "arm64"
    assert conflict.remedies == ()
    assert look("architecture-differs", images(architecture="arm64"), arm) == ()
    assert look("architecture-differs", images(architecture=""), arm) == ()


@pytest.mark.parametrize("code", ["architecture-differs", "cgroup-version-differs", "lsm-differs"])
def test_an_unknown_podman_is_told_once_by_another_check(code: str) -> None:
    confined = images(lsm="selinux", lsm_profiles=("container_t",))
    assert look(code, confined, host(podman=NOBODY_KNOWS)) == ()


def test_cgroups_of_another_version() -> None:
    v2 = host(podman=replace(PODMAN, cgroup_version="v2"))
    (conflict,) = look("cgroup-version-differs", WEB, v2)
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "The container ran under cgroups v1"
    assert conflict.evidence.archive == "controllers pids, blkio, freezer and 6 more"
    assert conflict.evidence.host == "cgroups v2"
    unified = images(controllers=("",))
    assert look("cgroup-version-differs", unified, v2) == ()
    assert severities(look("cgroup-version-differs", unified, host())) == [Severity.BLOCKER]
    assert look("cgroup-version-differs", images(controllers=()), v2) == ()


@pytest.mark.parametrize(
    ("lsm", "key"), [("selinux", "selinuxLabel"), ("apparmor", "apparmorProfile")]
)
def test_the_security_module_must_be_there_again(lsm: str, key: str) -> None:
    confined = images(lsm=lsm, lsm_profiles=("one", "two"))
    (conflict,) = look("lsm-differs", confined, host())
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == lsm
    assert conflict.evidence.archive == "profile one, two"
    assert conflict.where[1] == Location("host", f"/podman/{lsm}")
    named = altered(confined, spec={"process": {key: "one"}})
    assert look("lsm-differs", named, host())[0].where[0] == Location(
        "spec.dump", f"/process/{key}"
    )
    there = host(podman=replace(PODMAN, selinux=lsm == "selinux", apparmor=lsm == "apparmor"))
    assert look("lsm-differs", confined, there) == ()


def test_processes_without_a_profile_need_no_security_module() -> None:
    assert look("lsm-differs", images(lsm="selinux"), host()) == ()


@pytest.mark.parametrize("lsm", ["none", "", "7"])
def test_a_host_that_confines_more_is_no_trouble(lsm: str) -> None:
    strict = host(podman=replace(PODMAN, selinux=True))
    assert look("lsm-differs", images(lsm=lsm, lsm_profiles=("odd",)), strict) == ()


def test_a_plugin_is_missing() -> None:
    gpu = images(plugins=("cuda_plugin", "amdgpu_plugin"))
    (conflict,) = look("gpu-plugin-missing", gpu, facts(criu_plugins=Known({"amdgpu_plugin"})))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "CRIU lacks the plugin cuda_plugin"
    assert conflict.evidence.host == "plugins: amdgpu_plugin"
    (conflict,) = look("gpu-plugin-missing", gpu, host())
    assert conflict.evidence.host == "plugins: none"
    everything = facts(criu_plugins=Known({"amdgpu_plugin", "cuda_plugin", "other"}))
    assert look("gpu-plugin-missing", gpu, everything) == ()


def test_unknown_plugins_leave_it_open_for_archives_that_need_one() -> None:
    unknown = facts(criu_plugins=NOBODY_KNOWS)
    assert look("gpu-plugin-missing", WEB, unknown) == ()
    found = look("gpu-plugin-missing", images(plugins=("cuda_plugin",)), unknown)
    assert severities(found) == [Severity.UNCHECKED]


@pytest.mark.parametrize(
    ("bits", "flags", "lacking"),
    [
        (0b10000110, {"avx", "avx2"}, "AVX-512"),
        (1 << 17, {"avx"}, "AMX"),
        (0b111 | 1 << 18, {"sse2"}, "AVX, AMX"),
    ],
)
def test_a_lesser_processor_is_a_warning(bits: int, flags: set[str], lacking: str) -> None:
    (conflict,) = look("cpu-features", images(xsave=bits), facts(cpu_flags=Known(flags)))
    assert conflict.severity is Severity.WARNING
    assert conflict.title == f"The processor here has no {lacking}"
    assert conflict.where == (Location("host", "/cpu_flags"),)


@pytest.mark.parametrize("bits", [0, 0b11, 0b111, 1 << 9, 0b11000])
def test_a_processor_that_can_do_it_all(bits: int) -> None:
    assert look("cpu-features", images(xsave=bits), facts(cpu_flags=Known({"avx"}))) == ()


def test_only_x86_has_such_registers() -> None:
    arm = images(architecture="arm64", xsave=0xFF)
    assert look("cpu-features", arm, facts(cpu_flags=Known({"fp"}))) == ()


@pytest.mark.parametrize("flags", [NOBODY_KNOWS, Known(frozenset[str]())])
def test_an_unknown_processor_is_noted(flags: Any) -> None:
    (conflict,) = look("cpu-features", WEB, facts(cpu_flags=flags))
    assert conflict.severity is Severity.NOTE


# Network, mounts, locks, memory


NO_IPTABLES = Known({"iptables-restore": False, "ip6tables-restore": False, "nft": True})


def test_runc_has_the_network_locked() -> None:
    where = facts(host(runtime=RUNC_HERE), programs=NO_IPTABLES)
    (conflict,) = look("network-lock-tool-missing", RUNC, where)
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "CRIU locks the network with iptables-restore, which is not here"
    assert conflict.detail == "Install the package iptables."
    assert conflict.where[0].document == "spec.dump"
    assert conflict.where[0].pointer.startswith("/linux/namespaces/")
    assert conflict.where[1] == Location("host", "/programs/iptables-restore")


@pytest.mark.parametrize("runtime", [NOBODY_KNOWS, None])
def test_the_archive_says_which_runtime_it_will_be(runtime: Any) -> None:
    where = facts(host(runtime=runtime), programs=NO_IPTABLES)
    assert severities(look("network-lock-tool-missing", RUNC, where)) == [Severity.BLOCKER]
    assert severities(look("network-lock-tool-missing", WEB, where)) == [Severity.WARNING]


@pytest.mark.parametrize("method", ["iptables", ""])
def test_crun_does_not_have_the_network_locked(method: str) -> None:
    found = look(
        "network-lock-tool-missing", images(network_lock=method), facts(programs=NO_IPTABLES)
    )
    assert severities(found) == [Severity.WARNING]


def test_without_a_lock_no_program_is_needed() -> None:
    none = facts(host(runtime=RUNC_HERE), programs=NO_IPTABLES)
    assert look("network-lock-tool-missing", images(RUNC, network_lock="skip"), none) == ()
    with_the_hosts = altered(RUNC, spec={"linux": {"namespaces": [{"type": "mount"}]}})
    assert look("network-lock-tool-missing", with_the_hosts, none) == ()
    not_asked = facts(host(runtime=RUNC_HERE), programs=Known({}))
    assert look("network-lock-tool-missing", RUNC, not_asked) == ()


def test_nftables_are_looked_for_where_they_locked_the_network() -> None:
    locked = images(RUNC, network_lock="nftables")
    assert look("network-lock-tool-missing", locked, facts(programs=NO_IPTABLES)) == ()
    (conflict,) = look("network-lock-tool-missing", locked, facts(programs=Known({"nft": False})))
    assert conflict.severity is Severity.WARNING
    assert conflict.subject == "nft"


def test_unknown_programs_leave_it_open_where_one_is_needed() -> None:
    unknown = facts(host(runtime=RUNC_HERE), programs=NOBODY_KNOWS)
    (conflict,) = look("network-lock-tool-missing", RUNC, unknown)
    assert conflict.severity is Severity.UNCHECKED
    assert NOBODY_KNOWS.reason in conflict.detail
    assert look("network-lock-tool-missing", WEB, facts(programs=NOBODY_KNOWS)) == ()


def mounted(*keys: str) -> Checkpoint:
    mounts = tuple(Mount(index, f"/m{index}", key) for index, key in enumerate(keys))
    return images(mounts=mounts)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "CRIU:EXTERNAL_DEV",
        "/dev/null",
        "/run/crun/.empty-directory",
        "/sys/fs/cgroup/cpu",
        "/proc/keys",
        "/www",
        "/srv/linked/www",
    ],
)
def test_mounts_that_runtimes_name(key: str) -> None:
    assert look("external-mount-unmapped", mounted(key), host()) == ()


def test_a_mount_that_nobody_names_is_a_warning() -> None:
    strange = mounted("/proc/keys", "/a/b", "/c", "/d", "/e")
    (conflict,) = look("external-mount-unmapped", strange, host())
    assert conflict.severity is Severity.WARNING
    assert conflict.title == "4 mounts from outside that spec.dump does not name"
    assert conflict.evidence.archive == "/m1 (/a/b), /m2 (/c), /m3 (/d) and 1 more"


def test_a_masked_path_that_the_host_does_not_have() -> None:
    here = facts(paths=Known({"/proc/keys": NULL, "/proc/timer_list": None}))
    (conflict,) = look("external-mount-unmapped", WEB, here)
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "This host's kernel has no /proc/timer_list"
    assert conflict.where == (
        Location("spec.dump", "/linux/maskedPaths"),
        Location("host", "/paths/~1proc~1timer_list"),
    )
    assert look("external-mount-unmapped", WEB, facts(paths=Known({"/proc/keys": NULL}))) == ()


def test_runc_masks_with_one_key_for_all() -> None:
    here = facts(host(runtime=RUNC_HERE), paths=Known({"/proc/timer_list": None}))
    assert look("external-mount-unmapped", RUNC, here) == ()


def test_locks_can_be_restored() -> None:
    locked = images(locks=2)
    (conflict,) = look("file-locks", locked, host())
    assert conflict.severity is Severity.NOTE
    assert conflict.title == "2 file locks will be lost"
    assert after("file-locks", "file-locks", conflict, locked, host()) == ()


def test_the_memory_may_lie_in_another_archive() -> None:
    second = replace(WEB, contents=replace(WEB.contents, members=(*WEB.contents.members, PARENT)))
    (conflict,) = look("previous-checkpoint-required", second, host())
    assert conflict.severity is Severity.BLOCKER
    (named,) = look("previous-checkpoint-required", second, host(), import_previous="/first.tar")
    assert (named.severity, named.subject) == (Severity.UNCHECKED, "/first.tar")


def test_images_that_cannot_be_read_are_told() -> None:
    problems = tuple(Problem(f"checkpoint/core-{n}.img", n, "damaged") for n in range(5))
    (conflict,) = look("images-unreadable", images(problems=problems), host())
    assert conflict.severity is Severity.WARNING
    assert conflict.title == "5 faults in CRIU's images"
    assert conflict.evidence.archive == (
        "checkpoint/core-0.img: damaged; checkpoint/core-1.img: damaged; "
        "checkpoint/core-2.img: damaged; and 2 more"
    )


def test_in_an_archive_that_was_cut_off_images_are_no_second_trouble() -> None:
    cut = replace(WEB.contents, complete=False)
    faulty = images(replace(WEB, contents=cut), problems=(Problem("x", 0, "missing"),))
    assert look("images-unreadable", faulty, host()) == ()
