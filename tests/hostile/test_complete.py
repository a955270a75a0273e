"""The hostile archive leaves nothing out: a field that podthaw learns to read is hostile, too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.protobuf.descriptor import FieldDescriptor

from tests.hostile import CORPUS, archive, documents
from tests.hostile.messages import texts_of
from tui.checkpoint import reading
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.extra import extra_documents
from tui.checkpoint.logs import read_logs
from tui.checkpoint.origin import Engine, engine, origin
from tui.criu import images_pb2
from tui.criu.catalogue import kind_of, pieces

PODMAN = archive.podman()


def loaded(folder: Path, files: dict[str, bytes], texts: tuple[str, ...] = CORPUS) -> Checkpoint:
    path = folder / "hostile.tar"
    path.write_bytes(archive.tarred(files, texts))
    return reading.load(str(path))


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a document, names of fields included."""
    match value:
        case str():
            yield value
        case list() | tuple():
            for one in value:
                yield from texts_in(one)
        case dict():
            for key, one in value.items():
                yield from texts_in(key)
                yield from texts_in(one)


def test_every_text_of_every_message_is_in_an_image() -> None:
    wanted = {
        (message.name, field.name)
        for message in images_pb2.DESCRIPTOR.message_types_by_name.values()
        for field in message.fields
        if field.type in (FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_STRING)
    }
    found = set()
    for name, raw in PODMAN.items():
        kind = kind_of(name.removeprefix("checkpoint/"))
        if kind:
            for piece in pieces(raw, kind):
                found |= set(texts_of(piece.message))
    assert wanted - found == set()


def test_every_field_of_the_documents_is_read(tmp_path: Path) -> None:
    found = loaded(tmp_path, PODMAN)
    assert found.senseless == frozenset()
    for view in (found.config, found.spec):
        for name, value in msgspec.to_builtins(view).items():
            if name not in documents.DERIVED:
                assert value, f"{name} is empty"
    assert found.addresses


@pytest.mark.parametrize("text", [text for text in CORPUS if text], ids=ascii)
def test_every_text_is_in_every_document(text: str) -> None:
    for name in ("config.dump", "spec.dump", "network.status", "bind.mounts", "status"):
        assert text in set(texts_in(json.loads(PODMAN[name])))


def test_what_other_engines_write_is_read(tmp_path: Path) -> None:
    assert engine(loaded(tmp_path, archive.crio())) is Engine.CRIO
    assert engine(loaded(tmp_path, archive.containerd())) is Engine.CONTAINERD
    assert engine(loaded(tmp_path, archive.bare())) is Engine.RUNTIME
    old = loaded(tmp_path, archive.old_podman())
    assert old.config.legacy_ports
    assert old.addresses


def test_an_image_has_its_notes(tmp_path: Path) -> None:
    found = loaded(tmp_path, archive.image(), ())
    assert found.contents.layer
    assert set(documents.notes_of_image(CORPUS[:1])) <= set(found.contents.layer.annotations)
    assert origin(found).tools


def test_logs_and_other_documents_are_read(tmp_path: Path) -> None:
    found = loaded(tmp_path, PODMAN)
    assert all(log.lines for log in read_logs(found))
    assert len(extra_documents(found)) > 3
