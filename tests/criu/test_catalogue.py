import re

import pytest

from tests.criu.builders import entry, head, image
from tests.data import DATA
from tests.restore.facts import archive
from tui.archive.model import MemberKind
from tui.criu import images_pb2 as pb
from tui.criu.catalogue import KINDS, Piece, kind_of, pieces
from tui.criu.framing import Fault, Magic
from tui.criu.images import FOLDER

RAW = re.compile(r"pages-\d+\.img|tmpfs-dev-\d+\.tar\.gz\.img|descriptors\.json")
"""What lies beside the images and holds no entries."""


def cut(name: str, raw: bytes) -> tuple[list[Piece], str]:
    """The pieces of an image, and what came in between."""
    kind = kind_of(name)
    assert kind
    found = []
    try:
        for piece in pieces(raw, kind):
            found.append(piece)  # noqa: PERF402 (what was found before the fault stays)
    except Fault as fault:
        return found, f"{fault.offset}: {fault.message}"
    return found, ""


def content(raw: bytes, found: list[Piece]) -> list[bytes]:
    return [raw[piece.behind.start : piece.behind.stop] for piece in found]


@pytest.mark.parametrize(
    "archived", sorted({path.name.partition(".")[0] for path in DATA.glob("*.tar*")})
)
def test_every_image_of_a_real_checkpoint_is_known(archived: str) -> None:
    contents = archive(archived).contents
    for member in contents.members:
        name = member.name.removeprefix(FOLDER)
        if name == member.name or member.kind is not MemberKind.FILE or RAW.fullmatch(name):
            continue
        found, fault = cut(name, contents.files[member.name])
        assert found, name
        assert not fault


def test_every_magic_number_belongs_to_images_of_some_name() -> None:
    assert {kind.magic for kind in KINDS} == set(Magic)


@pytest.mark.parametrize(
    ("name", "magic"),
    [
        ("core-1.img", Magic.CORE),
        ("core-x.img", None),
        ("core-1", None),
        ("xcore-1.img", None),
        ("core-\u0661.img", None),
        ("ghost-file-1f.img", Magic.GHOST_FILE),
        ("tcp-stream-ab12.img", Magic.TCP_STREAM),
        ("pagemap-shmem-5.img", Magic.PAGEMAP),
        ("pages-1.img", None),
        ("stats-dump", Magic.STATS),
        ("stats-dump.img", None),
        ("signal-p-3.img", Magic.SIGNALS),
    ],
)
def test_the_kind_of_an_image_is_told_by_its_name(name: str, magic: Magic | None) -> None:
    kind = kind_of(name)
    assert (kind.magic if kind else None) == magic


def test_what_waits_in_pipes_lies_behind_each() -> None:
    raw = head(Magic.PIPES_DATA) + b"".join(
        entry(pb.PipeData(pipe_id=number, bytes=len(data))) + data
        for number, data in enumerate((b"one", b"", b"three"))
    )
    found, fault = cut("pipes-data.img", raw)
    assert content(raw, found) == [b"one", b"", b"three"]
    assert not fault


def test_a_pipe_with_less_than_it_says_keeps_what_there_is() -> None:
    raw = image(Magic.PIPES_DATA, pb.PipeData(pipe_id=1, bytes=1000)) + b"some"
    found, fault = cut("pipes-data.img", raw)
    assert content(raw, found) == [b"some"]
    assert fault == f"{len(raw) - 4}: cut off: 4 of 1,000 bytes behind an entry"


def test_a_ghost_file_in_one_piece() -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile(uid=1)) + b"\xff\xff\xff\xffcontent"
    found, fault = cut("ghost-file-1.img", raw)
    assert content(raw, found) == [b"\xff\xff\xff\xffcontent"]
    assert not fault


def test_a_ghost_file_in_chunks() -> None:
    raw = (
        image(Magic.GHOST_FILE, pb.GhostFile(chunks=True, size=9000))
        + entry(pb.GhostChunk(len=3, off=0))
        + b"abc"
        + entry(pb.GhostChunk(len=2, off=8000))
        + b"de"
    )
    found, fault = cut("ghost-file-a.img", raw)
    assert [type(piece.message).__name__ for piece in found] == [
        "GhostFile",
        "GhostChunk",
        "GhostChunk",
    ]
    assert content(raw, found) == [b"", b"abc", b"de"]
    assert not fault


def test_a_chunk_longer_than_memory_is_a_fault() -> None:
    raw = image(Magic.GHOST_FILE, pb.GhostFile(chunks=True), pb.GhostChunk(len=1 << 63)) + b"abc"
    found, fault = cut("ghost-file-a.img", raw)
    assert content(raw, found) == [b"", b"abc"]
    assert fault.endswith("cut off: 3 of 9,223,372,036,854,775,808 bytes behind an entry")


def test_messages_lie_behind_their_queue() -> None:
    first = pb.IpcMsg(desc=pb.IpcDesc(key=1), qnum=2)
    second = pb.IpcMsg(desc=pb.IpcDesc(key=2), qnum=0)
    third = pb.IpcMsg(desc=pb.IpcDesc(key=3), qnum=1)
    raw = (
        image(Magic.IPC_MESSAGES, first)
        + (entry(pb.IpcMessage(mtype=1, msize=5)) + b"hello\0\0\0")
        + (entry(pb.IpcMessage(mtype=1, msize=8)) + b"complete")
        + entry(second)
        + entry(third)
        + (entry(pb.IpcMessage(mtype=1, msize=1)) + b"x\0\0\0\0\0\0\0")
    )
    found, fault = cut("ipcns-msg-11.img", raw)
    assert [len(data) for data in content(raw, found)] == [0, 8, 8, 0, 0, 8]
    assert not fault


def test_shared_memory_is_inside_only_with_old_criu() -> None:
    old = image(Magic.IPC_SHARED_MEMORY, pb.IpcShm(size=5)) + b"hello\0\0\0"
    new = image(Magic.IPC_SHARED_MEMORY, pb.IpcShm(size=5, in_pagemaps=True))
    assert content(old, cut("ipcns-shm-11.img", old)[0]) == [b"hello\0\0\0"]
    assert cut("ipcns-shm-11.img", new)[1] == ""


def test_semaphores_are_rounded_up() -> None:
    raw = image(Magic.IPC_SEMAPHORES, pb.IpcSem(nsems=3)) + bytes(8)
    found, fault = cut("ipcns-sem-11.img", raw)
    assert content(raw, found) == [bytes(8)]
    assert not fault


def test_a_pagemap_begins_with_its_head() -> None:
    raw = image(Magic.PAGEMAP, pb.PagemapHead(pages_id=1), *[pb.Pagemap(vaddr=4096)] * 3)
    found, _ = cut("pagemap-1.img", raw)
    assert [type(piece.message).__name__ for piece in found] == ["PagemapHead", *["Pagemap"] * 3]
