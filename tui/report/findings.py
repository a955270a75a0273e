"""What deserves a look, for people and for scripts."""

import dataclasses
from typing import Any

from tui.archive.spool import opened
from tui.checkpoint.checkpoint import Checkpoint
from tui.criu.inside import Inside
from tui.findings import Findings, find
from tui.findings.registry import (
    DescriptorPlace,
    DocumentPlace,
    FilePlace,
    Finding,
    MemoryPlace,
    MountPlace,
    Place,
    ProcessPlace,
    Severity,
    SocketPlace,
)
from tui.findings.scene import scene, wanted, with_content
from tui.text import plural, safe_text

SIGNS = {Severity.HIGH: "✖", Severity.MEDIUM: "▲", Severity.LOW: "·", Severity.INFO: "i"}
"""Each severity's sign; its word always stands beside it."""

_KINDS = {
    ProcessPlace: "process",
    DescriptorPlace: "descriptor",
    SocketPlace: "socket",
    MountPlace: "mount",
    FilePlace: "file",
    MemoryPlace: "memory",
    DocumentPlace: "document",
}

_NAMED = 3
"""Places that are named of one finding; the JSON names them all."""


def findings(checkpoint: Checkpoint, inside: Inside, *, memory: bool) -> Findings:
    """What deserves a look; with `memory` also in memory and in files, which may be unpacked first.

    Raises ArchiveError when they cannot be.
    """
    known = scene(checkpoint, inside)
    if not memory:
        return find(known)
    with opened(checkpoint.contents, wanted(checkpoint)) as store:
        return find(with_content(known, store))


def findings_document(found: Findings) -> dict[str, Any]:
    """What deserves a look, as everywhere in the JSON."""
    return {
        "findings": [
            {
                "rule": one.rule,
                "severity": one.severity,
                "title": one.title,
                "detail": one.detail,
                "places": [place_document(place) for place in one.places],
            }
            for one in found.found
        ],
        "unlooked": list(found.unlooked),
        "notes": list(found.notes),
    }


def place_document(place: Place) -> dict[str, Any]:
    """One place; an address is text in hex."""
    fields = dataclasses.asdict(place)
    if isinstance(place, MemoryPlace):
        fields["address"] = hex(place.address)
    return {"kind": _KINDS[type(place)], **fields}


def findings_lines(found: Findings) -> list[str]:
    """What deserves a look, the most severe first, and what was not looked for."""
    lines = [line for one in found.found for line in finding_lines(one)]
    lines += ["nothing"] if not found.found else []
    lines += [f"note: {note}" for note in found.notes]
    if found.unlooked:
        count = plural(len(found.unlooked), "rule")
        lines.append(
            f"note: {count} need a look into memory (--memory): {', '.join(found.unlooked)}"
        )
    return lines


def finding_lines(one: Finding) -> list[str]:
    """One finding with where it shows."""
    where = [place_text(place) for place in one.places[:_NAMED]]
    more = len(one.places) - len(where)
    return [
        f"{SIGNS[one.severity]} {one.severity.value:<6}  {one.title}  [{one.rule}]",
        f"            {one.detail}",
        *(
            [f"            → {', '.join(where)}{f' and {more} more' if more else ''}"]
            if where
            else []
        ),
    ]


def place_text(place: Place) -> str:
    """A place in a few words, safe to show."""
    match place:
        case ProcessPlace(pid):
            return f"process {pid}"
        case DescriptorPlace(pid, fd, _):
            return f"process {pid} fd {fd}"
        case SocketPlace(file):
            return f"socket {file}"
        case MountPlace(mount):
            return f"mount {mount}"
        case FilePlace(where, path):
            return safe_text(f"{path} in {where}")
        case MemoryPlace(pid, address):
            return f"memory of process {pid} at {address:#x}"
        case DocumentPlace(document, pointer):
            return safe_text(f"{document} {pointer}")
