"""What was written to files, and what is missing from them."""

from typing import Any

import pytest

from tests.findings.builders import (
    GHOST,
    look,
    mount,
    removed,
    root,
    runs,
    scene,
    severities,
    volume,
    written,
)
from tui.archive.model import MemberKind
from tui.checkpoint.filesystem import Entry, Kind
from tui.criu.descriptors import OpenFile
from tui.findings.registry import DescriptorPlace, FilePlace, Severity

HIGH, MEDIUM, LOW, INFO = Severity
FOLDER: dict[str, Any] = {"kind": MemberKind.DIRECTORY}


def of(*entries: Entry, **more: Any) -> Any:
    return scene(runs("/app"), systems=[root(*entries)], **more)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/ld.so.preload", [HIGH]),
        ("/etc/sudoers.d/x", [HIGH]),
        ("/etc/shadow", [MEDIUM]),
        ("/etc/profile.d/x.sh", [MEDIUM]),
        ("/root/.bashrc", [MEDIUM]),
        ("/etc/group", [LOW]),
        ("/etc/motd", []),
        ("/etc/passwd.bak", []),
        ("/srv/etc/shadow", []),
    ],
)
def test_files_that_the_system_trusts(path: str, expected: list[Severity]) -> None:
    assert severities("system-file-changed", of(written(path))) == expected


def test_what_an_engine_mounts_is_not_the_containers_doing() -> None:
    passwd = written("/etc/passwd", 0o700, 0)
    assert look("system-file-changed", of(passwd, mounts=[mount("/etc/passwd")])) == []
    assert severities("system-file-changed", of(passwd)) == [MEDIUM]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([written("/usr/bin/ls", 0o755)], [HIGH]),
        ([written("/usr/lib/x86_64-linux-gnu/libc.so.6", 0o755)], [HIGH]),
        ([written("/usr/local/bin/tool", 0o755)], [MEDIUM]),
        ([written("/usr/bin/ls", 0o755), written("/var/lib/dpkg/status")], [LOW]),
        ([written("/usr/bin/notes.txt", 0o644)], []),
        ([written("/usr/lib/python3/x.so", 0o755)], []),
        ([written("/usr/bin", 0o755, **FOLDER)], []),
    ],
)
def test_programs_of_the_system(entries: list[Entry], expected: list[Severity]) -> None:
    assert severities("system-program-changed", of(*entries)) == expected


def test_packages_were_installed() -> None:
    assert severities("packages-changed", of(written("/lib/apk/db/installed"))) == [INFO]
    assert look("packages-changed", of(written("/var/lib/app/db"))) == []


@pytest.mark.parametrize(
    ("mode", "user", "expected"),
    [
        (0o4755, {"uid": 1000}, [HIGH]),
        (0o4755, {"uid": 1000, "nnp": True}, [MEDIUM]),
        (0o4755, {"uid": 0}, [MEDIUM]),
        (0o2755, {"uid": 0}, [LOW]),
        (0o4644, {"uid": 0}, []),
        (0o755, {"uid": 0}, []),
    ],
)
def test_setuid(mode: int, user: dict[str, Any], expected: list[Severity]) -> None:
    for system in (root(written("/usr/bin/x", mode)), volume(written("/data/x", mode))):
        assert severities("setuid-file", scene(runs("/app", **user), systems=[system])) == expected


def test_a_folder_that_passes_its_group_on_is_not_told() -> None:
    assert look("setuid-file", of(written("/var/mail", 0o2775, **FOLDER))) == []


def test_device_nodes_and_pipes() -> None:
    odd: dict[str, Any] = {"kind": MemberKind.OTHER}
    (one,) = look("special-file", of(written("/tmp/f", 0o644, 0, **odd)))
    assert one.places == (FilePlace("rootfs-diff.tar", "/tmp/f"),)
    tmpfs = volume(written("/dev/null", 0o666, 0, **odd), kind=Kind.TMPFS)
    data = volume(written("/data/fifo", 0o644, 0, **odd))
    assert look("special-file", scene(systems=[tmpfs, data])) == []


@pytest.mark.parametrize(
    ("path", "mode", "size", "expected"),
    [
        ("/tmp/x", 0o755, 10, [MEDIUM]),
        ("/tmp/.x", 0o755, 10, [HIGH]),
        ("/dev/shm/.a/x", 0o755, 10, [HIGH]),
        ("/tmp/x", 0o644, 10, []),
        ("/run/.containerenv", 0o700, 0, []),
        ("/srv/.x", 0o755, 10, []),
    ],
)
def test_programs_in_places_for_data(
    path: str, mode: int, size: int, expected: list[Severity]
) -> None:
    assert severities("program-in-writable", of(written(path, mode, size))) == expected


@pytest.mark.parametrize(
    "path",
    ["/etc/cron.d/x", "/var/spool/cron/root", "/etc/systemd/system/x.service", "/etc/rc.local"],
)
def test_what_runs_again_by_itself(path: str) -> None:
    assert severities("persistence", of(written(path))) == [MEDIUM]
    assert look("persistence", of(written(path, **FOLDER))) == []
    assert look("persistence", of(written(f"/srv{path}"))) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/root/.ssh/authorized_keys", [HIGH]),
        ("/home/app/.ssh/id_ed25519", [MEDIUM]),
        ("/home/app/.ssh/id_ed25519.pub", []),
        ("/root/.ssh/known_hosts", []),
        ("/srv/authorized_keys", []),
    ],
)
def test_keys_for_ssh(path: str, expected: list[Severity]) -> None:
    assert severities("ssh-key", of(written(path))) == expected


def test_logs_that_are_gone() -> None:
    (one,) = look("traces-removed", of(removed("/var/log/auth.log"), removed("/root/.ash_history")))
    assert one.severity is MEDIUM
    assert one.title == "2 logs deleted: /var/log/auth.log, /root/.ash_history"
    assert look("traces-removed", of(removed("/etc/issue"))) == []


def test_a_history_that_nobody_writes() -> None:
    link: dict[str, Any] = {"kind": MemberKind.SYMLINK, "link": "/dev/null"}
    assert severities("traces-removed", of(written("/root/.bash_history", **link))) == [HIGH]
    stdout: dict[str, Any] = {"kind": MemberKind.SYMLINK, "link": "/dev/stdout"}
    assert look("traces-removed", of(written("/var/log/nginx/access.log", **stdout))) == []


def test_a_log_that_is_deleted_and_open() -> None:
    log = OpenFile(5, "file", "x", "/var/log/auth.log", deleted=GHOST)
    (one,) = look("traces-removed", scene(runs("/app"), opened={1: {4: log}}))
    assert one.places == (DescriptorPlace(1, 4, 5),)
    other = OpenFile(5, "file", "x", "/tmp/cache", deleted=GHOST)
    assert look("traces-removed", scene(runs("/app"), opened={1: {4: other}})) == []


def test_somebody_worked_in_a_shell() -> None:
    assert severities("shell-history", of(written("/root/.bash_history"))) == [INFO]
    assert look("shell-history", of(written("/root/.bash_history", size=0))) == []
    assert look("shell-history", of(written("/root/notes"))) == []
