from dataclasses import replace
from typing import Any

import pytest

from tests.archive.layouts import PODMAN_NAME
from tests.restore.facts import altered, archive, host, look
from tui.archive.layout import Layout
from tui.archive.model import Form, Layer, Problem
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import ContainerConfig
from tui.restore.conflict import Location, Severity

WEB = archive("web")


def with_contents(**changes: object) -> Checkpoint:
    return replace(WEB, contents=replace(WEB.contents, **changes))  # type: ignore[arg-type]


def test_a_whole_archive() -> None:
    assert look("archive-incomplete", WEB, host()) == ()
    assert look("archive-ambiguous", WEB, host()) == ()


@pytest.mark.parametrize(
    ("config", "lacking"),
    [
        ({"id": None}, "the container's ID"),
        ({"rootfsImageName": None}, "an image or a folder for its root"),
        (
            {"id": "", "rootfsImageName": ""},
            "the container's ID and an image or a folder for its root",
        ),
    ],
)
def test_a_configuration_that_podman_did_not_write(config: dict[str, Any], lacking: str) -> None:
    (conflict,) = look("engine-unsupported", altered(WEB, config=config), host())
    assert conflict.severity is Severity.BLOCKER
    assert conflict.detail.startswith(f"config.dump lacks {lacking}.")
    assert conflict.where == (Location("config.dump", ""),)


def test_every_configuration_that_podman_wrote() -> None:
    of_a_folder = altered(WEB, config={"rootfsImageName": None, "rootfs": "/srv/root"})
    unread = replace(WEB, documents={}, config=ContainerConfig())
    unreadable = replace(WEB, config=ContainerConfig(), senseless=frozenset({"config.dump"}))
    for checkpoint in (WEB, archive("member"), of_a_folder, unread, unreadable):
        assert look("engine-unsupported", checkpoint, host()) == ()


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        (Layout.CRIO, ("CRI-O made", "kubelet", "CRI-O restores it")),
        (Layout.CONTAINERD, ("containerd made", "kubelet", "checkpointctl build")),
        (Layout.PODMAN_PRE, ("cannot be restored alone", "--with-previous", "--import-previous")),
        (Layout.CRIU, ("without what Podman needs", "runc restore", "crun restore")),
    ],
)
def test_who_restores_what_podman_does_not(layout: Layout, words: tuple[str, ...]) -> None:
    (conflict,) = look("engine-unsupported", replace(WEB, layout=layout), host())
    assert conflict.severity is Severity.BLOCKER
    for word in words:
        assert word in f"{conflict.title} {conflict.detail}"


def test_what_docker_left_is_restored_by_docker() -> None:
    bare = with_contents(files={"config.json": b"{}", "checkpoint/descriptors.json": b"[]"})
    bare = replace(bare, layout=Layout.CRIU, documents={}, config=ContainerConfig())
    (conflict,) = look("engine-unsupported", bare, host())
    assert "docker start --checkpoint" in conflict.detail


def test_a_folder_is_packed_before_podman_imports_it() -> None:
    assert look("import-needs-archive", WEB, host()) == ()
    (conflict,) = look(
        "import-needs-archive", with_contents(form=Form.FOLDER, path="/srv/a b"), host()
    )
    assert conflict.detail == "Make an archive of it: tar -C '/srv/a b' -cf checkpoint.tar ."


@pytest.mark.parametrize(
    ("form", "load"), [(Form.ARCHIVE, "podman load -i"), (Form.FOLDER, "podman pull oci:")]
)
def test_an_image_is_loaded_and_restored_by_its_name(form: Form, load: str) -> None:
    outer = replace(WEB.contents, form=form)
    layer = Layer(outer, outer.members[0], "localhost/web", PODMAN_NAME)
    (conflict,) = look("import-needs-archive", with_contents(form=Form.IMAGE, layer=layer), host())
    assert load in conflict.detail
    assert conflict.detail.endswith("podman container restore localhost/web")


def test_of_an_image_without_marks_the_layer_is_the_archive() -> None:
    layer = Layer(WEB.contents, replace(WEB.contents.members[0], name="1.tar"), "", {})
    (conflict,) = look("import-needs-archive", with_contents(form=Form.IMAGE, layer=layer), host())
    assert conflict.title == "The image does not say that it is a checkpoint"
    assert conflict.detail.endswith("which is the archive itself: 1.tar")


def test_the_rest_is_still_unread() -> None:
    (conflict,) = look("archive-incomplete", with_contents(finished=False), host())
    assert conflict.severity is Severity.UNCHECKED


def test_an_archive_that_is_cut_off() -> None:
    cut = with_contents(complete=False, problems=(Problem("", 4096, "the file ends here"),))
    (conflict,) = look("archive-incomplete", cut, host())
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.archive == "the file ends here"
    assert conflict.where == ()


def test_a_document_that_makes_no_sense() -> None:
    problem = Problem("config.dump", None, "text is expected", "/name")
    (conflict,) = look(
        "archive-incomplete", with_contents(complete=False, problems=(problem,)), host()
    )
    assert conflict.evidence.archive == "config.dump: text is expected"
    assert conflict.where == (Location("config.dump", "/name"),)


def test_what_podman_would_read_differently() -> None:
    found = [Problem("checkpoint/x.img", None, "there is another \x1b one")]
    found += [Problem("config.dump", None, f"/{n}: twice", "/name") for n in range(3)]
    (conflict,) = look("archive-ambiguous", with_contents(ambiguities=tuple(found)), host())
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.archive == (
        "checkpoint/x.img: there is another ␛ one; config.dump: /0: twice;"
        " config.dump: /1: twice; and 1 more"
    )
    assert conflict.where == (Location("config.dump", "/name"),)
