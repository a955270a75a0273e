from dataclasses import replace

import pytest

from tests.restore.facts import NOBODY_KNOWS, PODMAN, altered, archive, host, look
from tui.checkpoint.checkpoint import Checkpoint
from tui.host.facts import HostFacts, Known, Unknown
from tui.restore.conflict import Location, Severity

WEB = archive("web")
SECRET = altered(WEB, config={"secrets": [{"name": "dbpass"}, {"name": "dbpass"}]})
PROFILE = "containers-default-0.62.2"


def mounted(destination: str) -> Checkpoint:
    mount = {"destination": destination, "type": "bind", "source": "/x/userdata/secrets/dbpass"}
    return altered(WEB, spec={"mounts": [mount]})


def confined(profile: str) -> Checkpoint:
    process = WEB.documents["spec.dump"]["process"] | {"apparmorProfile": profile}
    return altered(WEB, spec={"process": process})


def apparmor(profiles: frozenset[str] | Unknown, *, on: bool = True) -> HostFacts:
    fact = profiles if isinstance(profiles, Unknown) else Known(profiles)
    return replace(host(podman=replace(PODMAN, apparmor=on)), apparmor_profiles=fact)


def test_a_secret_is_missing() -> None:
    (conflict,) = look("secret-missing", SECRET, host(secrets=["other"]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where == (
        Location("config.dump", "/secrets/0/name"),
        Location("host", "/secrets"),
    )
    assert look("secret-missing", SECRET, host(secrets=["dbpass"])) == ()


@pytest.mark.parametrize(("checkpoint", "open_questions"), [(SECRET, 1), (WEB, 0)])
def test_unknown_secrets_matter_to_who_needs_one(
    checkpoint: Checkpoint, open_questions: int
) -> None:
    found = look("secret-missing", checkpoint, host(secrets=NOBODY_KNOWS))
    assert [one.severity for one in found] == [Severity.UNCHECKED] * open_questions


@pytest.mark.parametrize(
    ("destination", "blocked"),
    [
        ("/run/secrets/dbpass", True),
        ("/var/run/secrets/dbpass", True),
        ("/run/secrets", False),
        ("/etc/dbpass", False),
    ],
)
def test_mounted_secrets_do_not_come_back(destination: str, blocked: bool) -> None:
    found = look("secret-mount", mounted(destination), host(secrets=["dbpass"]))
    assert [one.severity for one in found] == [Severity.BLOCKER] * blocked
    if blocked:
        assert found[0].where == (Location("spec.dump", "/mounts/0"),)


def test_a_profile_is_not_loaded() -> None:
    (conflict,) = look(
        "apparmor-profile-missing", confined(PROFILE), apparmor(frozenset({"other"}))
    )
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == PROFILE
    assert conflict.where[0] == Location("spec.dump", "/process/apparmorProfile")


@pytest.mark.parametrize(
    ("profile", "facts"),
    [
        (PROFILE, apparmor(frozenset({PROFILE}))),
        (PROFILE, apparmor(frozenset(), on=False)),
        (PROFILE, host(podman=NOBODY_KNOWS)),
        ("unconfined", apparmor(frozenset())),
        ("", apparmor(NOBODY_KNOWS)),
    ],
)
def test_profiles_that_do_not_matter(profile: str, facts: HostFacts) -> None:
    assert look("apparmor-profile-missing", confined(profile), facts) == ()


def test_unknown_profiles_matter_to_who_has_one() -> None:
    (conflict,) = look("apparmor-profile-missing", confined(PROFILE), apparmor(NOBODY_KNOWS))
    assert conflict.severity is Severity.UNCHECKED


def test_a_user_namespace_is_a_warning() -> None:
    assert look("user-namespace", WEB, host()) == ()
    linux = WEB.documents["spec.dump"]["linux"]
    mapping = {"containerID": 0, "hostID": 100000, "size": 65536}
    mapped = altered(WEB, spec={"linux": linux | {"uidMappings": [mapping]}})
    (conflict,) = look("user-namespace", mapped, host())
    assert conflict.severity is Severity.WARNING
    assert conflict.evidence.archive == "user IDs 0:100000:65536"
    assert WEB.criu
    dumped = replace(WEB, criu=replace(WEB.criu, user_namespace=True))
    (conflict,) = look("user-namespace", dumped, host())
    assert conflict.evidence.archive == "a user namespace in CRIU's images"
