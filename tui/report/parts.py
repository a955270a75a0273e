"""The files, logs and figures of a checkpoint, for scripts."""

from typing import Any

import msgspec

from tui.archive.digest import Digests
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import Entry, file_systems
from tui.checkpoint.logs import read_logs
from tui.checkpoint.secrets import variables
from tui.checkpoint.sizes import sizes
from tui.text import Redactor


def filesystem_document(checkpoint: Checkpoint) -> list[dict[str, Any]]:
    """Every file that the archive has something of, by file system."""
    return [
        {
            "kind": system.kind,
            "mountpoint": system.mountpoint,
            "where": system.where,
            "name": system.name,
            "size": system.size,
            "emptied": list(system.emptied),
            "entries": [_entry(entry) for entry in system.entries],
        }
        for system in file_systems(checkpoint)
    ]


def logs_document(checkpoint: Checkpoint, *, reveal: bool) -> list[dict[str, Any]]:
    """The end of every log; known values of environment variables are masked."""
    redact = redactor(checkpoint, reveal=reveal)
    return [
        {
            "name": log.name,
            "title": log.title,
            "size": log.size,
            "left_out": log.left_out,
            "problem": log.problem,
            "lines": [
                {
                    "time": line.time,
                    "source": line.source,
                    "level": line.level,
                    "text": redact(line.text),
                    "partial": line.partial,
                }
                for line in log.lines
            ],
        }
        for log in read_logs(checkpoint)
    ]


def stats_document(checkpoint: Checkpoint) -> dict[str, Any]:
    """CRIU's figures of the dump; the parser of its images is loaded only here."""
    from tui.criu.stats import read_stats

    stats = read_stats(checkpoint.contents)
    return {
        "figures": msgspec.to_builtins(stats.figures),
        "problems": [problem.message for problem in stats.problems],
    }


def sizes_document(checkpoint: Checkpoint) -> dict[str, Any]:
    """What takes up the room, the largest part first."""
    found = sizes(checkpoint)
    return {
        "total": found.total,
        "archive": found.archive,
        "parts": msgspec.to_builtins(found.parts),
    }


def digests_document(digests: Digests) -> dict[str, Any]:
    """The checksums of the archive and of every file in it."""
    return {
        "algorithm": "sha256",
        "archive": digests.archive,
        "members": [
            {"name": member.name, "size": member.size, "sha256": digest}
            for member, digest in digests.members
        ],
    }


def redactor(checkpoint: Checkpoint, *, reveal: bool) -> Redactor:
    """What masks the values of the environment in free text."""
    return Redactor(() if reveal else variables(checkpoint))


def _entry(entry: Entry) -> dict[str, Any]:
    member = entry.member
    if member is None:
        return {"path": entry.path, "fate": entry.fate}
    return {
        "path": entry.path,
        "fate": entry.fate,
        "kind": member.kind,
        "mode": f"{member.mode:04o}",
        "owner": list(member.owner),
        "size": member.size,
        "mtime": member.mtime.isoformat(),
        "link": member.link,
    }
