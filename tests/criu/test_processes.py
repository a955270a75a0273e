from collections.abc import Iterable

import pytest

from tests.criu.builders import contents, image
from tests.restore.facts import archive
from tui.archive.model import Contents
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic, Order
from tui.criu.images import Images
from tui.criu.processes import Cgroup, Limit, Processes, processes
from tui.criu.signals import Action, Itimer, PosixTimer
from tui.criu.threads import PendingSignal


def read(found: Contents) -> Processes:
    return processes(Images(found))


def told(found: Processes) -> list[str]:
    """The problems, without those of images that made-up archives do not have."""
    return [one.message for one in found.problems if not one.message.startswith("missing")]


def tree(*pairs: tuple[int, int], order: Order = "little") -> bytes:
    """pstree.img of processes, each given as PID and parent."""
    entries = [pb.Pstree(pid=pid, ppid=ppid, pgid=pid, sid=1, threads=[pid]) for pid, ppid in pairs]
    return image(Magic.PSTREE, *entries, order=order)


def shape(found: Processes) -> list[tuple[int, int]]:
    return [(depth, process.pid) for depth, process in found.tree()]


def one(core: pb.Core, **images: bytes) -> Processes:
    """The process 1 with this image, and what others there are."""
    return read(contents(pstree=tree((1, 0)), core_1=image(Magic.CORE, core), **images))


# Real checkpoints


def test_a_server_and_its_connection() -> None:
    found = read(archive("established").contents)
    assert told(found) == []
    assert found.architecture == "amd64"
    roots = [found.by_pid[pid] for pid in found.roots]
    assert [root.state for root in roots] == ["running"]
    for process in found.by_pid.values():
        assert process.exe == "/bin/busybox"
        assert (process.cwd, process.root) == ("/", "/")
        assert process.umask == 0o22
        assert process.seccomp == "disabled"
        assert process.memory.auxv[6] == 4096
        assert 0 < len(process.memory.arguments) < 200
        assert process.memory.arguments.stop == process.memory.environment.start
        assert {one.name: one.soft for one in process.limits}["stack"] == 8 << 20
        assert "memory" in {one.controller for one in process.cgroups}
        assert process.leader
        assert process.leader.credentials.uid == 0
        assert "cap_kill" in process.leader.credentials.effective
        assert "cap_sys_admin" not in process.leader.credentials.bounding
        assert process.leader.program_counter in process.memory.code


def test_a_process_that_waits_is_in_the_system_call_it_waits_in() -> None:
    found = read(archive("web").contents)
    (leader,) = found.by_pid[1].threads
    assert leader.syscall_name in ("accept", "accept4", "poll", "ppoll", "select", "wait4")
    assert leader.registers["orig_rax"] == leader.syscall
    assert leader.registers["rip"] == leader.program_counter


def test_what_a_container_shares_with_its_host() -> None:
    found = read(archive("web").contents)
    init = found.by_pid[1]
    assert init.ids["user"] == found.host["user"]
    assert init.ids["pid"] != found.host["pid"]


# The tree


def test_children_stand_behind_their_parents() -> None:
    found = read(contents(pstree=tree((1, 0), (9, 0), (5, 1), (7, 5), (6, 1))))
    assert shape(found) == [(0, 1), (1, 5), (2, 7), (1, 6), (0, 9)]
    assert found.children == {1: (5, 6), 5: (7,)}
    assert told(found) == []


def test_an_orphan_is_a_root() -> None:
    found = read(contents(pstree=tree((1, 0), (5, 4))))
    assert shape(found) == [(0, 1), (0, 5)]
    assert told(found) == ["the parent of process 5, 4, is none of the processes"]


def test_a_process_that_is_its_own_parent_stays_in_sight() -> None:
    found = read(contents(pstree=tree((1, 1), (2, 1))))
    assert shape(found) == [(0, 1), (1, 2)]
    assert told(found) == ["process 1 is its own parent"]


def test_a_circle_of_parents_is_cut_open() -> None:
    found = read(contents(pstree=tree((9, 4), (2, 3), (3, 4), (4, 2), (1, 0))))
    assert sorted(pid for _, pid in shape(found)) == [1, 2, 3, 4, 9]
    assert told(found) == ["process 4 is its own ancestor"]
    assert found.roots == (1, 4)


def test_a_second_process_with_the_same_pid_is_told() -> None:
    found = read(contents(pstree=tree((1, 0), (1, 7))))
    assert found.by_pid[1].ppid == 0
    assert told(found) == ["process 1 more than once"]


def test_no_processes() -> None:
    found = read(contents(pstree=image(Magic.PSTREE)))
    assert (found.by_pid, found.roots, list(found.tree())) == ({}, (), [])


def test_a_long_chain_of_processes_and_a_long_circle() -> None:
    count = 20_000
    chain = [(pid, pid - 1) for pid in range(1, count)]
    assert shape(read(contents(pstree=tree(*chain))))[-1] == (count - 2, count - 1)
    found = read(contents(pstree=tree((1, count - 1), *chain[1:])))
    assert len(shape(found)) == count - 1
    assert len(found.roots) == 1


def test_a_process_without_its_images_is_there_all_the_same() -> None:
    found = read(contents(pstree=tree((1, 0))))
    process = found.by_pid[1]
    assert (process.name, process.state, process.exe, process.threads) == ("", "", "", ())
    assert process.leader is None
    assert ("checkpoint/core-1.img", "missing: CRIU writes one in every checkpoint") in {
        (problem.member, problem.message) for problem in found.problems
    }


def test_a_thread_belongs_to_one_process() -> None:
    entries = [pb.Pstree(pid=1, threads=[1, 2, 2]), pb.Pstree(pid=3, ppid=1, threads=[3, 2])]
    cores = {f"core_{tid}": image(Magic.CORE, pb.Core(mtype=1)) for tid in (1, 2, 3)}
    found = read(contents(pstree=image(Magic.PSTREE, *entries), **cores))
    assert [thread.tid for thread in found.by_pid[1].threads] == [1, 2]
    assert [thread.tid for thread in found.by_pid[3].threads] == [3]
    assert told(found) == ["thread 2 of process 3 belongs to process 1 already"]


# One process


@pytest.mark.parametrize(
    ("state", "name"),
    [(1, "running"), (2, "zombie"), (3, "stopped"), (6, "zombie"), (9, "9")],
)
def test_states(state: int, name: str) -> None:
    found = one(pb.Core(tc=pb.TaskCore(task_state=state, exit_code=9)))
    assert found.by_pid[1].state == name
    assert found.by_pid[1].exit_code == 9


def test_what_has_ended_has_no_threads() -> None:
    raw = image(Magic.PSTREE, pb.Pstree(pid=1, threads=[515281760, 1]))
    core = image(Magic.CORE, pb.Core(tc=pb.TaskCore(task_state=6)))
    found = read(contents(pstree=raw, core_1=core))
    assert [thread.tid for thread in found.by_pid[1].threads] == [1]
    assert told(found) == []


def test_what_the_leader_blocks_is_told_of_the_process() -> None:
    found = one(pb.Core(tc=pb.TaskCore(blk_sigset=1 << 9)))
    assert found.by_pid[1].threads[0].blocked == ("SIGUSR1",)


def test_names_are_bytes() -> None:
    found = one(pb.Core(tc=pb.TaskCore(comm=b"a\x1b\xff"), thread_core=pb.ThreadCore(comm=b"t")))
    assert found.by_pid[1].name == "a\x1b\udcff"
    assert found.by_pid[1].threads[0].name == "t"


def test_signals_that_are_handled_or_ignored() -> None:
    entries = [pb.Sa() for _ in range(62)]
    entries[0] = pb.Sa(sigaction=0x1000, flags=0x14000004, mask=1 << 1)
    entries[12 - 1] = pb.Sa(sigaction=1)  # SIGPIPE is 13; SIGKILL has no entry
    entries[-1] = pb.Sa(sigaction=0x2000)
    assert one(pb.Core(tc=pb.TaskCore(sigactions=entries * 2))).by_pid[1].actions == (
        Action("SIGHUP", 0x1000, ("SIGINFO", "RESTORER", "RESTART"), ("SIGINT",)),
        Action("SIGPIPE", None),
        Action("SIGRTMAX", 0x2000),
    )


@pytest.mark.parametrize("order", ["little", "big"])
def test_pending_signals_say_who_sent_them(order: Order) -> None:
    words = [15, 0, -6 & 0xFFFFFFFF, 0, 42, 1000]
    raw = b"".join(word.to_bytes(4, order) for word in words) + bytes(104)
    queue = pb.SignalQueue(signals=[pb.Siginfo(siginfo=raw), pb.Siginfo(siginfo=b"short")])
    core = pb.Core(tc=pb.TaskCore(signals_s=queue), thread_core=pb.ThreadCore(signals_p=queue))
    found = read(
        contents(
            pstree=tree((1, 0), order=order),
            core_1=image(Magic.CORE, core, order=order),
        )
    )
    expected = (PendingSignal("SIGTERM", -6, 42, 1000),)
    assert found.by_pid[1].pending == expected
    assert found.by_pid[1].threads[0].pending == expected


def test_timers() -> None:
    timers = pb.TaskTimers(
        real=pb.Itimer(vsec=2, vusec=500_000, isec=10),
        prof=pb.Itimer(isec=1),
        posix=[
            pb.PosixTimer(
                it_id=3,
                clock_id=1,
                it_sigev_notify=4,
                si_signo=34,
                notify_thread_id=7,
                vnsec=250_000_000,
                overrun=2,
            )
        ],
    )
    process = one(pb.Core(tc=pb.TaskCore(timers=timers))).by_pid[1]
    assert process.itimers == (Itimer("real", 2.5, 10),)
    assert process.timers == (
        PosixTimer(3, "monotonic", "signal to a thread", "SIGRTMIN", 7, 0.25, 0, 2),
    )


def test_limits() -> None:
    limits = [pb.Rlimit(cur=number, max=(1 << 64) - 1) for number in range(20)]
    process = one(pb.Core(tc=pb.TaskCore(rlimits=pb.TaskRlimits(rlimits=limits)))).by_pid[1]
    assert len(process.limits) == 16
    assert process.limits[7] == Limit("nofile", 7, None)


def test_what_else_a_process_is() -> None:
    task = pb.TaskCore(
        oom_score_adj=-5, loginuid=1000, child_subreaper=True, stop_signo=19, old_seccomp_mode=1
    )
    process = one(pb.Core(tc=task)).by_pid[1]
    assert (process.oom_score_adj, process.login_uid, process.subreaper) == (-5, 1000, True)
    assert (process.stop_signal, process.seccomp) == ("SIGSTOP", "strict")
    plain = one(pb.Core(tc=pb.TaskCore(loginuid=0xFFFFFFFF))).by_pid[1]
    assert (plain.oom_score_adj, plain.login_uid, plain.seccomp) == (None, None, "disabled")


def test_cgroups_of_the_process_or_of_its_thread() -> None:
    sets = [
        pb.CgSet(id=2, ctls=[pb.CgMember(name=b"", path=b"/two")]),
        pb.CgSet(id=3, ctls=[pb.CgMember(name=b"memory", path=b"/three")]),
    ]
    raw = image(Magic.CGROUP, pb.Cgroup(sets=sets))
    old = one(pb.Core(tc=pb.TaskCore(cg_set=2)), cgroup=raw)
    new = one(pb.Core(tc=pb.TaskCore(), thread_core=pb.ThreadCore(cg_set=3)), cgroup=raw)
    assert old.by_pid[1].cgroups == (Cgroup("", "/two"),)
    assert new.by_pid[1].cgroups == (Cgroup("memory", "/three"),)


def test_the_program_and_the_folders_are_files() -> None:
    def regular(number: int, name: bytes) -> pb.File:
        return pb.File(type=1, id=number, reg=pb.RegFile(id=number, name=name))

    files = [
        regular(1, b"/tmp/x"),
        regular(2, b"/srv"),
        regular(3, b"/"),
        pb.File(type=18, id=4, memfd=pb.MemfdFile(inode_id=7)),
    ]
    images = {
        "files": image(Magic.FILES, *files),
        "remap_fpath": image(Magic.REMAPS, pb.RemapFilePath(orig_id=1, remap_id=1 << 31 | 9)),
        "memfd": image(Magic.MEMFD, pb.MemfdInode(inode_id=7, name=b"loader")),
        "fs_1": image(Magic.FS, pb.Fs(cwd_id=2, root_id=3, umask=0o77)),
    }
    process = one(pb.Core(), mm_1=image(Magic.MM, pb.Mm(exe_file_id=1)), **images).by_pid[1]
    assert (process.exe, process.cwd, process.root) == ("/tmp/x (deleted)", "/srv", "/")
    assert process.umask == 0o77
    hidden = one(pb.Core(), mm_1=image(Magic.MM, pb.Mm(exe_file_id=4)), **images).by_pid[1]
    assert hidden.exe == "/memfd:loader (deleted)"
    lost = one(pb.Core(), mm_1=image(Magic.MM, pb.Mm(exe_file_id=99)), **images).by_pid[1]
    assert lost.exe == ""


def test_where_things_lie_in_memory() -> None:
    mm = pb.Mm(
        mm_arg_start=10,
        mm_arg_end=20,
        mm_env_start=20,
        mm_env_end=1 << 63,
        mm_saved_auxv=[6, 65536, 3, 64, 0, 0, 0],
        dumpable=0,
        thp_disabled=True,
    )
    memory = one(pb.Core(), mm_1=image(Magic.MM, mm)).by_pid[1].memory
    assert (memory.arguments, memory.environment) == (range(10, 20), range(20, 1 << 63))
    assert memory.auxv == {6: 65536, 3: 64}
    assert (memory.dumpable, memory.huge_pages, memory.exe_file_id) == (False, False, None)


def test_who_shares_what() -> None:
    def ids(files: int) -> bytes:
        return image(Magic.IDS, pb.TaskKobjIds(vm_id=files, files_id=files, pid_ns_id=5))

    found = read(
        contents(pstree=tree((1, 0), (2, 1), (3, 1)), ids_1=ids(7), ids_2=ids(8), ids_3=ids(7))
    )
    first = found.by_pid[1]
    assert first.ids == {"vm": 7, "files": 7, "pid": 5}
    assert found.sharers(first, "files") == (3,)
    assert found.sharers(first, "pid") == (2, 3)
    assert found.sharers(first, "net") == ()


def test_ids_may_lie_in_the_core_image() -> None:
    assert one(pb.Core(ids=pb.TaskKobjIds(files_id=4))).by_pid[1].ids == {"files": 4}


# Threads


def test_rights() -> None:
    creds = pb.Creds(
        uid=1,
        gid=2,
        euid=3,
        egid=4,
        suid=5,
        sgid=6,
        fsuid=7,
        fsgid=8,
        groups=[10, 20],
        cap_inh=[1, 0],
        cap_prm=[2, 0],
        cap_eff=[1 << 21, 0],
        cap_bnd=[0, 1 << 7],
        cap_amb=[1 << 12, 0],
        secbits=0b10001,
        no_new_privs=1,
        lsm_profile=b"crio",
    )
    (thread,) = one(pb.Core(thread_core=pb.ThreadCore(creds=creds))).by_pid[1].threads
    rights = thread.credentials
    assert (rights.uid, rights.effective_uid, rights.saved_uid, rights.fs_uid) == (1, 3, 5, 7)
    assert (rights.gid, rights.effective_gid, rights.saved_gid, rights.fs_gid) == (2, 4, 6, 8)
    assert rights.groups == (10, 20)
    assert rights.inheritable == ("cap_chown",)
    assert rights.permitted == ("cap_dac_override",)
    assert rights.effective == ("cap_sys_admin",)
    assert rights.bounding == ("cap_bpf",)
    assert rights.ambient == ("cap_net_admin",)
    assert rights.securebits == ("noroot", "keep_caps")
    assert rights.no_new_privs
    assert rights.lsm_profile == "crio"


def x86(**registers: int) -> pb.Core:
    return pb.Core(
        mtype=1,
        thread_info=pb.ThreadInfoX86(clear_tid_addr=9, gpregs=pb.RegsX86(**registers)),
    )


def test_registers_of_x86() -> None:
    (thread,) = one(x86(ip=0x1000, sp=0x2000, fs_base=3, orig_ax=0, ax=5, mode=1)).by_pid[1].threads
    assert (thread.architecture, thread.compat) == ("amd64", False)
    assert (thread.program_counter, thread.stack_pointer) == (0x1000, 0x2000)
    assert (thread.thread_pointer, thread.clear_tid) == (3, 9)
    assert (thread.syscall, thread.syscall_name) == (0, "read")
    assert list(thread.registers)[:5] == ["r15", "r14", "r13", "r12", "rbp"]
    assert thread.registers["rax"] == 5
    assert "mode" not in thread.registers


@pytest.mark.parametrize(
    ("registers", "call", "name"),
    [
        ({"orig_ax": (1 << 64) - 1}, None, ""),
        ({"orig_ax": 3, "mode": 2}, 3, ""),
        ({"orig_ax": 9999}, 9999, ""),
    ],
)
def test_system_calls_that_are_none_or_have_no_name(
    registers: dict[str, int], call: int | None, name: str
) -> None:
    (thread,) = one(x86(**registers)).by_pid[1].threads
    assert (thread.syscall, thread.syscall_name) == (call, name)


def numbered(count: int) -> Iterable[int]:
    return range(100, 100 + count)


@pytest.mark.parametrize(
    ("core", "pc", "sp", "tls", "call", "name"),
    [
        (
            pb.Core(
                mtype=3,
                ti_aarch64=pb.ThreadInfoAarch64(
                    tls=7, gpregs=pb.RegsAarch64(regs=[63] * 31, sp=2, pc=1, pstate=3)
                ),
            ),
            1,
            2,
            7,
            63,
            "read",
        ),
        (
            pb.Core(
                mtype=8,
                ti_riscv64=pb.ThreadInfoRiscv64(tls=7, gpregs=pb.RegsRiscv64(pc=1, sp=2, a7=260)),
            ),
            1,
            2,
            7,
            260,
            "wait4",
        ),
        (
            pb.Core(
                mtype=5,
                ti_s390=pb.ThreadInfoS390(
                    gpregs=pb.RegsS390(psw_addr=1, gprs=numbered(16), acrs=[1, 2], system_call=114)
                ),
            ),
            1,
            115,
            (1 << 32) + 2,
            114,
            "",
        ),
        (
            pb.Core(
                mtype=4,
                ti_ppc64=pb.ThreadInfoPpc64(gpregs=pb.RegsPpc64(nip=1, gpr=numbered(32))),
            ),
            1,
            101,
            113,
            100,
            "",
        ),
        (
            pb.Core(
                mtype=7,
                ti_loongarch64=pb.ThreadInfoLoongarch64(
                    tls=7, gpregs=pb.GpregsLoongarch64(pc=1, regs=numbered(32))
                ),
            ),
            1,
            103,
            7,
            111,
            "timer_delete",
        ),
        (
            pb.Core(mtype=2, ti_arm=pb.ThreadInfoArm(tls=7, gpregs=pb.RegsArm(pc=1, sp=2, r7=4))),
            1,
            2,
            7,
            4,
            "",
        ),
        (pb.Core(mtype=1), 0, 0, 0, None, ""),
    ],
    ids=["arm64", "riscv64", "s390x", "ppc64le", "loong64", "arm", "none"],
)
def test_registers_of_others(
    core: pb.Core, pc: int, sp: int, tls: int, call: int | None, name: str
) -> None:
    (thread,) = one(core).by_pid[1].threads
    assert (thread.program_counter, thread.stack_pointer) == (pc, sp)
    assert thread.thread_pointer == tls
    assert (thread.syscall, thread.syscall_name) == (call, name)


def test_lists_of_registers_are_no_longer_than_there_are() -> None:
    regs = pb.RegsAarch64(regs=[1] * 100_000)
    (thread,) = one(pb.Core(ti_aarch64=pb.ThreadInfoAarch64(gpregs=regs))).by_pid[1].threads
    assert len(thread.registers) == 32 + 3
    assert thread.registers["x30"] == 1


def test_how_a_thread_is_scheduled() -> None:
    own = pb.ThreadCore(
        sched_nice=-5,
        sched_policy=1,
        sched_prio=50,
        pdeath_sig=15,
        blk_sigset=1,
        seccomp_mode=2,
        seccomp_filter=3,
        futex_rla=77,
        sas=pb.ThreadSas(ss_sp=100, ss_size=50),
    )
    (thread,) = one(pb.Core(thread_core=own)).by_pid[1].threads
    assert (thread.nice, thread.scheduler, thread.priority) == (-5, "fifo", 50)
    assert (thread.death_signal, thread.blocked) == ("SIGTERM", ("SIGHUP",))
    assert (thread.seccomp, thread.seccomp_filter) == ("filter", 3)
    assert one(pb.Core(thread_core=own)).by_pid[1].seccomp == "filter"
    assert (thread.robust_list, thread.signal_stack) == (77, range(100, 150))
