"""Two checkpoints as one table: what was added, removed, changed, and what is the same."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tui.checkpoint.comparison import Comparison, Section
from tui.checkpoint.comparison.difference import Difference, Kind, Unit
from tui.report.comparison import (
    both_words,
    counts_words,
    expected_words,
    kind_words,
    nothing_words,
)
from tui.text import shell_line
from tui.ui.rows.facts import Facts
from tui.ui.rows.model import Column, Row, Table

_COLUMNS = (
    Column("WHAT", "key", widest=44),
    Column("CHANGE", widest=9),
    Column("BEFORE", widest=48),
    Column("AFTER", widest=1000),
)

_TONES = {Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.SAME: "quiet"}

_STEP = "\x1f"
"""Between the keys that make the ID of a row; no key of an archive can end one and begin another,
because each row is looked up among those beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The rows, and what each is about."""

    table: Table = Table()
    by_row: dict[str, Difference] = field(default_factory=dict)
    """By the ID of the row; those of the sections too."""
    stops: tuple[str, ...] = ()
    """The rows that people go to one after the other: what differs, in the smallest parts."""


def compared(comparison: Comparison, *, everything: bool) -> Compared:
    """What differs, by section; with `everything` also what is the same or was expected."""
    rows: list[Row] = []
    known: dict[str, Difference] = {}
    stops: list[str] = []
    for section in comparison.sections:
        if not _wanted(section.root, everything) or not section.root.inside:
            continue
        for depth, one, id_ in _walk(section, everything):
            known[id_] = one
            rows.append(_section_row(section, id_) if depth == 0 else _row(one, id_, depth))
            if depth and one.differs and not any(each.differs for each in one.inside):
                stops.append(id_)
    counts = comparison.counts
    expected = ""
    if counts.expected and not everything:
        expected = f"{expected_words(counts.expected)} (t shows them)"
    table = Table(
        _COLUMNS,
        tuple(rows),
        count=counts.differing,
        told=" · ".join(filter(None, (counts_words(counts) or "no differences", expected))),
        empty=f"{nothing_words(comparison)} {expected}".strip(),
        note=_note(comparison),
    )
    return Compared(table, known, tuple(stops))


def difference_facts(found: Compared, row: Row) -> Table:
    """All about a difference: what it was, what it is, and what differs in it."""
    one = found.by_row.get(row.id)
    facts = Facts()
    if one is None:
        return facts.table()
    facts.heading(one.label)
    facts.add("Change", kind_words(one), tone=_tone(one))
    before, after = full_words(one)
    facts.add("Before", before)
    facts.add("After", after)
    facts.add("Note", one.note)
    facts.add("Expected", one.expected)
    if one.group:
        facts.add("In it", counts_words(one.counts) or "no differences")
    for each in one.inside if not one.group else ():
        facts.heading(each.label)
        facts.add("Change", kind_words(each), tone=_tone(each))
        before, after = full_words(each)
        facts.add("Before", before)
        facts.add("After", after)
        facts.add("Only before", _listed(each, Kind.REMOVED))
        facts.add("Only after", _listed(each, Kind.ADDED))
        facts.add("Note", each.note)
        facts.add("Expected", each.expected)
    return facts.table()


def full_words(one: Difference) -> tuple[str, str]:
    """What it was and is, whole; of what is only on one side the other is said to be absent."""
    before, after = both_words(one)
    if one.kind is Kind.ADDED:
        return "not there", after
    if one.kind is Kind.REMOVED:
        return before, "not there"
    return before, after


def _walk(section: Section, everything: bool) -> Iterable[tuple[int, Difference, str]]:
    waiting = [(0, section.root, section.name)]
    while waiting:
        depth, one, id_ = waiting.pop()
        yield depth, one, id_
        inside = [each for each in one.inside if _wanted(each, everything)]
        waiting += [(depth + 1, each, f"{id_}{_STEP}{each.key}") for each in reversed(inside)]


def _wanted(one: Difference, everything: bool) -> bool:
    return everything or one.differs or bool(one.counts.differing)


def _section_row(section: Section, id_: str) -> Row:
    words = counts_words(section.root.counts) or "no differences"
    return Row(id_, (f"{section.title}  {words}",), tone="title")


def _row(one: Difference, id_: str, depth: int) -> Row:
    before, after = both_words(one) if one.group or not one.inside else ("", "")
    if one.kind is Kind.SAME and before == after:
        before = ""
    elif one.note and before == after:
        before, after = "", one.note
    return Row(
        id_,
        (one.label, kind_words(one), before, after or one.note),
        depth,
        tone=_tone(one),
        copy=_copied(one),
    )


def _copied(one: Difference) -> str:
    before, after = both_words(one)
    values = " → ".join(filter(None, (before, after))) if before != after else after
    return "  ".join(filter(None, (kind_words(one), one.label, values, one.note)))


def _tone(one: Difference) -> str:
    return "quiet" if one.expected else _TONES.get(one.kind, "")


def _listed(one: Difference, kind: Kind) -> str:
    words = [each.label for each in one.inside if each.kind is kind]
    return shell_line(words) if one.unit is Unit.COMMAND else ", ".join(words)


def _note(comparison: Comparison) -> str:
    problems = [
        (f"{which}: ", problem)
        for which, side in (("before", comparison.before), ("after", comparison.after))
        for problem in (*side.checkpoint.contents.problems, *side.problems)
    ]
    problems += [("", problem) for problem in comparison.content.problems]
    if problems:
        which, first = problems[0]
        more = f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else ""
        return (
            "▲ compared as far as both could be read:"
            f" {which}{first.member or 'the archive'}: {first.message}{more}"
        )
    notes = [f"{one.title}: {note}" for one in comparison.sections for note in one.notes]
    return " · ".join(notes)
