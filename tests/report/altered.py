"""Real archives with other documents, and what nobody's terminal may get from them."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zstandard

from tests.data import DATA

Documents = dict[str, Any]
"""config.dump and spec.dump by their names without `.dump`."""

EVIL = "\x1b]52;c;aGk=\x07\x1b[31mred\x9b2J\u202egnp\u2066\r\nnext\x00\x7f[bold]"
"""Sequences that set the clipboard, colour and clear a terminal, turn text around, break lines."""


def altered(folder: Path, name: str, change: Callable[[Documents], None]) -> str:
    """The path of a copy of the archive `name` of tests/data, its documents changed."""
    with DATA.joinpath(name).open("rb") as file:
        packed = zstandard.ZstdDecompressor().stream_reader(file)
        whole = io.BytesIO(file.read() if name.endswith(".tar") else packed.read())
    path = folder / "altered.tar"
    with tarfile.open(fileobj=whole) as source, tarfile.open(path, "w") as target:
        contents = {
            member: content.read() if (content := source.extractfile(member)) else b""
            for member in source.getmembers()
        }
        members = {member.name: member for member in contents}
        documents = {
            part: json.loads(contents[members[f"{part}.dump"]]) for part in ("config", "spec")
        }
        change(documents)
        for part, document in documents.items():
            contents[members[f"{part}.dump"]] = json.dumps(document).encode()
        for member, raw in contents.items():
            member.size = len(raw)
            target.addfile(member, io.BytesIO(raw))
    return str(path)


def evil(documents: Documents) -> None:
    """Put EVIL wherever an archive has a say."""
    config, spec = documents["config"], documents["spec"]
    config |= {
        "name": f"web{EVIL}",
        "rootfsImageName": f"localhost/{EVIL}",
        "createdTime": EVIL,
        "labels": {f"key{EVIL}": EVIL},
        "userVolumes": [EVIL],
        "CreateCommand": ["podman", "run", EVIL],
    }
    config["namedVolumes"] = [{"volumeName": f"data{EVIL}", "dest": f"/{EVIL}", "options": [EVIL]}]
    spec["hostname"] = EVIL
    spec["annotations"] = {EVIL: EVIL}
    spec["process"] |= {"args": ["sh", EVIL], "env": [f"A{EVIL}={EVIL}"], "cwd": f"/{EVIL}"}
    spec["mounts"].append({"destination": f"/{EVIL}", "type": "bind", "source": f"/{EVIL}"})


def harmless(printed: str) -> bool:
    """Whether a terminal does nothing on seeing `printed` but show it."""
    lines = printed.split("\n")
    return all(line.isprintable() and not line.startswith("next") for line in lines)
