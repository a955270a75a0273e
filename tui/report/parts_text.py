"""The files, logs and figures of a checkpoint, for people: every string made safe to show."""

from collections.abc import Iterator

from tui.archive.digest import Digests
from tui.archive.model import MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import Entry, FileSystem, file_systems
from tui.checkpoint.logs import read_logs
from tui.checkpoint.sizes import sizes
from tui.report.lines import columns
from tui.report.parts import redactor
from tui.text import plural, safe_text, size

BAR = 30
"""Characters of the longest bar."""

_TYPES = {
    MemberKind.FILE: "-",
    MemberKind.DIRECTORY: "d",
    MemberKind.SYMLINK: "l",
    MemberKind.HARDLINK: "h",
    MemberKind.OTHER: "?",
}
"""As `ls` has them."""


def filesystem_lines(checkpoint: Checkpoint) -> list[str]:
    """Every file that the archive has something of, by file system."""
    lines: list[str] = []
    for system in file_systems(checkpoint):
        lines += [""] if lines else []
        lines.append(_title(system))
        lines += columns([tuple(_row(entry)) for entry in system.entries], "  ")
        lines += [f"  removed  all of the image in {safe_text(one)}" for one in system.emptied]
    return lines or ["none"]


def logs_lines(checkpoint: Checkpoint, *, reveal: bool) -> list[str]:
    """The end of every log; known values of environment variables are masked."""
    redact = redactor(checkpoint, reveal=reveal)
    lines: list[str] = []
    for log in read_logs(checkpoint):
        lines += [""] if lines else []
        lines.append(f"{safe_text(log.name)}: {log.title}, {size(log.size)}")
        if log.problem:
            lines.append(f"  {safe_text(log.problem)}")
        if log.left_out:
            lines.append(f"  … {size(log.left_out)} in front of this are left out")
        for line in log.lines:
            words = (line.time, line.source, redact(line.text))
            lines.append("  " + " ".join(safe_text(word) for word in words if word))
    return lines or ["none"]


def stats_lines(checkpoint: Checkpoint) -> list[str]:
    """CRIU's figures of the dump; the parser of its images is loaded only here."""
    from tui.criu.stats import read_stats

    stats = read_stats(checkpoint.contents)
    rows = [(figure.label, _amount(figure.value, figure.unit)) for figure in stats.figures]
    problems = [safe_text(f"{one.member}: {one.message}") for one in stats.problems]
    return [*(columns(rows) if rows else ()), *problems] or ["none"]


def sizes_lines(checkpoint: Checkpoint) -> list[str]:
    """What takes up the room, each part as a bar."""
    found = sizes(checkpoint)
    largest = max((part.size for part in found.parts), default=1)
    rows = [
        (safe_text(part.label), size(part.size), bar(part.size / largest)) for part in found.parts
    ]
    totals = (("all together", found.total), ("the archive", found.archive))
    return columns([*rows, *((label, size(count), "") for label, count in totals)])


def digests_lines(digests: Digests) -> list[str]:
    """A line for each file as `sha256sum` prints it; those without content are left out."""
    rows = [(digest, member.name) for member, digest in digests.members if digest]
    archive = [f"the archive itself: {digests.archive}"] if digests.archive else []
    return [*archive, *(f"{digest}  {safe_text(name)}" for digest, name in rows)]


def bar(share: float, width: int = BAR) -> str:
    """A bar of `share` of `width` characters; what is there at all has one."""
    return "█" * max(1, round(share * width)) if share else ""


def _amount(value: int, unit: str) -> str:
    match unit:
        case "µs":
            return f"{value / 1000:,.3f} ms"
        case "pages":
            return plural(value, "page")
        case _:
            return f"{value:,}"


def _title(system: FileSystem) -> str:
    name = f" {system.name}" if system.name else ""
    where = f" at {system.mountpoint}" if system.mountpoint else ""
    count = plural(len(system.entries), "name")
    return safe_text(f"{system.kind}{name}{where}: {count}, {size(system.size)}, in {system.where}")


def _row(entry: Entry) -> Iterator[str]:
    member = entry.member
    yield entry.fate
    yield f"{_TYPES[member.kind]}{member.mode:04o}" if member else ""
    yield ":".join(map(str, member.owner)) if member else ""
    yield size(member.size) if member and member.kind is MemberKind.FILE else ""
    yield f"{member.mtime:%Y-%m-%d %H:%M}" if member else ""
    link = f" -> {member.link}" if member and member.link else ""
    yield safe_text(entry.path + link)
