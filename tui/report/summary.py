"""What people ask first about a checkpoint, as titled rows: for the terminal and for the screen."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from tui.archive.layout import Layout
from tui.archive.model import Contents, Form
from tui.archive.standard_input import shown
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC, Checkpoint
from tui.checkpoint.filesystem import root
from tui.checkpoint.origin import Engine, Origin, origin
from tui.checkpoint.spec import Mount
from tui.checkpoint.summary import (
    lacking,
    memory_size,
    podman_version,
    volume_sizes,
)
from tui.restore.checks.archive import elsewhere
from tui.restore.conflict import Location
from tui.restore.ports import spec as port_spec
from tui.restore.trust import grants
from tui.text import age, mask_variable, plural, pointer, safe_text, shell_line, size

PODMANS_OWN = "/userdata/"
"""In the source of every mount that Podman makes itself: hosts, resolv.conf, shm, …"""


SHORT_ID = 12
"""Characters of an ID that Podman shows."""

LONGEST = 240
"""Characters of a command that are shown."""

MOST = 200
"""Rows of a section that are shown; the trees have all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact, safe to show."""

    label: str
    value: str
    where: Location | None = None
    """The place in a document that it comes from."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a title; there is always at least one."""

    title: str
    rows: tuple[Row, ...]


def summary(checkpoint: Checkpoint, *, reveal: bool = False) -> tuple[Section, ...]:
    """The sections that have something to say; `reveal` shows the values of the environment."""
    sections = (
        ("Container", _container(checkpoint)),
        ("Checkpoint", _checkpoint(checkpoint)),
        ("Beyond an ordinary container", _grants(checkpoint)),
        ("Ports", _ports(checkpoint)),
        ("Volumes", _volumes(checkpoint)),
        ("Mounts", _mounts(checkpoint)),
        ("Network", _network(checkpoint)),
        ("Environment", _environment(checkpoint, reveal=reveal)),
        ("Labels", _labels(checkpoint)),
        ("Problems", _problems(checkpoint)),
    )
    return tuple(Section(title, found) for title, rows in sections if (found := _some(_said(rows))))


def _some(rows: Iterable[Row]) -> tuple[Row, ...]:
    rest = iter(rows)
    found = tuple(islice(rest, MOST))
    more = sum(1 for _ in rest)
    return (*found, Row("…", f"{more:,} more")) if more else found


def _said(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        if row.value:
            yield Row(safe_text(row.label), safe_text(row.value), row.where)


def _container(checkpoint: Checkpoint) -> Iterator[Row]:
    found = origin(checkpoint)
    yield Row("name", found.name, Location(CONFIG, "/name"))
    yield Row("id", found.id[:SHORT_ID], Location(CONFIG, "/id"))
    yield Row("image", found.image, Location(CONFIG, "/rootfsImageName"))
    yield Row("image id", found.image_id[:SHORT_ID], Location(CONFIG, "/rootfsImageID"))
    yield Row("command", _shortened(shell_line(checkpoint.spec.process.args or ())))
    yield Row("working dir", checkpoint.spec.process.cwd)
    yield Row("pod", _pod(checkpoint, found), Location(CONFIG, "/pod"))
    yield Row("created", _moment(found.created))


def _pod(checkpoint: Checkpoint, found: Origin) -> str:
    pod = found.pod[:SHORT_ID] if found.pod == checkpoint.config.pod else found.pod
    return f"{pod} in namespace {found.namespace}" if pod and found.namespace else pod


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z} ({age(moment)})" if moment else ""


def _shortened(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}… ({len(words):,} characters)"


def _checkpoint(checkpoint: Checkpoint) -> Iterator[Row]:
    contents, found = checkpoint.contents, origin(checkpoint)
    yield Row("file", shown(contents.path))
    yield Row("size", f"{size(contents.identity.size)}, {_form(contents)}")
    yield Row("made by", _made_by(checkpoint, found))
    yield Row("runtime", found.runtime, Location(CONFIG, "/runtime"))
    for name, value in found.tools:
        if name != "podman":
            yield Row(name, value.partition("\n")[0])
    yield Row("made at", _moment(found.checkpointed))
    yield Row("lacks", "; ".join(lacking(checkpoint)))
    yield Row("restore", (elsewhere(checkpoint) or ("",))[0])
    if not contents.finished:
        yield Row("contents", "still being read …")
        return
    files = root(checkpoint)
    changed = [one for one in files.entries if one.member]
    gone = len(files.entries) - len(changed)
    yield Row("memory", size(memory_size(checkpoint)))
    if changed:
        yield Row("changed files", f"{len(changed):,}, {size(files.size)}")
    yield Row("deleted files", f"{gone:,}" if gone else "")
    yield Row("members", f"{len(contents.members):,}")


def _form(contents: Contents) -> str:
    match contents.form:
        case Form.FOLDER:
            return "a folder"
        case Form.IMAGE:
            name = contents.layer.name if contents.layer else ""
            return f"the image {name}".rstrip() + f", {contents.compression.label} inside"
        case Form.ARCHIVE:
            return contents.compression.label


def _made_by(checkpoint: Checkpoint, found: Origin) -> str:
    if found.engine is not Engine.PODMAN:
        return found.engine.label
    version, oldest = dict(found.tools).get("podman"), podman_version(checkpoint)
    what = f"Podman {version or f'{oldest} or later'}" if version or oldest else "Podman"
    return f"{what}, ahead of the final one" if checkpoint.layout is Layout.PODMAN_PRE else what


def _grants(checkpoint: Checkpoint) -> Iterator[Row]:
    for grant in grants(checkpoint):
        yield Row(f"{grant.risk} risk", grant.title, grant.where)


def _ports(checkpoint: Checkpoint) -> Iterator[Row]:
    key = "portMappings" if checkpoint.config.legacy_ports else "newPortMappings"
    for index, mapping in enumerate(checkpoint.config.port_mappings or ()):
        where = Location(CONFIG, pointer(key, index))
        host = mapping.host_ip or "every address"
        yield Row(port_spec(mapping), f"{mapping.protocol}, on {host}", where)


def _volumes(checkpoint: Checkpoint) -> Iterator[Row]:
    sizes = volume_sizes(checkpoint)
    for index, volume in enumerate(checkpoint.config.named_volumes or ()):
        inside = f", {size(sizes[volume.name])} in the archive" if volume.name in sizes else ""
        where = Location(CONFIG, pointer("namedVolumes", index, "volumeName"))
        yield Row(volume.name, f"at {volume.dest}{inside}", where)


def _mounts(checkpoint: Checkpoint) -> Iterator[Row]:
    volumes = {volume.dest for volume in checkpoint.config.named_volumes or ()}
    own = 0
    for index, mount in enumerate(checkpoint.spec.mounts or ()):
        if PODMANS_OWN in mount.source or _virtual(mount):
            own += 1
        elif mount.destination not in volumes:
            where = Location(SPEC, pointer("mounts", index))
            yield Row(mount.destination, f"{mount.type} of {mount.source}", where)
    if own:
        yield Row("and", f"{plural(own, 'mount')} that every container has")


def _virtual(mount: Mount) -> bool:
    """Whether the kernel makes the file system, as in every container: proc, sysfs or devpts."""
    return mount.type != "bind" and mount.destination.startswith(("/proc", "/sys", "/dev"))


def _network(checkpoint: Checkpoint) -> Iterator[Row]:
    for address in checkpoint.addresses:
        name = address.network or address.interface
        gateway = f" via {address.gateway}" if address.gateway else ""
        yield Row(
            name,
            f"{address.ip}{gateway} on {address.interface}, {address.mac}",
            Location(NETWORK, pointer(address.network) if address.network else ""),
        )


def _environment(checkpoint: Checkpoint, *, reveal: bool) -> Iterator[Row]:
    for index, entry in enumerate(checkpoint.spec.process.env or ()):
        name, _, value = (entry if reveal else mask_variable(entry)).partition("=")
        yield Row(name, value or "(empty)", Location(SPEC, pointer("process", "env", index)))


def _labels(checkpoint: Checkpoint) -> Iterator[Row]:
    for name, value in (checkpoint.config.labels or {}).items():
        yield Row(name, value or "(empty)", Location(CONFIG, pointer("labels", name)))


def _problems(checkpoint: Checkpoint) -> Iterator[Row]:
    for problem in checkpoint.contents.problems + checkpoint.contents.ambiguities:
        offset = "" if problem.offset is None else f" (at byte {problem.offset:,})"
        yield Row(problem.member or "archive", f"{problem.message}{offset}")
