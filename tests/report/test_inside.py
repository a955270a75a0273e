import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.criu.builders import contents, entry, head, image
from tests.restore.facts import archive
from tui.archive.model import Contents
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic
from tui.criu.inside import Inside, read_inside
from tui.report.document import INSIDE, dumps, inspect_document
from tui.report.inside import DOCUMENTS
from tui.report.inside_text import LINES
from tui.report.text import inspect_text


def lines(found: Inside, section: str) -> list[str]:
    return LINES[section](found)


def made() -> Contents:
    """Two processes that share their table of files, sockets and other things."""
    files = [
        pb.File(id=1, type=1, reg=pb.RegFile(name=b"/bin/x\x1b[2J", flags=2, pos=3, size=9)),
        pb.File(id=2, type=5, usk=pb.UnixSk(ino=5, peer=6, type=1, state=1, name=b"\0bus")),
        pb.File(id=3, type=5, usk=pb.UnixSk(ino=6, peer=5, type=1, state=1)),
        pb.File(
            id=4,
            type=4,
            isk=pb.InetSk(
                ino=7, family=10, type=1, proto=6, state=10, src_port=80, src_addr=[0] * 4
            ),
        ),
        pb.File(
            id=5, type=7, epfd=pb.EventpollFile(tfd=[pb.EventpollTfd(tfd=fd) for fd in range(9)])
        ),
        pb.File(id=6, type=6, efd=pb.EventfdFile(counter=3)),
        pb.File(id=7, type=13, nlsk=pb.NetlinkSk(portid=9)),
        pb.File(id=8, type=10, psk=pb.PacketSock(type=3, protocol=0x300)),
    ]
    ids = image(Magic.IDS, pb.TaskKobjIds(files_id=7))
    registers = pb.RegsX86(orig_ax=232, ip=(1 << 63) + 1)
    core = pb.Core(
        mtype=1,
        tc=pb.TaskCore(task_state=1, comm=b"x\x1b"),
        thread_info=pb.ThreadInfoX86(gpregs=registers),
    )
    dead = pb.Core(tc=pb.TaskCore(task_state=2, exit_code=9, comm=b"gone"))
    return contents(
        pstree=image(Magic.PSTREE, pb.Pstree(pid=1), pb.Pstree(pid=2, ppid=1)),
        core_1=image(Magic.CORE, core),
        core_2=image(Magic.CORE, dead),
        mm_1=image(Magic.MM, pb.Mm(exe_file_id=1, mm_arg_start=16, mm_arg_end=32)),
        ids_1=ids,
        ids_2=ids,
        files=image(Magic.FILES, *files),
        fdinfo_7=image(Magic.FDINFO, *(pb.Fdinfo(id=file.id, fd=file.id) for file in files)),
        remap_fpath=image(Magic.REMAPS, pb.RemapFilePath(orig_id=1, remap_id=1, remap_type=1)),
        ghost_file_1=image(Magic.GHOST_FILE, pb.GhostFile()) + b"ghost",
        sk_queues=head(Magic.SOCKET_QUEUES) + entry(pb.SkPacket(id_for=3, length=2)) + b"hi",
        filelocks=image(Magic.LOCKS, pb.FileLock(flag=2, type=1, pid=1, fd=1)),
        mountpoints_1=image(
            Magic.MOUNTS,
            pb.Mnt(mnt_id=2, parent_mnt_id=1, fstype=5, mountpoint=b"/a\x1b", root=b"/part"),
            pb.Mnt(mnt_id=1, fstype=17, mountpoint=b"/"),
        ),
    )


def test_the_tree_of_processes() -> None:
    assert lines(read_inside(made()), "processes") == [
        "PID  NAME  STATE    UID  PROGRAM               IN",
        "1    x␛    running  0    /bin/x␛[2J (deleted)  epoll_wait",
        "  2  gone  zombie   0    -                     killed by signal 9",
    ]


def test_what_each_process_had_open() -> None:
    found = lines(read_inside(made()), "files")
    assert found == [
        "1 x␛",
        "  exe                      /bin/x␛[2J (deleted)",
        "  1    file            rw  /bin/x␛[2J (deleted) (5 Bytes of it in the archive, at 3 of 9)",
        "  2    unix socket     r   unix stream ESTABLISHED @bus → x␛ 1 fd 3, gone 2 fd 3",
        "  3    unix socket     r   unix stream ESTABLISHED → x␛ 1 fd 2, gone 2 fd 2",
        "  4    inet socket     r   tcp6 LISTEN [::]:80",
        "  5    epoll           r   anon_inode:[eventpoll] (waits for fd 0, fd 1, fd 2 and 6 more)",
        "  6    eventfd         r   anon_inode:[eventfd] (counter 3)",
        "  7    netlink socket  r   netlink route 0 port 9",
        "  8    packet socket   r   packet all  all devices",
        "",
        "2 gone",
        "  fd      the same as process 1",
        "lock: process 1 fd 1, flock write",
    ]


def test_sockets_say_what_waits_and_whose_they_are() -> None:
    found = lines(read_inside(made()), "sockets")
    assert [line.split()[0] for line in found] == [
        "KIND",
        "unix",
        "unix",
        "tcp6",
        "netlink",
        "packet",
    ]
    assert "2 bytes in 1 packet" in found[2]
    assert found[3].endswith("x␛ 1 fd 4, gone 2 fd 4")


def test_the_tree_of_mounts() -> None:
    assert lines(read_inside(made()), "mounts") == [
        "MOUNTED AT  TYPE     OPTIONS  SOURCE  PART OF IT",
        "/           overlay  rw       -       -",
        "  /a␛       tmpfs    rw       -       /part",
    ]


def test_nothing_is_said_to_be_nothing() -> None:
    nothing = read_inside(contents())
    assert {section: lines(nothing, section) for section in INSIDE} == {
        section: ["none"] for section in INSIDE
    }


def test_a_tree_as_deep_as_nobody_makes_it_fits_a_line() -> None:
    chain = [pb.Pstree(pid=pid, ppid=pid - 1) for pid in range(1, 5000)]
    found = lines(read_inside(contents(pstree=image(Magic.PSTREE, *chain))), "processes")
    assert len(found) == 5000
    assert max(map(len, found)) < 100


def test_documents_have_everything_in_a_form_that_survives_json() -> None:
    found = read_inside(made())
    documents = {
        section: json.loads(dumps(document(found))) for section, document in DOCUMENTS.items()
    }
    first, second = documents["processes"]["processes"]
    assert documents["processes"]["architecture"] == "amd64"
    assert (first["pid"], first["children"], second["state"]) == (1, [2], "zombie")
    assert first["exe"] == "/bin/x\x1b[2J (deleted)"
    assert first["memory"]["arguments"] == {"start": "0x10", "end": "0x20"}
    (thread,) = first["threads"]
    assert thread["program_counter"] == "0x8000000000000001"
    assert thread["registers"]["rip"] == "0x8000000000000001"
    assert (thread["syscall"], thread["syscall_name"]) == (232, "epoll_wait")

    files = {file["id"]: file for file in documents["files"]["files"]}
    assert files[1]["deleted"]["extents"] == [
        {"member": "checkpoint/ghost-file-1.img", "offset": 12, "length": 5, "at": 0}
    ]
    assert files[6]["kind"] == "eventfd"
    assert files[6]["detail"] == {"counter": 3}
    assert files[6]["users"] == [{"pid": 1, "fd": 6}, {"pid": 2, "fd": 6}]
    (table,) = documents["files"]["tables"]
    assert table["pids"] == [1, 2]
    assert [one["fd"] for one in table["descriptors"]] == [1, 2, 3, 4, 5, 6, 7, 8]

    sockets = {one["file_id"]: one for one in documents["sockets"]["sockets"]}
    assert (sockets[2]["family"], sockets[2]["name"], sockets[2]["peer"]) == ("unix", "@bus", 3)
    assert (sockets[4]["family"], sockets[4]["connected"]) == ("inet", False)
    assert [mount["mountpoint"] for mount in documents["mounts"]["mounts"]] == ["/", "/a\x1b"]


def test_a_file_that_everybody_has_names_some_of_them() -> None:
    crowd = [pb.Pstree(pid=pid, ppid=1) for pid in range(2, 1001)]
    ids = image(Magic.IDS, pb.TaskKobjIds(files_id=7))
    found = read_inside(
        contents(
            pstree=image(Magic.PSTREE, pb.Pstree(pid=1), *crowd),
            files=image(Magic.FILES, pb.File(id=1, type=4, isk=pb.InetSk(proto=6))),
            fdinfo_7=image(Magic.FDINFO, pb.Fdinfo(id=1, fd=3)),
            **{f"ids_{pid}": ids for pid in range(1, 1001)},
        )
    )
    (file,) = DOCUMENTS["files"](found)["files"]
    assert (len(file["users"]), file["open"]) == (20, 1000)
    assert lines(found, "sockets")[1].endswith("1 fd 3, 2 fd 3, 3 fd 3 and 997 more")


def test_inspect_tells_what_is_wrong_with_the_images() -> None:
    whole = archive("web")
    broken = replace(
        whole,
        contents=replace(
            whole.contents, files={**whole.contents.files, "checkpoint/pstree.img": b"nonsense"}
        ),
    )
    message = "no such image: it begins with 6e6f6e73 656e7365"
    document = inspect_document(broken, sha256="", sections=("processes", "mounts"))
    assert document["processes"]["problems"] == [
        {"member": "checkpoint/pstree.img", "offset": 0, "message": message}
    ]
    assert document["mounts"]["problems"] == []
    assert inspect_text(broken, sections=("processes",)) == (
        f"none\ncheckpoint/pstree.img: {message} (at byte 0)"
    )


def test_a_pre_checkpoint_has_its_images_in_another_folder() -> None:
    whole = made()
    moved = replace(
        whole,
        members=tuple(replace(one, name=f"pre-{one.name}") for one in whole.members),
        files={f"pre-{name}": raw for name, raw in whole.files.items()},
    )
    assert read_inside(moved).processes.by_pid == {}
    found = read_inside(moved, "pre-checkpoint/")
    assert lines(found, "processes") == lines(read_inside(whole), "processes")
    (extent,) = found.descriptors.files[1].deleted.extents  # type: ignore[union-attr]
    assert extent.member == "pre-checkpoint/ghost-file-1.img"


IMAGES = sorted(made().files)


@given(
    st.sampled_from(IMAGES),
    st.lists(st.tuples(st.integers(8, 400), st.binary(min_size=1, max_size=6)), max_size=4),
    st.integers(0, 400),
)
def test_whatever_the_images_say_can_be_printed(
    name: str, patches: list[tuple[int, bytes]], end: int
) -> None:
    whole = made()
    raw = bytearray(whole.files[name])
    for at, patch in patches:
        raw[at % len(raw) : at % len(raw) + len(patch)] = patch
    found = read_inside(replace(whole, files={**whole.files, name: bytes(raw[:end])}))
    for section in INSIDE:
        assert all(line.isprintable() for line in lines(found, section))
        dumps(DOCUMENTS[section](found))
