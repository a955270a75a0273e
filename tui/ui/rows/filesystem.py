"""The files in a checkpoint as one tree of what was added, changed and removed."""

import stat
from collections.abc import Iterator
from operator import itemgetter

from tui.archive.model import MemberKind
from tui.checkpoint.filesystem import Entry, Fate, FileSystem, Kind, file_systems
from tui.text import plural, size
from tui.ui.rows.facts import Facts
from tui.ui.rows.model import Bytes, Column, Key, Row, Table
from tui.ui.rows.running import Running

_COLUMNS = (
    Column("NAME", "key", widest=60),
    Column("CHANGE", "quiet", widest=18, rank=1),
    Column("SIZE", widest=10, right=True, down=True),
    Column("MODIFIED", "quiet", widest=16, rank=2, down=True),
    Column("OWNER", "quiet", widest=12, rank=3),
    Column("MODE", "quiet", widest=1000, rank=4),
)

_DEEPEST = 30
"""Folders inside each other; what lies deeper stands in the last of them."""

_OPEN = 200
"""Files of a file system of which all folders are open at first."""

_TYPES = {
    MemberKind.FILE: stat.S_IFREG,
    MemberKind.DIRECTORY: stat.S_IFDIR,
    MemberKind.SYMLINK: stat.S_IFLNK,
    MemberKind.HARDLINK: stat.S_IFREG,
}

_NAMES = {
    Kind.ROOT: "the root file system",
    Kind.VOLUME: "volume",
    Kind.SHARED_MEMORY: "shared memory",
    Kind.TMPFS: "tmpfs",
}

REMOVED = "removed"


def filesystem_table(running: Running) -> Table:
    """Every file system, its files inside their folders."""
    systems = file_systems(running.checkpoint)
    rows: list[Row] = []
    closed: set[str] = set()
    for number, system in enumerate(systems):
        first = len(rows)
        rows.append(Row(f"{number}:", (_title(system),), tone="title", copy=system.where))
        rows += _rows(number, system)
        if len(rows) - first > _OPEN:
            closed.update(row.id for row in rows[first + 1 :])
    count = sum(len(system.entries) for system in systems)
    removed = sum(one.fate is Fate.REMOVED for system in systems for one in system.entries)
    told = plural(count, "name")
    return Table(
        _COLUMNS,
        tuple(rows),
        count=count,
        told=f"{told} · {removed:,} removed" if removed else told,
        empty="nothing of any file system is in the archive",
        note="" if running.whole else "… the archive is still being read",
        closed=frozenset(closed),
    )


def _title(system: FileSystem) -> str:
    name = f" {system.name}" if system.name else ""
    where = f" at {system.mountpoint}" if system.mountpoint not in ("", "/") else ""
    return f"{_NAMES[system.kind]}{name}{where}  ({plural(len(system.entries), 'name')})"


def _rows(number: int, system: FileSystem) -> Iterator[Row]:
    base = len(_parts(system.mountpoint))
    found = [(_parts(one.path)[base:], one) for one in system.entries]
    found.sort(key=itemgetter(0))
    path: list[str] = []
    for parts, entry in found:
        if not parts:
            continue
        shared = 0
        limit = min(len(path), len(parts) - 1)
        while shared < limit and path[shared] == parts[shared]:
            shared += 1
        path = path[:shared]
        while len(path) < min(len(parts) - 1, _DEEPEST):
            path.append(parts[len(path)])
            row = f"{number}:{'/'.join(path)}"
            yield Row(row, (f"{path[-1]}/", *[""] * 5), len(path), tone="quiet")
        yield _row(number, system, entry, "/".join(parts[len(path) :]), len(path) + 1)
        if len(parts) <= _DEEPEST:
            path.append(parts[-1])
    for folder in system.emptied:
        told = f"✖ all that the image had in {folder}"
        yield Row(f"{number}!{folder}", (told, REMOVED, *[""] * 4), 1, tone="warning")


def _row(number: int, system: FileSystem, entry: Entry, name: str, depth: int) -> Row:
    member = entry.member
    removed = entry.fate is Fate.REMOVED
    fate = REMOVED if removed else "" if entry.fate is Fate.SAVED else str(entry.fate)
    folder = member is not None and member.kind is MemberKind.DIRECTORY
    content, keys = None, (name, fate, -1, "", "", "")
    shown = f"✖ {name}" if removed else f"{name}/" if folder else name
    cells = [shown, fate, "", "", "", ""]
    if member:
        is_file = member.kind in (MemberKind.FILE, MemberKind.HARDLINK)
        mode = stat.filemode(_TYPES.get(member.kind, 0) | stat.S_IMODE(member.mode))
        cells[0] += f" → {member.link}" if member.link else ""
        cells[2] = size(member.size) if is_file else ""
        cells[3] = f"{member.mtime:%Y-%m-%d %H:%M}"
        cells[4] = ":".join(map(str, member.owner))
        cells[5] = mode
        keys = (name, fate, member.size if is_file else -1, cells[3], cells[4], mode)
        if is_file:
            content = Bytes(name, member.size, file=(system.where, member.name))
    found: tuple[Key, ...] = keys
    return Row(
        f"{number}:{entry.path}",
        tuple(cells),
        depth,
        keys=found,
        tone="warning" if removed else "",
        content=content,
        copy=entry.path,
    )


def filesystem_facts(_running: Running, row: Row, _reveal: bool) -> Table:
    """Everything about the file of `row`."""
    facts = Facts()
    facts.heading(row.cells[0] if len(row.cells) == 1 else row.copy or row.cells[0])
    if len(row.cells) == 1:
        facts.add("in the archive", row.copy)
        return facts.table()
    _, fate, length, changed, owner, mode = row.cells
    facts.add("change", fate or ("saved" if row.copy else "a folder of the image"))
    if row.content and row.content.file:
        facts.add("content", "v shows, w saves it", content=row.content)
        facts.add("size", f"{length} ({row.content.size:,})")
    facts.add("leads to", row.cells[0].partition(" → ")[2])
    facts.add("modified", f"{changed} UTC" if changed else "")
    facts.add("user:group", owner)
    facts.add("mode", mode)
    if row.content and row.content.file:
        facts.add("in the archive", ": ".join(row.content.file))
    return facts.table()


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)
