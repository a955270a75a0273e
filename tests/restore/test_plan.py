import json
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.restore.facts import (
    CRIU,
    CRUN,
    IMAGE_FILES,
    NO_PODMAN,
    NOBODY_KNOWS,
    PODMAN,
    altered,
    archive,
    container,
    host,
    identifier,
    listener,
    pod,
    podman,
    port,
    the_image,
)
from tui.archive.layout import Layout
from tui.archive.model import Form, MemberKind, Problem
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import Json
from tui.criu.state import InetSocket, Mount, RegularFile
from tui.host.document import facts_json
from tui.host.facts import Endpoint, HostFacts, Image, Known, Network, PathKind, PathStatus
from tui.restore.checks import CHECKS, explain, table
from tui.restore.checks.registry import REGISTERED
from tui.restore.conflict import Conflict, Severity
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan, Verdict, apply, command, make_plan

WEB = archive("web")
MEMBER = archive("member")
STATIC = archive("static")
SHOP = pod("shop")
EVERY_NAMESPACE = {f"{name}NsCtr": "old" for name in ("ipc", "net", "pid", "uts", "cgroup")}


@dataclass(frozen=True)
class Situation:
    """One archive on one host, and the codes of what a plan must find there."""

    codes: set[str]
    checkpoint: Checkpoint = WEB
    facts: HostFacts = field(default_factory=host)
    options: RestoreOptions = RestoreOptions()

    @property
    def plan(self) -> Plan:
        return make_plan(self.checkpoint, self.facts, self.options)


def contents(**changes: Any) -> Checkpoint:
    return replace(WEB, contents=replace(WEB.contents, **changes))


def images(**changes: Any) -> Checkpoint:
    """An archive with other things in CRIU's images."""
    assert WEB.criu
    return replace(WEB, criu=replace(WEB.criu, **changes))


ELSEWHERE = host(
    podman=replace(PODMAN, architecture="arm64", cgroup_version="v2"),
    runtime=replace(CRUN, name="runc", closes_connections=False),
)
"""A host that is another one in all that CRIU looks at."""


def mounting(
    checkpoint: Checkpoint, destination: str, source: str, *, kind: str = "bind"
) -> Checkpoint:
    """`checkpoint` with one more mount."""
    mount = {"destination": destination, "type": kind, "source": source}
    return altered(
        checkpoint, spec={"mounts": [*checkpoint.documents["spec.dump"]["mounts"], mount]}
    )


MOUNTING = mounting(
    images(files=(RegularFile("/srv", None, 0o40755, False, 0),)), "/srv", "/srv/site"
)
VOLUMES = PODMAN.volume_path

ORIGINAL = container("web", port(18080), its_id=WEB.config.id)
TWICE = Problem("config.dump", None, "/name is there more than once", "/name")

SITUATIONS = {
    "all is well": Situation(set()),
    "still reading": Situation({"archive-incomplete"}, contents(finished=False)),
    "cut off": Situation({"archive-incomplete"}, contents(complete=False)),
    "ambiguous": Situation({"archive-ambiguous"}, contents(ambiguities=(TWICE,))),
    "of another engine": Situation(
        {"engine-unsupported"},
        altered(WEB, config={"id": None, "rootfsImageName": None}),
    ),
    "of containerd": Situation(
        {"engine-unsupported"}, replace(WEB, layout=Layout.CONTAINERD), host(criu=None)
    ),
    "in a folder": Situation({"import-needs-archive"}, contents(form=Form.FOLDER)),
    "no podman": Situation(
        {"podman-missing"},
        facts=host(
            podman=NO_PODMAN,
            containers=NO_PODMAN,
            pods=NO_PODMAN,
            volumes=NO_PODMAN,
            images=NO_PODMAN,
            networks=NO_PODMAN,
            secrets=NO_PODMAN,
            runtime=NO_PODMAN,
        ),
    ),
    "no root": Situation({"rootless"}, facts=host(podman=replace(PODMAN, rootless=True))),
    "no criu": Situation({"criu-missing"}, facts=host(criu=None)),
    "old criu": Situation({"criu-too-old"}, facts=host(criu=replace(CRIU, version=30000))),
    "no runtime": Situation({"runtime-missing"}, facts=host(runtime=None)),
    "runtime without criu": Situation(
        {"runtime-cannot-restore", "runtime-cannot-restore-pods"},
        MEMBER,
        host(pods=[SHOP], runtime=replace(CRUN, restores=False, restores_into_pods=False)),
        RestoreOptions(pod="shop"),
    ),
    "established under a new name": Situation(
        {"tcp-established-with-name"}, options=RestoreOptions(name="x", tcp_established=True)
    ),
    "into a pod": Situation(set(), MEMBER, host(pods=[SHOP]), RestoreOptions(pod="shop")),
    "no pod chosen": Situation({"pod-required"}, MEMBER, host(pods=[SHOP])),
    "a pod too many": Situation(
        {"pod-forbidden"}, facts=host(pods=[SHOP]), options=RestoreOptions(pod="shop")
    ),
    "no such pod": Situation(
        {"pod-not-found"}, MEMBER, host(pods=[SHOP]), RestoreOptions(pod="nopod")
    ),
    "a pod without infra": Situation(
        {"pod-without-infra"},
        MEMBER,
        host(pods=[pod("bare", infra=False), SHOP]),
        RestoreOptions(pod="bare"),
    ),
    "a pod that shares nothing": Situation(
        {"namespace-not-shared"},
        altered(MEMBER, config=EVERY_NAMESPACE),
        host(pods=[pod("a/b", "user"), pod("all", "ipc", "net", "pid", "uts", "cgroup")]),
        RestoreOptions(pod="a/b"),
    ),
    "dependencies": Situation(
        {"dependencies"}, altered(WEB, config={"Dependencies": [identifier("db")]})
    ),
    "the volume": Situation({"volume-exists"}, facts=host(volumes=["webdata", "other"])),
    "no such image": Situation({"image-missing"}, facts=host(images=[])),
    "another image": Situation(
        {"image-id-differs"},
        facts=host(images=[Image(identifier("new"), ("localhost/podthaw-bb:latest",))]),
    ),
    "another name": Situation({"image-missing"}, facts=host(images=[the_image("localhost/a:b")])),
    "a folder": Situation(
        {"image-missing"}, altered(WEB, config={"rootfsImageName": None, "rootfs": "/srv"})
    ),
    "the original runs": Situation(
        {"id-in-use", "port-in-use"}, facts=host(containers=[ORIGINAL], listeners=[listener(18080)])
    ),
    "a namesake": Situation({"name-in-use"}, facts=host(containers=[container("web")])),
    "a pod of that name": Situation({"name-in-use"}, facts=host(pods=[pod("web")])),
    "a bad name": Situation({"name-invalid"}, options=RestoreOptions(name="bad name!")),
    "a bad port": Situation({"port-invalid"}, options=RestoreOptions(publish=("99999:80",))),
    "a taken port": Situation({"port-in-use"}, facts=host(listeners=[listener(18080)])),
    "a port of a stopped container": Situation(
        {"port-in-use"}, facts=host(containers=[container("c", port(18080), state="exited")])
    ),
    "many taken ports": Situation(
        {"port-in-use"},
        facts=host(listeners=[listener(80), listener(81), listener(90, "::")]),
        options=RestoreOptions(publish=("80-95:80-95", "95:9", "80:1/udp", "80:2/udp")),
    ),
    "open connections": Situation({"tcp-established"}, archive("established")),
    "connections of other addresses": Situation(
        {"tcp-established"},
        images(sockets=(InetSocket("tcp", 1, "192.0.2.1", 1, "192.0.2.2", 2),)),
        options=RestoreOptions(tcp_established=True),
    ),
    "connections to be closed": Situation({"tcp-close-required"}, images(tcp_close=True)),
    "closing what an old Podman cannot": Situation(
        {"tcp-close-unsupported"},
        facts=host(podman=podman(5, 6)),
        options=RestoreOptions(tcp_close=True),
    ),
    "another kind of host": Situation(
        {
            "architecture-differs",
            "cgroup-version-differs",
            "network-lock-tool-missing",
            "gpu-plugin-missing",
            "lsm-differs",
            "cpu-features",
            "tcp-close-required",
            "external-mount-unmapped",
        },
        images(
            lsm="selinux",
            lsm_profiles=("container_t",),
            plugins=("cuda_plugin",),
            tcp_close=True,
            mounts=(Mount(1, "/data\n", "/data\n"),),
        ),
        replace(
            ELSEWHERE,
            programs=Known({"iptables-restore": False}),
            cpu_flags=Known(frozenset({"fp"})),
        ),
    ),
    "a kernel without a masked path": Situation(
        {"external-mount-unmapped"}, facts=replace(host(), paths=Known({"/proc/keys": None}))
    ),
    "locks": Situation({"file-locks"}, images(locks=1)),
    "a second checkpoint": Situation(
        {"previous-checkpoint-required"},
        contents(
            members=(
                *WEB.contents.members,
                replace(WEB.contents.members[0], name="checkpoint/parent", kind=MemberKind.SYMLINK),
            )
        ),
    ),
    "a damaged image": Situation(
        {"images-unreadable"}, images(problems=(Problem("checkpoint/a\n.img", 0, "cut off"),))
    ),
    "nothing is known of what CRIU needs": Situation(
        {"gpu-plugin-missing", "network-lock-tool-missing", "cpu-features"},
        images(plugins=("cuda_plugin",)),
        replace(
            ELSEWHERE,
            podman=Known(PODMAN),
            programs=NOBODY_KNOWS,
            cpu_flags=NOBODY_KNOWS,
            criu_plugins=NOBODY_KNOWS,
        ),
    ),
    "a link that was deleted": Situation({"deleted-symlink"}, archive("deleted")),
    "another file in the image": Situation(
        {"file-differs"},
        facts=replace(host(), image_files=Known({"bin/busybox": IMAGE_FILES["etc/motd"]})),
    ),
    "files of a volume that is ignored": Situation(
        {"volume-file-differs"},
        images(files=(RegularFile("/www/index.html", 6, 0o100644, False, 101),)),
        options=RestoreOptions(ignore_volumes=True),
    ),
    "nobody knows what is in the image": Situation(
        {"file-differs"}, facts=replace(host(), image_files=NOBODY_KNOWS)
    ),
    "nothing is known": Situation(
        {"rootless", "runtime-missing", "criu-missing", "volume-exists", "image-missing"}
        | {"id-in-use", "port-in-use"},
        facts=host(
            podman=NOBODY_KNOWS,
            runtime=NOBODY_KNOWS,
            criu=NOBODY_KNOWS,
            containers=NOBODY_KNOWS,
            pods=NOBODY_KNOWS,
            volumes=NOBODY_KNOWS,
            images=NOBODY_KNOWS,
            listeners=NOBODY_KNOWS,
        ),
    ),
    "nothing is known of pods": Situation(
        {"pod-not-found", "name-in-use"},
        MEMBER,
        host(pods=NOBODY_KNOWS),
        RestoreOptions(pod="shop"),
    ),
    "no such network": Situation({"network-missing"}, STATIC, host(networks=[])),
    "addresses are taken": Situation(
        {"ip-in-use", "mac-in-use"},
        STATIC,
        host(
            endpoints=[
                Endpoint(identifier("c"), "backnet", "10.99.0.42", "92:d0:c6:0a:29:33"),
                Endpoint(identifier("d"), "backnet", "10.99.0.43", ""),
            ]
        ),
    ),
    "an old address is taken": Situation(
        {"ip-in-use"},
        facts=host(endpoints=[Endpoint(identifier("c"), "podman", "10.88.0.15", "")]),
    ),
    "another subnet": Situation(
        {"ip-outside-subnet"},
        STATIC,
        host(networks=[Network("backnet", "bridge", ("10.97.0.0/24",))]),
    ),
    "an archive of Podman 3": Situation(
        {"port-keys-of-another-podman"},
        altered(
            WEB,
            config={
                "newNetworks": None,
                "networks": ["podman"],
                "newPortMappings": None,
                "portMappings": [{"hostPort": 18080, "containerPort": 80, "protocol": "tcp"}],
            },
        ),
    ),
    "the network of the host": Situation(
        {"host-network-port"},
        altered(WEB, config={"networkMode": "host", "newNetworks": None, "newPortMappings": None}),
        host(listeners=[listener(80, "::")]),
    ),
    "nothing is known of networks": Situation(
        {"network-missing", "ip-in-use"},
        STATIC,
        host(networks=NOBODY_KNOWS, endpoints=NOBODY_KNOWS),
    ),
    "a mount is not here": Situation(
        {"bind-source-missing"}, MOUNTING, host(paths={"/srv/site": None})
    ),
    "an overlay": Situation(
        {"overlay-mount"},
        mounting(
            WEB,
            "/site",
            f"{PODMAN.graph_root}/overlay-containers/{WEB.config.id}/userdata/overlay/1/merge",
            kind="overlay",
        ),
    ),
    "no folder for the PID": Situation(
        {"pid-folder-missing"},
        altered(WEB, config={"pid_file": "/srv/pids/it.pid"}),
        host(paths={"/srv/pids": None}),
    ),
    "other files are mounted": Situation(
        {"bind-source-kind", "bind-source-link"},
        MOUNTING,
        host(paths={"/srv/site": PathStatus(PathKind.FILE, 0o644, link=True)}),
    ),
    "other permissions are mounted": Situation(
        {"bind-source-mode"},
        MOUNTING,
        host(paths={"/srv/site": PathStatus(PathKind.DIRECTORY, 0o700)}),
    ),
    "a mount of the old container": Situation(
        {"mount-of-old-container"},
        mounting(
            WEB,
            "/etc/localtime",
            f"{PODMAN.run_root}/overlay-containers/{WEB.config.id}/userdata/localtime",
        ),
        options=RestoreOptions(name="other"),
    ),
    "a device is not here": Situation(
        {"device-missing"},
        altered(
            WEB,
            spec={
                "linux": WEB.documents["spec.dump"]["linux"]
                | {"devices": [{"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232}]}
            },
        ),
        host(paths={"/dev/kvm": None, "/sys/dev/char/10:232": None}),
    ),
    "nothing is known of paths": Situation(
        {"bind-source-missing"}, MOUNTING, host(paths=NOBODY_KNOWS)
    ),
    "a volume without content": Situation(
        {"volume-data-missing"},
        contents(
            members=tuple(
                one for one in WEB.contents.members if not one.name.startswith("volumes/")
            )
        ),
    ),
    "a private volume": Situation(
        {"volume-root-mode"}, images(files=(RegularFile("/www", None, 0o40750, False, 0),))
    ),
    "volumes elsewhere": Situation(
        {"volume-elsewhere"},
        facts=host(
            podman=replace(PODMAN, volume_path="/data/volumes"),
            paths=dict.fromkeys((f"{VOLUMES}/webdata/_data", VOLUMES)),
        ),
    ),
    "a volume of a driver": Situation(
        {"volume-driver"},
        altered(
            WEB,
            config={
                "namedVolumes": [
                    {"volumeName": "webdata", "dest": "/www", "options": ["volume-opt=type=nfs"]}
                ]
            },
        ),
    ),
    "secrets": Situation(
        {"secret-missing", "secret-mount"},
        altered(mounting(WEB, "/run/secrets/a", "/x"), config={"secrets": [{"name": "a/b"}]}),
        host(paths={"/x": PathStatus(PathKind.FILE, 0o400)}),
    ),
    "a profile": Situation(
        {"apparmor-profile-missing"},
        altered(
            WEB,
            spec={
                "process": WEB.documents["spec.dump"]["process"] | {"apparmorProfile": "own"},
            },
        ),
        host(podman=replace(PODMAN, apparmor=True)),
    ),
    "a user namespace": Situation({"user-namespace"}, images(user_namespace=True)),
    "no room": Situation(
        {"disk-space", "memory", "locks-exhausted"},
        facts=replace(
            host(podman=replace(PODMAN, free_locks=0)),
            space=Known({PODMAN.graph_root: 0}),
            memory=Known(0),
        ),
    ),
    "much to read": Situation(
        {"restore-timeout", "disk-space", "memory"},
        contents(
            members=(
                *WEB.contents.members,
                replace(WEB.contents.members[0], name="checkpoint/pages-9.img", size=30 << 30),
            )
        ),
    ),
    "what an earlier restore has left": Situation(
        {"cgroup-left-behind"},
        facts=replace(
            host(),
            cgroups=Known({f"/sys/fs/cgroup/pids/libpod_parent/libpod-{WEB.config.id}": False}),
        ),
    ),
    "what a restore does not bring back": Situation(
        {"autoremove", "health-check-timer", "systemd-unit", "terminal", "sdnotify"},
        altered(
            WEB,
            config={
                "healthcheck": {"Test": ["CMD", "true"]},
                "labels": {"PODMAN_SYSTEMD_UNIT": "a/b.service"},
            },
            spec={
                "annotations": {"io.podman.annotations.autoremove": "TRUE"},
                "process": WEB.documents["spec.dump"]["process"]
                | {"terminal": True, "env": ["NOTIFY_SOCKET=/run/notify"]},
            },
        ),
    ),
    "a host that cannot restore": Situation(
        {"criu-check-failed", "criu-library-missing", "cgroup-manager-differs"},
        facts=host(
            podman=replace(PODMAN, cgroup_manager="systemd"),
            criu=replace(CRIU, works=False, check=""),
            runtime=replace(CRUN, finds_criu=False),
        ),
    ),
    "options of a newer Podman": Situation(
        {"option-unknown", "port-keys-of-another-podman"},
        facts=host(podman=podman(3, 2)),
        options=RestoreOptions(file_locks=True),
    ),
    "keys are spelled otherwise": Situation(
        {"name-in-use", "volume-exists", "pod-forbidden"},
        altered(
            WEB,
            config={
                "name": None,
                "NAME": "web",
                "namedVolumes": None,
                "NamedVolumes": [{"VolumeName": "webdata", "Dest": "/www"}],
            },
        ),
        host(containers=[container("web")], volumes=["webdata"]),
        RestoreOptions(pod="x"),
    ),
}


@pytest.fixture(params=SITUATIONS.values(), ids=list(SITUATIONS))
def situation(request: pytest.FixtureRequest) -> Situation:
    found: Situation = request.param
    return found


def test_what_is_found(situation: Situation) -> None:
    assert {conflict.code for conflict in situation.plan.conflicts} == situation.codes


def test_every_check_is_met_by_a_situation() -> None:
    assert {code for one in SITUATIONS.values() for code in one.codes} == set(CHECKS)


def test_every_place_is_a_node_of_its_document(situation: Situation) -> None:
    printed = json.loads(json.dumps(facts_json(situation.facts)))
    documents = {**situation.checkpoint.documents, "host": printed}
    for conflict in situation.plan.conflicts:
        for place in conflict.where:
            resolve(documents[place.document], place.pointer)


def test_conflicts_are_told_apart(situation: Situation) -> None:
    conflicts = situation.plan.conflicts
    assert len({(one.code, one.subject) for one in conflicts}) == len(conflicts)
    for one in conflicts:
        assert len({remedy.id for remedy in one.remedies}) == len(one.remedies)


def test_no_conflict_is_worse_than_its_check_says(situation: Situation) -> None:
    order = list(Severity)
    for one in situation.plan.conflicts:
        assert order.index(one.severity) >= order.index(CHECKS[one.code].severity)


def test_blockers_have_evidence(situation: Situation) -> None:
    for one in situation.plan.conflicts:
        if one.severity is Severity.BLOCKER:
            assert one.evidence.archive or one.evidence.host, one.code


def test_a_remedy_is_either_options_or_commands(situation: Situation) -> None:
    known = {field.name for field in fields(RestoreOptions)}
    for one in situation.plan.conflicts:
        for remedy in one.remedies:
            assert bool(remedy.options) != bool(remedy.commands), remedy
            assert remedy.options.keys() <= known
            assert not remedy.removes or remedy.commands


def test_other_options_make_their_conflict_go_away(situation: Situation) -> None:
    for one in situation.plan.conflicts:
        for remedy in one.remedies:
            if remedy.options:
                after = make_plan(
                    situation.checkpoint,
                    situation.facts,
                    apply(situation.options, remedy),
                )
                assert identity(one) not in map(identity, after.conflicts), remedy


def test_what_is_shown_is_one_safe_line(situation: Situation) -> None:
    for one in situation.plan.conflicts:
        labels = [text for remedy in one.remedies for text in (remedy.label, remedy.removes)]
        for text in (one.title, one.detail, one.evidence.archive, one.evidence.host, *labels):
            assert text.isprintable()


def identity(conflict: Conflict) -> tuple[str, str]:
    return conflict.code, conflict.subject


def resolve(document: Json, place: str) -> Json:
    for step in place.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        document = document[int(step) if isinstance(document, list) else step]
    return document


def test_the_worst_comes_first_and_then_podmans_order() -> None:
    facts = host(
        pods=[pod("p", "ipc")],
        criu=replace(CRIU, version=30000),
        listeners=NOBODY_KNOWS,
        images=NOBODY_KNOWS,
    )
    plan = make_plan(MEMBER, facts, RestoreOptions(pod="p", name="bad name!"))
    assert [(one.code, one.subject) for one in plan.conflicts] == [
        ("criu-too-old", ""),
        ("namespace-not-shared", "net"),
        ("namespace-not-shared", "uts"),
        ("image-missing", ""),
        ("name-invalid", "bad name!"),
    ]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (host(), Verdict.READY),
        (host(containers=[container("c", port(18080), state="exited")]), Verdict.READY),
        (host(volumes=NOBODY_KNOWS), Verdict.UNKNOWN),
        (host(volumes=NOBODY_KNOWS, criu=None), Verdict.BLOCKED),
    ],
)
def test_the_verdict(facts: HostFacts, verdict: Verdict) -> None:
    assert make_plan(WEB, facts, RestoreOptions()).verdict is verdict


def test_a_warning_leaves_it_ready() -> None:
    assert make_plan(WEB, host(), RestoreOptions(name="bad name!")).verdict is Verdict.READY


START = ("podman", "--log-level=debug", "container", "restore", "--import=/a.tar")


def test_the_command_without_options() -> None:
    assert command("/a.tar", host(), RestoreOptions()) == START


def test_the_command_with_every_option() -> None:
    options = RestoreOptions(
        name="x",
        pod="sho",
        publish=("80:80", "81:81"),
        ignore_volumes=True,
        ignore_rootfs=True,
        ignore_static_ip=True,
        ignore_static_mac=True,
        tcp_established=True,
        tcp_close=True,
        file_locks=True,
        keep=True,
        print_stats=True,
        import_previous="/b.tar",
        cgroup_manager="cgroupfs",
    )
    pods = host(pods=[pod("sho"), SHOP])
    assert command("/a.tar", pods, options) == (
        "podman",
        "--log-level=debug",
        "--cgroup-manager=cgroupfs",
        "container",
        "restore",
        "--import=/a.tar",
        "--name=x",
        f"--pod={identifier('sho')}",
        "--publish=80:80",
        "--publish=81:81",
        "--ignore-volumes",
        "--ignore-rootfs",
        "--ignore-static-ip",
        "--ignore-static-mac",
        "--tcp-established",
        "--tcp-close",
        "--file-locks",
        "--keep",
        "--print-stats",
        "--import-previous=/b.tar",
    )


def test_a_pod_that_is_not_found_stands_as_it_was_typed() -> None:
    assert command("/a.tar", host(), RestoreOptions(pod="nopod"))[-1] == "--pod=nopod"


@given(st.text(), st.text(), st.text(), st.lists(st.text(), max_size=3), st.text(), st.text())
def test_no_value_can_become_an_option(
    path: str, name: str, pod: str, publish: list[str], previous: str, manager: str
) -> None:
    options = RestoreOptions(
        name=name,
        pod=pod,
        publish=tuple(publish),
        import_previous=previous,
        cgroup_manager=manager,
    )
    known = {f"--{field.name.replace('_', '-')}" for field in fields(RestoreOptions)}
    words = command(path, host(pods=[SHOP]), options)
    assert words[0] == "podman"
    for word in words[1:]:
        option, equals, _ = word.partition("=")
        assert word in ("container", "restore") or (
            equals and option in {*known, "--log-level", "--import"}
        )


@given(
    st.builds(
        RestoreOptions,
        name=st.text(),
        pod=st.text() | st.sampled_from(("shop", "small", "bare")),
        publish=st.lists(st.text() | st.sampled_from(("18080:80", "1-99:1-99"))).map(tuple),
        ignore_volumes=st.booleans(),
        tcp_established=st.booleans(),
    ),
    st.sampled_from(("web", "member", "static")),
)
def test_whatever_is_typed_there_is_a_plan(options: RestoreOptions, name: str) -> None:
    facts = host(
        podman=podman(5, 0),
        containers=[ORIGINAL, container("c", port(50, count=60))],
        pods=[SHOP, pod("small", "ipc"), pod("bare", infra=False)],
        volumes=["webdata"],
        listeners=[listener(18080), listener(70, "::1")],
    )
    plan = make_plan(archive(name), facts, options)
    assert len({identity(one) for one in plan.conflicts}) == len(plan.conflicts)


def test_every_check_stands_in_the_order() -> None:
    assert CHECKS.keys() == REGISTERED.keys()


def test_every_check_documents_itself() -> None:
    assert [row[0] for row in table()] == list(CHECKS)
    for code, severity, title in table():
        first, blank, *rest = explain(code).splitlines()
        assert first == f"{code} ({severity}): {title}"
        assert blank == ""
        assert len("".join(rest)) > 80


def test_there_is_no_other_check() -> None:
    with pytest.raises(KeyError):
        explain("nonsense")
