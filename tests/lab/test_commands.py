"""The commands as people type them, on a real host."""

import asyncio
import json
import shlex
import signal
import subprocess
import sys

import pytest

from tests.lab.machine import (
    NOTHING,
    Archives,
    Known,
    Lab,
    http,
    processes_naming,
    reaches,
    slowed_runtime,
)
from tui.checkpoint.reading import load
from tui.errors import ExitCode
from tui.host.collect import collect
from tui.host.commands import CommandHost
from tui.host.facts import Unknown
from tui.host.questions import questions
from tui.restore.conflict import Severity
from tui.restore.events import Event, Status
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore
from tui.restore.plan import Verdict, make_plan

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

WEB2 = ("--name=web2", "--publish=18081:80")


def podthaw(prefix: list[str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tui", *words, f"--host-command={shlex.join(prefix)}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(lab: Lab, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with podthaw(lab.prefix, *words) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_check_and_restore_under_a_new_name(lab: Lab, archives: Archives) -> None:
    checked, said, _ = run(lab, "check", archives["web"], *WEB2)
    restored, container, _ = run(lab, "restore", archives["web"], *WEB2, "--yes")

    assert (checked, restored) == (ExitCode.OK, ExitCode.OK)
    assert said.startswith("✔ ready")
    assert container == lab.inspect("web2")["Id"] + "\n"
    assert http(18081) == "hello"


def test_a_blocked_restore_touches_nothing_whatever_is_typed(lab: Lab, archives: Archives) -> None:
    lab.podman("volume", "create", "webdata")
    before = lab.known()

    checked, said, _ = run(lab, "check", archives["web"], "--json")
    restored, out, _ = run(lab, "restore", archives["web"], "--yes", "--json")

    assert (checked, restored) == (ExitCode.BLOCKED, ExitCode.BLOCKED)
    assert [one["code"] for one in json.loads(said)["conflicts"]] == ["volume-exists"]
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["status"]) == ("finished", "blocked")
    assert lab.known() == before


def test_after_a_failure_the_clean_up_leaves_the_host_as_it_was(
    lab: Lab, archives: Archives
) -> None:
    archive = archives["established"]

    status, out, err = run(lab, "restore", archive, "--yes", "--force", "--clean-up")

    assert (status, out) == (ExitCode.BLOCKED, "")
    assert "(inet: Connected TCP socket in image)" in err, err
    # the runtime may have removed the cgroup itself
    assert err.splitlines()[-1].startswith("removed: container talking")
    assert "  the host is as it was before the restore" in err.splitlines()
    assert lab.known() == NOTHING
    again, _, err = run(lab, "restore", archive, "--yes", "--tcp-established")
    assert again == ExitCode.OK, err


def test_an_interrupt_in_the_middle_of_a_restore_leaves_nothing_running(
    lab: Lab, archives: Archives
) -> None:
    archive = archives["web"]
    with podthaw(slowed_runtime(lab), "restore", archive, "--yes") as process:
        assert process.stderr
        assert any("bringing the processes back" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=50)

    assert (process.returncode, out) == (ExitCode.INTERRUPTED, "")
    assert err.splitlines()[-1].startswith("left as it is: container web, volume webdata")
    assert lab.known() == Known(
        frozenset({("web", "created")}), frozenset({"webdata"}), frozenset()
    )
    assert processes_naming(load(archive).config.id) == {}


async def test_what_a_podman_that_restores_does_not_say_is_unchecked(
    lab: Lab, archives: Archives
) -> None:
    checkpoint = load(archives["web"])
    elsewhere = RestoreOptions(name="other", publish=("18082:80",), ignore_volumes=True)
    asked: list[asyncio.Task[object]] = []

    async def check() -> None:
        facts = await collect(lab.host, questions(checkpoint), timeout=1)
        plan = make_plan(checkpoint, facts, elsewhere)
        assert isinstance(facts.containers, Unknown)
        assert "podman did not answer within 1 s; while a restore runs" in facts.containers.reason
        assert plan.verdict is Verdict.UNKNOWN
        assert {one.severity for one in plan.conflicts} == {Severity.UNCHECKED}

    def look(event: Event, restore: Restore) -> None:
        if reaches(event, "bringing the processes back"):
            asked.append(asyncio.create_task(check()))

    slow = CommandHost(slowed_runtime(lab, seconds=3))
    restored = await lab.restore(archives["web"], host=slow, on_event=look)

    assert restored.finished.status is Status.RESTORED, restored.finished.cause
    (checking,) = asked
    await checking
