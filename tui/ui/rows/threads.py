"""The threads of a process with their registers, its signals and its timers."""

from collections.abc import Iterable

from tui.criu.processes import Process
from tui.criu.threads import PendingSignal, Thread
from tui.ui.rows.facts import Facts, hexadecimal, listed

_THREADS = 200
"""Threads of one process that are shown one by one."""


def add_threads(facts: Facts, process: Process) -> None:
    """Each thread with the system call it was in; its registers are inside."""
    facts.heading(f"Threads ({len(process.threads):,})")
    for thread in process.threads[:_THREADS]:
        facts.heading(_title(thread), closed=True, depth=1)
        own = thread.credentials
        leader = process.leader
        if leader and own != leader.credentials:
            facts.add("rights", f"its own: user {own.effective_uid}", tone="warning", depth=2)
        facts.add("seccomp", thread.seccomp, depth=2)
        facts.add("signals blocked", listed(thread.blocked), depth=2)
        facts.add("signals pending", listed(map(_pending, thread.pending)), depth=2)
        facts.add("thread pointer", hexadecimal(thread.thread_pointer), depth=2)
        for name, value in thread.registers.items():
            facts.add(name, f"{value:#018x}", depth=2)
        facts.add("registers", "" if thread.registers else "not in the archive", depth=2)
    facts.more(len(process.threads) - _THREADS, "threads")


def add_signals(facts: Facts, process: Process) -> None:
    """What it does about signals, and the timers that send it some."""
    facts.heading("Signals")
    ignored = [one.signal for one in process.actions if one.handler is None]
    handled = [one.signal for one in process.actions if one.handler is not None]
    facts.add("ignored", listed(ignored))
    facts.add("handled", listed(handled))
    leader = process.leader
    facts.add("blocked", listed(leader.blocked) if leader else "")
    facts.add("pending", listed(map(_pending, process.pending)))
    facts.heading("Timers")
    for itimer in process.itimers:
        facts.add(itimer.kind, _due(itimer.remaining, itimer.interval))
    for timer in process.timers:
        told = f"{timer.clock}, {_due(timer.remaining, timer.interval)}, {timer.notification}"
        facts.add(f"timer {timer.id}", listed(filter(None, (told, timer.signal))))


def _title(thread: Thread) -> str:
    call = "no system call"
    if thread.syscall is not None:
        call = thread.syscall_name or f"system call {thread.syscall}"
    at = f"at {thread.program_counter:#x}" if thread.program_counter else ""
    return "  ".join(_present(str(thread.tid), thread.name, f"in {call}", at))


def _present(*words: str) -> Iterable[str]:
    return (word for word in words if word)


def _pending(one: PendingSignal) -> str:
    return f"{one.signal} from {one.sender}" if one.code <= 0 else one.signal


def _due(remaining: float, interval: float) -> str:
    if not remaining:
        return "not armed"
    again = f", then every {interval:g} s" if interval else ""
    return f"in {remaining:g} s{again}"
