import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.data import DATA
from tests.host.recorded import RecordedHost, Said, recorded, said
from tests.host.scripts import script
from tui.archive.model import Contents
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import ContainerConfig, NamedVolume
from tui.checkpoint.reading import load
from tui.checkpoint.spec import Device, Linux, Mount, RuntimeSpec
from tui.host.collect import collect
from tui.host.commands import CommandHost
from tui.host.facts import (
    Criu,
    Endpoint,
    HostFacts,
    Image,
    Known,
    Listener,
    Network,
    PathKind,
    PathStatus,
    Protocol,
    PublishedPort,
    Runtime,
    Unknown,
)
from tui.host.host import Answer, NoAnswer, NotInstalled
from tui.host.questions import Questions, cgroup_path, questions

FACTS = (
    "podman",
    "runtime",
    "criu",
    "containers",
    "pods",
    "volumes",
    "images",
    "networks",
    "secrets",
    "listeners",
    "endpoints",
    "paths",
    "programs",
    "apparmor_profiles",
    "space",
    "memory",
    "cpu_flags",
    "criu_plugins",
    "cgroups",
)
NEED_NO_PODMAN = (
    "criu",
    "listeners",
    "paths",
    "programs",
    "memory",
    "cpu_flags",
    "criu_plugins",
    "cgroups",
)
NEED_PODMAN = tuple(name for name in FACTS if name not in NEED_NO_PODMAN)

CONTAINER = "c" * 64

EVERYTHING = Questions(
    "crun",
    paths=("/srv/site",),
    programs=("nft",),
    container=CONTAINER,
    cgroup_parent="/libpod_parent",
)
"""So that there is nothing that need not be asked."""


DEFAULT = Questions()


async def collected(
    instead: Mapping[str, Said] | None = None, asked: Questions = DEFAULT
) -> HostFacts:
    return await collect(RecordedHost(instead), asked)


def value(facts: HostFacts, name: str) -> Any:
    fact = getattr(facts, name)
    assert isinstance(fact, Known), fact
    return fact.value


def reason(facts: HostFacts, name: str) -> str:
    fact = getattr(facts, name)
    assert isinstance(fact, Unknown), fact
    return fact.reason


def changed(file: str, **keys: object) -> Answer:
    """The recorded `podman info` with other values; `a__b` stands for a key in a key."""
    document = json.loads(recorded(file))
    for path, new in keys.items():
        *folders, last = path.split("__")
        place = document
        for folder in folders:
            place = place[folder]
        place[last] = new
    return said(json.dumps(document))


async def test_podman() -> None:
    podman = value(await collected(), "podman")
    assert podman.version == (5, 8, 6)
    assert podman.text == "5.8.6"
    assert (podman.rootless, podman.selinux, podman.apparmor) == (False, False, False)
    assert (podman.cgroup_version, podman.cgroup_manager) == ("v1", "cgroupfs")
    assert (podman.architecture, podman.default_runtime) == ("amd64", "crun")
    assert podman.graph_root == "/var/lib/containers/storage"
    assert podman.free_locks == 2037


@pytest.mark.parametrize(
    ("text", "version"),
    [("6.0.0-dev", (6, 0, 0)), ("5.0.0-rc1", (5, 0, 0)), ("4.3.1", (4, 3, 1)), ("7.1", (7, 1, 0))],
)
async def test_podman_versions(text: str, version: tuple[int, int, int]) -> None:
    facts = await collected({"podman info": changed("info.json", version__Version=text)})
    assert value(facts, "podman").version == version


async def test_the_runtime_of_the_archive_and_what_it_can_do() -> None:
    facts = await collected(asked=Questions(runtime="crun"))
    assert value(facts, "runtime") == Runtime(
        "crun", "/usr/bin/crun", "crun version 1.28", restores=True, restores_into_pods=True
    )
    facts = await collected(asked=Questions(runtime="runc"))
    assert value(facts, "runtime") == Runtime(
        "runc",
        "/usr/bin/runc",
        "runc version 1.3.6+ds1",
        restores=True,
        restores_into_pods=True,
        closes_connections=False,
    )


async def test_without_an_archive_the_default_runtime_counts() -> None:
    assert value(await collected(), "runtime").name == "crun"


async def test_podman_before_5_3_does_not_understand_what_crun_says() -> None:
    old = {
        "podman --runtime=crun info": changed("info.json", version__Version="5.2.5"),
        "podman --runtime=runc info": changed("info-runc.json", version__Version="5.2.5"),
    }
    crun = value(await collected(old, Questions(runtime="crun")), "runtime")
    runc = value(await collected(old, Questions(runtime="runc")), "runtime")
    assert (crun.restores_into_pods, runc.restores_into_pods) == (False, True)


async def test_a_runtime_without_criu_cannot_restore() -> None:
    facts = await collected(
        {
            "/usr/bin/crun checkpoint --help": said("", "unknown command checkpoint", 1),
            "/usr/bin/crun restore --lsm-mount-context": said("", "unknown command restore", 1),
        }
    )
    runtime = value(facts, "runtime")
    assert (runtime.restores, runtime.restores_into_pods) == (False, False)


async def test_a_host_without_the_runtime() -> None:
    assert value(await collected(asked=Questions(runtime="nosuch")), "runtime") is None


@pytest.mark.parametrize("name", ["/home/mallory/crun", "/usr/bin/../../tmp/crun", "/sbin/halt"])
async def test_no_program_of_the_archives_choice_is_started(name: str) -> None:
    host = RecordedHost()
    facts = await collect(host, Questions(runtime=name))
    assert f"the archive names the program {name} as its runtime" in reason(facts, "runtime")
    assert not [argv for argv in host.asked if name in str(argv)]


async def test_a_well_known_runtime_by_its_path() -> None:
    by_path = {"podman --runtime=/usr/bin/runc info": said(recorded("info-runc.json"))}
    facts = await collected(by_path, Questions(runtime="/usr/bin/runc"))
    assert value(facts, "runtime").path == "/usr/bin/runc"


async def test_a_path_without_a_runtime() -> None:
    words = "Error: no valid executable found for OCI runtime /usr/bin/youki: invalid argument"
    gone = {"podman --runtime=/usr/bin/youki info": said("", words, 125)}
    facts = await collected(gone, Questions(runtime="/usr/bin/youki"))
    assert value(facts, "runtime") is None


async def test_criu() -> None:
    assert value(await collected(), "criu") == Criu(40201, "4.2.1", "Looks good.", works=True)


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("Version: 4.2\n", 40200),
        ("Version: 3.17.1\nGitID: v3.17.1-12-gabcdef\n", 31800),
        ("Version: 3.11\nGitID: 0\n", 31100),
    ],
)
async def test_criu_versions(printed: str, number: int) -> None:
    assert value(await collected({"criu --version": said(printed)}), "criu").version == number


async def test_criu_that_does_not_like_the_kernel() -> None:
    words = "vdso: Unexpected rt vDSO area bounds"
    criu = value(await collected({"criu check": said("", words, 1)}), "criu")
    assert (criu.check, criu.works) == (words, False)


async def test_a_host_without_criu() -> None:
    missing = NotInstalled("criu is not installed on this host")
    facts = await collected({"criu --version": missing, "criu check": missing})
    assert value(facts, "criu") is None


async def test_containers_with_their_ports() -> None:
    containers = {one.name: one for one in value(await collected(), "containers")}
    assert containers["proxy"].state == "running"
    assert containers["proxy"].image == "localhost/web:1"
    assert containers["proxy"].ports == (
        PublishedPort("", 18080, 80, 1, "tcp"),
        PublishedPort("127.0.0.1", 19000, 9000, 3, "udp"),
    )
    assert containers["idle"].state == "created"
    assert containers["idle"].ports == (PublishedPort("", 18085, 80, 1, "tcp"),)
    assert containers["idle"].created == "2026-11-24T15:05:30Z"


async def test_a_container_that_only_the_storage_knows() -> None:
    containers = {one.name: one for one in value(await collected(), "containers")}
    assert containers["ghost"].external
    assert [one.name for one in containers.values() if one.external] == ["ghost"]


async def test_the_ports_of_a_pod_belong_to_its_infra_container() -> None:
    facts = await collected()
    containers = {one.name: one for one in value(facts, "containers")}
    pod = next(pod for pod in value(facts, "pods") if pod.name == "web-pod")
    infra = next(one for one in containers.values() if one.id == pod.infra)
    assert infra.infra
    assert infra.ports == (PublishedPort("", 18090, 90, 1, "tcp"),)
    assert containers["member"].pod == pod.id
    assert containers["member"].ports == ()


async def test_pods_with_what_they_share() -> None:
    pods = {pod.name: pod for pod in value(await collected(), "pods")}
    assert pods["web-pod"].shared == {"ipc", "net", "uts"}
    assert pods["web-pod"].cgroup_path == f"/libpod_parent/{pods['web-pod'].id}"
    assert pods["web-pod"].state == "Running"
    assert pods["batch"].shared == {"ipc"}
    assert (pods["bare"].shared, pods["bare"].infra) == (frozenset(), "")


async def test_pods_have_the_labels_of_their_infra_container() -> None:
    infras = json.loads(recorded("container-inspect.json"))
    for infra in infras:
        infra["MountLabel"] = f"mount of {infra['Name']}"
        infra["ProcessLabel"] = f"process of {infra['Name']}"
    facts = await collected({"podman container inspect": said(json.dumps(infras))})
    for pod in value(facts, "pods"):
        infra_name = f"{pod.id[:12]}-infra"
        expected = (f"mount of {infra_name}", f"process of {infra_name}") if pod.infra else ("", "")
        assert (pod.infra_mount_label, pod.infra_process_label) == expected


class OldPodHost(RecordedHost):
    """Podman before 4.4: one object, and only for the first pod that was named."""

    async def run(self, argv: Any, **options: Any) -> Any:
        answer = await super().run(argv, **options)
        if argv[:3] == ("podman", "pod", "inspect"):
            pods = {pod["Id"]: pod for pod in json.loads(answer.stdout)}
            return said(json.dumps(pods[argv[3]]))
        return answer


async def test_an_old_podman_is_asked_for_one_pod_after_the_other() -> None:
    assert value(await collect(OldPodHost(), Questions()), "pods")
    old = value(await collect(OldPodHost(), Questions()), "pods")
    new = value(await collected(), "pods")
    assert set(old) == set(new)


async def test_a_host_without_pods_is_not_asked_about_any() -> None:
    host = RecordedHost({"podman pod ps": said("[]\n")})
    assert value(await collect(host, Questions()), "pods") == ()
    assert not [argv for argv in host.asked if argv[1:3] == ("pod", "inspect")]


async def test_other_pods_than_those_asked_for_are_no_answer() -> None:
    facts = await collected({"podman pod inspect": said("[]")})
    assert "printed other pods than those asked for" in reason(facts, "pods")


async def test_volumes() -> None:
    volumes = {volume.name: volume for volume in value(await collected(), "volumes")}
    assert set(volumes) == {"cache", "data"}
    assert volumes["data"].driver == "local"
    assert volumes["data"].mountpoint == "/var/lib/containers/storage/volumes/data/_data"
    assert volumes["data"].created.startswith("2026-11-24T15:05:")


async def test_an_image_with_many_names_is_one_image() -> None:
    (image,) = value(await collected(), "images")
    digest = "sha256:4b76b9e13efbb5ab192a8f08aae9b6404143182ed658103ac769c4646a88ddb9"
    assert image == Image(
        id="e5df189a5b4d513be2d98f7fd4b798808e7111a1a7ba3461ad09c2a7c8de129b",
        names=(
            "localhost/web:latest",
            "localhost/web:1",
            "localhost/bb:x",
            f"localhost/bb@{digest}",
            f"localhost/web@{digest}",
        ),
        created="2026-11-23T16:48:06Z",
        size=2213103,
    )


async def test_networks_and_secrets() -> None:
    facts = await collected()
    assert set(value(facts, "networks")) == {
        Network("backnet", "bridge", ("10.99.0.0/24", "fd99::/64")),
        Network("podman", "bridge", ("10.88.0.0/16",)),
    }
    assert set(value(facts, "secrets")) == {"dbpass", "tls.key"}


async def test_listeners_with_udp_and_without_connections() -> None:
    assert set(value(await collected(), "listeners")) == {
        Listener(Protocol.TCP, "0.0.0.0", 18080),
        Listener(Protocol.TCP, "0.0.0.0", 18090),
        Listener(Protocol.TCP, "0.0.0.0", 2024),
        Listener(Protocol.UDP, "127.0.0.1", 19000),
        Listener(Protocol.UDP, "127.0.0.1", 19001),
        Listener(Protocol.UDP, "127.0.0.1", 19002),
    }


async def test_sctp_listeners() -> None:
    table = (
        " ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n"
        "00000000 00000000 2   10  44   3868      0 32000 10.0.0.1 fe80::1 \n"
        "00000000 00000000 2   7   45   3869      0 32001 10.0.0.1 \n"
    )
    assert value(await collected({"cat /proc/net/tcp": said(table)}), "listeners") == (
        Listener(Protocol.SCTP, "10.0.0.1", 3868),
        Listener(Protocol.SCTP, "fe80::1", 3868),
    )


@pytest.mark.parametrize(
    ("family", "kind", "address", "shown"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1", "127.0.0.1"),
        (socket.AF_INET6, socket.SOCK_STREAM, "::1", "::1"),
        (socket.AF_INET6, socket.SOCK_STREAM, "::", "::"),
        (socket.AF_INET6, socket.SOCK_STREAM, "::ffff:127.0.0.1", "127.0.0.1"),
        (socket.AF_INET, socket.SOCK_DGRAM, "0.0.0.0", "0.0.0.0"),
        (socket.AF_INET6, socket.SOCK_DGRAM, "::1", "::1"),
    ],
)
async def test_listeners_of_this_very_machine(
    family: socket.AddressFamily, kind: socket.SocketKind, address: str, shown: str
) -> None:
    with socket.socket(family, kind) as listening:
        try:
            listening.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        if kind is socket.SOCK_STREAM:
            listening.listen()
        port = listening.getsockname()[1]
        protocol = Protocol.TCP if kind is socket.SOCK_STREAM else Protocol.UDP
        facts = await collect(CommandHost(), Questions())
    assert Listener(protocol, shown, port) in value(facts, "listeners")


async def test_a_failing_command_says_what_and_why() -> None:
    facts = await collected({"podman ps": said("", "a warning\nError: database is locked\n", 125)})
    assert reason(facts, "containers") == (
        "`podman ps --all --external --no-trunc --format json` failed (125): "
        "Error: database is locked"
    )
    assert isinstance(facts.pods, Known), "the other facts are not harmed"


GARBAGE = (
    "",
    "no json",
    "null",
    "{}",
    "[1]",
    '[{"Id": 7}]',
    '{"host": []}',
    "[" * 100_000,
    '[{"Id": "a\udcff"}]',
    "\0\0",
)


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda text: repr(text[:12]))
async def test_garbage_is_no_answer_and_no_crash(garbage: str) -> None:
    commands = (
        "podman info",
        "podman ps",
        "podman pod ps",
        "podman volume ls",
        "podman image ls",
        "podman network ls",
        "criu --version",
        "cat /proc/net/tcp",
        "cat /proc/meminfo",
        "cat /proc/cpuinfo",
    )
    facts = await collected({command: said(garbage) for command in commands})
    for name in FACTS:
        if name not in ("secrets", "paths", "programs", "criu_plugins", "cgroups"):
            assert "podthaw does not understand what `" in reason(facts, name)


async def test_a_surprise_names_the_place() -> None:
    facts = await collected({"podman info": changed("info.json", host__cgroupVersion=2)})
    assert reason(facts, "podman") == (
        "podthaw does not understand what `podman info --format json` printed: "
        "Expected `str`, got `int` - at `$.host.cgroupVersion`"
    )


async def test_terminal_sequences_in_messages_are_made_visible() -> None:
    facts = await collected({"podman ps": said("", "\x1b[31mred", 125)})
    assert reason(facts, "containers").endswith("␛[31mred")


async def test_a_host_without_podman_says_so_for_each_fact_that_needs_it(
    tmp_path: Path,
) -> None:
    prefix = script(tmp_path, "elsewhere", '[ "$1" = podman ] && exit 127; exec "$@"')
    facts = await collect(CommandHost([prefix]), Questions("crun"))
    for name in NEED_PODMAN:
        assert reason(facts, name) == f"podman is not installed on {prefix}"
    assert isinstance(facts.listeners, Known)


async def test_a_hanging_podman_costs_the_time_limit_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path, "podman", "exec sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    facts = await collect(CommandHost(), Questions(), timeout=0.5)
    for name in NEED_PODMAN:
        assert reason(facts, name) == (
            "podman did not answer within 0.5 s; while a restore runs, it answers nothing"
        )
    assert isinstance(facts.listeners, Known)


async def test_no_permission_is_a_reason(tmp_path: Path) -> None:
    sudo = script(tmp_path, "sudo", 'echo "sudo: a password is required" >&2; exit 1')
    facts = await collect(CommandHost([sudo, "-n"]), EVERYTHING)
    for name in FACTS:
        assert reason(facts, name).endswith("failed (1): sudo: a password is required")


async def test_the_addresses_of_containers_that_run() -> None:
    containers = {one.name: one for one in value(await collected(), "containers")}
    infra = next(one for one in containers.values() if one.infra and one.state == "running")
    proxy = containers["proxy"].id
    assert value(await collected(), "endpoints") == (
        Endpoint(infra.id, "podman", "10.88.0.3", "06:4a:51:7f:03:a1"),
        Endpoint(proxy, "backnet", "10.99.0.42", "6a:19:03:0a:99:d4"),
        Endpoint(proxy, "backnet", "fd99::2", "6a:19:03:0a:99:d4"),
        Endpoint(proxy, "podman", "10.88.0.2", "9a:59:32:66:fc:23"),
    ), "the pod's member has no address of its own, nor has a container in the host's network"


async def test_only_containers_with_addresses_are_asked_for_them() -> None:
    host = RecordedHost()
    await collect(host, Questions())
    (asked,) = [argv for argv in host.asked if argv[3:4] and argv[3].startswith("--format={{")]
    containers = json.loads(recorded("ps.json"))
    assert set(asked[4:]) == {one["Id"] for one in containers if one["State"] == "running"}
    idle = RecordedHost({"podman ps": said("[]\n")})
    assert value(await collect(idle, Questions()), "endpoints") == ()
    assert not [argv for argv in idle.asked if argv[3:4] and argv[3].startswith("--format={{")]


async def test_a_container_may_end_while_the_addresses_are_asked() -> None:
    gone = 'no such container "4134b0f8"'
    facts = await collected(
        {"podman container inspect --format": said(recorded("endpoints.txt"), gone, 125)}
    )
    assert len(value(facts, "endpoints")) == 4
    busy = said("", "Error: database is locked", 125)
    facts = await collected({"podman container inspect --format": busy})
    assert reason(facts, "endpoints").endswith("failed (125): Error: database is locked")


@pytest.mark.parametrize("garbage", ["x", "id {", "id []", 'id {"net": {"IPAddress": 7}}'])
async def test_addresses_that_make_no_sense(garbage: str) -> None:
    facts = await collected({"podman container inspect --format": said(garbage)})
    assert "podthaw does not understand what" in reason(facts, "endpoints")


async def test_secondary_addresses_and_those_of_networks_without_any() -> None:
    lines = (
        'c1 {"a": {"IPAddress": "10.1.0.2", "SecondaryIPAddresses": [{"Addr": "10.2.0.2"}],'
        ' "SecondaryIPv6Addresses": [{"Addr": "fd01::2"}], "MacAddress": "02:00:00:00:00:01"}}\n'
        'c2 {"lan": {"MacAddress": "02:00:00:00:00:02"}, "none": {}}\nc3 null\n'
    )
    facts = await collected({"podman container inspect --format": said(lines)})
    assert [(one.container, one.ip, one.mac[-2:]) for one in value(facts, "endpoints")] == [
        ("c1", "10.1.0.2", "01"),
        ("c1", "10.2.0.2", "01"),
        ("c1", "fd01::2", "01"),
        ("c2", "", "02"),
    ]


async def test_paths_of_this_very_machine(tmp_path: Path) -> None:
    odd = tmp_path / "a\n--b \udcff'c"
    odd.mkdir()
    odd.chmod(0o1750)
    file = tmp_path / "file"
    file.write_text("x")
    file.chmod(0o640)
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        names = (str(odd), *(str(tmp_path / name) for name in ("link", "socket", "dangling", "no")))
        facts = await collect(CommandHost(), Questions(paths=(*names, "/dev/null")))
    found = value(facts, "paths")
    assert list(found) == [*names, "/dev/null"]
    assert found[str(odd)] == PathStatus(PathKind.DIRECTORY, 0o1750)
    assert found[str(tmp_path / "link")] == PathStatus(PathKind.FILE, 0o640, link=True)
    assert found[str(tmp_path / "socket")].kind is PathKind.SOCKET
    assert found[str(tmp_path / "dangling")] is None
    assert found[str(tmp_path / "no")] is None
    assert found["/dev/null"].kind is PathKind.CHARACTER_DEVICE
    assert found["/dev/null"].device == (1, 3)


async def test_nobody_is_asked_about_no_paths() -> None:
    host = RecordedHost()
    assert value(await collect(host, Questions()), "paths") == {}
    assert not [argv for argv in host.asked if argv[0] == "stat"]


async def test_stat_that_prints_nonsense() -> None:
    for nonsense in ("/\0zz\x000\x000\0", "/\x000\x000\x000\0", ""):
        facts = await collected({"stat": said(nonsense)}, Questions(paths=("/srv",)))
        assert reason(facts, "paths")


async def test_programs() -> None:
    asked = Questions(programs=("iptables-restore", "nft"))
    missing = NotInstalled("nft is not installed on this host")
    assert value(await collected(asked=asked), "programs") == {
        "iptables-restore": True,
        "nft": True,
    }
    without = await collected({"nft --version": missing}, asked)
    assert value(without, "programs") == {"iptables-restore": True, "nft": False}
    broken = await collected({"nft --version": said("", "no libnftables", 1)}, asked)
    assert reason(broken, "programs") == "`nft --version` failed (1): no libnftables"


async def test_apparmor_profiles_where_it_is_on() -> None:
    on = {
        "podman info": changed("info.json", host__security__apparmorEnabled=True),
        "cat /sys/kernel/security/apparmor/profiles": said(
            "containers-default-0.62.2 (enforce)\n/usr/bin/man (complain)\na (b) c (unconfined)\n"
        ),
    }
    assert value(await collected(), "apparmor_profiles") == frozenset()
    assert value(await collected(on), "apparmor_profiles") == {
        "containers-default-0.62.2",
        "/usr/bin/man",
        "a (b) c",
    }


async def test_free_space() -> None:
    storage = "/var/lib/containers/storage"
    assert value(await collected(), "space") == dict.fromkeys(
        (storage, f"{storage}/volumes", "/var/tmp"), 83494125568
    )
    odd = said("      Avail File\n   4096  /a  b\n", "df: /var/tmp: No such file or directory\n", 1)
    assert value(await collected({"df": odd}), "space") == {" /a  b": 4096}
    for nothing in (said("", "df: no file systems processed", 1), said("Avail File\n")):
        assert reason(await collected({"df": nothing}), "space")


async def test_memory_and_what_the_processors_can_do() -> None:
    facts = await collected()
    assert value(facts, "memory") > 2**30
    assert value(facts, "cpu_flags") >= {"fpu", "avx512f", "xsaves"}
    assert "processor" not in value(facts, "cpu_flags")


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("processor\t: 0\nflags\t: a b\n\nprocessor\t: 1\nflags\t: b c\n", {"b"}),
        ("processor\t: 0\nFeatures\t: fp asimd\n", {"fp", "asimd"}),
        ("processor\t: 0\ncpu\t\t: POWER10\n", set()),
    ],
)
async def test_processors_of_all_kinds(text: str, flags: set[str]) -> None:
    assert value(await collected({"cat /proc/cpuinfo": said(text)}), "cpu_flags") == flags


async def test_plugins_of_criu() -> None:
    listing = "/usr/lib/criu:\ncuda_plugin.so\namdgpu_plugin.so\nREADME\n"
    some = said(listing, "ls: cannot access '/usr/lib64/criu': No such file or directory\n", 2)
    assert value(await collected(), "criu_plugins") == frozenset()
    assert value(await collected({"ls": some}), "criu_plugins") == {"cuda_plugin", "amdgpu_plugin"}


def cgroup(folder: Path, *processes: int) -> str:
    folder.mkdir(parents=True)
    (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in processes))
    return str(folder)


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of /sys/fs/cgroup."""
    monkeypatch.setattr("tui.host.cgroups.CGROUPS", str(tmp_path))
    return tmp_path


async def test_cgroups_of_every_controller(cgroups: Path) -> None:
    (cgroups / "cpu").symlink_to("cpu,cpuacct")
    own = f"libpod_parent/libpod-{CONTAINER}"
    outer = cgroup(cgroups / "devices" / own)
    inner = cgroup(cgroups / "devices" / own / "init")
    busy = cgroup(cgroups / "cpu,cpuacct" / own, 17, 18)
    cgroup(cgroups / "pids" / "libpod_parent" / f"libpod-{'d' * 64}", 19)
    found = value(await collect(CommandHost(), EVERYTHING), "cgroups")
    assert found == {busy.replace("cpu,cpuacct", "cpu"): True, inner: False, outer: False}
    assert list(found).index(inner) < list(found).index(outer)


async def test_cgroups_of_the_one_hierarchy(cgroups: Path) -> None:
    (cgroups / "cgroup.controllers").write_text("cpu pids\n")
    asked = Questions(container=CONTAINER, cgroup_parent="/machine.slice/machine-web.slice")
    facts = await collect(CommandHost(), asked)
    assert value(facts, "cgroups") == {}
    scope = cgroup(cgroups / "machine.slice" / "machine-web.slice" / f"libpod-{CONTAINER}.scope")
    unreadable = f"{scope}/threads"
    Path(unreadable).mkdir()
    assert value(await collect(CommandHost(), asked), "cgroups") == {scope: False, unreadable: True}


async def test_the_cgroup_of_a_member_lies_in_that_of_a_pod() -> None:
    host = RecordedHost({"ls -- /sys/fs/cgroup": said("devices\n"), "du": said()})
    facts = await collect(host, Questions(container=CONTAINER))
    assert value(facts, "cgroups") == {}
    (asked,) = [argv for argv in host.asked if argv[0] == "du"]
    assert set(asked[3:]) == {
        f"/sys/fs/cgroup/devices{pod.cgroup_path}/libpod-{CONTAINER}"
        for pod in value(facts, "pods")
        if pod.cgroup_path
    }
    without = RecordedHost({"ls -- /sys/fs/cgroup": said("devices\n"), "podman pod ps": said("[]")})
    assert value(await collect(without, Questions(container=CONTAINER)), "cgroups") == {}


async def test_more_cgroups_than_podthaw_looks_at(
    cgroups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.host.cgroups.MOST", 1)
    own = cgroups / "devices" / "libpod_parent" / f"libpod-{CONTAINER}"
    cgroup(own)
    cgroup(own / "init")
    assert reason(await collect(CommandHost(), EVERYTHING), "cgroups") == (
        "the container has 2 cgroup folders, and podthaw looks at 1"
    )


async def test_cgroups_that_nobody_may_look_at() -> None:
    there = {"ls -- /sys/fs/cgroup": said("devices\n")}
    refused = said("", "du: cannot read directory: Permission denied\n", 1)
    asked = Questions(container=CONTAINER, cgroup_parent="/libpod_parent")
    facts = await collected({**there, "du": refused}, asked)
    assert reason(facts, "cgroups").startswith("`du --null` failed (1): du: cannot read")
    gone = said("", "wc: a/cgroup.procs: No such device\n", 1)
    facts = await collected({**there, "du": said("0\ta\0"), "wc": gone}, asked)
    assert reason(facts, "cgroups").startswith("`wc --lines` failed (1): wc: a/cgroup.procs")


async def test_a_runtime_that_does_not_find_criu() -> None:
    cache = "1 libs found in cache `/etc/ld.so.cache'\n\tlibc.so.6 => /lib/libc.so.6\n"
    none = {"ldconfig -p": said(cache)}
    crun, runc = Questions(runtime="crun"), Questions(runtime="runc")
    assert value(await collected(asked=crun), "runtime").finds_criu
    assert not value(await collected(none, crun), "runtime").finds_criu
    assert value(await collected(none, runc), "runtime").finds_criu, "it starts the program criu"
    linked = said("\tlibcriu.so.2 => /opt/criu/lib/libcriu.so.2 (0x00)\n")
    assert value(await collected({**none, "ldd /usr/bin/crun": linked}, crun), "runtime").finds_criu


@pytest.mark.parametrize(
    "doubt",
    [
        {"ldd /usr/bin/crun": said("", "\tnot a dynamic executable\n", 1)},
        {"ldconfig -p": said("", "ldconfig: no cache", 1)},
        {"ldconfig -p": NotInstalled("ldconfig is not installed on this host")},
    ],
)
async def test_who_is_not_sure_accuses_nobody(doubt: dict[str, Said]) -> None:
    cache = "1 libs found in cache `/etc/ld.so.cache'\n\tlibc.so.6 => /lib/libc.so.6\n"
    facts = await collected({"ldconfig -p": said(cache), **doubt}, Questions(runtime="crun"))
    assert value(facts, "runtime").finds_criu


async def test_runc_cannot_close_connections() -> None:
    crun = value(await collected(asked=Questions(runtime="crun")), "runtime")
    runc = value(await collected(asked=Questions(runtime="runc")), "runtime")
    assert (crun.closes_connections, runc.closes_connections) == (True, False)


async def test_every_no_answer_becomes_a_reason() -> None:
    facts = await collected({"podman secret ls": NoAnswer("the moon was full")})
    assert facts.secrets == Unknown("the moon was full")


def test_the_questions_follow_from_the_checkpoint(empty_contents: Contents) -> None:
    checkpoint = Checkpoint(empty_contents, config=ContainerConfig(runtime="runc"))
    assert questions(checkpoint) == Questions(runtime="runc")


@pytest.mark.parametrize(
    ("config", "parent"),
    [
        (ContainerConfig(id=CONTAINER, cgroup_parent="/libpod_parent"), "/libpod_parent"),
        (ContainerConfig(id=CONTAINER, cgroup_parent="/of/old/pod", pod="p"), ""),
    ],
)
def test_the_cgroup_that_a_container_gets(
    empty_contents: Contents, config: ContainerConfig, parent: str
) -> None:
    asked = questions(Checkpoint(empty_contents, config=config))
    assert (asked.container, asked.cgroup_parent) == (CONTAINER, parent)


@pytest.mark.parametrize(
    "config",
    [
        ContainerConfig(id="../../..", cgroup_parent="/libpod_parent"),
        ContainerConfig(id=f"{CONTAINER}\n", cgroup_parent="/libpod_parent"),
        ContainerConfig(id=CONTAINER.upper(), cgroup_parent="/libpod_parent"),
        ContainerConfig(id=CONTAINER, cgroup_parent="/a\0b"),
        ContainerConfig(id=CONTAINER, cgroup_parent="a" * 5000),
        ContainerConfig(id=CONTAINER),
    ],
)
def test_no_cgroup_is_asked_for_by_what_is_none(
    empty_contents: Contents, config: ContainerConfig
) -> None:
    assert questions(Checkpoint(empty_contents, config=config)).container == ""


@pytest.mark.parametrize(
    ("parent", "path"),
    [
        ("/libpod_parent", "/libpod_parent/libpod-ID"),
        ("libpod_parent/", "/libpod_parent/libpod-ID"),
        ("/../../etc", "/etc/libpod-ID"),
        ("machine.slice", "/machine.slice/libpod-ID.scope"),
        ("/a.slice/b-c-d.slice", "/b.slice/b-c.slice/b-c-d.slice/libpod-ID.scope"),
    ],
)
def test_paths_of_cgroups(parent: str, path: str) -> None:
    assert cgroup_path(parent, "ID") == path


USERDATA = f"/var/lib/containers/storage/overlay-containers/{'a' * 64}/userdata"


def test_the_paths_that_a_container_needs(empty_contents: Contents) -> None:
    mounts = [
        Mount(destination="/www", type="bind", source="/srv/site"),
        Mount(destination="/again", type="none", source="/srv/site", options=["rbind"]),
        Mount(destination="/proc", type="proc", source="proc"),
        Mount(destination="/data", type="bind", source="/volumes/data/_data/sub"),
        Mount(destination="/dev/shm", type="bind", source="/elsewhere"),
        Mount(destination="/etc/passwd", type="bind", source=f"{USERDATA}/passwd"),
        Mount(destination="/nul", type="bind", source="/a\0b"),
        Mount(destination="/long", type="bind", source="/" + "a" * 5000),
        Mount(destination="/relative", type="bind", source="rootfs"),
    ]
    devices = [
        Device(path="/dev/fuse", type="c", major=10, minor=229),
        Device(path="/dev/sda", type="b", major=8, minor=0),
    ]
    checkpoint = Checkpoint(
        empty_contents,
        documents={"config.dump": {}, "spec.dump": {}},
        config=ContainerConfig(named_volumes=[NamedVolume(name="data", dest="/data")]),
        spec=RuntimeSpec(mounts=mounts, linux=Linux(devices=devices, masked_paths=["/proc/kcore"])),
    )
    assert questions(checkpoint).paths == (
        "/srv/site",
        "/volumes/data/_data/sub",
        "/volumes",
        "/dev/fuse",
        "/sys/dev/char/10:229",
        "/dev/sda",
        "/sys/dev/block/8:0",
        "/proc/kcore",
    )
    assert questions(checkpoint).programs == ("iptables-restore", "ip6tables-restore", "nft")


def test_an_ordinary_container_needs_its_volumes_and_what_is_masked() -> None:
    volumes = "/var/lib/containers/storage/volumes"
    first, second, *masked = questions(load(str(DATA / "web.tar.zst"))).paths
    assert (first, second) == (f"{volumes}/webdata/_data", volumes)
    assert masked
    assert all(path.startswith(("/proc/", "/sys/")) for path in masked)
