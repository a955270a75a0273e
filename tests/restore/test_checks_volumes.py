import pytest

from tests.restore.facts import NOBODY_KNOWS, altered, archive, host, look
from tui.restore.conflict import Location, Severity
from tui.text import ago

WEB = archive("web")


def test_the_volume_exists() -> None:
    (conflict,) = look("volume-exists", WEB, host(volumes=["other", "webdata"]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == "Volume webdata exists on this host"
    assert conflict.subject == "webdata"
    assert conflict.where == (
        Location("config.dump", "/namedVolumes/0/volumeName"),
        Location("host", "/volumes/webdata"),
    )
    assert conflict.evidence.archive == "webdata at /www"
    assert conflict.evidence.host == f"local volume, created {ago('2026-05-01T00:00:00Z')}"
    ignore, remove = conflict.remedies
    assert ignore.options == {"ignore_volumes": True}
    assert remove.commands == (("podman", "volume", "rm", "--", "webdata"),)
    assert remove.removes == "volume webdata with its data"


def test_other_volumes_do_not_matter() -> None:
    assert look("volume-exists", WEB, host(volumes=["other", "webdata2"])) == ()


def test_volumes_that_are_ignored_do_not_matter() -> None:
    assert look("volume-exists", WEB, host(volumes=["webdata"]), ignore_volumes=True) == ()


def test_each_volume_is_a_conflict_of_its_own_wherever_it_is_mounted() -> None:
    mounts = [("a/b", "/one"), ("two", "/two"), ("a/b", "/three")]
    volumes = [{"volumeName": name, "dest": dest} for name, dest in mounts]
    many = altered(WEB, config={"namedVolumes": volumes})
    first, second = look("volume-exists", many, host(volumes=["two", "a/b"]))
    assert (first.subject, second.subject) == ("a/b", "two")
    assert first.evidence.archive == "a/b at /one, /three"
    assert [one.pointer for one in first.where] == [
        "/namedVolumes/0/volumeName",
        "/namedVolumes/2/volumeName",
        "/volumes/a~1b",
    ]


@pytest.mark.parametrize(("name", "open_questions"), [("web", 1), ("runc", 0)])
def test_unknown_volumes_matter_to_an_archive_with_volumes(name: str, open_questions: int) -> None:
    found = look("volume-exists", archive(name), host(volumes=NOBODY_KNOWS))
    assert [one.severity for one in found] == [Severity.UNCHECKED] * open_questions
