"""Two checkpoints side by side, for people and for scripts.

People are told what means something; what differs between any two checkpoints is counted.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tui.archive.standard_input import shown
from tui.checkpoint.comparison import Comparison, Section
from tui.checkpoint.comparison.difference import Counts, Difference, Kind, Unit
from tui.checkpoint.comparison.side import Side
from tui.checkpoint.config import Json
from tui.report.document import SCHEMA, archive_document, dumps
from tui.report.lines import columns
from tui.report.summary import SHORT_ID
from tui.text import age, plural, safe_text, shell_line, size

GLYPHS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.SAME: "="}
"""Each kind's sign; its word always stands beside it."""

EXPECTED = "·"
"""The sign of what was expected to differ."""

_NOTHING = "No differences: the two are the same in everything that podthaw reads."

_NOTHING_READ = "No differences in what could be read of both."

_LONGEST = 240
"""Characters of a value that people are shown."""

_LINE = 60
"""Characters of two values that stand in one line."""


def comparison_document(
    comparison: Comparison, *, everything: bool, sha256: tuple[str, str]
) -> dict[str, Any]:
    """What `diff --json` prints; what is the same is left out unless `everything` is wanted.

    Each difference has what tells it apart (`key`), what people call it (`label`), its `kind`
    (`added`, `removed`, `changed`, `same`), the values `before` and `after` with their `unit`
    (`bytes`, `mode`, `address`, `command`, or none), a `note`, why any two checkpoints may
    differ in it (`expected`, empty if it means something), and the differences `inside` it.
    """
    before, after = comparison.before, comparison.after
    return {
        "schema": SCHEMA,
        "before": archive_document(before.checkpoint, sha256=sha256[0]),
        "after": archive_document(after.checkpoint, sha256=sha256[1]),
        "same_container": comparison.same_container,
        "seconds_apart": _seconds(comparison),
        "same": comparison.same,
        "complete": comparison.whole,
        "caveat": comparison.caveat,
        "counts": _counts(comparison.counts),
        "problems": [
            {"archive": name, "member": one.member, "offset": one.offset, "message": one.message}
            for name, side in (("before", before), ("after", after))
            for one in side.problems
        ],
        "sections": {
            section.name: {
                "compared": section.compared,
                "counts": _counts(section.root.counts),
                "notes": list(section.notes),
                "differences": [
                    _document(one, everything)
                    for one in section.root.inside
                    if everything or one.kind is not Kind.SAME
                ],
            }
            for section in comparison.sections
        },
    }


def comparison_lines(comparison: Comparison, *, everything: bool) -> list[str]:
    """What `diff` prints: who is compared, what differs by section, and then each difference."""
    lines = heading_lines(comparison)
    notes = [
        (section.title, safe_text(note))
        for section in comparison.sections
        for note in section.notes
    ]
    differing = [one for one in comparison.sections if one.root.counts.differing]
    lines += ["", *(_overview(differing) if differing else [nothing_words(comparison)])]
    same = [
        one.title for one in comparison.sections if one.compared and not one.root.counts.differing
    ]
    if differing and same:
        lines.append(f"no difference in: {', '.join(same)}")
    lines += [f"note: {comparison.caveat}"] if comparison.caveat else []
    lines += [f"note: {title}: {note}" for title, note in notes]
    for section in comparison.sections:
        if section.root.counts.differing or (everything and section.root.inside):
            lines += ["", *_section_lines(section, everything)]
    expected = comparison.counts.expected
    if expected and not everything:
        lines += ["", f"{expected_words(expected)} (--all shows them)"]
    return lines


def heading_lines(comparison: Comparison) -> list[str]:
    """Who is before and who is after, and how they belong together."""
    rows = [
        (name, safe_text(shown(side.checkpoint.contents.path)), side_words(side))
        for name, side in (("before", comparison.before), ("after", comparison.after))
    ]
    return [*columns(rows), relation_words(comparison)]


def side_words(side: Side) -> str:
    """One of the two in a line, safe to show."""
    known = side.origin
    name = f"{known.name} {known.id[:SHORT_ID]}".strip()
    moment = f"{known.checkpointed:%Y-%m-%d %H:%M:%S %Z}" if known.checkpointed else ""
    return safe_text(", ".join(filter(None, (name, known.image, known.engine.label, moment))))


def relation_words(comparison: Comparison) -> str:
    """Whether both are of one container, and how far apart in time."""
    before, after = comparison.before.origin, comparison.after.origin
    if comparison.same_container:
        who = "one container"
    elif before.id and after.id:
        who = "two containers"
    else:
        who = "nobody knows whether of one container"
    seconds = _seconds(comparison)
    if seconds is None or not before.checkpointed or not after.checkpointed:
        return who
    if not seconds:
        return f"{who}, at the same second"
    first, last = sorted((before.checkpointed, after.checkpointed))
    how = "newer" if seconds > 0 else "older"
    return f"{who}, the second is {age(first, last).removesuffix(' ago')} {how} than the first"


def nothing_words(comparison: Comparison) -> str:
    """That nothing differs, as far as both could be read."""
    return _NOTHING_READ if comparison.caveat else _NOTHING


def counts_words(counts: Counts) -> str:
    """`+ 1 added  - 2 removed`; empty where nothing differs."""
    kinds = (
        (Kind.ADDED, counts.added),
        (Kind.REMOVED, counts.removed),
        (Kind.CHANGED, counts.changed),
    )
    return "  ".join(f"{GLYPHS[kind]} {count:,} {kind}" for kind, count in kinds if count)


def expected_words(count: int) -> str:
    """How many differences mean nothing."""
    return f"{plural(count, 'difference')} of IDs, times and the like left out"


def kind_words(one: Difference) -> str:
    """The sign and the word: `~ changed`."""
    return f"{EXPECTED if one.expected else GLYPHS[one.kind]} {one.kind}"


def value_words(value: Json, unit: Unit) -> str:
    """A value for people, as the archive has it; empty for none."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() if unit is Unit.BYTES:
            return size(value)
        case int() if unit is Unit.MODE:
            return f"{value:04o}"
        case int() if unit is Unit.ADDRESS:
            return f"{value:#x}"
        case int():
            return str(value)
        case str():
            return value or "(empty)"
        case list() if unit is Unit.COMMAND:
            return shell_line(map(str, value))
    return dumps(value, indent=None)


def both_words(one: Difference) -> tuple[str, str]:
    """What it was and is; sizes that are told alike are told byte by byte."""
    before, after = value_words(one.before, one.unit), value_words(one.after, one.unit)
    if one.unit is Unit.BYTES and before == after and one.before != one.after:
        return f"{one.before:,} Bytes", f"{one.after:,} Bytes"
    return before, after


def _overview(sections: Sequence[Section]) -> list[str]:
    return columns([(one.title, counts_words(one.root.counts)) for one in sections])


def _section_lines(section: Section, everything: bool) -> Iterator[str]:
    yield f"{section.title}  {counts_words(section.root.counts)}".rstrip()
    waiting = [(1, one) for one in reversed(section.root.inside)]
    while waiting:
        depth, one = waiting.pop()
        if not everything and not (one.differs or one.counts.differing):
            continue
        yield from _difference_lines(one, depth)
        waiting += [(depth + 1, each) for each in reversed(one.inside)]


def _difference_lines(one: Difference, depth: int) -> Iterator[str]:
    lead = f"{'  ' * depth}{kind_words(one):<10} {safe_text(one.label)}"
    before, after = (_shortened(words) for words in both_words(one))
    notes = "; ".join(filter(None, (one.note, one.expected)))
    notes = f"  ({safe_text(notes)})" if notes else ""
    if one.kind is Kind.SAME or (one.inside and not one.group) or before == after:
        told = after if one.kind is Kind.SAME or one.group else ""
    elif one.kind is Kind.CHANGED and len(before) + len(after) > _LINE:
        yield lead + notes
        yield f"{'  ' * depth}    before  {before}"
        yield f"{'  ' * depth}    after   {after}"
        return
    elif one.kind is Kind.CHANGED:
        told = f"{before} → {after}"
    else:
        told = before or after
    yield f"{lead}  {told}".rstrip() + notes


def _shortened(words: str) -> str:
    words = safe_text(words)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}… ({len(words):,} characters)"


def _document(one: Difference, everything: bool) -> dict[str, Any]:
    return {
        "key": one.key,
        "label": one.label,
        "kind": one.kind,
        "before": one.before,
        "after": one.after,
        "unit": one.unit,
        "note": one.note,
        "expected": one.expected,
        "inside": [
            _document(each, everything)
            for each in one.inside
            if everything or each.kind is not Kind.SAME
        ],
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "same": counts.same,
        "expected": counts.expected,
    }


def _seconds(comparison: Comparison) -> float | None:
    before = comparison.before.origin.checkpointed
    after = comparison.after.origin.checkpointed
    return (after - before).total_seconds() if before and after else None
