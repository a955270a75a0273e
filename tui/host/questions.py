"""What a checkpoint makes podthaw ask its host, beyond what it asks every host."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import NamedVolume
from tui.checkpoint.spec import Device, Mount
from tui.host.image import image_to_list

_ID = re.compile(r"[0-9a-f]{64}")

_SLICE = ".slice"

_CONTAINER_FOLDER = re.compile(r"/[a-z0-9]+-containers/([0-9a-f]{64})/userdata(/|$)")
"""`staticDir` of Podman for every storage driver: `overlay-containers/ID/userdata`."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The part of the facts that depends on the archive."""

    runtime: str = ""
    """The OCI runtime that a restore would use, by name or path; empty for Podman's default."""
    paths: tuple[str, ...] = ()
    """Absolute paths of the host that the container mounts or uses as devices."""
    programs: tuple[str, ...] = ()
    """Programs that the restore runs besides Podman and CRIU: `iptables-restore`."""
    image_id: str = ""
    """The image whose files are compared; empty when none needs to be."""
    container: str = ""
    """The full ID of the container, whose cgroups an earlier restore may have left."""
    cgroup_parent: str = ""
    """What its cgroup is made in; empty where the pods of the host decide."""


PROGRAMS = ("iptables-restore", "ip6tables-restore", "nft")
"""What CRIU locks the network with."""

MADE_BY_PODMAN = frozenset(
    {
        "/dev/shm",
        "/etc/hostname",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/run/.containerenv",
        "/run/secrets",
        "/var/run/.containerenv",
        "/var/run/secrets",
    }
)
"""Mounts that Podman takes out of spec.dump and makes anew (libpod/runtime_ctr.go)."""

SECRETS = ("/run/secrets/", "/var/run/secrets/")
"""Where Podman mounts secrets, unless they have a target of their own."""

LONGEST_PATH = 4095
"""Bytes of a path that the kernel takes (PATH_MAX)."""


def questions(checkpoint: Checkpoint) -> Questions:
    """What to ask before `checkpoint` is restored."""
    linux, config = checkpoint.spec.linux, checkpoint.config
    parent = "" if config.pod else config.cgroup_parent
    container = config.id if parent or config.pod else ""
    wanted = (
        *(mount.source for _, mount in bind_mounts(checkpoint)),
        *(path for _, _, mount in volume_mounts(checkpoint) for path in volume_paths(mount.source)),
        *(path for device in linux.devices or () for path in device_paths(device)),
        *(linux.masked_paths or ()),
        *pid_folders(checkpoint),
    )
    return Questions(
        runtime=config.runtime,
        paths=tuple(dict.fromkeys(path for path in wanted if _can_be_asked(path))),
        programs=PROGRAMS if checkpoint.documents else (),
        image_id=image_to_list(checkpoint),
        container=container if _ID.fullmatch(container) and _can_be_asked(f"/{parent}") else "",
        cgroup_parent=parent,
    )


def bind_mounts(checkpoint: Checkpoint) -> Iterator[tuple[int, Mount]]:
    """The mounts of the host's own files and folders, with their places in spec.dump.

    Left out is what Podman makes itself: named volumes, and what it keeps for every container in
    a folder with the container's ID.
    """
    config = checkpoint.config
    volumes = {volume.dest for volume in config.named_volumes or ()}
    for index, mount in enumerate(checkpoint.spec.mounts or ()):
        if is_bind(mount) and not (
            mount.destination in MADE_BY_PODMAN
            or mount.destination in volumes
            or of_container(mount.source)
        ):
            yield index, mount


def volume_mounts(checkpoint: Checkpoint) -> Iterator[tuple[int, NamedVolume, Mount]]:
    """Each named volume with its place in config.dump and its mount in spec.dump."""
    mounts = {mount.destination: mount for mount in checkpoint.spec.mounts or ()}
    for index, volume in enumerate(checkpoint.config.named_volumes or ()):
        mount = mounts.get(volume.dest)
        if mount and is_bind(mount):
            yield index, volume, mount


def pid_folders(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The folder of the file that the runtime writes the PID to, unless it is Podman's own."""
    path = checkpoint.config.pid_file
    return () if not path or of_container(path) else (posixpath.dirname(path),)


def volume_paths(source: str) -> tuple[str, ...]:
    """Where a volume's data lay, and the folder of all volumes above it."""
    folder = re.match(r"(/.*)/[^/]+/_data(/|$)", source)
    return (source, folder[1]) if folder else (source,)


def is_bind(mount: Mount) -> bool:
    """Whether the mount shows something of the host."""
    return mount.type == "bind" or not {"bind", "rbind"}.isdisjoint(mount.options or ())


def cgroup_path(parent: str, container: str) -> str:
    """A container's cgroup, below the mount points of the controllers.

    `getOCICgroupPath` in libpod/container_internal_linux.go; of systemd's slices, each part of a
    name is a folder (systemd.slice(5)).
    """
    if not parent.endswith(_SLICE):
        return posixpath.normpath(f"/{parent.strip('/')}/libpod-{container}")
    parts = posixpath.basename(parent).removesuffix(_SLICE).split("-")
    slices = ["-".join(parts[:count]) + _SLICE for count in range(1, len(parts) + 1)]
    return f"/{'/'.join(slices)}/libpod-{container}.scope"


def of_container(source: str) -> str:
    """The ID of the container whose own files Podman keeps where `source` lies; empty: of none."""
    folder = _CONTAINER_FOLDER.search(source)
    return folder[1] if folder else ""


def device_paths(device: Device) -> tuple[str, str]:
    """Where the host has a device if it has it: its node, and the kernel's own list."""
    kind = "block" if device.type == "b" else "char"
    return device.path, f"/sys/dev/{kind}/{device.major}:{device.minor}"


def _can_be_asked(path: str) -> bool:
    return (
        path.startswith("/")
        and "\0" not in path
        and len(path.encode("utf-8", "replace")) <= LONGEST_PATH
    )
