"""What a process does about signals, and the timers that send it some."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from tui.criu import images_pb2 as pb
from tui.criu import names

_TIMERS = 1000
"""POSIX timers that are told of one process."""

_DEFAULT, _IGNORE = 0, 1


@dataclass(frozen=True, slots=True)
class Action:
    """A signal that a process does not leave to the kernel."""

    signal: str
    handler: int | None
    """The address of the function that handles it; None if it is ignored."""
    flags: tuple[str, ...] = ()
    """The SA_ names without SA_."""
    blocked: tuple[str, ...] = ()
    """What is blocked while the handler runs."""


@dataclass(frozen=True, slots=True)
class Itimer:
    """An interval timer that runs (setitimer(2)); times in seconds."""

    kind: str
    """`real`, `virtual`, `profiling`."""
    remaining: float
    interval: float
    """0 for once."""


@dataclass(frozen=True, slots=True)
class PosixTimer:
    """A timer made by timer_create(2); times in seconds."""

    id: int
    clock: str
    notification: str
    """`signal`, `none`, `thread`, `signal to a thread`."""
    signal: str
    thread: int | None
    """The thread that is told, where it is a certain one."""
    remaining: float
    """0 where it is not armed."""
    interval: float
    overrun: int


def actions(entries: Iterable[pb.Sa]) -> tuple[Action, ...]:
    """The signals that are handled or ignored; CRIU has one entry for each that can be."""
    possible = (signal for signal in range(1, 65) if signal not in (names.SIGKILL, names.SIGSTOP))
    return tuple(
        Action(
            signal=names.signal_name(signal),
            handler=None if entry.sigaction == _IGNORE else entry.sigaction,
            flags=names.signal_flags(entry.flags),
            blocked=names.signal_set(entry.mask),
        )
        for signal, entry in zip(possible, entries, strict=False)
        if entry.sigaction != _DEFAULT
    )


def itimers(timers: pb.TaskTimers) -> tuple[Itimer, ...]:
    """The interval timers that run."""
    kinds = (("real", timers.real), ("virtual", timers.virt), ("profiling", timers.prof))
    return tuple(
        Itimer(kind, one.vsec + one.vusec / 1e6, one.isec + one.iusec / 1e6)
        for kind, one in kinds
        if one.vsec or one.vusec
    )


def posix_timers(entries: Iterable[pb.PosixTimer]) -> tuple[PosixTimer, ...]:
    """The timers of a process."""
    return tuple(_posix_timer(one) for one in islice(entries, _TIMERS))


def _posix_timer(one: pb.PosixTimer) -> PosixTimer:
    return PosixTimer(
        id=one.it_id,
        clock=names.named(one.clock_id, names.CLOCKS),
        notification=names.named(one.it_sigev_notify, names.NOTIFICATIONS),
        signal=names.signal_name(one.si_signo) if one.si_signo else "",
        thread=one.notify_thread_id or None,
        remaining=one.vsec + one.vnsec / 1e9,
        interval=one.isec + one.insec / 1e9,
        overrun=one.overrun,
    )
