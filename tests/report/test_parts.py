"""The files, logs and figures of a checkpoint, as they are printed."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archive.builders import entry, inner, saved
from tests.archive.layouts import PODMAN_NAME, containerd, crio, image, images, tar
from tests.checkpoint.builders import loaded
from tests.data import DATA
from tui.archive.digest import member_digests
from tui.archive.extract import file_bytes
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import file_systems, listing
from tui.checkpoint.reading import load
from tui.errors import ArchiveError
from tui.report.document import SECTIONS, dumps, inspect_document
from tui.report.parts import digests_document
from tui.report.parts_text import bar, digests_lines
from tui.report.text import inspect_text

EVIL = "\x1b[2J\u202e"
LAYOUTS = {
    "containerd": tar(containerd()),
    "cri-o": tar(crio()),
    "images": gzip.compress(tar(images())),
    "image": tar(image(gzip.compress((DATA / "web.tar").read_bytes()), of_manifest=PODMAN_NAME)),
}

STAMP = "2026-11-24T15:08:29Z"


def section(checkpoint: Checkpoint, name: str, *, reveal: bool = False) -> Any:
    document = inspect_document(checkpoint, sha256="", sections=[name], reveal=reveal)
    return json.loads(dumps(document))[name]


def printed(checkpoint: Checkpoint, name: str, *, reveal: bool = False) -> list[str]:
    return inspect_text(checkpoint, sections=[name], reveal=reveal).splitlines()


def test_the_files() -> None:
    web = load(str(DATA / "web.tar"))
    root, *_ = section(web, "filesystem")
    assert (root["kind"], root["mountpoint"], root["where"]) == ("root", "/", "rootfs-diff.tar")
    entries = {one["path"]: one for one in root["entries"]}
    assert entries["/etc/issue"] == {"path": "/etc/issue", "fate": "removed"}
    assert entries["/etc/motd"].keys() == {
        *("path", "fate", "kind", "mode", "owner", "size", "mtime", "link")
    }
    assert (entries["/etc/motd"]["mode"], entries["/etc/motd"]["owner"]) == ("0644", [0, 0])
    lines = printed(web, "filesystem")
    assert lines[0] == "root at /: 6 names, 32 Bytes, in rootfs-diff.tar"
    (issue,) = [line.split() for line in lines if "/etc/issue" in line]
    assert issue == ["removed", "/etc/issue"]
    assert any(line.startswith("volume webdata at /www: 1 name, 6 Bytes") for line in lines)


def test_files_without_an_image_and_without_anything(tmp_path: Path) -> None:
    files = load(str(saved(tmp_path, tar(containerd()))))
    assert "  removed  all of the image in /srv" in printed(files, "filesystem")
    nothing = loaded(tmp_path)
    for name in ("filesystem", "logs", "stats"):
        assert printed(nothing, name) == ["none"]
    assert (section(nothing, "filesystem"), section(nothing, "logs")) == ([], [])


def test_logs_hide_what_the_environment_hides(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("ctr.log", f"{STAMP} stdout F TOKEN=s3cr3t ok\n".encode()),
        spec={"process": {"env": ["TOKEN=s3cr3t"]}},
    )
    assert printed(found, "logs")[1] == f"  {STAMP} stdout TOKEN=•••••• ok"
    assert section(found, "logs")[0]["lines"][0]["text"] == "TOKEN=•••••• ok"
    assert "TOKEN=s3cr3t ok" in printed(found, "logs", reveal=True)[1]
    assert section(found, "logs", reveal=True)[0]["lines"][0]["text"] == "TOKEN=s3cr3t ok"


def test_figures_have_units() -> None:
    web = load(str(DATA / "web.tar"))
    figures = {one["name"]: one for one in section(web, "stats")["figures"]}
    assert figures["frozen_time"]["unit"] == "µs"
    lines = printed(web, "stats")
    milliseconds = figures["frozen_time"]["value"] / 1000
    assert any(line.endswith(f"  {milliseconds:,.3f} ms") for line in lines)
    assert any(line.endswith(f"  {figures['pages_written']['value']} pages") for line in lines)


def test_sizes_are_bars_and_add_up() -> None:
    web = load(str(DATA / "web.tar.zst"))
    found = section(web, "sizes")
    assert found["total"] == sum(part["size"] for part in found["parts"])
    assert found["archive"] == (DATA / "web.tar.zst").stat().st_size
    first, *_, total, archive = printed(web, "sizes")
    assert first.startswith("memory  ")
    assert first.endswith("█" * 30)
    assert total.startswith("all together")
    assert archive.startswith("the archive")


def test_even_the_smallest_bar_is_seen() -> None:
    assert [bar(share) for share in (0, 0.0001, 1)] == ["", "█", "█" * 30]


def test_checksums_can_be_checked(tmp_path: Path) -> None:
    checkpoint = load(str(saved(tmp_path, tar({"a\nb": b"x", **containerd()}))))
    found = member_digests(checkpoint.contents)
    document = digests_document(found)
    assert document["archive"] == found.archive
    assert len(document["members"]) == len(containerd()) + 1
    lines = digests_lines(found)
    assert lines[0] == f"the archive itself: {found.archive}"
    assert lines[1].endswith("  a␊b")


def test_nothing_that_a_terminal_acts_on_is_printed(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("rootfs-diff.tar", inner(entry(EVIL, kind=b"2", link=EVIL.encode()))),
        entry(f"volumes/{EVIL}.tar", inner(entry("x", b"1"))),
        entry("ctr.log", f"{EVIL}\n".encode()),
        entry("deleted.files", json.dumps([EVIL]).encode()),
        entry("stats-dump", EVIL.encode()),
    )
    for name in ("filesystem", "logs", "stats", "sizes"):
        text = "\n".join(printed(found, name))
        assert "\x1b" not in text
        assert "\u202e" not in text


@settings(deadline=None, max_examples=60)
@given(data=st.data(), layout=st.sampled_from(sorted(LAYOUTS)))
def test_whatever_is_wrong_with_an_archive_is_told_and_never_raised(
    data: st.DataObject, layout: str
) -> None:
    raw = bytearray(LAYOUTS[layout])
    for at, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255)), max_size=9)
    ):
        raw[at] = value
    end = data.draw(st.integers(len(raw) // 2, len(raw)))
    with TemporaryDirectory() as folder:
        path = saved(Path(folder), bytes(raw[:end]))
        try:
            found = load(str(path))
        except ArchiveError:
            return
        assert dumps(inspect_document(found, sha256=""))
        assert inspect_text(found)
        assert inspect_text(found, sections=SECTIONS)
        for system in file_systems(found):
            for one in listing(system, "/"):
                if one.entry and one.entry.member:
                    with suppress(ArchiveError):
                        file_bytes(found.contents, system.where, one.entry.member.name, 100)
        with suppress(ArchiveError):
            member_digests(found.contents)
