"""The processes of a checkpoint, as far as its images tell."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from tui.archive.model import Problem
from tui.criu import images_pb2 as pb
from tui.criu import names
from tui.criu.files import FileTable, file_table
from tui.criu.framing import Magic, Order
from tui.criu.images import Images
from tui.criu.signals import Action, Itimer, PosixTimer, actions, itimers, posix_timers
from tui.criu.threads import PendingSignal, Thread, pending, read_thread
from tui.text import decode

SHARED = ("vm", "files", "fs", "sighand")
"""What processes can share: memory, the table of descriptors, folders and umask, signal actions."""

NAMESPACES = ("pid", "net", "ipc", "uts", "mnt", "user", "cgroup", "time")

_STATES = {1: "running", 2: "zombie", 3: "stopped", 4: "helper", 6: "zombie"}
"""CRIU writes 2 for a process that has ended and that its parent has not yet asked after; helpers
are such that it makes itself, to keep a session or a process group alive."""

_ENDED = (2, 6)
"""The states in which a process has no threads: what CRIU writes in their place is at random."""

_INFINITY = (1 << 64) - 1

_AUXV = 128
"""Entries of the auxiliary vector; the kernel has about 22."""

_CONTROLLERS = 64


@dataclass(frozen=True, slots=True)
class Limit:
    """A resource limit; None is no limit."""

    name: str
    """As prlimit(1) calls it: `nofile`, `core`."""
    soft: int | None
    hard: int | None


@dataclass(frozen=True, slots=True)
class Cgroup:
    """Where a process is in one hierarchy of cgroups."""

    controller: str
    """With v1 `memory`, `name=systemd`, …; empty for v2."""
    path: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie in the memory of a process; the addresses of what is unknown are 0."""

    arguments: range = range(0)
    """Its command line, as it is now: strings that end in NUL each."""
    environment: range = range(0)
    code: range = range(0)
    data: range = range(0)
    heap: range = range(0)
    stack: int = 0
    """The bottom of the main thread's stack, where it began to grow down."""
    auxv: dict[int, int] = field(default_factory=dict)
    """The auxiliary vector by AT_ number: 6 is the page size, 3 the program headers."""
    exe_file_id: int | None = None
    dumpable: bool = True
    huge_pages: bool = True
    """False where it asked for no transparent huge pages."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process; all numbers are as its own PID namespace has them."""

    pid: int
    ppid: int
    """0 for what the container's runtime has started: the init process, and `podman exec`."""
    pgid: int
    sid: int
    name: str = ""
    """Its comm: what the program, or the process itself, wants to be called."""
    state: str = ""
    """`running` (asleep too), `stopped`, `zombie`, …; empty if unknown."""
    exit_code: int = 0
    """The wait status of a zombie: exit status << 8, or the signal that killed it."""
    threads: tuple[Thread, ...] = ()
    """Its leader first, in CRIU's order; without those whose images are missing."""
    exe: str = ""
    """The path of its program, with ` (deleted)` behind it if that is so; empty if unknown."""
    cwd: str = ""
    root: str = ""
    umask: int | None = None
    memory: Layout = Layout()
    ids: dict[str, int] = field(default_factory=dict)
    """CRIU's IDs of what it shares with others (SHARED), and of its namespaces (NAMESPACES)."""
    actions: tuple[Action, ...] = ()
    """The signals that it handles or ignores."""
    pending: tuple[PendingSignal, ...] = ()
    """Sent to the process as a whole."""
    limits: tuple[Limit, ...] = ()
    itimers: tuple[Itimer, ...] = ()
    timers: tuple[PosixTimer, ...] = ()
    oom_score_adj: int | None = None
    cgroups: tuple[Cgroup, ...] = ()
    login_uid: int | None = None
    """Who logged in, for the audit; None where nobody did."""
    subreaper: bool = False
    """Orphaned descendants become its children."""
    stop_signal: str = ""
    """What stopped it."""
    seccomp: str = ""
    """Of its leader: `disabled`, `strict`, `filter`; empty if unknown."""

    @property
    def leader(self) -> Thread | None:
        """The thread that the process began with; None if its image is missing."""
        return next((thread for thread in self.threads if thread.tid == self.pid), None)


@dataclass(frozen=True, slots=True)
class Processes:
    """All processes of a checkpoint."""

    by_pid: dict[int, Process] = field(default_factory=dict)
    """In CRIU's order."""
    roots: tuple[int, ...] = ()
    """The PIDs of those whose parent is none of these processes."""
    children: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By PID, in CRIU's order; no process is its own ancestor here, whatever the images say."""
    host: dict[str, int] = field(default_factory=dict)
    """The IDs of the namespaces that CRIU itself was in: a process with the same is not isolated
    in that kind."""
    architecture: str = ""
    """Go's name; empty if unknown."""
    problems: tuple[Problem, ...] = ()
    """What was found wrong while they were read."""

    def tree(self) -> Iterator[tuple[int, Process]]:
        """Every process once, children behind their parent, each with its depth."""
        waiting = [(0, pid) for pid in reversed(self.roots)]
        while waiting:
            depth, pid = waiting.pop()
            yield depth, self.by_pid[pid]
            waiting += [(depth + 1, child) for child in reversed(self.children.get(pid, ()))]

    def sharers(self, process: Process, kind: str) -> tuple[int, ...]:
        """The PIDs of the other processes that share `kind` (SHARED, NAMESPACES) with this one."""
        shared = process.ids.get(kind)
        return tuple(
            pid
            for pid, other in self.by_pid.items()
            if pid != process.pid and shared is not None and other.ids.get(kind) == shared
        )


def processes(images: Images, table: FileTable | None = None) -> Processes:
    """The processes in `images`; what cannot be read is a problem and stays empty.

    `table` spares the reading of the files where somebody has it already.
    """
    before = len(images.problems)
    reader = _Reader(images, table or file_table(images))
    found: dict[int, Process] = {}
    for entry in images.decoded("pstree.img", Magic.PSTREE, pb.Pstree):
        if entry.pid in found:
            images.problem("pstree.img", None, f"process {entry.pid} more than once")
        else:
            found[entry.pid] = reader.process(entry)
    roots, children = _family(images, found)
    inventory = next(images.optional("inventory.img", Magic.INVENTORY, pb.Inventory), None)
    return Processes(
        by_pid=found,
        roots=roots,
        children=children,
        host=_ids(inventory.root_ids) if inventory else {},
        architecture=next(
            (
                thread.architecture
                for process in found.values()
                for thread in process.threads
                if thread.architecture
            ),
            "",
        ),
        problems=tuple(images.problems[before:]),
    )


class _Reader:
    """Reads the images of one process after the other."""

    def __init__(self, images: Images, table: FileTable) -> None:
        self._images = images
        self._table = table
        self._order: Order = images.order("pstree.img", Magic.PSTREE)
        self._owners: dict[int, int] = {}
        self._cgroups = _cgroups(images)

    def process(self, entry: pb.Pstree) -> Process:
        pid, images = entry.pid, self._images
        core, threads = self._threads(entry)
        fs = next(images.optional(f"fs-{pid}.img", Magic.FS, pb.Fs), None)
        ids = next(images.optional(f"ids-{pid}.img", Magic.IDS, pb.TaskKobjIds), core.ids)
        memory = _layout(next(images.optional(f"mm-{pid}.img", Magic.MM, pb.Mm), None))
        task, leader = core.tc, next((one for one in threads if one.tid == pid), None)
        cgroup_set = task.cg_set or (leader.cgroup_set if leader else None) or 0
        return Process(
            pid=pid,
            ppid=entry.ppid,
            pgid=entry.pgid,
            sid=entry.sid,
            name=decode(task.comm) or (leader.name if leader else ""),
            state=names.named(task.task_state, _STATES) if task.HasField("task_state") else "",
            exit_code=task.exit_code,
            threads=threads,
            exe=self._table.path(memory.exe_file_id) if memory.exe_file_id is not None else "",
            cwd=self._table.path(fs.cwd_id) if fs else "",
            root=self._table.path(fs.root_id) if fs else "",
            umask=fs.umask if fs and fs.HasField("umask") else None,
            memory=memory,
            ids=_ids(ids),
            actions=actions(task.sigactions),
            pending=pending(task.signals_s, self._order),
            limits=_limits(task.rlimits.rlimits),
            itimers=itimers(task.timers),
            timers=posix_timers(task.timers.posix),
            oom_score_adj=task.oom_score_adj if task.HasField("oom_score_adj") else None,
            cgroups=self._cgroups.get(cgroup_set, ()),
            login_uid=_login_uid(task),
            subreaper=task.child_subreaper,
            stop_signal=names.signal_name(task.stop_signo) if task.stop_signo else "",
            seccomp=_seccomp(task, leader),
        )

    def _threads(self, entry: pb.Pstree) -> tuple[pb.Core, tuple[Thread, ...]]:
        """The image of the process itself, and its threads."""
        leader, threads = pb.Core(), []
        for tid in dict.fromkeys((entry.pid, *entry.threads)):
            if leader.tc.task_state in _ENDED:
                break
            owner = self._owners.setdefault(tid, entry.pid)
            if owner != entry.pid:
                told = f"thread {tid} of process {entry.pid} belongs to process {owner} already"
                self._images.problem("pstree.img", None, told)
                continue
            core = next(self._images.decoded(f"core-{tid}.img", Magic.CORE, pb.Core), None)
            if core is None:
                continue
            if tid == entry.pid:
                leader = core
            threads.append(read_thread(tid, core, self._order))
        return leader, tuple(threads)


def _family(
    images: Images, found: dict[int, Process]
) -> tuple[tuple[int, ...], dict[int, tuple[int, ...]]]:
    """The roots and the children of each, with every circle of parents cut open."""
    children: dict[int, list[int]] = defaultdict(list)
    roots = []
    for pid, process in found.items():
        if process.ppid in found and process.ppid != pid:
            children[process.ppid].append(pid)
            continue
        roots.append(pid)
        if process.ppid == pid:
            images.problem("pstree.img", None, f"process {pid} is its own parent")
        elif process.ppid:
            told = f"the parent of process {pid}, {process.ppid}, is none of the processes"
            images.problem("pstree.img", None, told)
    reached = set(_below(roots, children))
    for pid in found:
        if pid not in reached:
            first = _own_ancestor(pid, found)
            images.problem("pstree.img", None, f"process {first} is its own ancestor")
            children[found[first].ppid].remove(first)
            roots.append(first)
            reached.update(_below([first], children))
    return tuple(roots), {pid: tuple(those) for pid, those in children.items() if those}


def _own_ancestor(pid: int, found: dict[int, Process]) -> int:
    """One of the processes in the circle that the ancestors of this one run in."""
    passed: set[int] = set()
    while pid not in passed:
        passed.add(pid)
        pid = found[pid].ppid
    return pid


def _below(pids: Iterable[int], children: dict[int, list[int]]) -> Iterator[int]:
    """These processes and all their descendants."""
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, ())


def _cgroups(images: Images) -> dict[int, tuple[Cgroup, ...]]:
    return {
        one.id: tuple(
            Cgroup(decode(member.name), decode(member.path))
            for member in islice(one.ctls, _CONTROLLERS)
        )
        for cgroup in images.optional("cgroup.img", Magic.CGROUP, pb.Cgroup)
        for one in cgroup.sets
    }


def _layout(mm: pb.Mm | None) -> Layout:
    if mm is None:
        return Layout()
    words = list(islice(mm.mm_saved_auxv, 2 * _AUXV))
    auxv = dict(zip(words[::2], words[1::2], strict=False))
    auxv.pop(0, None)
    return Layout(
        arguments=range(mm.mm_arg_start, mm.mm_arg_end),
        environment=range(mm.mm_env_start, mm.mm_env_end),
        code=range(mm.mm_start_code, mm.mm_end_code),
        data=range(mm.mm_start_data, mm.mm_end_data),
        heap=range(mm.mm_start_brk, mm.mm_brk),
        stack=mm.mm_start_stack,
        auxv=auxv,
        exe_file_id=mm.exe_file_id if mm.HasField("exe_file_id") else None,
        dumpable=bool(mm.dumpable) if mm.HasField("dumpable") else True,
        huge_pages=not mm.thp_disabled,
    )


def _ids(ids: pb.TaskKobjIds) -> dict[str, int]:
    fields = [(kind, f"{kind}_id") for kind in SHARED]
    fields += [(kind, f"{kind}_ns_id") for kind in NAMESPACES]
    return {kind: getattr(ids, name) for kind, name in fields if getattr(ids, name)}


def _limits(rlimits: Iterable[pb.Rlimit]) -> tuple[Limit, ...]:
    return tuple(
        Limit(name, _limit(one.cur), _limit(one.max))
        for name, one in zip(names.RLIMITS, rlimits, strict=False)
    )


def _limit(value: int) -> int | None:
    return None if value == _INFINITY else value


def _login_uid(task: pb.TaskCore) -> int | None:
    nobody = (1 << 32) - 1
    return task.loginuid if task.HasField("loginuid") and task.loginuid != nobody else None


def _seccomp(task: pb.TaskCore, leader: Thread | None) -> str:
    """CRIU leaves the field out where there is no filter; old CRIU had it in the process."""
    if leader is None:
        return ""
    return leader.seccomp or names.named(task.old_seccomp_mode, names.SECCOMP)
