"""What other engines write besides."""

from pathlib import Path

from tests.archive.builders import saved
from tests.archive.layouts import PODMAN_NAME, containerd, crio, image, images, in_folder, tar
from tests.data import DATA
from tui.checkpoint.extra import extra_documents
from tui.checkpoint.reading import load


def test_each_engine_has_documents_of_its_own(tmp_path: Path) -> None:
    of_containerd = extra_documents(load(str(saved(tmp_path, tar(containerd())))))
    assert of_containerd.keys() == {"status", "status.dump", "checkpoint/descriptors.json"}
    of_crio = extra_documents(load(str(saved(tmp_path, tar(crio())))))
    assert of_crio["deleted.files"] == ["/etc/motd"]
    assert of_crio["bind.mounts"] == []


def test_an_image_has_annotations(tmp_path: Path) -> None:
    layer = (DATA / "web.tar").read_bytes()
    found = load(str(saved(tmp_path, tar(image(layer, of_manifest=PODMAN_NAME)))))
    assert extra_documents(found)["annotations"] == PODMAN_NAME


def test_what_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    files = containerd() | {"status": b"[" * 100_000, "status.dump": b"\xff"}
    found = extra_documents(load(str(saved(tmp_path, tar(files)))))
    assert found.keys() == {"checkpoint/descriptors.json"}


def test_a_specification_is_told_once_and_dockers_document_too(tmp_path: Path) -> None:
    spec = in_folder(tmp_path / "runc", images() | {"config.json": b'{"ociVersion": "1"}'})
    assert "config.json" not in extra_documents(load(str(spec)))
    docker = in_folder(tmp_path / "docker", images() | {"config.json": b'{"name": "cp1"}'})
    assert extra_documents(load(str(docker)))["config.json"] == {"name": "cp1"}
