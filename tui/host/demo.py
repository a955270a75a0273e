"""The demo host: a simulation that answers like a host with Podman, and changes nothing.

It lets people try everything without root, without Podman and without risk. It says what it is in
its name, in `simulated` and in the first line of every log.
"""

import asyncio
import ipaddress
import json
import os
import re
import sys
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tui.checkpoint import reading
from tui.checkpoint.checkpoint import Checkpoint
from tui.errors import PodthawError
from tui.host.facts import Container, Listener, Pod, Protocol, PublishedPort
from tui.host.host import FACT_TIMEOUT, Answer, NoAnswer, Process
from tui.host.image import LISTING
from tui.host.scenario import (
    GRAPH_ROOT,
    VOLUME_PATH,
    Refused,
    RestoreCall,
    Scenario,
    shop_floor,
    stamp,
)

SHOP = Path(__file__).parent.parent / "demo" / "shop.tar.zst"
"""The bundled checkpoint, made of a real container, to which the scenario fits."""

_RUNTIMES = {"crun": "crun version 1.28", "runc": "runc version 1.3.6"}

_SWITCHES = frozenset(
    f"--{name}"
    for name in (
        "all",
        "external",
        "file-locks",
        "force",
        "ignore-rootfs",
        "ignore-static-ip",
        "ignore-static-mac",
        "ignore-volumes",
        "keep",
        "no-trunc",
        "print-stats",
        "quiet",
        "tcp-close",
        "tcp-established",
    )
) | {"-a", "-f", "-q"}
"""Podman's options that take no value."""


_RESTORE_HELP = {
    "crun": "      --tcp-close            allow closed tcp connections\n",
    "runc": "   --tcp-established            allow open tcp connections\n",
}

_TOOLS = {
    "iptables-restore": "iptables-restore v1.8.13 (nf_tables)\n",
    "ip6tables-restore": "ip6tables-restore v1.8.13 (nf_tables)\n",
    "nft": "nftables v1.1.7\n",
}
"""Programs that CRIU runs, with what they say of themselves."""

_KERNEL_FILES = {
    "/proc/meminfo": "MemTotal:       16284084 kB\nMemAvailable:   11821296 kB\n",
    "/proc/cpuinfo": (
        "processor\t: 0\nflags\t\t: fpu tsc msr cx8 cmov mmx fxsr sse sse2 ht syscall nx lm "
        "pni ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand avx2 bmi1 bmi2 "
        "avx512f avx512dq avx512cd avx512bw avx512vl xsaveopt xsavec xsaves\n"
    ),
}

_FREE_SPACE = 42_949_672_960

_DEVICES = re.compile(r"/sys/dev/char/(1:[35789]|5:[012]|10:(200|229))|/(proc|sys)/[a-z_/]+")
"""What every kernel has: null, zero, full, random, urandom, tty, console, ptmx, tun and fuse, and
what runtimes mask."""

_IMAGE_FILES = (
    ("d", "755", "0", "", "bin"),
    ("f", "755", "2063232", "", "bin/busybox"),
    ("l", "777", "7", "busybox", "bin/sh"),
    ("d", "755", "0", "", "etc"),
    ("f", "644", "17", "", "etc/issue"),
    ("f", "644", "20", "", "etc/motd"),
    ("f", "644", "23", "", "etc/passwd"),
)
"""Type, mode, size, target and path of what matters in the image of the bundled checkpoint."""

_SIMULATION = "SIMULATION: nothing is restored on a real host"

_LINES = 15
"""About how many lines a restore prints."""

Options = dict[str, list[str]]
"""The values that each option of a command was given."""


class DemoHost:
    """A simulated host.

    `image` is the ID and the name of an image that it has, by default that of the bundled
    checkpoint; `pace` is how long a restore takes, in seconds.
    """

    name = "demo host (simulation)"
    simulated = True

    def __init__(self, image: tuple[str, str] | None = None, *, pace: float = 3.0) -> None:
        if image is None:
            config = reading.load(str(SHOP)).config
            image = config.image_id, config.image_name
        self.scenario = shop_floor(*image)
        self._pace = pace

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",  # noqa: ARG002
        timeout: float | None = FACT_TIMEOUT,  # noqa: ARG002
    ) -> Answer:
        """Answer from the scenario; see `Host.run`."""
        try:
            return Answer(tuple(argv), 0, self._answer(argv), "")
        except Refused as error:
            return Answer(tuple(argv), error.status, "", f"Error: {error}\n")

    def attach(self, argv: Sequence[str]) -> int:  # noqa: ARG002
        """See `Host.attach`."""
        raise NoAnswer(f"the {self.name} has no terminal")

    async def start(
        self,
        argv: Sequence[str],
        *,
        stdin: int | None = None,  # noqa: ARG002
        stdout: int,
        stderr: int,
    ) -> Process:
        """Play the command; see `Host.start`."""
        return DemoProcess(self._play(argv, os.dup(stdout), os.dup(stderr)))

    def _answer(self, argv: Sequence[str]) -> str:
        match tuple(argv):
            case ("true",):
                return ""
            case ("stat", "-L", "-c", "%d %i %s %.9Y", "--", path):
                return _stat(path)
            case ("stat", "-L", r"--printf=%n\0%f\0%t\0%T\0", "--", *paths) | (
                "stat",
                r"--printf=%n\0%f\0%t\0%T\0",
                "--",
                *paths,
            ):
                return _statuses(self.scenario, paths)
            case ("mkdir", "--mode=700", "--", _) | ("rm", "-rf", "--", _):
                return ""
            case ("mkdir", "-p", "--", *paths):
                self.scenario.folders.update(paths)
                return ""
            case ("cat", path) if path in _KERNEL_FILES:
                return _KERNEL_FILES[path]
            case ("df", "--block-size=1", "--output=avail,file", "--", *paths):
                rows = "".join(f"{_FREE_SPACE} {path}\n" for path in paths)
                return f"      Avail File\n{rows}"
            case ("ls", "-1", "--", *_) | ("du", "--null", "--", *_):
                return ""
            case ("ls", "--", "/sys/fs/cgroup"):
                return "cpu\ndevices\nmemory\n"
            case (program, "--version") if program in _TOOLS:
                return _TOOLS[program]
            case ("ldconfig", "-p"):
                return "1 libs found in cache `/etc/ld.so.cache'\n\tlibcriu.so.2 => /usr/lib64\n"
            case ("ldd", _):
                return "\tlibc.so.6 => /usr/lib64/libc.so.6\n"
            case ("sh", "-c", script, "sh", image_id, *_) if script == LISTING:
                self.scenario.image(image_id)
                return "".join(f"{word}\0" for file in _IMAGE_FILES for word in file)
            case ("cat", *paths) if all(path.startswith("/proc/net/") for path in paths):
                return _socket_tables(self.scenario.listeners())
            case ("criu", "--version"):
                return "Version: 4.2\n"
            case ("criu", "check"):
                return "Looks good.\n"
            case (("/usr/bin/crun" | "/usr/bin/runc"), "checkpoint", "--help"):
                return ""
            case (("/usr/bin/crun" | "/usr/bin/runc") as runtime, "restore", "--help"):
                return _RESTORE_HELP[Path(runtime).name]
            case (("/usr/bin/crun" | "/usr/bin/runc"), "restore", "--lsm-mount-context"):
                raise Refused("option '--lsm-mount-context' requires an argument", 64)
            case ("podman", *words):
                return self._podman(words)
        raise Refused(f"the simulation does not know the command {argv[0]}", 127)

    def _podman(self, words: Sequence[str]) -> str:
        options, operands = _split(words)
        scenario = self.scenario
        match operands:
            case ["info"]:
                return _json(_info(options.get("--runtime", ["crun"])[-1]))
            case ["ps"]:
                return _json([self._listed(one) for one in scenario.containers.values()])
            case ["pod", "ps"]:
                return _json([_pod_listed(pod) for pod in scenario.pods.values()])
            case ["pod", "inspect", *names]:
                return _json([self._pod_inspected(scenario.pod(name)) for name in names])
            case ["pod", "create", *names]:
                name = (options.get("--name") or names or ["demo-pod"])[-1]
                shared = options.get("--share", ["ipc,net,uts"])[-1]
                return scenario.create_pod(name, shared.split(",")).id + "\n"
            case ["container", "inspect", *names] if "--format" in options:
                return "".join(self._attached(scenario.container(name)) for name in names)
            case ["inspect", *names] | ["container", "inspect", *names]:
                return _json([self._inspected(scenario.container(name)) for name in names])
            case ["rm", *names] | ["container", "rm", *names]:
                return "".join(f"{scenario.remove_container(name).name}\n" for name in names)
            case ["volume", "ls"]:
                return _json(
                    [
                        {
                            "Name": volume.name,
                            "Driver": volume.driver,
                            "Mountpoint": volume.mountpoint,
                            "CreatedAt": volume.created,
                        }
                        for volume in scenario.volumes.values()
                    ]
                )
            case ["volume", "rm", *names]:
                for name in names:
                    scenario.remove_volume(name)
                return "".join(f"{name}\n" for name in names)
            case ["image", "ls"]:
                return _json(
                    [
                        {
                            "Id": image.id,
                            "Names": image.names,
                            "CreatedAt": image.created,
                            "Size": image.size,
                        }
                        for image in scenario.images.values()
                    ]
                )
            case ["tag", name, *new]:
                for one in new:
                    scenario.tag(name, one)
                return ""
            case ["network", "ls"]:
                return _json(
                    [
                        {
                            "name": network.name,
                            "driver": network.driver,
                            "subnets": [{"subnet": subnet} for subnet in network.subnets],
                        }
                        for network in scenario.networks
                    ]
                )
            case ["network", "create", name]:
                driver = (options.get("--driver") or ["bridge"])[-1]
                scenario.create_network(name, driver, options.get("--subnet", []))
                return f"{name}\n"
            case ["secret", "ls"]:
                return "".join(f"{name}\n" for name in scenario.secrets)
            case ["logs", name]:
                scenario.container(name)
                return "This container is simulated: nothing runs.\n"
        raise Refused(f"the simulation does not know `podman {' '.join(operands)}`")

    def _listed(self, container: Container) -> dict[str, Any]:
        return {
            "Id": container.id,
            "Names": [container.name],
            "Image": container.image,
            "State": container.state,
            "Pod": container.pod,
            "IsInfra": container.infra,
            "Ports": [
                {
                    "host_ip": port.host_ip,
                    "container_port": port.container_port,
                    "host_port": port.host_port,
                    "range": port.range,
                    "protocol": port.protocol,
                }
                for port in container.ports
            ],
            "Created": int(datetime.fromisoformat(container.created).timestamp()),
        }

    def _attached(self, container: Container) -> str:
        """What `{{.ID}} {{json .NetworkSettings.Networks}}` makes of it."""
        endpoint = self.scenario.addresses.get(container.id)
        networks = (
            {endpoint.network: {"IPAddress": endpoint.ip, "MacAddress": endpoint.mac}}
            if endpoint
            else None
        )
        return f"{container.id} {json.dumps(networks)}\n"

    def _pod_inspected(self, pod: Pod) -> dict[str, Any]:
        members = [one for one in self.scenario.containers.values() if one.pod == pod.id]
        return {
            "Id": pod.id,
            "Name": pod.name,
            "State": pod.state,
            "CreateInfra": bool(pod.infra),
            "InfraContainerID": pod.infra,
            "SharedNamespaces": sorted(pod.shared),
            "CgroupPath": pod.cgroup_path,
            "Containers": [{"Id": one.id, "Name": one.name} for one in members],
        }

    def _inspected(self, container: Container) -> dict[str, Any]:
        running = container.state == "running"
        restored = container.id in self.scenario.restored
        image = next(
            (one.id for one in self.scenario.images.values() if container.image in one.names), ""
        )
        ports: dict[str, list[dict[str, str]]] = {}
        for port in container.ports:
            for offset in range(port.range):
                ports.setdefault(f"{port.container_port + offset}/{port.protocol}", []).append(
                    {
                        "HostIp": port.host_ip or "0.0.0.0",
                        "HostPort": str(port.host_port + offset),
                    }
                )
        pid = 4000 + len(self.scenario.containers)
        pod = self.scenario.pods.get(container.pod)
        joined = f"container:{pod.infra}" if pod else ""
        return {
            "Id": container.id,
            "Created": container.created,
            "Name": container.name,
            "State": {
                "Status": container.state,
                "Running": running,
                "Restored": restored,
                "RestoredAt": stamp() if restored else "0001-01-01T00:00:00Z",
                "Pid": pid if running else 0,
                "ConmonPid": pid - 1 if running else 0,
                "ExitCode": 0,
                "Error": "",
            },
            "Image": image,
            "ImageName": container.image,
            "OCIRuntime": "crun",
            "Pod": container.pod,
            "MountLabel": "",
            "ProcessLabel": "",
            "NetworkSettings": {"Ports": ports},
            "HostConfig": {
                "IpcMode": joined if pod and "ipc" in pod.shared else "private",
                "NetworkMode": joined if pod and "net" in pod.shared else "bridge",
                "PidMode": joined if pod and "pid" in pod.shared else "private",
                "UTSMode": joined if pod and "uts" in pod.shared else "private",
            },
        }

    async def _play(self, argv: Sequence[str], stdout: int, stderr: int) -> int:
        """Run `argv` with its output in two file descriptors, which are closed in the end."""
        try:
            command = argv[2:] if argv[0] == "env" else argv
            options, operands = _split(command[1:])
            match operands:
                case ["container", "restore"]:
                    lines = self._restore(options, await _imported(options), stdout)
                case ["pull", name] | ["image", "pull", name]:
                    lines = self._pull(name, stdout)
                case _:
                    answer = await self.run(argv)
                    os.write(stdout, answer.stdout.encode())
                    os.write(stderr, answer.stderr.encode())
                    return answer.status
            for line in lines:
                os.write(stderr, line)
                await asyncio.sleep(self._pace / _LINES)
            return 0
        except Refused as error:
            os.write(stderr, f"Error: {error}\n".encode())
            return error.status
        finally:
            os.close(stdout)
            os.close(stderr)

    def _pull(self, name: str, stdout: int) -> Iterator[bytes]:
        yield _line(_SIMULATION, "warning")
        yield f"Trying to pull {name}...\n".encode()
        os.write(stdout, f"{self.scenario.image(name).id}\n".encode())

    def _restore(self, options: Options, checkpoint: Checkpoint, stdout: int) -> Iterator[bytes]:
        """The lines of a restore; between them the scenario changes as a real host would."""
        config = checkpoint.config
        call = RestoreCall(
            name=_last(options, "--name", "-n"),
            pod=_last(options, "--pod"),
            ports=tuple(_published(options, checkpoint)),
            ignore_volumes="--ignore-volumes" in options,
        )
        yield _line(_SIMULATION, "warning")
        yield _line(
            f"Checkpoint was created using '{config.runtime}'. Restore will use the same runtime"
        )
        yield _line(f"Pulling image {config.image_name} (policy: missing)")
        self.scenario.admit(checkpoint, call)
        yield _line(f'Found image "{config.image_name}" in local containers storage')
        container = self.scenario.add(checkpoint, call)
        yield _line(f"Allocated lock 7 for container {container.id}")
        yield _line(f'Created container "{container.id}"')
        yield _line(f"Trying to restore container {container.id}")
        self.scenario.bind(container)
        yield _line(f"Made network namespace for container {container.id}")
        yield b"[DEBUG netavark::network::bridge] Setup network podman\n"
        yield b"[DEBUG netavark::commands::setup] Setup complete\n"
        yield _line(f"running conmon: /usr/bin/conmon -c {container.id} -n {container.name}")
        yield _line("Received: 4242")
        yield _line("Got Conmon PID as 4241")
        self.scenario.bring_back(container)
        yield _line(f"Restored container {container.id}")
        os.write(stdout, f"{container.id}\n".encode())


class DemoProcess:
    """A command that is played."""

    def __init__(self, playing: Coroutine[Any, Any, int]) -> None:
        self._task = asyncio.get_running_loop().create_task(playing)

    async def wait(self) -> int:
        """The exit status, once the play is over."""
        await asyncio.wait({self._task})
        return -15 if self._task.cancelled() else self._task.result()

    def terminate(self) -> None:
        """Break the play off."""
        self._task.cancel()


def _split(words: Sequence[str]) -> tuple[Options, list[str]]:
    """Options with their values, and what is no option."""
    options: Options = {}
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            operands += rest
        elif not word.startswith("-"):
            operands.append(word)
        else:
            name, equals, value = word.partition("=")
            given = value if equals or name in _SWITCHES else next(rest, "")
            options.setdefault(name, []).append(given)
    return options, operands


_PUBLISH = re.compile(
    r"(?:(?:\[(?P<v6>[0-9a-fA-F:]+)\]|(?P<v4>\d+\.\d+\.\d+\.\d+)):)?"
    r"(?:(?P<host>\d+)?(?:-\d+)?:)?"
    r"(?P<first>\d+)(?:-(?P<last>\d+))?(?:/(?P<protocol>[a-z,]+))?"
)
"""`[[IP:][HOST PORT]:]CONTAINER PORT[/PROTOCOL]`, ranges included."""


def _last(options: Options, *names: str) -> str:
    """The value of an option that counts: the last one."""
    values = [value for name in names for value in options.get(name, [])]
    return values[-1] if values else ""


async def _imported(options: Options) -> Checkpoint:
    try:
        return await asyncio.to_thread(reading.load, _last(options, "--import", "-i"))
    except PodthawError as error:
        raise Refused(str(error)) from None


def _published(options: Options, checkpoint: Checkpoint) -> Iterator[PublishedPort]:
    """The ports that are asked for, or else those of the archive."""
    specs = options.get("--publish", []) + options.get("-p", [])
    for spec in specs:
        found = _PUBLISH.fullmatch(spec)
        if found is None:
            raise Refused(f"invalid port format - {spec}")
        first = int(found["first"])
        for protocol in (found["protocol"] or "tcp").split(","):
            yield _port(
                found["v6"] or found["v4"] or "",
                int(found["host"] or first),
                first,
                int(found["last"] or first) - first + 1,
                protocol,
            )
    if not specs:
        for port in checkpoint.config.port_mappings or ():
            yield _port(
                port.host_ip, port.host_port, port.container_port, port.range, port.protocol
            )


def _port(host_ip: str, host: int, container: int, count: int, protocol: str) -> PublishedPort:
    if protocol not in set(Protocol):
        raise Refused(f'unrecognized protocol "{protocol}" in port mapping')
    for port in (host, host + count - 1, container, container + count - 1):
        if not 1 <= port <= 65535:
            raise Refused(f"port numbers must be between 1 and 65535 (inclusive), got {port}")
    try:
        ipaddress.ip_address(host_ip or "0.0.0.0")
    except ValueError:
        raise Refused(f'cannot parse "{host_ip}" as an IP address') from None
    return PublishedPort(host_ip, host, container, count, protocol)


def _stat(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise Refused(f"cannot stat {path}: {error.strerror}", 1) from None
    seconds, nanoseconds = divmod(status.st_mtime_ns, 10**9)
    return f"{status.st_dev} {status.st_ino} {status.st_size} {seconds}.{nanoseconds:09}\n"


def _statuses(scenario: Scenario, paths: Sequence[str]) -> str:
    """Mode and device number of those that are there, all of them folders."""
    there = scenario.folders | {VOLUME_PATH, *(one.mountpoint for one in scenario.volumes.values())}
    return "".join(
        f"{path}\x0041ed\x000\x000\0" for path in paths if path in there or _DEVICES.fullmatch(path)
    )


def _info(runtime: str) -> dict[str, Any]:
    name = runtime.removeprefix("/usr/bin/")
    if name not in _RUNTIMES:
        raise Refused(f'default OCI runtime "{runtime}" not found: invalid argument')
    return {
        "host": {
            "arch": "amd64",
            "kernel": "6.18.0",
            "cgroupManager": "cgroupfs",
            "cgroupVersion": "v1",
            "freeLocks": 2031,
            "ociRuntime": {
                "name": runtime,
                "path": f"/usr/bin/{name}",
                "version": _RUNTIMES[name],
            },
            "security": {"rootless": False, "selinuxEnabled": False, "apparmorEnabled": False},
        },
        "store": {
            "graphRoot": GRAPH_ROOT,
            "runRoot": "/run/containers/storage",
            "volumePath": VOLUME_PATH,
        },
        "version": {"Version": "5.8.0"},
    }


def _pod_listed(pod: Pod) -> dict[str, Any]:
    return {"Id": pod.id, "Name": pod.name, "Status": pod.state, "InfraId": pod.infra}


def _socket_tables(listeners: Iterable[Listener]) -> str:
    tables: dict[tuple[Protocol, int], list[str]] = {
        (Protocol.TCP, 4): ["  sl  local_address rem_address   st"],
        (Protocol.TCP, 6): ["  sl  local_address                         remote_address   st"],
        (Protocol.UDP, 4): ["   sl  local_address rem_address   st ref pointer drops"],
        (Protocol.UDP, 6): [
            "  sl  local_address                         remote_address   st drops"
        ],
    }
    for listener in listeners:
        address = ipaddress.ip_address(listener.address)
        raw = address.packed
        if sys.byteorder == "little":
            raw = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
        table = tables.get((listener.protocol, address.version))
        if table is not None:
            state = "0A" if listener.protocol is Protocol.TCP else "07"
            local = f"{raw.hex().upper()}:{listener.port:04X}"
            remote = f"{'0' * len(raw) * 2}:0000"
            table.append(f"{len(table):4}: {local} {remote} {state}")
    return "".join(f"{line}\n" for table in tables.values() for line in table)


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"


def _line(message: str, level: str = "debug") -> bytes:
    """A line as Podman logs it."""
    moment = datetime.now().astimezone().isoformat(timespec="seconds")
    return f"time={json.dumps(moment)} level={level} msg={json.dumps(message)}\n".encode()
