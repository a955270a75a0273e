"""A checkpoint that says what it is told wherever a checkpoint can say something."""

import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.archive import layouts
from tests.hostile import CORPUS
from tests.hostile import documents as made
from tests.hostile.messages import one_of_each_kind
from tests.ui.images import hostile_images
from tui.checkpoint.extra import EXTRA
from tui.checkpoint.logs import LOGS

OTHER = 99
"""The number of the process that has an image of every kind."""

INNER = ("rootfs-diff.tar", "devshm-checkpoint.tar", "checkpoint/tmpfs-dev-99.tar.gz.img")


def turned(first: str) -> tuple[str, ...]:
    """The corpus, from `first` on."""
    at = CORPUS.index(first)
    return (*CORPUS[at:], *CORPUS[:at])


def tarred(files: Mapping[str, bytes], texts: Sequence[str] = ()) -> bytes:
    """A tar with `files`; its headers say `texts` wherever headers can say something."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for at, (name, raw) in enumerate(files.items()):
            _add(tar, name, raw, texts[at % len(texts) :] if texts else ())
        for text in texts:
            _add(tar, named(text), b"x", (text,))
            _link(tar, text)
    return made.getvalue()


def podman(texts: Sequence[str] = CORPUS) -> dict[str, bytes]:
    """As Podman has it; single fields have the first of `texts`, the rest all of them."""
    return {
        "config.dump": _json(made.config(texts)),
        "spec.dump": _json(made.spec(texts)),
        "network.status": _json(made.status(texts)),
        **_common(texts),
    }


def old_podman(texts: Sequence[str] = CORPUS) -> dict[str, bytes]:
    """As Podman 3.4 has it."""
    config = made.config(texts)
    later = ("orderedNetworks", "newNetworks", "newPortMappings")
    return podman(texts) | {
        "config.dump": _json({key: config[key] for key in config if key not in later}),
        "network.status": _json(made.old_status(texts)),
    }


def crio(texts: Sequence[str] = CORPUS) -> dict[str, bytes]:
    """As CRI-O has it, and containerd but for `bind.mounts`."""
    return podman(texts) | {"config.dump": _json(made.foreign_config(texts))}


def containerd(texts: Sequence[str] = CORPUS) -> dict[str, bytes]:
    """As containerd has it."""
    not_its_own = {"bind.mounts", "io.kubernetes.cri-o.LogPath", "network.status"}
    return {name: raw for name, raw in crio(texts).items() if name not in not_its_own}


def bare(texts: Sequence[str] = CORPUS) -> dict[str, bytes]:
    """As a runtime has it: its images, and the specification of the bundle."""
    documents = {"config.dump", "spec.dump", "network.status"}
    files = {name: raw for name, raw in podman(texts).items() if name not in documents}
    return files | {"config.json": _json({"ociVersion": texts[0]} | made.spec(texts))}


def image(texts: Sequence[str] = CORPUS) -> dict[str, bytes]:
    """As an image has it."""
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    notes = made.notes_of_image(texts)
    return layouts.image(tarred(podman(texts)), of_manifest=notes, of_index=notes)


def wrong(value: Any) -> dict[str, bytes]:
    """Documents in which every field that podthaw knows is `value`."""
    return {
        name: _json({place[0]: value for kind in kinds for place in made.places(kind)})
        for name, kinds in made.SHAPES.items()
    } | {"network.status": _json(value)}


def named(text: str) -> str:
    """`text` as the name of a file in the folder of CRIU's images."""
    return "checkpoint/" + (re.sub(r"[\0/]", "_", text) or "_")


def raw(text: str) -> bytes:
    """`text` as the bytes that it was read from."""
    return text.encode("utf-8", "surrogateescape")


def _common(texts: Sequence[str]) -> dict[str, bytes]:
    """What all engines write."""
    images = {
        f"checkpoint/{name.replace('_', '-')}.img": content
        for name, content in hostile_images(*texts).items()
    }
    for name, content in one_of_each_kind([*map(raw, texts)], OTHER).items():
        if name == "stats-dump":
            images[name] = content
        elif before := images.get(f"checkpoint/{name}"):
            images[f"checkpoint/{name}"] = before + content[len(_magic(name, content)) :]
        else:
            images[f"checkpoint/{name}"] = content
    return {
        **images,
        **dict(_inner_tars(texts)),
        **{name: _log(name, texts) for name in LOGS},
        **{name: _json(_extra(texts)) for name in EXTRA},
        "deleted.files": _json([f"/{text}" for text in texts]),
        "checkpoint/descriptors.json": _json([text or "/dev/null" for text in texts]),
    }


def _magic(name: str, content: bytes) -> bytes:
    return content[:4] if name == "inventory.img" else content[:8]


def _inner_tars(texts: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The root's changes, a volume for each text, shared memory and a tmpfs."""
    volumes = (f"volumes/{re.sub(r'[/]', '_', text).replace(chr(0), '_')}.tar" for text in texts)
    for name in (*INNER, *volumes):
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for text in texts if name in INNER else texts[:3]:
                _add(tar, re.sub(r"[\0/]", "_", text) or "_", raw(text), (text,))
                _link(tar, text)
                _add(tar, f"folder/.wh.{re.sub(r'[/]', '_', text)}".replace("\0", ""), b"", ())
        yield name, content.getvalue()


def _log(name: str, texts: Sequence[str]) -> bytes:
    lines = []
    for text in texts:
        words = raw(text).replace(b"\n", b"")
        if name in ("dump.log", "restore.log"):
            lines += [b"(00.000001) Version: " + words, b"(00.000002) Running on x Linux " + words]
            lines += [b"(00.1) Error (criu/x.c:1): " + words, b"(00.2) Warn  " + words, words]
        else:
            lines += [b"2026-11-24T15:08:34+00:00 stdout F " + words]
            lines += [b"2026-11-24T15:08:34+00:00 stderr P " + words, words]
            lines += [json.dumps({"log": text, "stream": text, "time": text}).encode()]
    return b"\n".join(lines) + b"\n"


def _extra(texts: Sequence[str]) -> Any:
    return made.unknown(texts) | {
        "status": texts[0],
        "mounts": [{"destination": text, "source": text, "options": [text]} for text in texts],
    }


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _add(tar: tarfile.TarFile, name: str, content: bytes, texts: Sequence[str]) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    if texts:
        info.uname = info.gname = texts[0][:31].replace("\0", "")
        info.pax_headers = {"comment": texts[0].encode("utf-8", "replace").decode()}
    tar.addfile(info, io.BytesIO(content))


def _link(tar: tarfile.TarFile, text: str) -> None:
    info = tarfile.TarInfo(f"{named(text)}.link")
    info.type = tarfile.SYMTYPE
    info.linkname = text.replace("\0", "_") or "_"
    tar.addfile(info)
