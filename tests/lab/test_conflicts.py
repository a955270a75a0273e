"""Restores that are blocked: podthaw touches nothing, and Podman itself shows that it is right."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.lab.machine import IMAGE, Archives, Lab
from tui.restore.conflict import Severity
from tui.restore.events import Status
from tui.restore.options import RestoreOptions
from tui.restore.plan import Verdict

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

FOREVER = "while true; do sleep 1; done"


@contextmanager
def _volume(lab: Lab) -> Iterator[None]:
    lab.podman("volume", "create", "webdata")
    yield


@contextmanager
def _same_name(lab: Lab) -> Iterator[None]:
    lab.run_container("web", FOREVER)
    yield


@contextmanager
def _port_of_container(lab: Lab) -> Iterator[None]:
    lab.run_container("holder", FOREVER, "--publish=18080:80")
    yield


@contextmanager
def _port_of_process(lab: Lab) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", 18080)):
        yield


@contextmanager
def _pod_sharing_ipc(lab: Lab) -> Iterator[None]:
    lab.podman("pod", "create", "--name=narrow", "--share=ipc")
    yield


@contextmanager
def _image_gone(lab: Lab) -> Iterator[None]:
    kept = "localhost/kept:latest"
    lab.podman("tag", IMAGE, kept)
    lab.podman("untag", IMAGE, IMAGE)
    try:
        yield
    finally:
        lab.podman("tag", kept, IMAGE)
        lab.podman("untag", kept, kept)


@contextmanager
def _other_image(lab: Lab) -> Iterator[None]:
    """The image's name leads to another image, and the right one is gone."""
    saved = "/root/kept-image.tar"
    lab.podman("save", "--output", saved, IMAGE)
    try:
        lab.run("sh", "-c", f"printf 'FROM {IMAGE}\\nLABEL other=1\\n' >/root/Other")
        lab.podman("build", "--quiet", "--squash-all", "--tag=localhost/other", "-f", "/root/Other")
        lab.podman("rmi", IMAGE)
        lab.podman("tag", "localhost/other", IMAGE)
        yield
    finally:
        lab.podman("rmi", "--force", IMAGE, "localhost/other")
        lab.podman("load", "--input", saved)
        lab.run("rm", saved, "/root/Other")


@contextmanager
def _nothing(lab: Lab) -> Iterator[None]:
    yield


@dataclass(frozen=True)
class Case:
    archive: str
    options: RestoreOptions
    obstacle: Callable[[Lab], AbstractContextManager[None]]
    code: str
    podman_says: str


CASES = {
    "volume": Case(
        "web", RestoreOptions(), _volume, "volume-exists", "volume with name webdata already exists"
    ),
    "name": Case(
        "web",
        RestoreOptions(),
        _same_name,
        "name-in-use",
        'the container name "web" is already in use',
    ),
    "port of a container": Case(
        "web", RestoreOptions(), _port_of_container, "port-in-use", "bind: address already in use"
    ),
    "port of a process": Case(
        "web", RestoreOptions(), _port_of_process, "port-in-use", "bind: address already in use"
    ),
    "port that is none": Case(
        "web",
        RestoreOptions(publish=("99999:80",)),
        _nothing,
        "port-invalid",
        "port numbers must be between 1 and 65535 (inclusive), got 99999",
    ),
    "no pod": Case(
        "member",
        RestoreOptions(),
        _nothing,
        "pod-required",
        "cannot restore pod container without --pod",
    ),
    "pod that is not there": Case(
        "member", RestoreOptions(pod="nopod"), _nothing, "pod-not-found", "no such pod"
    ),
    "pod that shares too little": Case(
        "member",
        RestoreOptions(pod="narrow"),
        _pod_sharing_ipc,
        "namespace-not-shared",
        "does not share the network namespace",
    ),
    "pod for a container without one": Case(
        "web",
        RestoreOptions(pod="narrow"),
        _pod_sharing_ipc,
        "pod-forbidden",
        "cannot restore non pod container into pod",
    ),
    "image gone": Case(
        "web",
        RestoreOptions(),
        _image_gone,
        "image-missing",
        "pinging container registry localhost",
    ),
    "other image": Case(
        "web", RestoreOptions(), _other_image, "image-id-differs", "image not known"
    ),
    "established connections under a new name": Case(
        "established",
        RestoreOptions(name="other", tcp_established=True),
        _nothing,
        "tcp-established-with-name",
        "--tcp-established cannot be used with --name",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_blocker_is_found_and_podman_shows_that_it_is_one(
    lab: Lab, archives: Archives, case: Case
) -> None:
    archive = archives[case.archive]
    with case.obstacle(lab):
        before = lab.known()

        plan = await lab.plan(archive, case.options)
        restored = await lab.restore(archive, case.options)
        untouched = lab.known()
        podman = await lab.podman_restore(archive, case.options)

    assert plan.verdict is Verdict.BLOCKED
    blockers = {one.code for one in plan.conflicts if one.severity is Severity.BLOCKER}
    assert blockers == {case.code}
    assert restored.finished.status is Status.BLOCKED
    assert {one.code for one in restored.finished.conflicts} == {case.code}
    assert untouched == before
    assert podman.status != 0
    assert case.podman_says in podman.stderr


async def test_the_id_of_a_container_that_is_still_there_blocks(
    lab: Lab, archives: Archives
) -> None:
    archive = archives["web"]
    await lab.restore(archive)
    options = RestoreOptions(ignore_volumes=True)
    lab.podman("stop", "--time=0", "web")
    lab.podman("rename", "web", "renamed")
    before = lab.known()

    plan = await lab.plan(archive, options)
    restored = await lab.restore(archive, options)
    untouched = lab.known()
    podman = await lab.podman_restore(archive, options)

    assert [one.code for one in plan.conflicts if one.severity is Severity.BLOCKER] == ["id-in-use"]
    assert restored.finished.status is Status.BLOCKED
    assert untouched == before
    assert "that ID is already in use" in podman.stderr


async def test_ports_of_a_stopped_container_and_of_another_protocol_do_not_block(
    lab: Lab, archives: Archives
) -> None:
    lab.run_container("stopped", FOREVER, "--publish=18080:80")
    lab.podman("stop", "--time=0", "stopped")
    with ExitStack() as stack:
        other = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        other.bind(("0.0.0.0", 18080))

        plan = await lab.plan(archives["web"], RestoreOptions())
        restored = await lab.restore(archives["web"])

    assert plan.verdict is Verdict.READY
    assert [(one.code, one.severity) for one in plan.conflicts] == [("port-in-use", Severity.NOTE)]
    assert restored.finished.status is Status.RESTORED, restored.finished.cause


async def test_force_says_what_it_skips_and_a_container_that_was_there_is_no_remains(
    lab: Lab, archives: Archives
) -> None:
    await lab.restore(archives["web"])

    forced = await lab.restore(archives["web"], RestoreOptions(ignore_volumes=True), force=True)

    skipped = [line.text for line in forced.log if line.text.startswith("skipped by force")]
    assert any("A container with this ID exists: web" in text for text in skipped)
    assert forced.finished.status is Status.FAILED
    assert "that ID is already in use" in forced.finished.cause
    assert forced.finished.remains == ()
    assert lab.inspect("web")["State"]["Running"]
