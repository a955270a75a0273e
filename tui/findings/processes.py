"""What processes run, what they call themselves, and who started them."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import takewhile

from tui.criu.processes import Process
from tui.criu.sockets import InetSocket
from tui.findings import programs
from tui.findings.programs import called, listed, names, program
from tui.findings.registry import (
    DescriptorPlace,
    FilePlace,
    Finding,
    Place,
    ProcessPlace,
    Severity,
    SocketPlace,
    first,
    rule,
)
from tui.findings.scene import Scene
from tui.text import plural

ZOMBIES = 10
"""Zombies that are many: a parent that reaps leaves none for longer than a moment, and one that
reaps now and then a few."""


@rule("executable-deleted", Severity.HIGH, "A program runs whose file is gone")
def executable_deleted(scene: Scene) -> Iterator[Finding]:
    """A process runs a program that was deleted, or replaced, after it had been started.

    Malware deletes itself so that nobody finds it on disk. Harmless: a package was upgraded
    inside the container while its program ran.

    The checkpoint mostly has the content of the file (a ghost file), which can be saved.
    """
    for process in scene.inside.processes.by_pid.values():
        what = program(scene, process)
        if what.deleted:
            yield Finding(
                "executable-deleted",
                Severity.HIGH,
                f"{called(process)} runs {what.path}, which is deleted",
                "The file lost its name while the program ran. Malware does that to itself; an"
                " upgrade inside the container does it, too.",
                (ProcessPlace(process.pid),),
            )


@rule("executable-place", Severity.HIGH, "A program runs from a place that is made for data")
def executable_place(scene: Scene) -> Iterator[Finding]:
    """A program runs from memory alone (memfd), a tmpfs, /tmp, /dev/shm or /run, or is hidden.

    Images have their programs in folders that only their builder writes to. What runs from
    elsewhere was brought there later, often by somebody who could write nowhere else.

    Not told: a program that is a mount by itself, such as the init that engines put at
    /run/podman-init or /dev/init. Harmless: installers, test runners and self-extracting programs
    unpack to /tmp; medium is a hidden folder elsewhere, as tools in a home directory have it.
    """
    mountpoints = scene.mountpoints
    for process in scene.inside.processes.by_pid.values():
        what = program(scene, process)
        if not what.path or what.path in mountpoints:
            continue
        severity, why = Severity.HIGH, ""
        mount = scene.inside.mounts.by_id.get(what.mount) if what.mount is not None else None
        if what.memfd:
            why = "It lies in memory alone (memfd_create) and never was in a file system."
        elif programs.below(what.path, programs.PUBLIC):
            why = "Everybody, or a process of the container, can write there."
        elif mount and mount.file_system == "tmpfs" and mount.mountpoint != "/":
            why = f"{mount.mountpoint} is a tmpfs: it was empty when the container was started."
        elif programs.hidden(what.path):
            severity, why = Severity.MEDIUM, "It is hidden: a part of its path begins with a dot."
        if why:
            yield Finding(
                "executable-place",
                severity,
                f"{called(process)} runs {what.path}",
                why,
                (ProcessPlace(process.pid),),
            )


@rule("executable-written", Severity.MEDIUM, "A program runs that is not the image's")
def executable_written(scene: Scene) -> Iterator[Finding]:
    """A process runs a program that was written to the root file system after the container began.

    The file is among the container's changes, so that it does not come from the image, or is not
    the image's any more. Harmless: the container installs its program when it starts.
    """
    changed = {
        entry.path: system.where
        for system in scene.systems[:1]
        for entry in system.entries
        if system.mountpoint == "/" and entry.member
    }
    mountpoints = scene.mountpoints
    for process in scene.inside.processes.by_pid.values():
        path = program(scene, process).path
        if path in changed and path not in mountpoints:
            yield Finding(
                "executable-written",
                Severity.MEDIUM,
                f"{called(process)} runs {path}, which the container wrote itself",
                "The file is among the changes to the root file system: it does not come from the"
                " image, or is not the image's any more.",
                (ProcessPlace(process.pid), FilePlace(changed[path], path)),
            )


@rule("kernel-thread-name", Severity.HIGH, "A process wants to be taken for the kernel")
def kernel_thread_name(scene: Scene) -> Iterator[Finding]:
    """A process is called like a thread of the kernel: `[kworker/0:1]`, `kthreadd`.

    No thread of the kernel is ever in a container, so that the name is a disguise. The command
    line counts as well, where memory has been looked into.
    """
    for process, words in _self_named(scene):
        disguise = next((word for word in words if programs.looks_like_kernel(word)), None)
        if disguise:
            path = program(scene, process).path or "an unknown program"
            yield Finding(
                "kernel-thread-name",
                Severity.HIGH,
                f"{called(process)} calls itself {disguise}",
                f"It runs {path}. Threads of the kernel have such names, and are never inside a"
                " container.",
                (ProcessPlace(process.pid),),
            )


@rule("name-disguised", Severity.MEDIUM, "A process is called like a service that it is not")
def name_disguised(scene: Scene) -> Iterator[Finding]:
    """A process is called like a well-known service (sshd, cron, nginx), and runs another program.

    Any process can call itself what it likes, and bots like names that nobody wonders about. Only
    names of services are compared: scripts, symbolic links and threads have honest reasons to be
    called otherwise than their program. Programs that are many in one (BusyBox) and those known
    under two names (mysqld is mariadbd) are left out. The command line counts as well, where
    memory has been looked into.

    Harmless: a wrapper script that bears the name of what it starts.
    """
    for process, words in _self_named(scene):
        base = program(scene, process).base
        if not base or programs.runs_others(base):
            continue
        name = next((_plain(word) for word in words if _disguised(_plain(word), base)), None)
        if name:
            yield Finding(
                "name-disguised",
                Severity.MEDIUM,
                f"{called(process)} calls itself {name}, and runs {base}",
                f"Its program is {program(scene, process).path}.",
                (ProcessPlace(process.pid),),
            )


@rule("reverse-shell", Severity.HIGH, "A shell takes its commands from the network")
def reverse_shell(scene: Scene) -> Iterator[Finding]:
    """A shell or an interpreter has one connection as its standard input and output.

    That is how a shell is handed to somebody elsewhere (reverse shell, bind shell). Only
    connections over IP count; unix sockets are how node starts its children, and other programs
    are started that way by inetd.
    """
    for process in scene.inside.processes.by_pid.values():
        called_as = names(scene, process)
        shell = programs.is_shell(called_as)
        if not shell and not programs.is_interpreter(called_as):
            continue
        opened = scene.inside.descriptors.of(process)
        table = {one.fd: one.file for one in takewhile(lambda one: one.fd < 3, opened)}
        if 0 not in table or 1 not in table or table[0].id != table[1].id:
            continue
        socket = scene.inside.sockets.by_file.get(table[0].id)
        if not isinstance(socket, InetSocket) or not socket.destination_port:
            continue
        yield Finding(
            "reverse-shell",
            Severity.HIGH,
            f"{called(process)} talks to {_peer(socket)} instead of a terminal",
            f"Its descriptors {listed(str(fd) for fd in table if table[fd].id == table[0].id)} are"
            f" one {socket.protocol} connection from {socket.source}:{socket.source_port}:"
            " whoever is on the other side gives it commands and sees what they print.",
            (
                ProcessPlace(process.pid),
                SocketPlace(socket.file_id),
                DescriptorPlace(process.pid, 0, socket.file_id),
            ),
        )


@rule("server-child", Severity.HIGH, "A server has started a shell or a network tool")
def server_child(scene: Scene) -> Iterator[Finding]:
    """A server (nginx, java, a database) has a shell, an interpreter or a network tool as child.

    That is what a break-in through a service looks like. Harmless: applications that run commands
    (a shell for a moment, an interpreter for longer), and low where the parent is the container's
    first process: what ran before it became the server, or lost its parent, is its child too. A
    child that is younger than a thread of that process is none of these.
    """
    running = scene.inside.processes
    roots = frozenset(running.roots)
    for pid, children in running.children.items():
        parent = running.by_pid[pid]
        own = names(scene, parent)
        if not programs.is_server(own):
            continue
        oldest = min((one.tid for one in parent.threads if one.tid > pid), default=None)
        for child in (running.by_pid[one] for one in children):
            tool = _tool(names(scene, child) - own)
            if not tool:
                continue
            inherited = pid in roots and (oldest is None or oldest > child.pid)
            severity = Severity.MEDIUM if tool == "an interpreter" else Severity.HIGH
            yield Finding(
                "server-child",
                Severity.LOW if inherited else severity,
                f"{called(parent)} has {tool} as its child: {called(child)}",
                "It is the container's first process, and may have got the child from what ran"
                " before it, or from another parent."
                if inherited
                else "Servers seldom need one; whoever breaks in through a server does.",
                (ProcessPlace(child.pid), ProcessPlace(pid)),
            )


@rule("miner", Severity.HIGH, "A cryptocurrency miner runs")
def miner(scene: Scene) -> Iterator[Finding]:
    """A process has the name of a miner, or of malware that brings one along."""
    yield from _running(
        scene, "miner", Severity.HIGH, programs.MINERS, "a cryptocurrency miner or its companion"
    )


@rule("network-tool", Severity.MEDIUM, "A tool for scanning or relaying runs")
def network_tool(scene: Scene) -> Iterator[Finding]:
    """A scanner, a sniffer or a relay (nmap, tcpdump, nc, socat) runs.

    Low for relays, which sidecars use to forward ports.
    """
    yield from _running(
        scene, "network-tool", Severity.MEDIUM, programs.SCANNERS, "a scanner or sniffer"
    )
    yield from _running(scene, "network-tool", Severity.LOW, programs.RELAYS, "a relay")


@rule("debugger", Severity.INFO, "A debugger or tracer runs")
def debugger(scene: Scene) -> Iterator[Finding]:
    """A debugger, tracer or profiler (gdb, strace, perf) runs: somebody was looking into this."""
    yield from _running(
        scene, "debugger", Severity.INFO, programs.DEBUGGERS, "a debugger, tracer or profiler"
    )


@rule("package-manager", Severity.INFO, "A package manager runs")
def package_manager(scene: Scene) -> Iterator[Finding]:
    """A package manager (apt, apk, pip) runs: it installs what the image does not have."""
    yield from _running(
        scene, "package-manager", Severity.INFO, programs.PACKAGERS, "a package manager"
    )


@rule("zombies", Severity.INFO, "Many processes have ended that nobody asked after")
def zombies(scene: Scene) -> Iterator[Finding]:
    """Ten or more zombies: the parent, often a first process that is no init, never reaps them.

    They cost a PID each until none is left. Harmless otherwise; `podman run --init` helps.
    """
    dead = [one for one in scene.inside.processes.by_pid.values() if one.state == "zombie"]
    if len(dead) >= ZOMBIES:
        parents = sorted({one.ppid for one in dead})
        yield Finding(
            "zombies",
            Severity.INFO,
            plural(len(dead), "zombie"),
            f"Their parents are {listed(f'PID {pid}' for pid in parents)}.",
            first(ProcessPlace(one.pid) for one in dead),
        )


def _self_named(scene: Scene) -> Iterator[tuple[Process, tuple[str, ...]]]:
    """Each process with what it calls itself: its comm, and the first word of its command line."""
    content = scene.content
    for process in scene.inside.processes.by_pid.values():
        words = content.arguments.get(process.pid, ()) if content else ()
        yield process, tuple(word for word in (process.name, *words[:1]) if word)


def _plain(word: str) -> str:
    """`nginx` from `nginx: master process` or `/usr/sbin/nginx`; a login shell's `-` is cut."""
    start = word.split(" ", 1)[0].rstrip(":")
    return start.rpartition("/")[2].removeprefix("-")


def _disguised(name: str, base: str) -> bool:
    if name not in programs.DAEMONS:
        return False
    honest = (name, *programs.ALIASES.get(name, ()))
    return not any(base.startswith(one) for one in honest) and not name.startswith(base)


def _peer(socket: InetSocket) -> str:
    host = f"[{socket.destination}]" if socket.version == 6 else socket.destination
    return f"{host}:{socket.destination_port}"


def _tool(called_as: Collection[str]) -> str:
    if programs.is_shell(called_as):
        return "a shell"
    if set(called_as) & (programs.RELAYS | programs.FETCHERS | programs.SCANNERS):
        return "a network tool"
    return "an interpreter" if programs.is_interpreter(called_as) else ""


def _running(
    scene: Scene, code: str, severity: Severity, wanted: Collection[str], what: str
) -> Iterator[Finding]:
    """One finding for each of the names that processes have."""
    found: dict[str, list[Place]] = defaultdict(list)
    for process in scene.inside.processes.by_pid.values():
        for name in sorted(names(scene, process)):
            if name in wanted:
                found[name].append(ProcessPlace(process.pid))
                break
    for name, places in found.items():
        times = f" {len(places):,} times" if len(places) > 1 else ""
        yield Finding(
            code,
            severity,
            f"{name} runs{times}",
            f"By its name it is {what}.",
            first(places),
        )
