"""What processes may do, and what of the host they can reach."""

import posixpath
from collections import defaultdict
from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG, SPEC, Checkpoint
from tui.checkpoint.spec import Mount
from tui.criu.sockets import UnixSocket
from tui.findings.programs import listed, users, words
from tui.findings.registry import (
    DocumentPlace,
    Finding,
    MountPlace,
    Place,
    ProcessPlace,
    Severity,
    SocketPlace,
    first,
    rule,
)
from tui.findings.scene import Scene
from tui.text import pointer

FULL = 30
"""Capabilities that are as good as all: Podman gives 11, Docker 14, and Linux 4.x had 38."""

_STRONG = words(
    "cap_sys_admin cap_sys_ptrace cap_sys_module cap_sys_rawio cap_dac_read_search cap_bpf"
    " cap_mac_admin cap_mac_override cap_sys_boot"
)
"""Each of them is a known way out of a container, or past its files' permissions."""

_USEFUL = words("cap_net_admin cap_perfmon cap_syslog cap_checkpoint_restore cap_sys_time")

_ENGINES = (
    *("docker.sock", "podman.sock", "containerd.sock", "containerd.sock.ttrpc"),
    *("crio.sock", "cri-dockerd.sock", "dockershim.sock", "buildkitd.sock"),
)

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"

_SENSITIVE = frozenset(
    (
        *("/", "/etc", "/root", "/home", "/boot", "/proc", "/sys", "/dev", "/run", "/var"),
        *("/var/run", "/var/lib", "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd"),
        *("/var/lib/kubelet", "/var/log", "/usr", "/usr/bin", "/bin", "/sbin", "/usr/sbin"),
        *("/lib", "/usr/lib", "/lib64", "/opt/cni/bin", "/var/spool"),
        *("/run/containerd", "/run/podman", "/run/crio", "/run/docker"),
    )
)
"""Folders of a host that are more than data; what lies deeper mostly is data."""

_DEEP = (
    *("/etc/passwd", "/etc/shadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/cron.d"),
    *("/etc/crontab", "/etc/kubernetes", "/etc/systemd", "/etc/pam.d", "/etc/ld.so.preload"),
    *("/root/.ssh", "/etc/containers", "/etc/docker", "/etc/cni", "/proc/sys", "/sys/kernel"),
    *("/sys/fs/cgroup", "/var/spool/cron"),
)
"""The same, with all that lies in them."""

_KINDS = {"pid": "processes", "network": "network", "ipc": "shared memory", "uts": "host name"}


@rule("capabilities-full", Severity.HIGH, "A process may do almost everything")
def capabilities_full(scene: Scene) -> Iterator[Finding]:
    """A process has (almost) all capabilities, as with `--privileged`: it can take over the host.

    Low where the container has a user namespace of its own, in which they reach no further.
    """
    for own, caps, pids in _holders(scene):
        if len(caps) >= FULL and "cap_sys_admin" in caps:
            config = scene.checkpoint.config
            places: list[Place] = [ProcessPlace(pid) for pid in pids[:10]]
            if config.privileged:
                places.append(DocumentPlace(CONFIG, pointer("privileged")))
            yield Finding(
                "capabilities-full",
                Severity.LOW if own else Severity.HIGH,
                f"{_whose(pids)} {len(caps)} capabilities",
                "The container is privileged."
                if config.privileged
                else "That is as much as root on the host may do."
                if not own
                else "They count inside its user namespace only.",
                first(places),
            )


@rule("capabilities-strong", Severity.MEDIUM, "A process may do more than a container needs")
def capabilities_strong(scene: Scene) -> Iterator[Finding]:
    """A process has capabilities that no engine gives unasked, and that lead out of a container.

    Medium: SYS_ADMIN, SYS_PTRACE, SYS_MODULE, SYS_RAWIO, DAC_READ_SEARCH, BPF, MAC_*, SYS_BOOT.
    Low: NET_ADMIN, PERFMON, SYSLOG, CHECKPOINT_RESTORE, SYS_TIME, and all of them in a user
    namespace of the container's own. Harmless: tools for networks, debuggers and monitors need
    them.
    """
    for own, caps, pids in _holders(scene):
        strong = sorted(caps & _STRONG)
        extra = strong + sorted(caps & _USEFUL)
        if extra and not (len(caps) >= FULL and "cap_sys_admin" in caps):
            words = listed(one.removeprefix("cap_").upper() for one in extra)
            yield Finding(
                "capabilities-strong",
                Severity.MEDIUM if strong and not own else Severity.LOW,
                f"{_whose(pids)} {words}",
                "They count inside its user namespace only."
                if own
                else "No engine gives these unless it is asked to.",
                first(ProcessPlace(pid) for pid in pids),
            )


@rule("seccomp-disabled", Severity.LOW, "No filter of system calls")
def seccomp_disabled(scene: Scene) -> Iterator[Finding]:
    """Processes run without seccomp: every system call of the kernel is open to them.

    Podman and Docker filter by default; Kubernetes does not, unless it is told to. CRIU and
    debuggers are common reasons to turn it off.
    """
    running = scene.inside.processes.by_pid.values()
    bare = [one.pid for one in running if one.seccomp == "disabled" and one.state != "zombie"]
    if bare:
        yield Finding(
            "seccomp-disabled",
            Severity.LOW,
            "No seccomp filter",
            f"{_whose(bare)} no filter of system calls.",
            first(ProcessPlace(pid) for pid in bare),
        )


@rule("host-path-mounted", Severity.HIGH, "A sensitive folder of the host is mounted")
def host_path_mounted(scene: Scene) -> Iterator[Finding]:
    """The container mounts a folder of the host that is more than data: /, /etc, /root, /dev.

    High where it can write there as root, medium otherwise. Harmless: agents that watch the host
    (logs, metrics), and network plugins, which read such folders.

    Not told: /sys and /proc read-only at their usual places, as engines mount them for containers
    that share the host's namespaces.
    """
    root = any(
        leader.credentials.effective_uid == 0 and not scene.contained(process)
        for process in scene.inside.processes.by_pid.values()
        if (leader := process.leader)
    )
    for index, mount in _binds(scene.checkpoint):
        source = posixpath.normpath(mount.source)
        if not _sensitive(source) or (_read_only(mount) and source == mount.destination):
            continue
        writes = root and not _read_only(mount)
        yield Finding(
            "host-path-mounted",
            Severity.HIGH if writes else Severity.MEDIUM,
            f"{source} of the host is mounted at {mount.destination}",
            "Root in the container can write there, which makes it root on the host."
            if writes
            else "It is mounted read-only."
            if _read_only(mount)
            else "No process of the container is root on the host.",
            _mount_places(scene, index, mount),
        )


@rule("engine-socket", Severity.HIGH, "The socket of a container engine is inside")
def engine_socket(scene: Scene) -> Iterator[Finding]:
    """The container can talk to a container engine (docker.sock, podman.sock, containerd.sock).

    Whoever can, starts a privileged container, and is root on the host. Harmless by intent: build
    agents, proxies and monitors that are trusted as much as the host. High too for a unix socket
    of that name that a process has open: then it is the engine's, or somebody pretends to be it.
    """
    for index, mount in _binds(scene.checkpoint):
        names = {posixpath.basename(mount.source), posixpath.basename(mount.destination)}
        if names & set(_ENGINES):
            yield Finding(
                "engine-socket",
                Severity.HIGH,
                f"{mount.source} is mounted at {mount.destination}",
                "Whoever can talk to a container engine is root on its host.",
                _mount_places(scene, index, mount),
            )
    for socket in scene.inside.sockets.by_file.values():
        if isinstance(socket, UnixSocket) and posixpath.basename(socket.name) in _ENGINES:
            yield Finding(
                "engine-socket",
                Severity.HIGH,
                f"A process has the socket {socket.name} open",
                "It bears the name of a container engine's socket.",
                (SocketPlace(socket.file_id), *_users(scene, socket.file_id)),
            )


@rule("kubernetes-token", Severity.INFO, "A Kubernetes service account is inside")
def kubernetes_token(scene: Scene) -> Iterator[Finding]:
    """The token of a Kubernetes service account is mounted, as in every pod by default.

    Whoever got in could use it against the cluster's API; whether it was, its audit log tells.
    """
    for index, mount in enumerate(scene.checkpoint.spec.mounts or ()):
        place = posixpath.normpath(mount.destination).replace("/run/", "/var/run/", 1)
        if place.replace("/var/var/", "/var/", 1) == _TOKEN:
            yield Finding(
                "kubernetes-token",
                Severity.INFO,
                "The token of a service account is mounted",
                f"It lies in {mount.destination}.",
                _mount_places(scene, index, mount),
            )


@rule("host-namespace", Severity.MEDIUM, "The container shares a namespace with the host")
def host_namespace(scene: Scene) -> Iterator[Finding]:
    """The container sees the processes, the network, the shared memory or the name of its host.

    Medium for the processes, which it can look into, low for the others. Harmless: monitors,
    network plugins, and services that are fast that way.
    """
    namespaces = scene.checkpoint.spec.linux.namespaces
    if not namespaces:
        return
    own = {one.type for one in namespaces}
    for kind, word in _KINDS.items():
        if kind not in own:
            yield Finding(
                "host-namespace",
                Severity.MEDIUM if kind == "pid" else Severity.LOW,
                f"The container has the host's {word}",
                f"The specification gives it no {kind} namespace of its own.",
                (DocumentPlace(SPEC, pointer("linux", "namespaces")),),
            )


def _holders(scene: Scene) -> Iterator[tuple[bool, frozenset[str], list[int]]]:
    """Who may use which capabilities: whether only in a user namespace, the set, the PIDs."""
    found: dict[tuple[bool, frozenset[str]], list[int]] = defaultdict(list)
    for process in scene.inside.processes.by_pid.values():
        held = {
            name
            for thread in process.threads
            for name in (*thread.credentials.effective, *thread.credentials.permitted)
        }
        if held:
            found[scene.contained(process), frozenset(held)].append(process.pid)
    for (own, caps), pids in found.items():
        yield own, caps, pids


def _whose(pids: list[int]) -> str:
    if len(pids) == 1:
        return f"PID {pids[0]} has"
    return f"{len(pids):,} processes have"


def _binds(checkpoint: Checkpoint) -> Iterator[tuple[int, Mount]]:
    """The mounts of something of the host, with their index in the specification."""
    for index, mount in enumerate(checkpoint.spec.mounts or ()):
        options = mount.options or ()
        if mount.source.startswith("/") and (
            mount.type == "bind" or "bind" in options or "rbind" in options
        ):
            yield index, mount


def _sensitive(source: str) -> bool:
    return source in _SENSITIVE or any(
        source == one or source.startswith(f"{one}/") for one in _DEEP
    )


def _read_only(mount: Mount) -> bool:
    return bool({"ro", "rro"} & set(mount.options or ()))


def _mount_places(scene: Scene, index: int, mount: Mount) -> tuple[Place, ...]:
    """The mount as it was, and as it was asked for."""
    there = (
        MountPlace(one.id)
        for one in scene.inside.mounts.by_id.values()
        if one.mountpoint == posixpath.normpath(mount.destination)
    )
    return first([*there, DocumentPlace(SPEC, pointer("mounts", index))])


def _users(scene: Scene, file_id: int) -> tuple[Place, ...]:
    return first(ProcessPlace(pid) for pid, _ in users(scene, file_id))
