"""Checks of the image that the container's root file system is made of."""

from collections.abc import Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Unknown
from tui.restore.checks.registry import Case, check, unchecked
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
from tui.text import pointer, safe_text

_WHERE = (Location(CONFIG, "/rootfsImageName"), Location("host", "/images"))


@check("image-missing", Severity.BLOCKER, "The image is not on the host")
def missing(case: Case) -> Iterator[Conflict]:
    """Podman looks for the image by its name, and pulls it if it is not there.

    An image named `localhost/…` is in no registry, so the pull fails: bring it over with `podman
    save` and `podman load`. Any other image is `unchecked` until it has been pulled, because only
    then can its ID be compared with the one that the container was made of. Where the host has
    the right image under another name, a tag is enough.
    """
    config, images = case.checkpoint.config, case.facts.images
    if not config.image_name:
        return
    if isinstance(images, Unknown):
        yield unchecked("image-missing", "the image", images.reason, *_WHERE)
        return
    name = safe_text(config.image_name)
    if any(config.image_name in image.names for image in images.value):
        return
    evidence = Evidence(archive=f"{name}, ID {config.image_id[:12]}", host="no image of this name")
    if any(image.id == config.image_id for image in images.value):
        yield Conflict(
            "image-missing",
            Severity.BLOCKER,
            f"The image is here, but not as {name}",
            "Podman looks for the name, and would try to pull it.",
            where=(*_WHERE, Location("host", pointer("images", config.image_id))),
            evidence=evidence,
            remedies=(
                Remedy(
                    "tag-image",
                    f"give it the name {name}",
                    commands=(("podman", "tag", config.image_id, config.image_name),),
                ),
            ),
        )
    elif config.image_name.startswith("localhost/"):
        yield Conflict(
            "image-missing",
            Severity.BLOCKER,
            f"Image {name} is not on this host",
            "It is in no registry: bring it over with `podman save` and `podman load`.",
            where=_WHERE,
            evidence=evidence,
        )
    else:
        yield Conflict(
            "image-missing",
            Severity.UNCHECKED,
            f"Image {name} is not on this host yet",
            "It will be pulled; only then can its ID be compared with the archive's.",
            where=_WHERE,
            evidence=evidence,
            remedies=(
                Remedy(
                    "pull-image", "pull it now", commands=(("podman", "pull", config.image_name),)
                ),
            ),
        )


@check("image-id-differs", Severity.BLOCKER, "The host's image of that name is another one")
def differs(case: Case) -> Iterator[Conflict]:
    """The name now leads to another image than the one that the container was made of.

    Podman finds the name, does not pull, and then fails: `locating image with ID …: image not
    known`. Where the right image is on the host too, give it the name; otherwise bring it over
    with `podman save` and `podman load`, or pull it by its digest.
    """
    config, images = case.checkpoint.config, case.facts.images
    if not config.image_name or isinstance(images, Unknown):
        return
    named = next((image for image in images.value if config.image_name in image.names), None)
    if named is None or named.id == config.image_id:
        return
    if any(image.id == config.image_id for image in images.value):
        # Podman makes the storage of the ID: that the name has moved on does not matter
        return
    yield Conflict(
        "image-id-differs",
        Severity.BLOCKER,
        f"{safe_text(config.image_name)} is another image on this host",
        "The container's processes map files of the old image. Load that one.",
        where=(
            Location(CONFIG, "/rootfsImageID"),
            Location("host", pointer("images", named.id)),
        ),
        evidence=Evidence(archive=f"ID {config.image_id[:12]}", host=f"ID {named.id[:12]}"),
    )
