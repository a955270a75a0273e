"""What CRIU says of files and mounts that are not as they were."""

from tui.restore.causes.registry import CRIU, Cause
from tui.restore.remedies import APPLY_ROOTFS, IGNORE_ROOTFS, USE_VOLUMES

_DIFFERS = ("file-differs", "volume-file-differs", "deleted-symlink")

_MODE = r"^File (?P<path>.+?) has bad mode 0"

FILES = (
    Cause(
        "file-kind",
        _MODE + r"(?P<kind>\d{1,2})[0-7]{4} \(expect 0(?!(?P=kind)[0-7]{4}\))\d+\)",
        "/{path} is something else than it was",
        "A process has it open, and a folder is there where a file was, or the other way round. Put"
        " there what the container had.",
        ("bind-source-kind", *_DIFFERS),
        by=CRIU,
    ),
    Cause(
        "file-mode",
        _MODE + r"\d{1,2}(?P<mode>[0-7]{4}) \(expect 0\d{1,2}(?P<wanted>[0-7]{4})\)",
        "/{path} has the mode {mode} now and had {wanted} at the checkpoint",
        "A process has it open, and CRIU wants the same mode (`chmod {wanted}`). If it is the top"
        " folder of a volume: Podman makes every volume with 0755. Create the volume with the old"
        " mode first, bring its content over, and restore with --ignore-volumes.",
        ("volume-root-mode", "bind-source-mode", *_DIFFERS),
        by=CRIU,
    ),
    Cause(
        "file-size",
        r"^File (?P<path>.+?) has bad size (?P<size>\d+) \(expect (?P<wanted>\d+)\)",
        "/{path} has {size} bytes now and had {wanted} at the checkpoint",
        "A process has it open, and CRIU wants the same file. It is changed after the processes"
        " were saved, or comes from another image, volume or folder of the host. Put the old file"
        " there, or make the checkpoint again with such files in volumes.",
        _DIFFERS,
        by=CRIU,
    ),
    Cause(
        "file-build",
        r"^File (?P<path>.+?) has bad (?:build-ID|mtime).*",
        "/{path} is another build than at the checkpoint",
        "A process runs it. Restore with the very image and mounts that the container had; an"
        " update of the image, or of a mounted library, is enough to break it.",
        ("image-id-differs", *_DIFFERS),
        by=CRIU,
    ),
    Cause(
        "shared-memory-missing",
        r"^Can't open file dev/shm/(?P<path>.+?) on restore: No such.*",
        "The shared memory {path} is not in the archive",
        "Podman saves /dev/shm since 4.0, and not where the container shares it with the host"
        " (--ipc=host) or a pod. Make the checkpoint again with a current Podman and a private"
        " /dev/shm.",
        by=CRIU,
    ),
    Cause(
        "device-missing",
        r"^Can't open file (?P<path>dev/.+?) on restore: (?:No such.*|Device or resource busy)",
        "The device /{path} does not answer on this host",
        "A process has it open. Load its driver, end whoever uses it alone, or restore it on a host"
        " that has such a device.",
        ("device-missing",),
        by=CRIU,
    ),
    Cause(
        "file-missing",
        r"^Can't open file (?P<path>.+?) on restore: No such.*",
        "/{path} is missing, and a process has it open or runs it",
        "If it belongs to the image: where the container had deleted a symbolic link to it, Podman"
        " deletes the file itself, and --ignore-rootfs helps. If it lies in a volume or in a folder"
        " of the host, bring it over.",
        (*_DIFFERS, "image-id-differs", "bind-source-missing"),
        by=CRIU,
        remedies=(IGNORE_ROOTFS, APPLY_ROOTFS, USE_VOLUMES),
    ),
    Cause(
        "ghost-exists",
        r"Can't (?:create ghost \w+|link \S+ghost\S* -> \S+|link \S+ -> \S+): File exists",
        "A file that the container had deleted is there again",
        "CRIU brings deleted files back for a moment, mostly in a volume or folder that an earlier"
        " try has used. Remove the files whose names contain `.cr.` and end in `.ghost`, and the"
        " named one if it is not needed, and try again.",
        by=CRIU,
    ),
    Cause(
        "external-mount-unmapped",
        r"No mapping for \d+:(?P<path>\S+) mountpoint",
        "CRIU does not know what to mount at {path}",
        "The OCI runtime did not tell it. That happens with another runtime than the one that made"
        " the checkpoint, and with paths below /proc or /sys that this host's kernel does not have."
        " Restore it with the same runtime, on a host whose kernel is more like the old one.",
        ("external-mount-unmapped", "runtime-missing"),
        by=CRIU,
    ),
    Cause(
        "overlay-mount",
        r"Unable to mount (?P<path>\S*/userdata/overlay/\S*)",
        "The container mounts an overlay or an image, and that does not come back",
        "Podman gives the overlay another folder each time, and CRIU looks for the old one. Make"
        " the container anew without that mount (--volume …:O, --mount type=image), and checkpoint"
        " it again.",
        ("overlay-mount",),
        by=CRIU,
    ),
    Cause(
        "mountpoint-missing",
        r"Can't stat mountpoint \S+: No such file or directory",
        "The place for a mount is missing in the container",
        "Mounted secrets end so, whether the secret is on the host or not: make the checkpoint"
        " again with `--secret NAME,type=env`. For any other mount the folder or file that it was"
        " mounted on is missing in the image, volume or folder of the host; create it.",
        ("secret-mount", "bind-source-missing", "bind-source-kind"),
        by=CRIU,
    ),
    Cause(
        "bind-source-kind",
        r"Failed to move_mount from (?P<source>\S+) to (?P<path>\S+?): Invalid argument"
        r"|Can't remount (?P<place>\S+) with MS_PRIVATE.*",
        "What the container mounts is a symbolic link on this host, or no longer the same kind",
        "Only a folder goes where a folder was, and only a file where a file was; links are not"
        " followed. Look at the sources of the mounts with `ls -ld`, and put there what the"
        " container had.",
        ("bind-source-link", "bind-source-kind"),
        by=CRIU,
    ),
    Cause(
        "mount-failed",
        r"mnt(?:-v2)?: (?:Unable to mount|Can't mount at|Failed to open_tree) .*",
        "A mount of the container cannot be made again",
        "Something that was mounted is missing or another one on this host: a folder, an NFS share,"
        " a file system that the kernel does not know. Provide it as it was on the old host.",
        ("bind-source-missing", "bind-source-kind", "bind-source-link"),
        by=CRIU,
    ),
    Cause(
        "tar-missing",
        r"Can't restore tmpfs content",
        "The content of a tmpfs mount cannot be unpacked",
        "CRIU does it with the programs tar and gzip: install both. If they are there, the mount is"
        " too small for its content.",
        by=CRIU,
    ),
)
