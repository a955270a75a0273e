"""Whose rights a process has, how far it is confined, and what it shares with others."""

from tui.criu.processes import NAMESPACES, SHARED, Process
from tui.criu.threads import Credentials
from tui.ui.rows.facts import Facts, listed
from tui.ui.rows.running import Running

_NAMED = 10
"""Processes that are named where there may be many."""

_ALL = 41
"""Capabilities that Linux has; all of them is worth a word."""

_SHARED = {
    "vm": "memory",
    "files": "descriptors",
    "fs": "folders and umask",
    "sighand": "signal actions",
}

_NAMESPACES = {
    "pid": "processes",
    "net": "network",
    "ipc": "IPC",
    "uts": "host name",
    "mnt": "mounts",
    "user": "users",
    "cgroup": "control groups",
    "time": "clocks",
}


def add_rights(facts: Facts, running: Running, process: Process) -> None:
    """Credentials, capabilities, seccomp; namespaces and what else is shared."""
    facts.heading("Rights")
    leader = process.leader
    if leader:
        _add_credentials(facts, leader.credentials)
    facts.add("seccomp", _seccomp(process))
    if leader:
        facts.add("no new privileges", "yes" if leader.credentials.no_new_privs else "no")
        facts.add("LSM profile", leader.credentials.lsm_profile)
        facts.add("secure bits", listed(leader.credentials.securebits))
    facts.add("logged in as", process.login_uid)
    facts.heading("Namespaces")
    for kind in NAMESPACES:
        facts.add(f"{kind} ({_NAMESPACES[kind]})", _namespace(running, process, kind))
    facts.heading("Shared with other processes")
    for kind in SHARED:
        pids = running.inside.processes.sharers(process, kind)
        facts.add(_SHARED[kind], _processes(running, pids))


def capabilities(found: tuple[str, ...]) -> str:
    """Capabilities in few words."""
    if not found:
        return "none"
    if len(found) >= _ALL:
        return f"all {len(found)}"
    return f"{len(found)}: " + listed(one.removeprefix("cap_") for one in found)


def _add_credentials(facts: Facts, rights: Credentials) -> None:
    for label, ids in (
        ("user", (rights.uid, rights.effective_uid, rights.saved_uid, rights.fs_uid)),
        ("group", (rights.gid, rights.effective_gid, rights.saved_gid, rights.fs_gid)),
    ):
        if len(set(ids)) == 1:
            facts.add(label, f"{ids[0]} (root)" if ids[0] == 0 else ids[0])
        else:
            real, effective, saved, files = ids
            words = f"{real}, effective {effective}, saved {saved}, for files {files}"
            facts.add(label, words, tone="warning")
    facts.add("groups", listed(map(str, rights.groups)))
    facts.add("capabilities", capabilities(rights.effective))
    for label, found in (("permitted", rights.permitted), ("bounding", rights.bounding)):
        if found != rights.effective:
            facts.add(label, capabilities(found))
    for label, found in (("inheritable", rights.inheritable), ("ambient", rights.ambient)):
        if found:
            facts.add(label, capabilities(found))


def _seccomp(process: Process) -> str:
    leader = process.leader
    if process.seccomp == "disabled":
        return "disabled: every system call is allowed"
    if process.seccomp == "filter" and leader and leader.seccomp_filter is not None:
        return f"filter {leader.seccomp_filter} of seccomp.img"
    return process.seccomp


def _namespace(running: Running, process: Process, kind: str) -> str:
    found = running.inside.processes
    number = process.ids.get(kind)
    if number is None:
        return ""
    if found.host.get(kind) == number:
        return "the host's"
    first = next(iter(found.by_pid.values()))
    if first.ids.get(kind) == number:
        return "the container's"
    others = found.sharers(process, kind)
    return f"shared with {_processes(running, others)}" if others else "its own"


def _processes(running: Running, pids: tuple[int, ...]) -> str:
    known = running.inside.processes.by_pid
    named = [f"{pid} {known[pid].name}".rstrip() for pid in pids[:_NAMED]]
    more = f" and {len(pids) - _NAMED:,} more" if len(pids) > _NAMED else ""
    return listed(named) + more
