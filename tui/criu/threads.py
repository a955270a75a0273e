"""One thread as CRIU found it: registers, the system call it was in, whose rights it had."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from google.protobuf.message import Message

from tui.criu import images_pb2 as pb
from tui.criu import names
from tui.criu.framing import Order
from tui.criu.syscalls import syscall_name
from tui.text import decode

_GROUPS = 1 << 16
"""NGROUPS_MAX of Linux."""

_PENDING = 1000
"""Pending signals that are told one by one."""

ARCHITECTURES = {
    1: "amd64",
    2: "arm",
    3: "arm64",
    4: "ppc64le",
    5: "s390x",
    6: "mips64le",
    7: "loong64",
    8: "riscv64",
}

_COMPAT = 2
"""A thread of x86 that runs 32-bit code."""

_X86 = {
    **{short: f"r{short}" for short in ("bp", "bx", "ax", "cx", "dx", "si", "di", "ip", "sp")},
    "orig_ax": "orig_rax",
    "flags": "rflags",
}

_REPEATED = {"ti_aarch64": "x", "ti_ppc64": "r", "ti_s390": "r", "ti_loongarch64": "r"}
"""What the numbered registers are called where CRIU has a list of them."""

_NUMBERED = 32
"""The most of them that an architecture has."""

_CALL = {
    "thread_info": "orig_rax",
    "ti_arm": "r7",
    "ti_aarch64": "x8",
    "ti_ppc64": "r0",
    "ti_s390": "system_call",
    "ti_mips": "r2",
    "ti_loongarch64": "r11",
    "ti_riscv64": "a7",
}
"""The register that has the number of the system call."""

_POINTERS = {
    "thread_info": ("rip", "rsp"),
    "ti_s390": ("psw_addr", "r15"),
    "ti_ppc64": ("nip", "r1"),
    "ti_mips": ("cp0_epc", "r29"),
    "ti_loongarch64": ("pc", "r3"),
}
"""The program counter and the stack pointer, where they are not `pc` and `sp`."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose rights a thread has, as it sees them itself (in its user namespace)."""

    uid: int = 0
    gid: int = 0
    effective_uid: int = 0
    effective_gid: int = 0
    saved_uid: int = 0
    saved_gid: int = 0
    fs_uid: int = 0
    fs_gid: int = 0
    groups: tuple[int, ...] = ()
    inheritable: tuple[str, ...] = ()
    permitted: tuple[str, ...] = ()
    effective: tuple[str, ...] = ()
    bounding: tuple[str, ...] = ()
    ambient: tuple[str, ...] = ()
    securebits: tuple[str, ...] = ()
    no_new_privs: bool = False
    lsm_profile: str = ""
    """The SELinux label or AppArmor profile; empty without any LSM."""


@dataclass(frozen=True, slots=True)
class PendingSignal:
    """A signal that was sent and not yet delivered."""

    signal: str
    code: int
    """si_code: above 0 from the kernel, else from a process."""
    sender: int
    """The PID, where a process sent it; else whatever the kernel has there."""
    sender_uid: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread; the one whose ID is the process's own is its leader."""

    tid: int
    name: str = ""
    """Its comm, at most 15 bytes; empty where only the process has one (CRIU before 3.13)."""
    architecture: str = ""
    """Go's name: `amd64`, `arm64`, …; empty if unknown."""
    compat: bool = False
    """It runs 32-bit code on x86."""
    registers: dict[str, int] = field(default_factory=dict)
    """The general registers by the architecture's own names, in CRIU's order."""
    program_counter: int = 0
    stack_pointer: int = 0
    thread_pointer: int = 0
    """What thread-local storage begins at: fs_base, tls."""
    syscall: int | None = None
    """The system call it was in; None for none. Only x86 tells the last one from a current one."""
    syscall_name: str = ""
    blocked: tuple[str, ...] = ()
    pending: tuple[PendingSignal, ...] = ()
    """Sent to this thread alone."""
    credentials: Credentials = Credentials()
    seccomp: str = ""
    """`strict`, `filter`; empty: the same as `Process.seccomp`."""
    seccomp_filter: int | None = None
    """Its last filter, as an index into seccomp.img."""
    nice: int = 0
    scheduler: str = ""
    priority: int = 0
    death_signal: str = ""
    """What it gets when its parent ends; empty for nothing."""
    robust_list: int = 0
    """Where its list of robust futexes begins."""
    clear_tid: int = 0
    """Where the kernel writes 0 when it ends."""
    signal_stack: range = range(0)
    """The addresses of its alternate signal stack."""
    cgroup_set: int | None = None


def read_thread(tid: int, core: pb.Core, order: Order) -> Thread:
    """The thread whose image is `core`."""
    own, architecture = core.thread_core, ARCHITECTURES.get(core.mtype, "")
    kind = next((name for name in _CALL if core.HasField(name)), "")  # type: ignore[arg-type]
    registers = _registers(kind, getattr(core, kind).gpregs) if kind else {}
    compat = core.thread_info.gpregs.mode == _COMPAT
    pc, sp = _POINTERS.get(kind, ("pc", "sp"))
    call = _call(kind, registers)
    return Thread(
        tid=tid,
        name=decode(own.comm),
        architecture=architecture,
        compat=compat,
        registers=registers,
        program_counter=registers.get(pc, 0),
        stack_pointer=registers.get(sp, 0),
        thread_pointer=_thread_pointer(kind, core, registers),
        syscall=call,
        syscall_name="" if call is None or compat else syscall_name(architecture, call),
        blocked=names.signal_set(own.blk_sigset or core.tc.blk_sigset),
        pending=pending(own.signals_p, order),
        credentials=_credentials(own.creds),
        seccomp=names.named(own.seccomp_mode, names.SECCOMP)
        if own.HasField("seccomp_mode")
        else "",
        seccomp_filter=own.seccomp_filter if own.HasField("seccomp_filter") else None,
        nice=own.sched_nice,
        scheduler=names.named(own.sched_policy, names.SCHEDULERS),
        priority=own.sched_prio,
        death_signal=names.signal_name(own.pdeath_sig) if own.pdeath_sig else "",
        robust_list=own.futex_rla,
        clear_tid=getattr(core, kind).clear_tid_addr if kind else 0,
        signal_stack=range(own.sas.ss_sp, own.sas.ss_sp + own.sas.ss_size),
        cgroup_set=own.cg_set if own.HasField("cg_set") else None,
    )


def pending(queue: pb.SignalQueue, order: Order) -> tuple[PendingSignal, ...]:
    """The signals of a queue, as far as their siginfo is there."""
    return tuple(
        _pending(entry.siginfo, order)
        for entry in islice(queue.signals, _PENDING)
        if len(entry.siginfo) >= 24
    )


def _pending(siginfo: bytes, order: Order) -> PendingSignal:
    """A struct siginfo of 64-bit Linux: si_signo, si_errno, si_code, a gap, si_pid, si_uid."""

    def number(at: int, *, signed: bool = True) -> int:
        return int.from_bytes(siginfo[at : at + 4], order, signed=signed)

    return PendingSignal(
        names.signal_name(number(0)), number(8), number(16), number(20, signed=False)
    )


def _registers(kind: str, gpregs: Message) -> dict[str, int]:
    found: dict[str, int] = {}
    for descriptor in gpregs.DESCRIPTOR.fields:
        name, value = descriptor.name, getattr(gpregs, descriptor.name)
        if descriptor.is_repeated:
            prefix = "acr" if name == "acrs" else _REPEATED.get(kind, name)
            found |= {f"{prefix}{at}": one for at, one in enumerate(islice(value, _NUMBERED))}
        elif name != "mode":
            found[_X86.get(name, name) if kind == "thread_info" else name] = value
    return found


def _call(kind: str, registers: dict[str, int]) -> int | None:
    call = registers.get(_CALL.get(kind, ""))
    if kind == "thread_info" and call is not None and call >> 63:
        return None
    return call


def _thread_pointer(kind: str, core: pb.Core, registers: dict[str, int]) -> int:
    match kind:
        case "thread_info":
            return registers.get("fs_base", 0)
        case "ti_s390":
            return registers.get("acr0", 0) << 32 | registers.get("acr1", 0)
        case "ti_ppc64":
            return registers.get("r13", 0)
        case "":
            return 0
        case _:
            return int(getattr(core, kind).tls)


def _credentials(creds: pb.Creds) -> Credentials:
    return Credentials(
        uid=creds.uid,
        gid=creds.gid,
        effective_uid=creds.euid,
        effective_gid=creds.egid,
        saved_uid=creds.suid,
        saved_gid=creds.sgid,
        fs_uid=creds.fsuid,
        fs_gid=creds.fsgid,
        groups=_bounded(creds.groups, _GROUPS),
        inheritable=names.capabilities(creds.cap_inh),
        permitted=names.capabilities(creds.cap_prm),
        effective=names.capabilities(creds.cap_eff),
        bounding=names.capabilities(creds.cap_bnd),
        ambient=names.capabilities(creds.cap_amb),
        securebits=names.securebits(creds.secbits),
        no_new_privs=bool(creds.no_new_privs),
        lsm_profile=decode(creds.lsm_profile),
    )


def _bounded(numbers: Iterable[int], count: int) -> tuple[int, ...]:
    return tuple(islice(numbers, count))
