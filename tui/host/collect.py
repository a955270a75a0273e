"""The facts about a host, asked side by side, each with its own reason when it fails."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

from tui.errors import HostError
from tui.host import answers
from tui.host.answers import Surprise
from tui.host.cgroups import Ask, cgroup_folders
from tui.host.facts import (
    Container,
    Criu,
    Endpoint,
    Fact,
    HostFacts,
    Image,
    Known,
    Listener,
    Missing,
    Network,
    PathStatus,
    Pod,
    Podman,
    Runtime,
    Unknown,
    Volume,
)
from tui.host.host import FACT_TIMEOUT, Host, NoAnswer, NotInstalled, printed
from tui.host.image import image_files
from tui.host.questions import Questions, cgroup_path
from tui.text import safe_text, shell_line

T = TypeVar("T")

SOCKETS = tuple(f"/proc/net/{name}" for name in ("tcp", "tcp6", "udp", "udp6", "sctp/eps"))
"""Where the kernel lists sockets; hosts without IPv6 or SCTP lack some of them."""

_TRUSTED_RUNTIME = re.compile(
    r"/(usr/(local/)?)?s?bin/(crun|crun-vm|crun-wasm|kata-runtime|krun|runc|runsc|youki)"
)
"""What an archive may name by path; Podman starts whatever it names, were it `/bin/halt`."""

PROFILES = "/sys/kernel/security/apparmor/profiles"
"""Where the kernel lists AppArmor's profiles, for root."""

TEMPORARY = "/var/tmp"
"""Where Podman unpacks an archive's documents, unless TMPDIR says otherwise."""

PLUGIN_FOLDERS = tuple(
    f"/usr/{folder}/criu"
    for folder in (
        "lib",
        "lib64",
        "local/lib",
        "local/lib64",
        *(
            f"lib/{machine}-linux-gnu"
            for machine in ("x86_64", "aarch64", "powerpc64le", "s390x", "riscv64")
        ),
    )
)
"""Where distributions put CRIU's plugins; each CRIU was built to look into one of them."""

HOLDS_ADDRESSES = frozenset({"initialized", "running", "paused", "stopping"})
"""States in which a container has its addresses."""

_NAMED = 2
"""Words of a command with a great many that a message needs."""

_LS_MISSING = 2
"""How `ls` ends when a path of its command line is missing."""

_LOADS_CRIU = frozenset({"crun", "crun-vm", "crun-wasm", "krun"})
"""Runtimes that load libcriu.so.2; the others start the program `criu`."""


async def reachable(host: Host) -> None:
    """Raise HostError when not even `true` can be run on `host`."""
    try:
        answer = await host.run(["true"])
    except NoAnswer as error:
        raise HostError(f"The host ({host.name}) cannot be asked: {error}") from None
    if answer.status != 0:
        said = safe_text(answer.stderr.strip()) or f"exit status {answer.status}"
        raise HostError(f"The host ({host.name}) cannot be asked: `true` failed there: {said}")


async def collect(host: Host, questions: Questions, *, timeout: float = FACT_TIMEOUT) -> HostFacts:
    """Everything that `questions` and every restore need to know, at this moment.

    `timeout` is in seconds, for each command. Never raises for what the host says or does not
    say: that is in the facts.
    """
    ask = partial(host.run, timeout=timeout)
    async with asyncio.TaskGroup() as group:
        podman = group.create_task(_fact(_podman(ask)))
        runtime = group.create_task(_fact(_runtime(ask, questions.runtime)))
        criu = group.create_task(_fact(_criu(ask)))
        containers = group.create_task(_fact(_containers(ask)))
        pods = group.create_task(_fact(_pods(ask)))
        volumes = group.create_task(_fact(_volumes(ask)))
        images = group.create_task(_fact(_images(ask)))
        networks = group.create_task(_fact(_networks(ask)))
        secrets = group.create_task(_fact(_secrets(ask)))
        listeners = group.create_task(_fact(_listeners(ask)))
        endpoints = group.create_task(_fact(_endpoints(ask, containers)))
        paths = group.create_task(_fact(_paths(ask, questions.paths)))
        programs = group.create_task(_fact(_programs(ask, questions.programs)))
        profiles = group.create_task(_fact(_apparmor_profiles(ask, podman)))
        space = group.create_task(_fact(_space(ask, podman)))
        memory = group.create_task(_fact(_read(ask, answers.memory, "cat", "/proc/meminfo")))
        flags = group.create_task(_fact(_read(ask, answers.cpu_flags, "cat", "/proc/cpuinfo")))
        plugins = group.create_task(_fact(_criu_plugins(ask)))
        cgroups = group.create_task(_fact(_cgroups(ask, questions, pods)))
        files = group.create_task(image_files(host, questions.image_id, timeout=timeout))
    return HostFacts(
        host=host.name,
        simulated=host.simulated,
        podman=podman.result(),
        runtime=runtime.result(),
        criu=criu.result(),
        containers=containers.result(),
        pods=pods.result(),
        volumes=volumes.result(),
        images=images.result(),
        networks=networks.result(),
        secrets=secrets.result(),
        listeners=listeners.result(),
        endpoints=endpoints.result(),
        paths=paths.result(),
        programs=programs.result(),
        apparmor_profiles=profiles.result(),
        space=space.result(),
        memory=memory.result(),
        cpu_flags=flags.result(),
        criu_plugins=plugins.result(),
        cgroups=cgroups.result(),
        image_files=files.result(),
    )


async def _fact(question: Awaitable[T]) -> Fact[T]:
    try:
        return Known(await question)
    except NotInstalled as error:
        return Missing(str(error))
    except NoAnswer as error:
        return Unknown(str(error))


async def _output(ask: Ask, *argv: str) -> str:
    """What a command prints; a failure is no answer."""
    return printed(await ask(argv))


def _understood(read: Callable[[str], T], text: str, *argv: str) -> T:
    try:
        return read(text)
    except Surprise as error:
        raise NoAnswer(
            f"podthaw does not understand what `{shell_line(argv)}` printed: {error}"
        ) from None


async def _read(ask: Ask, read: Callable[[str], T], *argv: str) -> T:
    return _understood(read, await _output(ask, *argv), *argv)


async def _podman(ask: Ask) -> Podman:
    return await _read(ask, answers.podman, "podman", "info", "--format", "json")


async def _runtime(ask: Ask, name: str) -> Runtime | None:
    """The runtime `name`, tested as Podman tests it; None when Podman does not know it."""
    if name.startswith("/") and not _TRUSTED_RUNTIME.fullmatch(name):
        raise NoAnswer(
            f"the archive names the program {safe_text(name)} as its runtime, and podthaw starts "
            "only well-known runtimes in system folders on an archive's word"
        )
    choice = (f"--runtime={name}",) if name else ()
    argv = ("podman", *choice, "info", "--format", "json")
    answer = await ask(argv)
    if answer.status != 0 and answers.says_no_such_runtime(answer.stderr):
        return None
    engine, runtime = _understood(answers.runtime, printed(answer), *argv)
    checkpoint, into_pods, restore, finds_criu = await asyncio.gather(
        ask([runtime.path, "checkpoint", "--help"]),
        ask([runtime.path, "restore", "--lsm-mount-context"]),
        ask([runtime.path, "restore", "--help"]),
        _finds_criu(ask, runtime.path),
    )
    return Runtime(
        name=runtime.name,
        path=runtime.path,
        version=runtime.version,
        restores=checkpoint.status == 0,
        restores_into_pods=answers.asks_for_argument(into_pods.stdout + into_pods.stderr, engine),
        finds_criu=finds_criu,
        closes_connections=restore.status != 0 or "--tcp-close" in restore.stdout,
    )


async def _finds_criu(ask: Ask, runtime: str) -> bool:
    """False only where the runtime is one that loads CRIU's library and there surely is none.

    It is loaded in the midst of a restore, so that the runtime's own words do not tell.
    """
    if PurePosixPath(runtime).name not in _LOADS_CRIU:
        return True
    try:
        known, linked = await asyncio.gather(ask(["ldconfig", "-p"]), ask(["ldd", runtime]))
    except NoAnswer:
        return True
    everybody_knows = known.status == 0 and " libs found in cache" in known.stdout
    dynamic = linked.status == 0 and "=>" in linked.stdout
    return not everybody_knows or not dynamic or "libcriu.so" in known.stdout + linked.stdout


async def _criu(ask: Ask) -> Criu | None:
    try:
        version, check = await asyncio.gather(ask(["criu", "--version"]), ask(["criu", "check"]))
    except NotInstalled:
        return None
    number, text = _understood(answers.criu_version, printed(version), "criu", "--version")
    return Criu(
        version=number,
        text=text,
        check="\n".join(part for part in (check.stdout.strip(), check.stderr.strip()) if part),
        works=check.status == 0,
    )


async def _containers(ask: Ask) -> tuple[Container, ...]:
    argv = ("podman", "ps", "--all", "--external", "--no-trunc", "--format", "json")
    return await _read(ask, answers.containers, *argv)


async def _pods(ask: Ask) -> tuple[Pod, ...]:
    waiting = await _read(ask, answers.pod_ids, "podman", "pod", "ps", "--format", "json")
    pods: list[answers.PodAnswer] = []
    while waiting:  # Podman before 4.4 answers for the first pod only
        argv = ("podman", "pod", "inspect", *sorted(waiting))
        some = await _read(ask, answers.pods, *argv)
        if waiting.isdisjoint(pod.id for pod in some):
            raise NoAnswer(f"`{shell_line(argv)}` printed other pods than those asked for")
        waiting -= {pod.id for pod in some}
        pods += some
    infras = sorted(pod.infra for pod in pods if pod.infra)
    labels: dict[str, answers.Labels] = {}
    if infras:
        labels = await _read(ask, answers.labels, "podman", "container", "inspect", *infras)
    return tuple(pod.fact(labels.get(pod.infra)) for pod in pods)


async def _volumes(ask: Ask) -> tuple[Volume, ...]:
    return await _read(ask, answers.volumes, "podman", "volume", "ls", "--format", "json")


async def _images(ask: Ask) -> tuple[Image, ...]:
    argv = ("podman", "image", "ls", "--all", "--no-trunc", "--format", "json")
    return await _read(ask, answers.images, *argv)


async def _networks(ask: Ask) -> tuple[Network, ...]:
    return await _read(ask, answers.networks, "podman", "network", "ls", "--format", "json")


async def _secrets(ask: Ask) -> tuple[str, ...]:
    # `--format json` would print the word json
    names = await _output(ask, "podman", "secret", "ls", "--format", "{{.Name}}")
    return tuple(names.splitlines())


async def _listeners(ask: Ask) -> tuple[Listener, ...]:
    argv = ("cat", *SOCKETS)
    answer = await ask(argv)
    # cat fails when one of the files is missing, and prints the others
    text = answer.stdout or printed(answer)
    return _understood(answers.listeners, text, *argv)


async def _endpoints(
    ask: Ask, containers: Awaitable[Fact[tuple[Container, ...]]]
) -> tuple[Endpoint, ...]:
    holders = [one for one in _value(await containers) if one.state in HOLDS_ADDRESSES]
    if not holders:
        return ()
    # of a pod's containers the infra container is the one that has the addresses
    ids = [one.id for one in sorted(holders, key=lambda one: (not one.infra, one.id))]
    line = "{{.ID}} {{json .NetworkSettings.Networks}}"
    argv = ("podman", "container", "inspect", f"--format={line}", *ids)
    answer = await ask(argv)
    # one that ended meanwhile makes Podman fail, after it has printed the others
    gone = answer.status != 0 and "no such container" in answer.stderr
    text = answer.stdout if gone else printed(answer)
    return _understood(answers.endpoints, text, *argv)


async def _paths(ask: Ask, paths: Sequence[str]) -> Mapping[str, PathStatus | None]:
    if not paths:
        return {}
    # stat fails when one of the paths is missing, and prints the others; there is always a root
    argv = (r"--printf=%n\0%f\0%t\0%T\0", "--", "/", *paths)
    led_to, itself = await asyncio.gather(ask(("stat", "-L", *argv)), ask(("stat", *argv)))
    found = _understood(answers.paths, led_to.stdout, "stat", "-L", "--", *paths)
    links = _understood(answers.links, itself.stdout, "stat", "--", *paths)
    for answer in (led_to, itself):
        if not answer.stdout.startswith("/\0"):
            printed(answer)
            raise NoAnswer("`stat` did not say what the root folder is")
    return {
        path: replace(status, link=path in links) if (status := found.get(path)) else None
        for path in paths
    }


async def _programs(ask: Ask, programs: Sequence[str]) -> Mapping[str, bool]:
    there = await asyncio.gather(*(_starts(ask, program) for program in programs))
    return dict(zip(programs, there, strict=True))


async def _starts(ask: Ask, program: str) -> bool:
    try:
        await _output(ask, program, "--version")
    except NotInstalled:
        return False
    return True


async def _apparmor_profiles(ask: Ask, podman: Awaitable[Fact[Podman]]) -> frozenset[str]:
    if not _value(await podman).apparmor:
        return frozenset()
    return await _read(ask, answers.apparmor_profiles, "cat", PROFILES)


async def _space(ask: Ask, podman: Awaitable[Fact[Podman]]) -> Mapping[str, int]:
    engine = _value(await podman)
    folders = dict.fromkeys((engine.graph_root, engine.volume_path, TEMPORARY))
    asked = [folder for folder in folders if folder]
    argv = ("df", "--block-size=1", "--output=avail,file", "--", *asked)
    answer = await ask(argv)
    # df fails when one of the folders is missing, and prints the others
    return _understood(answers.space, answer.stdout or printed(answer), *argv)


async def _criu_plugins(ask: Ask) -> frozenset[str]:
    argv = ("ls", "-1", "--", *PLUGIN_FOLDERS)
    answer = await ask(argv)
    missing = answer.status == _LS_MISSING and "No such file" in answer.stderr
    return answers.criu_plugins(answer.stdout if missing else printed(answer))


async def _cgroups(
    ask: Ask, questions: Questions, pods: Awaitable[Fact[tuple[Pod, ...]]]
) -> Mapping[str, bool]:
    if not questions.container:
        return {}
    parents = [questions.cgroup_parent]
    if not questions.cgroup_parent:
        parents = [pod.cgroup_path for pod in _value(await pods) if pod.cgroup_path]
    container = questions.container
    return await cgroup_folders(ask, [cgroup_path(parent, container) for parent in parents])


def _value(fact: Fact[T]) -> T:
    """What a fact needs of another one, whose reason becomes its own."""
    if isinstance(fact, Unknown):
        raise NoAnswer(fact.reason)
    return fact.value
