"""What crun, runc and conmon say, and Podman of them."""

from tui.restore.causes.registry import RUNTIMES, Cause, Yields

RUNTIME = (
    Cause(
        "criu-library-missing",
        r"could not load `libcriu\.so[^`]*`|could not find symbol `\w+` in `libcriu\.so`",
        "The OCI runtime does not find CRIU's library",
        "crun needs libcriu.so.2, which is often not part of the package criu: install libcriu2"
        " (Debian, Ubuntu), criu-libs (Fedora) or libcriu, in CRIU's own version.",
        ("criu-library-missing",),
        by=RUNTIMES,
    ),
    Cause(
        "runtime-cannot-restore",
        r"configured runtime does not support checkpoint/restore|unknown command restore",
        "The OCI runtime was built without CRIU",
        "Install a build of crun with CRIU (`crun --version` lists +CRIU), or runc if the archive"
        " was made with it.",
        ("runtime-cannot-restore",),
    ),
    Cause(
        "runtime-cannot-restore-pods",
        r"runtime (?P<path>\S+) does not support pod restore",
        "The OCI runtime {path} cannot restore into pods",
        "crun can since 1.18 (with Podman 5.3), runc since 1.1: update it.",
        ("runtime-cannot-restore-pods",),
    ),
    Cause(
        "runtime-missing",
        r"OCI runtime \"?(?P<name>[^\"\s:]+)\"?(?: not found| is not available)",
        "The OCI runtime {name} is not installed",
        "Podman restores with the runtime that made the checkpoint. Install it, or name its path in"
        " containers.conf ([engine.runtimes]).",
        ("runtime-missing",),
    ),
    Cause(
        "runtime-differs",
        r"was created with runtime '(?P<old>[^']*)' and cannot be restored with runtime"
        r" '(?P<new>[^']*)'",
        "Podman was told to use the OCI runtime {new}, and the archive needs {old}",
        "Podman takes the right one by itself: leave out --runtime where Podman is called (a"
        " wrapper, an alias).",
        ("runtime-missing",),
    ),
    Cause(
        "pid-folder-missing",
        r"open `(?P<path>/[^`]+)` for writing: No such file or directory",
        "The folder for {path} is not on this host",
        "The container was started with --pidfile in that folder. Make it: `mkdir -p`.",
        ("pid-folder-missing",),
        by=RUNTIMES,
    ),
    Cause(
        "mount-of-old-container",
        r"(?:stat|open) `?(?P<path>/[^`:\s]*/userdata/[^`:]*)`?: [Nn]o such file or directory",
        "The container mounts {path} from the folder of its old ID",
        "Under a new name it has a new ID and another folder. Keep the old name, on a host where"
        " Podman keeps its storage in the same place.",
        ("mount-of-old-container",),
        by=RUNTIMES,
    ),
    Cause(
        "volume-elsewhere",
        r"(?:stat|open) `?(?P<path>/[^`:]*/_data)`?: [Nn]o such file or directory",
        "The container mounts the volume folder {path}, and Podman has its volumes elsewhere here",
        "Make the old folder of all volumes a symbolic link to this host's (`podman info`,"
        " volumePath), or set volume_path in containers.conf.",
        ("volume-elsewhere", "bind-source-missing"),
        by=RUNTIMES,
    ),
    Cause(
        "bind-source-missing",
        r"(?:stat|open) `?(?P<path>/[^`:]+)`?: [Nn]o such file or directory",
        "{path}, which the container mounts, is not on this host",
        "The archive has only its path. Bring the files over, or make an empty folder if that is"
        " enough for the processes.",
        ("bind-source-missing", "mount-of-old-container", "volume-elsewhere"),
        by=RUNTIMES,
    ),
    Cause(
        "runtime-state-left",
        r"container `[^`]*` already exists|container with given ID already exists",
        "The OCI runtime still knows a container with this ID",
        "An earlier try has left it. Remove it with `crun delete --force ID` or `runc delete"
        " --force ID`, and then what Podman has of it: `podman rm --force ID`.",
        ("id-in-use",),
        by=RUNTIMES,
    ),
    Cause(
        "pod-shares-cgroup",
        r"Do not know how to handle namespace \S+",
        "runc cannot restore into a pod that shares the cgroup namespace",
        "Create the pod without it: `podman pod create --share=ipc,net,uts`.",
        by=RUNTIMES,
    ),
    Cause(
        "systemd-unreachable",
        r"(?:sd-bus call|cannot open sd-bus): .*",
        "The OCI runtime cannot make a cgroup with systemd",
        "systemd does not answer, or has a unit of this name from an earlier try: `systemctl list-"
        "units 'libpod-*'` shows it, `systemctl stop` and `reset-failed` remove it. Where systemd"
        " does not run, restore with --cgroup-manager=cgroupfs.",
        ("cgroup-manager-differs",),
        by=RUNTIMES,
    ),
    Cause(
        "hook-failed",
        r"error executing hook `(?P<path>[^`]*)`.*|error running (?:\S+ )?hook #\d+.*",
        "An OCI hook, a program that must run with the container, has failed",
        "The archive or this host's containers configuration (hooks.d) asks for it, often a GPU"
        " toolkit. Install what it needs, or remove the hook from hooks.d.",
        by=RUNTIMES,
    ),
    Cause(
        "conmon-missing",
        r"could not find a working conmon binary",
        "Podman does not find conmon, which watches over containers",
        "Install the package conmon, or name its path in containers.conf (conmon_path).",
    ),
    Cause(
        "conmon-died",
        r"container create failed \(no logs from conmon\).*",
        "conmon, which watches over the container, ended without a word",
        "Mostly it was killed, or it does not fit this Podman. `journalctl -t conmon` and"
        " `journalctl -k | grep -i oom` may tell; update conmon and the OCI runtime.",
        ("memory",),
        yields=Yields.ALL,
    ),
)

AFTERWARDS = (
    Cause(
        "timeout",
        r"container creation timeout",
        "The restore took longer than the four minutes that Podman gives it",
        "Either CRIU hung, or the memory is large and the disk slow. Look at the end of CRIU's log"
        " and at the load of the host; remove what is left, and try again when it has less to do.",
        ("restore-timeout",),
        yields=Yields.KNOWN,
    ),
    Cause(
        "criu-gave-no-reason",
        r"CRIU restoring failed:? -?\d+|criu failed: type \w+ errno \d+|cgroupd: recv req error"
        r"|Restoring FAILED",
        "CRIU failed, and what Podman shows of it is no reason",
        "CRIU's log has it (restore.log in the container's userdata folder), if it is still there."
        " A container made with --rm is gone with its log: try again, podthaw reads the log while"
        " it is written.",
        yields=Yields.ALL,
    ),
)
