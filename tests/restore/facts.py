"""Hosts and checkpoints made up for the tests of checks and plans."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from tests.data import DATA
from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.config import ContainerConfig, Json
from tui.checkpoint.documents import view
from tui.checkpoint.networking import Networking, with_networking
from tui.checkpoint.reading import load
from tui.checkpoint.spec import RuntimeSpec
from tui.host.facts import (
    Container,
    Criu,
    Endpoint,
    Fact,
    HostFacts,
    Image,
    ImageFile,
    Known,
    Listener,
    Missing,
    Network,
    PathStatus,
    Pod,
    Podman,
    Protocol,
    PublishedPort,
    Runtime,
    T,
    Unknown,
    Volume,
)
from tui.restore.checks import CHECKS, Case
from tui.restore.conflict import Conflict
from tui.restore.options import RestoreOptions

NOBODY_KNOWS = Unknown("podman did not answer within 10 s")

NO_PODMAN = Missing("podman is not installed on this host")
"""What every fact is that only Podman knows, where it is not installed."""

PODMAN = Podman(
    version=(5, 8, 6),
    text="5.8.6",
    rootless=False,
    cgroup_version="v1",
    cgroup_manager="cgroupfs",
    architecture="amd64",
    kernel="6.18.0",
    default_runtime="crun",
    graph_root="/var/lib/containers/storage",
    run_root="/run/containers/storage",
    volume_path="/var/lib/containers/storage/volumes",
    free_locks=2000,
    selinux=False,
    apparmor=False,
)

CRUN = Runtime("crun", "/usr/bin/crun", "crun version 1.28", True, True)

IMAGE_FILES = {
    "bin": ImageFile("directory", 0o755, 12288),
    "bin/busybox": ImageFile("file", 0o755, 2063232),
    "bin/seq": ImageFile("symlink", 0o777, 7, "busybox"),
    "etc": ImageFile("directory", 0o755, 4096),
    "etc/issue": ImageFile("file", 0o644, 17),
    "etc/motd": ImageFile("file", 0o644, 20),
}
"""Of the image of every archive in `tests/data`, what the tests need."""

NETWORKS = (
    Network("podman", "bridge", ("10.88.0.0/16",)),
    Network("backnet", "bridge", ("10.99.0.0/24",)),
)

CRIU = Criu(40201, "4.2.1", "Looks good.", True)


def identifier(word: str) -> str:
    """An ID of 64 digits that begins with `word` in hexadecimal."""
    return word.encode().hex().ljust(64, "0")[:64]


@cache
def archive(name: str) -> Checkpoint:
    """One of `tests/data`; it is frozen, so that all tests can have the same."""
    return load(str(DATA / f"{name}.tar.zst"))


def altered(checkpoint: Checkpoint, *, config: Json = None, spec: Json = None) -> Checkpoint:
    """`checkpoint` with keys of its documents set to other values, or taken away by None."""
    documents = dict(checkpoint.documents)
    for name, update in ((CONFIG, config), (SPEC, spec)):
        merged = documents[name] | (update or {})
        documents[name] = {key: value for key, value in merged.items() if value is not None}
    return with_documents(checkpoint, documents)


def with_documents(checkpoint: Checkpoint, documents: dict[str, Json]) -> Checkpoint:
    """`checkpoint` as it would be read with these documents."""
    known = {key: value for key, value in documents[CONFIG].items() if key != "networks"}
    config = with_networking(view(known, ContainerConfig), view(documents[CONFIG], Networking))
    return replace(
        checkpoint,
        documents=documents,
        config=config,
        spec=view(documents[SPEC], RuntimeSpec),
    )


def host(
    *,
    podman: Unknown | Podman = PODMAN,
    runtime: Unknown | Runtime | None = CRUN,
    criu: Unknown | Criu | None = CRIU,
    containers: Unknown | Iterable[Container] = (),
    pods: Unknown | Iterable[Pod] = (),
    volumes: Unknown | Iterable[str] = (),
    images: Unknown | Iterable[Image] | None = None,
    listeners: Unknown | Iterable[Listener] = (),
    networks: Unknown | Iterable[Network] | None = None,
    secrets: Unknown | Iterable[str] = (),
    endpoints: Unknown | Iterable[Endpoint] = (),
    paths: Unknown | Mapping[str, PathStatus | None] | None = None,
) -> HostFacts:
    """A host on which every archive of `tests/data` outside of pods restores."""
    return HostFacts(
        host="test",
        simulated=True,
        podman=_fact(podman),
        runtime=_fact(runtime),
        criu=_fact(criu),
        containers=_facts(containers),
        pods=_facts(pods),
        volumes=volumes if isinstance(volumes, Unknown) else Known(tuple(map(volume, volumes))),
        images=_facts([the_image()] if images is None else images),
        networks=_facts(NETWORKS if networks is None else networks),
        secrets=_facts(secrets),
        listeners=_facts(listeners),
        endpoints=_facts(endpoints),
        paths=_fact({} if paths is None else paths),
        apparmor_profiles=Known(frozenset()),
        space=Known({"/var/lib/containers/storage": 8 << 30, "/var/tmp": 8 << 30}),
        memory=Known(8 << 30),
        programs=Known({"iptables-restore": True, "ip6tables-restore": True, "nft": True}),
        cpu_flags=Known(frozenset({"avx", "avx512f"})),
        criu_plugins=Known(frozenset()),
        cgroups=Known({}),
        image_files=Known(IMAGE_FILES),
    )


def _fact(value: Unknown | T) -> Fact[T]:
    return value if isinstance(value, Unknown) else Known(value)


def _facts(values: Unknown | Iterable[T]) -> Fact[tuple[T, ...]]:
    return values if isinstance(values, Unknown) else Known(tuple(values))


def podman(*version: int) -> Podman:
    """A Podman of this version."""
    return replace(PODMAN, version=version + (0,) * (3 - len(version)))  # type: ignore[arg-type]


def the_image(name: str = "localhost/podthaw-bb:latest") -> Image:
    """The image of every archive in `tests/data`."""
    return Image(archive("web").config.image_id, (name,))


def container(
    name: str, *ports: PublishedPort, state: str = "running", its_id: str = "", infra: bool = False
) -> Container:
    return Container(
        its_id or identifier(name), name, "localhost/some:latest", state, "", ports, infra
    )


def port(number: int, protocol: str = "tcp", *, ip: str = "", count: int = 1) -> PublishedPort:
    return PublishedPort(ip, number, number, count, protocol)


def listener(number: int, address: str = "0.0.0.0", protocol: Protocol = Protocol.TCP) -> Listener:
    return Listener(protocol, address, number)


def pod(name: str, *shared: str, infra: bool = True) -> Pod:
    return Pod(
        id=identifier(name),
        name=name,
        state="Running",
        shared=frozenset(shared or ("ipc", "net", "uts")),
        infra=identifier(f"{name}-infra") if infra else "",
        cgroup_path=f"machine.slice/machine-libpod_pod_{name}.slice",
        infra_mount_label="system_u:object_r:container_file_t:s0:c1,c2",
        infra_process_label="system_u:system_r:container_t:s0:c1,c2",
    )


def volume(name: str) -> Volume:
    return Volume(name, "local", f"/volumes/{name}", "2026-05-01T00:00:00Z")


def look(
    code: str, checkpoint: Checkpoint, facts: HostFacts, **options: Any
) -> tuple[Conflict, ...]:
    """What the check `code` finds."""
    return tuple(CHECKS[code].look(Case(checkpoint, facts, RestoreOptions(**options))))
