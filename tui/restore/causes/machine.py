"""What the host runs out of or forbids, whoever says so."""

from tui.restore.causes.registry import CRIU, RUNTIMES, Cause, Yields

_WHAT = r"(?:[^:]{1,100}: )?"
"""What was tried when the kernel said no."""

CGROUPS = (
    Cause(
        "cgroup-cpus",
        r"Can't move \d+ into \S*cpuset\S*.*: No space left on device",
        "The container's cgroup has no processors or memory nodes to run on",
        "The disk is not full: cgroups v1 say so of a cgroup whose cpuset.cpus or cpuset.mems is"
        " empty. Set both in the parent cgroup (`cat` them in the folders above to find the empty"
        " one), or remove the container and what it left, and try again.",
        by=CRIU,
    ),
    Cause(
        "cgroup-move",
        r"cg(?:: cgroupd)?: Can't move (?:thread )?\d+ into (?P<path>\S+).*",
        "CRIU cannot move the processes into the cgroup {path}",
        "Something else of this name is in the way, mostly left by an earlier try, or the cgroups"
        " of this host are laid out differently. Remove the container and its empty cgroup folders,"
        " update CRIU and the OCI runtime, and try again.",
        ("cgroup-left-behind", "cgroup-version-differs"),
        by=CRIU,
    ),
    Cause(
        "cgroup-value",
        r"Failed writing (?P<value>.{1,80}?) to (?P<file>\S+)(?:: (?P<why>[^:]+))?$",
        "The host does not accept the value {value} for the cgroup setting {file}",
        "The container had limits that this host cannot give: CPUs, memory nodes or devices that"
        " it does not have. Make the checkpoint again without that limit (`podman update` before"
        " it), or restore it on a host that has them.",
        by=CRIU,
    ),
    Cause(
        "cgroup-version-differs",
        r"Can't mount (?:controller dir )?\.criu\.cgyard\S*",
        "The host lacks a kind of cgroup that the container had",
        "CRIU wants the same version of cgroups and the same controllers again. Compare `podman"
        " info` on both hosts (cgroupVersion, cgroupControllers), and restore it on a host with the"
        " same.",
        ("cgroup-version-differs",),
        by=CRIU,
    ),
    Cause(
        "cgroup-controller-missing",
        r"the requested cgroup controller `(?P<name>[^`]*)` is not available",
        "The host has no cgroup controller {name}",
        "The container has a limit that needs it. Turn the controller on (cgroup.subtree_control of"
        " the parent cgroups, or Delegate= of the systemd unit), or make the checkpoint again"
        " without the limit.",
        by=RUNTIMES,
    ),
    Cause(
        "cgroup-left",
        r"write to `?[^`\s]*devices\.deny`?: Invalid argument",
        "An earlier restore has left its cgroup behind",
        "Remove the empty cgroup folders of this container with `rmdir`, the innermost first, and"
        " try again.",
        ("cgroup-left-behind",),
        by=RUNTIMES,
    ),
)

SHORTAGES = (
    Cause(
        "disk-full",
        _WHAT + r"(?:[Nn]o space left on device|[Dd]isk quota exceeded)",
        "A disk of the host is full",
        "Podman unpacks the whole archive below its storage, and parts of it in /var/tmp. Look with"
        " `df -h` and `df -i`, make room (`podman system df` shows what Podman itself uses), and"
        " try again.",
        ("disk-space",),
    ),
    Cause(
        "out-of-memory",
        _WHAT + r"(?:[Cc]annot allocate memory|[Oo]ut of memory|oom-kill)",
        "The host has too little memory",
        "The processes need as much memory as they had. Free some, add swap, or raise the limit of"
        " the cgroup that Podman runs in; then try again.",
        ("memory",),
    ),
    Cause(
        "killed",
        r"\d+ killed by signal 9\b[^,]*",
        "A restored process was killed",
        "CRIU did not do it: most often the kernel kills when memory runs out (`journalctl -k |"
        " grep -i oom` tells). Free memory, or raise the memory limit, and try again.",
        ("memory",),
        by=CRIU,
    ),
    Cause(
        "too-many-files",
        _WHAT + r"[Tt]oo many open files",
        "A limit on open files was reached",
        "Raise it for the one who runs Podman (`ulimit -n`, LimitNOFILE= of a systemd unit), or the"
        " kernel's own (fs.file-max, fs.inotify.max_user_instances), and try again.",
    ),
    Cause(
        "read-only",
        _WHAT + r"[Rr]ead-only file system",
        "Something that must be written lies on a read-only file system",
        "After a disk error the kernel makes file systems read-only (`dmesg` tells). In a container"
        " it is /sys or /proc: start that one with --privileged.",
    ),
)

REFUSALS = (
    Cause(
        "kernel-refused",
        _WHAT + r"(?:[Oo]peration not permitted|(?<!OCI )[Pp]ermission denied)",
        "The kernel did not permit something",
        "Restoring needs root with all capabilities. In a container or virtual environment give it"
        " those (--privileged). With SELinux or AppArmor look for denials: `ausearch -m avc -ts"
        " recent`, or `dmesg | grep DENIED`.",
        ("rootless",),
        yields=Yields.ALL,
    ),
)
