"""Checks of what a restore uses up: locks, disk space, memory."""

from collections.abc import Iterator

from tui.archive.model import Contents
from tui.checkpoint.checkpoint import CONFIG
from tui.host.collect import TEMPORARY
from tui.host.facts import Known, Unknown
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Severity
from tui.text import plural, safe_text, size

NEGLIGIBLE = 256 << 20
"""Bytes that a host is expected to have without being asked."""

_DIFF = "rootfs-diff.tar"
_SHARED_MEMORY = "devshm-checkpoint.tar"


@check("locks-exhausted", Severity.BLOCKER, "Podman has no lock left")
def locks_exhausted(case: Case) -> Iterator[Conflict]:
    """Every container, pod and volume needs one of Podman's locks, and there are not enough.

    Podman fails: `allocating lock for new container: …`. Remove containers and volumes that nobody
    needs, or raise `num_locks` in containers.conf (and run `podman system renumber`).
    """
    podman, volumes = case.facts.podman, case.facts.volumes
    if isinstance(podman, Unknown) or podman.value.free_locks is None:
        return
    wanted = {volume.name for volume in case.checkpoint.config.named_volumes or ()}
    new = wanted - {volume.name for volume in volumes.value} if isinstance(volumes, Known) else ()
    needed = 1 + len(new)
    free = podman.value.free_locks
    if free < needed:
        yield Conflict(
            "locks-exhausted",
            Severity.BLOCKER,
            f"Podman has {plural(free, 'lock')} left, and {needed} are needed"
            if free
            else "Podman has no lock left",
            "Remove containers or volumes, or raise num_locks in containers.conf.",
            where=(on_host("podman", "free_locks"),),
            evidence=Evidence(
                archive=f"a container and {plural(needed - 1, 'new volume')}",
                host=f"{plural(free, 'free lock')}",
            ),
        )


@check("disk-space", Severity.WARNING, "The disk may be too small")
def disk_space(case: Case) -> Iterator[Conflict]:
    """Podman unpacks the whole archive below its storage, and from there files and volumes.

    Until the restore has ended everything is there twice. Podman also unpacks shared memory to
    /var/tmp (or TMPDIR) before. It breaks off when a disk is full. The sizes are those of the
    unpacked archive; the image, if it has to be pulled, comes on top.
    """
    contents = case.checkpoint.contents
    podman, space = case.facts.podman, case.facts.space
    if not contents.finished or isinstance(podman, Unknown):
        return
    sizes = _sizes(contents)
    volumes = sum(count for name, count in sizes.items() if name.startswith("volumes/"))
    unpacked = 0 if case.options.ignore_volumes else volumes
    diff = 0 if case.options.ignore_rootfs else sizes.get(_DIFF, 0)
    storage, folder = podman.value.graph_root, podman.value.volume_path
    needed = {storage: sum(sizes.values()) + diff}
    place = storage if folder.startswith(f"{storage}/") else folder
    needed[place] = needed.get(place, 0) + unpacked
    needed[TEMPORARY] = sizes.get(_SHARED_MEMORY, 0)
    if isinstance(space, Unknown):
        if sum(needed.values()) > NEGLIGIBLE:
            yield unchecked("disk-space", "the disk", space.reason, on_host("space"))
        return
    for path, count in needed.items():
        free = space.value.get(path)
        if free is not None and count > free:
            yield Conflict(
                "disk-space",
                Severity.WARNING,
                f"{safe_text(path)} has {size(free)} left, and {size(count)} are needed",
                "Podman unpacks the archive there. Make room first.",
                subject=path,
                where=(on_host("space", path),),
                evidence=Evidence(archive=f"{size(count)} to unpack", host=f"{size(free)} free"),
            )


@check("memory", Severity.WARNING, "The memory may be too small")
def memory(case: Case) -> Iterator[Conflict]:
    """The archive holds more memory than this host has available.

    Without enough swap the kernel kills processes, of the container or of others. Free some, or
    restore on a larger host.
    """
    contents, available = case.checkpoint.contents, case.facts.memory
    if not contents.finished:
        return
    sizes = _sizes(contents)
    needed = sizes.get(_SHARED_MEMORY, 0) + sum(
        count
        for name, count in sizes.items()
        if name.startswith("checkpoint/pages-") and name.endswith(".img")
    )
    if isinstance(available, Unknown):
        if needed > NEGLIGIBLE:
            yield unchecked("memory", "the memory", available.reason, on_host("memory"))
    elif needed > available.value:
        yield Conflict(
            "memory",
            Severity.WARNING,
            f"{size(needed)} of memory are needed, and {size(available.value)} are available",
            "Free some memory first, or the kernel will kill processes.",
            where=(case.at(CONFIG, "name"), on_host("memory")),
            evidence=Evidence(
                archive=f"{size(needed)} of memory pages", host=f"{size(available.value)} available"
            ),
        )


def _sizes(contents: Contents) -> dict[str, int]:
    """The size of each member, of several of one name the last."""
    return {member.name: member.size for member in contents.members}
