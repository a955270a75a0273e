"""`podthaw diff`: what scripts and people get, and how it ends."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoint.comparisons import RUNC, WEB, Members, document, rebuilt
from tests.report.altered import altered, evil, harmless
from tui.cli import main
from tui.errors import ExitCode

Captured = pytest.CaptureFixture[str]


def test_the_same_is_told_in_words_and_ends_with_0(capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(WEB)]) == ExitCode.OK

    captured = capsys.readouterr()
    assert "one container, at the same second" in captured.out
    assert "No differences: the two are the same in everything that podthaw reads." in captured.out
    assert captured.err == ""


def test_differences_are_told_by_section_and_end_with_1(capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(RUNC)]) == ExitCode.DIFFERENT

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("before  ")
    assert "web" in lines[0]
    assert lines[1].startswith("after   ")
    assert "on-runc" in lines[1]
    assert lines[2].startswith("two containers, the second is ")
    assert "  ~ changed  runtime  crun → runc" in lines
    assert "  - removed  tcp6 [::]:80  LISTEN" in lines
    assert lines[-1].endswith("of IDs, times and the like left out (--all shows them)")


def test_everything_is_told_to_those_who_ask(capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(RUNC), "--all", "--section", "config"]) == 1

    out = capsys.readouterr().out
    assert "  = same     runtime" not in out
    assert "  = same     networkMode  bridge" in out
    assert "  · changed  id  (only IDs differ in it)" in out
    assert "left out" not in out


def test_json_has_counts_and_values(capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(RUNC), "--json", "--section", "archive"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    assert (found["same"], found["same_container"], found["complete"]) == (False, False, True)
    assert found["before"]["name"] == "web"
    assert len(found["after"]["sha256"]) == 64
    assert isinstance(found["seconds_apart"], float)
    assert list(found["sections"]) == ["archive"]
    section = found["sections"]["archive"]
    assert section["counts"] == found["counts"]
    by_key = {one["key"]: one for one in section["differences"]}
    assert by_key["runtime"] == {
        "key": "runtime",
        "label": "runtime",
        "kind": "changed",
        "before": "crun",
        "after": "runc",
        "unit": "",
        "note": "",
        "expected": "",
        "inside": [],
    }
    assert by_key["size of memory"]["unit"] == "bytes"
    assert by_key["checkpointed"]["expected"] == "every checkpoint has its own"
    kinds = [one["kind"] for one in section["differences"] if not one["expected"]]
    assert section["counts"]["changed"] == kinds.count("changed")


def test_json_of_the_same_is_short_unless_all_is_wanted(capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(WEB), "--json"]) == ExitCode.OK
    short = json.loads(capsys.readouterr().out)
    assert short["same"] is True
    assert all(not one["differences"] for one in short["sections"].values())

    assert main(["diff", str(WEB), str(WEB), "--json", "--all"]) == ExitCode.OK
    long = json.loads(capsys.readouterr().out)
    kinds = {one["kind"] for one in long["sections"]["mounts"]["differences"]}
    assert kinds == {"same"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--section", "nonsense"], "there is no section 'nonsense'; there are archive, processes"),
        (["--section", "config", "--memory"], "--memory is about the section memory"),
        (["--section", "config", "--digests"], "--digests is about files"),
    ],
)
def test_wrong_words_are_named(words: list[str], message: str, capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(RUNC), *words]) == ExitCode.USAGE
    assert message in capsys.readouterr().err


def test_only_one_of_them_can_be_standard_input(capsys: Captured) -> None:
    assert main(["diff", "-", "-"]) == ExitCode.USAGE
    assert "only one of the two can be standard input" in capsys.readouterr().err


def test_one_of_them_may_be_standard_input() -> None:
    command = [sys.executable, "-m", "tui", "diff", str(WEB), "-"]
    ended = subprocess.run(command, input=RUNC.read_bytes(), capture_output=True, check=False)
    assert ended.returncode == 1
    assert b"after   standard input" in ended.stdout


def test_what_cannot_be_read_ends_with_3(tmp_path: Path, capsys: Captured) -> None:
    assert main(["diff", str(WEB), str(tmp_path / "nothing.tar")]) == ExitCode.ARCHIVE
    assert "nothing.tar" in capsys.readouterr().err


def test_a_damaged_archive_is_compared_as_far_as_it_goes(tmp_path: Path, capsys: Captured) -> None:
    raw = rebuilt(tmp_path, lambda _: None).read_bytes()
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(raw[: len(raw) // 2])

    assert main(["diff", str(WEB), str(damaged)]) == ExitCode.ARCHIVE

    captured = capsys.readouterr()
    assert "the second could be read only in part" in captured.out
    assert captured.err.startswith("after: checkpoint/")


def test_secrets_are_masked_until_asked_for(tmp_path: Path, capsys: Captured) -> None:
    def change(members: Members) -> None:
        def secret(value: Any) -> None:
            value["process"]["env"].append("TOKEN=hunter2")

        document(members, "spec.dump", secret)

    path = str(rebuilt(tmp_path, change))
    for words in ([], ["--json"], ["--all"]):
        main(["diff", str(WEB), path, *words])
        assert "hunter2" not in capsys.readouterr().out
    main(["diff", str(WEB), path, "--show-secrets"])
    assert "+ added    TOKEN  hunter2" in capsys.readouterr().out


def test_bytes_are_compared_when_wanted(tmp_path: Path, capsys: Captured) -> None:
    def change(members: Members) -> None:
        pages = bytearray(members["checkpoint/pages-1.img"])
        pages[-1] ^= 0xFF
        members["checkpoint/pages-1.img"] = bytes(pages)

    path = str(rebuilt(tmp_path, change))
    assert main(["diff", str(WEB), path]) == ExitCode.OK
    assert main(["diff", str(WEB), path, "--memory", "--digests"]) == ExitCode.DIFFERENT
    assert "content  (1 of " in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["--json"], ["--all"], ["--show-secrets", "--all"]])
def test_nothing_of_a_hostile_archive_reaches_the_terminal_raw(
    tmp_path: Path, capsys: Captured, words: list[str]
) -> None:
    main(["diff", str(WEB), altered(tmp_path, "web.tar", evil), *words])

    captured = capsys.readouterr()
    assert harmless(captured.out)
    assert harmless(captured.err)
    assert "aGk=" in captured.out


def test_progress_is_for_terminals_alone(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    main(["diff", str(WEB), str(RUNC), "--memory", "--section", "memory"])
    assert "compared: " in err.getvalue()
