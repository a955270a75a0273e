"""Restores that fail: the cause is named, what is left is listed, and after it works again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.machine import IMAGE, NOTHING, REGISTRY, Archives, Lab, criu_action
from tui.checkpoint.reading import load
from tui.restore import recovery
from tui.restore.events import Level, Outcome, Remains, Status, Step, StepFinished
from tui.restore.options import RestoreOptions
from tui.restore.remains import clean_up

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]


def kinds(remains: tuple[Remains, ...]) -> list[str]:
    return [thing.kind for thing in remains]


def data(remains: tuple[Remains, ...]) -> list[str]:
    """What is left for certain: the runtime sometimes removes the cgroup itself."""
    return [kind for kind in kinds(remains) if kind not in ("cgroup", "folder")]


async def test_a_connection_is_named_as_the_cause_and_the_second_try_works(
    lab: Lab, archives: Archives
) -> None:
    archive = archives["established"]

    failed = await lab.restore(archive, force=True)

    assert failed.finished.status is Status.FAILED
    assert failed.finished.cause.startswith("The container had an open TCP connection (inet: ")
    assert failed.finished.diagnosis
    assert {one.id for one in failed.finished.diagnosis.remedies} == {
        "restore-connections",
        "close-connections",
    }
    assert "CRIU restoring failed" in failed.finished.said
    assert "criu" in {line.source for line in failed.log}
    assert "restore.log" in Path(failed.finished.log).read_text()
    assert "Connected TCP socket in image" in Path(failed.finished.criu_log).read_text()
    assert data(failed.finished.remains) == ["container"]
    assert lab.known().containers == {("talking", "created")}

    again = await lab.podman_restore(archive, RestoreOptions(tcp_established=True))
    assert "that ID is already in use" in again.stderr

    await lab.clean_up(failed.finished)
    assert lab.known() == NOTHING
    mended = await lab.restore(archive, RestoreOptions(tcp_established=True))
    assert mended.finished.status is Status.RESTORED, mended.finished.cause


async def test_the_second_try_can_go_on_in_place(lab: Lab, archives: Archives) -> None:
    archive, closed = archives["established"], RestoreOptions(tcp_close=True)
    before = lab.everything()
    failed = await lab.restore(archive, force=True)
    assert failed.finished.again

    earlier = recovery.earlier(archive, lab.host, closed)
    again = await lab.restore(archive, closed, earlier=earlier)

    assert again.finished.status is Status.RESTORED, again.finished.cause
    assert again.finished.id == failed.finished.id
    assert StepFinished(Step.COPY, Outcome.SKIPPED, "the earlier try has unpacked it") in (
        again.events
    )
    state = lab.inspect("talking")["State"]
    assert (state["Running"], state["Restored"]) == (True, True)
    undone = [line async for line in clean_up(lab.host, again.finished.undo)]
    assert [line for line in undone if line.level is Level.ERROR] == []
    assert lab.everything() == before


@pytest.fixture
def failing_criu(lab: Lab) -> Iterator[None]:
    """CRIU fails for a reason that nobody knows."""
    with criu_action(lab, "exit 3"):
        yield


async def test_of_an_unknown_cause_the_lines_around_it_are_shown(
    lab: Lab, archives: Archives, failing_criu: None
) -> None:
    before = lab.everything()

    failed = await lab.restore(archives["web"])

    diagnosis = failed.finished.diagnosis
    assert diagnosis
    assert diagnosis.code == ""
    assert "does not know this error" in diagnosis.advice
    told = [line.text for line in diagnosis.evidence]
    assert any("/root/slow/action exited with" in text for text in told)
    assert len(told) > 3
    await lab.clean_up(failed.finished)
    assert lab.everything() == before


async def test_the_log_of_criu_is_kept_where_the_container_goes_with_it(
    lab: Lab, tmp_path: Path, failing_criu: None
) -> None:
    """A container that was started with --rm is removed when its restore fails."""
    archive = tmp_path / "rm.tar"
    lab.run_container("brief", "echo ready; while true; do sleep 1; done", "--rm")
    lab.wait_for_log("brief", "ready")
    lab.checkpoint("brief", archive)
    before = lab.everything()

    failed = await lab.restore(str(archive))

    assert failed.finished.status is Status.FAILED
    assert lab.known().containers == frozenset()
    assert "exited with" in Path(failed.finished.criu_log).read_text()
    assert "exited with" in failed.finished.cause
    assert not failed.finished.again
    await lab.clean_up(failed.finished)
    assert lab.everything() == before


async def test_a_restored_container_and_what_came_with_it_can_be_undone(
    lab: Lab, archives: Archives
) -> None:
    before = lab.everything()
    restored = await lab.restore(archives["web"])
    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    assert kinds(restored.finished.undo) == ["container", "volume"]

    lines = [line async for line in clean_up(lab.host, restored.finished.undo)]

    assert [line for line in lines if line.level is Level.ERROR] == []
    assert lab.everything() == before


async def test_a_volume_that_had_another_mode_is_named_and_the_second_try_works(
    lab: Lab, tmp_path: Path
) -> None:
    archive = tmp_path / "mode.tar"
    lab.run_container(
        "keeper",
        "chmod 0750 /data && cd /data && echo ready && while true; do sleep 1; done",
        "-v=kept:/data",
    )
    lab.wait_for_log("keeper", "ready")
    lab.checkpoint("keeper", archive)
    lab.podman("volume", "rm", "kept")

    failed = await lab.restore(str(archive), RestoreOptions(name="other"), force=True)

    assert failed.finished.status is Status.FAILED
    assert "has bad mode 040755 (expect 040750)" in failed.finished.cause
    assert failed.finished.diagnosis
    assert "--ignore-volumes" in failed.finished.diagnosis.advice
    assert data(failed.finished.remains) == ["container", "volume"]
    assert [thing.name for thing in failed.finished.remains[:2]] == ["other", "kept"]

    await lab.clean_up(failed.finished)
    assert lab.known() == NOTHING
    lab.podman("volume", "create", "kept")
    lab.run("chmod", "0750", lab.podman("volume", "inspect", "-f={{.Mountpoint}}", "kept").strip())
    mended = await lab.restore(str(archive), RestoreOptions(name="other", ignore_volumes=True))
    assert mended.finished.status is Status.RESTORED, mended.finished.cause


async def test_a_symbolic_link_that_was_deleted_takes_its_target_along(
    lab: Lab, archives: Archives
) -> None:
    failed = await lab.restore(archives["deleted"], force=True)

    assert failed.finished.status is Status.FAILED
    assert "Can't open file bin/busybox on restore" in failed.finished.cause
    await lab.clean_up(failed.finished)
    mended = await lab.restore(archives["deleted"], RestoreOptions(ignore_rootfs=True))
    assert mended.finished.status is Status.RESTORED, mended.finished.cause


async def test_a_missing_network_leaves_nothing_behind(lab: Lab, archives: Archives) -> None:
    failed = await lab.restore(archives["static"], force=True)

    assert failed.finished.status is Status.FAILED
    assert "unable to find network with name or ID backnet" in failed.finished.cause
    assert failed.finished.remains == ()
    assert lab.known() == NOTHING


async def test_a_cgroup_that_an_earlier_try_has_left_is_named_if_the_next_one_fails_of_it(
    lab: Lab, archives: Archives
) -> None:
    """crun leaves one behind only now and then, and does not trip over it every time."""
    if lab.run("stat", "-fc%T", "/sys/fs/cgroup").strip() == "cgroup2fs":
        pytest.skip("only cgroup v1 refuses to change the devices of a cgroup that has children")
    archive = archives["web"]
    place = f"/sys/fs/cgroup/devices/libpod_parent/libpod-{load(archive).config.id}"
    lab.run("mkdir", "-p", f"{place}/.proxy-crun")

    restored = await lab.restore(archive)

    if restored.finished.status is Status.FAILED:
        assert "devices.deny" in restored.finished.cause
        assert restored.finished.diagnosis
        assert "cgroup" in restored.finished.diagnosis.advice
        cgroups = [thing for thing in restored.finished.remains if thing.kind == "cgroup"]
        assert all(place in cgroup.remove[0] for cgroup in cgroups)
        await lab.clean_up(restored.finished)
        restored = await lab.restore(archive)
    assert restored.finished.status is Status.RESTORED, restored.finished.cause


@pytest.fixture
def registry(lab: Lab) -> Iterator[str]:
    """A registry in the lab; the name of an image in it that is not on the host."""
    name = f"{REGISTRY}/shop:1"
    with lab.registry():
        lab.podman("push", "--quiet", IMAGE, name)
        yield name
    if lab.has_image(name):
        lab.podman("untag", name, name)


@pytest.fixture
def from_registry(lab: Lab, registry: str, tmp_path: Path) -> str:
    """The archive of a container whose image is in the registry, and no longer on the host."""
    archive = tmp_path / "shop.tar"
    lab.podman("tag", IMAGE, registry)
    lab.run_container("shop", "echo ready; while true; do sleep 1; done", image=registry)
    lab.wait_for_log("shop", "ready")
    lab.checkpoint("shop", archive)
    lab.podman("untag", registry, registry)
    return str(archive)


async def test_a_missing_image_is_pulled_from_its_registry(
    lab: Lab, from_registry: str, registry: str
) -> None:
    lab.podman("save", "--output=/root/kept.tar", IMAGE)
    lab.podman("rmi", IMAGE)
    try:
        plan = await lab.plan(from_registry, RestoreOptions())
        restored = await lab.restore(from_registry)
    finally:
        lab.podman("rm", "--all", "--force", "--time=0")
        lab.podman("load", "--input=/root/kept.tar")
        lab.run("rm", "/root/kept.tar")

    assert [(one.code, one.severity.value) for one in plan.conflicts] == [
        ("image-missing", "unchecked")
    ]
    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    texts = [line.text for line in restored.log]
    assert f"Trying to pull {registry}..." in texts
    assert any(text.startswith("Copying blob") for text in texts)
    assert StepFinished(Step.PULL, Outcome.OK) in restored.events


async def test_an_image_that_has_changed_in_its_registry_stops_the_restore_before_it_begins(
    lab: Lab, from_registry: str, registry: str
) -> None:
    image_id = load(from_registry).config.image_id
    lab.run("sh", "-c", f"printf 'FROM {IMAGE}\\nLABEL newer=1\\n' >/root/Newer")
    lab.podman("build", "--quiet", "--tag=localhost/newer", "-f", "/root/Newer")
    lab.podman("push", "--quiet", "localhost/newer", registry)
    lab.podman("rmi", "localhost/newer")
    lab.podman("save", "--output=/root/kept.tar", IMAGE)
    lab.podman("rmi", IMAGE)
    try:
        failed = await lab.restore(from_registry)
        known = lab.known()
        await lab.clean_up(failed.finished)
        pulled_is_gone = not lab.has_image(registry)
    finally:
        lab.podman("load", "--input=/root/kept.tar")
        lab.run("rm", "/root/kept.tar", "/root/Newer")

    assert failed.finished.status is Status.FAILED
    assert f"is another image by now: the container was made of {image_id[:12]}" in (
        failed.finished.cause
    )
    assert known == NOTHING
    assert kinds(failed.finished.remains) == ["image"]
    assert pulled_is_gone
