"""Checks of what a restore uses up: locks, disk space, memory, time."""

from collections.abc import Iterator

from tui.archive.model import Contents
from tui.checkpoint.checkpoint import CONFIG
from tui.host.collect import TEMPORARY
from tui.host.facts import Known, Unknown, known
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Severity
from tui.text import plural, safe_text, size

NEGLIGIBLE = 256 << 20
"""Bytes that a host is expected to have without being asked."""

TIMEOUT = 240
"""Seconds that Podman waits for CRIU: ContainerCreateTimeout in libpod/define."""

SLOW, FAST = 30_000_000, 100_000_000
"""Bytes a second that some disks do not read, and that most rotating and remote ones do not."""

_DIFF = "rootfs-diff.tar"
_SHARED_MEMORY = "devshm-checkpoint.tar"
_IMAGES = "checkpoint/"


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


@check("restore-timeout", Severity.WARNING, "CRIU may need longer than Podman waits")
def restore_timeout(case: Case) -> Iterator[Conflict]:
    """CRIU has 240 s to bring the processes back, and very much to read in that time.

    Podman waits no longer and fails: `container creation timeout`. It has no option for it, and
    containers.conf has none. Pulling the image and unpacking the archive do not count. How fast
    the disk is nobody knows; how fast it must be follows from the size of the memory pages and
    CRIU's other images. Above 100 MB/s (24 GB) it is a warning, above 30 MB/s (7.2 GB) a note.

    Where twice the size is available as memory, the kernel still has what was just unpacked, and
    the disk hardly matters: the warning becomes a note, and the note is left out. Free memory, put
    Podman's storage on a faster disk, or make a checkpoint when the container uses less.
    """
    contents = case.checkpoint.contents
    if not contents.finished:
        return
    read = sum(count for name, count in _sizes(contents).items() if name.startswith(_IMAGES))
    rate, available = read / TIMEOUT, known(case.facts.memory, None)
    cached = available is not None and available >= 2 * read
    if rate < (FAST if cached else SLOW):
        return
    needed = (
        f"The disk has to give {rate / 1e6:,.0f} MB/s, or Podman gives up; no option changes that."
    )
    yield Conflict(
        "restore-timeout",
        Severity.WARNING if rate >= FAST and not cached else Severity.NOTE,
        f"CRIU has {TIMEOUT} s to read {size(read)}",
        f"{needed} There is memory enough to read it from the kernel's cache."
        if cached
        else f"{needed} More free memory helps, or a faster disk for Podman's storage.",
        where=(on_host("memory"),),
        evidence=Evidence(
            archive=f"{size(read)} of memory pages and other images",
            host="" if available is None else f"{size(available)} of memory available",
        ),
    )


def _sizes(contents: Contents) -> dict[str, int]:
    """The size of each member, of several of one name the last."""
    return {member.name: member.size for member in contents.members}
