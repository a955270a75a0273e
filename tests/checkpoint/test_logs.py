"""The logs of every engine, line by line."""

import json
from pathlib import Path

import pytest

from tests.archive.builders import entry, saved
from tests.archive.layouts import containerd, crio, images, in_folder, tar
from tests.checkpoint.builders import loaded
from tui.archive import limits
from tui.checkpoint import logs
from tui.checkpoint.logs import Line, Log, read_logs
from tui.checkpoint.reading import load

STAMP = "2026-11-24T15:08:29.305778502+00:00"


def log(folder: Path, raw: bytes, limit: int = logs.TAIL, name: str = "ctr.log") -> Log:
    (found,) = read_logs(loaded(folder, entry(name, raw)), limit)
    assert found.name == name
    return found


def texts(found: Log) -> list[str]:
    return [line.text for line in found.lines]


def test_podmans_log_has_a_time_and_a_stream(tmp_path: Path) -> None:
    raw = f"{STAMP} stdout F hello  world\n{STAMP} stderr F \n{STAMP} stdout F\n"
    assert log(tmp_path, raw.encode()).lines == (
        Line("hello  world", STAMP, "stdout"),
        Line("", STAMP, "stderr"),
        Line("", STAMP, "stdout"),
    )


def test_parts_of_a_line_are_put_together_stream_by_stream(tmp_path: Path) -> None:
    rows = [("stdout", "P", "a"), ("stderr", "P", "1"), ("stdout", "F", "b"), ("stderr", "F", "2")]
    rows += [("stdout", "P", "not"), ("stderr", "F", "x"), ("stdout", "P", " yet")]
    raw = "".join(f"{STAMP} {stream} {tag} {text}\n" for stream, tag, text in rows)
    found = log(tmp_path, raw.encode())
    assert [(one.source, one.text, one.partial) for one in found.lines] == [
        ("stdout", "ab", False),
        ("stderr", "12", False),
        ("stdout", "not yet", True),
        ("stderr", "x", False),
    ]


def test_dockers_log_is_json(tmp_path: Path) -> None:
    rows = [
        {"log": "one\n", "stream": "stdout", "time": "2026-01-01T00:00:00Z"},
        {"log": "half ", "stream": "stderr"},
        {"log": "whole\n", "stream": "stderr", "time": 7},
    ]
    raw = "".join(f"{json.dumps(row)}\n" for row in rows)
    assert log(tmp_path, raw.encode()).lines == (
        Line("one", "2026-01-01T00:00:00Z", "stdout"),
        Line("half whole", "", "stderr"),
    )


@pytest.mark.parametrize(
    "line", ['{"log": 7}', "{", '{"a":' * 10_000, "plain", f"{STAMP} stdin F x", "\x1b[2J", ""]
)
def test_other_lines_are_told_as_they_are(line: str, tmp_path: Path) -> None:
    assert log(tmp_path, f"{line}\nend\n".encode()).lines == (Line(line), Line("end"))


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    assert texts(log(tmp_path, b"\xff\nx")) == ["\udcff", "x"]
    assert log(tmp_path, b"").lines == ()


def test_what_criu_said_has_seconds_and_a_level(tmp_path: Path) -> None:
    raw = (
        b"(00.000087) Version: 4.2.1 (gitid 0)\n"
        b"(00.001320) Error (criu/util.c:1534): no\n"
        b"(12.043112) pie: 7: Warn  (compel/x.c:1): maybe\n"
        b"(00.043113)     14: Error (criu/x.c:1): in a process\n"
        b"and more\n"
    )
    assert [
        (one.time, one.level, one.source) for one in log(tmp_path, raw, name="dump.log").lines
    ] == [
        ("00.000087", "", "criu"),
        ("00.001320", "error", "criu"),
        ("12.043112", "warning", "criu"),
        ("00.043113", "error", "criu"),
        ("", "", "criu"),
    ]


@pytest.mark.parametrize(
    ("files", "name"),
    [(containerd(), "container.log"), (crio(), "io.kubernetes.cri-o.LogPath")],
)
def test_each_engine_has_its_log_and_criu_its_own(
    files: dict[str, bytes], name: str, tmp_path: Path
) -> None:
    output, dump = read_logs(load(str(saved(tmp_path, tar(files)))))
    assert (output.name, output.title) == (name, "the container's output")
    assert [(one.text, one.source, one.partial) for one in output.lines] == [
        ("0", "stdout", False),
        ("par", "stderr", True),
    ]
    assert dump.lines[-1].level == "error"


def test_a_large_log_is_read_from_its_end(tmp_path: Path) -> None:
    raw = b"".join(b"line %06d\n" % number for number in range(200_000))
    assert len(raw) > limits.KEPT_MEMBER
    found = log(tmp_path, raw, 1000)
    assert texts(found)[-1] == "line 199999"
    assert len(found.lines) == 83
    assert found.left_out + sum(len(line.text) + 1 for line in found.lines) == found.size
    small = log(tmp_path, raw[:5000], 1000)
    assert texts(small)[0] == "line 000334"


def test_no_more_lines_are_told_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LINES", 3)
    found = log(tmp_path, b"1\n2\n3\n4\n5\n")
    assert (texts(found), found.left_out) == (["3", "4", "5"], 4)
    assert log(tmp_path, b"1\n2\n3\n").left_out == 0


def test_a_log_that_is_no_file_is_not_followed(tmp_path: Path) -> None:
    folder = in_folder(tmp_path / "cp", images())
    (tmp_path / "secret").write_text("secret")
    (folder / "dump.log").symlink_to(tmp_path / "secret")
    (found,) = read_logs(load(str(folder)))
    assert (found.lines, found.problem) == ((), "not a file but a symlink")


def test_a_log_that_was_cut_off_has_a_problem(tmp_path: Path) -> None:
    path = saved(tmp_path, tar({"ctr.log": bytes(2 * limits.MIB), **images()}))
    checkpoint = load(str(path))
    path.write_bytes(path.read_bytes()[:-1])
    (found,) = read_logs(checkpoint)
    assert "has changed since it was read" in found.problem
