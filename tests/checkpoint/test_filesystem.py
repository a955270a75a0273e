"""The files of a checkpoint as one tree, whoever made it."""

from pathlib import Path

import pytest

from tests.archive.builders import PACKERS, entry, inner, saved
from tests.archive.layouts import containerd, crio, tar
from tests.checkpoint.builders import loaded
from tests.data import DATA
from tui.archive.extract import file_bytes
from tui.archive.model import Compression, MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.filesystem import (
    ROOT,
    Fate,
    FileSystem,
    Kind,
    file_systems,
    listing,
    root,
)
from tui.checkpoint.reading import load

IMAGE = ("etc", "etc/motd", "etc/issue", "srv", "srv/a", "srv/a/b", "bin/sh")


def fates(system: FileSystem) -> dict[str, Fate]:
    return {one.path: one.fate for one in system.entries}


def of_containerd(folder: Path, *entries: bytes) -> Checkpoint:
    layer = PACKERS[Compression.GZIP](inner(*entries))
    return load(str(saved(folder, tar(containerd() | {ROOT: layer}))))


def test_a_real_checkpoint_of_podman() -> None:
    checkpoint = load(str(DATA / "web.tar"))
    systems = {(one.kind, one.mountpoint): one for one in file_systems(checkpoint, IMAGE)}
    assert fates(systems[Kind.ROOT, "/"]) == {
        "/etc/issue": Fate.REMOVED,
        "/etc/motd": Fate.CHANGED,
        "/tmp/x": Fate.ADDED,
        "/var/cache": Fate.ADDED,
        "/var/cache/web": Fate.ADDED,
        "/www": Fate.ADDED,
    }
    volume = systems[Kind.VOLUME, "/www"]
    assert (volume.name, volume.size, fates(volume)) == (
        "webdata",
        6,
        {"/www/index.html": Fate.SAVED},
    )
    assert systems[Kind.SHARED_MEMORY, "/dev/shm"].entries == ()
    devices = systems[Kind.TMPFS, "/dev"]
    null = next(one.member for one in devices.entries if one.path == "/dev/null")
    assert null
    assert (null.kind, null.mode, null.owner) == (MemberKind.OTHER, 0o666, (0, 0))


def test_a_file_can_be_read_from_its_entry() -> None:
    checkpoint = load(str(DATA / "web.tar.zst"))
    for system in file_systems(checkpoint):
        for one in system.entries:
            if one.member and one.member.kind is MemberKind.FILE:
                name = one.member.name
                assert len(file_bytes(checkpoint.contents, system.where, name, 99)) == (
                    one.member.size
                )


def test_without_the_image_nobody_knows_what_is_new() -> None:
    found = fates(root(load(str(DATA / "web.tar"))))
    assert found["/etc/motd"] is Fate.WRITTEN
    assert found["/etc/issue"] is Fate.REMOVED


def test_whiteouts_of_containerd_are_deletions(tmp_path: Path) -> None:
    checkpoint = load(str(saved(tmp_path, tar(containerd()))))
    assert fates(root(checkpoint)) == {
        "/etc": Fate.WRITTEN,
        "/etc/hostname": Fate.WRITTEN,
        "/etc/motd": Fate.REMOVED,
    }
    assert root(checkpoint).emptied == ("/srv",)
    assert fates(root(checkpoint, IMAGE)) == {
        "/etc": Fate.CHANGED,
        "/etc/hostname": Fate.ADDED,
        "/etc/motd": Fate.REMOVED,
        "/srv/a": Fate.REMOVED,
    }
    assert root(checkpoint, IMAGE).emptied == ()


def test_what_replaces_a_removed_file_is_not_removed(tmp_path: Path) -> None:
    checkpoint = of_containerd(tmp_path, entry("etc/.wh.motd"), entry("etc/motd", b"new"))
    assert fates(root(checkpoint, IMAGE)) == {"/etc/motd": Fate.CHANGED}


@pytest.mark.parametrize("base", [".wh.", ".wh..", ".wh...", ".wh..wh.aufs", ".wh..wh..opq.x"])
def test_whiteouts_that_remove_nothing_are_files(base: str, tmp_path: Path) -> None:
    checkpoint = of_containerd(tmp_path, entry(f"etc/{base}", b"x"))
    assert fates(root(checkpoint)) == {f"/etc/{base}": Fate.WRITTEN}


def test_a_whiteout_cannot_lead_out_of_the_root(tmp_path: Path) -> None:
    checkpoint = of_containerd(tmp_path, entry("../../.wh.etc"), entry(".wh.bin"))
    assert fates(root(checkpoint)) == {"/bin": Fate.REMOVED, "/etc": Fate.REMOVED}


def test_podmans_files_may_be_called_like_whiteouts(tmp_path: Path) -> None:
    found = loaded(tmp_path, entry(ROOT, inner(entry("etc/.wh.motd", b"x"))))
    assert fates(root(found)) == {"/etc/.wh.motd": Fate.WRITTEN}


def test_cri_o_has_a_list_of_what_was_deleted(tmp_path: Path) -> None:
    found = load(str(saved(tmp_path, tar(crio()))))
    assert fates(root(found)) == {"/etc/hostname": Fate.WRITTEN, "/etc/motd": Fate.REMOVED}


def test_deleted_paths_stay_below_the_root(tmp_path: Path) -> None:
    raw = b'["/a/../../x", "relative", "/", "//y", ""]'
    found = fates(root(loaded(tmp_path, entry("deleted.files", raw))))
    assert found == {"/relative": Fate.REMOVED, "/x": Fate.REMOVED, "/y": Fate.REMOVED}


def test_of_duplicates_the_last_counts(tmp_path: Path) -> None:
    layer = inner(entry("a", b"1"), entry("./a", b"22"), entry("b", kind=b"2", link=b"a"))
    system = root(loaded(tmp_path, entry(ROOT, layer)))
    assert [
        (one.path, one.member.size, one.member.link) for one in system.entries if one.member
    ] == [
        ("/a", 2, ""),
        ("/b", 0, "a"),
    ]
    assert system.size == 2


def test_a_volume_that_the_configuration_does_not_know_has_no_place(tmp_path: Path) -> None:
    found = loaded(tmp_path, entry("volumes/x.tar", inner(entry("f", b"1"))))
    (system,) = file_systems(found)
    assert (system.kind, system.mountpoint, system.name) == (Kind.VOLUME, "", "x")
    assert fates(system) == {"/f": Fate.SAVED}


def test_a_folder_lists_what_stands_in_it(tmp_path: Path) -> None:
    layer = inner(
        entry("etc/a", b"1"),
        entry("etc/b/c", b"22"),
        entry("etc/b/d/e", b"333"),
        entry("etc/b-", b"4"),
        entry("etc", kind=b"5"),
        entry("etcetera", b"5"),
    )
    system = root(loaded(tmp_path, entry(ROOT, layer)))

    def listed(folder: str) -> list[tuple[str, bool, int, int]]:
        return [
            (one.path, one.entry is not None, one.below, one.size)
            for one in listing(system, folder)
        ]

    assert listed("/") == [("/etc", True, 4, 7), ("/etcetera", True, 0, 1)]
    assert listed("/etc") == [
        ("/etc/a", True, 0, 1),
        ("/etc/b", False, 2, 5),
        ("/etc/b-", True, 0, 1),
    ]
    assert listed("/etc/b/d/") == [("/etc/b/d/e", True, 0, 3)]
    assert listed("/nowhere") == []
