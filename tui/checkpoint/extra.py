"""Documents that no restore by Podman depends on, but that tell people something."""

from tui.archive.layout import IMAGES
from tui.checkpoint.checkpoint import SPEC, Checkpoint
from tui.checkpoint.config import Json
from tui.checkpoint.documents import DocumentError, parse

ANNOTATIONS = "annotations"
"""Of the image around the checkpoint; no member of that name is meant."""

BUNDLE = "config.json"
"""The specification of a bundle, beside the images that a runtime leaves; docker has another."""

EXTRA = (
    "status",
    "status.dump",
    "bind.mounts",
    BUNDLE,
    "deleted.files",
    f"{IMAGES}descriptors.json",
)
"""What containerd, CRI-O, docker and the runtimes write besides, where it is JSON."""


def extra_documents(checkpoint: Checkpoint) -> dict[str, Json]:
    """Those of them that `checkpoint` has, raw, by member; what makes no sense is left out.

    A bundle's config.json is left to `Checkpoint.documents`, where it stands for spec.dump.
    """
    contents = checkpoint.contents
    found: dict[str, Json] = {}
    for name in EXTRA:
        if name not in contents.files or (name == BUNDLE and SPEC in checkpoint.documents):
            continue
        try:
            found[name] = parse(contents.files[name]).value
        except DocumentError:
            continue
    if contents.layer:
        found[ANNOTATIONS] = dict(contents.layer.annotations)
    return found
