"""What commands for scripts print of a hostile archive and a hostile host does no harm."""

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import CORPUS, archive, documents
from tests.hostile.host import HostileHost
from tui.cli import main

Captured = pytest.CaptureFixture[str]

LISTED = ("search", "strings", "extract")
"""Commands whose columns stand apart by tabs."""

WRONG: tuple[Any, ...] = ("x", "", [], {}, ["x"], [["x"]], {"x": "x"}, [{}], 1, -1, 10**30, 1e300)
"""What no field should be, or not each of them."""

RAW = {
    "numbers": b'{"id": 1e999, "createdTime": -0, "newPortMappings": [{"host_port": 99999999999}]}',
    "digits": b'{"id": ' + b"9" * 5000 + b"}",
    "nested": b'{"labels": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "duplicates": b'{"name": "\\u001b[31m", "name": "\\u009b", "NAME": "x", "Name": "\\ud800"}',
    "huge": b'{"name": "' + b"\\u001b" * 100_000 + b'", "' + b"\\u202e" * 5000 + b'": 1}',
    "not JSON": b'{"name": "\x1b[31m',
    "not UTF-8": b'{"name": "\xff\x9b31m"}',
    "constants": b'{"name": NaN, "id": Infinity}',
}


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def saved(folder: Path, files: dict[str, bytes], texts: tuple[str, ...] = ()) -> str:
    path = folder / "hostile.tar"
    path.write_bytes(archive.tarred(files, texts))
    return str(path)


def harmless(captured: Captured, *argv: str) -> str:
    """What a command prints on standard output; fails if a terminal would act on any of it."""
    main(argv)
    printed = captured.readouterr()
    for line in (printed.out + printed.err).split("\n"):
        parts = line.split("\t") if argv[0] in LISTED else [line]
        assert all(part.isprintable() for part in parts), f"{argv[0]}: {line!a}"
    return printed.out


@pytest.mark.parametrize("text", CORPUS, ids=ascii)
def test_inspect_and_check(
    text: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = archive.turned(text)
    monkeypatch.setattr("tui.host.demo.DemoHost", lambda *_: HostileHost(texts, liar=True))
    path = saved(tmp_path, archive.podman(texts[:6]), texts)
    assert harmless(capsys, "inspect", path, "--show-secrets")
    assert harmless(capsys, "check", path, "--host", "demo", f"--name={text}")
    assert harmless(capsys, "host", "--host", "demo")


@pytest.mark.parametrize("make", ["old_podman", "crio", "containerd", "bare", "image"])
def test_what_others_made(make: str, tmp_path: Path, capsys: Captured) -> None:
    path = saved(tmp_path, getattr(archive, make)())
    assert harmless(capsys, "inspect", path)
    document = json.loads(harmless(capsys, "inspect", path, "--json", "--digests"))
    assert document["schema"] == 1
    harmless(capsys, "check", path, "--host", "demo", "--json")


SECTIONS = (
    *("processes", "files", "sockets", "mounts", "memory", "filesystem", "logs", "stats"),
    *("sizes", "extra", "findings", "members", "problems", "raw"),
)


@pytest.mark.parametrize("name", SECTIONS)
def test_sections_that_are_asked_for(name: str, tmp_path: Path, capsys: Captured) -> None:
    path = saved(tmp_path, archive.podman(), CORPUS)
    assert harmless(capsys, "inspect", path, "--section", name, "--json")
    harmless(capsys, "inspect", path, "--section", name)


def test_search_and_strings(tmp_path: Path, capsys: Captured) -> None:
    path = saved(tmp_path, archive.podman(), CORPUS)
    for words in (["run"], ["--hex", "1b"], ["--regex", "[\\x80-\\xff]+"], ["\x1b["]):
        assert harmless(capsys, "search", path, *words)
        assert harmless(capsys, "search", path, *words, "--json")
    assert harmless(capsys, "strings", path, "-n", "1")
    harmless(capsys, "strings", path, "-n", "1", "--wide", "--json")


def test_extract(tmp_path: Path, capsys: Captured) -> None:
    path = saved(tmp_path, archive.podman(), CORPUS)
    out = str(tmp_path / "out")
    for place in ("rootfs:/", "devshm:/", "member:ctr.log", "core:1", "memory:1/10000", "file:11"):
        assert harmless(capsys, "extract", path, place, "--out", out), place
    kinds = ("rootfs:/", "volume:", "member:", "fd:", "memory:", "")
    for text, kind in zip(CORPUS, cycle(kinds), strict=False):
        harmless(capsys, "extract", path, kind + text, "--out", out)
    assert not (tmp_path / "etc").exists()


def test_restore_and_history(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.host.demo.DemoHost", lambda *_: HostileHost(CORPUS, liar=True))
    path = saved(tmp_path, archive.podman())
    harmless(capsys, "restore", path, "--host", "demo", "--yes", "--force", "--keep-remains")
    assert harmless(capsys, "history")
    (record,) = json.loads(harmless(capsys, "history", "--json"))["restores"]
    assert harmless(capsys, "history", record["id"])
    assert harmless(capsys, "history", record["id"], "--markdown")


@pytest.mark.parametrize("text", CORPUS, ids=ascii)
def test_words_on_the_command_line(text: str, capsys: Captured) -> None:
    harmless(capsys, "explain", f"no{text}")
    harmless(capsys, "inspect", f"/nowhere/{text}".replace("\0", ""))
    harmless(capsys, "history", f"no{text}")


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_values_of_the_wrong_type(value: Any, tmp_path: Path, capsys: Captured) -> None:
    for key, raw in _each_alone(value):
        path = saved(tmp_path, {"config.dump": b"{}", "spec.dump": b"{}", key[0]: raw})
        assert harmless(capsys, "inspect", path, "--section", "problems") is not None, key
    assert harmless(capsys, "check", saved(tmp_path, archive.wrong(value)), "--host", "demo")


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_documents_that_are_none(raw: bytes, tmp_path: Path, capsys: Captured) -> None:
    for name in ("config.dump", "spec.dump", "network.status", "status", "bind.mounts"):
        path = saved(tmp_path, {"config.dump": b"{}", "spec.dump": b"{}", name: raw})
        assert harmless(capsys, "inspect", path)
        assert harmless(capsys, "check", path, "--host", "demo")


def _each_alone(value: Any) -> Iterator[tuple[tuple[str, str], bytes]]:
    """A document for each field, with `value` in that one."""
    for name, kinds in documents.SHAPES.items():
        for kind in kinds:
            for place in documents.places(kind):
                document = value
                for step in reversed(place):
                    document = [document] if step == "[]" else {step: document}
                yield (name, "/".join(place)), json.dumps(document).encode()
