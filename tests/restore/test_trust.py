"""What an archive is given beyond an ordinary container, and how risky that is."""

from dataclasses import replace
from typing import Any

import pytest

from tests.restore.facts import PODMAN, altered, archive, host
from tui.checkpoint.checkpoint import SPEC, Checkpoint
from tui.restore.trust import Risk, grants

DEFAULTS = ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"]


def ordinary(**linux: Any) -> Checkpoint:
    """What `podman run IMAGE` makes."""
    web = archive("web")
    spec = web.documents[SPEC]
    process = spec["process"] | {"capabilities": {"bounding": DEFAULTS, "effective": DEFAULTS}}
    return altered(
        web,
        spec={
            "process": process,
            "linux": spec["linux"] | {"seccomp": {"defaultAction": "SCMP_ACT_ERRNO"}} | linux,
        },
    )


def titles(checkpoint: Checkpoint) -> list[tuple[Risk, str]]:
    return [(grant.risk, grant.title) for grant in grants(checkpoint)]


def test_an_ordinary_container_is_given_nothing_more() -> None:
    assert titles(ordinary()) == []


def test_a_member_of_a_pod_is_ordinary_too() -> None:
    assert {grant.title for grant in grants(archive("member"))} == {
        "may use every system call (no seccomp filter)"
    }


@pytest.mark.parametrize(
    ("config", "spec", "risk", "title"),
    [
        ({"privileged": True}, {}, Risk.HIGH, "is privileged: every capability and every device"),
        (
            {},
            {"hooks": {"prestart": [{"path": "/tmp/evil"}]}},
            Risk.HIGH,
            "has /tmp/evil run on the host, as root (prestart hook)",
        ),
        (
            {},
            {"annotations": {"org.criu.config": "/tmp/criu.conf"}},
            Risk.HIGH,
            "makes CRIU read its options, programs to run among them, from /tmp/criu.conf",
        ),
        (
            {"logPath": "/etc/cron.d/x"},
            {},
            Risk.HIGH,
            "has Podman write to /etc/cron.d/x, as root (logPath)",
        ),
        (
            {"pid_file": "/a/overlay-containers/ID/userdata/../../../../etc/passwd"},
            {},
            Risk.HIGH,
            "has Podman write to /a/overlay-containers/ID/userdata/../../../../etc/passwd, as root "
            "(pid_file)",
        ),
        ({"secrets": [{"name": "key"}]}, {}, Risk.MEDIUM, "reads the host's secret key"),
    ],
)
def test_a_grant_of_its_own(
    config: dict[str, Any], spec: dict[str, Any], risk: Risk, title: str
) -> None:
    assert titles(altered(ordinary(), config=config, spec=spec)) == [(risk, title)]


@pytest.mark.parametrize(
    ("linux", "expected"),
    [
        ({"seccomp": None}, [(Risk.MEDIUM, "may use every system call (no seccomp filter)")]),
        (
            {"devices": [{"path": "/dev/sda", "type": "b", "major": 8, "minor": 0}]},
            [(Risk.HIGH, "uses the device /dev/sda (b 8:0)")],
        ),
        (
            {"devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]},
            [(Risk.MEDIUM, "uses the device /dev/fuse (c 10:229)")],
        ),
        ({"sysctl": {"kernel.shmmax": "1"}}, [(Risk.LOW, "sets kernel.shmmax to 1")]),
        (
            {"namespaces": [{"type": name} for name in ("mount", "network", "ipc", "uts")]},
            [(Risk.HIGH, "sees and signals every process of the host")],
        ),
        (
            {"maskedPaths": []},
            [
                (
                    Risk.MEDIUM,
                    "sees what is hidden in /proc and /sys elsewhere (nothing is masked)",
                )
            ],
        ),
    ],
)
def test_a_part_of_linux(linux: dict[str, Any], expected: list[tuple[Risk, str]]) -> None:
    assert titles(ordinary(**linux)) == expected


@pytest.mark.parametrize(
    ("source", "options", "risk"),
    [
        ("/", ["rbind", "ro"], Risk.HIGH),
        ("/etc", ["rbind"], Risk.HIGH),
        ("/etc/ssl", ["rbind", "ro"], Risk.MEDIUM),
        ("/run/podman/podman.sock", ["bind", "ro"], Risk.HIGH),
        ("/srv/site", ["rbind"], Risk.LOW),
        ("/etcetera", ["rbind"], Risk.LOW),
        ("/evil/volumes/webdata/_data/../../../../etc", ["rbind"], Risk.HIGH),
        ("../../../../../../etc", ["rbind", "ro"], Risk.HIGH),
        ("//", ["rbind", "ro"], Risk.HIGH),
        ("//etc", ["rbind"], Risk.HIGH),
        ("/var", ["rbind"], Risk.HIGH),
        ("/var/lib", ["rbind", "ro"], Risk.MEDIUM),
        ("/var/lib/containerslike", ["rbind"], Risk.LOW),
        ("../volumes/webdata/_data", ["rbind"], Risk.HIGH),
    ],
)
def test_bind_mounts_are_as_risky_as_what_they_show(
    source: str, options: list[str], risk: Risk
) -> None:
    mount = {"type": "bind", "source": source, "destination": "/x", "options": options}
    assert [risk for risk, _ in titles(altered(ordinary(), spec={"mounts": [mount]}))] == [risk]


@pytest.mark.parametrize("driver", ["overlay", "vfs", "btrfs"])
def test_podmans_own_files_are_no_grant_whatever_the_storage_driver(driver: str) -> None:
    web = ordinary()

    def mounts(its_id: str) -> list[dict[str, Any]]:
        source = f"/var/lib/containers/storage/{driver}-containers/{its_id}/userdata/localtime"
        return [{"type": "bind", "source": source, "destination": "/x", "options": ["ro"]}]

    assert not titles(altered(web, spec={"mounts": mounts(web.config.id)}))
    (other,) = titles(altered(web, spec={"mounts": mounts("0" * 64)}))
    assert other[0] is Risk.MEDIUM


@pytest.mark.parametrize("kind", ["bind", "none", "tmpfs"])
def test_the_options_alone_make_a_bind_mount(kind: str) -> None:
    mount = {"type": kind, "source": "/etc", "destination": "/x", "options": ["rbind"]}
    assert titles(altered(ordinary(), spec={"mounts": [mount]})) == [
        (Risk.HIGH, "writes /etc of the host, as /x")
    ]


@pytest.mark.parametrize(
    ("kind", "risk"),
    [
        ("pid", Risk.HIGH),
        ("mount", Risk.HIGH),
        ("user", Risk.HIGH),
        ("ipc", Risk.MEDIUM),
        ("uts", Risk.LOW),
    ],
)
def test_a_namespace_with_a_path_is_not_its_own(kind: str, risk: Risk) -> None:
    path = f"/proc/1/ns/{kind}"
    others = [{"type": one} for one in ("pid", "mount", "network", "ipc", "uts") if one != kind]
    joins = ordinary(namespaces=[*others, {"type": kind, "path": path}])
    assert titles(joins) == [(risk, f"joins the {kind} namespace at {path} of the host")]


def test_podman_replaces_the_path_of_a_network_that_it_made() -> None:
    web = ordinary()
    assert any(one.path for one in web.spec.linux.namespaces or ())
    assert not titles(web)
    assert titles(altered(web, config={"createNetNS": None}))[0][0] is Risk.MEDIUM


def test_capabilities_are_told_apart_by_what_they_open() -> None:
    web = ordinary()
    process = web.documents[SPEC]["process"] | {
        "capabilities": {"bounding": [*DEFAULTS, "CAP_SYS_ADMIN", "CAP_NET_ADMIN"]}
    }
    assert titles(altered(web, spec={"process": process})) == [
        (Risk.HIGH, "has the capabilities CAP_SYS_ADMIN"),
        (Risk.MEDIUM, "has the capabilities CAP_NET_ADMIN"),
    ]


def test_a_host_with_selinux_says_when_it_does_not_confine() -> None:
    web = altered(ordinary(), config={"labelopts": ["disable"]})
    assert not grants(web, host())
    (grant,) = grants(web, host(podman=replace(PODMAN, selinux=True)))
    assert grant.title == "is not confined by SELinux"


def test_the_riskiest_comes_first() -> None:
    web = altered(ordinary(), config={"privileged": True, "secrets": [{"name": "key"}]})
    assert [risk for risk, _ in titles(web)] == [Risk.HIGH, Risk.MEDIUM]
