"""Checks of what CRIU's images say, against what CRIU finds on the host."""

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address

from tui.checkpoint.checkpoint import CONFIG, SPEC
from tui.checkpoint.summary import needs_previous
from tui.criu.state import CriuState, InetSocket
from tui.host.document import address_port
from tui.host.facts import Known, Podman, Runtime, Unknown, known
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.checks.words import SHOWN, some
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.restore.remedies import KEEP_NAME, NO_CLOSING, RESTORE_CONNECTIONS
from tui.text import plural, safe_text

TCP_CLOSE = (5, 7, 0)
"""The first Podman with `--tcp-close`."""

FEATURES = (
    ("avx", "AVX", 1 << 2),
    ("avx512f", "AVX-512", 0b111 << 5),
    ("amx_tile", "AMX", 0b11 << 17),
)
"""What /proc/cpuinfo and people call it, and its bits in XSTATE_BV.

Left out are MPX, protection keys and shadow stacks: their bits are set in programs that never
noticed them.
"""

LSM_NAMES = {"selinux": "SELinux", "apparmor": "AppArmor"}


@check("previous-checkpoint-required", Severity.BLOCKER, "The pre-checkpoint is missing")
def previous_checkpoint_required(case: Case) -> Iterator[Conflict]:
    """The archive was made with `--with-previous`: part of the memory lies in the pre-checkpoint.

    `checkpoint/parent` in the archive is a link to a folder that only the archive of the
    pre-checkpoint has. CRIU finds none of those pages and fails. Name that archive, the one that
    was made with `--pre-checkpoint` before this one: `--import-previous FILE`. podthaw does not
    read it, so that the verdict stays open then.
    """
    if previous := case.options.import_previous:
        yield Conflict(
            "previous-checkpoint-required",
            Severity.UNCHECKED,
            f"Nobody has looked into {safe_text(previous)}",
            "Podman unpacks it first, and fails where it is missing or no archive.",
            subject=previous,
            evidence=Evidence(archive=f"--import-previous={safe_text(previous)}"),
        )
        return
    if _state(case) is None or not needs_previous(case.checkpoint):
        return
    yield Conflict(
        "previous-checkpoint-required",
        Severity.BLOCKER,
        "Part of the memory is in the pre-checkpoint",
        "Name the archive that was made with --pre-checkpoint before: --import-previous FILE.",
        evidence=Evidence(archive="checkpoint/parent is a link to the pre-checkpoint"),
    )


@check("architecture-differs", Severity.BLOCKER, "The host has another architecture")
def architecture_differs(case: Case) -> Iterator[Conflict]:
    """The processes ran on a processor of another architecture than the host's.

    Memory and registers are restored as they were, and nothing can translate them. CRIU refuses
    the images. Restore it on a host of the same architecture.
    """
    state, podman = _state(case), _podman(case)
    if state and podman and state.architecture not in ("", podman.architecture):
        yield Conflict(
            "architecture-differs",
            Severity.BLOCKER,
            f"The container ran on {state.architecture}",
            "It can be restored only on a host of that architecture.",
            where=(on_host("podman", "architecture"),),
            evidence=Evidence(
                archive=f"registers of {state.architecture}",
                host=safe_text(podman.architecture),
            ),
        )


@check("cgroup-version-differs", Severity.BLOCKER, "The host has another version of cgroups")
def cgroup_version_differs(case: Case) -> Iterator[Conflict]:
    """The container's cgroups are of another version than the host's.

    CRIU puts the processes back into cgroups of the controllers that it wrote down, and fails
    where the host has no such controllers. Podman does not look. Restore it on a host with the
    same version (`podman info`, cgroupVersion).
    """
    state, podman = _state(case), _podman(case)
    if not state or not podman or not state.controllers:
        return
    named = [name for name in state.controllers if name]
    version = "v1" if named else "v2"
    if podman.cgroup_version not in ("", version):
        yield Conflict(
            "cgroup-version-differs",
            Severity.BLOCKER,
            f"The container ran under cgroups {version}",
            "CRIU cannot bring its cgroups back. Restore it on a host with the same version.",
            where=(on_host("podman", "cgroup_version"),),
            evidence=Evidence(
                archive=f"controllers {some(named)}"
                if named
                else "the one hierarchy of cgroups v2",
                host=f"cgroups {safe_text(podman.cgroup_version)}",
            ),
        )


@check("lsm-differs", Severity.BLOCKER, "The host lacks the archive's security module")
def lsm_differs(case: Case) -> Iterator[Conflict]:
    """The processes were confined by SELinux or AppArmor, which is off on the host.

    CRIU gives each process its label or profile back and fails: `mismatched lsm types and lsm
    profile specified`. It does not mind a host that confines more than the old one did. Restore it
    on a host with the same security module.
    """
    state, podman = _state(case), _podman(case)
    if not state or not podman or not state.lsm_profiles or state.lsm not in LSM_NAMES:
        return
    name = LSM_NAMES[state.lsm]
    if not (podman.selinux if state.lsm == "selinux" else podman.apparmor):
        key = "selinuxLabel" if state.lsm == "selinux" else "apparmorProfile"
        yield Conflict(
            "lsm-differs",
            Severity.BLOCKER,
            f"The processes were confined by {name}, which is off here",
            f"CRIU cannot give them their {name} profiles back. Restore it where {name} is on.",
            subject=state.lsm,
            where=(case.at(SPEC, "process", key), on_host("podman", state.lsm)),
            evidence=Evidence(
                archive=f"profile {some(state.lsm_profiles)}", host=f"{name} is not enabled"
            ),
        )


@check("gpu-plugin-missing", Severity.BLOCKER, "CRIU lacks a plugin")
def gpu_plugin_missing(case: Case) -> Iterator[Conflict]:
    """CRIU was helped by a plugin, for a GPU mostly, that the host's CRIU does not have.

    CRIU fails: `Missing required plugin: cuda_plugin`. Plugins lie in /usr/lib/criu or
    /usr/lib64/criu; install the package that has it, such as criu-cuda-plugin or
    criu-amdgpu-plugin. The GPU must be of the same model as well.
    """
    state, plugins = _state(case), case.facts.criu_plugins
    if not state or not state.plugins:
        return
    if isinstance(plugins, Unknown):
        where = on_host("criu_plugins")
        yield unchecked("gpu-plugin-missing", "CRIU's plugins", plugins.reason, where)
        return
    missing = [name for name in state.plugins if name not in plugins.value]
    if missing:
        yield Conflict(
            "gpu-plugin-missing",
            Severity.BLOCKER,
            f"CRIU lacks the plugin {some(missing)}",
            "The processes cannot be restored without it. Install it, for CRIU's own version.",
            where=(on_host("criu_plugins"),),
            evidence=Evidence(
                archive=f"dumped with {some(state.plugins)}",
                host=f"plugins: {some(sorted(plugins.value)) or 'none'}",
            ),
        )


@check("tcp-close-required", Severity.BLOCKER, "The connections were dumped to be closed")
def tcp_close_required(case: Case) -> Iterator[Conflict]:
    """The checkpoint was made with CRIU's `--tcp-close`, and must be restored with it.

    CRIU refuses otherwise: `Need to set the --tcp-close options.` The processes find their
    connections closed. Podman has the option since 5.7, and of the OCI runtimes crun since 1.23.
    """
    state = _state(case)
    if state and state.tcp_close and not case.options.tcp_close:
        lacking = _cannot_close(case)
        yield Conflict(
            "tcp-close-required",
            Severity.BLOCKER,
            "The connections can only be restored closed",
            f"{lacking}, so that it cannot be restored here."
            if lacking
            else "The checkpoint was made so. Restore it with --tcp-close.",
            where=_closing(case) if lacking else (),
            evidence=Evidence(archive="inventory.img: tcp_close", host=lacking),
            remedies=tuple(_close(case)),
        )


@check("tcp-established", Severity.BLOCKER, "The container had open TCP connections")
def tcp_established(case: Case) -> Iterator[Conflict]:
    """TCP connections are in the archive, and CRIU restores them only when it is told to.

    It fails otherwise: `inet: Connected TCP socket in image`, and Podman shows another line of its
    log. Either restore the connections (`--tcp-established`): that needs the same addresses, and
    so the old name, and the other ends must still be there. Or close them (`--tcp-close`): the
    processes see that they broke, and can connect anew; this needs Podman 5.7 and crun 1.23, and
    works under a new name.

    With `--tcp-established` it is a warning when the container will not have the addresses that
    the connections belong to.
    """
    state, options = _state(case), case.options
    if not state or state.tcp_close or options.tcp_close:
        return
    connections = [socket for socket in state.sockets if socket.connected]
    if not connections and not state.streams:
        return
    if options.tcp_established:
        yield from _elsewhere(case, connections)
        return
    lacking = _cannot_close(case)
    yield Conflict(
        "tcp-established",
        Severity.BLOCKER,
        f"{plural(len(connections) or state.streams, 'open TCP connection')} in the checkpoint",
        "CRIU fails unless it is told to restore them or to close them.",
        evidence=Evidence(archive=_shown(connections) or "tcp-stream images", host=lacking),
        remedies=(*(() if options.name else (RESTORE_CONNECTIONS,)), *_close(case)),
    )


def _elsewhere(case: Case, connections: list[InetSocket]) -> Iterator[Conflict]:
    options = case.options
    kept = set()
    if not options.ignore_static_ip and not options.pod:
        kept = {address.ip.partition("/")[0] for address in case.checkpoint.addresses}
    lost = [socket for socket in connections if not _stays(socket.source, kept)]
    if lost:
        yield Conflict(
            "tcp-established",
            Severity.WARNING,
            "The connections belong to addresses that the container may not get",
            "CRIU fails where an address is not there. Keep the addresses, or close them.",
            subject="addresses",
            evidence=Evidence(
                archive=_shown(lost),
                host="--ignore-static-ip" if options.ignore_static_ip else "",
            ),
            remedies=tuple(_close(case)),
        )


def _stays(address: str, kept: set[str]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_loopback or str(ip) in kept


@check("tcp-established-with-name", Severity.BLOCKER, "--tcp-established goes with no new name")
def tcp_established_with_name(case: Case) -> Iterator[Conflict]:
    """Established TCP connections can be restored only for the same container.

    Podman refuses: `--tcp-established cannot be used with --name`. Close them (`--tcp-close`), or
    keep the name.
    """
    if case.options.tcp_established and case.options.name:
        yield Conflict(
            "tcp-established-with-name",
            Severity.BLOCKER,
            "Established connections cannot be restored under a new name",
            "Podman refuses --tcp-established together with --name.",
            evidence=Evidence(host=f"--tcp-established --name {safe_text(case.options.name)}"),
            remedies=(
                *_close(case),
                KEEP_NAME,
            ),
        )


@check("tcp-close-unsupported", Severity.BLOCKER, "Connections cannot be closed here")
def tcp_close_unsupported(case: Case) -> Iterator[Conflict]:
    """The host's Podman or OCI runtime does not know `--tcp-close`.

    Podman has it since 5.7 (`unknown flag: --tcp-close` before), and of the OCI runtimes crun
    since 1.23; runc has none and refuses it once the container is made. Restore the connections
    instead (`--tcp-established`), or update.
    """
    lacking = _cannot_close(case)
    if case.options.tcp_close and lacking:
        yield Conflict(
            "tcp-close-unsupported",
            Severity.BLOCKER,
            "Connections cannot be closed on this host",
            f"{lacking}. Podman 5.7 and crun 1.23 have it.",
            where=_closing(case),
            evidence=Evidence(archive="--tcp-close", host=lacking),
            remedies=(NO_CLOSING,),
        )


@check("network-lock-tool-missing", Severity.BLOCKER, "CRIU cannot lock the network")
def network_lock_tool_missing(case: Case) -> Iterator[Conflict]:
    """CRIU locks the container's network with a program that the host does not have.

    It takes the way by which the network was locked at the checkpoint, iptables mostly. Without
    the program it fails: `Locking network failed: iptables-restore returned -1`. Install iptables
    (or iptables-nft).

    It is a warning with crun, which does not have the network locked at a restore: there CRIU only
    unlocks it in the end, and goes on when that fails. It is one with nftables too, for CRIU needs
    the library and not the program `nft`.
    """
    state = _state(case)
    namespaces = case.checkpoint.spec.linux.namespaces or ()
    own = [index for index, one in enumerate(namespaces) if one.type == "network"]
    if not state or not own or state.network_lock == "skip":
        return
    nftables = state.network_lock == "nftables"
    needed, package = ("nft", "nftables") if nftables else ("iptables-restore", "iptables")
    surely = not nftables and not _by_crun(case)
    programs, where = case.facts.programs, case.at(SPEC, "linux", "namespaces", own[0])
    if isinstance(programs, Unknown):
        if surely:
            place = on_host("programs")
            yield unchecked("network-lock-tool-missing", needed, programs.reason, where, place)
    elif not programs.value.get(needed, True):
        yield Conflict(
            "network-lock-tool-missing",
            Severity.BLOCKER if surely else Severity.WARNING,
            f"CRIU locks the network with {needed}, which is not here",
            f"Install the package {package}.",
            subject=needed,
            where=(where, on_host("programs", needed)),
            evidence=Evidence(
                archive=f"a network of its own, locked with {state.network_lock or 'iptables'}",
                host=f"{needed}: command not found",
            ),
        )


@check("external-mount-unmapped", Severity.BLOCKER, "CRIU will not know what to mount")
def external_mount_unmapped(case: Case) -> Iterator[Conflict]:
    """A mount of the container came from outside, and nobody will say what belongs there now.

    The OCI runtime names to CRIU the bind mounts of spec.dump and the masked paths; any other one
    makes it fail: `No mapping for 4711:/proc/sched_debug mountpoint`. This surely happens where the
    container masks a path that the host's kernel does not have, which crun then leaves out: restore
    it on a host whose kernel is more like the old one. Any other such mount is a warning, for
    runtimes differ in what they name: try it.
    """
    state = _state(case)
    if not state:
        return
    spec = case.checkpoint.spec
    masked = set(spec.linux.masked_paths or ())
    external = [mount for mount in state.mounts if mount.external.startswith("/")]
    paths = case.facts.paths
    if isinstance(paths, Known) and _by_crun(case):
        gone = [
            mount.external
            for mount in external
            if mount.external in masked and paths.value.get(mount.external, mount) is None
        ]
        if gone:
            yield Conflict(
                "external-mount-unmapped",
                Severity.BLOCKER,
                f"This host's kernel has no {some(gone)}",
                "crun masks only what is there, and CRIU misses the mount. Restore it on a host"
                " whose kernel is more like the old one.",
                subject="masked",
                where=(case.at(SPEC, "linux", "maskedPaths"), on_host("paths", gone[0])),
                evidence=Evidence(archive=f"masked: {some(gone)}", host="no such file"),
            )
    known = {mount.destination.rstrip("/") for mount in spec.mounts or ()} | masked
    known |= {device.path for device in spec.linux.devices or ()}
    names = {_name(path) for path in known}
    strange = [
        mount
        for mount in external
        if mount.external not in known
        and _name(mount.external) not in names
        and not _by_the_runtime(mount.external)
    ]
    if strange:
        places = [f"{mount.mountpoint} ({mount.external})" for mount in strange[:SHOWN]]
        yield Conflict(
            "external-mount-unmapped",
            Severity.WARNING,
            f"{plural(len(strange), 'mount')} from outside that spec.dump does not name",
            "CRIU fails where the OCI runtime does not say what to mount there.",
            where=(case.at(SPEC, "mounts"),),
            evidence=Evidence(archive=some(places, len(strange))),
        )


def _by_the_runtime(key: str) -> bool:
    """Whether runtimes name it on their own: what masks files and folders, and cgroups v1."""
    return (
        key == "/dev/null" or key.endswith("/.empty-directory") or key.startswith("/sys/fs/cgroup")
    )


@check("cpu-features", Severity.WARNING, "The host's processor can do less")
def cpu_features(case: Case) -> Iterator[Conflict]:
    """The processes used registers that the host's processor does not have.

    Neither Podman nor CRIU compares processors for containers. CRIU leaves out the registers that
    the host does not have, and the processes go on with the code that they chose for the old
    processor: they may die with SIGILL (exit status 132) or compute nonsense. Restore it on a host
    whose processor can do as much.
    """
    state, flags = _state(case), case.facts.cpu_flags
    if not state or state.architecture != "amd64":
        return
    used = [(flag, name) for flag, name, bits in FEATURES if state.xsave & bits]
    if not used:
        return
    archive = f"registers in use: {some([name for _, name in used])}"
    if isinstance(flags, Unknown) or not flags.value:
        yield Conflict(
            "cpu-features",
            Severity.NOTE,
            "The processors were not compared",
            safe_text(f"The host did not say: {flags.reason}")
            if isinstance(flags, Unknown)
            else "The host does not name what its processor can do.",
            where=(on_host("cpu_flags"),),
            evidence=Evidence(archive=archive),
        )
        return
    lacking = [name for flag, name in used if flag not in flags.value]
    if lacking:
        yield Conflict(
            "cpu-features",
            Severity.WARNING,
            f"The processor here has no {some(lacking)}",
            "The processes used it, and may die once they run on (SIGILL, exit status 132).",
            where=(on_host("cpu_flags"),),
            evidence=Evidence(archive=archive, host=f"no {some(lacking)} in /proc/cpuinfo"),
        )


@check("images-unreadable", Severity.WARNING, "Some of CRIU's images could not be read")
def images_unreadable(case: Case) -> Iterator[Conflict]:
    """An image in `checkpoint/` is missing, damaged, too large, or of an unknown kind.

    CRIU may read what podthaw cannot, so that this alone blocks nothing; but what depends on these
    images was not checked. A checkpoint that CRIU wrote without an error has no such images,
    except very large ones. Compare the archive's checksum with the original's.
    """
    state = _state(case)
    if state and state.problems and case.checkpoint.contents.complete:
        said = [f"{problem.member}: {problem.message}" for problem in state.problems]
        yield Conflict(
            "images-unreadable",
            Severity.WARNING,
            f"{plural(len(said), 'fault')} in CRIU's images",
            "What depends on them was not checked.",
            evidence=Evidence(archive=some(said, between="; ")),
        )


@check("file-locks", Severity.NOTE, "File locks were held")
def file_locks(case: Case) -> Iterator[Conflict]:
    """The processes held locks on files, and lose them without `--file-locks`.

    Without it the restore works, CRIU says nothing, and another process can take the locks that
    the restored ones believe to have. Restore with it, unless somebody else may hold the same
    locks by now.
    """
    state = _state(case)
    if state and state.locks and not case.options.file_locks:
        yield Conflict(
            "file-locks",
            Severity.NOTE,
            f"{plural(state.locks, 'file lock')} will be lost",
            "The processes go on without them. --file-locks brings them back.",
            evidence=Evidence(archive=plural(state.locks, "lock") + " in filelocks.img"),
            remedies=(Remedy("file-locks", "restore the locks", options={"file_locks": True}),),
        )


def _state(case: Case) -> CriuState | None:
    return case.checkpoint.criu


def _podman(case: Case) -> Podman | None:
    """The host's; where nobody knows it, another check has said so."""
    return known(case.facts.podman, None)


def _runtime(case: Case) -> Runtime | None:
    return known(case.facts.runtime, None)


def _by_crun(case: Case) -> bool:
    runtime = _runtime(case)
    return _name(runtime.name if runtime else case.checkpoint.config.runtime).startswith("crun")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _cannot_close(case: Case) -> str:
    """What keeps this host from closing connections; empty if nothing is known to."""
    runtime = _runtime(case)
    if case.podman_version < TCP_CLOSE:
        return f"Podman {'.'.join(map(str, case.podman_version))} has no --tcp-close"
    if runtime and not runtime.closes_connections:
        return f"{safe_text(runtime.name)} has no --tcp-close"
    return ""


def _closing(case: Case) -> tuple[Location, ...]:
    """What keeps this host from it."""
    if case.podman_version < TCP_CLOSE:
        return (on_host("podman", "version"),)
    return (case.at(CONFIG, "runtime"), on_host("runtime", "closes_connections"))


def _close(case: Case) -> Iterator[Remedy]:
    if not _cannot_close(case):
        instead = {"tcp_established": False} if case.options.tcp_established else {}
        options = {"tcp_close": True, **instead}
        yield Remedy("close-connections", "close the connections", options=options)


def _shown(connections: list[InetSocket]) -> str:
    ends = [
        f"{address_port(one.source or '?', one.source_port)} to "
        f"{address_port(one.destination or '?', one.destination_port)}"
        for one in connections[:SHOWN]
    ]
    return some(ends, len(connections))
