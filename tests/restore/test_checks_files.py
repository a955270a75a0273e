import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.restore.facts import IMAGE_FILES, NOBODY_KNOWS, altered, archive, host, look, podman
from tui.archive.model import Member, MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.criu.state import CriuState, Mount, RegularFile
from tui.host.facts import HostFacts, ImageFile, Known
from tui.restore.conflict import Conflict, Severity

DELETED = archive("deleted")

ROOT, VOLUME = 1, 2

MOUNTS = (
    Mount(ROOT, "/", ""),
    Mount(VOLUME, "/data", "/data"),
)

BUSYBOX = RegularFile("/bin/busybox", 2063232, 0o100755, False, ROOT)


def opened(
    path: str,
    size: int | None = 20,
    mode: int | None = 0o100644,
    *,
    ghost: bool = False,
    mount: int = ROOT,
) -> RegularFile:
    return RegularFile(path, size, mode, ghost, mount)


def changed(
    path: str,
    size: int = 0,
    mode: int = 0o644,
    kind: MemberKind = MemberKind.FILE,
    link: str = "",
) -> Member:
    return Member(path, kind, size, mode, datetime(2026, 5, 1, tzinfo=UTC), link)


def checkpoint(
    *files: RegularFile, changes: Iterable[Member] = (), deleted: Iterable[str] = ()
) -> Checkpoint:
    """A container that had these files open, and had changed and deleted those."""
    base = archive("web")
    contents = replace(
        base.contents,
        nested={"rootfs-diff.tar": tuple(changes)},
        files={**base.contents.files, "deleted.files": json.dumps(list(deleted)).encode()},
    )
    return replace(base, contents=contents, criu=CriuState(files=files, mounts=MOUNTS))


def image(**files: ImageFile) -> HostFacts:
    """A host whose image has these files too; `__` stands for a slash."""
    more = {path.replace("__", "/"): file for path, file in files.items()}
    return replace(host(), image_files=Known({**IMAGE_FILES, **more}))


def link(target: str) -> ImageFile:
    return ImageFile("symlink", 0o777, len(target), target)


def only(found: tuple[Conflict, ...]) -> Conflict:
    (conflict,) = found
    return conflict


def test_a_deleted_link_takes_the_program_along_that_runs() -> None:
    conflict = only(look("deleted-symlink", DELETED, host()))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "Restoring deletes /bin/busybox"
    assert "Can't open file bin/busybox on restore." in conflict.detail
    assert conflict.subject == "/bin/seq"
    assert conflict.evidence.host == "the image: /bin/seq leads to /bin/busybox"
    assert [remedy.options for remedy in conflict.remedies] == [{"ignore_rootfs": True}]


def test_the_same_is_not_said_twice() -> None:
    assert look("file-differs", DELETED, host()) == ()


def test_without_the_containers_changes_nothing_is_deleted() -> None:
    assert look("deleted-symlink", DELETED, host(), ignore_rootfs=True) == ()


def test_podman_before_5_8_2_deletes_the_link_itself() -> None:
    assert look("deleted-symlink", DELETED, host(podman=podman(5, 8, 1))) == ()


def test_what_no_process_uses_is_a_warning() -> None:
    gone = checkpoint(BUSYBOX, deleted=["/etc/hint"])
    conflict = only(look("deleted-symlink", gone, image(etc__hint=link("issue"))))
    assert conflict.severity is Severity.WARNING
    assert conflict.title == "Restoring deletes /etc/issue"


@pytest.mark.parametrize(
    "target", ["/bin/busybox", "../bin/busybox", "../../../bin/busybox", "/usr/./../bin//busybox"]
)
def test_links_never_lead_out_of_the_image(target: str) -> None:
    gone = checkpoint(BUSYBOX, deleted=["/etc/shell"])
    conflict = only(look("deleted-symlink", gone, image(etc__shell=link(target))))
    assert conflict.title == "Restoring deletes /bin/busybox"


def test_a_link_to_a_folder_takes_all_of_it() -> None:
    gone = checkpoint(BUSYBOX, deleted=["/sbin"])
    conflict = only(look("deleted-symlink", gone, image(sbin=link("bin"))))
    assert conflict.title == "Restoring deletes /bin"
    assert conflict.severity is Severity.BLOCKER


def test_a_path_behind_a_link() -> None:
    gone = checkpoint(BUSYBOX, deleted=["/sbin/busybox"])
    assert only(look("deleted-symlink", gone, image(sbin=link("bin")))).subject == "/sbin/busybox"


def test_of_many_links_to_one_file_the_first_takes_it() -> None:
    gone = checkpoint(BUSYBOX, deleted=["/bin/a", "/bin/b"])
    facts = image(bin__a=link("busybox"), bin__b=link("a"))
    assert only(look("deleted-symlink", gone, facts)).subject == "/bin/a"


@pytest.mark.parametrize("deleted", [["/bin/busybox", "/bin/seq"], ["/bin/seq", "/bin"]])
def test_a_target_that_was_deleted_as_well_is_no_loss(deleted: list[str]) -> None:
    assert look("deleted-symlink", checkpoint(deleted=deleted), host()) == ()


def test_links_in_circles_and_into_nothing_lead_nowhere() -> None:
    gone = checkpoint(BUSYBOX, deleted=["/a", "/c", "/nothing/at/all", "/etc/motd"])
    facts = image(a=link("b"), b=link("a"), c=link("gone"))
    assert look("deleted-symlink", gone, facts) == ()


def test_a_link_that_the_container_had_replaced_is_looked_at_as_it_will_be() -> None:
    replaced = checkpoint(
        BUSYBOX,
        changes=[changed("bin/seq", kind=MemberKind.SYMLINK, link="/etc/motd")],
        deleted=["/bin/seq"],
    )
    assert only(look("deleted-symlink", replaced, host())).title == "Restoring deletes /etc/motd"


def test_files_that_are_as_they_were() -> None:
    same = checkpoint(
        BUSYBOX,
        opened("/", None, 0o40555),
        opened("/etc", None, 0o40755),
        opened("/etc/motd", 8),
        opened("/etc/issue", None, None),
        opened("/var/log/new", 3, 0o100600),
        changes=[changed("etc/motd", 8), changed("var/log/new", 3, 0o600)],
    )
    assert look("file-differs", same, host()) == ()


@pytest.mark.parametrize(
    ("file", "title", "log"),
    [
        (
            opened("/etc/motd", 9),
            "/etc/motd will have another size",
            "File etc/motd has bad size 20 (expect 9)",
        ),
        (
            opened("/etc/motd", 20, 0o100600),
            "/etc/motd will have another mode",
            "File etc/motd has bad mode 0100644 (expect 0100600)",
        ),
        (
            opened("/etc", None, 0o40700),
            "/etc will have another mode",
            "File etc has bad mode 040755 (expect 040700)",
        ),
        (
            opened("/srv/x"),
            "/srv/x will be missing",
            "Can't open file srv/x on restore: No such file",
        ),
    ],
)
def test_files_that_differ(file: RegularFile, title: str, log: str) -> None:
    conflict = only(look("file-differs", checkpoint(BUSYBOX, file), host()))
    assert conflict.severity is Severity.BLOCKER
    assert (conflict.title, conflict.subject) == (title, file.path)
    assert log in conflict.detail
    assert conflict.remedies == ()


def test_what_the_container_changed_is_missed_without_its_changes() -> None:
    changes = [changed("etc/motd", 8), changed("var/new", 3)]
    both = checkpoint(opened("/etc/motd", 8), opened("/var/new", 3), changes=changes)
    first, second = look("file-differs", both, host(), ignore_rootfs=True)
    assert (first.subject, second.subject) == ("/etc/motd", "/var/new")
    for conflict in (first, second):
        assert [remedy.options for remedy in conflict.remedies] == [{"ignore_rootfs": False}]
    assert look("file-differs", both, host()) == ()


def test_what_the_changes_break_is_kept_without_them() -> None:
    broken = checkpoint(opened("/etc/motd", 20), changes=[changed("etc/motd", 8)])
    conflict = only(look("file-differs", broken, host()))
    assert [remedy.options for remedy in conflict.remedies] == [{"ignore_rootfs": True}]


def test_a_folder_that_is_deleted_last_takes_what_is_new_in_it() -> None:
    emptied = checkpoint(opened("/etc/new", 3), changes=[changed("etc/new", 3)], deleted=["/etc"])
    assert only(look("file-differs", emptied, host())).title == "/etc/new will be missing"


def test_a_file_in_the_place_of_a_folder_hides_it() -> None:
    hidden = checkpoint(opened("/etc/motd"), changes=[changed("etc", 3)])
    assert only(look("file-differs", hidden, host())).title == "/etc/motd will be missing"


def test_a_hard_link_is_the_file_that_it_leads_to() -> None:
    changes = [
        changed("var/a", 8, 0o600),
        changed("var/b", kind=MemberKind.HARDLINK, link="var/a"),
        changed("var/c", kind=MemberKind.HARDLINK, link="etc/motd"),
    ]
    linked = checkpoint(
        opened("/var/b", 8, 0o100600), opened("/var/c", 20, 0o100644), changes=changes
    )
    assert look("file-differs", linked, host()) == ()


def test_files_of_other_mounts_and_deleted_ones_are_not_compared() -> None:
    elsewhere = checkpoint(
        opened("/data/x", mount=VOLUME), opened("/tmp/x", ghost=True), opened("/y", mount=99)
    )
    assert look("file-differs", elsewhere, host()) == ()


def test_the_working_folder_is_made_by_podman() -> None:
    base = checkpoint(opened("/srv/app", None, 0o40755))
    there = altered(base, spec={"process": {"cwd": "/srv/app"}})
    assert look("file-differs", base, host()) != ()
    assert look("file-differs", there, host()) == ()


def test_ten_files_are_named_and_the_others_counted() -> None:
    many = checkpoint(*(opened(f"/new/{number}") for number in range(13)))
    found = look("file-differs", many, host())
    assert len(found) == 11
    assert found[-1].title == "3 more files will not be the same"
    assert found[-1].evidence.archive == "/new/10, /new/11, /new/12"


def test_an_image_that_nobody_could_look_into_leaves_it_open() -> None:
    blind = replace(host(), image_files=NOBODY_KNOWS)
    conflict = only(look("file-differs", DELETED, blind))
    assert conflict.severity is Severity.UNCHECKED
    assert NOBODY_KNOWS.reason in conflict.detail
    assert look("deleted-symlink", DELETED, blind) == ()
    assert look("file-differs", checkpoint(), blind) == ()


def test_an_image_that_is_not_there_is_not_missed_twice() -> None:
    assert look("file-differs", DELETED, replace(host(images=()), image_files=NOBODY_KNOWS)) == ()


@pytest.mark.parametrize("code", ["deleted-symlink", "file-differs"])
def test_nothing_is_said_before_the_archive_is_read(code: str) -> None:
    assert look(code, replace(DELETED, criu=None), host()) == ()


INDEX = RegularFile("/www/index.html", 6, 0o100644, False, VOLUME)


def serving(*files: RegularFile, **volume: object) -> Checkpoint:
    """A container with the volume webdata at /www, in which these files are open."""
    base = archive("web")
    mounts = (Mount(ROOT, "/", ""), Mount(VOLUME, "/www", "/www"))
    named = [{"volumeName": "webdata", "dest": "/www", **volume}]
    changed = altered(base, config={"namedVolumes": named})
    return replace(changed, criu=CriuState(files=files, mounts=mounts))


def test_files_of_a_volume_come_from_the_archive() -> None:
    assert look("volume-file-differs", serving(INDEX, opened("/www", None)), host()) == ()


def test_files_of_a_volume_that_had_changed_when_it_was_saved() -> None:
    conflict = only(look("volume-file-differs", serving(replace(INDEX, size=9)), host()))
    assert conflict.title == "/www/index.html will have another size"
    assert (conflict.subject, conflict.remedies) == ("webdata", ())


def test_a_volume_that_is_made_anew_has_nothing_of_the_archives() -> None:
    conflict = only(look("volume-file-differs", serving(INDEX), host(), ignore_volumes=True))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "/www/index.html will be missing"
    assert [remedy.options for remedy in conflict.remedies] == [{"ignore_volumes": False}]


def test_a_new_volume_begins_with_what_the_image_has_there() -> None:
    facts = replace(host(), image_files=Known({"www/index.html": ImageFile("file", 0o644, 6)}))
    assert look("volume-file-differs", serving(INDEX), facts, ignore_volumes=True) == ()


def test_nobody_looks_into_a_volume_of_the_host() -> None:
    there = host(volumes=["webdata"])
    conflict = only(look("volume-file-differs", serving(INDEX), there, ignore_volumes=True))
    assert conflict.severity is Severity.UNCHECKED
    assert look("volume-file-differs", serving(), there, ignore_volumes=True) == ()


def test_a_part_of_a_volume_is_not_compared() -> None:
    part = serving(INDEX, SubPath="html")
    assert look("volume-file-differs", part, host(), ignore_volumes=True) == ()
