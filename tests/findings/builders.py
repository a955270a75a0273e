"""Scenes as a test wants them, without images and archives."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from tests.criu.builders import NOW, contents
from tui.archive.layout import Layout
from tui.archive.model import Member, MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.filesystem import ROOT, Entry, Fate, FileSystem, Kind
from tui.checkpoint.spec import RuntimeSpec
from tui.criu.descriptors import Deleted, Descriptor, Descriptors, OpenFile
from tui.criu.inside import Inside
from tui.criu.mounts import Mount, Mounts
from tui.criu.processes import Layout as MemoryLayout
from tui.criu.processes import Process, Processes
from tui.criu.sockets import AnySocket, InetSocket, Sockets
from tui.criu.threads import Credentials, Thread
from tui.findings import RULES, Finding, Severity
from tui.findings.scene import Content, Scene

Exe = tuple[Process, OpenFile]
"""A process and the file of its program."""

DEFAULT = tuple(
    f"cap_{name}"
    for name in (
        *("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"),
        *("net_bind_service", "sys_chroot", "setfcap"),
    )
)
"""The capabilities that Podman gives."""


def runs(
    exe: str,
    pid: int = 1,
    ppid: int = 0,
    *,
    name: str | None = None,
    caps: tuple[str, ...] = DEFAULT,
    uid: int = 0,
    nnp: bool = False,
    threads: Iterable[int] = (),
    ids: Mapping[str, int] | None = None,
    **more: Any,
) -> Exe:
    """A process that runs `exe`; what is more is for its OpenFile (`deleted`, `detail`)."""
    rights = Credentials(
        uid=uid, effective_uid=uid, effective=caps, permitted=caps, no_new_privs=nnp
    )
    state = more.pop("state", "running")
    process = Process(
        pid,
        ppid,
        pid,
        1,
        name=exe.rpartition("/")[2][:15] if name is None else name,
        state=state,
        threads=tuple(Thread(tid, credentials=rights) for tid in (pid, *threads)),
        exe=exe,
        memory=MemoryLayout(exe_file_id=1000 + pid),
        ids={"files": pid, **(ids or {})},
        seccomp=more.pop("seccomp", "filter"),
    )
    return process, OpenFile(1000 + pid, "file", exe, exe, **more)


GHOST = Deleted("ghost")


def scene(
    *exes: Exe,
    opened: Mapping[int, Mapping[int, OpenFile | AnySocket]] | None = None,
    mounts: Iterable[Mount] = (),
    spec: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    systems: Iterable[FileSystem] = (),
    layout: Layout = Layout.PODMAN,
    host: Mapping[str, int] | None = None,
    **more: Any,
) -> Scene:
    """What the rules look at; `opened` has what each PID has open, by fd."""
    processes = {process.pid: process for process, _ in exes}
    children: dict[int, tuple[int, ...]] = {}
    for process in processes.values():
        if process.ppid in processes:
            children[process.ppid] = (*children.get(process.ppid, ()), process.pid)
    files = {file.id: file for _, file in exes}
    sockets: dict[int, AnySocket] = {}
    tables: dict[int, tuple[Descriptor, ...]] = {}
    holders: dict[int, tuple[tuple[int, int], ...]] = {}
    for pid, table in (opened or {}).items():
        for fd, what in table.items():
            if isinstance(what, OpenFile):
                file = what
            else:
                file = OpenFile(what.file_id, "socket", "socket")
                sockets[what.file_id] = what
            files[file.id] = file
            tables[pid] = (*tables.get(pid, ()), Descriptor(fd, file))
            holders[file.id] = (*holders.get(file.id, ()), (pid, fd))
    inside = Inside(
        Processes(
            processes,
            tuple(pid for pid, one in processes.items() if one.ppid not in processes),
            children,
            dict(host or {}),
        ),
        Descriptors(files, tables, {pid: (pid,) for pid in processes}, holders),
        Sockets(sockets),
        Mounts({one.id: one for one in mounts}),
    )
    checkpoint = Checkpoint(
        replace(contents()),
        layout,
        config=msgspec.convert(dict(config or {}), ContainerConfig),
        spec=msgspec.convert(dict(spec or {}), RuntimeSpec),
    )
    return Scene(checkpoint, inside, tuple(systems), **more)


def tcp(file: int, source: str = "", destination: str = "", **more: Any) -> InetSocket:
    """A TCP socket between two endpoints as `10.0.0.1:80`; without a destination it listens."""
    host, port = _endpoint(source)
    peer, peer_port = _endpoint(destination)
    fields = {
        "type": "stream",
        "protocol": "tcp",
        "state": "ESTABLISHED" if destination else "LISTEN",
        "version": 6 if ":" in host else 4,
        **more,
    }
    return InetSocket(
        file,
        file,
        source=host,
        source_port=port,
        destination=peer,
        destination_port=peer_port,
        **fields,
    )


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port or 0)


def written(path: str, mode: int = 0o644, size: int = 10, **more: Any) -> Entry:
    """A file that the container wrote."""
    kind = more.pop("kind", MemberKind.FILE)
    return Entry(path, Fate.WRITTEN, Member(path.lstrip("/"), kind, size, mode, NOW, **more))


def removed(path: str) -> Entry:
    return Entry(path, Fate.REMOVED)


def root(*entries: Entry) -> FileSystem:
    """The container's changes to its image."""
    return FileSystem(Kind.ROOT, "/", ROOT, entries=entries)


def volume(
    *entries: Entry, where: str = "volumes/data.tar", kind: Kind = Kind.VOLUME
) -> FileSystem:
    return FileSystem(kind, "/data", where, "data", entries)


def mount(at: str, number: int = 7, file_system: str = "overlay") -> Mount:
    return Mount(number, 1, 1, file_system, file_system, "/", at)


def look(code: str, what: Scene) -> list[Finding]:
    """What one rule finds."""
    found = list(RULES[code].look(what))
    assert {one.rule for one in found} <= {code}
    return found


def severities(code: str, what: Scene) -> list[Severity]:
    return [one.severity for one in look(code, what)]


def looked(**more: Any) -> Content:
    """What a look into memory has shown."""
    return Content(**more)
