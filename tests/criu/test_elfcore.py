"""Cores as a debugger reads them: by hand here, because not everybody has one."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.criu.builders import image
from tests.criu.memories import FILE, PAGE, Page, archive, area, memories, page, process
from tests.data import DATA
from tui.archive.model import Contents
from tui.archive.reader import read
from tui.criu import images_pb2 as images
from tui.criu.elfcore import SavedCore, write_core
from tui.criu.framing import Magic
from tui.criu.images import Images
from tui.criu.memory import Absent
from tui.criu.pagemap import Flag
from tui.criu.pages import Absence
from tui.errors import ArchiveError

BASE = 0x10000
A, B, C = page(b"A"), page(b"B"), page(b"C")


@dataclass(frozen=True)
class Load:
    flags: int
    address: int
    size: int
    content: bytes


class Core:
    """A core file, taken apart."""

    def __init__(self, path: Path) -> None:
        self.raw = raw = path.read_bytes()
        assert raw[:7] == b"\x7fELF\2\1\1"
        kind, self.machine, _, _, programs, sections = struct.unpack_from("<HHIQQQ", raw, 16)
        assert kind == 4
        size, count = struct.unpack_from("<HH", raw, 54)
        if count == 0xFFFF:
            [count] = struct.unpack_from("<I", raw, sections + 44)
        self.loads: list[Load] = []
        self.notes: list[tuple[int, bytes, bytes]] = []
        for at in range(programs, programs + count * size, size):
            kind, flags, place, address, _, stored, memory, align = struct.unpack_from(
                "<IIQQQQQQ", raw, at
            )
            if kind == 4:
                self.notes += _notes(raw[place : place + stored])
            else:
                assert (kind, align) == (1, PAGE)
                assert place % PAGE == address % PAGE
                self.loads.append(Load(flags, address, memory, raw[place : place + stored]))

    def note(self, kind: int) -> bytes:
        [found] = [content for number, _, content in self.notes if number == kind]
        return found


def _notes(raw: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    at = 0
    while at < len(raw):
        name, size, kind = struct.unpack_from("<III", raw, at)
        at += 12
        label = raw[at : at + name].rstrip(b"\0")
        at += name + -name % 4
        yield kind, label, raw[at : at + size]
        at += size + -size % 4


def x86(number: int, **task: object) -> images.Core:
    registers = images.RegsX86(ip=0x401000 + number, sp=0x7FFF0000, orig_ax=61, fs_base=0xF5, gs=9)
    floating = images.FpregsX86(
        cwd=0x37F, mxcsr=0x1F80, st_space=[7] * 32, xmm_space=range(64), padding=[0] * 24
    )
    floating.xsave.xstate_bv = 0xE7
    floating.xsave.ymmh_space.extend(range(100, 164))
    return images.Core(
        mtype=1,
        thread_info=images.ThreadInfoX86(gpregs=registers, fpregs=floating),
        tc=images.TaskCore(**task) if task else None,  # type: ignore[arg-type]
        thread_core=images.ThreadCore(
            creds=images.Creds(uid=1000, gid=100), blk_sigset=0x4000, sched_nice=-5
        ),
    )


def arm64() -> images.Core:
    return images.Core(
        mtype=3,
        thread_info=None,
        ti_aarch64=images.ThreadInfoAarch64(
            tls=0x7E57,
            gpregs=images.RegsAarch64(regs=range(31), sp=0x99, pc=0x1234, pstate=0x60000000),
            fpsimd=images.FpsimdContextAarch64(vregs=range(64), fpsr=0x10, fpcr=0x20),
        ),
        tc=images.TaskCore(task_state=3, comm=b"stopped"),
    )


TREE = images.Pstree(pid=7, ppid=1, pgid=5, sid=4, threads=[7, 9])


def dumped(folder: Path, files: dict[str, bytes], pid: int = 7) -> tuple[SavedCore, Core]:
    path = folder / "core"
    contents = archive(folder, files)
    with memories(contents) as found:
        memory = found.process(pid)
        assert memory
        made = write_core(Images(contents), memory, str(path))
    assert made.size == path.stat().st_size
    return made, Core(path)


def files(core: images.Core, tree: images.Pstree = TREE) -> dict[str, bytes]:
    raw = b"/bin/zoo\0--all\0"
    content: dict[int, Page] = {
        BASE: raw.ljust(PAGE, b"\0"),
        BASE + PAGE: Flag.PARENT,
        BASE + 3 * PAGE: B,
        BASE + 9 * PAGE: C,
    }
    areas = [
        area(BASE, 4),
        area(BASE + 8 * PAGE, 3, FILE, prot=5, shmid=2, pgoff=PAGE),
        area(BASE + 20 * PAGE, 5, prot=0),
    ]
    return {
        **process(7, areas, content, mm_arg_start=BASE, mm_arg_end=BASE + len(raw)),
        "files": image(
            Magic.FILES, images.File(type=1, id=2, reg=images.RegFile(id=2, name=b"/bin/zoo\xff"))
        ),
        "pstree": image(Magic.PSTREE, images.Pstree(pid=1), tree),
        "core-7": image(Magic.CORE, core),
        "core-9": image(Magic.CORE, x86(2)),
    }


def test_memory_is_there_as_far_as_the_archive_has_it(tmp_path: Path) -> None:
    made, core = dumped(tmp_path, files(x86(1)))
    read_write, read_execute = 6, 5
    first = b"/bin/zoo\0--all\0".ljust(PAGE, b"\0")
    assert core.loads == [
        Load(read_write, BASE, PAGE, first),
        Load(read_write, BASE + PAGE, PAGE, b""),
        Load(read_write, BASE + 2 * PAGE, 2 * PAGE, bytes(PAGE) + B),
        Load(read_execute, BASE + 8 * PAGE, PAGE, b""),
        Load(read_execute, BASE + 9 * PAGE, PAGE, C),
        Load(read_execute, BASE + 10 * PAGE, PAGE, b""),
        Load(0, BASE + 20 * PAGE, 5 * PAGE, b""),
    ]
    assert made.absent == ((BASE + PAGE, Absent(PAGE, Absence.EARLIER)),)
    assert made.threads == 2


def test_every_thread_has_its_registers(tmp_path: Path) -> None:
    _, core = dumped(tmp_path, files(x86(1, task_state=1, comm=b"zoo", flags=0x400)))
    assert core.machine == 62
    statuses = [content for kind, _, content in core.notes if kind == 1]
    assert [len(status) for status in statuses] == [336, 336]
    for number, (status, tid) in enumerate(zip(statuses, (7, 9), strict=True), start=1):
        assert struct.unpack_from("<Q", status, 24) == (0x4000,)
        assert struct.unpack_from("<IIII", status, 32) == (tid, 1, 5, 4)
        registers = struct.unpack_from("<27Q", status, 112)
        assert registers[15] == 61
        assert registers[16] == 0x401000 + number
        assert registers[19] == 0x7FFF0000
        assert registers[21] == 0xF5
        assert registers[26] == 9
        assert struct.unpack_from("<I", status, 328) == (1,)
    assert [kind for kind, _, _ in core.notes] == [1, 3, 6, 0x46494C45, 2, 0x202, 1, 2, 0x202]


def test_the_process_and_its_files_are_told(tmp_path: Path) -> None:
    _, core = dumped(tmp_path, files(x86(1, task_state=1, comm=b"a rather long name", flags=0x400)))
    told = struct.unpack("<BcBb4xQIIIIII16s80s", core.note(3))
    assert told[:4] == (0, b"R", 0, -5)
    assert told[4:11] == (0x400, 1000, 100, 7, 1, 5, 4)
    assert told[11].rstrip(b"\0") == b"a rather long n"
    assert told[12].rstrip(b"\0") == b"/bin/zoo --all"
    assert core.note(6) == struct.pack("<4Q", 6, PAGE, 0, 0)
    expected = struct.pack("<5Q", 1, PAGE, BASE + 8 * PAGE, BASE + 11 * PAGE, 1)
    assert core.note(0x46494C45) == expected + b"/bin/zoo\xff\0"


def test_floating_point_registers_of_x86(tmp_path: Path) -> None:
    _, core = dumped(tmp_path, files(x86(1), images.Pstree(pid=7)))
    legacy, state = core.note(2), core.note(0x202)
    assert len(legacy) == 512
    assert struct.unpack_from("<H", legacy) == (0x37F,)
    assert struct.unpack_from("<I", legacy, 24) == (0x1F80,)
    assert struct.unpack_from("<64I", legacy, 160) == tuple(range(64))
    assert len(state) == 832
    assert struct.unpack_from("<QQ", state, 464)[0] == 7
    assert struct.unpack_from("<Q", state, 512) == (7,)
    assert struct.unpack_from("<64I", state, 576) == tuple(range(100, 164))


def test_registers_of_arm64(tmp_path: Path) -> None:
    _, core = dumped(tmp_path, files(arm64(), images.Pstree(pid=7)))
    assert core.machine == 183
    status = core.note(1)
    assert len(status) == 392
    assert struct.unpack_from("<34Q", status, 112) == (*range(31), 0x99, 0x1234, 0x60000000)
    assert core.note(2) == struct.pack("<64QII8x", *range(64), 0x10, 0x20)
    assert core.note(0x401) == struct.pack("<Q", 0x7E57)
    assert core.note(3)[:2] == b"\3T"


@pytest.mark.parametrize(
    ("core", "message"),
    [
        (images.Core(mtype=4), "process 7 runs ppc64le; podthaw writes cores for amd64 and arm64"),
        (images.Core(mtype=77), "runs architecture 77"),
        (
            images.Core(mtype=1, thread_info=images.ThreadInfoX86(gpregs=images.RegsX86(mode=2))),
            "runs 32-bit code on amd64",
        ),
    ],
)
def test_other_architectures_are_refused_by_name(
    core: images.Core, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match=message):
        dumped(tmp_path, files(core))
    assert not (tmp_path / "core").exists()


def test_without_its_threads_there_is_no_core(tmp_path: Path) -> None:
    found = files(x86(1))
    del found["core-7"]
    with pytest.raises(ArchiveError, match=r"its core-7\.img is missing or damaged"):
        dumped(tmp_path, found)
    with pytest.raises(ArchiveError, match=r"process 7 is not in pstree\.img"):
        dumped(tmp_path, files(x86(1), images.Pstree(pid=8)))


def test_a_thread_that_is_missing_is_left_out(tmp_path: Path) -> None:
    found = files(x86(1))
    del found["core-9"]
    assert dumped(tmp_path, found)[0].threads == 1


def test_a_huge_mapping_with_nothing_in_it_takes_no_room(tmp_path: Path) -> None:
    found = files(x86(1))
    found |= process(7, [area(BASE, 1), area(1 << 40, 1 << 20)], {BASE: A})
    made, core = dumped(tmp_path, found)
    assert core.loads[-1] == Load(6, 1 << 40, 1 << 32, b"")
    assert made.size < 1 << 20


def test_more_segments_than_the_header_can_count(tmp_path: Path) -> None:
    found = files(x86(1))
    number = 0x10000
    areas = [area(BASE + 2 * PAGE * at, 1, prot=0) for at in range(number)]
    found |= process(7, areas, {})
    _, core = dumped(tmp_path, found)
    assert len(core.loads) == number
    assert core.loads[-1].address == areas[-1].start


def real() -> Contents:
    *_, contents = read(str(DATA / "web.tar.zst"))
    return contents


def test_a_real_process(tmp_path: Path) -> None:
    contents = real()
    with memories(contents) as found:
        memory = found.processes[0]
        write_core(Images(contents), memory, str(tmp_path / "core"))
        core = Core(tmp_path / "core")
        for load in core.loads:
            for address, piece in memory.read(load.address, len(load.content)):
                at = address - load.address
                if isinstance(piece, bytes):
                    assert load.content[at : at + len(piece)] == piece
                else:
                    assert piece.why is Absence.ZERO
        assert sum(load.size for load in core.loads) == memory.sizes().mapped
    told = struct.unpack("<BcBb4xQIIIIII16s80s", core.note(3))
    assert told[11].rstrip(b"\0") == b"httpd"


@pytest.mark.skipif(not shutil.which("gdb"), reason="gdb is not installed")
def test_gdb_opens_it(tmp_path: Path) -> None:
    dumped(tmp_path, files(x86(1, task_state=1, comm=b"zoo")))
    orders = ("info threads", "p/x $pc", "p $ymm0.v8_int32[4]", f"x/s {BASE}", "info proc mappings")
    said = subprocess.run(
        ["gdb", "-nx", "-batch", *(f"-ex={order}" for order in orders), f"--core={tmp_path}/core"],
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
    ).stdout
    assert "Core was generated by `/bin/zoo --all'" in said
    assert "LWP 9" in said
    assert "= 0x401001" in said
    assert "= 100" in said
    assert '"/bin/zoo"' in said
    assert "0x18000" in said
