"""Which files processes had open before and after, descriptor by descriptor."""

from collections.abc import Iterator, Mapping, Set

from tui.checkpoint.comparison.difference import (
    Described,
    Difference,
    Fact,
    Unit,
    matched,
    one_sided,
    together,
)
from tui.checkpoint.comparison.difference import Kind as Change
from tui.checkpoint.comparison.likeness import Likeness
from tui.checkpoint.comparison.pairs import Pairs
from tui.checkpoint.comparison.side import Side
from tui.checkpoint.comparison.sockets import socket_name
from tui.criu.descriptors import Descriptor, Lock, OpenFile
from tui.criu.processes import Process
from tui.criu.special import (
    BpfMap,
    Epoll,
    Eventfd,
    Memfd,
    Pidfd,
    Pipe,
    Signalfd,
    Terminal,
    Timerfd,
    Tun,
    Watches,
)
from tui.text import plural

COMPARED = 1_000_000
"""Descriptors that are compared; a table that many processes share counts once."""

_RUNS = "timers run on"


def descriptors_apart(
    pairs: Pairs, before: Side, after: Side, alike: Likeness
) -> Iterator[Difference]:
    """The descriptors of every process; what several share is told of the first."""
    seen: set[tuple[int | None, int | None]] = set()
    known: set[tuple[int, int]] = set()
    left = COMPARED
    for pair in pairs.pairs:
        tables = _table(pair.before), _table(pair.after)
        if tables in seen:
            continue
        seen.add(tables)
        was = _listed(before, tables[0])
        now = _listed(after, tables[1])
        left -= len(was) + len(now)
        if left < 0:
            return
        if pair.before is None or pair.after is None:
            listed, kind = (now, Change.ADDED) if pair.before is None else (was, Change.REMOVED)
            if listed and not (before, after)[pair.before is not None].partial:
                told = Described(pair.label, plural(len(listed), "descriptor"))
                yield one_sided(pair.key, told, kind)
            continue
        files = {fd: (was[fd].file.id, now[fd].file.id) for fd in was.keys() & now.keys()}
        repeated = {fd for fd, both in files.items() if both in known}
        describe = _Reader(before, repeated).describe, _Reader(after, repeated).describe
        inside = matched(was, now, describe, alike)
        yield together(pair.key, pair.label, inside, group=True)
        known |= set(files.values())
    was_locked, now_locked = _locks(before, pairs.before), _locks(after, pairs.after)
    locks = [*matched(was_locked, now_locked, (_lock, _lock), alike)]
    if locks:
        yield together("locks", "file locks", locks, group=True)


def _table(process: Process | None) -> int | None:
    return process.ids.get("files", process.pid) if process else None


def _listed(side: Side, table: int | None) -> dict[str, Descriptor]:
    found = side.inside.descriptors.tables.get(table, ()) if table is not None else ()
    return {str(one.fd): one for one in found}


class _Reader:
    """What one side says of its descriptors."""

    def __init__(self, side: Side, repeated: Set[str]) -> None:
        """`repeated` are the descriptors of files that another process was told to have."""
        self._side = side
        self._repeated = repeated

    def describe(self, one: Descriptor) -> Described:
        what = self._what(one.file)
        facts = self._own if str(one.fd) in self._repeated else self._all
        return Described(f"fd {one.fd}", what, facts=lambda: facts(one))

    def _what(self, file: OpenFile) -> str:
        socket = self._side.inside.sockets.by_file.get(file.id)
        return socket_name(socket) if socket else file.description

    def _all(self, one: Descriptor) -> Iterator[Fact]:
        file = one.file
        yield Fact("what", self._what(file))
        yield Fact("type", file.type)
        yield Fact("flags", file.flags)
        yield Fact("position", file.position)
        yield Fact("size", file.size, Unit.BYTES)
        yield Fact("mode", file.mode, Unit.MODE)
        yield Fact("deleted", file.deleted.kind if file.deleted else None)
        yield Fact("build ID", file.build_id or None)
        yield from _detail(file)
        yield from self._own(one)

    def _own(self, one: Descriptor) -> Iterator[Fact]:
        yield Fact("close on exec", one.close_on_exec)
        yield Fact("security label", one.label or None)


def _detail(file: OpenFile) -> Iterator[Fact]:
    match file.detail:
        case Pipe(queued=queued, capacity=capacity):
            yield Fact("not yet read", sum(each.length for each in queued), Unit.BYTES)
            yield Fact("room", capacity, Unit.BYTES)
        case Eventfd(counter):
            yield Fact("counter", counter)
        case Epoll(targets):
            waits = (f"fd {each.fd} {' '.join(each.events)}" for each in targets)
            yield Fact("waits for", tuple(waits))
        case Timerfd(clock, remaining, interval, ticks):
            yield Fact("clock", clock)
            yield Fact("every", f"{interval:g} s")
            yield Fact("runs out in", f"{remaining:g} s", expected=_RUNS)
            yield Fact("ran out", ticks)
        case Signalfd(signals):
            yield Fact("signals", signals)
        case Watches(watches):
            paths = (each.path or f"inode {each.inode}" for each in watches)
            yield Fact("watches", tuple(paths))
        case Terminal(kind, index, _, _, rows, columns):
            yield Fact("terminal", kind if index is None else f"{kind} {index}")
            yield Fact("rows and columns", f"{rows}, {columns}")
        case Memfd(name, seals):
            yield Fact("memfd", name)
            yield Fact("seals", seals)
        case Pidfd(pid):
            yield Fact("process", pid)
        case BpfMap(name, _, _, _, entries):
            yield Fact("map", name)
            yield Fact("entries", entries)
        case Tun(device):
            yield Fact("device", device)


def _locks(side: Side, keys: Mapping[int, str]) -> dict[str, Lock]:
    return {
        f"{keys.get(one.pid, one.pid)} fd {one.fd} at {one.start:,}": one
        for one in side.inside.descriptors.locks
    }


def _lock(one: Lock) -> Described:
    def facts() -> Iterator[Fact]:
        yield Fact("kind", one.kind)
        yield Fact("type", one.type)
        yield Fact("length", one.length)

    return Described(f"{one.pid} fd {one.fd}", f"{one.kind} {one.type}", facts=facts)
