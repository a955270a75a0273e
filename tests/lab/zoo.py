"""The container that has everything, see zoo.c: looked at while it lives, then checkpointed."""

import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.lab.facts import Facts
from tests.lab.living import PROC, asleep, inner_pids, living
from tests.lab.machine import HERE, IMAGE, Lab

_SOURCE = (HERE / "zoo.c").read_bytes()

_IMAGE = f"localhost/podthaw-zoo:{sha256(_SOURCE).hexdigest()[:12]}"

_BUILD = f"""
cd /root/zoo
gcc -static -O1 -Wall -Wextra -Werror -o zoo zoo.c
printf 'FROM {IMAGE}\\nCOPY zoo /bin/zoo\\n' >Containerfile
podman build --quiet --tag {_IMAGE} .
rm -r /root/zoo
"""

_SYS_RESOURCE = 24


@dataclass(frozen=True)
class Zoo:
    """What is known of the container, and its checkpoint."""

    archive: str
    printed: tuple[tuple[str, ...], ...]
    """What the program says of itself, line by line."""
    living: Facts

    def said(self, kind: str) -> dict[str, tuple[str, ...]]:
        """What it says of one kind, by name."""
        return {words[1]: words[2:] for words in self.printed if words[0] == kind}


def make_zoo(lab: Lab, folder: Path) -> Zoo:
    """Run the container and checkpoint it; the lab is clean before and after."""
    _build(lab)
    options = (
        *("--network=none", "--cap-add=NET_RAW", "--tmpfs=/scratch", "--volume=zoodata:/data:ro"),
        *("--env=GREETING=hello world", "--env=EMPTY="),
    )
    first = "other-ids" if _may_change_limits() else "--same-ids"
    lab.podman(
        *("run", "--detach", "--name=zoo", *options, _IMAGE),
        *("/bin/zoo", first, "--animals=7", "two words"),
    )
    lab.wait_for_log("zoo", "ready")
    printed = lab.podman("logs", "zoo").splitlines()
    pid = int(lab.podman("inspect", "--format={{.State.Pid}}", "zoo"))
    pids = inner_pids(pid)
    while not asleep(pids):
        time.sleep(0.01)
    facts = living(pids, outside=lab.keeper)
    archive = folder / "zoo.tar"
    _checkpoint(lab, pid, archive)
    return Zoo(str(archive), tuple(_words(line) for line in printed), facts)


def make_titled(lab: Lab, folder: Path) -> str:
    """An archive with a process that has changed its title, far into its environment."""
    _build(lab)
    lab.podman("run", "--detach", "--name=titled", "--network=none", _IMAGE, "/bin/zoo", "titled")
    lab.wait_for_log("titled", "ready")
    archive = folder / "titled.tar.zst"
    lab.checkpoint("titled", archive)
    return str(archive)


def _build(lab: Lab) -> None:
    if not lab.has_image(_IMAGE):
        subprocess.run([HERE / "make_data", "image"], check=True)
        lab.run("mkdir", "-p", "/root/zoo")
        lab.run("tee", "/root/zoo/zoo.c", stdin=_SOURCE)
        lab.run("sh", "-euc", _BUILD)


def _may_change_limits() -> bool:
    """Whether CRIU can ask for the limits of other users' processes here."""
    status = Path("/proc/self/status").read_text()
    effective = next(line for line in status.splitlines() if line.startswith("CapEff"))
    return bool(int(effective.split()[1], 16) >> _SYS_RESOURCE & 1)


def _checkpoint(lab: Lab, pid: int, archive: Path) -> None:
    """With the freezer of cgroup v1, CRIU waits forever for a process that is stopped.

    Its attaching ends when the cgroup is thawed, and goes on from there.
    """
    freezer = next(
        (
            f"/sys/fs/cgroup/freezer{line.split(':')[2]}/freezer.state"
            for line in (PROC / str(pid) / "cgroup").read_text().splitlines()
            if line.split(":")[1] == "freezer"
        ),
        "",
    )
    there = "/root/zoo.tar"
    options = ("--tcp-established", "--file-locks", "--compress=none", f"--export={there}")
    argv = [*lab.prefix, "podman", "container", "checkpoint", *options, "zoo"]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if freezer and _attaching():
                lab.run("tee", freezer, stdin=b"THAWED")
            time.sleep(0.02)
    assert process.returncode == 0
    with archive.open("wb") as file:
        subprocess.run([*lab.prefix, "cat", there], stdout=file, check=True)
    lab.run("rm", there)
    lab.podman("rm", "--force", "--time=0", "zoo")
    lab.podman("volume", "rm", "zoodata")


def _attaching() -> bool:
    """Whether somebody waits in ptrace for another process."""
    for path in PROC.glob("[0-9]*/wchan"):
        with suppress(OSError):
            if path.read_text() == "ptrace_attach":
                return True
    return False


def _words(line: str) -> tuple[str, ...]:
    kind, _, rest = line.partition(" ")
    name, *others = rest.rsplit(" ", {"memory": 3}.get(kind, 1))
    return (kind, name, *others)
