"""Where a checkpoint comes from, of every engine."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.archive.builders import PACKERS, saved
from tests.archive.layouts import containerd, crio, image, images, in_folder, tar
from tests.archive.test_layout import MADE
from tests.data import DATA
from tui.archive.layout import Layout
from tui.archive.model import Compression
from tui.checkpoint.origin import Engine, Origin, moment, origin
from tui.checkpoint.reading import load, read
from tui.checkpoint.summary import lacking


def found(path: Path) -> Origin:
    return origin(load(str(path)))


def test_podman() -> None:
    web = found(DATA / "web.tar.zst")
    assert (web.engine, web.name, web.runtime, web.pod) == (Engine.PODMAN, "web", "crun", "")
    assert web.image == "localhost/podthaw-bb:latest"
    assert len(web.image_id) == 64
    assert web.checkpointed
    assert len(found(DATA / "member.tar.zst").pod) == 64


def test_containerd(tmp_path: Path) -> None:
    of = found(saved(tmp_path, tar(containerd())))
    assert of.engine is Engine.CONTAINERD
    assert (of.name, of.id, of.pod, of.namespace) == ("counter", "4ccf8f115a8e", "shop", "sales")
    assert (of.image, of.image_id) == ("localhost/bb:latest", "e5" * 32)
    assert of.runtime == "io.containerd.runc.v2"
    assert of.created == datetime(2026, 11, 23, 17, 43, 31, 657159, UTC)
    assert of.checkpointed == datetime(2026, 11, 23, 17, 43, 34, 741438, UTC)
    assert dict(of.tools) == {"criu": "4.2.1", "kernel": "6.18.44"}


def test_crio(tmp_path: Path) -> None:
    of = found(saved(tmp_path, tar(crio())))
    assert of.engine is Engine.CRIO
    assert (of.name, of.pod, of.namespace) == ("counter", "shop", "sales")
    assert (of.image, of.image_id) == ("quay.io/bb:latest", "ab" * 32)
    assert of.checkpointed == datetime(2026, 11, 23, 17, 43, 34, tzinfo=UTC)


def test_the_engine_is_known_at_the_first_look(tmp_path: Path) -> None:
    files = crio()
    ordered = {name: files[name] for name in ("config.dump", "spec.dump", "bind.mounts")}
    raw = tar(ordered | files | {"network.status": b"null"})
    assert origin(next(read(str(saved(tmp_path, raw))))).engine is Engine.CRIO


@pytest.mark.parametrize(
    ("more", "without", "engine"),
    [
        ({}, "", Engine.RUNTIME),
        ({"config.json": b'{"ociVersion": "1.0.2"}'}, "", Engine.RUNTIME),
        ({"config.json": b'{"name": "cp1"}'}, "", Engine.DOCKER),
        ({}, "descriptors.json", Engine.CRIU),
    ],
)
def test_images_alone(more: dict[str, bytes], without: str, engine: Engine, tmp_path: Path) -> None:
    files = images() | more
    files.pop(without, None)
    checkpoint = load(str(in_folder(tmp_path, files)))
    of = origin(checkpoint)
    assert (of.engine, of.name, of.created) == (engine, "", None)
    assert of.checkpointed
    documents = "config.dump" if checkpoint.documents else "config.dump or spec.dump"
    assert next(lacking(checkpoint)) == f"the container's configuration: there is no {documents}"


def test_an_image_adds_what_its_annotations_say(tmp_path: Path) -> None:
    notes = {
        "io.podman.annotations.checkpoint.name": "other",
        "io.podman.annotations.checkpoint.podman.version": "5.8.6",
        "io.podman.annotations.checkpoint.criu.version": "40201",
        "io.podman.annotations.checkpoint.host.arch": "amd64",
    }
    layer = PACKERS[Compression.GZIP]((DATA / "web.tar").read_bytes())
    of = found(saved(tmp_path, tar(image(layer, of_manifest=notes))))
    assert of.name == "web"
    assert dict(of.tools) == {"podman": "5.8.6", "criu": "4.2.1", "architecture": "amd64"}


def test_a_pre_checkpoint_and_what_leans_on_it(tmp_path: Path) -> None:
    checkpoint = load(str(saved(tmp_path, MADE[Layout.PODMAN_PRE])))
    assert origin(checkpoint).engine is Engine.PODMAN
    assert list(lacking(checkpoint)) == [
        "processes, open files and sockets: they are in the final checkpoint"
    ]
    assert list(lacking(load(str(DATA / "web.tar")))) == []
    folder = in_folder(tmp_path / "web", images())
    (folder / "parent").symlink_to("../pre-checkpoint")
    assert "part of the memory" in list(lacking(load(str(folder))))[-1]


@pytest.mark.parametrize("metadata", ["", "{", "[]", '{"name": 7}', '{"other": ""}', "[" * 100_000])
def test_annotations_without_sense_do_not_matter(metadata: str, tmp_path: Path) -> None:
    spec = {"annotations": {"io.kubernetes.cri-o.Metadata": metadata}}
    files = crio() | {"spec.dump": json.dumps(spec).encode()}
    assert found(saved(tmp_path, tar(files))).name == "k8s_counter_shop_sales_uid1_0"


def test_the_zero_time_of_go_is_none() -> None:
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("2026-11-23T17:43:31.65715907Z") is not None
