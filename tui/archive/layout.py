"""What an archive is: whose checkpoint, or something else that is named for what it is."""

import re
from enum import Enum
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec

from tui.archive.model import Contents, Form

CONFIG = "config.dump"
SPEC = "spec.dump"
NETWORK = "network.status"
DOCUMENTS = frozenset({CONFIG, SPEC, NETWORK})
"""The JSON documents that a restore depends on."""

IMAGES = "checkpoint/"
"""Where CRIU's images lie."""

PRE_IMAGES = "pre-checkpoint/"
"""Where those of a pre-checkpoint lie."""

INVENTORY = "inventory.img"
"""The image that CRIU writes last, and always."""

CHECKPOINT_ANNOTATIONS = (
    "io.podman.annotations.checkpoint.",
    "io.kubernetes.cri-o.annotations.checkpoint.",
    "org.criu.checkpoint.",
)


class Layout(Enum):
    """What an archive is; the value is how people are told."""

    PODMAN = "a Podman checkpoint"
    PODMAN_PRE = "a Podman pre-checkpoint"
    CRIO = "a CRI-O checkpoint"
    CONTAINERD = "a containerd checkpoint"
    POD = "a checkpoint of a whole Kubernetes pod"
    CRIU = "bare CRIU images without a container's documents"
    CHECKPOINT_IMAGE = "a checkpoint as an OCI image"
    OCI_IMAGE = "an OCI image"
    SAVED_IMAGE = "an image saved by podman save or docker save"
    TAR = "no checkpoint"
    UNKNOWN = "not known yet"


CHECKPOINTS = frozenset({Layout.PODMAN, Layout.PODMAN_PRE, Layout.CRIO, Layout.CONTAINERD})
"""Those of containers, with their documents."""


def layout(contents: Contents) -> Layout:
    """What `contents` is, as far as it has been read."""
    names = {member.name for member in contents.members}
    tops = {name.partition("/")[0] for name in names}
    if names & {"pod.options", "pod.dump"}:
        return Layout.POD
    if {CONFIG, SPEC} <= names:
        return _checkpoint(contents, names, tops)
    if not contents.complete and not (contents.finished and contents.form is Form.FOLDER):
        return Layout.UNKNOWN
    if {"oci-layout", "index.json"} <= names:
        return Layout.CHECKPOINT_IMAGE if _annotated(contents) else Layout.OCI_IMAGE
    if "manifest.json" in names:
        return Layout.SAVED_IMAGE
    if any(PurePosixPath(name).name == INVENTORY for name in names):
        return Layout.CRIU
    return Layout.TAR


_Kind = TypeVar("_Kind", bound=msgspec.Struct)


class _Foreign(msgspec.Struct):
    """The keys of config.dump that CRI-O and containerd write and Podman does not."""

    image: str = msgspec.field(name="rootfsImageRef", default="")
    checkpointed: str = msgspec.field(name="checkpointedTime", default="")


class _Annotated(msgspec.Struct):
    """An OCI index or manifest, as far as its annotations go."""

    annotations: dict[str, str] = {}
    manifests: list["_Annotated"] = []


def _checkpoint(contents: Contents, names: set[str], tops: set[str]) -> Layout:
    foreign = _decoded(contents.files.get(CONFIG, b""), _Foreign)
    if foreign and (foreign.image or foreign.checkpointed):
        return Layout.CONTAINERD if _by_containerd(contents, names) else Layout.CRIO
    if contents.finished and PRE_IMAGES[:-1] in tops and IMAGES[:-1] not in tops:
        return Layout.PODMAN_PRE
    return Layout.PODMAN


def _by_containerd(contents: Contents, names: set[str]) -> bool:
    spec = _decoded(contents.files.get(SPEC, b""), _Annotated)
    manager = spec.annotations.get("io.container.manager", "") if spec else ""
    return manager != "cri-o" and not names & {"bind.mounts", "io.kubernetes.cri-o.LogPath"}


def _annotated(contents: Contents) -> bool:
    """Whether the index or a manifest says that this image is a checkpoint."""
    found = [_decoded(raw, _Annotated) for raw in contents.files.values()]
    keys = {
        key
        for document in found
        if document
        for part in (document, *document.manifests)
        for key in part.annotations
    }
    return any(key.startswith(CHECKPOINT_ANNOTATIONS) for key in keys)


def _decoded(raw: bytes, kind: type[_Kind]) -> _Kind | None:
    """`raw` as `kind`; half a character, which Go reads as a replacement, hides nothing."""
    try:
        return msgspec.json.decode(_HALF.sub(rb"\\ufffd", raw), type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""One of the two escapes that make a character together, without the other."""
