"""Signals, a closed terminal and sudden death at every step: nothing is lost, nothing lives on.

podthaw runs as people run it, as a process of its own, and is interrupted when it says that it
has come to a step. Afterwards, or after the clean-up that the next podthaw offers, the host is as
it was before.
"""

import fcntl
import os
import pty
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.machine import Archives, Lab, processes_naming, slowed, slowed_runtime
from tui.checkpoint.reading import load
from tui.errors import ExitCode
from tui.restore import journal
from tui.restore.journal import CleanUp, Record, State

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

POLITE = {"INT": signal.SIGINT, "TERM": signal.SIGTERM, "HUP": signal.SIGHUP}
"""What is sent by ctrl+c, by a service manager, and by a terminal that is closed."""

Prefix = Callable[[Lab], list[str]]


def slow_copy(lab: Lab) -> list[str]:
    """Half of the archive is copied, and then nothing more."""
    script = '#!/bin/sh\nhead -c 9000 >"$2"\nexec sleep 60\n'
    lab.run("mkdir", "-p", "/root/slow/bin")
    lab.run("tee", "/root/slow/bin/tee", stdin=script.encode())
    lab.run("chmod", "+x", "/root/slow/bin/tee")
    return [*lab.prefix, "PATH=/root/slow/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


def slow_network(lab: Lab) -> list[str]:
    folders = '["/root/slow", "/usr/lib/podman", "/usr/libexec/podman"]'
    setting = f"[engine]\nhelper_binaries_dir = {folders}\n"
    return slowed(lab, "netavark", "/usr/lib/podman/netavark", "setup", setting)


STEPS: dict[str, tuple[Prefix, str]] = {
    "copy": (slow_copy, "bring it to the host"),
    "before conmon": (slow_network, "  setting up the network"),
    "after conmon": (slowed_runtime, "  bringing the processes back"),
}
"""How a step is held up, and what podthaw says when it has come there."""


def command(prefix: list[str], *words: str) -> list[str]:
    return [sys.executable, "-m", "tui", *words, f"--host-command={shlex.join(prefix)}"]


def finished(prefix: list[str], *words: str) -> "subprocess.CompletedProcess[str]":
    """podthaw, run to its end."""
    return subprocess.run(
        command(prefix, *words), capture_output=True, text=True, check=False, timeout=120
    )


@contextmanager
def podthaw(archive: str, prefix: list[str], until: str) -> Iterator["subprocess.Popen[str]"]:
    """A podthaw that restores `archive` and has come to where it says `until`."""
    with subprocess.Popen(
        command(prefix, "restore", archive, "--yes"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.rstrip("\n").startswith(until):
                break
        else:
            raise AssertionError(f"podthaw never came to {until!r}:\n{''.join(seen)}")
        try:
            yield process
        finally:
            process.kill()


def tidied(record: Record, prefix: list[str]) -> str:
    """What `podthaw history ID --clean-up --yes` says."""
    done = finished(prefix, "history", record.id, "--clean-up", "--yes")
    assert done.returncode == ExitCode.OK, done.stderr
    return done.stderr


def showing(words: bytes) -> Callable[[bytes], bool]:
    return lambda shown: words in shown


def wait_for(screen: int, done: Callable[[bytes], bool]) -> None:
    """Until what a terminal has shown is enough."""
    shown = b""
    while not done(shown):
        ready, _, _ = select.select([screen], [], [], 60)
        assert ready, f"nothing more is shown after {shown[-2000:]!r}"
        shown += os.read(screen, 65536)


def last() -> Record:
    return journal.records()[0]


@pytest.mark.parametrize("name", POLITE)
@pytest.mark.parametrize("step", STEPS)
def test_a_polite_end_cancels_the_restore(
    lab: Lab, archives: Archives, step: str, name: str
) -> None:
    archive, (make, said) = archives["web"], STEPS[step]
    before, prefix = lab.everything(), make(lab)
    slow = lab.everything() - before

    with podthaw(archive, prefix, said) as process:
        process.send_signal(POLITE[name])
        _, err = process.communicate(timeout=60)

    assert process.returncode == ExitCode.INTERRUPTED, err
    assert processes_naming(load(archive).config.id) == {}
    assert processes_naming("container restore --import") == {}
    record = last()
    assert journal.state(record) is State.CANCELLED
    if name == "HUP" and step != "copy":
        assert record.clean_up is CleanUp.OPEN  # nobody was there to be asked
        assert journal.unsettled(record.host) == [record]
    if step != "copy":
        assert "removed: container web, volume webdata" in tidied(record, prefix)
    assert lab.everything() - slow == before


@pytest.mark.parametrize("step", STEPS)
def test_after_sudden_death_the_next_podthaw_finds_what_is_left_and_removes_it(
    lab: Lab, archives: Archives, step: str
) -> None:
    archive, (make, said) = archives["web"], STEPS[step]
    before, prefix = lab.everything(), make(lab)
    slow = lab.everything() - before

    with podthaw(archive, prefix, said) as process:
        process.kill()

    (record,) = journal.unsettled(shlex.join(prefix))
    assert journal.state(record) is State.INTERRUPTED
    told = tidied(record, prefix)
    if step == "copy":
        assert "nothing of it is left" in told
    else:
        assert "removed: container web, volume webdata" in told
    assert processes_naming(load(archive).config.id) == {}
    assert processes_naming("container restore --import") == {}
    assert lab.everything() - slow == before
    assert journal.unsettled(record.host) == []


def test_the_screen_goes_away_in_the_middle_of_a_restore(lab: Lab, archives: Archives) -> None:
    """The terminal UI, in a terminal that is closed."""
    before, prefix = lab.everything(), slowed_runtime(lab)
    slow = lab.everything() - before

    pid, screen = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, command(prefix, archives["web"]))
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    for words, key in (
        (b"ready to restore", b"r"),
        (b"Pre-checkpoint archive", b"\x12"),  # ctrl+r
        (b"beyond an ordinary one", b"y"),
    ):
        wait_for(screen, showing(words))
        os.write(screen, key)
    wait_for(screen, lambda _: processes_naming("/root/slow/crun restore") != {})
    os.close(screen)
    assert os.WIFEXITED(os.waitpid(pid, 0)[1])

    assert processes_naming(load(archives["web"]).config.id) == {}
    (record,) = journal.unsettled(shlex.join(prefix))
    assert journal.state(record) is State.CANCELLED
    assert "removed: container web, volume webdata" in tidied(record, prefix)
    assert lab.everything() - slow == before


def test_death_while_the_image_is_pulled(lab: Lab, tmp_path: Path) -> None:
    lab.podman("tag", "localhost/podthaw-bb:latest", "127.0.0.1:5055/shop:1")
    lab.run_container(
        "shop", "echo ready; while true; do sleep 1; done", image="127.0.0.1:5055/shop:1"
    )
    lab.wait_for_log("shop", "ready")
    archive = tmp_path / "shop.tar"
    lab.checkpoint("shop", archive)
    lab.podman("untag", "127.0.0.1:5055/shop:1", "127.0.0.1:5055/shop:1")
    before = lab.everything()

    with socket.create_server(("127.0.0.1", 5055)):  # takes calls, and never answers
        with podthaw(str(archive), lab.prefix, "  pulling 127.0.0.1:5055/shop:1") as process:
            process.kill()
        record = last()
        told = tidied(record, lab.prefix)

    assert "nothing of it is left" in told
    assert processes_naming("podman pull") == {}
    assert lab.everything() == before


def test_death_while_the_container_is_verified(lab: Lab, archives: Archives) -> None:
    with podthaw(archives["web"], lab.prefix, "  it runs; looking again") as process:
        process.kill()

    assert "web runs" in tidied(last(), lab.prefix)
    assert journal.state(last()) is State.RESTORED
    assert lab.inspect("web")["State"]["Running"] is True


def test_a_second_podthaw_is_told_of_the_first(lab: Lab, archives: Archives) -> None:
    prefix = slowed_runtime(lab)
    with podthaw(archives["web"], prefix, "  bringing the processes back") as first:
        second = finished(prefix, "restore", archives["web"], "--yes", "--force")
        assert f"Another podthaw (process {first.pid}) has been restoring web" in second.stderr
        assert second.returncode == ExitCode.BLOCKED
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=60)


def test_nobody_listening_does_not_end_the_restore(lab: Lab, archives: Archives) -> None:
    prefix = slowed_runtime(lab, seconds=2)
    with podthaw(archives["web"], prefix, "  bringing the processes back") as process:
        assert process.stderr
        process.stderr.close()
        assert process.wait(timeout=60) == ExitCode.OK
    assert lab.inspect("web")["State"]["Restored"] is True
    assert journal.state(last()) is State.RESTORED
