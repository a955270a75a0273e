"""Which layer of an image is the checkpoint.

An OCI image layout has an index.json, which leads by digests to manifests and so to layers. A
checkpoint as an image has one layer, the archive itself, and annotations that say so: with
Podman in the manifest, with others in the index. What `podman save` writes by default has no
annotations, and a manifest.json that names the layers.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec

from tui.archive.layout import CHECKPOINT_ANNOTATIONS
from tui.archive.model import Contents, Layer, Member, MemberKind
from tui.errors import ArchiveError
from tui.text import safe_text

_INDEX = "index.json"
_MANIFEST = "manifest.json"

_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
"""Annotations of the index that name the image."""

_DIGEST = re.compile(r"([a-z0-9]+):([0-9a-f]{32,128})")

_MOST = 64
"""Indexes and manifests that are followed; an image of a checkpoint has one or two."""


class _Descriptor(msgspec.Struct):
    digest: str = ""
    annotations: dict[str, str] | None = None


class _Saved(msgspec.Struct):
    """An image in manifest.json."""

    layers: list[str] = msgspec.field(name="Layers", default_factory=list)
    tags: list[str] | None = msgspec.field(name="RepoTags", default=None)


class _Document(msgspec.Struct):
    """An index or a manifest."""

    manifests: list[_Descriptor] | None = None
    layers: list[_Descriptor] | None = None
    annotations: dict[str, str] | None = None


def layer(image: Contents) -> Layer:
    """The layer with the checkpoint. Raises ArchiveError where the image does not lead to one."""
    for manifest, annotations in _manifests(image):
        if not any(key.startswith(CHECKPOINT_ANNOTATIONS) for key in annotations):
            continue
        layers = manifest.layers or []
        if len(layers) != 1:
            raise _broken(image, f"it has {len(layers)} layers, and a checkpoint is one")
        outer = replace(image, files={}, nested={})
        return Layer(outer, _blob(image, layers[0].digest), _name(annotations), annotations)
    raise _broken(image, "no manifest in it says that it is one")


def sole_layer(image: Contents) -> Layer | None:
    """The layer of an image that has but one, and does not say that it is a checkpoint."""
    outer = replace(image, files={}, nested={})
    try:
        if _INDEX in image.files:
            for manifest, annotations in _manifests(image):
                (one,) = manifest.layers or []
                return Layer(outer, _blob(image, one.digest), _name(annotations), {})
        (saved,) = msgspec.json.decode(image.files.get(_MANIFEST, b"[]"), type=list[_Saved])
        (name,) = saved.layers
    except (ArchiveError, ValueError, RecursionError):
        return None
    found = [member for member in image.members if member.name == name]
    if not found or found[-1].kind is not MemberKind.FILE:
        return None
    return Layer(outer, found[-1], next(iter(saved.tags or ()), ""), {})


def _manifests(image: Contents) -> Iterator[tuple[_Document, dict[str, str]]]:
    """Each manifest with all the annotations on the way to it."""
    rest: list[tuple[str, dict[str, str]]] = [("", {})]
    seen: set[str] = set()
    while rest:
        digest, annotations = rest.pop(0)
        if digest in seen:
            continue
        seen.add(digest)
        if len(seen) > _MOST:
            raise _broken(image, f"it has more than {_MOST} indexes and manifests")
        document = _document(image, digest)
        annotations = annotations | (document.annotations or {})
        if document.layers is not None:
            yield document, annotations
        rest += [
            (one.digest, annotations | (one.annotations or {}))
            for one in (document.manifests or [])[:_MOST]
        ]


def _document(image: Contents, digest: str) -> _Document:
    name = _blob(image, digest).name if digest else _INDEX
    raw = image.files.get(name)
    if raw is None:
        raise _broken(image, f"{name} is too large to be read")
    known, _, value = digest.partition(":")
    if known == "sha256" and hashlib.sha256(raw).hexdigest() != value:
        raise _broken(image, f"{name} is not what its name says: its checksum differs")
    try:
        return msgspec.json.decode(raw, type=_Document)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise _broken(image, f"{name} makes no sense") from error


def _blob(image: Contents, digest: str) -> Member:
    named = _DIGEST.fullmatch(digest)
    if not named:
        raise _broken(image, f"{digest[:80]!r} is no digest")
    name = f"blobs/{named[1]}/{named[2]}"
    found = [member for member in image.members if member.name == name]
    if not found or found[-1].kind is not MemberKind.FILE:
        raise _broken(image, f"{name} is missing from it")
    return found[-1]


def _name(annotations: Mapping[str, str]) -> str:
    return next((annotations[key] for key in _NAMES if annotations.get(key)), "")


def _broken(image: Contents, why: str) -> ArchiveError:
    return ArchiveError(
        f"{safe_text(image.path)}: this is an image of a checkpoint, but {safe_text(why)}."
    )
