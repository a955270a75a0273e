from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.archive.builders import entry, inner, pax, short, unpacked
from tests.checkpoint.builders import loaded
from tests.data import DATA
from tui.checkpoint import summary
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.reading import load, read


def test_a_real_checkpoint_summed_up() -> None:
    found = load(str(DATA / "web.tar"))
    created, checkpointed = summary.created(found), summary.checkpointed(found)
    assert created
    assert checkpointed
    assert timedelta(seconds=-1) < checkpointed - created < timedelta(minutes=1)
    with unpacked(DATA / "web.tar") as tar:
        pages = tar.getmember("checkpoint/pages-1.img").size
        everything = sum(each.size for each in tar if each.name.startswith("checkpoint/"))
    assert summary.memory_size(found) == pages
    assert summary.checkpoint_size(found) == everything
    assert {entry.name for entry in summary.diff(found)} >= {"etc/motd", "tmp/x", "var/cache/web"}
    assert summary.diff_size(found) == 32
    assert summary.deleted(found) == ("/etc/issue",)
    assert summary.volume_sizes(found) == {"webdata": 6}
    assert summary.podman_version(found) == "5.5"
    assert not summary.needs_previous(found)


def test_nothing_is_known_before_it_is_read() -> None:
    found = next(iter(read(str(DATA / "web.tar"))))
    assert summary.created(found)
    assert summary.checkpointed(found) is None
    assert summary.memory_size(found) == summary.diff_size(found) == 0
    assert summary.deleted(found) == ()


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-24T15:08:29", "2026-11-24"])
def test_a_moment_without_sense_or_zone_is_none(moment: str, tmp_path: Path) -> None:
    assert summary.created(loaded(tmp_path, config={"createdTime": moment})) is None


def test_a_moment_may_have_any_zone(tmp_path: Path) -> None:
    found = loaded(tmp_path, config={"createdTime": "2026-11-24T15:08:29.305778502+01:00"})
    assert str(summary.created(found)) == "2026-11-24 15:08:29.305779+01:00"


def test_of_duplicates_the_last_is_counted(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("checkpoint/pages-1.img", bytes(4096)),
        entry("checkpoint/pages-1.img", bytes(8192)),
        entry("checkpoint/pages-2.img", bytes(4096)),
        entry("checkpoint/core-1.img", bytes(100)),
        entry("pre-checkpoint/pages-1.img", bytes(4096)),
        pax(mtime=b"1700000000") + entry("checkpoint/inventory.img"),
    )
    assert summary.memory_size(found) == 12_288
    assert summary.checkpoint_size(found) == 12_388
    assert summary.checkpointed(found) == datetime.fromtimestamp(1_700_000_000, UTC)


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        (b'["/a", "/b"]', ("/a", "/b")),
        (rb'["\ud800"]', ("\ufffd",)),
        (b'["/a", 7, null]', ("/a",)),
        (b"null", ()),
        (b"{}", ()),
        (b"7", ()),
        (b"[" * 100_000, ()),
        (b"", ()),
    ],
    ids=short,
)
def test_deleted_files_without_sense_are_none(
    raw: bytes, paths: tuple[str, ...], tmp_path: Path
) -> None:
    assert summary.deleted(loaded(tmp_path, entry("deleted.files", raw))) == paths


def test_each_volume_has_its_size(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        entry("volumes/a.b.tar", inner(entry("x", b"12"), entry("y", b"345"))),
        entry("volumes/empty.tar", inner()),
        entry("volumes/notes.txt", b"no tar"),
    )
    assert summary.volume_sizes(found) == {"a.b": 5, "empty": 0}


def test_a_checkpoint_on_top_of_another_needs_it(tmp_path: Path) -> None:
    link = entry("checkpoint/parent", kind=b"2", link=b"../pre-checkpoint")
    assert summary.needs_previous(loaded(tmp_path, link))
    assert not summary.needs_previous(loaded(tmp_path, entry("checkpoint/parent")))


@pytest.mark.parametrize(
    ("keys", "version"),
    [
        (["orderedNetworks", "defaultPause"], "6.0"),
        (["defaultPause", "newNetworks"], "5.5"),
        (["newNetworks"], "4.0"),
        (["secretsPath"], "3.1"),
        (["networks"], ""),
    ],
)
def test_the_keys_tell_the_version_of_podman(keys: list[str], version: str, tmp_path: Path) -> None:
    assert summary.podman_version(loaded(tmp_path, config=dict.fromkeys(keys))) == version


def test_a_configuration_without_sense_has_no_version(tmp_path: Path) -> None:
    found = loaded(tmp_path, config=[])
    assert summary.podman_version(found) == ""
    assert found.config == ContainerConfig()
