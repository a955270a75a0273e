"""Checks of the image that the container's root file system is made of."""

import re
from collections.abc import Iterable, Iterator

from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import Image, Unknown
from tui.restore.checks.registry import Case, check, on_host, unchecked
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.text import safe_text

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")

_DOCKER = ("docker.io", "index.docker.io")


@check("image-missing", Severity.BLOCKER, "The image is not on the host")
def missing(case: Case) -> Iterator[Conflict]:
    """Podman looks for the image by its name, and pulls it if it is not there.

    An image named `localhost/…` is in no registry, so the pull fails: bring it over with `podman
    save` and `podman load`. Any other image is `unchecked` until it has been pulled, because only
    then can its ID be compared with the one that the container was made of. Where the host has
    the right image under another name, a tag is enough.

    A container that was made of a folder (`--rootfs`) has no image; Podman cannot import it.
    """
    config, images = case.checkpoint.config, case.facts.images
    where = (case.at(CONFIG, "rootfsImageName"), on_host("images"))
    if not config.image_name:
        if config.rootfs:
            yield Conflict(
                "image-missing",
                Severity.BLOCKER,
                "The container was made of a folder, not of an image",
                "Podman looks for an image even so, and fails. Make the container of an image.",
                where=(case.at(CONFIG, "rootfs"),),
                evidence=Evidence(archive=f"rootfs {safe_text(config.rootfs)}"),
            )
        return
    if isinstance(images, Unknown):
        yield unchecked("image-missing", "the image", images.reason, *where)
        return
    if find_image(images.value, config.image_name):
        return
    name = safe_text(config.image_name)
    by_id, by_digest = _ID.fullmatch(config.image_name), "@" in config.image_name
    evidence = Evidence(
        archive=f"{name}, ID {safe_text(config.image_id[:12])}", host="no image of this name"
    )
    if any(image.id == config.image_id for image in images.value) and not by_digest:
        tag = ("podman", "tag", "--", config.image_id, config.image_name)
        local = config.image_name.startswith("localhost/")
        yield Conflict(
            "image-missing",
            Severity.BLOCKER if local else Severity.UNCHECKED,
            f"The image is here, but not as {name}",
            "Podman looks for the name, and will try to pull it"
            + (", from no registry at all." if local else ": nobody knows whether it can."),
            subject=config.image_name,
            where=(where[0], on_host("images", config.image_id)),
            evidence=evidence,
            remedies=(Remedy("tag-image", f"give it the name {name}", commands=(tag,)),),
        )
    elif by_id or config.image_name.startswith("localhost/"):
        yield Conflict(
            "image-missing",
            Severity.BLOCKER,
            f"Image {name} is not on this host",
            "It is in no registry: bring it over with `podman save` and `podman load`.",
            subject=config.image_name,
            where=where,
            evidence=evidence,
        )
    else:
        pull = ("podman", "pull", "--", config.image_name)
        yield Conflict(
            "image-missing",
            Severity.UNCHECKED,
            f"Image {name} is not on this host yet",
            "It will be pulled; only then can its ID be compared with the archive's.",
            subject=config.image_name,
            where=where,
            evidence=evidence,
            remedies=(Remedy("pull-image", "pull it now", commands=(pull,)),),
        )


@check("image-id-differs", Severity.BLOCKER, "The host's image of that name is another one")
def differs(case: Case) -> Iterator[Conflict]:
    """The name now leads to another image than the one that the container was made of.

    Podman finds the name, does not pull, and then fails: `locating image with ID …: image not
    known`. Bring the right image over with `podman save` and `podman load`, or pull it by its
    digest. Once it is on the host, under whatever name, Podman finds it by its ID.
    """
    config, images = case.checkpoint.config, case.facts.images
    if not config.image_name or isinstance(images, Unknown):
        return
    named = find_image(images.value, config.image_name)
    if named is None or any(image.id == config.image_id for image in images.value):
        return
    yield Conflict(
        "image-id-differs",
        Severity.BLOCKER,
        f"{safe_text(config.image_name)} is another image on this host",
        "The container's processes map files of the old image. Load that one.",
        subject=config.image_name,
        where=(case.at(CONFIG, "rootfsImageID"), on_host("images", named.id)),
        evidence=Evidence(
            archive=safe_text(f"ID {config.image_id[:12]}"), host=safe_text(f"ID {named.id[:12]}")
        ),
    )


def find_image(images: Iterable[Image], name: str) -> Image | None:
    """The image that Podman finds by `name`, as `LookupImage` of its libimage does.

    That is by ID, by digest, or by name and tag; `latest` where there is no tag. A name without a
    registry may be that of any registry, one made on this host first.
    """
    if match := _ID.fullmatch(name):
        return next((image for image in images if image.id == match[1]), None)
    wanted, complete = _reference(name)
    if complete:
        return next((image for image in images if wanted in image.names), None)
    found = [image for image in images if any(one.endswith(f"/{wanted}") for one in image.names)]
    local = f"localhost/{wanted}"
    return next((image for image in found if local in image.names), found[0] if found else None)


def _reference(name: str) -> tuple[str, bool]:
    """`name` as images are listed under it, and whether it begins with a registry."""
    repository, _, digest = name.partition("@")
    domain, slash, path = repository.partition("/")
    complete = bool(slash) and ("." in domain or ":" in domain or domain == "localhost")
    path, colon, tag = (path if complete else repository).partition(":")
    if complete and domain in _DOCKER:
        path = f"docker.io/{path}" if "/" in path else f"docker.io/library/{path}"
    elif complete:
        path = f"{domain}/{path}"
    if digest:  # it counts more than a tag
        return f"{path}@{digest}", complete
    return f"{path}:{tag if colon else 'latest'}", complete
