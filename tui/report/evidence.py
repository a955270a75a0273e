"""What was saved from a checkpoint, as evidence: what, from where, and its checksum."""

from dataclasses import dataclass, field
from typing import Any

from tui.checkpoint.checkpoint import Checkpoint
from tui.report.document import SCHEMA, archive_document
from tui.text import safe_text


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file as it was saved."""

    place: str
    """What was asked for."""
    source: str
    """The file in the archive; of memory and the like the same as `place`."""
    path: str
    size: int
    sha256: str
    absent: dict[str, int] = field(default_factory=dict)
    """Bytes of memory that are not in it, by why."""


def evidence_document(
    checkpoint: Checkpoint, sha256: str, saved: list[Evidence], failed: list[str]
) -> dict[str, Any]:
    """What `extract --json` prints."""
    return {
        "schema": SCHEMA,
        "archive": archive_document(checkpoint, sha256=sha256),
        "saved": [
            {
                "place": one.place,
                "source": one.source,
                "path": one.path,
                "size": one.size,
                "sha256": one.sha256,
                "absent": one.absent,
            }
            for one in saved
        ],
        "failed": failed,
    }


def evidence_line(one: Evidence) -> str:
    """One file in a line, fields between tabs."""
    fields = (one.sha256, str(one.size), one.path, one.place, one.source)
    return "\t".join(safe_text(field) for field in fields[: 4 + (one.source != one.place)])
