"""Memory, what processes were started with, and raw images, as they are printed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.archive.builders import PACKERS, checkpoint, entry, saved
from tests.criu.builders import image
from tests.criu.memories import PAGE, SHARED, area, mapped, page, process
from tests.data import DATA
from tui.archive import limits
from tui.archive.model import Compression
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic
from tui.criu.pagemap import Flag
from tui.report.document import SECTIONS, dumps, inspect_document
from tui.report.text import inspect_text

BASE = 0x7FFF_0000_0000_0000
EVIL = "\x1b[2J\u202e"
ARGUMENTS = f"httpd\0TOKEN=s3cr3t\0{EVIL}\0".encode()
VARIABLES = b"TOKEN=s3cr3t\0left of a s3cr3t\0"
WEB = str(DATA / "web.tar.zst")


def made(kind: Compression = Compression.NONE, /, **more: bytes) -> bytes:
    """Process 7 with its words in memory, process 8 with what is nowhere, process 9 with none."""
    raw = ARGUMENTS + VARIABLES
    files = {
        "pstree": image(Magic.PSTREE, *(pb.Pstree(pid=pid) for pid in (7, 8, 9))),
        "core-7": image(Magic.CORE, pb.Core(tc=pb.TaskCore(comm=EVIL.encode()))),
        **process(
            7,
            [area(BASE, 4), area(BASE + 8 * PAGE, 2, SHARED, shmid=5)],
            {BASE: page(raw, at=0), BASE + PAGE: Flag.PARENT, BASE + 2 * PAGE: Flag.LAZY},
            mm_arg_start=BASE,
            mm_arg_end=BASE + len(ARGUMENTS),
            mm_env_start=BASE + len(ARGUMENTS),
            mm_env_end=BASE + len(raw),
        ),
        **process(8, [area(BASE, 1)], {BASE: Flag.PARENT}, mm_arg_start=BASE, mm_arg_end=BASE + 9),
    }
    files["pagemap-shmem-5"], files["pages-5"] = mapped(5, {0: page(b"shared")})
    files |= {name.replace("_", "-"): one for name, one in more.items()}
    spec = b'{"process": {"args": ["sh"], "env": ["TOKEN=s3cr3t"]}}'
    entries = (entry(f"checkpoint/{name}.img", one) for name, one in files.items())
    return PACKERS[kind](checkpoint(*entries, spec=spec))


def opened(folder: Path, **more: bytes) -> Checkpoint:
    return load(str(saved(folder, made(Compression.NONE, **more))))


def section(found: Checkpoint, name: str, **options: Any) -> Any:
    document = inspect_document(found, sha256="", sections=[name], **options)
    return json.loads(dumps(document))[name]


def printed(found: Checkpoint, name: str, **options: Any) -> list[str]:
    return inspect_text(found, sections=[name], **options).splitlines()


def test_the_map_of_each_process(tmp_path: Path) -> None:
    found = opened(tmp_path)
    document = section(found, "memory")
    assert (document["page"], document["stored"]) == (PAGE, 2 * PAGE)
    seven, eight = document["processes"]
    assert (seven["pid"], seven["name"]) == (7, EVIL)
    assert seven["totals"] == {
        "mapped": 6 * PAGE,
        "stored": 2 * PAGE,
        "shared": 2 * PAGE,
        "file": 0,
        "earlier": PAGE,
        "lazy": PAGE,
        "zero": 2 * PAGE,
        "other": 0,
    }
    first, second = seven["map"]
    assert (first["start"], first["end"]) == ("0x7fff000000000000", "0x7fff000000004000")
    assert (first["permissions"], first["kind"], first["stored"]) == ("rw-p", "anonymous", PAGE)
    assert (second["kind"], second["object"], second["stored"]) == ("shared memory", 5, PAGE)
    assert eight["totals"]["earlier"] == PAGE
    assert [(one["object"], one["stored"]) for one in document["objects"]] == [(5, PAGE)]


def test_the_map_for_people(tmp_path: Path) -> None:
    lines = printed(opened(tmp_path), "memory")
    assert lines[1].split()[:6] == ["7", "␛[2J<U+202E>", "24.0", "KiB", "8.0", "KiB"]
    assert "7 ␛[2J<U+202E>" in lines
    assert "  7fff000000000000-7fff000000004000  rw-p  16.0 KiB  4.0 KiB  [anonymous]" in lines
    assert lines[lines.index("shared memory") + 1] == "  5  4.0 KiB  4.0 KiB  [shared memory]"


def test_a_process_that_has_no_mappings(tmp_path: Path) -> None:
    nothing = process(7, [], {})
    found = opened(tmp_path, mm_7=nothing["mm-7"])
    assert section(found, "memory")["processes"][0]["map"] == []
    assert "7 ␛[2J<U+202E>" in printed(found, "memory")


def test_a_damaged_map_costs_itself_alone(tmp_path: Path) -> None:
    found = opened(tmp_path, pagemap_8=b"nonsense", mm_8=b"nonsense")
    document = section(found, "memory")
    assert document["processes"][0]["totals"]["stored"] == 2 * PAGE
    problem = "checkpoint/pagemap-8.img: no such image: it begins with 6e6f6e73 656e7365"
    assert f"{problem} (at byte 0)" in printed(found, "memory")
    assert {one["member"] for one in document["problems"]} == {
        "checkpoint/mm-8.img",
        "checkpoint/pagemap-8.img",
    }


def test_what_processes_were_started_with(tmp_path: Path) -> None:
    document = section(opened(tmp_path), "processes")
    masked = ["TOKEN=••••••", "••••••"]
    assert document["configured"] == {"arguments": ["sh"], "environment": masked[:1]}
    seven, eight, nine = document["processes"]
    assert seven["arguments"] == ["httpd", "TOKEN=••••••", EVIL]
    assert seven["environment"] == masked
    assert (eight["arguments"], nine["environment"]) == (None, None)
    assert document["problems"] == [
        {
            "member": f"checkpoint/core-{pid}.img",
            "offset": None,
            "message": "missing: CRIU writes one in every checkpoint",
        }
        for pid in (8, 9)
    ]


def test_what_processes_were_started_with_for_people(tmp_path: Path) -> None:
    lines = printed(opened(tmp_path), "processes")
    at = lines.index("as it was configured")
    assert lines[at + 1 : at + 3] == ["  command line  sh", "  environment   TOKEN=••••••"]
    at = lines.index("7 ␛[2J<U+202E>")
    assert lines[at + 1 : at + 4] == [
        "  command line  httpd 'TOKEN=••••••' '␛[2J<U+202E>'",
        "  environment   TOKEN=••••••",
        "                ••••••",
    ]
    at = lines.index("8")
    assert lines[at + 1] == "  command line  not in the archive"
    assert lines[lines.index("9") + 1] == "  memory: not in the archive"


@pytest.mark.parametrize("kind", list(Compression))
def test_values_are_shown_when_asked_for(kind: Compression, tmp_path: Path) -> None:
    found = load(str(saved(tmp_path, made(kind))))
    seven, *_ = section(found, "processes", reveal=True)["processes"]
    assert seven["environment"] == ["TOKEN=s3cr3t", "left of a s3cr3t"]
    assert "s3cr3t" in "\n".join(printed(found, "processes", reveal=True))
    for masked in (printed(found, "processes"), dumps(section(found, "processes"))):
        assert "s3cr3t" not in "\n".join(masked)


def test_an_archive_that_is_gone_costs_the_words_alone(tmp_path: Path) -> None:
    found = opened(tmp_path)
    Path(found.contents.path).unlink()
    told = "command lines and environments cannot be read: "
    document = section(found, "processes")
    assert document["problems"][-1]["message"].startswith(told)
    assert [one["pid"] for one in document["processes"]] == [7, 8, 9]
    assert any(line.startswith(told) for line in printed(found, "processes"))


def test_raw_images_are_printed_only_when_asked_for(tmp_path: Path) -> None:
    assert "raw" not in SECTIONS
    images = {one["image"]: one for one in section(load(WEB), "raw")}
    assert images["inventory.img"]["entries"][0]["message"] == "Inventory"
    assert images["stats-dump"]["entries"][0]["message"] == "Stats"
    assert images["pages-1.img"]["problem"].startswith("not made of entries")


def test_one_raw_image(tmp_path: Path) -> None:
    found = opened(tmp_path, core_8=b"nonsense")
    (core,) = section(found, "raw", images=["core-7.img"])
    assert core["entries"][0]["fields"] == {
        "tc": {"comm": core["entries"][0]["fields"]["tc"]["comm"]}
    }
    (broken,) = section(found, "raw", images=["core-8.img"])
    assert "no such image" in broken["entries"][0]["problem"]
    lines = printed(found, "raw", images=["core-7.img"])
    assert lines[0].startswith("core-7.img: ")
    assert all(line.isprintable() for line in lines)


def test_an_image_that_was_not_kept_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = section(opened(tmp_path), "raw", images=["mm-7.img"])
    monkeypatch.setattr(limits, "KEPT_MEMBER", 100)
    monkeypatch.setattr(limits, "KEPT_IMAGE", 100)
    for kind in (Compression.NONE, Compression.ZSTD):
        found = load(str(saved(tmp_path, made(kind))))
        assert "checkpoint/mm-7.img" not in found.contents.files
        assert section(found, "raw", images=["mm-7.img"]) == whole


def test_of_very_much_the_rest_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.report.raw.TOTAL", 10)
    images = section(load(WEB), "raw")
    assert "ask for it alone" in images[-1]["problem"]
    assert any(one["entries"] for one in images)


def test_a_pre_checkpoint_has_a_map(tmp_path: Path) -> None:
    pages: Mapping[str, bytes] = process(7, [], {BASE: page(b"x")})
    entries = [
        entry(f"pre-checkpoint/{name}.img", pages[name]) for name in ("pagemap-7", "pages-7")
    ]
    found = load(str(saved(tmp_path, checkpoint(entry("pre-checkpoint", kind=b"5"), *entries))))
    (seven,) = section(found, "memory")["processes"]
    assert (seven["pid"], seven["totals"]["stored"]) == (7, PAGE)
    assert printed(found, "processes")[0] == "none"
