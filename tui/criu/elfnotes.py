"""What an ELF core says of a process beside its memory: the notes, as the kernel writes them.

The layouts are those of `struct elf_prstatus`, `elf_prpsinfo`, `user_fpregs_struct` and
`user_fpsimd_state` in Linux, 64 bit, little-endian.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tui.criu import images_pb2 as images
from tui.criu.memory import Memory, arguments
from tui.criu.vma import FILES, Kind

_PRSTATUS, _FPREGSET, _PRPSINFO, _AUXV = 1, 2, 3, 6
_X86_XSTATE, _ARM_TLS, _FILE = 0x202, 0x401, 0x46494C45

_X86 = 1
_ARM64 = 3
_COMPAT = 2
"""A process of x86 that runs 32-bit code."""

_STATES = {1: b"R", 2: b"Z", 3: b"T", 6: b"Z"}

_REGISTERS_X86 = (
    *("r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si"),
    *("di", "orig_ax", "ip", "cs", "flags", "sp", "ss", "fs_base", "gs_base", "ds", "es", "fs"),
    "gs",
)

_WORD = (1 << 64) - 1
_SSE, _AVX = 0b11, 0b100


@dataclass(frozen=True, slots=True)
class Task:
    """A process and its threads, as CRIU's images have them."""

    tree: images.Pstree
    threads: tuple[tuple[int, images.Core], ...]
    """By thread ID, the leader first."""

    @property
    def leader(self) -> images.Core:
        """The thread that stands for the process."""
        return self.threads[0][1]


def machine(task: Task) -> int | None:
    """The ELF number of the architecture; None if podthaw cannot write a core for it."""
    core = task.leader
    if core.mtype == _X86 and core.thread_info.gpregs.mode != _COMPAT:
        return 62
    return 183 if core.mtype == _ARM64 else None


def notes(task: Task, memory: Memory) -> bytes:
    """The content of the PT_NOTE segment. Debuggers take the first thread for the current one."""
    found = bytearray()
    for number, (tid, core) in enumerate(task.threads):
        found += _note(_PRSTATUS, _status(task, tid, core))
        if not number:
            found += _note(_PRPSINFO, _information(task, memory))
            if memory.auxiliary:
                count = len(memory.auxiliary) // 2 * 2
                found += _note(_AUXV, _words(memory.auxiliary[:count]))
            found += _note(_FILE, _files(memory))
        for kind, name, content in _floating(core):
            found += _note(kind, content, name)
    return bytes(found)


def _note(kind: int, content: bytes, name: bytes = b"CORE") -> bytes:
    label = name + b"\0"
    head = struct.pack("<III", len(label), len(content), kind)
    return head + label + bytes(-len(label) % 4) + content + bytes(-len(content) % 4)


def _status(task: Task, tid: int, core: images.Core) -> bytes:
    blocked = core.thread_core.blk_sigset or core.tc.blk_sigset
    tree = task.tree
    return (
        struct.pack("<iiih2xQQ", 0, 0, 0, 0, 0, blocked)
        + struct.pack("<IIII", tid, tree.ppid, tree.pgid, tree.sid)
        + bytes(4 * 16)  # times, which CRIU does not keep
        + _words(_registers(core))
        + struct.pack("<i4x", any(True for _ in _floating(core)))
    )


def _registers(core: images.Core) -> Iterator[int]:
    if core.mtype == _X86:
        for name in _REGISTERS_X86:
            yield getattr(core.thread_info.gpregs, name)
    else:
        found = core.ti_aarch64.gpregs
        yield from _exactly(found.regs, 31)
        yield from (found.sp, found.pc, found.pstate)


def _information(task: Task, memory: Memory) -> bytes:
    core, tree = task.leader, task.tree
    state = _STATES.get(core.tc.task_state, b"R")
    creds = core.thread_core.creds
    line = " ".join(arguments(memory) or ()).encode("utf-8", "surrogateescape")
    return struct.pack(
        "<BcBb4xQIIIIII16s80s",
        b"RSDTZW".index(state),
        state,
        state == b"Z",
        max(-20, min(19, core.thread_core.sched_nice)),
        core.tc.flags,
        creds.uid,
        creds.gid,
        tree.pid,
        tree.ppid,
        tree.pgid,
        tree.sid,
        (core.tc.comm or core.thread_core.comm)[:15],
        line[:79],
    )


def _files(memory: Memory) -> bytes:
    """NT_FILE: which file is mapped where."""
    mapped = [vma for vma in memory.vmas if vma.path and vma.kind in {*FILES, Kind.MEMFD}]
    return (
        _words([len(mapped), memory.page])
        + b"".join(_words([vma.start, vma.end, vma.offset // memory.page]) for vma in mapped)
        + b"".join(vma.path.encode("utf-8", "surrogateescape") + b"\0" for vma in mapped)
    )


def _floating(core: images.Core) -> Iterator[tuple[int, bytes, bytes]]:
    """The floating point registers and what belongs to them: kind, name, content."""
    if core.mtype == _X86 and core.thread_info.HasField("fpregs"):
        legacy = _legacy(core.thread_info.fpregs)
        yield _FPREGSET, b"CORE", legacy
        upper = core.thread_info.fpregs.xsave.ymmh_space
        if len(upper) == 64:  # the places of what comes behind AVX differ between processors
            features = _SSE | _AVX
            state = core.thread_info.fpregs.xsave.xstate_bv & features
            area = legacy[:464] + struct.pack("<Q40x", features) + struct.pack("<Q56x", state)
            yield _X86_XSTATE, b"LINUX", area + _halves(upper, 64)
    elif core.mtype == _ARM64:
        if core.ti_aarch64.HasField("fpsimd"):
            found = core.ti_aarch64.fpsimd
            rest = struct.pack("<II8x", found.fpsr, found.fpcr)
            yield _FPREGSET, b"CORE", _words(_exactly(found.vregs, 64)) + rest
        yield _ARM_TLS, b"LINUX", _words([core.ti_aarch64.tls])


def _legacy(found: images.FpregsX86) -> bytes:
    """As the instruction FXSAVE stores it."""
    short = 0xFFFF
    return (
        struct.pack(
            "<HHHHQQII",
            found.cwd & short,
            found.swd & short,
            found.twd & short,
            found.fop & short,
            found.rip,
            found.rdp,
            found.mxcsr,
            found.mxcsr_mask,
        )
        + _halves(found.st_space, 32)
        + _halves(found.xmm_space, 64)
        + _halves(found.padding, 24)
    )


def _words(numbers: Iterable[int]) -> bytes:
    return b"".join((number & _WORD).to_bytes(8, "little") for number in numbers)


def _halves(numbers: Sequence[int], count: int) -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in _exactly(numbers, count))


def _exactly(numbers: Sequence[int], count: int) -> list[int]:
    """So many of them, zeros where some are missing."""
    return [*numbers[:count], *[0] * (count - len(numbers))]
