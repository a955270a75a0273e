"""What CRIU says of the host's kernel and processor, and of its own images."""

from tui.restore.causes.registry import CRIU, RUNTIMES, Cause
from tui.restore.remedies import NO_LOCKS

PROCESSES = (
    Cause(
        "criu-too-old-for-kernel",
        r"vdso: .*|Task had vdso, restorer doesn't",
        "This CRIU does not fit this kernel",
        "It does not understand a part of the process memory that the kernel provides (the vDSO)."
        " Install a newer CRIU, then see whether `criu check` is content.",
        ("criu-check-failed",),
        by=CRIU,
    ),
    Cause(
        "criu-socket-option",
        r"sockets: Can't (?:get|set) \d+:\d+ opt.*",
        "This kernel does not know a socket option that CRIU uses",
        "CRIU and the kernel do not fit together: install a newer CRIU.",
        ("criu-check-failed",),
        by=CRIU,
    ),
    Cause(
        "kernel-without-rseq",
        r"rseq: can't restore as kernel doesn't support it|failed sys_rseq\(.*",
        "This kernel lacks restartable sequences, which the processes use",
        "Current C libraries use them. Restore it on a host with a newer kernel, or make the"
        " checkpoint of a container that runs with GLIBC_TUNABLES=glibc.pthread.rseq=0.",
        ("criu-check-failed",),
        by=CRIU,
    ),
    Cause(
        "architecture-differs",
        r"Core march mismatch \d+",
        "The container ran on a processor of another architecture",
        "Nothing translates its memory and registers: restore it on a host of the same"
        " architecture (`uname -m`).",
        ("architecture-differs",),
        by=CRIU,
    ),
    Cause(
        "cpu-features",
        r"FPU xsave area present, but host cpu doesn't support it"
        r"|(?:FPU feature required by image|CPU (?:instruction )?capabilities do not match"
        r"|CPU xfeatures has|CPU xsave (?:max )?size mismatch).*",
        "The host's processor can do less than the one the container ran on",
        "The processes have chosen their code for the old one. Restore it on a host whose processor"
        " is of the same model or a newer one.",
        ("cpu-features",),
        by=CRIU,
    ),
    Cause(
        "process-crashed",
        r"\d+ killed by signal (?:4|7|11)\b[^,]*",
        "A process crashed while CRIU brought it back",
        "Mostly CRIU does not fit this kernel, or the processor can do less than the old one."
        " Install a newer CRIU, and compare the processors (`lscpu`).",
        ("cpu-features", "criu-check-failed"),
        by=CRIU,
    ),
    Cause(
        "pid-in-use",
        r"Can't fork for (?P<pid>\d+): File exists"
        r"|Current [gs]id \d+ intersects with pid \(\d+\) in images",
        "A process ID that the container had is taken on this host",
        "That happens to containers without a PID namespace of their own (--pid=host, or a pod that"
        " shares it). End the process that has the ID, or try again later.",
        by=CRIU,
    ),
    Cause(
        "lsm-differs",
        r"mismatched lsm types and lsm profile specified"
        r"|(?:apparmor|selinux) LSM specified but \w+ not supported by kernel",
        "The container was confined by a security module that is off on this host",
        "SELinux or AppArmor, whichever it was, must be on here as well: restore it on such a host."
        " `podman info` tells (selinuxEnabled, apparmorEnabled).",
        ("lsm-differs",),
        by=CRIU,
    ),
    Cause(
        "apparmor-profile-missing",
        r"can't write lsm profile -2\b",
        "The AppArmor profile of the container is not loaded",
        "Podman loads its own when a container starts: run any container once, and try again. Load"
        " another profile with `apparmor_parser`. The name holds Podman's version, so that both"
        " hosts may need the same.",
        ("apparmor-profile-missing", "lsm-differs"),
        by=CRIU,
    ),
    Cause(
        "lsm-refused",
        r"can't write lsm profile -?\d+",
        "SELinux or AppArmor does not let the processes have their old label",
        "The host's policy is another one than the old host's: update container-selinux (2.183 or"
        " later), and look for denials with `ausearch -m avc -ts recent`.",
        ("lsm-differs", "apparmor-profile-missing"),
        by=CRIU,
    ),
    Cause(
        "gpu-plugin-missing",
        r"Missing required plugin: (?P<name>\S+)",
        "CRIU lacks its plugin {name}",
        "The container used a device, mostly a GPU, that only the plugin can bring back. Install it"
        " into /usr/lib/criu or /usr/lib64/criu, for CRIU's own version; the GPU must be of the"
        " same model.",
        ("gpu-plugin-missing",),
        by=CRIU,
    ),
    Cause(
        "previous-checkpoint-required",
        r"No parent for snapshot pagemap|Can't open parent path.*",
        "Part of the memory is in the pre-checkpoint, which was not given",
        "Name the archive that was made with `podman container checkpoint --pre-checkpoint` before"
        " this one: --import-previous FILE.",
        ("previous-checkpoint-required",),
        by=CRIU,
    ),
    Cause(
        "images-of-another-criu",
        r"Not supported images version \d+|(?:Head magic|Magic) doesn't match for (?P<file>\S+)"
        r"|Too old image, no longer supported|Unknown image format|Image corrupted on pid \d+"
        r"|Img trimmed \d+/\d+",
        "CRIU cannot read its images in the archive",
        "They come from a newer or much older CRIU, or are damaged. Install a CRIU at least as new"
        " as the one that made the checkpoint, and compare the archive's checksum with the"
        " original's.",
        ("images-unreadable", "archive-incomplete"),
        by=CRIU,
    ),
    Cause(
        "file-lock-held",
        r"Can not set (?P<kind>flock|posix lock|ofd lock)!",
        "Another process holds a file lock that the container had",
        "Somebody on this host uses the same file. End that process (`lslocks` lists them), or"
        " restore without --file-locks; the processes then go on without their locks.",
        ("file-locks",),
        by=CRIU,
        remedies=(NO_LOCKS,),
    ),
    Cause(
        "external-unix-socket",
        r"External socket found in image\.",
        "A process was connected to a socket of the old host",
        "D-Bus, journald or another container was at its other end, and nobody is there now. CRIU"
        " does not restore it unless it is told to: write `ext-unix-sk` into"
        " /etc/criu/default.conf, or make the checkpoint without that connection.",
        by=CRIU,
    ),
    Cause(
        "criu-missing",
        r'exec: "criu": executable file not found in \$PATH',
        "CRIU is not installed on this host",
        "Nothing can be restored without it: install the package criu.",
        ("criu-missing",),
    ),
    Cause(
        "criu-too-old",
        r"checkpoint/restore requires at least CRIU \d+(?:, current version is \d+)?"
        r"|CRIU version \d+ must be \d+ or higher",
        "CRIU is too old for Podman",
        "31100 stands for CRIU 3.11, and 31600 for 3.16, which pods need. Install a newer CRIU.",
        ("criu-too-old",),
    ),
    Cause(
        "criu-too-old-for-runtime",
        r"(?:shared \w+ namespace restore )?is supported in CRIU >= [\d.]+"
        r"|--lsm-[\w-]+ requires at least CRIU [\d.]+|libcriu is too old",
        "CRIU is too old for the OCI runtime",
        "What the runtime asks of it came later. Install a newer CRIU and its library (libcriu2,"
        " criu-libs).",
        ("criu-too-old", "criu-library-missing"),
        by=RUNTIMES,
    ),
)
