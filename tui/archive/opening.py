"""Every way in which a checkpoint may lie somewhere, opened: an archive, a folder, an image."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from tui.archive import folder, image, reader
from tui.archive.layout import CHECKPOINTS, IMAGES, INVENTORY, Layout, layout
from tui.archive.model import Contents, FileIdentity, Form, Layer, Member
from tui.archive.stream import (
    MAGIC_LENGTH,
    Section,
    Stream,
    WatchedStream,
    recognized,
    unpacked,
    unpacked_inside,
)
from tui.errors import ArchiveError
from tui.text import safe_text

_IMAGE_TOPS = {"blobs", "oci-layout", "index.json"}
"""What an image layout begins with; what `podman save` writes by default begins with a layer."""


def read(path: str) -> Iterator[Contents]:
    """What lies at `path`, more with each Contents; the last one is finished.

    Of an image it is what the checkpoint's layer holds. CRIU's images that lie alone are listed
    as a container's archive has them, below `checkpoint/`. Raises ArchiveError where nothing at
    all can be read.
    """
    source = folder.read(path) if Path(path).is_dir() else reader.read(path)
    for contents in source:
        if not contents.finished:
            if not _IMAGE_TOPS & {member.name.partition("/")[0] for member in contents.members}:
                yield contents
            continue
        match layout(contents):
            case Layout.CHECKPOINT_IMAGE:
                yield from _read_layer(image.layer(contents))
            case Layout.OCI_IMAGE | Layout.SAVED_IMAGE:
                yield from _tried(contents)
            case Layout.CRIU:
                yield _placed(contents)
            case _:
                yield contents


@contextmanager
def stream(contents: Contents, seen: Callable[[bytes], object] | None = None) -> Iterator[Stream]:
    """The decompressed bytes again, in which the members have their places.

    `seen` is called with every byte of the file, to its end. Of a folder there are none. Raises
    ArchiveError when what lies there is not what was read.
    """
    if contents.layer:
        with stream(contents.layer.outer, seen) as outer:
            yield unpacked_inside(_section(outer, contents.layer.blob), contents.compression)
    elif contents.form is Form.FOLDER:
        with folder.stream(contents) as files:
            yield files
    else:
        with _file(contents) as file:
            if seen is None:
                yield unpacked(file, contents.compression, contents.identity.size)
            else:
                watched = WatchedStream(file, seen)
                yield unpacked_inside(watched, contents.compression)
                watched.skip(contents.identity.size)


@contextmanager
def _file(contents: Contents) -> Iterator[io.FileIO]:
    path = safe_text(contents.path)
    try:
        file = Path(contents.path).open("rb", buffering=0)  # noqa: SIM115 (closed below)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be opened: {error.strerror}.") from error
    with file:
        if FileIdentity.of(os.fstat(file.fileno())) != contents.identity:
            raise ArchiveError(f"{path}: it has changed since it was read.")
        yield file


def _tried(contents: Contents) -> Iterator[Contents]:
    """What the only layer of an image holds, if that is a checkpoint, or else the image."""
    layer, known = image.sole_layer(contents), False
    with suppress(ArchiveError):  # where the layer is no tar
        for found in _read_layer(layer) if layer else ():
            known = known or layout(found) in CHECKPOINTS
            if known:
                yield found
    if not known:
        yield contents


def _read_layer(layer: Layer) -> Iterator[Contents]:
    with stream(layer.outer) as outer:
        section = _section(outer, layer.blob)
        start = replace(
            layer.outer,
            compression=recognized(section.peek(MAGIC_LENGTH)),
            form=Form.IMAGE,
            layer=layer,
        )
        inside = unpacked_inside(section, start.compression)
        size = start.identity.size
        yield from reader.index(start, inside, lambda: min(section.offset, size))


def _section(outer: Stream, member: Member) -> Section:
    outer.skip((member.offset or 0) - outer.offset)
    return Section(outer, member.size)


def _placed(contents: Contents) -> Contents:
    """`contents` with CRIU's images below `checkpoint/`, wherever they lie."""
    names = [member.name for member in contents.members]
    if f"{IMAGES}{INVENTORY}" in names:
        return contents
    inventory = next(name for name in names if PurePosixPath(name).name == INVENTORY)
    prefix = inventory.removesuffix(INVENTORY)

    def place(name: str) -> str:
        inner = name.removeprefix(prefix)
        if not name.startswith(prefix) or "/" in inner:
            return name
        of_criu = inner.endswith(".img") or inner in ("descriptors.json", "parent")
        return f"{IMAGES}{inner}" if of_criu else inner

    return replace(
        contents,
        members=tuple(replace(one, name=place(one.name)) for one in contents.members),
        files={place(name): raw for name, raw in contents.files.items()},
        nested={place(name): entries for name, entries in contents.nested.items()},
        problems=tuple(replace(one, member=place(one.member)) for one in contents.problems),
    )
