"""Two checkpoints compared."""

from collections.abc import Sequence

from tui.checkpoint.comparison import SECTIONS, compare, look
from tui.checkpoint.comparison.side import read_side
from tui.checkpoint.reading import load
from tui.errors import ExitCode, UsageError
from tui.headless.archives import checksum
from tui.headless.streams import Meter, print_json, say
from tui.report.comparison import comparison_document, comparison_lines
from tui.report.text import problem_lines


def diff(
    first: str,
    second: str,
    *,
    sections: Sequence[str],
    memory: bool,
    digests: bool,
    everything: bool,
    as_json: bool,
    reveal: bool,
) -> int:
    """Print what differs between the checkpoints at `first` and `second`."""
    _check(sections, memory=memory, digests=digests)
    wanted = sections or SECTIONS
    checksums = (checksum(first), checksum(second)) if as_json else None
    before, after = load(first), load(second)
    with Meter("unpacking") as meter:
        sides = read_side(before, meter), read_side(after, meter)
    comparison = compare(*sides, wanted, reveal=reveal)
    if memory or digests:
        with Meter("compared") as meter:
            content = look(comparison, memory=memory, files=digests, progress=meter)
        comparison = compare(*sides, wanted, reveal=reveal, content=content)
    if checksums:
        sha256 = checksums[0](), checksums[1]()
        print_json(comparison_document(comparison, everything=everything, sha256=sha256))
    else:
        print("\n".join(comparison_lines(comparison, everything=everything)))
    for name, side in zip(("before", "after"), sides, strict=True):
        for line in problem_lines((*side.checkpoint.contents.problems, *side.problems)):
            say(f"{name}: {line}")
    for line in problem_lines(comparison.content.problems):
        say(line)
    if not comparison.whole:
        return ExitCode.ARCHIVE
    return ExitCode.OK if comparison.same else ExitCode.DIFFERENT


def _check(sections: Sequence[str], *, memory: bool, digests: bool) -> None:
    """Raises UsageError where options do not fit."""
    unknown = [name for name in sections if name not in SECTIONS]
    if unknown:
        raise UsageError(f"there is no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    if sections and memory and "memory" not in sections:
        raise UsageError("--memory is about the section memory: say --section memory, too")
    if sections and digests and "filesystem" not in sections:
        raise UsageError("--digests is about files: say --section filesystem, too")
