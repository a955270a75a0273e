from pathlib import Path

import pytest

from tests.archive.builders import DOCUMENTS, END, checkpoint, entry, opened, short
from tests.data import DATA
from tui.archive.layout import Layout, layout
from tui.archive.reader import read

FOREIGN = b'{"rootfsImageRef": "docker.io/library/redis@sha256:1", "checkpointedTime": "2026"}'
CRIO_SPEC = b'{"annotations": {"io.container.manager": "cri-o"}}'
MARKED = b'{"manifests": [{"annotations": {"io.podman.annotations.checkpoint.name": "web"}}]}'


def archive(**files: bytes) -> bytes:
    """A tar of files; two underscores are a slash, one is a dot."""
    names = {name.replace("__", "/").replace("_", "."): raw for name, raw in files.items()}
    return b"".join(entry(name, raw) for name, raw in names.items()) + END


MADE = {
    Layout.PODMAN: checkpoint(entry("checkpoint/inventory.img")),
    Layout.PODMAN_PRE: checkpoint(entry("pre-checkpoint/inventory.img")),
    Layout.CRIO: checkpoint(entry("bind.mounts"), config=FOREIGN, spec=CRIO_SPEC),
    Layout.CONTAINERD: checkpoint(entry("status"), config=FOREIGN),
    Layout.POD: checkpoint(entry("pod.options")),
    Layout.CRIU: archive(dump__inventory_img=b"", dump__pages=b"x"),
    Layout.CHECKPOINT_IMAGE: archive(**{"oci-layout": b"{}", "index_json": MARKED}),
    Layout.OCI_IMAGE: archive(**{"oci-layout": b"{}", "index_json": b'{"manifests": []}'}),
    Layout.SAVED_IMAGE: archive(manifest_json=b"[]", repositories=b"{}"),
    Layout.TAR: archive(README_md=b"hello"),
}


@pytest.mark.parametrize("what", MADE, ids=lambda what: what.name)
def test_an_archive_is_named_for_what_it_is(what: Layout, tmp_path: Path) -> None:
    assert layout(opened(tmp_path, MADE[what])) is what


def test_a_real_checkpoint_is_known_from_its_documents_alone() -> None:
    assert layout(next(read(str(DATA / "web.tar.zst")))) is Layout.PODMAN


def test_crio_is_told_from_containerd_by_its_members_too(tmp_path: Path) -> None:
    raw = checkpoint(entry("io.kubernetes.cri-o.LogPath"), config=FOREIGN)
    assert layout(opened(tmp_path, raw)) is Layout.CRIO


def test_the_mark_of_a_checkpoint_may_stand_in_the_manifest(tmp_path: Path) -> None:
    manifest = b'{"annotations": {"org.criu.checkpoint.engine.name": "cri-o"}}'
    files = {"oci-layout": b"{}", "index_json": b"{}", "blobs__sha256__1": manifest}
    assert layout(opened(tmp_path, archive(**files))) is Layout.CHECKPOINT_IMAGE


def test_with_both_the_memory_is_the_checkpoints(tmp_path: Path) -> None:
    both = entry("pre-checkpoint/inventory.img"), entry("checkpoint/inventory.img")
    assert layout(opened(tmp_path, checkpoint(*both))) is Layout.PODMAN


@pytest.mark.parametrize(
    "config", [b"[" * 100_000, b"\xff", b"", b"[]", b'{"rootfsImageRef": 1}'], ids=short
)
def test_documents_without_sense_do_not_matter(config: bytes, tmp_path: Path) -> None:
    assert layout(opened(tmp_path, checkpoint(config=config))) is Layout.PODMAN


def test_what_was_cut_off_before_its_documents_is_not_known(tmp_path: Path) -> None:
    raw = entry("artifacts/x") + entry("config.dump", DOCUMENTS["config.dump"])
    contents = opened(tmp_path, raw)
    assert layout(contents) is Layout.UNKNOWN
