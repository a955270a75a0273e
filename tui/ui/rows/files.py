"""What each process had open, and everything that is known about one of these files."""

import stat
from collections.abc import Iterator

from tui.criu.descriptors import Descriptor, OpenFile
from tui.criu.processes import Process
from tui.criu.special import Memfd, Namespace, Pidfd, Terminal, Tun
from tui.report.inside_words import access, between, kind, notes
from tui.text import plural, size
from tui.ui.rows.model import Bytes, Column, Key, Link, Row, Table
from tui.ui.rows.running import Running, note

_COLUMNS = (
    Column("FD", "key", widest=14),
    Column("TYPE", "quiet", widest=13),
    Column("RW", "quiet", widest=3),
    Column("MODE", "quiet", widest=10, rank=4),
    Column("SIZE", "quiet", widest=10, rank=3, right=True, down=True),
    Column("SHARED", "quiet", widest=6, rank=2, right=True, down=True),
    Column("WHAT", widest=1000),
)

DELETED = "✖ deleted"


def files_table(running: Running) -> Table:
    """The descriptors of each process inside it, its program and folders first."""
    inside = running.inside
    rows: list[Row] = []
    count = deleted = 0
    for _, process in inside.processes.tree():
        table = inside.descriptors.of(process)
        owner = inside.descriptors.owners.get(process.ids.get("files", process.pid), (0,))[0]
        title = f"{process.pid} {process.name}".rstrip()
        rows.append(Row(f"fds/{process.pid}", (title,), tone="title", pids=(process.pid,)))
        rows += _folders(process)
        if owner not in (0, process.pid):
            told = f"the same descriptors as process {owner}"
            link = Link("files", f"fds/{owner}")
            rows.append(
                Row(f"same/{process.pid}", (told,), 1, tone="quiet", pids=(process.pid,), link=link)
            )
            continue
        for one in table:
            rows.append(_row(running, process, one))
            count += 1
            deleted += one.file.deleted is not None
    told = plural(count, "descriptor")
    return Table(
        _COLUMNS,
        tuple(rows),
        count=count,
        told=f"{told} · {deleted:,} of deleted files" if deleted else told,
        empty="no descriptor is in the archive",
        note=note(running, inside.descriptors.problems, "files.img", "pstree.img", empty=not rows),
    )


def deleted_bytes(file: OpenFile) -> Bytes | None:
    """The content of a file that has no name any more, if the archive has it."""
    if file.deleted is None or file.deleted.kind != "ghost" or file.deleted.target:
        return None
    name = file.path.rpartition("/")[2] or "deleted"
    return Bytes(name, file.deleted.size, file.deleted.extents)


def _folders(process: Process) -> Iterator[Row]:
    for label, path in (("exe", process.exe), ("cwd", process.cwd), ("root", process.root)):
        if path:
            kind_ = "program" if label == "exe" else "folder"
            gone = path.endswith(" (deleted)")
            what = f"{DELETED}  {path.removesuffix(' (deleted)')}" if gone else path
            yield Row(
                f"{label}/{process.pid}",
                (label, kind_, "", "", "", "", what),
                1,
                keys=(-1, kind_, "", "", -1, -1, path),
                tone="warning" if gone else "",
                pids=(process.pid,),
                copy=path,
            )


def _row(running: Running, process: Process, one: Descriptor) -> Row:
    file = one.file
    users = running.inside.descriptors.count(file.id)
    length = file.deleted.size if file.deleted and file.deleted.kind == "ghost" else file.size
    mode = stat.filemode(file.mode) if file.mode is not None else ""
    what = _what(running, file)
    keys: tuple[Key, ...] = (
        one.fd,
        file.type,
        access(file),
        mode,
        -1 if length is None else length,
        users,
        what,
    )
    return Row(
        f"fd/{process.pid}/{one.fd}",
        (
            str(one.fd),
            file.type,
            access(file),
            mode,
            "" if length is None else size(length),
            str(users) if users > 1 else "",
            what,
        ),
        1,
        keys=keys,
        tone="warning" if file.deleted else "",
        pids=(process.pid,),
        content=deleted_bytes(file),
        copy=file.path or file.description,
    )


def _what(running: Running, file: OpenFile) -> str:
    socket = running.inside.sockets.by_file.get(file.id)
    if socket:
        return f"{kind(socket)} {socket.state} {between(running.inside, socket)}"
    words = [*notes(file), *_more(file)]
    told = f" ({', '.join(words)})" if words else ""
    if file.deleted:
        return f"{DELETED}  {file.path or file.description}{told}"
    return file.description + told


def _more(file: OpenFile) -> Iterator[str]:
    match file.detail:
        case Terminal(kind=kind_, index=index):
            yield f"{kind_} {index}" if index is not None else kind_ or "terminal"
        case Pidfd(pid):
            yield f"process {pid}" if pid > 0 else "a process that had ended"
        case Namespace(kinds):
            yield ", ".join(kinds)
        case Tun(device):
            yield device
        case Memfd():
            yield "in memory alone"
    if file.external:
        yield "given by the runtime"
