import pytest

from tests.restore.facts import NOBODY_KNOWS, altered, archive, host, identifier, look, the_image
from tui.host.facts import Image
from tui.restore.checks.image import find_image
from tui.restore.conflict import Location, Severity

WEB = archive("web")
ID = WEB.config.image_id
NAME = "localhost/podthaw-bb:latest"
DIGEST = "sha256:" + "d" * 64
OTHER = Image(identifier("other"), (NAME,))
PULLABLE = altered(WEB, config={"rootfsImageName": "quay.io/some/bb:1"})


def test_the_image_is_there() -> None:
    for code in ("image-missing", "image-id-differs"):
        assert look(code, WEB, host()) == ()


def test_an_image_made_on_another_host_is_in_no_registry() -> None:
    (conflict,) = look("image-missing", WEB, host(images=[]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == f"Image {NAME} is not on this host"
    assert conflict.evidence.archive == f"{NAME}, ID {ID[:12]}"
    assert conflict.where == (
        Location("config.dump", "/rootfsImageName"),
        Location("host", "/images"),
    )
    assert "podman save" in conflict.detail
    assert conflict.remedies == ()


def test_an_image_of_a_registry_is_known_once_it_is_pulled() -> None:
    (conflict,) = look("image-missing", PULLABLE, host(images=[]))
    assert conflict.severity is Severity.UNCHECKED
    (pull,) = conflict.remedies
    assert pull.label == "pull it now"
    assert pull.commands == (("podman", "pull", "--", "quay.io/some/bb:1"),)


def test_the_image_has_another_name_here_and_may_yet_be_pulled() -> None:
    (conflict,) = look("image-missing", PULLABLE, host())
    assert conflict.severity is Severity.UNCHECKED
    assert conflict.where[1] == Location("host", f"/images/{ID}")
    (tag,) = conflict.remedies
    assert tag.commands == (("podman", "tag", "--", ID, "quay.io/some/bb:1"),)


def test_the_image_has_another_name_here_and_is_in_no_registry() -> None:
    (conflict,) = look("image-missing", WEB, host(images=[the_image("localhost/kept:latest")]))
    assert conflict.severity is Severity.BLOCKER
    assert [remedy.id for remedy in conflict.remedies] == ["tag-image"]


def test_no_tag_makes_a_digest() -> None:
    digested = altered(WEB, config={"rootfsImageName": f"quay.io/some/bb@{DIGEST}"})
    (conflict,) = look("image-missing", digested, host())
    assert conflict.severity is Severity.UNCHECKED
    assert [remedy.id for remedy in conflict.remedies] == ["pull-image"]


def test_an_id_cannot_be_pulled() -> None:
    by_id = altered(WEB, config={"rootfsImageName": ID})
    assert look("image-missing", by_id, host()) == ()
    (conflict,) = look("image-missing", by_id, host(images=[]))
    assert conflict.severity is Severity.BLOCKER


def test_a_container_made_of_a_folder() -> None:
    folder = altered(WEB, config={"rootfsImageName": None, "rootfs": "/srv/root"})
    (conflict,) = look("image-missing", folder, host(images=NOBODY_KNOWS))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.archive == "rootfs /srv/root"


def test_an_archive_of_which_nothing_is_read_yet() -> None:
    unread = altered(WEB, config={"rootfsImageName": None})
    assert look("image-missing", unread, host()) == ()


def test_unknown_images_leave_it_open() -> None:
    (conflict,) = look("image-missing", WEB, host(images=NOBODY_KNOWS))
    assert conflict.severity is Severity.UNCHECKED
    assert look("image-id-differs", WEB, host(images=NOBODY_KNOWS)) == ()


def test_the_name_leads_to_another_image() -> None:
    assert look("image-missing", WEB, host(images=[OTHER])) == ()
    (conflict,) = look("image-id-differs", WEB, host(images=[OTHER]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.title == f"{NAME} is another image on this host"
    assert conflict.where == (
        Location("config.dump", "/rootfsImageID"),
        Location("host", f"/images/{OTHER.id}"),
    )
    assert conflict.evidence.archive == f"ID {ID[:12]}"
    assert conflict.evidence.host == f"ID {OTHER.id[:12]}"


def test_podman_finds_the_right_image_by_its_id_wherever_the_name_leads() -> None:
    facts = host(images=[OTHER, the_image("localhost/podthaw-bb:old")])
    assert look("image-missing", WEB, facts) == ()
    assert look("image-id-differs", WEB, facts) == ()


BUSYBOX = Image(
    identifier("busybox"),
    ("docker.io/library/busybox:latest", f"docker.io/library/busybox@{DIGEST}"),
)
MINE = Image(identifier("mine"), ("localhost/busybox:latest",))
PORT = Image(identifier("port"), ("127.0.0.1:5055/team/app:2",))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("docker.io/library/busybox:latest", BUSYBOX),
        ("docker.io/library/busybox", BUSYBOX),
        ("docker.io/busybox", BUSYBOX),
        ("index.docker.io/library/busybox:latest", BUSYBOX),
        (f"docker.io/library/busybox@{DIGEST}", BUSYBOX),
        (f"docker.io/library/busybox:1.36@{DIGEST}", BUSYBOX),
        ("library/busybox", BUSYBOX),
        ("busybox", MINE),
        ("localhost/busybox", MINE),
        ("127.0.0.1:5055/team/app:2", PORT),
        ("team/app:2", PORT),
        (BUSYBOX.id, BUSYBOX),
        (f"sha256:{BUSYBOX.id}", BUSYBOX),
        ("docker.io/library/busybox:1.36", None),
        ("127.0.0.1:5055/team/app", None),
        ("quay.io/library/busybox", None),
        ("box", None),
        ("0" * 64, None),
        ("", None),
    ],
)
def test_podman_finds_an_image_by_many_names(name: str, found: Image | None) -> None:
    assert find_image([BUSYBOX, MINE, PORT], name) == found
