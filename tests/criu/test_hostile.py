"""Whatever is in the images: what cannot be read is a problem, and nothing runs on or grows."""

import dataclasses
import json
import re
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.criu.builders import contents, entry, head, image
from tests.restore.facts import archive
from tui.archive import limits
from tui.archive.model import Contents
from tui.criu import images as reader
from tui.criu import images_pb2 as pb
from tui.criu.catalogue import KINDS, Kind, kind_of
from tui.criu.descriptors import descriptors
from tui.criu.files import file_table
from tui.criu.framing import SERVICE, Magic
from tui.criu.images import FOLDER, Images
from tui.criu.mounts import mounts
from tui.criu.processes import processes
from tui.criu.raw import image_document
from tui.criu.sockets import UnixSocket, sockets

WHOLE = archive("established").contents
REAL = {
    name.removeprefix(FOLDER): raw
    for name, raw in WHOLE.files.items()
    if name.startswith(FOLDER) and kind_of(name.removeprefix(FOLDER))
}


def everything(found: Contents) -> Images:
    """Read all that the images say, and look at every value."""
    images = Images(found)
    table = file_table(images)
    running = processes(images, table)
    opened = descriptors(images, running.by_pid.values(), table=table)
    talking = sockets(images, table)
    mounted = mounts(images)
    assert len(list(running.tree())) == len(running.by_pid)
    assert len(list(mounted.tree())) == len(mounted.by_id)
    for process in running.by_pid.values():
        opened.of(process)
        running.sharers(process, "files")
    for file in opened.files.values():
        list(opened.users(file.id))
        opened.other_ends(file)
    for part in (running, opened, talking, mounted):
        repr(part)
    assert len(images.problems) <= limits.REPORTED
    for problem in images.problems:
        assert problem.message.isprintable()
    return images


def changed(**images: bytes) -> Contents:
    """The real checkpoint with other images in their place."""
    made = contents(**images)
    return replace(
        WHOLE, files={**WHOLE.files, **made.files}, members=(*WHOLE.members, *made.members)
    )


def test_the_real_checkpoint_has_no_problems() -> None:
    assert everything(WHOLE).problems == []


@given(
    st.sampled_from(sorted(REAL)),
    st.lists(st.tuples(st.integers(0, 5000), st.binary(min_size=1, max_size=8)), max_size=4),
    st.integers(0, 5000),
)
def test_real_images_that_were_damaged(
    name: str, patches: list[tuple[int, bytes]], end: int
) -> None:
    raw = bytearray(REAL[name])
    for at, patch in patches:
        raw[at % len(raw) : at % len(raw) + len(patch)] = patch
    damaged = bytes(raw[:end])
    found = replace(WHOLE, files={**WHOLE.files, FOLDER + name: damaged})
    everything(found)
    json.dumps(image_document(name, damaged, hexadecimal=True))


def name_like(kind: Kind) -> str:
    """A name that an image of this kind could have."""
    name = kind.pattern.partition("|")[0] if "(" not in kind.pattern else kind.pattern
    for pattern, one in ((r"\(\?:.*\)\?", ""), (r"\\d\+", "1"), (r"\[.*?\]\+?", "s")):
        name = re.sub(pattern, one, name)
    name = name.replace("file-s", "file-1").replace("stream-s", "stream-1")
    return name if kind.magic in SERVICE else f"{name}.img"


@given(st.sampled_from(KINDS), st.lists(st.binary(max_size=60), max_size=4), st.booleans())
def test_entries_of_any_content(kind: Kind, messages: list[bytes], big: bool) -> None:
    name = name_like(kind)
    assert kind_of(name) is kind
    raw = image(kind.magic, *messages, order="big" if big else "little")
    document = image_document(name, raw)
    assert len(document) <= len(messages) + 1
    json.dumps(document)


def messages_of(number: int) -> st.SearchStrategy[pb.File]:
    """A file of any kind, with IDs that mostly exist."""
    small = st.integers(0, 6)
    return st.one_of(
        st.builds(lambda a, b: pb.File(id=number, pipe=pb.Pipe(pipe_id=a, flags=b)), small, small),
        st.builds(
            lambda a, b: pb.File(id=number, fifo=pb.Fifo(pipe_id=a, regf_id=b)), small, small
        ),
        st.builds(
            lambda a, b: pb.File(id=number, usk=pb.UnixSk(ino=a, peer=b, name=b"\0" * a)),
            small,
            small,
        ),
        st.builds(lambda a: pb.File(id=number, isk=pb.InetSk(ino=a, family=2)), small),
        st.builds(lambda a: pb.File(id=number, tty=pb.TtyFile(tty_info_id=a, regf_id=a)), small),
        st.builds(lambda a: pb.File(id=number, memfd=pb.MemfdFile(inode_id=a)), small),
        st.builds(
            lambda a: pb.File(id=number, epfd=pb.EventpollFile(tfd=[pb.EventpollTfd(tfd=a)])),
            small,
        ),
        st.builds(lambda a: pb.File(id=number, reg=pb.RegFile(name=b"x" * a)), small),
    )


@given(
    files=st.tuples(*(messages_of(number) for number in range(6))),
    parents=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
    remaps=st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=4),
    stacked=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
)
def test_ids_that_point_anywhere(
    files: tuple[pb.File, ...],
    parents: list[tuple[int, int]],
    remaps: list[tuple[int, int, int]],
    stacked: list[tuple[int, int]],
) -> None:
    tree = [pb.Pstree(pid=pid, ppid=ppid, threads=[pid, ppid]) for pid, ppid in parents]
    lost = [pb.RemapFilePath(orig_id=a, remap_id=b, remap_type=c) for a, b, c in remaps]
    table = [pb.Fdinfo(id=number, fd=number) for number in range(8)]
    everything(
        changed(
            pstree=image(Magic.PSTREE, *tree),
            files=image(Magic.FILES, *files),
            remap_fpath=image(Magic.REMAPS, *lost),
            fdinfo_2=image(Magic.FDINFO, *table),
            mountpoints_13=image(
                Magic.MOUNTS, *(pb.Mnt(mnt_id=a, parent_mnt_id=b) for a, b in stacked)
            ),
            ghost_file_1=image(Magic.GHOST_FILE, pb.GhostFile(chunks=True)),
        )
    )


@pytest.mark.parametrize("size", [0xFFFFFFF0, 0x7FFFFFFF, 4 << 20])
def test_a_forged_length_allocates_nothing(size: int) -> None:
    raw = head(Magic.PSTREE) + size.to_bytes(4, "little") + b"abc"
    tracemalloc.start()
    images = everything(changed(pstree=raw))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
    assert len(images.problems) == 1


def test_a_crowd_of_threads_that_all_name_one_image() -> None:
    tree = [pb.Pstree(pid=pid, threads=[1]) for pid in range(2, 20_000)]
    found = processes(
        Images(
            contents(
                pstree=image(Magic.PSTREE, pb.Pstree(pid=1, threads=[1]), *tree),
                core_1=image(Magic.CORE, pb.Core(tc=pb.TaskCore(comm=b"x" * 1000))),
            )
        )
    )
    assert sum(len(process.threads) for process in found.by_pid.values()) == 1
    assert len(found.problems) == limits.REPORTED


def test_many_files_that_all_name_one_ghost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "ENTRIES", 3000)
    chunks = b"".join(entry(pb.GhostChunk(off=at, len=0)) for at in range(500))
    files = [pb.File(id=number, reg=pb.RegFile(name=b"x")) for number in range(1000)]
    remaps = [pb.RemapFilePath(orig_id=number, remap_id=1, remap_type=1) for number in range(1000)]
    images = Images(
        contents(
            files=image(Magic.FILES, *files),
            remap_fpath=image(Magic.REMAPS, *remaps),
            ghost_file_1=image(Magic.GHOST_FILE, pb.GhostFile(chunks=True)) + chunks,
        )
    )
    found = descriptors(images, [])
    kept = [file.deleted.extents for file in found.files.values() if file.deleted]
    assert sum(map(len, kept)) < 1000
    assert any("more than 3,000 entries" in problem.message for problem in found.problems)


def test_queues_and_names_of_the_longest_kind() -> None:
    packets = [pb.SkPacket(id_for=1, scm=[pb.Scm(rights=range(5000))])] * 50
    found = sockets(
        Images(
            contents(
                files=image(Magic.FILES, pb.File(id=1, usk=pb.UnixSk(ino=1, name=b"\0" * 100_000))),
                sk_queues=image(Magic.SOCKET_QUEUES, *packets),
            )
        )
    )
    one = found.by_file[1]
    assert isinstance(one, UnixSocket)
    assert {len(packet.passed) for packet in one.received} == {1000}
    assert dataclasses.asdict(one)["name"].startswith("@\0")
