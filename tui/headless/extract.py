"""Files and memory saved from a checkpoint, with a line of evidence for each."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tui.archive.digest import sha256
from tui.archive.model import Contents, Member
from tui.archive.saving import free_path, save_all
from tui.archive.spool import opened
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.criu.elfcore import write_core
from tui.criu.images import Images
from tui.criu.memories import Memories, map_members, read_memories
from tui.criu.memory import Absent, Memory, spans
from tui.criu.pages import Absence
from tui.criu.saving import save_extents, save_region
from tui.errors import ArchiveError, ExitCode
from tui.headless.archives import archive_code, checksum, tell_problems
from tui.headless.places import Content, Core, File, Places, Region, Wanted
from tui.headless.streams import Meter, print_json, say
from tui.report.document import image_folder
from tui.report.evidence import Evidence, evidence_document, evidence_line
from tui.text import plural, safe_text, size

_Part = Region | Core


def extract(path: str, places: Sequence[str], out: str, *, as_json: bool) -> int:
    """Save what `places` name into the folder `out`; nothing that is there is written over."""
    awaited = checksum(path) if as_json else None
    checkpoint = load(path)
    known = Places(checkpoint)
    wanted = [one for place in dict.fromkeys(places) for one in known.find(place)]
    _make(out)
    saved: list[Evidence] = []
    failed: list[str] = []
    try:
        with Meter("saved") as meter:
            for one in _saved(checkpoint, known, wanted, out, meter, failed.append):
                saved.append(one)
                meter.clear()
                _tell(one, as_json=as_json)
    except KeyboardInterrupt:
        failed.append("interrupted: the rest was not saved")
        raise
    finally:
        for why in failed:
            say(f"podthaw: {safe_text(why)}")
        if awaited:
            print_json(evidence_document(checkpoint, awaited(), saved, failed))
    tell_problems(checkpoint)
    return ExitCode.ARCHIVE if failed else archive_code(checkpoint)


def _make(out: str) -> None:
    try:
        Path(out).mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not the name of a folder"
        raise ArchiveError(f"{safe_text(out)}: nothing can be saved there: {why}.") from error


def _tell(one: Evidence, *, as_json: bool) -> None:
    if not as_json:
        print(evidence_line(one), flush=True)
    for why, count in one.absent.items():
        say(f"{safe_text(one.place)}: {size(count)} of it are zeros in the file: {why}")


def _saved(
    checkpoint: Checkpoint,
    known: Places,
    wanted: Sequence[Wanted],
    out: str,
    meter: Meter,
    fail: Callable[[str], None],
) -> Iterator[Evidence]:
    """All of it, as far as it can be saved."""
    contents = checkpoint.contents
    yield from _files(contents, [one for one in wanted if isinstance(one, File)], out, meter, fail)
    for one in wanted:
        if isinstance(one, Content):
            try:
                path = free_path(out, one.name)
                save_extents(contents, one.extents, one.size, path)
                yield _evidence(one.place, path)
            except ArchiveError as error:
                fail(str(error))
    parts = [one for one in wanted if isinstance(one, Region | Core)]
    if parts:
        try:
            yield from _memory(checkpoint, known, parts, out, meter, fail)
        except ArchiveError as error:
            fail(str(error))


def _files(
    contents: Contents,
    wanted: Sequence[File],
    out: str,
    meter: Meter,
    fail: Callable[[str], None],
) -> Iterator[Evidence]:
    """Those of the archive, in the order in which they lie in it, up to one that cannot be read."""
    places = {one.chosen: one.place for one in wanted}
    left = len(places)
    try:
        for one in save_all(contents, list(places), out, progress=meter):
            left -= 1
            source = f"{one.where}: {one.name}" if one.where else one.name
            yield Evidence(places[one.where, one.name], source, one.path, one.size, one.sha256)
    except ArchiveError as error:
        fail(str(error))
        if left > 1:
            fail(f"{plural(left - 1, 'file')} behind it not saved")


def _memory(
    checkpoint: Checkpoint,
    known: Places,
    parts: Sequence[_Part],
    out: str,
    meter: Meter,
    fail: Callable[[str], None],
) -> Iterator[Evidence]:
    contents, folder = checkpoint.contents, image_folder(checkpoint)
    wanted = [*map_members(contents, folder), *_pages(known.maps, parts)]
    with opened(contents, wanted, meter) as store:
        memories = read_memories(contents, store, folder=folder)
        for part in parts:
            try:
                yield _part(contents, folder, memories, part, out, meter)
            except ArchiveError as error:
                fail(f"{part.place}: {error}")


def _part(
    contents: Contents,
    folder: str,
    memories: Memories,
    part: _Part,
    out: str,
    meter: Meter,
) -> Evidence:
    memory = _memory_of(memories, part)
    if isinstance(part, Core):
        path = free_path(out, f"core.{part.pid}")
        core = write_core(Images(contents, folder), memory, path, meter)
        return _evidence(part.place, path, core.absent)
    path = free_path(out, part.name)
    region = save_region(memory, part.start, part.end, path, meter)
    told = [one for one in region.absent if not _is_hole(part, one[1])]
    return Evidence(part.place, part.place, path, region.size, region.sha256, _counted(told))


def _pages(memories: Memories, parts: Iterable[_Part]) -> Iterator[Member]:
    """The parts of the pages images that are needed."""
    for part in parts:
        memory = _memory_of(memories, part)
        if isinstance(part, Region):
            yield from memory.parts(part.start, part.end)
        else:
            for start, end in spans(memory.vmas):
                yield from memory.parts(start, end)


def _memory_of(memories: Memories, part: _Part) -> Memory:
    if isinstance(part, Region) and part.object is not None:
        return next(one for one in memories.objects if one.vmas[0].object == part.object)
    return next(one for one in memories.processes if one.pid == part.pid)


def _is_hole(part: Region, absent: Absent) -> bool:
    """Whether it is what a file in shared memory ends in that nobody has written to."""
    return part.object is not None and absent.why is Absence.UNMAPPED


def _evidence(place: str, path: str, absent: Iterable[tuple[int, Absent]] = ()) -> Evidence:
    """Of a file that has just been written."""
    return Evidence(place, place, path, Path(path).stat().st_size, sha256(path), _counted(absent))


def _counted(absent: Iterable[tuple[int, Absent]]) -> dict[str, int]:
    counts = Counter[str]()
    for _, piece in absent:
        counts[piece.why.value] += piece.size
    return dict(counts)
