"""Memory as the processes saw it: every byte that is there, and why others are not."""

from collections.abc import Mapping
from pathlib import Path

import lz4.block  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.criu.builders import head, image
from tests.criu.memories import (
    FILE,
    HEAP,
    MEMFD,
    PAGE,
    SHARED,
    Page,
    archive,
    area,
    mapped,
    memories,
    mm,
    page,
    process,
)
from tests.data import DATA
from tui.archive import limits
from tui.archive.model import Compression
from tui.archive.reader import read
from tui.criu import images_pb2 as images
from tui.criu import memories as loading
from tui.criu.framing import Magic
from tui.criu.memories import memory_members, read_maps, read_memories
from tui.criu.memory import Absent, Memory, Sizes, arguments, environment
from tui.criu.pagemap import Flag
from tui.criu.pages import Absence
from tui.criu.vma import Kind, Status

A, B, C = page(b"A"), page(b"B"), page(b"C")
BASE = 0x10000


def only(found: tuple[Memory, ...]) -> Memory:
    [memory] = found
    return memory


def test_a_read_goes_over_entries_mappings_and_gaps(tmp_path: Path) -> None:
    files = process(
        7,
        [area(BASE, 3), area(BASE + 3 * PAGE, 2, HEAP), area(BASE + 9 * PAGE, 1, FILE)],
        {BASE: A, BASE + PAGE: B, BASE + 3 * PAGE: C},
        splits=[BASE + PAGE],
    )
    with memories(archive(tmp_path, files)) as found:
        memory = only(found.processes)
        assert memory.read(BASE + 100, 8 * PAGE + PAGE // 2 - 100 + PAGE) == [
            (BASE + 100, A[100:] + B),
            (BASE + 2 * PAGE, Absent(PAGE, Absence.ZERO)),
            (BASE + 3 * PAGE, C),
            (BASE + 4 * PAGE, Absent(PAGE, Absence.ZERO)),
            (BASE + 5 * PAGE, Absent(4 * PAGE, Absence.UNMAPPED)),
            (BASE + 9 * PAGE, Absent(PAGE // 2, Absence.FILE)),
        ]
        assert memory.read(0, 10) == [(0, Absent(10, Absence.UNMAPPED))]
        assert memory.read(BASE, 0) == []


def test_pages_that_are_elsewhere_are_no_bytes(tmp_path: Path) -> None:
    content: dict[int, Page] = {
        BASE: Flag.PARENT,
        BASE + PAGE: Flag.LAZY,
        BASE + 2 * PAGE: A,
        BASE + 3 * PAGE: Flag.PARENT,
    }
    with memories(archive(tmp_path, process(7, [area(BASE, 4)], content))) as found:
        memory = only(found.processes)
        assert memory.read(BASE, 4 * PAGE) == [
            (BASE, Absent(PAGE, Absence.EARLIER)),
            (BASE + PAGE, Absent(PAGE, Absence.LAZY)),
            (BASE + 2 * PAGE, A),
            (BASE + 3 * PAGE, Absent(PAGE, Absence.EARLIER)),
        ]
        assert memory.sizes() == Sizes(stored=PAGE, earlier=2 * PAGE, lazy=PAGE)
        assert memory.sizes().mapped == 4 * PAGE
        assert found.stored == PAGE


def test_the_earlier_checkpoint_has_what_did_not_change(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    addresses = [BASE + number * PAGE for number in range(4)]
    pagemap, pages = mapped(3, dict(zip(addresses, (A, B), strict=False)))
    first = archive(
        tmp_path / "one", {"pagemap-7": pagemap, "pages-3": pages}, where="pre-checkpoint/"
    )
    pagemap, pages = mapped(1, {addresses[0]: Flag.PARENT, addresses[1]: C, addresses[2]: C})
    second = archive(
        tmp_path / "two", {"pagemap-7": pagemap, "pages-1": pages}, where="pre-checkpoint/"
    )
    content: dict[int, Page] = dict.fromkeys(addresses, Flag.PARENT)
    third = archive(tmp_path / "three", process(7, [area(BASE, 4)], content))
    with (
        memories(first, where="pre-checkpoint/") as one,
        memories(second, one.pages, "pre-checkpoint/") as two,
        memories(third, two.pages) as three,
    ):
        memory = only(three.processes)
        assert memory.read(BASE, 4 * PAGE) == [
            (addresses[0], A),
            (addresses[1], C + C),
            (addresses[3], Absent(PAGE, Absence.EARLIER)),
        ]
        assert memory.sizes() == Sizes(earlier=4 * PAGE)


def test_a_pre_checkpoint_has_pages_but_no_mappings(tmp_path: Path) -> None:
    pagemap, pages = mapped(1, {BASE: A, BASE + PAGE: B, BASE + 5 * PAGE: C}, [BASE + PAGE])
    contents = archive(tmp_path, {"pagemap-7": pagemap, "pages-1": pages}, where="pre-checkpoint/")
    with memories(contents, where="pre-checkpoint/") as found:
        memory = only(found.processes)
        assert [(vma.start, vma.end, vma.kind) for vma in memory.vmas] == [
            (BASE, BASE + 2 * PAGE, Kind.UNKNOWN),
            (BASE + 5 * PAGE, BASE + 6 * PAGE, Kind.UNKNOWN),
        ]
        assert memory.read(BASE, 2 * PAGE) == [(BASE, A + B)]


def shared(tmp_path: Path) -> dict[str, bytes]:
    """Two processes that share memory, and a memfd that one of them maps from its second page."""
    first = process(
        7,
        [area(BASE, 2, SHARED, shmid=77), area(BASE + 8 * PAGE, 1, MEMFD, shmid=5, pgoff=PAGE)],
        {},
    )
    second = process(8, [area(BASE + 4 * PAGE, 1, SHARED, shmid=77, pgoff=PAGE)], {})
    anonymous, its_pages = mapped(20, {0: A, PAGE: B})
    memfd, other_pages = mapped(21, {0: A, PAGE: C})
    open_only, more_pages = mapped(22, {PAGE: B})
    file = images.File(type=18, id=5, memfd=images.MemfdFile(id=5, inode_id=1))
    inodes = [
        images.MemfdInode(name=b"cache", inode_id=1, shmid=99),
        images.MemfdInode(name=b"secret", inode_id=2, shmid=100),
    ]
    return {
        **first,
        **second,
        "pagemap-shmem-77": anonymous,
        "pages-20": its_pages,
        "pagemap-shmem-99": memfd,
        "pages-21": other_pages,
        "pagemap-shmem-100": open_only,
        "pages-22": more_pages,
        "files": image(Magic.FILES, file),
        "memfd": image(Magic.MEMFD, *inodes),
    }


def test_shared_memory_is_read_through_every_mapping(tmp_path: Path) -> None:
    with memories(archive(tmp_path, shared(tmp_path))) as found:
        first, second = found.processes
        assert first.read(BASE, 2 * PAGE) == [(BASE, A + B)]
        assert second.read(BASE + 4 * PAGE, PAGE) == [(BASE + 4 * PAGE, B)]
        assert first.read(BASE + 8 * PAGE, PAGE) == [(BASE + 8 * PAGE, C)]
        assert [vma.label for vma in first.vmas] == ["[shared memory]", "/memfd:cache"]
        assert first.vmas[0].permissions == "rw-s"
        assert found.stored == 5 * PAGE


def test_memory_that_nobody_has_mapped_is_there_too(tmp_path: Path) -> None:
    with memories(archive(tmp_path, shared(tmp_path))) as found:
        objects = {memory.vmas[0].object: memory for memory in found.objects}
        assert objects.keys() == {77, 99, 100}
        assert objects[100].vmas[0].label == "/memfd:secret"
        assert objects[100].read(0, 2 * PAGE) == [(0, Absent(PAGE, Absence.ZERO)), (PAGE, B)]


@pytest.mark.parametrize("raw_blocks", [1, 2])
def test_compressed_pages_are_read(raw_blocks: int, tmp_path: Path) -> None:
    noise = bytes(range(256)) * 16
    raw = [page(b"text"), noise[::-1], bytes(PAGE), bytes(PAGE), page(b"end")]
    step = raw_blocks * PAGE
    whole = b"".join(raw)
    blocks = [whole[at : at + step] for at in range(0, len(whole), step)]
    packed = [
        b""
        if not block.strip(b"\0")
        else block
        if noise[::-1] == block
        else lz4.block.compress(block, store_size=False)
        for block in blocks
    ]
    told = images.PagemapBlocks(
        block_sizes=list(map(len, packed)),
        total_payload_size=len(b"".join(packed)),
        pages_per_block=raw_blocks,
    )
    entry = images.Pagemap(
        vaddr=BASE, nr_pages=5, flags=Flag.PRESENT, blocks=told.SerializeToString()
    )
    plain = images.Pagemap(vaddr=BASE + 8 * PAGE, nr_pages=1, flags=Flag.PRESENT)
    files = {
        "mm-7": mm(area(BASE, 9)),
        "pagemap-7": image(Magic.PAGEMAP, images.PagemapHead(pages_id=1), entry, plain),
        "pages-1": b"".join(packed) + A,
    }
    with memories(archive(tmp_path, files)) as found:
        memory = only(found.processes)
        assert memory.read(BASE, 5 * PAGE) == [(BASE, whole)]
        assert memory.read(BASE + PAGE + 10, PAGE) == [
            (BASE + PAGE + 10, whole[PAGE + 10 : 2 * PAGE + 10])
        ]
        assert memory.read(BASE + 8 * PAGE, PAGE) == [(BASE + 8 * PAGE, A)]


def test_a_compressed_block_that_is_damaged_is_told(tmp_path: Path) -> None:
    packed = bytearray(lz4.block.compress(page(b"text") * 2, store_size=False))
    packed[:8] = b"\xff" * 8
    told = images.PagemapBlocks(
        block_sizes=[len(packed)], total_payload_size=len(packed), pages_per_block=2
    )
    entry = images.Pagemap(
        vaddr=BASE, nr_pages=2, flags=Flag.PRESENT, blocks=told.SerializeToString()
    )
    files = {
        "mm-7": mm(area(BASE, 2)),
        "pagemap-7": image(Magic.PAGEMAP, images.PagemapHead(pages_id=1), entry),
        "pages-1": bytes(packed),
    }
    with memories(archive(tmp_path, files)) as found:
        expected = [(BASE, Absent(2 * PAGE, Absence.DAMAGED))]
        assert only(found.processes).read(BASE, 2 * PAGE) == expected


def test_what_is_missing_or_cut_off_is_told(tmp_path: Path) -> None:
    files = process(7, [area(BASE, 3)], {BASE: A, BASE + PAGE: B, BASE + 2 * PAGE: C})
    files["pages-7"] = files["pages-7"][: PAGE + 100]
    files |= process(8, [area(BASE, 1)], {BASE: A})
    del files["pages-8"]
    files["mm-9"] = mm(area(BASE, 1, SHARED, shmid=3), area(BASE + PAGE, 1))
    with memories(archive(tmp_path, files)) as found:
        cut, gone, lost = found.processes
        assert cut.read(BASE, 3 * PAGE) == [
            (BASE, A + B[:100]),
            (BASE + PAGE + 100, Absent(2 * PAGE - 100, Absence.DAMAGED)),
        ]
        assert gone.read(BASE, PAGE) == [(BASE, Absent(PAGE, Absence.MISSING))]
        assert lost.read(BASE, 2 * PAGE) == [(BASE, Absent(2 * PAGE, Absence.MISSING))]


def test_behind_a_fault_in_the_pagemap_nothing_is_known(tmp_path: Path) -> None:
    files = process(7, [area(BASE, 4)], {BASE: A, BASE + 2 * PAGE: B})
    files["pagemap-7"] = files["pagemap-7"][:-3]
    with memories(archive(tmp_path, files)) as found:
        assert only(found.processes).read(BASE, 3 * PAGE) == [
            (BASE, A),
            (BASE + PAGE, Absent(2 * PAGE, Absence.UNREAD)),
        ]
        [problem] = found.problems
        assert problem.member == "checkpoint/pagemap-7.img"
        assert "cut off" in problem.message


def test_a_mapped_file_may_have_lost_its_name(tmp_path: Path) -> None:
    files = [
        images.File(type=1, id=number, reg=images.RegFile(id=number, name=b"/lib/x.so"))
        for number in (4, 5)
    ]
    gone = images.RemapFilePath(orig_id=5, remap_id=1, remap_type=1)
    areas = [area(BASE + 2 * PAGE * at, 1, FILE, shmid=at) for at in (4, 5, 6)]
    found = process(7, areas, {}) | {
        "files": image(Magic.FILES, *files),
        "remap-fpath": image(Magic.REMAPS, gone),
    }
    with memories(archive(tmp_path, found)) as read:
        vmas = only(read.processes).vmas
    assert [vma.label for vma in vmas] == ["/lib/x.so", "/lib/x.so (deleted)", "[file]"]
    assert [vma.path for vma in vmas] == ["/lib/x.so", "/lib/x.so", ""]


def test_mappings_that_overlap_are_left_out_and_told(tmp_path: Path) -> None:
    areas = [
        area(BASE, 4),
        area(BASE + PAGE, 1),
        area(BASE + 4 * PAGE, -1),
        area(BASE + 8 * PAGE, 1),
    ]
    with memories(archive(tmp_path, process(7, areas, {BASE: A}))) as found:
        memory = only(found.processes)
        assert [vma.start for vma in memory.vmas] == [BASE, BASE + 8 * PAGE]
        assert len(found.problems) == 2
        assert "the mapping at 0x11000 is none, or overlaps" in found.problems[0].message


def test_encrypted_pages_are_named(tmp_path: Path) -> None:
    files = {**process(7, [area(BASE, 1)], {BASE: A}), "cipher": b"?"}
    with memories(archive(tmp_path, files)) as found:
        assert "encrypted" in found.problems[0].message
        assert only(found.processes).read(BASE, 4) == [(BASE, Absent(4, Absence.MISSING))]


@pytest.mark.parametrize("kind", [Compression.NONE, Compression.ZSTD])
def test_maps_that_are_too_large_to_be_kept_are_read_with_the_pages(
    kind: Compression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_IMAGE", limits.MIB)
    content: dict[int, Page] = {BASE + number * 2 * PAGE: A for number in range(3)}
    files = process(7, [area(BASE, 1 << 20)], content)
    pagemap = images.Pagemap(vaddr=BASE, nr_pages=1, flags=Flag.LAZY)
    many = []
    for number in range(90_000):
        pagemap.vaddr = BASE + 8 * PAGE + number * PAGE
        many.append(pagemap.SerializeToString())
    files["pagemap-7"] += image(Magic.PAGEMAP, *many)[len(head(Magic.PAGEMAP)) :]
    contents = archive(tmp_path, files, kind)
    assert "checkpoint/pagemap-7.img" not in contents.files
    without = read_memories(contents)
    assert "to be read together with the pages" in without.problems[0].message
    with memories(contents) as found:
        assert not found.problems
        memory = only(found.processes)
        assert memory.read(BASE, 2 * PAGE) == [(BASE, A), (BASE + PAGE, Absent(PAGE, Absence.ZERO))]
        assert memory.sizes().lazy == 90_000 * PAGE
    alone = read_maps(contents)
    assert not alone.problems
    assert only(alone.processes).sizes() == memory.sizes()


def test_there_are_limits_for_everything_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, bytes] = {}
    for pid in range(1, 6):
        content: dict[int, Page] = {BASE: A, BASE + 2 * PAGE: B}
        files |= process(pid, [area(BASE, 1), area(BASE + 2 * PAGE, 1)], content)
    contents = archive(tmp_path, files)
    monkeypatch.setattr(loading, "ENTRIES", 5)
    monkeypatch.setattr(loading, "MAPPINGS", 7)
    with memories(contents) as found:
        told = {problem.member: problem.message for problem in found.problems}
        assert told.keys() == {
            *(f"checkpoint/mm-{pid}.img" for pid in (4, 5)),
            *(f"checkpoint/pagemap-{pid}.img" for pid in (3, 4, 5)),
        }
        assert told["checkpoint/mm-4.img"] == "unread: more than 7 mappings in all"
        assert "entries in all: the rest is unread" in told["checkpoint/pagemap-3.img"]
        assert [len(memory.vmas) for memory in found.processes] == [2, 2, 2, 0, 0]


def test_large_maps_are_read_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = archive(tmp_path, process(7, [area(BASE, 1)], {BASE: A}))
    del contents.files["checkpoint/pagemap-7.img"]
    monkeypatch.setattr(loading, "IMAGES", 10)
    with memories(contents) as found:
        assert "large maps are read up to 10 Bytes in all" in found.problems[0].message


def test_the_size_of_a_page_is_that_of_the_machine(tmp_path: Path) -> None:
    big = 0x10000
    message = images.Mm(
        vmas=[images.Vma(start=big, end=3 * big, flags=2, status=0x201)], mm_saved_auxv=[6, big]
    )
    entry = images.Pagemap(vaddr=2 * big, nr_pages=1, flags=Flag.PRESENT)
    files = {
        "mm-7": image(Magic.MM, message),
        "pagemap-7": image(Magic.PAGEMAP, images.PagemapHead(pages_id=1), entry),
        "pages-1": A * 16,
    }
    with memories(archive(tmp_path, files)) as found:
        assert found.page == big
        memory = only(found.processes)
        assert memory.sizes() == Sizes(stored=big, zero=big)
        assert memory.read(3 * big - 10, 10) == [(3 * big - 10, A[-10:])]


def test_a_pre_checkpoint_shows_how_large_its_pages_are(tmp_path: Path) -> None:
    big = 0x10000
    entry = images.Pagemap(vaddr=2 * big, nr_pages=2, flags=Flag.PRESENT)
    other = images.Pagemap(vaddr=8 * big, nr_pages=1, flags=Flag.PRESENT)
    files = {
        "pagemap-7": image(Magic.PAGEMAP, images.PagemapHead(pages_id=1), entry, other),
        "pages-1": A * 16 + B * 16 + C * 16,
    }
    (tmp_path / "one").mkdir()
    first = archive(tmp_path / "one", files, where="pre-checkpoint/")
    small = archive(tmp_path, process(7, [area(2 * big, 1)], {2 * big: Flag.PARENT}))
    with memories(first, where="pre-checkpoint/") as one, memories(small, one.pages) as two:
        assert one.page == big
        assert only(one.processes).read(8 * big, 10) == [(8 * big, C[:10])]
        expected = [(2 * big, Absent(PAGE, Absence.EARLIER))]
        assert only(two.processes).read(2 * big, PAGE) == expected


# Arguments and environment


Texts = tuple[str, ...] | None


def started(folder: Path, raw: bytes, split: int, pages: int = 2) -> tuple[Texts, Texts]:
    """What a process was started with that has `raw` in memory; `pages` of it are there."""
    content = {
        BASE + at: raw[at : at + PAGE].ljust(PAGE, b"\0")
        for at in range(0, len(raw), PAGE)
        if at < pages * PAGE
    }
    files = process(
        7,
        [area(BASE, 3, FILE)],
        content,
        mm_arg_start=BASE,
        mm_arg_end=BASE + split,
        mm_env_start=BASE + split,
        mm_env_end=BASE + len(raw),
    )
    with memories(archive(folder, files)) as found:
        memory = only(found.processes)
        return arguments(memory), environment(memory)


def test_arguments_and_environment_are_those_in_memory(tmp_path: Path) -> None:
    args = b"nginx\0\0-g\0\xffdaemon\0"
    variables = b"PATH=/bin\0no equals sign\0PATH=/again\0EMPTY=\0"
    assert started(tmp_path, args + variables, len(args)) == (
        ("nginx", "", "-g", "\udcffdaemon"),
        ("PATH=/bin", "no equals sign", "PATH=/again", "EMPTY="),
    )


def test_they_may_go_over_pages(tmp_path: Path) -> None:
    args = b"x" * (PAGE + 10) + b"\0"
    assert started(tmp_path, args + b"A=1\0", len(args)) == (("x" * (PAGE + 10),), ("A=1",))


def test_padding_behind_a_title_is_left_out(tmp_path: Path) -> None:
    args = b"postgres: idle" + bytes(100)
    assert started(tmp_path, args + b"A=1\0", len(args))[0] == ("postgres: idle",)


def test_a_title_may_go_on_in_the_environment(tmp_path: Path) -> None:
    assert started(tmp_path, b"nginx: worker process\0/bin\0B=2\0", 8) == (
        ("nginx: worker process",),
        ("orker process", "/bin", "B=2"),
    )


def test_a_title_may_end_within_the_arguments(tmp_path: Path) -> None:
    assert started(tmp_path, b"title\0rest of itA=1\0", 16) == (("title",), ("A=1",))


def test_what_is_not_in_the_archive_is_not_made_up(tmp_path: Path) -> None:
    args = b"x" * (PAGE + 10) + b"\0"
    assert started(tmp_path, args + b"A=1\0", len(args), pages=1) == (None, None)


@pytest.mark.parametrize("end", [BASE - 1, BASE + (1 << 40)])
def test_forged_places_are_not_read(end: int, tmp_path: Path) -> None:
    files = process(7, [area(BASE, 1)], {BASE: A}, mm_arg_start=BASE, mm_arg_end=end)
    with memories(archive(tmp_path, files)) as found:
        assert arguments(only(found.processes)) is None


# A real archive, and all of it at random


def test_a_real_checkpoint() -> None:
    *_, contents = read(str(DATA / "web.tar.zst"))
    with memories(contents) as found:
        assert not found.problems
        memory = only(found.processes)
        assert arguments(memory) == ("httpd", "-f", "-p", "80", "-h", "/www")
        labels = {vma.label: vma for vma in memory.vmas}
        assert labels.keys() >= {"/bin/busybox", "[heap]", "[stack]", "[vdso]", "[vvar]"}
        assert (
            memory.sizes(labels["[vdso]"]).stored == labels["[vdso]"].end - labels["[vdso]"].start
        )
        assert memory.sizes(labels["[vvar]"]).other > 0
        assert labels["/bin/busybox"].flag_names == ("MAP_PRIVATE",)
        [(address, piece)] = memory.read(labels["[vdso]"].start, 4)
        assert (address, piece) == (labels["[vdso]"].start, b"\x7fELF")
        pages = [member for member in memory_members(contents) if "pages-" in member.name]
        assert found.stored == sum(member.size for member in pages)
        assert found.sizes() == memory.sizes()


def test_flags_and_kinds_have_names(tmp_path: Path) -> None:
    vma = area(BASE, 1, Status.REGULAR | Status.GUARD)
    vma.flags = 0x122
    stack = area(BASE + PAGE, 1)
    stack.flags = 0x122
    odd = area(BASE + 2 * PAGE, 1, 1 << 24)
    with memories(archive(tmp_path, process(7, [vma, stack, odd], {}))) as found:
        memory = only(found.processes)
        assert [each.kind for each in memory.vmas] == [Kind.GUARD, Kind.STACK, Kind.UNKNOWN]
        assert memory.vmas[1].flag_names == ("MAP_PRIVATE", "MAP_ANONYMOUS", "MAP_GROWSDOWN")
        assert memory.vma_at(BASE - 1) is None
        assert memory.vma_at(BASE + PAGE) == memory.vmas[1]
        assert memory.vma_at(BASE + 3 * PAGE) is None


contents_of_pages = st.dictionaries(
    st.integers(0, 15),
    st.one_of(
        st.binary(min_size=1, max_size=20).map(lambda text: page(text)),
        st.sampled_from([Flag.PARENT, Flag.LAZY]),
    ),
    max_size=12,
)


@given(
    contents_of_pages,
    st.sets(st.integers(0, 15)),
    st.lists(st.tuples(st.integers(0, 20 * PAGE), st.integers(0, 6 * PAGE)), max_size=5),
)
def test_every_byte_is_what_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    numbered: Mapping[int, Page],
    splits: set[int],
    reads: list[tuple[int, int]],
) -> None:
    content = {BASE + number * PAGE: what for number, what in numbered.items()}
    files = process(
        7, [area(BASE, 6), area(BASE + 6 * PAGE, 10)], content, [BASE + n * PAGE for n in splits]
    )
    with memories(archive(tmp_path_factory.mktemp("one"), files)) as found:
        memory = only(found.processes)
        assert memory.sizes().mapped == 16 * PAGE
        for offset, count in reads:
            at = start = BASE - 2 * PAGE + offset
            for address, piece in memory.read(start, count):
                assert address == at
                size = len(piece) if isinstance(piece, bytes) else piece.size
                for each in range(at, at + size, 511):
                    base = each - each % PAGE
                    what = content.get(base)
                    inside = BASE <= each < BASE + 16 * PAGE
                    if isinstance(piece, bytes):
                        assert isinstance(what, bytes)
                        assert piece[each - at] == what[each - base]
                    else:
                        assert piece.why == (
                            {Flag.PARENT: Absence.EARLIER, Flag.LAZY: Absence.LAZY}[what]
                            if isinstance(what, Flag)
                            else Absence.ZERO
                            if inside
                            else Absence.UNMAPPED
                        )
                at += size
            assert at == start + count
