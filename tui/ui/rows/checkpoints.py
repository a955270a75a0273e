"""The rows of archives that can be opened, as far as each of them is known."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from tui.archive.model import Form
from tui.archive.places import Found
from tui.errors import ArchiveError, NoCheckpointError
from tui.report.assessment import Assessment, Glance
from tui.report.text import GLYPHS
from tui.restore.conflict import Severity, counts
from tui.restore.plan import Verdict
from tui.text import age, plural, shown_path, size
from tui.ui.rows.facts import Facts
from tui.ui.rows.model import Column, Key, Link, Row, Table

LARGE = 2 << 30
"""Bytes from which on an archive is only read wholly when somebody looks at it."""

COLUMNS = (
    Column(" ", tone="title", widest=2),
    Column("Container", tone="key"),
    Column("Image", widest=36, rank=2),
    Column("Engine", widest=12, rank=4),
    Column("Age", tone="quiet", widest=14, rank=1),
    Column("Size", widest=10, rank=3, right=True, down=True),
    Column("Verdict", widest=34),
    Column("File", widest=32),
    Column("Found in", tone="quiet", widest=1000, rank=5),
)

WORDS = {
    Verdict.READY: "✔ ready",
    Verdict.BLOCKED: "✖ blocked",
    Verdict.UNKNOWN: "? unknown",
}

_TELLING = (Severity.BLOCKER, Severity.UNCHECKED, Severity.WARNING)
"""What a verdict is told with; the rest has no bearing on it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An archive of the list; `Found` says where it lies, the rest is found out by and by."""

    found: Found
    glance: Glance | None = None
    assessment: Assessment | None = None
    trouble: str = ""
    """Why it cannot be opened."""
    what: str = ""
    """The same in short: what it is instead."""
    reading: bool = False
    """All of it is being read."""
    trouble_with_host: str = ""
    """Why there is no verdict."""

    @property
    def id(self) -> str:
        """What its row is found by."""
        return self.found.path

    @property
    def gone(self) -> bool:
        """There is nothing any more."""
        return self.found.candidate is None

    @property
    def large(self) -> bool:
        """It takes long to read."""
        return self.found.candidate is not None and self.found.candidate.size > LARGE

    @property
    def unseen(self) -> bool:
        """Nobody has looked at its beginning yet."""
        return not (self.gone or self.glance or self.trouble)

    @property
    def undecided(self) -> bool:
        """A verdict could be had, and is not there yet."""
        return bool(self.glance and not self.assessment and not self.trouble)

    def failed(self, error: ArchiveError) -> "Entry":
        """The entry of what cannot be read."""
        what = "✖ cannot be read"
        if isinstance(error, NoCheckpointError):
            single = "checkpoint" in error.what
            what = f"- {error.what}" if single else f"- no checkpoint: {error.what}"
        return replace(self, trouble=str(error), what=what, reading=False)

    def forgotten(self) -> "Entry":
        """The entry as it is before anybody has asked for the verdict."""
        return replace(self, assessment=None, reading=False, trouble_with_host="")


def gathered(found: Iterable[Found], known: dict[str, Entry]) -> dict[str, Entry]:
    """The entries of what was `found`; what is `known` of a file that has not changed stays."""
    entries = {}
    for one in found:
        before = known.get(one.path)
        same = (
            before is not None
            and before.found.candidate is not None
            and one.candidate is not None
            and before.found.candidate.identity == one.candidate.identity
        )
        entries[one.path] = replace(before, found=one) if before and same else Entry(one)
    return entries


def checkpoints_table(
    entries: Iterable[Entry],
    opened: Collection[str] = (),
    marked: Collection[str] = (),
    note: str = "",
) -> Table:
    """A row for each of `entries`; those of the paths in `opened` and `marked` have a sign."""
    entries = tuple(entries)
    rows = tuple(_row(entry, entry.id in opened, entry.id in marked) for entry in entries)
    return Table(COLUMNS, rows, len(rows), told=_told(entries, opened, marked), note=note)


def standing(entry: Entry) -> str:
    """How it stands with its restore here, in a few words."""
    if entry.gone:
        return "gone"
    if entry.trouble:
        return entry.what
    if entry.assessment:
        return _verdict(entry.assessment)
    if entry.reading:
        return "… reading"
    if entry.trouble_with_host:
        return "? the host cannot be asked"
    return "… large, a reads it" if entry.large and entry.glance else "… waiting"


def entry_facts(entry: Entry, opened: bool) -> Table:
    """What is known of one archive: what stands in the way first, and then its summary."""
    facts, found = Facts(), entry.found
    facts.heading("On this host")
    facts.add("verdict", standing(entry), tone="error" if entry.trouble else "")
    if entry.gone:
        facts.add("", "It was opened from here, and there is nothing any more. x forgets it.")
    facts.add("", entry.trouble or entry.trouble_with_host)
    if opened:
        facts.add("", "It is open; Enter goes to it.")
    assessment = entry.assessment
    if assessment:
        for conflict in assessment.conflicts:
            if conflict.severity in _TELLING:
                facts.add(f"{GLYPHS[conflict.severity]} {conflict.severity}", conflict.title)
        for section in assessment.summary:
            facts.heading(section.title)
            for row in section.rows:
                facts.add(row.label, row.value)
    elif entry.glance:
        facts.heading("Container")
        facts.add("name", entry.glance.name)
        facts.add("image", entry.glance.image)
        facts.add("engine", entry.glance.engine)
        if entry.glance.checkpointed:
            facts.add("checkpointed", age(entry.glance.checkpointed))
    if entry.reading or entry.unseen:
        facts.add("", "More follows when it has been read.", tone="quiet")
    facts.heading("File")
    facts.add("path", shown_path(found.path))
    if found.candidate:
        facts.add("size", _size(entry))
        facts.add("modified", age(found.candidate.modified))
    return facts.table()


def _row(entry: Entry, opened: bool, marked: bool) -> Row:
    found, glance = entry.found, entry.glance
    candidate = found.candidate
    moment = glance.checkpointed if glance else None
    if glance and candidate and moment is None:
        moment = candidate.modified
    file = PurePosixPath(found.path).name
    cells = (
        ("●" if opened else "") + ("+" if marked else ""),
        glance.name if glance else "",
        glance.image if glance else "",
        glance.engine if glance else "",
        age(moment) if moment else "",
        _size(entry),
        standing(entry),
        file,
        _where(found),
    )
    keys: tuple[Key, ...] = (
        -(2 * opened + marked),
        *(cell.casefold() for cell in cells[1:4]),
        -moment.timestamp() if moment else "",
        candidate.size if candidate else "",
        _rank(entry),
        file.casefold(),
        cells[-1].casefold(),
    )
    tone = "quiet" if entry.gone or entry.trouble else ""
    link = Link("checkpoint", entry.id)
    return Row(entry.id, cells, keys=keys, tone=tone, link=link, copy=found.path)


def _where(found: Found) -> str:
    folder = found.folder or str(PurePosixPath(found.path).parent)
    return f"{shown_path(folder)}{'' if found.folder else ' (opened before)'}"


def _size(entry: Entry) -> str:
    candidate = entry.found.candidate
    if candidate is None:
        return ""
    return "folder" if candidate.form is Form.FOLDER else size(candidate.size)


def _verdict(assessment: Assessment) -> str:
    if assessment.verdict is None:
        return "✖ damaged: no documents"
    found = [each for each in counts(assessment.conflicts) if each[0] in _TELLING]
    if assessment.verdict is Verdict.BLOCKED and len(found) == 1:
        told = f": {plural(found[0][1], 'blocker')}"
    else:
        told = "".join(f" {GLYPHS[severity]}{count}" for severity, count in found)
    return f"{WORDS[assessment.verdict]}{told}{'' if assessment.whole else ', damaged'}"


def _rank(entry: Entry) -> int:
    """Ready first, then what is not known, then what will not do."""
    assessment = entry.assessment
    if assessment:
        return {Verdict.READY: 0, Verdict.UNKNOWN: 1, Verdict.BLOCKED: 3, None: 4}[
            assessment.verdict
        ]
    return 5 if entry.gone or entry.trouble else 2


def _told(entries: tuple[Entry, ...], opened: Collection[str], marked: Collection[str]) -> str:
    verdicts = [one.assessment.verdict for one in entries if one.assessment]
    parts = [plural(len(entries), "archive")]
    parts += [f"{verdicts.count(one)} {one}" for one in Verdict if one in verdicts]
    if opened:
        parts.append("● open")
    if marked:
        parts.append("+ marked")
    return " · ".join(parts)
