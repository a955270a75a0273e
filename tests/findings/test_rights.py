"""What processes may do, and what of the host they can reach."""

from typing import Any

import pytest

from tests.findings.builders import DEFAULT, look, mount, runs, scene, severities
from tui.criu.names import capabilities
from tui.criu.sockets import UnixSocket
from tui.findings.registry import (
    DocumentPlace,
    MountPlace,
    ProcessPlace,
    Severity,
    SocketPlace,
)

HIGH, MEDIUM, LOW, INFO = Severity
ALL = capabilities((0xFFFF_FFFF, 0x1FF))
OWN: dict[str, Any] = {"ids": {"user": 2}}


def binds(source: str, destination: str = "/mnt", *options: str) -> dict[str, Any]:
    made = {"type": "bind", "source": source, "destination": destination}
    return {"mounts": [made | {"options": ["rbind", *options]}]}


def test_a_privileged_container() -> None:
    found = scene(runs("/app", caps=ALL), config={"privileged": True})
    (one,) = look("capabilities-full", found)
    assert (one.severity, one.title) == (HIGH, "PID 1 has 41 capabilities")
    assert DocumentPlace("config.dump", "/privileged") in one.places
    assert look("capabilities-strong", found) == []


def test_capabilities_in_a_user_namespace_reach_no_further() -> None:
    inside = scene(runs("/app", caps=ALL, **OWN), host={"user": 1})
    assert severities("capabilities-full", inside) == [LOW]
    shared = scene(runs("/app", caps=ALL, **OWN), host={"user": 2})
    assert severities("capabilities-full", shared) == [HIGH]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), []),
        (("cap_net_raw", "cap_mknod", "cap_audit_write"), []),
        (("cap_net_admin",), [LOW]),
        (("cap_sys_ptrace",), [MEDIUM]),
        (("cap_sys_admin", "cap_net_admin"), [MEDIUM]),
    ],
)
def test_capabilities_beyond_the_usual(more: tuple[str, ...], expected: list[Severity]) -> None:
    caps = (*DEFAULT, *more)
    found = scene(runs("/app", 1, caps=caps), runs("/app", 2, 1, caps=caps))
    assert severities("capabilities-strong", found) == expected
    assert look("capabilities-full", found) == []


def test_processes_without_a_filter() -> None:
    bare = scene(
        runs("/app", seccomp="disabled"), runs("/x", 2, seccomp="disabled", state="zombie")
    )
    (one,) = look("seccomp-disabled", bare)
    assert one.places == (ProcessPlace(1),)
    assert look("seccomp-disabled", scene(runs("/app"))) == []
    assert look("seccomp-disabled", scene(runs("/app", seccomp=""))) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (binds("/"), [HIGH]),
        (binds("/etc/"), [HIGH]),
        (binds("/etc/ssh/keys"), [HIGH]),
        (binds("/etc", "/host/etc", "ro"), [MEDIUM]),
        (binds("/srv/site"), []),
        (binds("/etc/localtime", "/etc/localtime", "ro"), []),
        (binds("/sys", "/sys", "ro"), []),
        (binds("/var/lib/containers/storage/volumes/data/_data"), []),
        (binds("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/7/shm", "/dev/shm"), []),
        ({"mounts": [{"type": "proc", "source": "proc", "destination": "/proc"}]}, []),
    ],
)
def test_folders_of_the_host(spec: dict[str, Any], expected: list[Severity]) -> None:
    assert severities("host-path-mounted", scene(runs("/app"), spec=spec)) == expected


def test_who_is_not_root_cannot_write_there() -> None:
    spec = binds("/etc")
    assert severities("host-path-mounted", scene(runs("/app", uid=1000), spec=spec)) == [MEDIUM]
    contained = scene(runs("/app", **OWN), spec=spec, host={"user": 1})
    assert severities("host-path-mounted", contained) == [MEDIUM]


def test_a_mounted_folder_leads_to_the_mount() -> None:
    found = scene(runs("/app"), spec=binds("/root", "/host"), mounts=[mount("/host", 12)])
    (one,) = look("host-path-mounted", found)
    assert one.places == (MountPlace(12), DocumentPlace("spec.dump", "/mounts/0"))


def test_the_socket_of_an_engine() -> None:
    mounted = scene(runs("/app"), spec=binds("/var/run/docker.sock", "/var/run/docker.sock"))
    assert severities("engine-socket", mounted) == [HIGH]
    renamed = scene(runs("/app"), spec=binds("/run/podman/podman.sock", "/run/engine"))
    assert severities("engine-socket", renamed) == [HIGH]
    assert look("engine-socket", scene(runs("/app"), spec=binds("/run/app.sock", "/x.sock"))) == []


def test_an_open_socket_of_that_name() -> None:
    socket = UnixSocket(5, 5, "stream", "", "LISTEN", name="/run/docker.sock")
    (one,) = look("engine-socket", scene(runs("/app"), opened={1: {3: socket}}))
    assert one.places == (SocketPlace(5), ProcessPlace(1))
    other = UnixSocket(5, 5, "stream", "", "LISTEN", name="/run/app.sock")
    assert look("engine-socket", scene(runs("/app"), opened={1: {3: other}})) == []


@pytest.mark.parametrize("prefix", ["/var/run", "/run"])
def test_a_kubernetes_token(prefix: str) -> None:
    place = f"{prefix}/secrets/kubernetes.io/serviceaccount"
    assert severities("kubernetes-token", scene(spec=binds("/var/lib/kubelet/x", place))) == [INFO]
    assert look("kubernetes-token", scene(spec=binds("/var/lib/kubelet/x", "/etc/config"))) == []


def test_namespaces_of_the_host() -> None:
    def having(*kinds: str) -> dict[str, Any]:
        return {"linux": {"namespaces": [{"type": kind} for kind in kinds]}}

    own = ("mount", "pid", "network", "ipc", "uts", "cgroup")
    assert look("host-namespace", scene(spec=having(*own))) == []
    assert look("host-namespace", scene()) == []
    (one,) = look("host-namespace", scene(spec=having("mount", "network", "ipc", "uts")))
    assert (one.severity, one.title) == (MEDIUM, "The container has the host's processes")
    assert severities("host-namespace", scene(spec=having("pid", "ipc", "uts"))) == [LOW]
