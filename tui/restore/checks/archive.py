"""Checks of the archive itself."""

from collections.abc import Iterable, Iterator

from tui.archive.model import Problem
from tui.checkpoint.checkpoint import CONFIG, Checkpoint
from tui.restore.checks.registry import Case, check
from tui.restore.checks.words import some
from tui.restore.conflict import Conflict, Evidence, Location, Severity


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
    if contents.complete and case.checkpoint.readable:
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


@check("engine-unsupported", Severity.BLOCKER, "Podman did not write the archive's config.dump")
def unsupported(case: Case) -> Iterator[Conflict]:
    """config.dump lacks the container's ID, or any root file system: Podman always writes both.

    Other engines have a config.dump of their own, and Podman cannot restore from it: it would look
    for an image without a name, and fail. podthaw does not even open the archives that it knows to
    be of CRI-O or containerd; this is for all others. Restore the archive with the engine that
    made it, or make a checkpoint with `podman container checkpoint --export`.
    """
    config = case.checkpoint.config
    if CONFIG not in case.checkpoint.documents or CONFIG in case.checkpoint.senseless:
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
