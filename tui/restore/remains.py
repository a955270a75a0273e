"""What a restore has made on the host, and how to remove it.

After a failure that is the clean-up, after a success the undo. Only what this restore made is
ever named: the container with the ID that Podman gave it, and the volumes, the image and the
running pod that it needed if they were not there before.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

import msgspec

from tui.host.cgroups import cgroup_folders
from tui.host.collect import collect
from tui.host.facts import HostFacts, Image, Known
from tui.host.host import Host, NoAnswer
from tui.host.processes import output
from tui.host.questions import Questions
from tui.restore.checks import Case
from tui.restore.checks.image import find_image
from tui.restore.events import Level, LogLine, Remains
from tui.restore.pods import chosen_pod
from tui.restore.snapshot import Snapshot
from tui.restore.trace import Trace
from tui.text import plural, safe_lines, shell_line

_GONE = ": No such file or directory"

_LONGEST = 160
"""Characters of a command that people are shown; to remove a cgroup takes dozens of folders."""

_UP = frozenset({"running", "degraded"})
"""States of a pod whose infra container runs."""


class Footprint(msgspec.Struct, frozen=True):
    """What a restore may make or start besides its container."""

    volumes: tuple[str, ...] = ()
    image: str = ""
    """As the archive names it."""
    pod: str = ""
    """The full ID."""


def footprint(case: Case) -> Footprint:
    """What the restore of `case` may make or start."""
    config = case.checkpoint.config
    pod = chosen_pod(case.facts, case.options.pod)
    return Footprint(
        volumes=tuple(volume.name for volume in config.named_volumes or ()),
        image=config.image_name,
        pod=pod.id if pod else "",
    )


async def find_remains(
    host: Host, may: Footprint, before: Snapshot, trace: Trace
) -> tuple[Remains, ...]:
    """What is there now and was not before, in the order in which it can be removed."""
    after = await collect(host, Questions())
    data = (
        *_volumes(may, before, after),
        *_images(may, before, after),
        *_pods(may, before, after),
    )
    if before.containers is None or trace.container in before.containers:
        return data  # an earlier container has the ID, and what belongs to it is none of ours
    if _runs(after, trace):
        return (*_containers(after, trace), *data)
    return (
        *await _runtime_state(host, trace),
        *_containers(after, trace),
        *data,
        *await find_cgroup(host, trace),
        *await _folder(host, trace),
    )


def _unheard(argv: tuple[str, ...], status: int | None) -> None:
    """Nobody wants to know."""


async def clean_up(
    host: Host,
    remains: Iterable[Remains],
    ran: Callable[[tuple[str, ...], int | None], None] = _unheard,
) -> AsyncIterator[LogLine]:
    """Remove `remains` in their order, and say what happened; one failure does not stop it.

    `ran` is told every command with its exit status, None where it could not be run.
    """
    for thing in remains:
        for argv in thing.remove:
            yield LogLine("podthaw", Level.INFO, short_line(argv))
            try:
                answer = await host.run(argv, timeout=None)
            except NoAnswer as error:
                ran(argv, None)
                yield LogLine("podthaw", Level.ERROR, str(error))
                continue
            ran(argv, answer.status)
            lines = safe_lines(answer.stderr)
            # removing one thing may have removed another one
            gone = bool(lines) and all(line.endswith(_GONE) for line in lines)
            failed = answer.status != 0 and not gone
            for line in lines:
                yield LogLine(argv[0], Level.ERROR if failed else Level.INFO, line)
            if failed and not lines:
                yield LogLine(argv[0], Level.ERROR, f"ended with status {answer.status}")


def short_line(argv: Sequence[str]) -> str:
    """`argv` as people would type it, without the end of a very long one."""
    shown = len(argv)
    while shown > 1 and len(shell_line(argv[:shown])) > _LONGEST:
        shown -= 1
    more = len(argv) - shown
    return f"{shell_line(argv[:shown])} … and {more} more" if more else shell_line(argv)


def _runs(after: HostFacts, trace: Trace) -> bool:
    """Whether Podman knows that the container runs: then Podman ends all of it."""
    return isinstance(after.containers, Known) and any(
        one.id == trace.container and one.state == "running" for one in after.containers.value
    )


def _containers(after: HostFacts, trace: Trace) -> Iterator[Remains]:
    if not isinstance(after.containers, Known):
        return
    for container in after.containers.value:
        if container.id != trace.container:
            continue
        if container.external:
            remove: tuple[str, ...] = ("podman", "rm", "--storage", container.id)
        else:
            remove = ("podman", "rm", "--force", "--time=0", container.id)
        kind = "storage" if container.external else "container"
        yield Remains(kind, container.name or container.id, (remove,))


def _volumes(may: Footprint, before: Snapshot, after: HostFacts) -> Iterator[Remains]:
    if before.volumes is None or not isinstance(after.volumes, Known):
        return
    for volume in after.volumes.value:
        if volume.name in may.volumes and volume.name not in before.volumes:
            yield Remains("volume", volume.name, (("podman", "volume", "rm", "--", volume.name),))


def _images(may: Footprint, before: Snapshot, after: HostFacts) -> Iterator[Remains]:
    if before.images is None or not isinstance(after.images, Known):
        return
    known = [Image(id_, names) for id_, names in before.images.items()]
    if find_image(after.images.value, may.image) and not find_image(known, may.image):
        yield Remains("image", may.image, (("podman", "image", "rm", "--", may.image),))


def _pods(may: Footprint, before: Snapshot, after: HostFacts) -> Iterator[Remains]:
    if before.pods is None or not isinstance(after.pods, Known):
        return
    for pod in after.pods.value:
        was = before.pods.get(pod.id)
        if pod.id == may.pod and was and was not in _UP and pod.state.lower() in _UP:
            stop = ("podman", "pod", "stop", "--time=0", pod.id)
            yield Remains("running pod", pod.name, (stop,))


async def _runtime_state(host: Host, trace: Trace) -> tuple[Remains, ...]:
    """The container in the runtime's own list, of which Podman may know nothing."""
    if not trace.conmon:
        return ()
    runtime = trace.conmon.runtime
    if trace.container not in (await output(host, [runtime, "list", "--quiet"])).split():
        return ()
    remove = (runtime, "delete", "--force", trace.container)
    return (Remains("runtime", f"{trace.container[:12]} of {runtime}", (remove,)),)


async def find_cgroup(host: Host, trace: Trace) -> tuple[Remains, ...]:
    """The container's cgroup folders, of which the next restore with this ID would die."""
    try:
        folders = await cgroup_folders(host.run, [trace.cgroup] if trace.cgroup else [])
    except NoAnswer:
        return ()
    empty = tuple(folder for folder, busy in folders.items() if not busy)
    if not empty:
        return ()
    name = f"{trace.cgroup} ({plural(len(empty), 'folder')})"
    return (Remains("cgroup", name, (("rmdir", "--", *empty),)),)


async def _folder(host: Host, trace: Trace) -> tuple[Remains, ...]:
    """Conmon's own folder, which Podman forgets when a restore has failed."""
    folder = trace.conmon.persist_folder if trace.conmon else ""
    if not folder.endswith(f"/{trace.container}"):
        return ()
    if not await output(host, ["ls", "-d", "--", folder]):
        return ()
    return (Remains("folder", folder, (("rm", "-rf", "--", folder),)),)
