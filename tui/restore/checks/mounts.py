"""Checks of what the container mounts: the host's files, named volumes, devices."""

import posixpath
import stat
from collections.abc import Iterator, Mapping

from tui.archive.model import MemberKind
from tui.checkpoint.checkpoint import CONFIG, SPEC
from tui.checkpoint.config import NamedVolume
from tui.checkpoint.spec import Device, Mount
from tui.criu.state import RegularFile
from tui.host.facts import PathKind, PathStatus, Podman, Unknown, known
from tui.host.questions import (
    MADE_BY_PODMAN,
    SECRETS,
    bind_mounts,
    device_paths,
    is_bind,
    of_container,
    pid_folders,
    volume_mounts,
    volume_paths,
)
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.checks.words import SHOWN, some
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.restore.remedies import KEEP_NAME
from tui.text import plural, safe_text

FRESH_VOLUME = 0o755
"""Permissions of a volume that Podman makes; those in the archive do not count."""

MOVES_MOUNTS = (31700, (5, 15))
"""The first CRIU and kernel where mounts are moved to their place, links not followed."""

Paths = Mapping[str, PathStatus | None]


@check("bind-source-missing", Severity.BLOCKER, "Something that the container mounts is not here")
def source_missing(case: Case) -> Iterator[Conflict]:
    """The container mounts a file or folder of the host that this host does not have.

    Only the path is in the archive, never the content. The restore fails: ``crun: stat `/srv/site`:
    No such file or directory``. Bring the files over, or make an empty folder if that is enough
    for the processes; CRIU wants every file again that a process has open.
    """
    mounts = list(bind_mounts(case.checkpoint))
    paths = case.facts.paths
    if isinstance(paths, Unknown):
        if mounts:
            first = case.at(SPEC, "mounts", mounts[0][0], "source")
            yield unchecked(
                "bind-source-missing", "the mounts", paths.reason, first, on_host("paths")
            )
        return
    for source, found in _by_source(mounts).items():
        where = tuple(case.at(SPEC, "mounts", index, "source") for index, _ in found)
        if source not in paths.value:
            if source.startswith("/"):
                reason = "it was not asked"
                yield unchecked("bind-source-missing", safe_text(source), reason, *where)
            continue
        if paths.value[source] is not None:
            continue
        path, mount = safe_text(source), found[0][1]
        kind = _kind(case, mount.destination)
        remedies = (
            Remedy(
                "make-folder",
                f"make an empty folder {path}",
                commands=(("mkdir", "-p", "--", source),),
            ),
        )
        yield Conflict(
            "bind-source-missing",
            Severity.BLOCKER,
            f"{path} is not on this host",
            f"The container mounts it at {safe_text(mount.destination)}; the archive does not hold"
            " what was in it.",
            subject=source,
            where=(*where, on_host("paths", source)),
            evidence=Evidence(
                archive=safe_text(f"{kind or 'mount'} at {mount.destination}"),
                host="no such file or directory",
            ),
            remedies=remedies if kind != PathKind.FILE else (),
        )


@check("overlay-mount", Severity.BLOCKER, "Overlay and image mounts do not come back")
def overlay_mount(case: Case) -> Iterator[Conflict]:
    """The container mounts an overlay of a folder (`--volume …:O`) or an image.

    Podman makes the overlay in a folder with a random name and makes another one at the restore.
    CRIU mounts the old one and fails: `mnt: Unable to mount …/userdata/overlay/…/merge`. There is
    no way around it: make the container anew without that mount, and checkpoint it again.
    """
    for index, mount in enumerate(case.checkpoint.spec.mounts or ()):
        if mount.type == "overlay" and of_container(mount.source):
            place = safe_text(mount.destination)
            yield Conflict(
                "overlay-mount",
                Severity.BLOCKER,
                f"The overlay at {place} does not come back",
                "CRIU looks for it in a folder that Podman makes under another name each time.",
                subject=mount.destination,
                where=(case.at(SPEC, "mounts", index),),
                evidence=Evidence(archive=f"an overlay mount at {place}"),
            )


@check("pid-folder-missing", Severity.BLOCKER, "The folder for the PID file is not on the host")
def pid_folder_missing(case: Case) -> Iterator[Conflict]:
    """The container was started with `--pidfile` in a folder that this host does not have.

    The runtime writes the PID of the restored container there, and fails: ``crun: open `…` for
    writing: No such file or directory``. Make the folder.
    """
    paths = case.facts.paths
    where = case.at(CONFIG, "pid_file")
    for folder in pid_folders(case.checkpoint):
        if isinstance(paths, Unknown):
            yield unchecked(
                "pid-folder-missing", safe_text(folder), paths.reason, where, on_host("paths")
            )
        elif folder in paths.value and paths.value[folder] is None:
            yield Conflict(
                "pid-folder-missing",
                Severity.BLOCKER,
                f"{safe_text(folder)} is not on this host",
                "The runtime writes the container's PID to a file in it.",
                subject=folder,
                where=(where, on_host("paths", folder)),
                evidence=Evidence(
                    archive=safe_text(case.checkpoint.config.pid_file),
                    host="no such file or directory",
                ),
                remedies=(
                    Remedy(
                        "make-folder",
                        f"make the folder {safe_text(folder)}",
                        commands=(("mkdir", "-p", "--", folder),),
                    ),
                ),
            )


@check("bind-source-kind", Severity.BLOCKER, "A folder is mounted where a file was, or vice versa")
def source_kind(case: Case) -> Iterator[Conflict]:
    """The host has the path that the container mounts, but a file and no folder, or vice versa.

    Only a folder can be mounted on a folder, and only a file on a file. CRIU fails: `mnt-v2: Failed
    to move_mount from …: Invalid argument`. What it was is known from the archive's root file
    system, where Podman made the place for the mount. Put there what the container had.
    """
    for mount, status, where in _present(case):
        kind = _kind(case, mount.destination)
        if kind is None or (kind is PathKind.DIRECTORY) == (status.kind is PathKind.DIRECTORY):
            continue
        source = safe_text(mount.source)
        yield Conflict(
            "bind-source-kind",
            Severity.BLOCKER,
            f"{source} is a {status.kind} here, and was a {kind}",
            f"It cannot be mounted at {safe_text(mount.destination)} any more.",
            subject=mount.destination,
            where=where,
            evidence=Evidence(
                archive=safe_text(f"{kind} at {mount.destination}"),
                host=safe_text(f"{status.kind} {mount.source}"),
            ),
        )


@check("bind-source-link", Severity.BLOCKER, "A symbolic link is mounted into the container")
def source_link(case: Case) -> Iterator[Conflict]:
    """The path that the container mounts is a symbolic link on this host.

    `podman run` follows it, CRIU does not: `mnt-v2: Failed to move_mount from …: Invalid
    argument`, or `Can't remount … with MS_PRIVATE`. Links further up in the path do no harm. It
    hits every container with `--init` where the package has `/usr/libexec/podman/catatonit` as a
    link. Put the file or folder itself in that place; for a folder, an empty one with a bind mount
    on it will do.

    CRIU before 3.17 and kernels before 5.15 mount in another way that follows links, so that it is
    a warning there.
    """
    for mount, status, where in _present(case):
        if not status.link:
            continue
        source = safe_text(mount.source)
        yield Conflict(
            "bind-source-link",
            Severity.BLOCKER if _moves_mounts(case) else Severity.WARNING,
            f"{source} is a symbolic link",
            "CRIU does not follow it and cannot mount it. Put what it leads to in its place.",
            subject=mount.destination,
            where=where,
            evidence=Evidence(
                archive=safe_text(f"mounted at {mount.destination}"),
                host=f"{source} leads to a {status.kind}",
            ),
        )


@check("bind-source-mode", Severity.BLOCKER, "Something mounted has other permissions than it had")
def source_mode(case: Case) -> Iterator[Conflict]:
    """A process works in, or has open, what is mounted, and on this host it has another mode.

    CRIU compares it: `File srv has bad mode 040700 (expect 040755)`. Give it the old permissions.
    """
    opened = _opened(case)
    for mount, status, where in _present(case):
        file = opened.get(mount.destination)
        if file is None or file.mode is None:
            continue
        wanted = stat.S_IMODE(file.mode)
        same_kind = stat.S_ISDIR(file.mode) == (status.kind is PathKind.DIRECTORY)
        if not same_kind or status.mode == wanted:
            continue
        source = safe_text(mount.source)
        yield Conflict(
            "bind-source-mode",
            Severity.BLOCKER,
            f"{source} has the mode {status.mode:04o}, and had {wanted:04o}",
            f"A process has {safe_text(mount.destination)} open, and CRIU compares the mode.",
            subject=mount.destination,
            where=where,
            evidence=Evidence(archive=f"mode {wanted:04o}", host=f"mode {status.mode:04o}"),
            remedies=(
                Remedy(
                    "old-mode",
                    f"give {source} the mode {wanted:04o}",
                    commands=(("chmod", f"{wanted:04o}", "--", mount.source),),
                ),
            ),
        )


@check(
    "mount-of-old-container", Severity.BLOCKER, "A mount comes from the old container's own folder"
)
def of_old_container(case: Case) -> Iterator[Conflict]:
    """A mount's source lies in the folder that Podman keeps for the container under its old ID.

    Podman makes such files anew (`/etc/localtime` of `--tz`, `/etc/passwd` of `--hostuser`), but
    leaves the mount as it was. Under a new name the container has a new ID and a new folder, and
    the restore fails: ``crun: stat `…/userdata/localtime`: No such file or directory``. It fails as
    well where this host's Podman keeps its storage elsewhere. Keep the old name.
    """
    config, engine = case.checkpoint.config, known(case.facts.podman, None)
    for index, mount in enumerate(case.checkpoint.spec.mounts or ()):
        source = mount.source
        if (
            not is_bind(mount)
            or not config.id
            or of_container(source) != config.id
            or mount.destination in MADE_BY_PODMAN
            or mount.destination.startswith(SECRETS)
        ):
            continue
        remedies: tuple[Remedy, ...] = ()
        if engine and not _below(source, (engine.graph_root, engine.run_root)):
            title = f"{safe_text(mount.destination)} needs Podman's storage where it was"
            detail = "Podman does not change where the mount leads to."
            host = safe_text(f"storage at {engine.graph_root} and {engine.run_root}")
        elif case.options.name:
            title = f"{safe_text(mount.destination)} needs the container's old ID"
            detail = "A new name brings a new ID, and the mount leads into the folder of the old."
            remedies = (KEEP_NAME,)
            host = f"--name {safe_text(case.options.name)}"
        else:
            continue
        where = [case.at(SPEC, "mounts", index, "source")]
        if not remedies:
            where.append(on_host("podman", "graph_root"))
        yield Conflict(
            "mount-of-old-container",
            Severity.BLOCKER,
            title,
            detail,
            subject=mount.destination,
            where=tuple(where),
            evidence=Evidence(archive=safe_text(source), host=host),
            remedies=remedies,
        )


@check("device-missing", Severity.BLOCKER, "A device of the container is not on the host")
def device_missing(case: Case) -> Iterator[Conflict]:
    """The container got a device that this host's kernel does not have.

    The device node comes back by its numbers, whatever they stand for here. Where a process has
    it open, CRIU fails to open it again; otherwise it is a warning, because the restore works and
    the device does not. Load the device's driver, or restore it on a host that has one.
    """
    devices = [
        (index, device)
        for index, device in enumerate(case.checkpoint.spec.linux.devices or ())
        if device.type in ("b", "c", "u")
    ]
    paths = case.facts.paths
    if isinstance(paths, Unknown):
        if devices:
            where = case.at(SPEC, "linux", "devices"), on_host("paths")
            yield unchecked("device-missing", "the devices", paths.reason, *where)
        return
    unasked = [one for _, one in devices if device_paths(one)[1] not in paths.value]
    if unasked:
        where = case.at(SPEC, "linux", "devices"), on_host("paths")
        yield unchecked("device-missing", "the devices", "it was not asked", *where)
        return
    opened = _opened(case)
    gone = [(index, one) for index, one in devices if not _has_device(paths.value, one)]
    unused = [(index, one) for index, one in gone if one.path not in opened]
    for index, device in gone:
        if device.path in opened:
            path = safe_text(device.path)
            yield Conflict(
                "device-missing",
                Severity.BLOCKER,
                f"This host has no device {path} ({device.major}:{device.minor})",
                "A process has it open, and CRIU cannot open it again.",
                subject=device.path,
                where=(
                    case.at(SPEC, "linux", "devices", index),
                    on_host("paths", device_paths(device)[1]),
                ),
                evidence=Evidence(
                    archive=f"{path}, {device.major}:{device.minor}, open in a process",
                    host=f"no device {device.major}:{device.minor}",
                ),
            )
    if unused:
        names = some([device.path for _, device in unused])
        yield Conflict(
            "device-missing",
            Severity.WARNING,
            f"{plural(len(unused), 'device')} of the container {'are' if unused[1:] else 'is'}"
            " not on this host",
            "No process has one open. The container gets the nodes, and nothing answers there.",
            where=(
                *(case.at(SPEC, "linux", "devices", index) for index, _ in unused[:SHOWN]),
                on_host("paths"),
            ),
            evidence=Evidence(archive=names, host="no device of these numbers"),
        )


@check("volume-data-missing", Severity.BLOCKER, "The content of a volume is not in the archive")
def volume_data_missing(case: Case) -> Iterator[Conflict]:
    """The checkpoint was exported with `--ignore-volumes`, and Podman looks for the content.

    It fails once the container and an empty volume are made: `failed to open volume file
    …/volumes/NAME.tar: no such file or directory`. Restore with `--ignore-volumes`: a volume that
    is not on the host is then made empty, so bring its content over before.
    """
    contents, options = case.checkpoint.contents, case.options
    if options.ignore_volumes or not contents.complete:
        return
    members = {member.name for member in contents.members}
    for index, volume in _each_volume(case):
        member = f"volumes/{volume.name}.tar"
        if posixpath.normpath(member) not in members:
            name = safe_text(volume.name)
            yield Conflict(
                "volume-data-missing",
                Severity.BLOCKER,
                f"The archive has no content for volume {name}",
                "It was exported with --ignore-volumes, and can only be restored with it.",
                subject=volume.name,
                where=(case.at(CONFIG, "namedVolumes", index, "volumeName"),),
                evidence=Evidence(archive=safe_text(f"no {member}")),
                remedies=(
                    Remedy(
                        "ignore-volumes",
                        "restore without the content of volumes",
                        options={"ignore_volumes": True},
                    ),
                ),
            )


@check("volume-root-mode", Severity.BLOCKER, "A volume gets other permissions than it had")
def volume_root_mode(case: Case) -> Iterator[Conflict]:
    """A process works in a volume whose top folder does not have the usual mode 0755.

    Podman makes the volume with 0755 and unpacks the content, but not the mode of the top folder.
    Where a process has that folder open or works in it, CRIU fails: `File var/lib/redis has bad
    mode 040755 (expect 040750)`. Make the volume with the right mode yourself, bring the content
    over if you need it, and restore with `--ignore-volumes`.
    """
    opened = _opened(case)
    mounts = {volume.name: mount for _, volume, mount in volume_mounts(case.checkpoint)}
    for index, volume in _each_volume(case):
        file = opened.get(volume.dest)
        if file is None or file.mode is None:
            continue
        wanted = stat.S_IMODE(file.mode)
        mode, where = _volume_mode(case, volume, mounts.get(volume.name))
        if mode is None or mode == wanted or not stat.S_ISDIR(file.mode):
            continue
        name = safe_text(volume.name)
        kept = where is not None
        yield Conflict(
            "volume-root-mode",
            Severity.BLOCKER,
            f"Volume {name} {'has' if kept else 'gets'} the mode {mode:04o}, and had {wanted:04o}",
            f"A process has {safe_text(volume.dest)} open, and CRIU compares the mode."
            + ("" if kept else " Podman makes every volume with 0755."),
            subject=volume.name,
            where=(
                case.at(CONFIG, "namedVolumes", index, "dest"),
                *([where] if where else ()),
            ),
            evidence=Evidence(archive=f"mode {wanted:04o}", host=f"mode {mode:04o}"),
            remedies=tuple(_mode_remedies(case, volume, wanted, kept=kept)),
        )


@check("volume-driver", Severity.NOTE, "A volume becomes an ordinary one")
def volume_driver(case: Case) -> Iterator[Conflict]:
    """A volume had options of a driver; the archive does not say which driver it was.

    Podman makes the volume on this host's own disk. If the data should lie elsewhere, create the
    volume with its driver first, and restore with `--ignore-volumes`.
    """
    there = {one.name for one in known(case.facts.volumes, ())}
    for index, volume in _each_volume(case):
        options = [one for one in volume.options or () if one.startswith("volume-opt")]
        if options and volume.name not in there:
            yield Conflict(
                "volume-driver",
                Severity.NOTE,
                f"Volume {safe_text(volume.name)} is made with the driver local",
                "The archive has options of a driver, but not its name.",
                subject=volume.name,
                where=(case.at(CONFIG, "namedVolumes", index),),
                evidence=Evidence(archive=safe_text(", ".join(options))),
            )


@check("volume-elsewhere", Severity.BLOCKER, "Volumes lay in another folder")
def volume_elsewhere(case: Case) -> Iterator[Conflict]:
    """The old Podman kept its volumes in another folder than this host's Podman does.

    Podman makes the volume in its own folder, but leaves the mount as it was, and the restore
    fails: ``crun: stat `/old/volumes/NAME/_data`: No such file or directory``. Make the old folder
    a symbolic link to the new one (the folder of all volumes, not that of one), or let Podman
    have the old one (`volume_path` in containers.conf).
    """
    podman, paths = case.facts.podman, case.facts.paths
    if isinstance(podman, Unknown):
        return
    for index, volume, mount in volume_mounts(case.checkpoint):
        source = mount.source
        if not source.startswith("/") or _made_at(case, podman.value, volume, source):
            continue
        where = case.at(CONFIG, "namedVolumes", index), on_host("podman", "volume_path")
        if isinstance(paths, Unknown):
            yield unchecked("volume-elsewhere", "the volumes' folders", paths.reason, *where)
            return
        there = any(paths.value.get(path) for path in volume_paths(source))
        yield Conflict(
            "volume-elsewhere",
            Severity.WARNING if there else Severity.BLOCKER,
            f"Volume {safe_text(volume.name)} lay in another folder",
            f"The container will mount {safe_text(source)}, and Podman makes the volume in"
            f" {safe_text(podman.value.volume_path)}."
            + (" There is something in the old place; it may be something else." * there),
            subject=volume.dest,
            where=where,
            evidence=Evidence(archive=safe_text(source), host=safe_text(podman.value.volume_path)),
        )


def _by_source(mounts: list[tuple[int, Mount]]) -> dict[str, list[tuple[int, Mount]]]:
    found: dict[str, list[tuple[int, Mount]]] = {}
    for index, mount in mounts:
        found.setdefault(mount.source, []).append((index, mount))
    return found


def _present(case: Case) -> Iterator[tuple[Mount, PathStatus, tuple[Location, ...]]]:
    """The mounts whose source is on the host, each destination once, with their places."""
    paths = case.facts.paths
    if isinstance(paths, Unknown):
        return
    seen: set[str] = set()
    for index, mount in bind_mounts(case.checkpoint):
        status = paths.value.get(mount.source)
        if status and mount.destination not in seen:
            seen.add(mount.destination)
            where = case.at(SPEC, "mounts", index, "source"), on_host("paths", mount.source)
            yield mount, status, where


def _opened(case: Case) -> dict[str, RegularFile]:
    """What processes have open, by path."""
    state = case.checkpoint.criu
    return {file.path: file for file in state.files if not file.ghost} if state else {}


def _kind(case: Case, destination: str) -> PathKind | None:
    """Whether a folder or a file was mounted; None where nothing tells."""
    if (file := _opened(case).get(destination)) and file.mode is not None:
        if stat.S_ISDIR(file.mode):
            return PathKind.DIRECTORY
        return PathKind.FILE if stat.S_ISREG(file.mode) else None
    name = posixpath.normpath(f"/{destination}").strip("/")
    kinds: dict[object, PathKind] = {
        MemberKind.FILE: PathKind.FILE,
        MemberKind.DIRECTORY: PathKind.DIRECTORY,
        "file": PathKind.FILE,
        "directory": PathKind.DIRECTORY,
    }
    for member in case.checkpoint.contents.nested.get("rootfs-diff.tar", ()):
        if member.name.strip("/") == name:
            return kinds.get(member.kind)
    image = known(case.facts.image_files, {}).get(name)
    return kinds.get(image.kind) if image else None


def _moves_mounts(case: Case) -> bool:
    criu, podman = case.facts.criu, case.facts.podman
    if isinstance(criu, Unknown) or criu.value is None or isinstance(podman, Unknown):
        return False
    kernel = podman.value.kernel.split(".")
    numbers = tuple(int(part) for part in kernel[:2] if part.isdecimal())
    oldest_criu, oldest_kernel = MOVES_MOUNTS
    return criu.value.version >= oldest_criu and numbers >= oldest_kernel


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(f"{folder.rstrip('/')}/") for folder in folders if folder)


def _has_device(paths: Paths, device: Device) -> bool:
    """Whether the kernel lists the device, or the host has a node with its numbers."""
    node, listed = device_paths(device)
    status = paths.get(node)
    numbers = status.device if status else None
    return paths.get(listed) is not None or numbers == (device.major, device.minor)


def _each_volume(case: Case) -> Iterator[tuple[int, NamedVolume]]:
    """Each volume once, with its place, however often it is mounted."""
    seen: set[str] = set()
    for index, volume in enumerate(case.checkpoint.config.named_volumes or ()):
        if volume.name not in seen:
            seen.add(volume.name)
            yield index, volume


def _volume_mode(
    case: Case, volume: NamedVolume, mount: Mount | None
) -> tuple[int | None, Location | None]:
    """The mode that the volume's top folder will have, and the host's node that says so."""
    volumes = case.facts.volumes
    if isinstance(volumes, Unknown):
        return None, None
    if not any(one.name == volume.name for one in volumes.value):
        return FRESH_VOLUME, None
    paths = case.facts.paths
    if not case.options.ignore_volumes or mount is None or isinstance(paths, Unknown):
        return None, None  # another check blocks, or nobody knows
    status = paths.value.get(mount.source)
    return (status.mode, on_host("paths", mount.source)) if status else (None, None)


def _mode_remedies(case: Case, volume: NamedVolume, wanted: int, *, kept: bool) -> Iterator[Remedy]:
    podman, name = case.facts.podman, safe_text(volume.name)
    if isinstance(podman, Unknown) or not podman.value.volume_path:
        return
    folder = f"{podman.value.volume_path}/{volume.name}/_data"
    change = ("chmod", f"{wanted:04o}", "--", folder)
    if kept:
        yield Remedy("old-mode", f"give it the mode {wanted:04o}", commands=(change,))
        return
    yield Remedy(
        "create-volume",
        f"create an empty volume with the mode {wanted:04o}, for --ignore-volumes",
        commands=(("podman", "volume", "create", "--", volume.name), change),
        removes="" if case.options.ignore_volumes else f"the archive's content of volume {name}",
    )


def _made_at(case: Case, podman: Podman, volume: NamedVolume, source: str) -> bool:
    """Whether Podman will have the volume at `source`."""
    there = known(case.facts.volumes, ())
    made = {one.mountpoint for one in there if one.name == volume.name}
    made |= {posixpath.join(podman.volume_path, volume.name, "_data")}
    return not podman.volume_path or any(
        source == folder or source.startswith(f"{folder}/") for folder in made
    )
