"""The command line as scripts use it: words in, exit code and streams out."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive.builders import saved
from tests.archive.layouts import containerd, images, in_folder, tar
from tests.data import DATA
from tui.cli import main

Captured = pytest.CaptureFixture[str]

WEB = str(DATA / "web.tar.zst")


def test_inspect_prints_what_is_inside(capsys: Captured) -> None:
    assert main(["inspect", WEB]) == 0
    printed = capsys.readouterr().out
    assert "localhost/podthaw-bb:latest" in printed
    assert "zstd" in printed


def test_inspect_json_has_the_documents(capsys: Captured) -> None:
    assert main(["inspect", WEB, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert document["archive"]["engine"] == "podman"
    assert document["archive"]["complete"] is True
    assert document["config"]["id"] == document["archive"]["id"]
    assert len(document["archive"]["sha256"]) == 64


def test_one_section_is_all_that_is_printed(capsys: Captured) -> None:
    assert main(["inspect", WEB, "--section", "spec", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"schema", "archive", "spec"}


def test_values_of_the_environment_are_masked_until_asked_for(capsys: Captured) -> None:
    for words in (["inspect", WEB], ["inspect", WEB, "--json"]):
        assert main(words) == 0
        assert "s3cr3t" not in capsys.readouterr().out
        assert main([*words, "--show-secrets"]) == 0
        assert "s3cr3t" in capsys.readouterr().out


def test_a_truncated_archive_is_shown_as_far_as_it_goes(tmp_path: Path, capsys: Captured) -> None:
    cut = tmp_path / "cut.tar"
    whole = (DATA / "web.tar").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    assert main(["inspect", str(cut), "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["archive"]["complete"] is False
    assert document["archive"]["problems"]
    assert document["config"]["name"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["inspect"], "FILE"),
        (["inspect", WEB, "--section", "nothing"], "no section"),
        (["inspect", WEB, "--sparkle"], "--sparkle"),
        (["check", WEB, "--host-command", "ssh host"], "ssh"),
        (["check", WEB, "--host-command", "'"], "split"),
        (["explain", "no-such-check"], "no check"),
    ],
)
def test_wrong_words_are_named(words: list[str], message: str, capsys: Captured) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: Captured) -> None:
    assert main(["inspect", str(tmp_path / "nowhere.tar")]) == 3
    assert "no such file" in capsys.readouterr().err.lower()


def test_a_file_that_is_no_archive_is_named(tmp_path: Path, capsys: Captured) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"not a tar at all, but long enough to look at" * 100)
    assert main(["inspect", str(junk)]) == 3
    assert "not an archive" in capsys.readouterr().err


def test_a_host_that_cannot_be_asked_leaves_the_archive(capsys: Captured) -> None:
    assert main(["check", WEB, "--host-command", "/nowhere/at-all"]) == 4
    captured = capsys.readouterr()
    assert "localhost/podthaw-bb:latest" in captured.out
    assert "/nowhere/at-all" in captured.err


def test_check_against_the_demo_host(capsys: Captured) -> None:
    assert main(["check", WEB, "--host", "demo", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["host"]["simulated"] is True
    assert document["verdict"] == "ready"


def test_explain_lists_and_explains(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    assert "volume-exists" in capsys.readouterr().out
    assert main(["explain", "volume-exists"]) == 0
    assert "volume" in capsys.readouterr().out


def test_restore_asks_only_on_a_terminal(capsys: Captured) -> None:
    assert main(["restore", WEB, "--host", "demo", "--name", "other"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("There is no terminal to answer on: say --yes.\n")


def piped(raw: bytes, *words: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "tui", *words]
    return subprocess.run(command, input=raw, capture_output=True, check=False)


def test_an_archive_may_come_from_standard_input() -> None:
    raw = Path(WEB).read_bytes()
    done = piped(raw, "inspect", "-", "--json")
    assert done.returncode == 0
    archive = json.loads(done.stdout)["archive"]
    assert (archive["name"], archive["size"]) == ("web", len(raw))
    assert archive["sha256"] == hashlib.sha256(raw).hexdigest()
    assert b"standard input" in piped(raw, "inspect", "-").stdout


def test_what_comes_from_standard_input_may_be_no_archive() -> None:
    done = piped(b"hello", "inspect", "-")
    assert done.returncode == 3
    assert b"this is not an archive" in done.stderr


def test_other_engines_checkpoints_are_shown_and_their_engine_is_named(
    capsys: Captured, tmp_path: Path
) -> None:
    path = str(saved(tmp_path, tar(containerd())))
    assert main(["inspect", path]) == 0
    printed = capsys.readouterr().out
    assert "made by        containerd" in printed
    assert "restore        containerd made this checkpoint, and only containerd restores" in printed
    assert main(["check", path, "--host", "demo"]) == 1
    printed = capsys.readouterr().out
    assert "containerd made this checkpoint" in printed
    assert "podman --log-level" not in printed


def test_a_folder_of_images_is_shown_and_checked(capsys: Captured, tmp_path: Path) -> None:
    path = str(in_folder(tmp_path, images()))
    assert main(["inspect", path, "--json"]) == 0
    archive = json.loads(capsys.readouterr().out)["archive"]
    assert (archive["engine"], archive["form"], archive["sha256"]) == ("oci-runtime", "folder", "")
    assert len(archive["lacking"]) == 2
    assert main(["check", path, "--host", "demo"]) == 1
    assert "runc restore --image-path" in capsys.readouterr().out


def test_digests_alone_and_beside_other_parts(capsys: Captured) -> None:
    raw = hashlib.sha256(Path(WEB).read_bytes()).hexdigest()
    assert main(["inspect", WEB, "--digests"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"the archive itself: {raw}"
    assert all(len(line.partition("  ")[0]) == 64 for line in lines)
    assert main(["inspect", WEB, "--digests", "--section", "stats", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["digests"]["archive"] == document["archive"]["sha256"] == raw
    assert {"stats", "digests"} <= set(document)
