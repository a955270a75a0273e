"""The mount table as it was, beside what the specification asked for."""

from tui.checkpoint.spec import Mount as Wanted
from tui.criu.mounts import Mount
from tui.text import plural, size
from tui.ui.rows.facts import Facts, listed
from tui.ui.rows.model import Column, Row, Table
from tui.ui.rows.running import Running, note

_COLUMNS = (
    Column("MOUNTED AT", "key", widest=40),
    Column("TYPE", "quiet", widest=10),
    Column("IN THE SPEC", widest=14, rank=1),
    Column("NOTE", "quiet", widest=14, rank=2),
    Column("OPTIONS", "quiet", widest=36, rank=3),
    Column("SOURCE", "quiet", widest=1000),
)

_DEEPEST = 10

_FILES = 1000
"""Files of a tmpfs that are shown one by one."""

MISSING = "not mounted"


def mounts_table(running: Running) -> Table:
    """Every mount inside the one that it lies on; behind them what the spec alone has."""
    inside = running.inside
    wanted = _wanted(running)
    rows = []
    external = 0
    seen = set()
    for depth, mount in inside.mounts.tree():
        seen.add(_plain(mount.mountpoint))
        external += bool(mount.external)
        rows.append(_row(running, mount, min(depth, _DEEPEST), wanted))
    count = len(rows)
    if rows and running.whole:
        rows += [
            Row(
                f"spec/{index}",
                (
                    f"✖ {where}",
                    one.type,
                    one.type or "yes",
                    MISSING,
                    listed(one.options or ()),
                    one.source,
                ),
                tone="warning",
                copy=where,
            )
            for index, (where, one) in enumerate(wanted.items())
            if where not in seen
        ]
    told = plural(count, "mount")
    return Table(
        _COLUMNS,
        tuple(rows),
        count=count,
        told=f"{told} · {external:,} external" if external else told,
        empty="no mount is in the archive",
        note=note(running, inside.mounts.problems, empty=not rows),
    )


def _row(running: Running, mount: Mount, depth: int, wanted: dict[str, Wanted]) -> Row:
    found = wanted.get(_plain(mount.mountpoint))
    notes = [
        word
        for word, holds in (
            ("external", mount.external),
            ("deleted", mount.deleted),
            ("has files", mount.archive),
        )
        if holds
    ]
    part = mount.root if mount.root not in ("", "/") else ""
    return Row(
        f"m/{mount.id}",
        (
            f"✖ {mount.mountpoint}" if mount.deleted else mount.mountpoint,
            mount.file_system or "-",
            _asked(running, mount, found),
            listed(notes),
            ",".join(mount.flags),
            f"{mount.source} {part}".strip(),
        ),
        depth,
        tone="warning" if mount.deleted else "",
        copy=mount.mountpoint,
    )


def _asked(running: Running, mount: Mount, found: Wanted | None) -> str:
    """What the spec says about a mount, in a word."""
    if found:
        return found.type or "bind"
    masked = running.checkpoint.spec.linux.masked_paths or ()
    if mount.mountpoint in masked:
        return "masked path"
    return "root" if mount.mountpoint == "/" else "-"


def mount_facts(running: Running, row: Row, _reveal: bool) -> Table:
    """Everything about the mount of `row`, on both sides."""
    facts = Facts()
    where, _, number = row.id.partition("/")
    wanted = _wanted(running)
    mount = running.inside.mounts.by_id.get(int(number)) if where == "m" else None
    if mount is None:
        facts.heading(row.text)
        facts.add("mounted", "no: only the specification has it", tone="warning")
        _add_wanted(facts, wanted.get(row.text))
        return facts.table()
    facts.heading(mount.mountpoint)
    facts.add("file system", mount.file_system or "unknown to CRIU")
    facts.add("source", mount.source)
    facts.add("part of it", mount.root)
    facts.add("options", ",".join(mount.flags))
    facts.add("of the file system", ",".join(filter(None, (*mount.super_flags, mount.options))))
    facts.add("device", mount.device)
    facts.add("made by", _maker(mount))
    facts.add("shared with", f"peer group {mount.shared}" if mount.shared else "")
    facts.add("follows", f"peer group {mount.master}" if mount.master else "")
    facts.add("✖ deleted", "what is mounted has lost its name" if mount.deleted else "")
    namespaces = {one.namespace for one in running.inside.mounts.by_id.values()}
    if len(namespaces) > 1:
        facts.add("mount namespace", mount.namespace)
    _add_wanted(facts, wanted.get(_plain(mount.mountpoint)))
    _add_tmpfs(facts, running, mount)
    open_here = [
        file for file in running.inside.descriptors.files.values() if file.mount == mount.id
    ]
    facts.heading(f"Files in use ({len(open_here):,})", closed=len(open_here) > _FILES)
    for file in open_here[:_FILES]:
        facts.add(file.type, file.path or file.description)
    facts.more(len(open_here) - _FILES, "files")
    return facts.table()


def _maker(mount: Mount) -> str:
    if mount.external:
        return f"the runtime, which gives it again as {mount.external}"
    return "CRIU, at the restore"


def _add_wanted(facts: Facts, wanted: Wanted | None) -> None:
    facts.heading("In the specification")
    if wanted is None:
        facts.add("", "nothing: the runtime made it by itself", tone="quiet")
        return
    facts.add("type", wanted.type or "bind")
    facts.add("source", wanted.source)
    facts.add("options", ",".join(wanted.options or ()))


def _add_tmpfs(facts: Facts, running: Running, mount: Mount) -> None:
    files = running.checkpoint.contents.nested.get(mount.archive, ()) if mount.archive else ()
    if mount.archive and not files:
        facts.heading("Content")
        facts.add("saved in", mount.archive)
    facts.heading(f"Content ({len(files):,})")
    for member in files[:_FILES]:
        facts.add(size(member.size) if member.kind == "file" else member.kind, member.name)
    facts.more(len(files) - _FILES, "files")


def _wanted(running: Running) -> dict[str, Wanted]:
    return {_plain(one.destination): one for one in running.checkpoint.spec.mounts or ()}


def _plain(path: str) -> str:
    return path.rstrip("/") or "/"
