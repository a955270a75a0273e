import dataclasses
from typing import Any

import pytest

from tests.criu.builders import contents, entry, image
from tests.restore.facts import archive
from tui.archive.model import Contents
from tui.criu import images_pb2 as pb
from tui.criu.descriptors import Deleted, Descriptors, Lock, OpenFile, descriptors
from tui.criu.files import Extent
from tui.criu.framing import Magic, Order
from tui.criu.images import Images
from tui.criu.processes import Process, processes
from tui.criu.special import (
    BpfMap,
    Detail,
    Epoll,
    EpollTarget,
    Eventfd,
    Memfd,
    Namespace,
    Pidfd,
    Pipe,
    Signalfd,
    Terminal,
    Timerfd,
    Tun,
    Watch,
    Watches,
)


def read(found: Contents) -> tuple[Descriptors, dict[int, Process]]:
    images = Images(found)
    those = processes(images)
    listed = those.by_pid.values()
    return descriptors(images, listed, architecture=those.architecture), those.by_pid


def made(*files: pb.File, order: Order = "little", **images: bytes) -> Descriptors:
    """What two processes had open: each file at the fd of its ID, in one table."""
    table = [pb.Fdinfo(id=file.id, type=file.type, fd=file.id) for file in files]
    ids = image(Magic.IDS, pb.TaskKobjIds(files_id=7))
    defaults = {
        "pstree": image(Magic.PSTREE, pb.Pstree(pid=1), pb.Pstree(pid=2, ppid=1)),
        "ids_1": ids,
        "ids_2": ids,
        "files": image(Magic.FILES, *files, order=order),
        "fdinfo_7": image(Magic.FDINFO, *table),
    }
    return read(contents(**{**defaults, **images}))[0]


def regular(number: int, name: bytes, **more: Any) -> pb.File:
    return pb.File(type=1, id=number, reg=pb.RegFile(id=number, name=name, **more))


def told(found: Descriptors) -> list[str]:
    return [one.message for one in found.problems if not one.message.startswith("missing")]


# Real checkpoints


def test_what_a_server_had_open() -> None:
    found, by_pid = read(archive("established").contents)
    assert told(found) == []
    table = {one.fd: one.file for one in found.of(by_pid[1])}
    assert table[0].description == "/dev/null"
    assert table[0].mode == 0o20666
    assert table[1].description.startswith("pipe:[")
    assert table[1].flags == ("O_WRONLY",)
    assert table[1].detail == Pipe(int(table[1].description[6:-1]), reads=False, writes=True)
    assert found.other_ends(table[1]) == ()  # conmon has it
    sockets = [file for file in table.values() if file.type == "inet socket"]
    assert sockets
    assert all(file.description == f"socket:[{file.inode}]" for file in sockets)


def test_programs_say_which_build_they_are() -> None:
    found, _ = read(archive("web").contents)
    (program,) = [file for file in found.files.values() if file.path == "/bin/busybox"]
    assert len(program.build_id) == 40
    assert program.size == 2063232


# Sharing


def test_processes_that_share_a_table() -> None:
    found = made(regular(3, b"/a"))
    assert found.owners == {7: (1, 2)}
    assert list(found.users(3)) == [(1, 3), (2, 3)]
    assert list(found.users(99)) == []


def test_one_file_behind_two_numbers() -> None:
    table = [pb.Fdinfo(id=5, type=1, fd=9, flags=1), pb.Fdinfo(id=5, type=1, fd=2)]
    ids = image(Magic.IDS, pb.TaskKobjIds(files_id=1))
    found, by_pid = read(
        contents(
            pstree=image(Magic.PSTREE, pb.Pstree(pid=1)),
            ids_1=ids,
            files=image(Magic.FILES, regular(5, b"/a")),
            fdinfo_1=image(Magic.FDINFO, *table),
        )
    )
    assert [(one.fd, one.close_on_exec) for one in found.of(by_pid[1])] == [(2, False), (9, True)]
    assert list(found.users(5)) == [(1, 2), (1, 9)]


def test_a_number_whose_file_is_lost() -> None:
    found = made(fdinfo_7=image(Magic.FDINFO, pb.Fdinfo(id=8, type=6, fd=3)))
    (one,) = found.tables[7]
    assert (one.file.type, one.file.description) == ("eventfd", "eventfd (unknown)")
    assert told(found) == ["fd 3 is file 8, which files.img lacks"]


def test_many_processes_with_one_table_cost_no_more_than_one() -> None:
    count = 20_000
    everybody = [Process(pid, 0, 0, 0, ids={"files": 7}) for pid in range(1, count)]
    table = [pb.Fdinfo(id=1, fd=fd) for fd in range(1000)]
    found = descriptors(
        Images(
            contents(
                files=image(Magic.FILES, regular(1, b"/a")), fdinfo_7=image(Magic.FDINFO, *table)
            )
        ),
        everybody,
    )
    assert len(found.holders[1]) == 1000
    assert len(found.owners[7]) == count - 1


# Files


def test_a_file() -> None:
    file = made(
        regular(3, b"srv/a\xff", flags=0o102002, pos=5, size=9, mode=0o100644, mnt_id=12)
    ).files[3]
    assert file == OpenFile(
        id=3,
        type="file",
        description="/srv/a\udcff",
        path="/srv/a\udcff",
        flags=("O_RDWR", "O_APPEND", "O_LARGEFILE"),
        position=5,
        size=9,
        mode=0o100644,
        mount=12,
    )


@pytest.mark.parametrize("order", ["little", "big"])
def test_build_ids_are_read_in_the_order_of_the_machine(order: Order) -> None:
    words = [int.from_bytes(raw, order) for raw in (b"\xde\xad\xbe\xef", b"\x01\x02\x03\x04")]
    found = made(regular(3, b"/a", build_id=words), order=order)
    assert found.files[3].build_id == "deadbeef01020304"


def test_a_deleted_file_whose_content_is_in_the_archive() -> None:
    ghost = pb.GhostFile(ino=8, mtim=pb.Timeval(tv_sec=10, tv_usec=500_000))
    raw = image(Magic.GHOST_FILE, ghost) + b"content"
    found = made(
        regular(3, b"/tmp/x"),
        remap_fpath=image(Magic.REMAPS, pb.RemapFilePath(orig_id=3, remap_id=0xAB, remap_type=1)),
        ghost_file_ab=raw,
    )
    extent = Extent("checkpoint/ghost-file-ab.img", len(raw) - 7, 7)
    assert found.files[3].deleted == Deleted("ghost", (extent,), 7, mtime=10.5, inode=8)
    assert found.files[3].path == "/tmp/x"
    assert found.files[3].description == "/tmp/x (deleted)"


def test_a_deleted_file_with_holes() -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile(chunks=True, size=9000))
    first = raw + entry(pb.GhostChunk(off=4096, len=3))
    found = made(
        regular(3, b"/tmp/x"),
        remap_fpath=image(Magic.REMAPS, pb.RemapFilePath(orig_id=3, remap_id=1 << 31 | 1)),
        ghost_file_1=first + b"abc",
    )
    deleted = found.files[3].deleted
    assert deleted
    assert deleted.size == 9000
    assert deleted.extents == (Extent("checkpoint/ghost-file-1.img", len(first), 3, 4096),)


def test_a_deleted_file_whose_content_is_missing() -> None:
    found = made(
        regular(3, b"/tmp/x"),
        remap_fpath=image(Magic.REMAPS, pb.RemapFilePath(orig_id=3, remap_id=1, remap_type=1)),
    )
    assert found.files[3].deleted == Deleted("ghost")


def test_files_that_are_deleted_in_other_ways() -> None:
    remaps = [
        pb.RemapFilePath(orig_id=3, remap_id=4, remap_type=0),
        pb.RemapFilePath(orig_id=5, remap_id=77, remap_type=2),
        pb.RemapFilePath(orig_id=6, remap_id=77, remap_type=9),
    ]
    found = made(
        regular(3, b"/tmp/x"),
        regular(4, b"/tmp/link_remap.4"),
        regular(5, b"/proc/77/stat"),
        regular(6, b"/y"),
        remap_fpath=image(Magic.REMAPS, *remaps),
    )
    assert found.files[3].deleted == Deleted("linked", other_name="/tmp/link_remap.4")
    assert found.files[5].deleted == Deleted("process")
    assert found.files[6].deleted is None


def test_locks() -> None:
    locks = [
        pb.FileLock(flag=2, type=1, pid=1, fd=3),
        pb.FileLock(flag=1, type=0, pid=2, fd=4, start=10, len=5),
        pb.FileLock(flag=4, type=1, pid=2, fd=5),
        pb.FileLock(flag=8, type=0, pid=2, fd=6),
        pb.FileLock(flag=64, type=3, pid=-1, fd=5),
    ]
    assert made(filelocks=image(Magic.LOCKS, *locks)).locks == (
        Lock(1, 3, "flock", "write", 0, 0),
        Lock(2, 4, "posix", "read", 10, 5),
        Lock(2, 5, "ofd", "write", 0, 0),
        Lock(2, 6, "lease", "read", 0, 0),
        Lock(-1, 5, "64", "3", 0, 0),
    )


# Pipes


def pipe(number: int, pipe_id: int, flags: int) -> pb.File:
    return pb.File(type=2, id=number, pipe=pb.Pipe(id=number, pipe_id=pipe_id, flags=flags))


def test_both_ends_of_a_pipe_and_what_waits_in_it() -> None:
    raw = image(Magic.PIPES_DATA, pb.PipeData(pipe_id=9, bytes=4, size=65536)) + b"data"
    found = made(pipe(1, 9, 0), pipe(2, 9, 1), pipe(3, 9, 1), pipe(4, 8, 1), pipes_data=raw)
    queued = (Extent("checkpoint/pipes-data.img", len(raw) - 4, 4),)
    assert found.files[1].detail == Pipe(9, True, False, 65536, queued)
    assert found.files[2].detail == Pipe(9, False, True, 65536, queued)
    assert found.files[4].detail == Pipe(8, False, True)
    assert [found.other_ends(found.files[number]) for number in (1, 2, 3, 4)] == [
        (2, 3),
        (1,),
        (1,),
        (),
    ]


def test_a_named_pipe() -> None:
    raw = image(Magic.FIFO_DATA, pb.PipeData(pipe_id=9, bytes=2)) + b"hi"
    found = made(
        regular(1, b"/run/fifo", flags=2, mnt_id=5),
        pb.File(type=3, id=2, fifo=pb.Fifo(id=2, pipe_id=9, regf_id=1)),
        pb.File(type=3, id=3, fifo=pb.Fifo(id=3, pipe_id=9, regf_id=77)),
        fifo_data=raw,
    )
    file = found.files[2]
    queued = (Extent("checkpoint/fifo-data.img", len(raw) - 2, 2),)
    assert (file.description, file.path, file.mount) == ("/run/fifo", "/run/fifo", 5)
    assert file.detail == Pipe(9, True, True, None, queued)
    assert found.other_ends(file) == (3,)
    assert found.files[3].description == "pipe:[9]"


# Special files


@pytest.mark.parametrize(
    ("file", "description", "detail"),
    [
        (
            pb.File(type=6, efd=pb.EventfdFile(flags=2, counter=3)),
            "anon_inode:[eventfd]",
            Eventfd(3),
        ),
        (
            pb.File(
                type=7,
                epfd=pb.EventpollFile(
                    tfd=[
                        pb.EventpollTfd(tfd=5, events=0x80000001, data=5, inode=77),
                        pb.EventpollTfd(tfd=6, events=4, data=1 << 40),
                    ]
                ),
            ),
            "anon_inode:[eventpoll]",
            Epoll(
                (
                    EpollTarget(5, ("IN", "ET"), 5, 77),
                    EpollTarget(6, ("OUT",), 1 << 40, None),
                )
            ),
        ),
        (
            pb.File(
                type=17,
                tfd=pb.Timerfd(clockid=7, ticks=2, settime_flags=1, vsec=1, vnsec=500_000_000),
            ),
            "anon_inode:[timerfd]",
            Timerfd("boottime", 1.5, 0, 2, True),
        ),
        (
            pb.File(type=9, sgfd=pb.Signalfd(sigmask=0b11)),
            "anon_inode:[signalfd]",
            Signalfd(("SIGHUP", "SIGINT")),
        ),
        (
            pb.File(
                type=8,
                ify=pb.InotifyFile(
                    wd=[
                        pb.InotifyWd(
                            wd=1,
                            i_ino=9,
                            s_dev=254 << 20 | 1,
                            mask=0x102,
                            f_handle=pb.Fh(path=b"/etc"),
                        )
                    ]
                ),
            ),
            "anon_inode:inotify",
            Watches((Watch(1, "/etc", "254:1", 9, None, ("MODIFY", "CREATE"), ()),)),
        ),
        (
            pb.File(
                type=12,
                ffy=pb.FanotifyFile(
                    mark=[
                        pb.FanotifyMark(
                            mask=0x10000, me=pb.FanotifyMountMark(mnt_id=4, path=b"/srv")
                        ),
                        pb.FanotifyMark(
                            mask=0x20,
                            ignored_mask=1,
                            s_dev=46,
                            ie=pb.FanotifyInodeMark(i_ino=3, f_handle=pb.Fh(path=b"/a")),
                        ),
                    ]
                ),
            ),
            "anon_inode:[fanotify]",
            Watches(
                (
                    Watch(0, "/srv", "", 0, 4, ("OPEN_PERM",), ()),
                    Watch(0, "/a", "0:46", 3, None, ("OPEN",), ("ACCESS",)),
                )
            ),
        ),
        (
            pb.File(type=14, nsf=pb.NsFile(ns_id=10, ns_cflag=0x40000000)),
            "net:[10]",
            Namespace(("net",), 10),
        ),
        (pb.File(type=20, pidfd=pb.Pidfd(nspid=-1)), "anon_inode:[pidfd]", Pidfd(-1)),
        (
            pb.File(
                type=19,
                bpf=pb.BpfmapFile(
                    map_name=b"m", map_type=1, key_size=4, value_size=8, max_entries=2
                ),
            ),
            "anon_inode:[bpf-map]",
            BpfMap("m", 1, 4, 8, 2),
        ),
        (pb.File(type=15, tunf=pb.Tunfile(netdev=b"tun0")), "/dev/net/tun", Tun("tun0")),
        (pb.File(type=16, ext=pb.ExtFile()), "external", None),
        (pb.File(type=99), "99", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_special_files(file: pb.File, description: str, detail: Detail | None) -> None:
    file.id = 3
    found = made(file).files[3]
    assert found.description == description
    assert found.detail == detail
    assert found.external is file.HasField("ext")


def test_a_file_in_memory_alone() -> None:
    inode = pb.MemfdInode(inode_id=7, name=b"loader", size=9, shmid=4, seals=8, mode=0o777)
    found = made(
        pb.File(type=18, id=3, memfd=pb.MemfdFile(inode_id=7, flags=2, pos=1)),
        pb.File(type=18, id=4, memfd=pb.MemfdFile(inode_id=8)),
        memfd=image(Magic.MEMFD, inode),
    )
    file = found.files[3]
    assert file.description == "/memfd:loader (deleted)"
    assert (file.position, file.size, file.mode) == (1, 9, 0o777)
    assert (file.flags, file.detail) == (("O_RDWR",), Memfd("loader", ("WRITE",), 4))
    assert found.files[4].description == "/memfd: (deleted)"


def test_a_terminal() -> None:
    info = pb.TtyInfo(
        id=2,
        type=1,
        sid=1,
        pgrp=5,
        winsize=pb.Winsize(ws_row=24, ws_col=80),
        pty=pb.TtyPty(index=3),
    )
    found = made(
        regular(1, b"/dev/pts/3", flags=0o2),
        pb.File(type=11, id=2, tty=pb.TtyFile(tty_info_id=2, regf_id=1)),
        pb.File(type=11, id=3, tty=pb.TtyFile(tty_info_id=9)),
        tty_info=image(Magic.TTY_INFO, info),
    )
    assert found.files[2].description == "/dev/pts/3"
    assert found.files[2].flags == ("O_RDWR",)
    assert found.files[2].detail == Terminal("pty", 3, 1, 5, 24, 80)
    assert found.files[3].detail == Terminal("", None, 0, 0, 0, 0)


def test_what_an_epoll_set_waits_for_is_found_in_its_table() -> None:
    epoll = pb.EventpollFile(tfd=[pb.EventpollTfd(tfd=4), pb.EventpollTfd(tfd=77)])
    found = made(pb.File(type=7, id=3, epfd=epoll), regular(4, b"/a"))
    file = found.files[3]
    assert isinstance(file.detail, Epoll)
    first, second = file.detail.targets
    target = found.target(file, first)
    assert target
    assert target.path == "/a"
    assert found.target(file, second) is None


def test_everything_can_be_made_a_dictionary() -> None:
    found, _ = read(archive("established").contents)
    assert dataclasses.asdict(found)["owners"] == found.owners
