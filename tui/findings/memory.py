"""Executable memory: code that came from no file, or from one that is no part of the image."""

from collections import defaultdict
from collections.abc import Iterator

from tui.criu.memory import Memory
from tui.criu.special import Memfd
from tui.criu.vma import FILES, KERNEL, Kind, Vma
from tui.findings import programs
from tui.findings.programs import called, listed, names, users
from tui.findings.registry import (
    DescriptorPlace,
    Finding,
    MemoryPlace,
    Needs,
    ProcessPlace,
    Severity,
    first,
    rule,
)
from tui.findings.scene import Scene
from tui.text import plural, size

_WRITE, _EXECUTE = 2, 4

_OWN = KERNEL | {Kind.VDSO}
"""Mappings that are executable because the kernel made them so."""

_DOUBLE_MAPPED = ("/memfd:doublemapper", "/memfd:libffi", "/memfd:luajit", "/memfd:jit")
"""What .NET and libffi call the memory that they map twice, to write code and to run it."""


@rule(
    "memory-writable-executable",
    Severity.MEDIUM,
    "Memory is writable and executable at once",
    Needs.MAPPINGS,
)
def memory_writable_executable(scene: Scene) -> Iterator[Finding]:
    """A process can write to memory that it also executes.

    Compilers and the kernel avoid that, as it is what injected code needs. Informational in
    programs that are known to make code while they run: virtual machines (java, node), regular
    expressions of PCRE (nginx, php), closures of libffi (python). Harmless too: a program that
    says that its stack must be executable, mostly by an oversight in assembler.
    """
    for memory in _memories(scene):
        found = [vma for vma in memory.vmas if _is(vma, _WRITE) and _is(vma, _EXECUTE)]
        if found:
            yield _of_process(
                scene, "memory-writable-executable", memory, found, "writable and executable"
            )


@rule(
    "memory-anonymous-executable",
    Severity.HIGH,
    "Code runs that came from no file",
    Needs.MAPPINGS,
)
def memory_anonymous_executable(scene: Scene) -> Iterator[Finding]:
    """A process executes memory that no file is mapped to.

    Code that was injected, or unpacked by a packer, lies there. Medium, and informational in
    programs that are known to make code while they run (see memory-writable-executable). High
    where such memory begins as a program does (ELF, `#!`): somebody loaded a program by hand. That
    is told only where memory has been looked into.
    """
    programs_at = scene.content.programs if scene.content else frozenset()
    for memory in _memories(scene):
        found = [
            vma
            for vma in memory.vmas
            if _is(vma, _EXECUTE)
            and not _is(vma, _WRITE)
            and vma.kind not in FILES
            and not vma.path
        ]
        whole = [
            vma
            for vma in memory.vmas
            if vma.kind not in _OWN and (memory.pid, vma.start) in programs_at
        ]
        if whole:
            yield Finding(
                "memory-anonymous-executable",
                Severity.HIGH,
                f"{_name(scene, memory.pid)} has a whole program in executable memory",
                f"At {listed(f'{vma.start:#x}' for vma in whole)} executable memory that belongs to"
                " no file begins as a program does.",
                first(MemoryPlace(memory.pid, vma.start) for vma in whole),
            )
        elif found:
            yield _of_process(
                scene, "memory-anonymous-executable", memory, found, "executable and of no file"
            )


@rule("library-place", Severity.HIGH, "Code is mapped from a place for data", Needs.MAPPINGS)
def library_place(scene: Scene) -> Iterator[Finding]:
    """A process executes a library that lies where none belongs, or that is deleted.

    High: /tmp, /dev/shm, /run, a memfd. Medium: a file that is deleted, as after an upgrade inside
    the container. Informational for the memfds in which .NET and libffi put their own code.
    Harmless: java and node unpack libraries of their packages to /tmp.
    """
    mountpoints = scene.mountpoints
    gone = {
        file.path for file in scene.inside.descriptors.files.values() if file.path and file.deleted
    }
    found: dict[tuple[Severity, str], list[MemoryPlace]] = defaultdict(list)
    for memory in _memories(scene):
        for vma in memory.vmas:
            if not _is(vma, _EXECUTE) or not vma.path or vma.path == memory.executable:
                continue
            severity = _library(scene, memory, vma.path, gone, mountpoints)
            if severity:
                found[severity, vma.path].append(MemoryPlace(memory.pid, vma.start))
    for (severity, path), places in found.items():
        pids = dict.fromkeys(place.pid for place in places)
        yield Finding(
            "library-place",
            severity,
            f"Code of {path} is mapped",
            f"{listed(_name(scene, pid) for pid in pids)} may execute it"
            f"{', and the file is deleted' if path in gone else ''}.",
            first(places),
        )


@rule("memfd-executable", Severity.HIGH, "A file in memory is a program", Needs.CONTENT)
def memfd_executable(scene: Scene) -> Iterator[Finding]:
    """A memfd holds a program: it begins with ELF or `#!`.

    Such a file is in no file system; programs are started from it so that nothing is left on disk.
    Harmless: runc puts a copy of itself into one for a moment.
    """
    wanted = scene.content.memfds if scene.content else frozenset()
    for file in scene.inside.descriptors.files.values():
        if isinstance(file.detail, Memfd) and file.detail.shmid in wanted:
            holders = users(scene, file.id)
            yield Finding(
                "memfd-executable",
                Severity.HIGH,
                f"The memfd {file.detail.name or 'without a name'} holds a program",
                f"{listed(_name(scene, pid) for pid, _ in holders) or 'Nobody'} has it open.",
                first(DescriptorPlace(pid, fd, file.id) for pid, fd in holders),
            )


def _memories(scene: Scene) -> tuple[Memory, ...]:
    return scene.memories.processes if scene.memories else ()


def _is(vma: Vma, bit: int) -> bool:
    return bool(vma.protection & bit) and vma.kind not in _OWN


def _of_process(scene: Scene, code: str, memory: Memory, found: list[Vma], what: str) -> Finding:
    process = scene.inside.processes.by_pid.get(memory.pid)
    known = process is not None and programs.makes_code(names(scene, process))
    total = size(sum(vma.end - vma.start for vma in found))
    labels = listed(dict.fromkeys(vma.label for vma in found))
    return Finding(
        code,
        Severity.INFO if known else Severity.MEDIUM,
        f"{_name(scene, memory.pid)} has {total} of memory that is {what}",
        f"{plural(len(found), 'mapping')}: {labels}."
        + (" Such programs make code while they run." if known else ""),
        first(
            [*(MemoryPlace(memory.pid, vma.start) for vma in found[:10]), ProcessPlace(memory.pid)]
        ),
    )


def _library(
    scene: Scene, memory: Memory, path: str, gone: set[str], mountpoints: frozenset[str]
) -> Severity | None:
    if path.startswith("/memfd:"):
        process = scene.inside.processes.by_pid.get(memory.pid)
        own = path.startswith(_DOUBLE_MAPPED) or (
            process is not None and programs.makes_code(names(scene, process))
        )
        return Severity.INFO if own else Severity.HIGH
    if programs.below(path, programs.PUBLIC):
        return None if path in mountpoints else Severity.HIGH
    return Severity.MEDIUM if path in gone else None


def _name(scene: Scene, pid: int) -> str:
    process = scene.inside.processes.by_pid.get(pid)
    return called(process) if process else f"PID {pid}"
