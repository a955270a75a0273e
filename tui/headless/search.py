"""Memory looked through: hits as they come, one a line."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tui.archive.forward import forward
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.criu import search as looking
from tui.criu.images import Images
from tui.criu.memories import Memories, read_memories
from tui.criu.pages import Absence
from tui.criu.patterns import LONGEST, Pattern, Strings, expression, hexadecimal, text
from tui.criu.processes import processes
from tui.criu.search import Hit
from tui.criu.vma import OBJECTS
from tui.errors import ExitCode, UsageError
from tui.headless.archives import archive_code, tell_problems
from tui.headless.streams import Meter, say
from tui.report.document import dumps, image_folder
from tui.report.hits import hit_document, hit_line
from tui.report.text import problem_lines
from tui.text import size

_LACKING = (Absence.EARLIER, Absence.LAZY, Absence.MISSING, Absence.DAMAGED, Absence.UNREAD)
"""Memory that was there, and is not here."""


def search(
    path: str,
    words: str,
    *,
    regex: bool,
    as_hex: bool,
    ignore_case: bool,
    wide: bool,
    pids: Sequence[int],
    as_json: bool,
) -> int:
    """Print where `words` are in the memory of the checkpoint at `path`."""
    if wide and (regex or as_hex):
        raise UsageError("--wide is about text: it goes with neither --regex nor --hex")
    if as_hex and ignore_case:
        raise UsageError("--ignore-case is about letters: it does not go with --hex")
    if regex:
        pattern = expression(words, ignore_case=ignore_case)
    elif as_hex:
        pattern = hexadecimal(words)
    else:
        pattern = text(words, ignore_case=ignore_case, wide=wide)
    return _look(path, pattern, pids, as_json=as_json, around=True)


def strings(path: str, minimum: int, *, wide: bool, pids: Sequence[int], as_json: bool) -> int:
    """Print everything printable in memory that is at least `minimum` characters long."""
    if not 1 <= minimum <= LONGEST:
        raise UsageError(f"strings have 1 to {LONGEST:,} characters, not {minimum:,}")
    return _look(path, Strings(minimum, wide), pids, as_json=as_json, around=False)


def _look(path: str, pattern: Pattern, pids: Sequence[int], *, as_json: bool, around: bool) -> int:
    checkpoint = load(path)
    contents, folder = checkpoint.contents, image_folder(checkpoint)
    found = processes(Images(contents, folder)).by_pid
    names = {pid: process.name for pid, process in found.items()}
    count = 0
    with forward(contents) as store, Meter("looked through") as meter:
        memories = read_memories(contents, store, folder=folder)
        _check_pids(memories, pids)
        for step in looking.search(memories, pattern, pids):
            if step.hits:
                meter.clear()
                _show(names, step.hits, as_json=as_json, around=around)
                count += len(step.hits)
            meter(step.done, step.total)
    tell_problems(checkpoint)
    for line in problem_lines(memories.problems):
        say(line)
    _tell_lacking(memories, pids)
    if memories.problems:
        return ExitCode.ARCHIVE
    return _code(checkpoint, count)


def _show(names: Mapping[int, str], hits: Iterable[Hit], *, as_json: bool, around: bool) -> None:
    for hit in hits:
        if as_json:
            print(dumps(hit_document(names, hit), indent=None))
        else:
            print(hit_line(names, hit, around=around))
    print(end="", flush=True)


def _check_pids(memories: Memories, pids: Sequence[int]) -> None:
    known = [memory.pid for memory in memories.processes]
    for pid in pids:
        if pid not in known:
            raise UsageError(
                f"there is no memory of a process {pid};"
                f" there is of {', '.join(map(str, known)) or 'none'}"
            )


def _tell_lacking(memories: Memories, pids: Sequence[int]) -> None:
    """Say what could not be looked through; shared memory counts once, whoever has it."""
    lacking = Counter[Absence]()
    wanted = [memory for memory in memories.processes if not pids or memory.pid in pids]
    for memory in (*wanted, *memories.objects):
        for vma in memory.vmas:
            if vma.kind in OBJECTS and memory.pid:
                continue
            for stretch in memory.stretches(vma.start, vma.end):
                if isinstance(stretch.what, Absence) and stretch.what in _LACKING:
                    lacking[stretch.what] += stretch.size
    for why, count in lacking.items():
        say(f"not looked through: {size(count)} ({why})")


def _code(checkpoint: Checkpoint, count: int) -> int:
    found = ExitCode.OK if count else ExitCode.NOTHING
    return archive_code(checkpoint) or found
