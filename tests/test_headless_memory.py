"""What scripts get out of a checkpoint: hits in memory, strings, files and memory saved."""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.archive.builders import PACKERS, checkpoint, entry, inner, saved, short
from tests.criu.builders import entry as raw_entry
from tests.criu.builders import head, image
from tests.criu.memories import MEMFD, PAGE, area, mapped, page, process
from tests.data import DATA
from tests.report.altered import EVIL, harmless
from tui.archive.model import Compression
from tui.cli import main
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic
from tui.criu.memories import Memories
from tui.criu.pagemap import Flag
from tui.criu.patterns import text
from tui.criu.saving import Output
from tui.criu.search import Found, search
from tui.errors import ExitCode

Captured = pytest.CaptureFixture[str]

WEB = str(DATA / "web.tar.zst")
BASE = 0x7FFF_0000_0000_0000
HERE = f"{BASE:x}"

FILES = [
    pb.File(id=1, type=1, reg=pb.RegFile(name=b"tmp/gone" + EVIL.encode())),
    pb.File(id=2, type=2, pipe=pb.Pipe(pipe_id=9)),
    pb.File(id=3, type=18, memfd=pb.MemfdFile(inode_id=1)),
    pb.File(id=4, type=5, usk=pb.UnixSk(ino=5, type=1, state=1)),
    pb.File(id=5, type=1, reg=pb.RegFile(name=b"etc/passwd")),
    pb.File(id=6, type=1, reg=pb.RegFile(name=b"tmp/lost")),
]


def images() -> dict[str, bytes]:
    """Process 7, with something in every place that bytes can be in."""
    memory: dict[int, bytes | Flag] = {
        BASE: page(f"needle {EVIL}".encode(), at=100),
        BASE + PAGE: page("wide".encode("utf-16-le")),
        BASE + 2 * PAGE: Flag.PARENT,
    }
    files = process(7, [area(BASE, 4), area(BASE + 8 * PAGE, 2, MEMFD, shmid=3)], memory)
    files["pagemap-shmem-5"], files["pages-5"] = mapped(5, {0: page(b"needle in a memfd")})
    remaps = [pb.RemapFilePath(orig_id=one, remap_id=one, remap_type=1) for one in (1, 6)]
    queues = head(Magic.SOCKET_QUEUES)
    for packet in (b"one ", b"two"):
        queues += raw_entry(pb.SkPacket(id_for=4, length=len(packet))) + packet
    pipes = head(Magic.PIPES_DATA) + raw_entry(pb.PipeData(pipe_id=9, bytes=4)) + b"pipe"
    core = pb.Core(mtype=1, tc=pb.TaskCore(comm=EVIL.encode()), thread_info=pb.ThreadInfoX86())
    return files | {
        "core-7": image(Magic.CORE, core),
        "fdinfo-7": image(Magic.FDINFO, *(pb.Fdinfo(id=one.id, fd=one.id) for one in FILES)),
        "files": image(Magic.FILES, *FILES),
        "ghost-file-1": image(Magic.GHOST_FILE, pb.GhostFile()) + b"ghost",
        "memfd": image(Magic.MEMFD, pb.MemfdInode(inode_id=1, name=b"m", size=PAGE + 1, shmid=5)),
        "mountpoints-1": image(
            Magic.MOUNTS,
            pb.Mnt(mnt_id=1, fstype=17, mountpoint=b"/"),
            pb.Mnt(mnt_id=2, parent_mnt_id=1, fstype=5, root_dev=48, mountpoint=b"/run"),
        ),
        "pipes-data": pipes,
        "pstree": image(Magic.PSTREE, pb.Pstree(pid=7)),
        "remap-fpath": image(Magic.REMAPS, *remaps),
        "sk-queues": queues,
        "tmpfs-dev-48.tar.gz": PACKERS[Compression.GZIP](inner(entry("x", b"tmp"))),
    }


DIFF = inner(
    entry("etc", kind=b"5"),
    entry("etc/motd", b"hello"),
    entry("etc/deep/er", b"deeper"),
    entry("etc/link", kind=b"2", link=b"/etc/shadow"),
    entry(f"evil{EVIL}", b"evil"),
)


def made(folder: Path, kind: Compression = Compression.NONE, /, **more: bytes) -> str:
    """An archive of all that; of an empty image nothing is left."""
    files = {f"{name}.img": raw for name, raw in images().items()}
    files |= {f"{name.replace('_', '-')}.img": raw for name, raw in more.items()}
    entries = [entry(f"checkpoint/{name}", raw) for name, raw in files.items() if raw]
    entries += [
        entry("ctr.log", b"log"),
        entry("rootfs-diff.tar", DIFF),
        entry("devshm-checkpoint.tar", inner(entry("sem", b"shm"))),
        entry("volumes/data.tar", inner(entry("a/b", b"volume"), entry("c", b"see"))),
    ]
    return str(saved(folder, PACKERS[kind](checkpoint(*entries))))


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return made(tmp_path)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(capsys: Captured, *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    captured = capsys.readouterr()
    assert harmless(captured.out.replace("\t", " "))
    assert harmless(captured.err)
    return status, captured.out, captured.err


def evidence(printed: str) -> dict[str, tuple[str, bytes]]:
    """By place, the path and the content of what was saved; the checksums are right."""
    found = {}
    for line in printed.splitlines():
        sha256, size, path, place, *_ = line.split("\t")
        raw = Path(path).read_bytes()
        assert (hashlib.sha256(raw).hexdigest(), len(raw)) == (sha256, int(size))
        assert Path(path).stat().st_mode & 0o777 == 0o600
        found[place] = path, raw
    return found


# Search


@pytest.mark.parametrize("kind", list(Compression), ids=short)
def test_hits_are_one_a_line(kind: Compression, tmp_path: Path, capsys: Captured) -> None:
    status, printed, _ = run(capsys, "search", made(tmp_path, kind), "needle")
    assert status == ExitCode.OK
    found = {line.split("\t")[2]: line.split("\t") for line in printed.splitlines()}
    pid, name, _, region, around = found[f"{BASE + 100:#x}"]
    assert (pid, region) == ("7", "[anonymous]")
    assert "aGk=" in name
    assert "«needle» ·]52;c;aGk=" in around
    pid, _, _, region, around = found[f"{BASE + 8 * PAGE:#x}"]
    assert (pid, region) == ("7", "/memfd:m")
    assert around.startswith("«needle» in a memfd")


def test_hits_for_scripts(archive: str, capsys: Captured) -> None:
    status, printed, _ = run(capsys, "search", archive, "needle", "--json", "--pid", "7")
    found = [json.loads(line) for line in printed.splitlines()]
    assert status == ExitCode.OK
    assert printed.isascii()
    (hit,) = [one for one in found if one["places"][0]["address"] == f"{BASE + 100:#x}"]
    assert hit["schema"] == 1
    assert hit["places"] == [
        {
            "pid": 7,
            "name": EVIL,
            "address": f"{BASE + 100:#x}",
            "region": "[anonymous]",
            "permissions": "rw-p",
        }
    ]
    assert (bytes.fromhex(hit["match"]), hit["size"], hit["text"]) == (b"needle", 6, "needle")
    assert bytes.fromhex(hit["before"]) == b"\x90" * 32
    assert bytes.fromhex(hit["after"]).startswith(b" \x1b]52")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["NEEDLE"], ExitCode.NOTHING),
        (["NEEDLE", "--ignore-case"], ExitCode.OK),
        (["n[e]{2}dle", "--regex"], ExitCode.OK),
        (["n[e]{2}dle"], ExitCode.NOTHING),
        (["6e 65 ?? 64", "--hex"], ExitCode.OK),
        (["wide"], ExitCode.NOTHING),
        (["wide", "--wide"], ExitCode.OK),
    ],
    ids=str,
)
def test_ways_to_look(archive: str, capsys: Captured, words: list[str], status: ExitCode) -> None:
    found, printed, _ = run(capsys, "search", archive, *words)
    assert found == status
    assert bool(printed) == (status is ExitCode.OK)


def test_what_was_not_looked_through_is_told(archive: str, capsys: Captured) -> None:
    status, printed, said = run(capsys, "search", archive, "nowhere")
    assert (status, printed) == (ExitCode.NOTHING, "")
    assert said == ("not looked through: 4.0 KiB (in the earlier checkpoint, not in this one)\n")


def test_nobody_is_told_that_nothing_is_there_where_the_map_is_damaged(
    tmp_path: Path, capsys: Captured
) -> None:
    path = made(tmp_path, pagemap_7=b"nonsense")
    status, _, said = run(capsys, "search", path, "nowhere")
    assert status == ExitCode.ARCHIVE
    assert "checkpoint/pagemap-7.img: no such image" in said


def test_an_archive_that_is_cut_short_is_looked_through_as_far_as_it_goes(
    tmp_path: Path, capsys: Captured
) -> None:
    path = Path(made(tmp_path))
    path.write_bytes(path.read_bytes()[:-3000])
    status, printed, said = run(capsys, "search", str(path), "needle")
    assert status == ExitCode.ARCHIVE
    assert "«needle»" in printed
    assert "cut off" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "x", "--pid", "9"], "there is no memory of a process 9; there is of 7"),
        (["search", "x", "--pid", "x"], "--pid"),
        (["search", "zz", "--hex"], "no bytes in hexadecimal"),
        (["search", "(", "--regex"], "no regular expression"),
        (["search", ""], "1 to"),
        (["search", "x", "--regex", "--hex"], "not allowed with"),
        (["search", "x", "--regex", "--wide"], "--wide is about text"),
        (["search", "6e", "--hex", "--ignore-case"], "--ignore-case is about letters"),
        (["strings", "-n", "0"], "strings have 1 to"),
        (["strings", "-n", "99999999"], "strings have 1 to"),
        (["extract", "rootfs:/etc"], "--out"),
    ],
    ids=str,
)
def test_wrong_words_are_named(
    archive: str, capsys: Captured, words: list[str], message: str
) -> None:
    status, printed, said = run(capsys, words[0], archive, *words[1:])
    assert (status, printed) == (ExitCode.USAGE, "")
    assert message in said


def test_strings(archive: str, capsys: Captured) -> None:
    status, printed, _ = run(capsys, "strings", archive, "-n", "11")
    assert status == ExitCode.OK
    assert [line.split("\t")[4] for line in printed.splitlines()][-1:] == ["needle in a memfd"]
    status, printed, _ = run(capsys, "strings", archive, "--minimum=4", "--wide", "--json")
    assert [json.loads(line)["text"] for line in printed.splitlines()] == ["wide"]


def test_a_person_is_told_how_far_it_is(
    archive: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["search", archive, "needle"]) == ExitCode.OK
    said = capsys.readouterr().err
    assert said.startswith("\r\x1b[Klooked through: 0 %")
    assert "\r\x1b[Knot looked through" in said


def test_an_interrupt_ends_a_search(
    archive: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(memories: Memories, *more: object) -> Iterator[Found]:
        yield from search(memories, text("needle"))
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.criu.search.search", interrupted)
    status, printed, _ = run(capsys, "search", archive, "needle")
    assert status == ExitCode.INTERRUPTED
    assert len(printed.splitlines()) == 2


# Extract


@pytest.mark.parametrize("kind", list(Compression), ids=short)
def test_everything_can_be_saved(
    kind: Compression, tmp_path: Path, capsys: Captured, out: Path
) -> None:
    places = {
        "rootfs:/etc/motd": b"hello",
        "volume:data/c": b"see",
        "devshm:/sem": b"shm",
        "tmpfs:/run/x": b"tmp",
        "member:ctr.log": b"log",
        "fd:7/1": b"ghost",
        "file:1": b"ghost",
        "fd:7/2": b"pipe",
        "fd:7/3": page(b"needle in a memfd") + b"\0",
        "fd:7/4": b"one two",
        f"memory:7/{BASE + 100:x}-{BASE + 106:x}": b"needle",
        "shared:5": page(b"needle in a memfd"),
    }
    status, printed, said = run(capsys, "extract", made(tmp_path, kind), *places, "--out", str(out))
    assert (status, said) == (ExitCode.OK, "")
    found = evidence(printed)
    assert {place: raw for place, (_, raw) in found.items()} == places
    assert all(out in Path(path).resolve().parents for path, _ in found.values())
    assert out.stat().st_mode & 0o777 == 0o700


def test_a_folder_stands_for_all_files_in_it(archive: str, capsys: Captured, out: Path) -> None:
    words = ("extract", archive, "rootfs:/etc", "volume:data", "--out", str(out))
    status, printed, _ = run(capsys, *words)
    assert status == ExitCode.OK
    names = {line.split("\t")[4] for line in printed.splitlines()}
    assert names == {
        "rootfs-diff.tar: etc/motd",
        "rootfs-diff.tar: etc/deep/er",
        "volumes/data.tar: a/b",
        "volumes/data.tar: c",
    }


def test_a_mapping_and_what_is_absent_in_it(archive: str, capsys: Captured, out: Path) -> None:
    place = f"memory:7/{HERE}"
    status, printed, said = run(capsys, "extract", archive, place, "--out", str(out))
    assert status == ExitCode.OK
    _, raw = evidence(printed)[place]
    assert (len(raw), raw[100:106]) == (4 * PAGE, b"needle")
    assert said == (
        f"{place}: 4.0 KiB of it are zeros in the file:"
        " in the earlier checkpoint, not in this one\n"
    )


def test_a_core(archive: str, capsys: Captured, out: Path) -> None:
    status, printed, _ = run(capsys, "extract", archive, "core:7", "--out", str(out), "--json")
    document = json.loads(printed)
    assert status == ExitCode.OK
    assert printed.isascii()
    assert set(document) == {"schema", "archive", "saved", "failed"}
    assert document["archive"]["sha256"] == hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    (core,) = document["saved"]
    raw = Path(core["path"]).read_bytes()
    assert raw.startswith(b"\x7fELF")
    assert (core["size"], core["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert core["absent"] == {"in the earlier checkpoint, not in this one": PAGE}


def test_nothing_is_written_over(archive: str, capsys: Captured, out: Path) -> None:
    out.mkdir()
    victim = out.parent / "victim"
    (out / "core.7").symlink_to(victim)
    places = ("core:7", "member:ctr.log", "fd:7/2", f"memory:7/{HERE}")
    words = ("extract", archive, *places, "--out", str(out))
    first = evidence(run(capsys, *words)[1])
    second = evidence(run(capsys, *words)[1])
    assert not victim.exists()
    assert Path(first["core:7"][0]).name == "core.7.1"
    assert not {path for path, _ in first.values()} & {path for path, _ in second.values()}
    assert all(Path(path).read_bytes() == raw for path, raw in first.values())


def test_hostile_names_stay_in_the_folder(archive: str, capsys: Captured, out: Path) -> None:
    status, printed, _ = run(capsys, "extract", archive, "rootfs:", "fd:7/1", "--out", str(out))
    assert status == ExitCode.OK
    paths = [line.split("\t")[2] for line in printed.splitlines()]
    assert len(paths) == 4
    assert all(path.isprintable() and out in Path(path).resolve().parents for path in paths)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("/etc/passwd", "a place is a kind, a colon and a name"),
        ("disk:/x", "there is no such kind of place"),
        ("rootfs:/etc/none", "the archive has no such file"),
        ("rootfs:/etc/link", "it is a link to /etc/shadow"),
        ("volume:other/x", "there is no such volume; there is data"),
        ("tmpfs:/tmp/x", "there is no such tmpfs; there is /run"),
        ("member:none", "the archive has no such file"),
        ("fd:9/1", "there is no such process; there is 7"),
        ("fd:7/99", "the process has no such descriptor"),
        ("fd:7", "'' is no number"),
        ("fd:7/5", "the archive has no bytes of it: it is /etc/passwd"),
        ("fd:7/6", "the image with its content cannot be read"),
        ("file:99", "no open file has that ID"),
        ("memory:7", "memory is PID/START-END or PID/START"),
        ("memory:9/0", "there is no such process; there is 7"),
        ("memory:7/10", "nothing is mapped there"),
        ("memory:7/10-20", "nothing is mapped there"),
        (f"memory:7/{HERE}-{HERE}", "a region has from 1 byte to 1.0 TiB"),
        ("memory:7/0-ffffffffffffffff", "a region has from 1 byte to 1.0 TiB"),
        ("shared:9", "the archive has no pages of it"),
        ("core:9", "there is no such process; there is 7"),
        (f"core:{EVIL}", "is no number"),
    ],
    ids=str,
)
def test_a_place_that_is_not_there_is_named_and_nothing_is_saved(
    archive: str, capsys: Captured, out: Path, place: str, message: str
) -> None:
    words = ("extract", archive, "member:ctr.log", place, "--out", str(out))
    status, printed, said = run(capsys, *words)
    assert (status, printed) == (ExitCode.USAGE, "")
    assert message in said
    assert not out.exists()


def test_what_cannot_be_saved_costs_itself_alone(
    tmp_path: Path, capsys: Captured, out: Path
) -> None:
    path = made(tmp_path, core_7=b"nonsense")
    words = ("extract", path, "core:7", f"memory:7/{HERE}", "--out", str(out), "--json")
    status, printed, said = run(capsys, *words)
    document: dict[str, Any] = json.loads(printed)
    assert status == ExitCode.ARCHIVE
    assert [one["place"] for one in document["saved"]] == [f"memory:7/{HERE}"]
    (why,) = document["failed"]
    assert why.startswith("core:7: the registers of process 7 cannot be read")
    assert why in said
    assert [one.name for one in out.iterdir()] == [Path(document["saved"][0]["path"]).name]


def test_an_interrupt_leaves_what_was_saved_and_no_parts(
    archive: str, capsys: Captured, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_out: Output, *_: object) -> Iterator[memoryview]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Output, "copy", interrupted)
    words = ("extract", archive, "member:ctr.log", "core:7", "--out", str(out), "--json")
    status, printed, said = run(capsys, *words)
    document = json.loads(printed)
    assert status == ExitCode.INTERRUPTED
    assert [one["place"] for one in document["saved"]] == ["member:ctr.log"]
    assert document["failed"] == ["interrupted: the rest was not saved"]
    assert "interrupted: the rest was not saved" in said
    assert [one.name for one in out.iterdir()] == ["ctr.log"]


def test_where_nothing_can_be_saved(archive: str, capsys: Captured, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    status, printed, said = run(capsys, "extract", archive, "core:7", "--out", str(taken))
    assert (status, printed) == (ExitCode.ARCHIVE, "")
    assert "nothing can be saved there" in said


# Inspect


@pytest.mark.parametrize("section", ["memory", "processes", "raw", "files"])
@pytest.mark.parametrize("as_json", [True, False])
def test_sections_of_a_hostile_archive(
    archive: str, capsys: Captured, section: str, as_json: bool
) -> None:
    words = ["inspect", archive, "--section", section, *(["--json"] if as_json else [])]
    status, printed, _ = run(capsys, *words)
    assert status == ExitCode.OK
    assert (EVIL.encode().hex(" ") if section == "raw" else "aGk=") in printed


@pytest.mark.parametrize("name", sorted(name for name in images() if ".tar" not in name))
@pytest.mark.parametrize("raw", [b"", b"nonsense"], ids=["missing", "damaged"])
def test_an_image_that_is_broken_leaves_the_rest(
    name: str, raw: bytes, tmp_path: Path, capsys: Captured
) -> None:
    path = made(tmp_path, **{name.replace("-", "_"): raw})
    status, printed, _ = run(capsys, "inspect", path, "--json")
    document = json.loads(printed)
    assert status == ExitCode.OK
    assert {"memory", "processes", "files", "filesystem", "findings"} <= document.keys()
    assert run(capsys, "inspect", path, "--section", "memory", "--section", "raw")[0] == ExitCode.OK


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--image", "core-7.img"], "say --section raw, too"),
        (["--section", "raw", "--image", "core-8.img"], "there is no image 'core-8.img'"),
    ],
    ids=str,
)
def test_images_that_cannot_be_meant(
    archive: str, capsys: Captured, words: list[str], message: str
) -> None:
    status, printed, said = run(capsys, "inspect", archive, *words)
    assert (status, printed) == (ExitCode.USAGE, "")
    assert message in said


def test_one_image_alone(archive: str, capsys: Captured) -> None:
    words = ("inspect", archive, "--section", "raw", "--image", "pstree.img", "--json")
    status, printed, _ = run(capsys, *words)
    (one,) = json.loads(printed)["raw"]
    assert (status, one["entries"][0]["fields"]) == (ExitCode.OK, {"pid": 7})
