"""Completion in real shells, and the manual page."""

import json
import os
import pty
import select
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tui.cli import _COMMANDS, main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, capsys: Captured) -> Path:
    """A folder with the scripts, an archive, a folder, and a podthaw with a history."""
    for shell in ("bash", "zsh", "fish"):
        assert main(["completion", shell]) == 0
        (tmp_path / f"script.{shell}").write_text(capsys.readouterr().out)
    (tmp_path / "web one.tar").touch()
    (tmp_path / "saved").mkdir()
    fake = tmp_path / "bin" / "podthaw"
    fake.parent.mkdir()
    fake.write_text(
        f"#!/bin/sh\ncat <<'END'\n{json.dumps({'restores': [{'id': 'r-4711'}]})}\nEND\n"
    )
    fake.chmod(0o755)
    return tmp_path


def bash(folder: Path, *words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    line = " ".join(f"'{word}'" for word in ("podthaw", *words))
    script = (
        f"source ./script.bash; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _podthaw;"
        r' printf "%s\n" "${COMPREPLY[@]}"'
    )
    return set(_run(folder, "bash", "--norc", "-c", script))


def fish(folder: Path, *words: str) -> set[str]:
    """What fish offers for the last of `words`."""
    line = " ".join(("podthaw", *words))
    found = _run(folder, "fish", "-N", "-c", f"source ./script.fish; complete -C '{line}'")
    return {one.partition("\t")[0] for one in found}


def _run(folder: Path, *argv: str) -> list[str]:
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    environment |= {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_bash_completes_commands_and_archives(folder: Path) -> None:
    assert bash(folder, "ins") >= {"inspect"}
    assert bash(folder, "web") == {"web one.tar"}
    assert bash(folder, "inspect", "web") == {"web one.tar"}


def test_bash_completes_options_of_the_command_alone(folder: Path) -> None:
    assert bash(folder, "search", "x", "--re") == {"--regex"}
    assert bash(folder, "restore", "--ig") >= {"--ignore-volumes", "--ignore-rootfs"}
    assert bash(folder, "--re") == set()


def test_bash_completes_what_an_option_takes(folder: Path) -> None:
    assert bash(folder, "check", "--host", "") == {"local", "demo"}
    assert bash(folder, "inspect", "--section", "so") == {"sockets"}
    assert bash(folder, "extract", "x", "--out", "s") >= {"saved"}
    assert "web one.tar" not in bash(folder, "extract", "x", "--out", "")


def test_bash_completes_codes_shells_and_the_history(folder: Path) -> None:
    assert "volume-exists" in bash(folder, "explain", "vol")
    assert bash(folder, "completion", "z") == {"zsh"}
    assert bash(folder, "history", "r") == {"r-4711"}


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes_all_of_it(folder: Path) -> None:
    assert "inspect" in fish(folder, "ins")
    assert "--regex" in fish(folder, "search", "x", "--re")
    assert {"local", "demo"} <= fish(folder, "check", "--host", '""')
    assert "sockets" in fish(folder, "inspect", "--section", "so")
    assert "volume-exists" in fish(folder, "explain", "vol")
    assert "r-4711" in fish(folder, "history", "r")
    assert any("web" in one for one in fish(folder, "inspect", "web"))


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("podthaw ins", "inspect"),
        ("podthaw search x --re", "--regex"),
        ("podthaw inspect --section soc", "sockets"),
        ("podthaw explain volume-ex", "volume-exists"),
    ],
)
def test_zsh_completes_what_is_typed(folder: Path, typed: str, completed: str) -> None:
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "PS1": ""})
    start = "autoload -U compinit && compinit -D -u && source ./script.zsh && echo REA''DY\n"
    os.write(terminal, start.encode())
    shown = _read(terminal, "READY")
    os.write(terminal, f"{typed}\t".encode())
    shown += _read(terminal, completed)
    os.kill(pid, signal.SIGKILL)  # in the middle of a completion it may outlive its terminal
    os.waitpid(pid, 0)
    os.close(terminal)
    assert completed in shown


def _read(terminal: int, text: str) -> str:
    """What comes until `text` is there, or nothing has come for a while."""
    shown = ""
    while text not in shown and select.select([terminal], [], [], 60)[0]:
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown


def test_every_command_is_in_the_manual(capsys: Captured) -> None:
    assert main(["man"]) == 0
    page = capsys.readouterr().out
    for name in _COMMANDS:
        assert f"\n.SS {name}\n" in page
    for title in ("EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"):
        assert f"\n.SH {title}\n" in page
    assert r"\fB\-\-ignore\-volumes\fR" in page


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_has_no_complaints_about_the_manual(capsys: Captured) -> None:
    main(["man"])
    page = capsys.readouterr().out
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8", "-z"],
        input=page,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
