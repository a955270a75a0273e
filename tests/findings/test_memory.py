"""Executable memory, in real archives of made-up images."""

from pathlib import Path
from typing import Any

import pytest

from tests.archive.builders import checkpoint, entry, saved
from tests.criu import memories as made
from tests.criu.builders import image
from tests.criu.memories import PAGE, area, page
from tests.findings.builders import look, severities
from tui.archive.spool import opened
from tui.checkpoint.reading import load
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic
from tui.criu.vma import Status
from tui.findings import find
from tui.findings.registry import DescriptorPlace, MemoryPlace, Severity
from tui.findings.scene import Scene, scene, wanted, with_content

HIGH, MEDIUM, LOW, INFO = Severity
ELF = page(b"\x7fELF\x02\x01\x01")
WX, RX = 7, 5


def archive(folder: Path, name: str = "app", *others: bytes, **images: bytes) -> Scene:
    """The process 1, whose program is /usr/bin/app and is file 1; `others` are other members."""
    core = pb.Core(mtype=1, tc=pb.TaskCore(comm=name.encode(), task_state=1))
    common = {
        "pstree": image(Magic.PSTREE, pb.Pstree(pid=1, ppid=0, pgid=1, sid=1, threads=[1])),
        "core-1": image(Magic.CORE, core),
        "files": image(
            Magic.FILES,
            reg(1, f"/usr/bin/{name}"),
            reg(2, "/tmp/lib.so"),
            reg(3, "/usr/lib/libc.so"),
            pb.File(type=18, id=4, memfd=pb.MemfdFile(id=4, inode_id=4)),
        ),
        "memfd": image(Magic.MEMFD, pb.MemfdInode(name=b"x", size=PAGE, shmid=4, inode_id=4)),
        "fdinfo-1": image(Magic.FDINFO, pb.Fdinfo(id=4, type=18, fd=3)),
    }
    files = common | {name.replace("_", "-"): raw for name, raw in images.items()}
    entries = (entry(f"checkpoint/{name}.img", raw) for name, raw in files.items())
    return scene(load(str(saved(folder, checkpoint(*entries, *others)))))


def reg(number: int, path: str) -> pb.File:
    return pb.File(type=1, id=number, reg=pb.RegFile(id=number, name=path.encode()))


def process(*areas: pb.Vma, **content: made.Page) -> dict[str, Any]:
    return made.process(
        1, areas, {int(at[1:]): what for at, what in content.items()}, exe_file_id=1
    )


def looked_into(known: Scene) -> Scene:
    contents = known.checkpoint.contents
    with opened(contents, wanted(known.checkpoint)) as store:
        return with_content(known, store)


@pytest.mark.parametrize(
    ("name", "prot", "expected"),
    [("app", WX, [MEDIUM]), ("node", WX, [INFO]), ("app", RX, []), ("app", 3, [])],
)
def test_writable_and_executable(
    tmp_path: Path, name: str, prot: int, expected: list[Severity]
) -> None:
    found = archive(tmp_path, name, **process(area(PAGE, 2, prot=prot)))
    assert severities("memory-writable-executable", found) == expected


@pytest.mark.parametrize(
    ("name", "prot", "status", "expected"),
    [
        ("app", RX, made.ANONYMOUS, [MEDIUM]),
        ("java", RX, made.ANONYMOUS, [INFO]),
        ("app", 3, made.ANONYMOUS, []),
        ("app", RX, Status.REGULAR | Status.VDSO | Status.ANON_PRIVATE, []),
        ("app", 4, Status.VSYSCALL, []),
    ],
)
def test_code_of_no_file(
    tmp_path: Path, name: str, prot: int, status: int, expected: list[Severity]
) -> None:
    found = archive(tmp_path, name, **process(area(PAGE, 2, status, prot=prot)))
    assert severities("memory-anonymous-executable", found) == expected


@pytest.mark.parametrize("prot", [RX, WX])
def test_a_program_that_was_loaded_by_hand(tmp_path: Path, prot: int) -> None:
    known = archive(tmp_path, "java", **process(area(PAGE, 1, prot=prot), **{f"_{PAGE}": ELF}))
    assert HIGH not in severities("memory-anonymous-executable", known)
    (one,) = look("memory-anonymous-executable", looked_into(known))
    assert one.severity is HIGH
    assert one.title == "java (PID 1) has a whole program in executable memory"
    assert one.places == (MemoryPlace(1, PAGE),)


def test_data_that_looks_like_a_program_is_not_told(tmp_path: Path) -> None:
    known = archive(tmp_path, **process(area(PAGE, 1, prot=3), **{f"_{PAGE}": ELF}))
    assert look("memory-anonymous-executable", looked_into(known)) == []


@pytest.mark.parametrize(
    ("file", "prot", "expected"), [(2, RX, [HIGH]), (2, 1, []), (3, RX, []), (1, RX, [])]
)
def test_libraries(tmp_path: Path, file: int, prot: int, expected: list[Severity]) -> None:
    found = archive(tmp_path, **process(area(PAGE, 1, made.FILE, prot=prot, shmid=file)))
    assert severities("library-place", found) == expected
    assert look("memory-anonymous-executable", found) == []


def test_a_deleted_library(tmp_path: Path) -> None:
    remap = pb.RemapFilePath(orig_id=3, remap_id=9, remap_type=1)
    mapped = process(area(PAGE, 1, made.FILE, prot=RX, shmid=3))
    found = archive(tmp_path, **mapped, remap_fpath=image(Magic.REMAPS, remap))
    (one,) = look("library-place", found)
    assert one.severity is MEDIUM
    assert one.detail == "app (PID 1) may execute it, and the file is deleted."


def test_a_memfd_that_is_executed(tmp_path: Path) -> None:
    found = archive(tmp_path, **process(area(PAGE, 1, made.MEMFD, prot=RX, shmid=4)))
    assert severities("library-place", found) == [HIGH]
    jit = archive(tmp_path, "dotnet", **process(area(PAGE, 1, made.MEMFD, prot=RX, shmid=4)))
    assert severities("library-place", jit) == [INFO]


@pytest.mark.parametrize(
    ("content", "told"), [(ELF, True), (page(b"#!/bin/sh\n"), True), (page(b"data"), False)]
)
def test_a_memfd_that_holds_a_program(tmp_path: Path, content: bytes, told: bool) -> None:
    pagemap, pages = made.mapped(9, {0: content})
    shared: dict[str, Any] = {"pagemap_shmem_4": pagemap, "pages_9": pages}
    found = looked_into(archive(tmp_path, **process(area(PAGE, 1)), **shared))
    hits = look("memfd-executable", found)
    assert [one.places for one in hits] == [(DescriptorPlace(1, 3, 4),)] * told


def test_what_is_not_looked_at_is_said(tmp_path: Path) -> None:
    known = archive(tmp_path, **process(area(PAGE, 1)))
    assert set(find(known).unlooked) == {
        "memfd-executable",
        "secret-in-memory",
        "secret-in-file",
        "environment-differs",
    }
    assert find(looked_into(known)).unlooked == ()
