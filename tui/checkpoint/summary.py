"""What people ask first about a checkpoint, worked out from its members and documents."""

import re
from collections.abc import Iterator
from datetime import datetime

from tui.archive.layout import IMAGES, PRE_IMAGES, Layout
from tui.archive.model import Member, MemberKind
from tui.checkpoint.checkpoint import CONFIG, Checkpoint
from tui.checkpoint.documents import DocumentError, parse
from tui.checkpoint.origin import origin

_PAGES = re.compile(r"pages-[^/]*\.img")

_VERSIONS = (
    ("orderedNetworks", "6.0"),
    ("defaultPause", "5.5"),
    ("useImageHostname", "5.4"),
    ("readWriteTmpfs", "4.7"),
    ("kubeExitCodePropagation", "4.6"),
    ("label_nested", "4.5"),
    ("healthcheck_on_failure_action", "4.3"),
    ("isService", "4.2"),
    ("storageOpts", "4.0"),
    ("newNetworks", "4.0"),
    ("newPortMappings", "4.0"),
    ("secretsPath", "3.1"),
)
"""Keys of config.dump and the first Podman that writes them (`libpod/container_config.go`)."""


def created(checkpoint: Checkpoint) -> datetime | None:
    """When the container was made."""
    return origin(checkpoint).created


def checkpointed(checkpoint: Checkpoint) -> datetime | None:
    """When it was checkpointed."""
    return origin(checkpoint).checkpointed


def memory_size(checkpoint: Checkpoint) -> int:
    """Bytes of memory pages."""
    return sum(member.size for name, member in images(checkpoint).items() if _PAGES.fullmatch(name))


def checkpoint_size(checkpoint: Checkpoint) -> int:
    """Bytes of all that CRIU wrote."""
    return sum(member.size for member in images(checkpoint).values())


def images(checkpoint: Checkpoint) -> dict[str, Member]:
    """What CRIU wrote, by name."""
    folder = checkpoint.folder
    return {
        name.removeprefix(folder): member
        for name, member in _members(checkpoint).items()
        if name.startswith(folder)
    }


def diff_size(checkpoint: Checkpoint) -> int:
    """Bytes of the files that the container added to its image or changed."""
    return sum(entry.size for entry in diff(checkpoint))


def diff(checkpoint: Checkpoint) -> tuple[Member, ...]:
    """The files that the container added to its image or changed."""
    return checkpoint.contents.nested.get("rootfs-diff.tar", ())


def deleted(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The files of the image that the container deleted."""
    raw = checkpoint.contents.files.get("deleted.files", b"[]")
    try:
        paths = parse(raw).value
    except DocumentError:
        return ()
    if not isinstance(paths, list):
        return ()
    return tuple(path for path in paths if isinstance(path, str))


def volume_sizes(checkpoint: Checkpoint) -> dict[str, int]:
    """Bytes of the files in each volume that is in the archive, by the volume's name."""
    return {
        name.removeprefix("volumes/").removesuffix(".tar"): sum(entry.size for entry in entries)
        for name, entries in checkpoint.contents.nested.items()
        if name.startswith("volumes/")
    }


def needs_previous(checkpoint: Checkpoint) -> bool:
    """Whether the memory is only complete with the pre-checkpoint that came before."""
    members = _members(checkpoint)
    parent = members.get(f"{IMAGES}parent") or members.get(f"{PRE_IMAGES}parent")
    return parent is not None and parent.kind is MemberKind.SYMLINK


def lacking(checkpoint: Checkpoint) -> Iterator[str]:
    """What such a checkpoint does not have, although a restore or a look into it needs it."""
    if not checkpoint.contents.finished:
        return
    if checkpoint.bare:
        documents = "config.dump" if checkpoint.documents else "config.dump or spec.dump"
        yield f"the container's configuration: there is no {documents}"
        yield "changes to the root file system: they stay with the container"
    if checkpoint.layout is Layout.PODMAN_PRE:
        yield "processes, open files and sockets: they are in the final checkpoint"
    if needs_previous(checkpoint):
        yield "part of the memory: it is in the pre-checkpoint that was made before"


def podman_version(checkpoint: Checkpoint) -> str:
    """The oldest Podman that writes such a config.dump (`5.5`), empty before 3.1."""
    document = checkpoint.documents.get(CONFIG)
    keys = document.keys() if isinstance(document, dict) else ()
    return next((version for key, version in _VERSIONS if key in keys), "")


def _members(checkpoint: Checkpoint) -> dict[str, Member]:
    """By name, of duplicates the last."""
    return {member.name: member for member in checkpoint.contents.members}
