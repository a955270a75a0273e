"""Cancelling, and dying: Podman, the runtime's list and the processes agree afterwards."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import PurePath

import pytest

from tests.lab.machine import (
    NOTHING,
    Archives,
    Known,
    Lab,
    criu_action,
    http,
    processes_naming,
    reaches,
    slowed,
    slowed_runtime,
)
from tui.checkpoint.reading import load
from tui.host.commands import CommandHost
from tui.host.staging import remove_leftovers
from tui.restore.events import Event, LogLine, Status
from tui.restore.pipeline import Restore

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

MADE = Known(frozenset({("web", "created")}), frozenset({"webdata"}), frozenset())
"""What a restore that came no further has made."""


@pytest.fixture
def slow_network(lab: Lab) -> CommandHost:
    """Podman is held up before it starts conmon."""
    folders = '["/root/slow", "/usr/lib/podman", "/usr/libexec/podman"]'
    setting = f"[engine]\nhelper_binaries_dir = {folders}\n"
    return CommandHost(slowed(lab, "netavark", "/usr/lib/podman/netavark", "setup", setting))


@pytest.fixture
def slow_runtime(lab: Lab) -> CommandHost:
    """The restore is held up after Podman has started conmon."""
    return CommandHost(slowed_runtime(lab))


def cancel_at(message: str) -> Callable[[Event, Restore], None]:
    def look(event: Event, restore: Restore) -> None:
        if reaches(event, message):
            restore.cancel()

    return look


async def test_before_conmon_podman_is_ended(
    lab: Lab, archives: Archives, slow_network: CommandHost
) -> None:
    archive = archives["web"]

    cancelled = await lab.restore(
        archive, host=slow_network, on_event=cancel_at("setting up the network")
    )

    assert cancelled.finished.status is Status.CANCELLED
    assert not any(line.text.startswith("running conmon") for line in cancelled.log)
    assert lab.known() == MADE
    assert processes_naming(load(archive).config.id) == {}
    assert [thing.kind for thing in cancelled.finished.remains][:2] == ["container", "volume"]
    await lab.clean_up(cancelled.finished)
    assert lab.known() == NOTHING
    assert (await lab.restore(archive)).finished.status is Status.RESTORED


async def test_after_conmon_the_runtime_is_killed_and_podman_tidies_up(
    lab: Lab, archives: Archives, slow_runtime: CommandHost
) -> None:
    archive = archives["web"]

    cancelled = await lab.restore(
        archive, host=slow_runtime, on_event=cancel_at("bringing the processes back")
    )

    assert cancelled.finished.status is Status.CANCELLED
    assert any(line.text.startswith("Cleaning up container") for line in cancelled.log)
    assert lab.known() == MADE
    assert processes_naming(load(archive).config.id) == {}
    assert [thing.kind for thing in cancelled.finished.remains][:2] == ["container", "volume"]
    await lab.clean_up(cancelled.finished)
    assert lab.known() == NOTHING
    assert (await lab.restore(archive)).finished.status is Status.RESTORED


@pytest.fixture
def slow_criu(lab: Lab) -> Iterator[None]:
    """CRIU is held up when the processes are there again, just before they go on."""
    with criu_action(lab, "sleep 60"):
        yield


async def test_processes_that_criu_has_brought_back_already_are_killed_too(
    lab: Lab, archives: Archives, slow_criu: None
) -> None:
    archive = archives["web"]
    seen: list[str] = []

    def cancel(event: Event, restore: Restore) -> None:
        if isinstance(event, LogLine) and "post-restore" in event.text:
            seen.extend(processes_naming("httpd -f -p 80 -h /www").values())
            restore.cancel()

    cancelled = await lab.restore(archive, on_event=cancel)

    assert seen != []
    assert cancelled.finished.status is Status.CANCELLED
    assert lab.known() == MADE
    assert processes_naming("httpd -f -p 80 -h /www") == {}
    assert processes_naming(load(archive).config.id) == {}
    await lab.clean_up(cancelled.finished)
    assert lab.known() == NOTHING


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "not cancelled"])
async def test_when_podman_dies_itself_nothing_lives_on_behind_its_back(
    lab: Lab, archives: Archives, slow_runtime: CommandHost, cancelled: bool
) -> None:
    archive = archives["web"]
    container = load(archive).config.id

    def kill_podman(event: Event, restore: Restore) -> None:
        if reaches(event, "bringing the processes back"):
            for pid, line in processes_naming("container restore --import").items():
                if line.startswith("podman "):
                    os.kill(pid, signal.SIGKILL)
            if cancelled:
                restore.cancel()

    ended = await lab.restore(archive, host=slow_runtime, on_event=kill_podman)

    if cancelled:
        assert ended.finished.status is Status.CANCELLED
    else:
        assert ended.finished.status is Status.FAILED
        assert ended.finished.cause == "podman was ended by SIGKILL"
    assert lab.known() == MADE
    assert processes_naming(container) == {}
    await lab.clean_up(ended.finished)
    assert lab.known() == NOTHING
    assert (await lab.restore(archive)).finished.status is Status.RESTORED


PODTHAW = """
import asyncio, sys
from tui.host.commands import CommandHost
from tui.restore.events import LogLine
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore

async def main():
    restore = Restore(CommandHost(sys.argv[2:]), sys.argv[1], RestoreOptions())
    async for event in restore.events():
        if isinstance(event, LogLine):
            print(event.text, flush=True)

asyncio.run(main())
"""


def test_the_death_of_podthaw_does_not_stop_the_restore(lab: Lab, archives: Archives) -> None:
    slow = slowed_runtime(lab, seconds=2)
    argv = [sys.executable, "-c", PODTHAW, archives["web"], *slow]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as podthaw:
        assert podthaw.stdout
        assert any(line.startswith("running conmon") for line in podthaw.stdout)
        podthaw.kill()

    lab.podman("wait", "--condition=running", "web")  # Podman answers once the restore is over

    state = lab.inspect("web")["State"]
    assert (state["Running"], state["Restored"]) == (True, True)
    assert http(18080) == "hello"
    (copy,) = asyncio.run(remove_leftovers(CommandHost(slow)))
    assert PurePath(copy).name not in lab.run("ls", "/var/tmp").split()
