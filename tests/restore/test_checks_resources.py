from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.restore.facts import NOBODY_KNOWS, PODMAN, archive, host, look
from tui.archive.model import Member, MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import HostFacts, Known
from tui.restore.conflict import Location, Severity

WEB = archive("web")
RUNC = archive("runc")
STORAGE = "/var/lib/containers/storage"
GIB = 1 << 30


def large(sizes: dict[str, int]) -> Checkpoint:
    """The web archive with members of these sizes."""
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    contents = WEB.contents
    members = tuple(
        Member(name, MemberKind.FILE, count, 0o600, moment) for name, count in sizes.items()
    )
    return replace(WEB, contents=replace(contents, members=contents.members + members))


def space(free: dict[str, int]) -> HostFacts:
    facts = {STORAGE: 100 * GIB, "/var/tmp": 100 * GIB} | free
    return replace(host(), space=Known(facts))


@pytest.mark.parametrize(
    ("free", "volumes", "blocked"),
    [(0, [], True), (1, [], True), (2, [], False), (1, ["webdata"], False), (None, [], False)],
)
def test_locks(free: int | None, volumes: list[str], blocked: bool) -> None:
    facts = host(podman=replace(PODMAN, free_locks=free), volumes=volumes)
    found = look("locks-exhausted", WEB, facts)
    assert [one.severity for one in found] == [Severity.BLOCKER] * blocked
    if blocked:
        assert found[0].where == (Location("host", "/podman/free_locks"),)


def test_an_unknown_number_of_locks_is_left_to_podman() -> None:
    assert look("locks-exhausted", WEB, host(podman=NOBODY_KNOWS)) == ()
    one = host(podman=replace(PODMAN, free_locks=1), volumes=NOBODY_KNOWS)
    assert look("locks-exhausted", WEB, one) == ()


def test_a_disk_that_is_large_enough() -> None:
    assert look("disk-space", WEB, host()) == ()


def test_the_storage_is_too_small() -> None:
    (conflict,) = look("disk-space", large({"checkpoint/pages-9.img": 9 * GIB}), host())
    assert conflict.severity is Severity.WARNING
    assert conflict.subject == STORAGE
    assert conflict.where == (Location("host", f"/space/{STORAGE.replace('/', '~1')}"),)
    assert conflict.evidence.host == "8.0 GiB free"


def test_volumes_and_the_root_file_system_are_there_twice() -> None:
    checkpoint = large({"volumes/webdata.tar": 3 * GIB, "rootfs-diff.tar": 2 * GIB})
    nearly = space({STORAGE: 9 * GIB})
    (conflict,) = look("disk-space", checkpoint, nearly)
    assert "10.0 GiB are needed" in conflict.title
    assert look("disk-space", checkpoint, nearly, ignore_volumes=True) == ()
    assert look("disk-space", checkpoint, nearly, ignore_rootfs=True) == ()


def test_volumes_may_have_a_disk_of_their_own() -> None:
    checkpoint = large({"volumes/webdata.tar": 3 * GIB})
    facts = replace(
        space({STORAGE: 4 * GIB, "/volumes": 2 * GIB}),
        podman=Known(replace(PODMAN, volume_path="/volumes")),
    )
    (conflict,) = look("disk-space", checkpoint, facts)
    assert conflict.subject == "/volumes"


def test_shared_memory_goes_to_the_temporary_folder_first() -> None:
    checkpoint = large({"devshm-checkpoint.tar": 2 * GIB})
    (conflict,) = look("disk-space", checkpoint, space({"/var/tmp": GIB}))
    assert conflict.subject == "/var/tmp"


def test_memory() -> None:
    pages = {"checkpoint/pages-8.img": 5 * GIB, "checkpoint/pages-9.img": 4 * GIB}
    (conflict,) = look("memory", large(pages), host())
    assert conflict.severity is Severity.WARNING
    assert conflict.title == "9.0 GiB of memory are needed, and 8.0 GiB are available"
    assert look("memory", WEB, host()) == ()


@pytest.mark.parametrize(
    ("images", "available", "severity"),
    [
        (7, 8, None),
        (8, 8, Severity.NOTE),
        (24, 8, Severity.WARNING),
        (8, 17, None),
        (24, 49, Severity.NOTE),
        (24, 47, Severity.WARNING),
        (24, None, Severity.WARNING),
    ],
)
def test_podman_does_not_wait_for_ever(
    images: int, available: int | None, severity: Severity | None
) -> None:
    """Sizes in GB, as people give the speed of disks."""
    checkpoint = large({"checkpoint/pages-9.img": images * 10**9, "rootfs-diff.tar": 99 * GIB})
    known = NOBODY_KNOWS if available is None else Known(available * 10**9)
    found = look("restore-timeout", checkpoint, replace(host(), memory=known))
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_how_fast_the_disk_must_be() -> None:
    checkpoint = large({"checkpoint/pages-8.img": 12 * GIB, "checkpoint/pages-9.img": 18 * GIB})
    (conflict,) = look("restore-timeout", checkpoint, host())
    assert conflict.title == "CRIU has 240 s to read 30.0 GiB"
    assert conflict.detail == (
        "The disk has to give 134 MB/s, or Podman gives up; no option changes that. "
        "More free memory helps, or a faster disk for Podman's storage."
    )
    assert conflict.evidence.host == "8.0 GiB of memory available"
    assert conflict.where == (Location("host", "/memory"),)
    (cached,) = look("restore-timeout", checkpoint, replace(host(), memory=Known(64 * GIB)))
    assert "memory enough" in cached.detail


@pytest.mark.parametrize(("code", "fact"), [("disk-space", "space"), ("memory", "memory")])
def test_what_nobody_knows_matters_to_large_archives(code: str, fact: str) -> None:
    facts = replace(host(), **{fact: NOBODY_KNOWS})  # type: ignore[arg-type]
    (conflict,) = look(code, large({"checkpoint/pages-9.img": GIB}), facts)
    assert conflict.severity is Severity.UNCHECKED
    assert look(code, WEB, facts) == ()


@pytest.mark.parametrize("code", ["disk-space", "memory", "restore-timeout"])
def test_sizes_are_known_when_all_is_read(code: str) -> None:
    checkpoint = large({"checkpoint/pages-9.img": 9 * GIB})
    assert look(code, checkpoint, host())
    reading = replace(checkpoint, contents=replace(checkpoint.contents, finished=False))
    assert look(code, reading, host()) == ()
