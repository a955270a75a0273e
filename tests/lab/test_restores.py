"""Restores that work: what the plan said is what Podman then did."""

import pytest

from tests.lab.machine import Archives, Lab, http
from tui.checkpoint.checkpoint import CONFIG
from tui.checkpoint.reading import load
from tui.restore.events import Level, Outcome, Progress, Status, Step, StepFinished
from tui.restore.options import RestoreOptions
from tui.restore.plan import Verdict

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]


async def test_under_its_old_name_a_container_comes_back_with_its_id_and_its_data(
    lab: Lab, archives: Archives
) -> None:
    archive = archives["web"]
    config = load(archive).config

    plan = await lab.plan(archive, RestoreOptions())
    restored = await lab.restore(archive)

    assert (plan.verdict, plan.changes) == (Verdict.READY, ())
    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    assert (restored.finished.id, restored.finished.name) == (config.id, "web")
    assert restored.finished.answers == ("0.0.0.0:18080 -> 80/tcp",)
    assert http(18080) == "hello"
    assert lab.podman("exec", "web", "cat", "/etc/motd").endswith("changed\n")


async def test_under_a_new_name_a_container_answers_on_its_new_port(
    lab: Lab, archives: Archives
) -> None:
    archive = archives["web"]
    options = RestoreOptions(name="web2", publish=("18081:80",))

    plan = await lab.plan(archive, options)
    restored = await lab.restore(archive, options)

    assert plan.verdict is Verdict.READY
    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    assert restored.finished.answers == ("0.0.0.0:18081 -> 80/tcp",)
    assert http(18081) == "hello"
    found = lab.inspect("web2")
    assert found["Id"] == restored.finished.id != load(archive).config.id
    changed = {change.pointer: change.after for change in plan.changes}
    assert changed["/name"] == found["Name"]
    assert [
        (port["container_port"], port["host_port"]) for port in changed["/newPortMappings"]
    ] == [(80, 18081)]


async def test_two_copies_run_side_by_side(lab: Lab, archives: Archives) -> None:
    await lab.restore(archives["web"])
    copy = RestoreOptions(name="copy", publish=("18082:80",), ignore_volumes=True)

    restored = await lab.restore(archives["web"], copy)

    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    assert (http(18080), http(18082)) == ("hello", "hello")


async def test_a_member_of_a_pod_joins_another_pod(lab: Lab, archives: Archives) -> None:
    archive = archives["member"]
    pod = lab.podman("pod", "create", "--name=other", "--share=ipc,net,uts").strip()
    options = RestoreOptions(pod="other")

    plan = await lab.plan(archive, options)
    restored = await lab.restore(archive, options)

    assert plan.verdict is Verdict.READY
    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    found = lab.inspect("member")
    changed = {change.pointer: change.after for change in plan.changes if change.document == CONFIG}
    assert changed["/pod"] == found["Pod"] == pod
    modes = found["HostConfig"]
    assert modes["NetworkMode"] == f"container:{changed['/netNsCtr']}"
    assert modes["IpcMode"] == f"container:{changed['/ipcNsCtr']}"
    assert modes["UTSMode"] == f"container:{changed['/utsNsCtr']}"


async def test_an_archive_made_with_runc_is_restored_with_runc(
    lab: Lab, archives: Archives
) -> None:
    restored = await lab.restore(archives["runc"])

    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    assert lab.inspect("on-runc")["OCIRuntime"] == "runc"


async def test_a_name_that_podman_would_not_give_is_a_warning_and_works(
    lab: Lab, archives: Archives
) -> None:
    options = RestoreOptions(name="bad name!", publish=("18081:80",))

    plan = await lab.plan(archives["web"], options)
    restored = await lab.restore(archives["web"], options)

    assert (plan.verdict, [one.code for one in plan.conflicts]) == (
        Verdict.READY,
        ["name-invalid"],
    )
    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    assert restored.finished.name == "bad name!"


async def test_the_log_has_every_program_and_the_steps_move_along(
    lab: Lab, archives: Archives
) -> None:
    restored = await lab.restore(archives["web"])

    assert {"podthaw", "podman", "netavark", "conmon"} <= {line.source for line in restored.log}
    assert {Level.DEBUG, Level.INFO} <= {line.level for line in restored.log}
    messages = [
        event.message
        for event in restored.events
        if isinstance(event, Progress) and event.step is Step.RESTORE
    ]
    assert messages[0] == "reading the archive"
    assert messages[-2:] == ["bringing the processes back", "the processes are back"]
    outcomes = {
        event.step: event.outcome for event in restored.events if isinstance(event, StepFinished)
    }
    assert outcomes == {
        Step.READ: Outcome.OK,
        Step.CHECK: Outcome.OK,
        Step.COPY: Outcome.OK,
        Step.PULL: Outcome.SKIPPED,
        Step.RESTORE: Outcome.OK,
        Step.VERIFY: Outcome.OK,
    }
