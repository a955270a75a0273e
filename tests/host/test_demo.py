import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.data import DATA, DEMO
from tui.checkpoint import reading
from tui.host.collect import collect, reachable
from tui.host.demo import SHOP, DemoHost
from tui.host.facts import Container, HostFacts, Known, Listener, Protocol, PublishedPort
from tui.host.questions import Questions, questions
from tui.host.staging import staged

MEMBER = str(DATA / "member.tar.zst")
WEB = str(DATA / "web.tar.zst")


@pytest.fixture
def host() -> DemoHost:
    return DemoHost(pace=0)


def value(facts: HostFacts, name: str) -> Any:
    fact = getattr(facts, name)
    assert isinstance(fact, Known), fact
    return fact.value


async def played(host: DemoHost, argv: Sequence[str], folder: Path) -> tuple[int, str, str]:
    """Status and both outputs of a command that is started."""
    out, err = folder / "out", folder / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = await host.start(argv, stdout=stdout.fileno(), stderr=stderr.fileno())
    return await process.wait(), out.read_text(), err.read_text()


def restore(*options: str, file: str = str(SHOP)) -> list[str]:
    return ["podman", "--log-level=debug", "container", "restore", "--import", file, *options]


async def facts_of(host: DemoHost) -> HostFacts:
    return await collect(host, questions(reading.load(str(SHOP))))


async def container(host: DemoHost, name: str) -> Container:
    containers: tuple[Container, ...] = value(await facts_of(host), "containers")
    (found,) = (one for one in containers if one.name == name)
    return found


def test_it_says_that_it_is_a_simulation(host: DemoHost) -> None:
    assert host.simulated
    assert "simulation" in host.name
    assert SHOP == DEMO


async def test_every_fact_is_known(host: DemoHost) -> None:
    await reachable(host)
    facts = await facts_of(host)
    for name in HostFacts.__slots__:
        if name not in ("host", "simulated"):
            value(facts, name)
    assert facts.simulated


async def test_the_scenario_meets_the_bundled_checkpoint(host: DemoHost) -> None:
    facts = await facts_of(host)
    config = reading.load(str(SHOP)).config
    images = {image.id: image for image in value(facts, "images")}
    assert config.image_name in images[config.image_id].names
    there = {volume.name for volume in value(facts, "volumes")}
    assert {volume.name for volume in config.named_volumes or ()} & there == {"shop-data"}
    wanted = {(port.protocol, port.host_port) for port in config.port_mappings or ()}
    taken = {(socket.protocol, socket.port) for socket in value(facts, "listeners")}
    assert wanted & taken == {("tcp", 8080)}
    assert (await container(host, "proxy")).ports == (PublishedPort("", 8080, 80, 1, "tcp"),)
    shared = {pod.name: pod.shared for pod in value(facts, "pods")}
    assert shared == {"web-pod": {"ipc", "net", "uts"}, "batch": {"ipc"}}
    assert value(facts, "runtime").restores_into_pods


async def test_addresses_paths_and_networks_are_simulated(host: DemoHost) -> None:
    endpoints = value(await facts_of(host), "endpoints")
    holders = {(await container(host, name)).id for name in ("proxy", "db")}
    assert holders < {endpoint.container for endpoint in endpoints}
    assert len({endpoint.ip for endpoint in endpoints}) == len(endpoints) == 3
    await host.run(["podman", "network", "create", "--subnet=10.99.0.0/24", "backnet"])
    again = await host.run(["podman", "network", "create", "backnet"])
    assert "network name backnet already used" in again.stderr
    await host.run(["mkdir", "-p", "--", "/srv/new"])
    paths = ("/srv/new", "/srv/missing", "/sys/dev/char/1:3")
    facts = await collect(host, Questions(paths=paths))
    assert [path for path, found in value(facts, "paths").items() if found] == [
        "/srv/new",
        "/sys/dev/char/1:3",
    ]
    networks = {network.name: network.subnets for network in value(facts, "networks")}
    assert networks["backnet"] == ("10.99.0.0/24",)


async def test_a_restore_gets_its_old_address_back_unless_it_is_taken(
    host: DemoHost, tmp_path: Path
) -> None:
    await played(host, restore(file=WEB), tmp_path)
    old = reading.load(WEB).addresses[0].ip.partition("/")[0]
    assert old in {endpoint.ip for endpoint in value(await facts_of(host), "endpoints")}
    other = DemoHost(pace=0)
    other.scenario.give_address(await container(other, "db"), old)
    _, _, err = await played(other, restore(file=WEB), tmp_path)
    assert f"IPAM error: requested ip address {old} is already allocated" in err


async def test_sockets_come_through_the_kernels_format(host: DemoHost) -> None:
    listeners = value(await facts_of(host), "listeners")
    assert Listener(Protocol.TCP, "127.0.0.1", 631) in listeners
    assert Listener(Protocol.TCP, "::", 22) in listeners
    assert Listener(Protocol.UDP, "0.0.0.0", 5353) in listeners


async def test_the_archive_lies_where_it_is(host: DemoHost) -> None:
    contents = reading.load(str(SHOP)).contents
    async with staged(host, contents, lambda *_: None) as path:
        assert path == str(SHOP)


async def test_a_restore_brings_the_container_back(host: DemoHost, tmp_path: Path) -> None:
    argv = restore("--name", "shop2", "--ignore-volumes", "-p", "8081:80")
    status, out, err = await played(host, argv, tmp_path)
    assert status == 0
    restored = await container(host, "shop2")
    assert out == f"{restored.id}\n"
    assert restored.state == "running"
    assert restored.ports == (PublishedPort("", 8081, 80, 1, "tcp"),)
    assert Listener(Protocol.TCP, "0.0.0.0", 8081) in value(await facts_of(host), "listeners")
    first = err.splitlines()[0]
    assert "level=warning" in first
    assert "SIMULATION: nothing is restored on a real host" in first
    assert "level=debug" in err


async def test_the_restored_container_can_be_inspected(host: DemoHost, tmp_path: Path) -> None:
    await played(host, restore("--name=shop2", "--ignore-volumes", "-p", "8081:80"), tmp_path)
    answer = await host.run(["podman", "inspect", "shop2"])
    assert '"Restored": true' in answer.stdout
    assert '"HostPort": "8081"' in answer.stdout


async def test_without_a_new_name_it_keeps_its_id_and_ports(host: DemoHost, tmp_path: Path) -> None:
    await host.run(["podman", "rm", "-f", "proxy"])
    status, out, _ = await played(host, restore("--ignore-volumes"), tmp_path)
    assert (status, out) == (0, f"{reading.load(str(SHOP)).config.id}\n")
    assert [port.host_port for port in (await container(host, "shop")).ports] == [8080, 9090]


async def test_a_member_joins_a_pod(host: DemoHost, tmp_path: Path) -> None:
    pod = next(pod for pod in value(await facts_of(host), "pods") if pod.name == "web-pod")
    status, _, _ = await played(host, restore("--pod", pod.id, file=MEMBER), tmp_path)
    assert status == 0
    assert (await container(host, "member")).pod == pod.id


@pytest.mark.parametrize(
    ("options", "file", "message"),
    [
        ((), str(SHOP), "volume with name shop-data already exists. Use --ignore-volumes"),
        (("--ignore-volumes",), str(SHOP), "listen tcp4 :8080: bind: address already in use"),
        (("--ignore-volumes", "--name=db"), str(SHOP), 'the container name "db" is already in use'),
        (("--pod", "web-pod"), str(SHOP), "cannot restore non pod container into pod"),
        ((), MEMBER, "cannot restore pod container without --pod"),
        (("--pod", "batch"), MEMBER, "pod batch does not share the network namespace"),
        (("--pod", "none"), MEMBER, "no pod with name or ID none found: no such pod"),
        (("-p", "oops"), WEB, "invalid port format"),
        (("-p", "80/dccp"), WEB, 'unrecognized protocol "dccp" in port mapping'),
        (("-p", "99999:80"), WEB, "must be between 1 and 65535 (inclusive), got 99999"),
        (("-p", "[:::]:80:80"), WEB, 'cannot parse ":::" as an IP address'),
        ((), "/no/such/file", "/no/such/file"),
    ],
)
async def test_conflicts_are_refused_in_podmans_words(
    host: DemoHost, tmp_path: Path, options: tuple[str, ...], file: str, message: str
) -> None:
    status, out, err = await played(host, restore(*options, file=file), tmp_path)
    assert (status, out) == (125, "")
    assert err.splitlines()[-1].startswith("Error: ")
    assert message in err


async def test_a_failed_restore_leaves_its_container_behind(host: DemoHost, tmp_path: Path) -> None:
    await played(host, restore("--ignore-volumes"), tmp_path)
    assert (await container(host, "shop")).state == "created"
    _, _, err = await played(host, restore("--ignore-volumes"), tmp_path)
    assert "that ID is already in use" in err


async def test_an_image_under_another_id_is_not_the_image(tmp_path: Path) -> None:
    host = DemoHost(("0" * 64, "localhost/podthaw-bb:latest"), pace=0)
    status, _, err = await played(host, restore(file=WEB), tmp_path)
    assert status == 125
    assert "image not known" in err


async def test_a_used_volume_cannot_be_removed_but_others_can(host: DemoHost) -> None:
    answer = await host.run(["podman", "volume", "rm", "db-data"])
    assert (answer.status, "is being used by" in answer.stderr) == (2, True)
    assert (await host.run(["podman", "volume", "rm", "shop-data"])).status == 0
    volumes = {volume.name for volume in value(await facts_of(host), "volumes")}
    assert "shop-data" not in volumes


async def test_remedies_change_the_scenario(host: DemoHost) -> None:
    created = await host.run(["podman", "pod", "create", "--share", "ipc,net", "new-pod"])
    again = await host.run(["podman", "pod", "create", "--share", "ipc,net", "new-pod"])
    assert (created.status, again.status) == (0, 125)
    assert 'name "new-pod" is in use' in again.stderr
    assert (await host.run(["podman", "rm", "-f", "hello"])).stdout == "hello\n"
    assert (await host.run(["podman", "tag", "postgres:17", "x"])).status == 125
    name = "docker.io/library/postgres:17"
    assert (await host.run(["podman", "tag", name, "localhost/db"])).status == 0
    facts = await facts_of(host)
    assert "new-pod" in {pod.name for pod in value(facts, "pods")}
    assert "hello" not in {one.name for one in value(facts, "containers")}
    names = [name for image in value(facts, "images") for name in image.names]
    assert "localhost/db:latest" in names


async def test_a_pull_finds_what_is_there_and_fails_otherwise(
    host: DemoHost, tmp_path: Path
) -> None:
    status, out, err = await played(host, ["podman", "pull", "quay.io/podman/hello"], tmp_path)
    assert status == 0
    assert len(out.strip()) == 64
    assert "SIMULATION" in err
    status, _, err = await played(host, ["podman", "pull", "quay.io/none"], tmp_path)
    assert (status, err.splitlines()[-1]) == (125, "Error: quay.io/none: image not known")


async def test_unknown_commands_are_refused(host: DemoHost) -> None:
    assert (await host.run(["rm", "-rf", "/"])).status == 127
    answer = await host.run(["podman", "system", "reset"])
    assert "the simulation does not know `podman system reset`" in answer.stderr


async def test_a_restore_can_be_broken_off(tmp_path: Path) -> None:
    host = DemoHost(pace=3600)
    reader, writer = os.pipe()
    process = await host.start(restore(file=WEB), stdout=writer, stderr=writer)
    os.close(writer)
    with os.fdopen(reader) as log:
        assert "SIMULATION" in await asyncio.to_thread(log.readline)
        process.terminate()
        assert await process.wait() == -15
        assert log.read() == "", "the output must be closed"
