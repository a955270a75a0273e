"""The lab as lab tests see it: what runs there, and restores with all their events."""

import shlex
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec

from tui.checkpoint.reading import load
from tui.host.collect import collect
from tui.host.commands import CommandHost
from tui.host.host import Answer
from tui.host.questions import questions
from tui.host.staging import staged
from tui.restore import journal, recovery
from tui.restore.earlier import Earlier
from tui.restore.events import Event, Finished, LogLine, Progress
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore
from tui.restore.plan import Plan, command, make_plan

HERE = Path(__file__).parent

IMAGE = "localhost/podthaw-bb:latest"

REGISTRY = "127.0.0.1:5055"
"""Where the lab's registries.conf allows a registry without TLS."""


@dataclass(frozen=True)
class Restored:
    """One run of the pipeline."""

    events: list[Event]

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last

    @property
    def log(self) -> list[LogLine]:
        return [event for event in self.events if isinstance(event, LogLine)]


@dataclass(frozen=True)
class Known:
    """What Podman and the runtime know, without the images."""

    containers: frozenset[tuple[str, str]]
    """Names with states."""
    volumes: frozenset[str]
    running: frozenset[str]
    """IDs in the runtimes' own lists."""


_EVERYTHING = r"""
podman ps --all --external --format 'container {{.ID}} {{.Names}} {{.State}}'
podman pod ps --format 'pod {{.Name}} {{.Status}}'
podman volume ls --format 'volume {{.Name}}'
podman images --format 'image {{.ID}} {{.Repository}}:{{.Tag}}'
podman network ls --format 'network {{.Name}}'
podman secret ls --format 'secret {{.Name}}'
for runtime in crun runc; do $runtime list --quiet | sed "s/^/$runtime /"; done
ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/interface \1/'
ss -Hltun | awk '{ print "port", $1, $5 }'
awk '{ print "mount", $5 }' /proc/self/mountinfo
# Podman keeps conmon's cgroup, and the parent of them all, for the containers to come
find /sys/fs/cgroup -type d -path '*libpod*' ! -path '*libpod_parent' ! -path '*/conmon'
# what lies in images and containers is theirs; a container's own folder tells of it
find /etc /root /run /srv /tmp /var -xdev ! -path '*/overlay/*/*' ! -path '/run/registry*'
find /var/lib/containers/storage/volumes
"""

NOTHING = Known(frozenset(), frozenset(), frozenset())


class Lab:
    def __init__(self) -> None:
        printed = subprocess.run([HERE / "lab", "prefix"], capture_output=True, check=True)
        self.prefix = shlex.split(printed.stdout.decode())
        self.host = CommandHost(self.prefix)
        self.keeper = int(self.prefix[self.prefix.index("--target") + 1])
        """A process that is in the lab, and in no container."""

    def clean(self) -> None:
        subprocess.run([HERE / "lab", "clean"], check=True)

    def run(self, *argv: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            [*self.prefix, *argv], input=stdin, capture_output=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"{shlex.join(argv)}: {done.stderr.decode()}"
        return done.stdout.decode()

    def podman(self, *argv: str) -> str:
        return self.run("podman", *argv)

    def run_container(self, name: str, script: str, *options: str, image: str = IMAGE) -> str:
        """Start a container that runs a shell script; return its ID."""
        options = ("--security-opt=seccomp=unconfined", "--detach", f"--name={name}", *options)
        return self.podman("run", *options, image, "/bin/sh", "-c", script).strip()

    def wait_for_log(self, name: str, word: str) -> None:
        """Until the container `name` has printed `word`."""
        for line in self._following("podman", "logs", "--follow", name):
            if word in line:
                return
        raise AssertionError(f"{name} has ended and never said {word}")

    def checkpoint(self, name: str, archive: Path, *options: str) -> None:
        """Checkpoint the container `name` into `archive` on this machine, and remove it."""
        there = "/root/checkpoint.tar"
        self.podman("container", "checkpoint", f"--export={there}", *options, name)
        with archive.open("wb") as file:
            subprocess.run([*self.prefix, "cat", there], stdout=file, check=True)
        self.run("rm", there)
        self.podman("rm", "--force", "--ignore", "--time=0", name)

    def has_image(self, name: str) -> bool:
        argv = [*self.prefix, "podman", "image", "exists", name]
        return subprocess.run(argv, check=False).returncode == 0

    @contextmanager
    def registry(self) -> Iterator[None]:
        """Run the lab's registry, with an empty storage, on the port that registries.conf knows."""
        config = (
            "version: 0.1\n"
            "storage: {filesystem: {rootdirectory: /run/registry}}\n"
            f"http: {{addr: {REGISTRY}}}\n"
        )
        self.run("rm", "-rf", "/run/registry")
        self.run("tee", "/run/registry.yml", stdin=config.encode())
        argv = [*self.prefix, "docker-registry", "serve", "/run/registry.yml"]
        with subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            try:
                listening = any("listening on" in line for line in process.stderr)
                assert listening, "the registry does not start"
                Thread(target=process.stderr.read, daemon=True).start()
                yield
            finally:
                process.terminate()

    def _following(self, *argv: str) -> Iterator[str]:
        with subprocess.Popen(
            [*self.prefix, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout
            try:
                yield from process.stdout
            finally:
                process.terminate()

    def inspect(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = msgspec.json.decode(self.podman("container", "inspect", name))
        return found[0]

    def known(self) -> Known:
        listed = self.podman("ps", "--all", "--external", "--format={{.Names}} {{.State}}")
        return Known(
            containers=frozenset(
                (name, state) for name, _, state in (line.partition(" ") for line in _lines(listed))
            ),
            volumes=frozenset(_lines(self.podman("volume", "ls", "--quiet"))),
            running=frozenset(
                container
                for runtime in ("crun", "runc")
                for container in _lines(self.run(runtime, "list", "--quiet"))
            ),
        )

    def everything(self) -> frozenset[str]:
        """What is on the host: all that Podman knows, cgroups, interfaces, ports, mounts, files."""
        return frozenset(_lines(self.run("sh", "-c", _EVERYTHING)))

    async def plan(self, archive: str, options: RestoreOptions) -> Plan:
        checkpoint = load(archive)
        return make_plan(checkpoint, await collect(self.host, questions(checkpoint)), options)

    async def restore(
        self,
        archive: str,
        options: RestoreOptions = RestoreOptions(),  # noqa: B008
        *,
        host: CommandHost | None = None,
        force: bool = False,
        earlier: Earlier | None = None,
        on_event: Callable[[Event, Restore], None] = lambda event, restore: None,
    ) -> Restored:
        """Run the pipeline to its end."""
        restore = Restore(
            host or self.host, archive, options, force=force, patience=0.5, earlier=earlier
        )
        events: list[Event] = []
        async with aclosing(restore.events()) as stream:
            async for event in stream:
                events.append(event)
                on_event(event, restore)
        return Restored(events)

    async def clean_up(self, finished: Finished) -> None:
        """Remove what a restore has left, as people do it."""
        record = journal.find(finished.record)
        if record and finished.remains:
            lines = [line async for line in recovery.remove(self.host, record, finished.remains)]
            assert lines[-1].text == "the host is as it was before the restore", lines

    async def podman_restore(self, archive: str, options: RestoreOptions) -> Answer:
        """What Podman itself says to the restore, whatever podthaw thinks of it."""
        checkpoint = load(archive)
        facts = await collect(self.host, questions(checkpoint))
        async with staged(self.host, checkpoint.contents, lambda done, total: None) as path:
            return await self.host.run(command(path, facts, options), timeout=120)


class Archives:
    """Archives of this very lab, each made when it is first asked for."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._folder = folder

    def __getitem__(self, name: str) -> str:
        path = self._folder / f"{name}.tar.zst"
        if not path.exists():
            self._lab.clean()
            subprocess.run([HERE / "make_data", self._folder, name], check=True)
            self._lab.clean()
        return str(path)


def slowed(
    lab: Lab, program: str, path: str, arguments: str, setting: str, seconds: int = 60
) -> list[str]:
    """A prefix into the lab with a `program` that hesitates when it is called with `arguments`.

    `setting` tells Podman where it is.
    """
    hesitate = f'case "$*" in *"{arguments}"*) sleep {seconds};; esac'
    wrapper = f'#!/bin/sh\n{hesitate}\nexec {path} "$@"\n'
    lab.run("mkdir", "-p", "/root/slow")
    lab.run("tee", f"/root/slow/{program}", stdin=wrapper.encode())
    lab.run("chmod", "+x", f"/root/slow/{program}")
    lab.run("tee", f"/root/slow/{program}.conf", stdin=setting.encode())
    return [*lab.prefix, f"CONTAINERS_CONF_OVERRIDE=/root/slow/{program}.conf"]


def slowed_runtime(lab: Lab, seconds: int = 60) -> list[str]:
    setting = '[engine.runtimes]\ncrun = ["/root/slow/crun"]\n'
    return slowed(lab, "crun", "/usr/bin/crun", "restore --bundle", setting, seconds)


@contextmanager
def criu_action(lab: Lab, action: str) -> Iterator[None]:
    """CRIU does `action` when the processes are there again, just before they go on."""
    script = f'#!/bin/sh\nif [ "$CRTOOLS_SCRIPT_ACTION" = post-restore ]; then {action}; fi\n'
    lab.run("mkdir", "-p", "/root/slow", "/etc/criu")
    lab.run("tee", "/root/slow/action", stdin=script.encode())
    lab.run("chmod", "+x", "/root/slow/action")
    lab.run("tee", "/etc/criu/default.conf", stdin=b"action-script /root/slow/action\n")
    yield
    lab.run("rm", "/etc/criu/default.conf")


def reaches(event: Event, message: str) -> bool:
    """Whether `event` says that the restore has come to `message`."""
    return isinstance(event, Progress) and event.message == message


def http(port: int) -> str:
    """What an HTTP server on this machine says."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        body: bytes = answer.read()
    return body.decode().strip()


def processes_naming(text: str) -> dict[int, str]:
    """The command lines on this machine that contain `text`, by PID."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in line:
                found[int(path.parent.name)] = line
    return found


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]
