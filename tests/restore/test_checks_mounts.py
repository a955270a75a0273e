from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.restore.facts import (
    CRIU,
    NOBODY_KNOWS,
    PODMAN,
    altered,
    archive,
    host,
    identifier,
    look,
)
from tui.checkpoint.checkpoint import Checkpoint
from tui.criu.state import RegularFile
from tui.host.facts import ImageFile, Known, PathKind, PathStatus
from tui.restore.conflict import Conflict, Location, Severity

WEB = archive("web")
RUNC = archive("runc")
VOLUMES = "/var/lib/containers/storage/volumes"
DATA = f"{VOLUMES}/webdata/_data"
DIRECTORY = PathStatus(PathKind.DIRECTORY, 0o755)
FILE = PathStatus(PathKind.FILE, 0o644)
USERDATA = f"/run/containers/storage/overlay-containers/{RUNC.config.id}/userdata"


def only(found: tuple[Conflict, ...]) -> Conflict:
    (conflict,) = found
    return conflict


def mounts(*sources: tuple[str, str], checkpoint: Checkpoint = RUNC) -> Checkpoint:
    """An archive with bind mounts alone, each a destination and a source."""
    binds = [
        {"destination": destination, "type": "bind", "source": source}
        for destination, source in sources
    ]
    return altered(checkpoint, spec={"mounts": binds})


def opened(checkpoint: Checkpoint, *files: tuple[str, int]) -> Checkpoint:
    """An archive whose processes have these open: path and mode."""
    assert checkpoint.criu
    state = replace(
        checkpoint.criu,
        files=tuple(RegularFile(path, None, mode, False, 0) for path, mode in files),
    )
    return replace(checkpoint, criu=state)


def devices(*entries: tuple[str, str, int, int]) -> Checkpoint:
    listed = [
        {"path": path, "type": kind, "major": major, "minor": minor}
        for path, kind, major, minor in entries
    ]
    return altered(RUNC, spec={"linux": RUNC.documents["spec.dump"]["linux"] | {"devices": listed}})


SITE = mounts(("/www", "/srv/site"))
IN_SITE = opened(SITE, ("/www", 0o40755))


def test_what_is_mounted_is_there() -> None:
    facts = host(paths={"/srv/site": DIRECTORY})
    for code in ("missing", "kind", "link", "mode"):
        assert look(f"bind-source-{code}", IN_SITE, facts) == ()


def test_a_folder_is_missing() -> None:
    conflict = only(look("bind-source-missing", IN_SITE, host(paths={"/srv/site": None})))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == "/srv/site"
    assert conflict.where == (
        Location("spec.dump", "/mounts/0/source"),
        Location("host", "/paths/~1srv~1site"),
    )
    assert conflict.evidence.archive == "directory at /www"
    assert conflict.remedies[0].commands == (("mkdir", "-p", "--", "/srv/site"),)


def test_a_file_is_not_made_as_a_folder() -> None:
    file = opened(SITE, ("/www", 0o100644))
    assert only(look("bind-source-missing", file, host(paths={"/srv/site": None}))).remedies == ()


def test_a_source_of_two_mounts_is_one_conflict() -> None:
    twice = mounts(("/a", "/srv/site"), ("/b", "/srv/site"), ("/c", "relative"))
    conflict = only(look("bind-source-missing", twice, host(paths={"/srv/site": None})))
    assert [place.pointer for place in conflict.where[:2]] == [
        "/mounts/0/source",
        "/mounts/1/source",
    ]


def test_unknown_paths_matter_to_who_mounts_some() -> None:
    conflict = only(look("bind-source-missing", SITE, host(paths=NOBODY_KNOWS)))
    assert conflict.severity is Severity.UNCHECKED
    assert only(look("bind-source-missing", SITE, host())).severity is Severity.UNCHECKED
    assert look("bind-source-missing", WEB, host(paths=NOBODY_KNOWS)) == ()
    for code in ("kind", "link", "mode"):
        assert look(f"bind-source-{code}", SITE, host(paths=NOBODY_KNOWS)) == ()


@pytest.mark.parametrize(
    ("mode", "status", "blocked"),
    [
        (0o40755, FILE, True),
        (0o40755, DIRECTORY, False),
        (0o100644, DIRECTORY, True),
        (0o100644, FILE, False),
        (0o100644, PathStatus(PathKind.SOCKET, 0o666), False),
        (0o140644, DIRECTORY, False),
    ],
)
def test_a_file_where_a_folder_was(mode: int, status: PathStatus, blocked: bool) -> None:
    checkpoint = opened(SITE, ("/www", mode))
    found = look("bind-source-kind", checkpoint, host(paths={"/srv/site": status}))
    assert [one.severity for one in found] == [Severity.BLOCKER] * blocked


def test_the_root_file_system_tells_what_was_mounted() -> None:
    binds = mounts(("/var/cache/web", "/a"), ("/etc/motd", "/b"), ("/bin/", "/c"), ("/x", "/d"))
    web = mounts(*[(m.destination, m.source) for m in binds.spec.mounts or ()], checkpoint=WEB)
    wrong = {"/a": FILE, "/b": DIRECTORY, "/c": FILE, "/d": FILE}
    found = look("bind-source-kind", opened(web), host(paths=wrong))
    assert [one.subject for one in found] == ["/var/cache/web", "/etc/motd", "/bin/"]
    assert found[0].title == "/a is a file here, and was a directory"
    nobody = replace(host(paths=wrong), image_files=NOBODY_KNOWS)
    assert [one.subject for one in look("bind-source-kind", opened(web), nobody)] == [
        "/var/cache/web",
        "/etc/motd",
    ]


def test_a_link_in_the_image_tells_nothing() -> None:
    facts = replace(
        host(paths={"/srv/site": FILE}),
        image_files=Known({"www": ImageFile("symlink", 0o777, 3, "srv")}),
    )
    assert look("bind-source-kind", opened(SITE), facts) == ()


@pytest.mark.parametrize(
    ("kernel", "criu", "severity"),
    [
        ("6.18.0", 40201, Severity.BLOCKER),
        ("5.15.0-91-generic", 31700, Severity.BLOCKER),
        ("5.14.0", 40201, Severity.WARNING),
        ("6.18.0", 31600, Severity.WARNING),
        ("strange", 40201, Severity.WARNING),
    ],
)
def test_a_symbolic_link_is_not_followed(kernel: str, criu: int, severity: Severity) -> None:
    facts = host(
        podman=replace(PODMAN, kernel=kernel),
        criu=replace(CRIU, version=criu),
        paths={"/srv/site": replace(DIRECTORY, link=True)},
    )
    conflict = only(look("bind-source-link", SITE, facts))
    assert conflict.severity is severity
    assert conflict.evidence.host == "/srv/site leads to a directory"


def test_nothing_is_sure_of_an_unknown_criu() -> None:
    facts = host(criu=NOBODY_KNOWS, paths={"/srv/site": replace(DIRECTORY, link=True)})
    assert only(look("bind-source-link", SITE, facts)).severity is Severity.WARNING


def test_other_permissions_of_what_is_open() -> None:
    private = host(paths={"/srv/site": replace(DIRECTORY, mode=0o700)})
    conflict = only(look("bind-source-mode", IN_SITE, private))
    assert conflict.severity is Severity.BLOCKER
    assert (conflict.evidence.archive, conflict.evidence.host) == ("mode 0755", "mode 0700")
    assert conflict.remedies[0].commands == (("chmod", "0755", "--", "/srv/site"),)
    assert look("bind-source-mode", opened(SITE), private) == (), "nobody compares it"
    assert look("bind-source-mode", opened(SITE, ("/www", 0o100755)), private) == ()


@pytest.mark.parametrize(
    ("name", "podman", "blocked"),
    [
        ("", PODMAN, False),
        ("new", PODMAN, True),
        ("", replace(PODMAN, run_root="/run/elsewhere"), True),
        ("", NOBODY_KNOWS, False),
    ],
)
def test_a_mount_out_of_the_old_containers_folder(name: str, podman: Any, blocked: bool) -> None:
    localtime = mounts(("/etc/localtime", f"{USERDATA}/localtime"))
    found = look("mount-of-old-container", localtime, host(podman=podman), name=name)
    assert [one.severity for one in found] == [Severity.BLOCKER] * blocked
    if name:
        assert found[0].remedies[0].options == {"name": ""}
    assert look("bind-source-missing", localtime, host(paths=NOBODY_KNOWS)) == ()


@pytest.mark.parametrize(
    ("destination", "source"),
    [
        ("/etc/hosts", f"{USERDATA}/hosts"),
        ("/run/secrets/x", f"{USERDATA}/secrets/x"),
        ("/etc/localtime", f"/run/o-containers/{identifier('infra')}/userdata/localtime"),
        ("/etc/localtime", "/usr/share/zoneinfo/Europe/Berlin"),
    ],
)
def test_mounts_that_podman_makes_again(destination: str, source: str) -> None:
    assert look("mount-of-old-container", mounts((destination, source)), host(), name="n") == ()


FUSE = ("/dev/fuse", "c", 10, 229)
LISTED = "/sys/dev/char/10:229"


@pytest.mark.parametrize(
    "paths",
    [
        {"/dev/fuse": None, LISTED: DIRECTORY},
        {"/dev/fuse": PathStatus(PathKind.CHARACTER_DEVICE, 0o666, (10, 229)), LISTED: None},
    ],
)
def test_a_device_that_is_there(paths: Mapping[str, PathStatus | None]) -> None:
    assert look("device-missing", devices(FUSE), host(paths=paths)) == ()


def test_a_device_that_is_open_blocks() -> None:
    other = PathStatus(PathKind.CHARACTER_DEVICE, 0o666, (1, 3))
    facts = host(paths={"/dev/fuse": other, LISTED: None})
    used = opened(devices(FUSE), ("/dev/fuse", 0o20666))
    conflict = only(look("device-missing", used, facts))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == "/dev/fuse"
    assert conflict.where == (
        Location("spec.dump", "/linux/devices/0"),
        Location("host", "/paths/~1sys~1dev~1char~110:229"),
    )


def test_devices_that_nobody_uses_are_one_warning() -> None:
    many = devices(*((f"/dev/d{number}", "b", 200, number) for number in range(5)))
    gone = {f"/sys/dev/block/200:{number}": None for number in range(5)}
    conflict = only(look("device-missing", many, host(paths=gone)))
    assert conflict.severity is Severity.WARNING
    assert conflict.title == "5 devices of the container are not on this host"
    assert conflict.evidence.archive == "/dev/d0, /dev/d1, /dev/d2 and 2 more"
    one = only(look("device-missing", devices(FUSE), host(paths={LISTED: None})))
    assert one.title == "1 device of the container is not on this host"


def test_unknown_devices_matter_to_who_has_some() -> None:
    conflict = only(look("device-missing", devices(FUSE), host(paths=NOBODY_KNOWS)))
    assert conflict.severity is Severity.UNCHECKED
    assert only(look("device-missing", devices(FUSE), host())).severity is Severity.UNCHECKED
    for other in (RUNC, devices(("/dev/pipe", "p", 0, 0))):
        assert look("device-missing", other, host(paths=NOBODY_KNOWS)) == ()


def without_data(**changes: Any) -> Checkpoint:
    contents = WEB.contents
    members = tuple(one for one in contents.members if not one.name.startswith("volumes/"))
    return replace(WEB, contents=replace(contents, members=members, **changes))


def test_a_volume_without_its_content() -> None:
    conflict = only(look("volume-data-missing", without_data(), host()))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where == (Location("config.dump", "/namedVolumes/0/volumeName"),)
    assert conflict.remedies[0].options == {"ignore_volumes": True}
    assert look("volume-data-missing", without_data(), host(), ignore_volumes=True) == ()
    assert look("volume-data-missing", without_data(complete=False), host()) == ()
    assert look("volume-data-missing", WEB, host()) == ()


REDIS = opened(WEB, ("/www", 0o40750))


def test_a_fresh_volume_has_the_usual_mode() -> None:
    conflict = only(look("volume-root-mode", REDIS, host()))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "Volume webdata gets the mode 0755, and had 0750"
    (create,) = conflict.remedies
    assert create.commands == (
        ("podman", "volume", "create", "--", "webdata"),
        ("chmod", "0750", "--", DATA),
    )
    assert create.removes == "the archive's content of volume webdata"
    ignoring = only(look("volume-root-mode", REDIS, host(), ignore_volumes=True))
    assert ignoring.remedies[0].removes == ""
    assert look("volume-root-mode", WEB, host()) == ()
    assert look("volume-root-mode", opened(WEB), host()) == ()


@pytest.mark.parametrize(("mode", "blocked"), [(0o750, False), (0o700, True)])
def test_the_hosts_own_volume_keeps_its_mode(mode: int, blocked: bool) -> None:
    facts = host(volumes=["webdata"], paths={DATA: replace(DIRECTORY, mode=mode)})
    found = look("volume-root-mode", REDIS, facts, ignore_volumes=True)
    assert [one.severity for one in found] == [Severity.BLOCKER] * blocked
    if blocked:
        assert found[0].remedies[0].commands == (("chmod", "0750", "--", DATA),)
    assert look("volume-root-mode", REDIS, facts) == (), "volume-exists blocks already"


@pytest.mark.parametrize(
    "facts",
    [
        host(volumes=NOBODY_KNOWS),
        host(volumes=["webdata"], paths=NOBODY_KNOWS),
        host(volumes=["webdata"], paths={DATA: None}),
    ],
)
def test_a_mode_that_nobody_knows_accuses_nobody(facts: Any) -> None:
    assert look("volume-root-mode", REDIS, facts, ignore_volumes=True) == ()


def test_without_podmans_folder_there_is_no_remedy() -> None:
    facts = host(podman=NOBODY_KNOWS)
    assert only(look("volume-root-mode", REDIS, facts)).remedies == ()


def test_a_volume_of_another_driver() -> None:
    volume = {"volumeName": "webdata", "dest": "/www", "options": ["volume-opt=type=nfs"]}
    nfs = altered(WEB, config={"namedVolumes": [volume]})
    conflict = only(look("volume-driver", nfs, host()))
    assert conflict.severity is Severity.NOTE
    assert conflict.evidence.archive == "volume-opt=type=nfs"
    assert look("volume-driver", nfs, host(volumes=["webdata"])) == ()
    assert look("volume-driver", WEB, host()) == ()


MOVED = replace(PODMAN, volume_path="/data/volumes")


@pytest.mark.parametrize(
    ("podman", "paths", "severity"),
    [
        (PODMAN, {}, None),
        (MOVED, {DATA: None, VOLUMES: None}, Severity.BLOCKER),
        (MOVED, {DATA: None, VOLUMES: DIRECTORY}, Severity.WARNING),
        (MOVED, NOBODY_KNOWS, Severity.UNCHECKED),
        (NOBODY_KNOWS, {}, None),
        (replace(PODMAN, volume_path=""), {}, None),
    ],
)
def test_volumes_in_another_folder(podman: Any, paths: Any, severity: Severity | None) -> None:
    found = look("volume-elsewhere", WEB, host(podman=podman, paths=paths))
    assert [one.severity for one in found] == [severity] * (severity is not None)
    if severity is Severity.BLOCKER:
        assert found[0].where == (
            Location("config.dump", "/namedVolumes/0"),
            Location("host", "/podman/volume_path"),
        )
        assert found[0].evidence.archive == DATA
