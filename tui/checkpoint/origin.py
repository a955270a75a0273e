"""Where a checkpoint comes from: the engine that made it, and of which container.

Every engine writes that down in its own way: Podman in config.dump, CRI-O and containerd partly
there and partly as Kubernetes' annotations in spec.dump, and a bare runtime not at all. An image
has annotations of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from tui.archive.layout import CONFIG, IMAGES, INVENTORY, PRE_IMAGES, Layout
from tui.archive.model import Contents
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.documents import DocumentError, parse, view
from tui.text import decode

Moment = Annotated[datetime, msgspec.Meta(tz=True)]

_ANNOTATION = re.compile(
    r"(?:io\.podman\.annotations|io\.kubernetes\.cri-o\.annotations|org\.criu)\.checkpoint\.(.+)"
)

_TOOLS = {
    "podman.version": "podman",
    "engine.version": "engine",
    "criu.version": "criu",
    "host.arch": "architecture",
    "host.kernel": "kernel",
}
"""Annotations of an image, and what they are called here."""

_LOG_VERSION = re.compile(r"^\(\d+\.\d+\) Version: (\S+)", re.MULTILINE)
_LOG_KERNEL = re.compile(r"^\(\d+\.\d+\) Running on \S+ Linux (\S+)", re.MULTILINE)
_LOG_HEAD = 4096
"""Bytes of dump.log in which CRIU says what it is."""


class Engine(StrEnum):
    """What made a checkpoint, as JSON has it."""

    PODMAN = "podman"
    CRIO = "cri-o"
    CONTAINERD = "containerd"
    DOCKER = "docker"
    RUNTIME = "oci-runtime"
    CRIU = "criu"

    @property
    def label(self) -> str:
        """What people call it."""
        return _LABELS[self]


_LABELS = {
    Engine.PODMAN: "Podman",
    Engine.CRIO: "CRI-O",
    Engine.CONTAINERD: "containerd",
    Engine.DOCKER: "Docker",
    Engine.RUNTIME: "runc or crun",
    Engine.CRIU: "CRIU alone",
}

_ENGINES = {Layout.CRIO: Engine.CRIO, Layout.CONTAINERD: Engine.CONTAINERD}


@dataclass(frozen=True, slots=True)
class Origin:
    """The container that was checkpointed, as its engine knew it; what is unknown is empty."""

    engine: Engine
    name: str = ""
    id: str = ""
    image: str = ""
    image_id: str = ""
    pod: str = ""
    """Its name where the archive has it, its ID otherwise."""
    namespace: str = ""
    """Of Kubernetes."""
    runtime: str = ""
    created: datetime | None = None
    checkpointed: datetime | None = None
    tools: tuple[tuple[str, str], ...] = ()
    """What it was made with, by name: `criu`, `kernel`, `architecture`, …"""


class _Reduced(msgspec.Struct, frozen=True):
    """config.dump of CRI-O and containerd, where it differs from Podman's."""

    image: str = msgspec.field(name="rootfsImage", default="")
    image_ref: str = msgspec.field(name="rootfsImageRef", default="")
    checkpointed: str = msgspec.field(name="checkpointedTime", default="")


def origin(checkpoint: Checkpoint) -> Origin:
    """Where `checkpoint` comes from, as far as it has been read."""
    config, contents = checkpoint.config, checkpoint.contents
    notes = checkpoint.spec.annotations or {}
    of_image = _of_image(contents)
    reduced = _reduced(checkpoint)
    return Origin(
        engine=engine(checkpoint),
        name=_first(
            notes.get("io.kubernetes.cri.container-name"),
            notes.get("io.kubernetes.container.name"),
            _inside(notes.get("io.kubernetes.cri-o.Metadata"), "name"),
            config.name,
            of_image.get("container.name"),
            of_image.get("name"),
        ),
        id=config.id,
        image=_first(
            config.image_name,
            reduced.image,
            notes.get("io.kubernetes.cri.image-name"),
            notes.get("io.kubernetes.cri-o.ImageName"),
            of_image.get("rootfsImageName"),
        ),
        image_id=_first(
            config.image_id,
            reduced.image_ref.rpartition("sha256:")[2],
            of_image.get("rootfsImageID"),
        ),
        pod=_first(
            notes.get("io.kubernetes.cri.sandbox-name"),
            notes.get("io.kubernetes.pod.name"),
            config.pod,
            of_image.get("pod.name"),
        ),
        namespace=_first(
            notes.get("io.kubernetes.cri.sandbox-namespace"),
            notes.get("io.kubernetes.pod.namespace"),
            of_image.get("pod.namespace"),
        ),
        runtime=_first(config.runtime, of_image.get("runtime.name")),
        created=moment(config.created) or moment(notes.get("io.kubernetes.cri-o.Created", "")),
        checkpointed=moment(reduced.checkpointed) or _dumped(contents),
        tools=tuple(_tools(contents, of_image)),
    )


def engine(checkpoint: Checkpoint) -> Engine:
    """What made it. While nothing but Podman's documents have been seen, that is Podman."""
    if checkpoint.layout is not Layout.CRIU:
        return _ENGINES.get(checkpoint.layout, Engine.PODMAN)
    files = checkpoint.contents.files
    if "config.json" in files and not checkpoint.documents:
        return Engine.DOCKER
    return Engine.RUNTIME if f"{IMAGES}descriptors.json" in files else Engine.CRIU


def moment(stamp: str) -> datetime | None:
    """The moment that an engine writes as RFC 3339; Go's zero time is none."""
    try:
        found = msgspec.convert(stamp, Moment)
    except msgspec.ValidationError:
        return None
    return found if found.year > 1 else None


def _dumped(contents: Contents) -> datetime | None:
    """Podman writes nowhere when it was checkpointed, but CRIU writes inventory.img then."""
    found = {
        member.name: member.mtime for member in contents.members if member.name.endswith(INVENTORY)
    }
    return found.get(f"{IMAGES}{INVENTORY}") or found.get(f"{PRE_IMAGES}{INVENTORY}")


def _of_image(contents: Contents) -> Mapping[str, str]:
    """What the annotations of an image say, whatever tool wrote them."""
    annotations = contents.layer.annotations if contents.layer else {}
    return {
        found[1]: value for key, value in annotations.items() if (found := _ANNOTATION.match(key))
    }


def _tools(contents: Contents, of_image: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    log = decode(contents.files.get("dump.log", b"")[:_LOG_HEAD])
    said = {_TOOLS[key]: value for key, value in of_image.items() if key in _TOOLS}
    for name, pattern in (("criu", _LOG_VERSION), ("kernel", _LOG_KERNEL)):
        if found := pattern.search(log):
            said[name] = found[1]
    for name, value in said.items():
        yield name, _dotted(value) if name == "criu" else value


def _dotted(version: str) -> str:
    """`4.2.1` for the 40201 of Podman's annotation."""
    if not version.isdecimal() or not 5 <= len(version) <= 6:
        return version
    number = int(version)
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


def _reduced(checkpoint: Checkpoint) -> _Reduced:
    try:
        return view(checkpoint.documents.get(CONFIG), _Reduced)
    except DocumentError:
        return _Reduced()


def _inside(raw: str | None, key: str) -> str:
    """The text under `key` of a JSON object that is the value of an annotation."""
    try:
        document = parse((raw or "").encode("utf-8", "surrogateescape")).value
    except DocumentError:
        return ""
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, str) else ""


def _first(*values: str | None) -> str:
    return next((value for value in values if value), "")
