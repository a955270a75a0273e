"""The scenes once more, with an archive and a host that are hostile."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from zlib import crc32

from tests.archive.builders import unpacked
from tests.hostile import CORPUS, archive
from tests.hostile.host import HostileHost, lines
from tests.restore.hosts import AlteredHost, StalledHost
from tests.ui.scenes import (
    BARE,
    CUT,
    FAILURE,
    FOLDER,
    RESTORE,
    RUN_HALF,
    SCENES,
    Scene,
    failing,
    laid_out,
    stalled,
    unreachable,
)
from tui.host.demo import SHOP
from tui.host.host import Host

_FIRST = CORPUS[:-8]
"""Texts for fields that have but one: those that are more than a path or an option."""

_EACH = 12
"""Texts of one scene; another has others."""

_HOSTILE = FOLDER / "hostile"


@dataclass(frozen=True)
class HostileScene(Scene):
    """A scene that makes its archive, or its folder of archives."""

    make: Callable[[], Mapping[str, bytes]] = dict
    """The files to lay out, by their path in a folder of their own."""

    def lay_out(self) -> None:
        made = {_HOSTILE / name: raw for name, raw in self.make().items()}
        for path, raw in made.items():
            laid_out(path, raw)
        if self.path.is_dir():
            for path in set(self.path.iterdir()) - set(made):  # of an earlier corpus
                path.unlink()


def hostile(scene: Scene) -> HostileScene:
    """`scene` with an archive and a host that are hostile."""
    at = crc32(scene.name.encode()) % len(_FIRST)
    texts = archive.turned(_FIRST[at])[:_EACH]
    restored = bool(scene.options.publish)
    name = (
        f"{at}-restored.tar" if restored else f"{at}-cut.tar" if scene.path == CUT else f"{at}.tar"
    )
    make, path = partial(_archive, name, texts), _HOSTILE / name
    if scene.path == FOLDER:
        make, path = partial(_folder, scene.name, texts), _HOSTILE / scene.name
    return HostileScene(
        scene.name,
        scene.act,
        _host(scene, texts, liar=not restored),
        replace(scene.options, name="shop2") if restored else scene.options,
        path,
        scene.goes_on,
        make,
    )


def _archive(name: str, texts: Sequence[str]) -> Mapping[str, bytes]:
    if name.endswith("-restored.tar"):
        return {name: archive.tarred(_dressed(texts))}
    raw = archive.tarred(archive.podman(texts), texts)
    return {name: raw[: len(raw) // 3] if name.endswith("-cut.tar") else raw}


def _folder(folder: str, texts: Sequence[str]) -> Mapping[str, bytes]:
    raw = archive.tarred({"config.dump": b"{}", "spec.dump": b"{}"})
    names = (archive.named(text)[:200].removeprefix("checkpoint/") for text in texts)
    return {f"{folder}/{name}.tar": raw for name in names}


def _dressed(texts: Sequence[str]) -> dict[str, bytes]:
    """The bundled checkpoint, with texts where they do not decide about the restore."""
    with unpacked(SHOP) as tar:
        files = {one.name: tar.extractfile(one) for one in tar if one.isfile()}
    found = {name: file.read() for name, file in files.items() if file}
    config, spec = (json.loads(found[name]) for name in ("config.dump", "spec.dump"))
    more = {text: text for text in texts}
    config |= {"name": texts[0], "labels": more, "CreateCommand": [*texts]} | more
    spec["process"]["args"] = [*texts]
    spec["process"]["env"] = [f"{text}={text}" for text in texts]
    spec["annotations"] = more
    return found | {
        "config.dump": json.dumps(config).encode(),
        "spec.dump": json.dumps(spec).encode(),
    }


def _host(scene: Scene, texts: Sequence[str], *, liar: bool) -> Callable[[], Host]:
    printed = lines(texts).decode("utf-8", "surrogateescape")
    if scene.make_host is failing:
        return lambda: AlteredHost(prints={RESTORE: (printed + FAILURE, 125)}, pace=0)
    if scene.make_host is stalled:
        return lambda: StalledHost(RESTORE, printed + RUN_HALF, pace=0)
    if scene.make_host is unreachable:
        return unreachable
    return lambda: HostileHost(texts, liar=liar)


HOSTILE_SCENES = {
    name: hostile(scene) for name, scene in SCENES.items() if scene.path != BARE and name != "empty"
}
