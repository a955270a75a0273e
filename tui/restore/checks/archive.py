"""Checks of the archive itself."""

from collections.abc import Iterable, Iterator

from tui.archive.layout import Layout
from tui.archive.model import Form, Problem
from tui.checkpoint.checkpoint import CONFIG, Checkpoint
from tui.checkpoint.origin import Engine, engine
from tui.restore.checks.registry import Case, check
from tui.restore.checks.words import some
from tui.restore.conflict import Conflict, Evidence, Location, Severity
from tui.text import safe_text, shell_line

OF_ARCHIVES = ("archive-incomplete", "archive-ambiguous", "engine-unsupported")
"""The checks that look at the archive alone, and so at every engine's."""


@check("archive-incomplete", Severity.BLOCKER, "Not all of the archive could be read")
def incomplete(case: Case) -> Iterator[Conflict]:
    """The archive is truncated, damaged, or holds something that podthaw refuses to read.

    Podman unpacks the whole archive before it starts CRIU and fails half-way, with the container
    already made. Fetch the archive again, and compare its checksum with the original's.

    While the archive is still being read this is `unchecked`: the restore waits for the end.
    """
    contents = case.checkpoint.contents
    if not contents.finished:
        yield Conflict(
            "archive-incomplete",
            Severity.UNCHECKED,
            "The archive is still being read",
            "The restore waits until the whole archive has been seen.",
        )
        return
    if case.checkpoint.whole:
        return
    yield Conflict(
        "archive-incomplete",
        Severity.BLOCKER,
        "Not all of the archive could be read",
        "Podman would fail half-way. Fetch the archive again and compare its checksum.",
        where=_places(case.checkpoint, contents.problems),
        evidence=Evidence(
            archive=_said(contents.problems) or "config.dump or spec.dump is missing"
        ),
    )


@check("engine-unsupported", Severity.BLOCKER, "Podman cannot restore such a checkpoint")
def unsupported(case: Case) -> Iterator[Conflict]:
    """Another engine made the checkpoint, or it is only a part of one.

    Podman needs its own config.dump, with the container's ID and its image or root folder. Others
    restore their checkpoints in their own way:

    CRI-O and containerd: the archive becomes an image (`checkpointctl build ARCHIVE IMAGE`), and
    the kubelet makes a container from that image, which the engine then restores.

    Images of CRIU alone: `runc restore --image-path FOLDER` or `crun restore`, with the bundle
    that the container ran from; what `docker checkpoint` made, `docker start --checkpoint NAME`
    with the container that is still there.

    A pre-checkpoint of Podman holds memory only. Restore the checkpoint that was made after it
    with `--with-previous`, and name this one with `--import-previous`.
    """
    checkpoint = case.checkpoint
    if other := elsewhere(checkpoint):
        yield Conflict(
            "engine-unsupported",
            Severity.BLOCKER,
            *other,
            where=(case.at(CONFIG),) if CONFIG in checkpoint.documents else (),
            evidence=Evidence(archive=checkpoint.layout.value),
        )
        return
    config = checkpoint.config
    if CONFIG not in checkpoint.documents or CONFIG in checkpoint.senseless:
        return  # not read yet, or not to be read at all, which is said already
    parts = {
        "the container's ID": config.id,
        "an image or a folder for its root": config.image_name or config.rootfs,
    }
    lacking = " and ".join(what for what, value in parts.items() if not value)
    if lacking:
        yield Conflict(
            "engine-unsupported",
            Severity.BLOCKER,
            "Podman did not write this archive",
            f"config.dump lacks {lacking}. Restore it with the engine that made it.",
            where=(case.at(CONFIG),),
            evidence=Evidence(archive=f"no {lacking} in config.dump"),
        )


_KUBELET = (
    "Make an image of the archive (checkpointctl build ARCHIVE IMAGE), push it where the node can"
    " pull it, and let the kubelet start a container from it: {} restores it."
)

_ELSEWHERE = {
    Layout.CRIO: (
        "CRI-O made this checkpoint, and only CRI-O restores it",
        "Podman would look for an image without a name and ID. " + _KUBELET.format("CRI-O"),
    ),
    Layout.CONTAINERD: (
        "containerd made this checkpoint, and only containerd restores it",
        "Podman has no runtime of the name that is in it. " + _KUBELET.format("containerd"),
    ),
    Layout.PODMAN_PRE: (
        "A pre-checkpoint cannot be restored alone",
        "It holds memory only. Restore the checkpoint that was made after it with --with-previous,"
        " and name this one with --import-previous.",
    ),
    Layout.CRIU: (
        "A runtime made these images, without what Podman needs",
        "There is no config.dump. Restore them with the bundle that the container ran from: runc"
        " restore --image-path FOLDER, or crun restore.",
    ),
}
"""What to say of checkpoints that Podman does not restore: a title and a detail."""

_DOCKER = (
    "Docker made these images, and only Docker restores them",
    "There is no config.dump. Restore them where the container is still there: docker start"
    " --checkpoint NAME CONTAINER.",
)


@check("import-needs-archive", Severity.BLOCKER, "Podman imports a file, not a folder or an image")
def needs_archive(case: Case) -> Iterator[Conflict]:
    """The checkpoint is Podman's, but lies unpacked in a folder, or as a layer in an image.

    `podman container restore --import` takes the archive that `podman container checkpoint
    --export` wrote. Of a folder make an archive again: `tar -C FOLDER -cf FILE .`. A checkpoint
    image is loaded (`podman load -i FILE`, of a folder `podman pull oci:FOLDER`) and restored by
    its name: `podman container restore IMAGE`. If its annotations are lost, its layer is still
    the archive: take it out of the image and import that.
    """
    contents = case.checkpoint.contents
    if case.checkpoint.layout in _ELSEWHERE or contents.form is Form.ARCHIVE:
        return
    path = shell_line([contents.path])
    if contents.form is Form.FOLDER:
        title = "Podman imports an archive, not a folder"
        detail = f"Make an archive of it: tar -C {path} -cf checkpoint.tar ."
    elif contents.layer and not contents.layer.annotations:
        title = "The image does not say that it is a checkpoint"
        detail = (
            "podman save drops what marks it, unless it saves with --format oci-archive. Take the"
            f" layer out, which is the archive itself: {contents.layer.blob.name}"
        )
    else:
        outer = contents.layer.outer.form if contents.layer else Form.ARCHIVE
        name = (contents.layer.name if contents.layer else "") or "IMAGE"
        load = f"podman pull oci:{path}" if outer is Form.FOLDER else f"podman load -i {path}"
        title = "Podman restores an image by its name"
        detail = f"Load it with {load}, then: podman container restore {shell_line([name])}"
    yield Conflict(
        "import-needs-archive",
        Severity.BLOCKER,
        title,
        safe_text(detail),
        evidence=Evidence(archive=f"the checkpoint is {_FORMS[contents.form]}"),
    )


_FORMS = {Form.FOLDER: "a folder", Form.IMAGE: "the layer of an image"}


@check("archive-ambiguous", Severity.BLOCKER, "Podman would read something else than you see")
def ambiguous(case: Case) -> Iterator[Conflict]:
    """A member or a key stands in the archive twice, or under a second spelling.

    Podman takes the last of several members of one name, whatever way the name is written, the
    last of several keys, and keys without regard to case. An archive that uses this shows one
    thing to people and another to Podman. No engine writes such archives; do not restore it.
    """
    found = case.checkpoint.contents.ambiguities
    if found:
        yield Conflict(
            "archive-ambiguous",
            Severity.BLOCKER,
            "Podman would read something else than you see",
            "No engine writes this: somebody may want to deceive you. Do not restore it.",
            where=_places(case.checkpoint, found),
            evidence=Evidence(archive=_said(found)),
        )


def elsewhere(checkpoint: Checkpoint) -> tuple[str, str] | None:
    """Who restores a checkpoint that Podman does not, in a few words and at length."""
    if engine(checkpoint) is Engine.DOCKER:
        return _DOCKER
    return _ELSEWHERE.get(checkpoint.layout)


def foreign(checkpoint: Checkpoint) -> bool:
    """Whether Podman does not restore such checkpoints, whatever the host."""
    return checkpoint.layout in _ELSEWHERE


def _said(problems: Iterable[Problem]) -> str:
    """The first problems."""
    messages = [
        f"{problem.member}: {problem.message}" if problem.member else problem.message
        for problem in problems
    ]
    return some(messages, between="; ")


def _places(checkpoint: Checkpoint, problems: Iterable[Problem]) -> tuple[Location, ...]:
    """The nodes of documents that the problems are about."""
    return tuple(
        dict.fromkeys(
            Location(problem.member, problem.pointer)
            for problem in problems
            if problem.member in checkpoint.documents
        )
    )
