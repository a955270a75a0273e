"""What processes were before and after: their programs, rights, state and environment."""

from collections.abc import Iterator, Mapping

from tui.checkpoint.comparison.difference import (
    Difference,
    Fact,
    Kind,
    Unit,
    facts_apart,
    together,
    unique,
)
from tui.checkpoint.comparison.documents import MASKED
from tui.checkpoint.comparison.likeness import Likeness
from tui.checkpoint.comparison.pairs import Pair, Pairs
from tui.checkpoint.comparison.side import Side
from tui.criu.processes import Process
from tui.criu.threads import Credentials
from tui.text import MASK, Redactor

_MOMENT = "what it did at that moment"

_NONE: tuple[str, ...] = ()


def processes_apart(
    pairs: Pairs, before: Side, after: Side, alike: Likeness, *, reveal: bool
) -> Iterator[Difference]:
    """Every process, with what differs in it."""
    was = _Reader(before, pairs.before, before.redactor(reveal=reveal))
    now = _Reader(after, pairs.after, after.redactor(reveal=reveal))
    for pair in pairs.pairs:
        if pair.before is None and pair.after is not None:
            if not before.partial:
                told = now.told(pair.after)
                yield Difference(pair.key, pair.label, Kind.ADDED, after=told)
        elif pair.after is None and pair.before is not None:
            if not after.partial:
                yield Difference(pair.key, pair.label, Kind.REMOVED, was.told(pair.before))
        elif pair.before and pair.after:
            yield _apart(pair, was, now, pair.before, pair.after, alike, reveal=reveal)


def _apart(
    pair: Pair,
    was: "_Reader",
    now: "_Reader",
    before: Process,
    after: Process,
    alike: Likeness,
    *,
    reveal: bool,
) -> Difference:
    found = [*facts_apart(was.facts(before), now.facts(after), alike)]
    earlier, later = was.environment(before), now.environment(after)
    if earlier is not None and later is not None and earlier != later:
        found.append(_environment(earlier, later, alike, reveal=reveal))
    if before.pid != after.pid:
        expected = "matched by its program and parents"
        found.append(
            Difference("PID", "PID", Kind.CHANGED, before.pid, after.pid, expected=expected)
        )
    return together(pair.key, pair.label, found, before=was.told(before), after=now.told(after))


class _Reader:
    """What one side says of its processes."""

    def __init__(self, side: Side, keys: Mapping[int, str], redact: Redactor) -> None:
        self._side = side
        self._keys = keys
        self._redact = redact

    def told(self, process: Process) -> str:
        """A process in one line."""
        started = self._side.started.get(process.pid)
        words = " ".join(map(self._redact, started.arguments or ())) if started else ""
        return words or process.exe or process.name

    def environment(self, process: Process) -> dict[str, str] | None:
        """Its variables; None where they are not in the archive."""
        started = self._side.started.get(process.pid)
        if started is None or started.environment is None:
            return None
        return unique(map(_split, started.environment))

    def facts(self, process: Process) -> Iterator[Fact]:
        """What is compared, what matters most first."""
        started = self._side.started.get(process.pid)
        words = started.arguments if started else None
        yield Fact("program", process.exe or None)
        yield Fact("command line", list(map(self._redact, words)) if words else None, Unit.COMMAND)
        yield Fact("name", process.name or None)
        yield Fact("state", process.state or None)
        yield Fact("parent", self._key(process.ppid))
        yield Fact("exit code", process.exit_code or None)
        yield Fact("stopped by", process.stop_signal or None)
        yield Fact("working folder", process.cwd or None)
        yield Fact("root", process.root or None)
        yield Fact("threads", len(process.threads) or None)
        others = (one.name for one in process.threads if one.tid != process.pid)
        yield Fact("other threads", tuple(unique((name, 0) for name in others)))
        yield from self._rights(process)
        yield from _signals(process)
        yield Fact("umask", None if process.umask is None else f"{process.umask:04o}")
        yield Fact("OOM score", process.oom_score_adj)
        yield Fact("login UID", process.login_uid)
        yield Fact("subreaper", process.subreaper or None)
        for limit in process.limits:
            soft, hard = ("unlimited" if one is None else one for one in (limit.soft, limit.hard))
            yield Fact(f"limit {limit.name}", f"{soft}, at most {hard}")
        paths = {cgroup.path for cgroup in process.cgroups}
        for cgroup in process.cgroups[: 1 if len(paths) == 1 else None]:
            of = f" of {cgroup.controller}" if len(paths) > 1 else ""
            yield Fact(f"cgroup{of}", cgroup.path)
        yield Fact("process group", self._key(process.pgid))
        yield Fact("session", self._key(process.sid))
        leader = process.leader
        if leader and leader.syscall is not None:
            yield Fact("in", leader.syscall_name or str(leader.syscall), expected=_MOMENT)

    def _rights(self, process: Process) -> Iterator[Fact]:
        leader = process.leader
        yield Fact("seccomp", process.seccomp or None)
        if leader is None:
            return
        rights = leader.credentials
        yield Fact("user", _ids(rights.uid, rights.effective_uid, rights.saved_uid))
        yield Fact("group", _ids(rights.gid, rights.effective_gid, rights.saved_gid))
        yield Fact("more groups", tuple(map(str, rights.groups)))
        yield Fact("no new privileges", rights.no_new_privs)
        yield Fact("capabilities", _capabilities(rights))
        yield Fact("inheritable capabilities", rights.inheritable)
        yield Fact("ambient capabilities", rights.ambient)
        yield Fact("secure bits", rights.securebits)
        yield Fact("security label", rights.lsm_profile or None)
        yield Fact("nice", leader.nice)
        yield Fact("scheduler", leader.scheduler or None)
        yield Fact("priority", leader.priority or None)

    def _key(self, pid: int) -> str | None:
        """The other process; what is none of these is told by its number."""
        return self._keys.get(pid, str(pid)) if pid else None


def _signals(process: Process) -> Iterator[Fact]:
    yield Fact(
        "signals handled", tuple(one.signal for one in process.actions if one.handler is not None)
    )
    yield Fact(
        "signals ignored", tuple(one.signal for one in process.actions if one.handler is None)
    )
    leader = process.leader
    waiting = (*process.pending, *(leader.pending if leader else ()))
    yield Fact("signals pending", tuple(unique((one.signal, 0) for one in waiting)))
    yield Fact("signals blocked", leader.blocked if leader else _NONE)
    timers = [f"{one.kind} every {one.interval:g} s" for one in process.itimers]
    timers += [f"{one.clock} every {one.interval:g} s" for one in process.timers]
    yield Fact("timers", tuple(unique((one, 0) for one in timers)))


def _capabilities(rights: Credentials) -> tuple[str, ...]:
    """Each once; one that is not in all three sets with those that it is in."""
    sets = {
        "effective": set(rights.effective),
        "permitted": set(rights.permitted),
        "bounding": set(rights.bounding),
    }
    found = []
    for one in dict.fromkeys((*rights.bounding, *rights.permitted, *rights.effective)):
        names = [name for name, those in sets.items() if one in those]
        found.append(one if len(names) == len(sets) else f"{one} ({', '.join(names)} alone)")
    return tuple(found)


def _ids(real: int, effective: int, saved: int) -> str:
    return str(real) if real == effective == saved else f"{real}, {effective}, {saved}"


def _environment(
    was: Mapping[str, str], now: Mapping[str, str], alike: Likeness, *, reveal: bool
) -> Difference:
    found = []
    for name in dict.fromkeys((*was, *now)):
        before, after = was.get(name), now.get(name)
        if before == after:
            continue
        kind = Kind.ADDED if before is None else Kind.REMOVED if after is None else Kind.CHANGED
        shown = [one if reveal else _masked(one) for one in (before, after)]
        hidden = MASKED if shown[0] == shown[1] else ""
        found.append(
            Difference(
                name, name, kind, shown[0], shown[1], note=hidden, expected=alike(before, after)
            )
        )
    return together("environment", "environment", found, group=True)


def _split(entry: str) -> tuple[str, str]:
    """Name and value; what a program has written over its environment may be part of a value."""
    name, equals, value = entry.partition("=")
    return (name, value) if equals or not entry else ("(no name)", entry)


def _masked(value: str | None) -> str | None:
    return MASK if value else value
