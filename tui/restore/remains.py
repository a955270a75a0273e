"""What a restore that did not succeed has left on the host, and how to remove it.

Only what this restore made is ever named: the container with the ID that Podman gave it, and the
volumes and the image of the archive if they were not there before.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from tui.checkpoint.config import ContainerConfig
from tui.host.facts import HostFacts, Known
from tui.host.host import Answer, Host, NoAnswer
from tui.restore.checks.image import find_image
from tui.restore.events import Level, LogLine, Remains
from tui.restore.trace import Trace
from tui.text import plural, safe_lines, shell_line

CGROUPS = "/sys/fs/cgroup"
"""Where the host's cgroups are; with cgroup v1 the controllers are folders of it."""

_GONE = ": No such file or directory"

_WORDS = 6
"""How many words of a command people are shown; to remove a cgroup takes dozens."""


async def find_remains(
    host: Host, config: ContainerConfig, before: HostFacts, after: HostFacts, trace: Trace
) -> tuple[Remains, ...]:
    """What is there now and was not before, in the order in which it can be removed."""
    data = (*_volumes(config, before, after), *_images(config, before, after))
    if not isinstance(before.containers, Known) or trace.container in {
        container.id for container in before.containers.value
    }:
        return data  # an earlier container has the ID, and what belongs to it is none of ours
    return (
        *await _runtime_state(host, trace),
        *_containers(after, trace),
        *data,
        *await _cgroup(host, trace),
    )


async def clean_up(host: Host, remains: Iterable[Remains]) -> AsyncIterator[LogLine]:
    """Remove `remains` in their order, and say what happened; one failure does not stop it."""
    for thing in remains:
        for argv in thing.remove:
            yield LogLine("podthaw", Level.INFO, short_line(argv))
            try:
                answer = await host.run(argv, timeout=None)
            except NoAnswer as error:
                yield LogLine("podthaw", Level.ERROR, str(error))
                continue
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
    more = len(argv) - _WORDS
    if more <= 1:
        return shell_line(argv)
    return f"{shell_line(argv[:_WORDS])} … and {more} more"


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


def _volumes(config: ContainerConfig, before: HostFacts, after: HostFacts) -> Iterator[Remains]:
    if not isinstance(before.volumes, Known) or not isinstance(after.volumes, Known):
        return
    wanted = {volume.name for volume in config.named_volumes or ()}
    known = {volume.name for volume in before.volumes.value}
    for volume in after.volumes.value:
        if volume.name in wanted - known:
            yield Remains("volume", volume.name, (("podman", "volume", "rm", "--", volume.name),))


def _images(config: ContainerConfig, before: HostFacts, after: HostFacts) -> Iterator[Remains]:
    if not isinstance(before.images, Known) or not isinstance(after.images, Known):
        return
    name = config.image_name
    if find_image(after.images.value, name) and not find_image(before.images.value, name):
        yield Remains("image", name, (("podman", "image", "rm", "--", name),))


async def _runtime_state(host: Host, trace: Trace) -> tuple[Remains, ...]:
    """The container in the runtime's own list, of which Podman may know nothing."""
    if not trace.conmon:
        return ()
    runtime = trace.conmon.runtime
    listed = await _asked(host, [runtime, "list", "--quiet"])
    if listed is None or trace.container not in listed.stdout.split():
        return ()
    remove = (runtime, "delete", "--force", trace.container)
    return (Remains("runtime", f"{trace.container[:12]} of {runtime}", (remove,)),)


async def _cgroup(host: Host, trace: Trace) -> tuple[Remains, ...]:
    """The container's cgroup folders, of which the next restore with this ID would die."""
    if not trace.cgroup:
        return ()
    controllers = await _asked(host, ["ls", "--", CGROUPS])
    if controllers is None:
        return ()
    roots = [CGROUPS, *(f"{CGROUPS}/{name}" for name in controllers.stdout.split())]
    # du prints every folder below, the inner ones first
    listed = await _asked(host, ["du", "--", *(root + trace.cgroup for root in roots)])
    folders = [line.partition("\t")[2] for line in listed.stdout.splitlines()] if listed else []
    if not folders:
        return ()
    name = f"{trace.cgroup} ({plural(len(folders), 'folder')})"
    return (Remains("cgroup", name, (("rmdir", "--", *folders),)),)


async def _asked(host: Host, argv: Sequence[str]) -> Answer | None:
    try:
        return await host.run(argv)
    except NoAnswer:
        return None
