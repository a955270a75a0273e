"""The commands for scripts, on simulated hosts: what goes where, and how they end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.data import DATA, DEMO
from tests.report.altered import Documents, altered, evil, harmless
from tests.restore.hosts import AlteredHost
from tui.cli import main
from tui.errors import ArchiveError, ExitCode, HostError, UsageError
from tui.headless.check import check
from tui.headless.check import host as show_host
from tui.headless.restore import AfterFailure, restore
from tui.host.demo import DemoHost
from tui.host.host import FACT_TIMEOUT, Answer, NoAnswer
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore

Captured = pytest.CaptureFixture[str]

CLEAR = RestoreOptions(name="copy", publish=("8081:80",), ignore_volumes=True)
"""Out of the way of everything that the demo host has."""

TAKEN = RestoreOptions(publish=("8080:80",))
"""With tests/data/web.tar.zst a blocker, and a failure that leaves something behind."""

WEB = str(DATA / "web.tar.zst")

PODMAN_RESTORE = "podman --log-level=debug container restore"

CLEAN_WORDS = ["--name=copy", "--publish=8081:80", "--ignore-volumes"]


@pytest.fixture(autouse=True)
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """State goes to a folder of its own, and nobody waits to see whether a container lives on."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tui.headless.restore.Restore", partial(Restore, patience=0))


class Terminal:
    """A standard input at which a person sits."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        return self._answers.pop(0)


def at_terminal(monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(*answers))


def run(
    host: DemoHost,
    options: RestoreOptions = CLEAR,
    path: str = str(DEMO),
    *,
    yes: bool = True,
    force: bool = False,
    after: AfterFailure = AfterFailure.ASK,
    as_json: bool = False,
    in_place: bool = False,
) -> int:
    return restore(
        path,
        host,
        options,
        yes=yes,
        force=force,
        in_place=in_place,
        after_failure=after,
        as_json=as_json,
    )


def events(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def names(host: DemoHost) -> set[str]:
    """Of the host's containers and volumes."""
    scenario = host.scenario
    return {one.name for one in scenario.containers.values()} | set(scenario.volumes)


class Silent(DemoHost):
    """Podman is too busy to answer, or nothing answers at all."""

    def __init__(self, *programs: str) -> None:
        super().__init__(pace=0.1)
        self._programs = programs

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = FACT_TIMEOUT
    ) -> Answer:
        if argv[0] in self._programs:
            raise NoAnswer(f"{argv[0]} did not answer within 10 s")
        return await super().run(argv, stdin=stdin, timeout=timeout)


def test_the_containers_id_is_all_that_a_restore_prints(capsys: Captured) -> None:
    host = AlteredHost()

    assert run(host) == ExitCode.OK

    captured = capsys.readouterr()
    assert captured.out == f"{host.scenario.container('copy').id}\n"
    said = captured.err.splitlines()
    steps = [line for line in said if not line.startswith(" ")]
    assert steps == [
        "read the archive",
        "check it against the host",
        "bring it to the host",
        "look for the image",
        "restore",
        "verify",
        "restored: copy",
    ]
    assert "  answers on    0.0.0.0:8081 -> 80/tcp" in said


def test_events_are_one_a_line_and_the_last_one_has_the_outcome(capsys: Captured) -> None:
    host = AlteredHost()

    assert run(host, as_json=True) == ExitCode.OK

    captured = capsys.readouterr()
    lines = events(captured.out)
    assert {line["schema"] for line in lines} == {1}
    assert {line["event"] for line in lines} == {
        *("step_started", "progress", "log_line", "step_finished", "finished")
    }
    assert [line["event"] for line in lines].index("finished") == len(lines) - 1
    assert lines[-1]["status"] == "restored"
    assert lines[-1]["id"] == host.scenario.container("copy").id
    assert (lines[-1]["name"], lines[-1]["cause"], lines[-1]["remains"]) == ("copy", "", [])
    assert captured.err == ""


@pytest.mark.parametrize("yes", [True, False])
def test_a_blocked_restore_touches_nothing(capsys: Captured, yes: bool) -> None:
    host = AlteredHost()
    before = names(host)

    assert run(host, RestoreOptions(), yes=yes) == ExitCode.BLOCKED

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "✖ blocker: Volume shop-data exists on this host  [volume-exists]" in captured.err
    assert (names(host), host.started) == (before, [])


@pytest.mark.parametrize("yes", [True, False])
def test_a_blocked_restore_ends_with_what_blocks_it(capsys: Captured, yes: bool) -> None:
    assert run(AlteredHost(), RestoreOptions(), yes=yes, as_json=True) == ExitCode.BLOCKED

    last = events(capsys.readouterr().out)[-1]
    assert (last["event"], last["status"], last["name"]) == ("finished", "blocked", "shop")
    assert "volume-exists" in {conflict["code"] for conflict in last["conflicts"]}
    assert "Volume shop-data exists on this host" in last["cause"]


def test_force_says_what_it_skips(capsys: Captured) -> None:
    host = AlteredHost()
    before = names(host)

    assert run(host, RestoreOptions(), force=True) == ExitCode.BLOCKED

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "  warning: skipped by force: Volume shop-data exists on this host" in (
        captured.err.splitlines()
    )
    assert "volume with name shop-data already exists" in captured.err
    assert names(host) == before


def test_without_a_terminal_a_question_is_a_wrong_command_line(capsys: Captured) -> None:
    host = AlteredHost()

    with pytest.raises(UsageError, match="There is no terminal to answer on: say --yes"):
        run(host, yes=False)

    assert "✔ ready" in capsys.readouterr().err
    assert host.started == []


def test_a_person_may_say_yes(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    at_terminal(monkeypatch, "y\n")

    assert run(AlteredHost(), yes=False) == ExitCode.OK

    assert "Restore? [y/N] " in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["\n", "", "n\n", "yep\n"])
def test_anything_but_yes_is_no(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, answer: str
) -> None:
    at_terminal(monkeypatch, answer)
    host = AlteredHost()

    assert run(host, yes=False, as_json=True) == ExitCode.INTERRUPTED

    (last,) = events(capsys.readouterr().out)
    assert (last["status"], last["name"]) == ("cancelled", "copy")
    assert host.started == []


def test_the_question_says_that_something_blocks(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    at_terminal(monkeypatch, "\n")

    run(AlteredHost(), RestoreOptions(), yes=False, force=True)

    assert "Restore in spite of what blocks it? [y/N] " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("after", "gone", "word"),
    [
        (AfterFailure.CLEAN_UP, True, "removed: container web, volume webdata"),
        (AfterFailure.KEEP, False, "left as it is: container web, volume webdata"),
        (AfterFailure.ASK, False, "left as it is: container web, volume webdata"),
    ],
)
def test_what_is_left_behind_is_named_and_removed_when_asked(
    capsys: Captured, after: AfterFailure, gone: bool, word: str
) -> None:
    host = AlteredHost()
    before = names(host)

    assert run(host, TAKEN, WEB, force=True, after=after) == ExitCode.BLOCKED

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "failed: web" in captured.err
    assert "volume webdata" in captured.err
    assert captured.err.splitlines()[-1] == word
    assert names(host) == (before if gone else before | {"web", "webdata"})


@pytest.mark.parametrize(("answer", "gone"), [("yes\n", True), ("\n", False)])
def test_a_person_is_asked_what_becomes_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, answer: str, gone: bool
) -> None:
    at_terminal(monkeypatch, answer)
    host = AlteredHost()

    run(host, TAKEN, WEB, force=True)

    question = "Remove what was left behind (container web, volume webdata)? [y/N] "
    assert question in capsys.readouterr().err
    assert ("webdata" not in names(host)) is gone


def test_a_clean_up_that_fails_says_so(capsys: Captured) -> None:
    class Stubborn(AlteredHost):
        async def run(self, argv: Sequence[str], **more: Any) -> Answer:
            if tuple(argv[:3]) == ("podman", "volume", "rm"):
                return Answer(tuple(argv), 2, "", "Error: volume webdata is being used\n")
            return await super().run(argv, **more)

    run(Stubborn(), TAKEN, WEB, force=True, after=AfterFailure.CLEAN_UP)

    said = capsys.readouterr().err.splitlines()
    assert "  podman error: Error: volume webdata is being used" in said
    assert said[-1] == "not everything could be removed"


def test_the_cause_is_told_once_and_podmans_last_words_after_it(capsys: Captured) -> None:
    printed = (
        "Error: crun: --- excerpt from CRIU log `/x/restore.log`\n"
        "(00.01)      1: Error (criu/sk-inet.c:912): inet: Connected TCP socket in image\n"
        "--- end of excerpt\n"
        "CRIU restoring failed: -52: OCI permission denied\n"
    )

    assert run(AlteredHost(prints={PODMAN_RESTORE: (printed, 125)})) == ExitCode.BLOCKED

    said = capsys.readouterr().err
    (cause,) = (line for line in said.splitlines() if line.startswith("  cause"))
    assert "(inet: Connected TCP socket in image)" in cause
    (told,) = (line for line in said.splitlines() if line.startswith("  told by"))
    assert "criu: (00.01)      1: Error (criu/sk-inet.c:912)" in told
    assert said.count("CRIU restoring failed") == 1
    assert "excerpt" not in said


def test_an_error_of_podman_in_a_restore_that_works_is_told(capsys: Captured) -> None:
    class Grumbling(AlteredHost):
        async def start(
            self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
        ) -> Any:
            os.write(stderr, b'time="2026" level=error msg="odd, but no matter"\n')
            return await super().start(argv, stdin=stdin, stdout=stdout, stderr=stderr)

    assert run(Grumbling()) == ExitCode.OK

    assert "  podman error: odd, but no matter" in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("as_json", [True, False])
def test_an_archive_that_is_cut_short_is_not_restored(
    tmp_path: Path, capsys: Captured, as_json: bool
) -> None:
    path = tmp_path / "half.tar.zst"
    path.write_bytes(DEMO.read_bytes()[:9000])
    host = AlteredHost()

    with pytest.raises(ArchiveError, match=r"half\.tar\.zst"):
        run(host, path=str(path), as_json=as_json)

    assert [event["status"] for event in events(capsys.readouterr().out)] == ["failed"] * as_json
    assert host.started == []


@pytest.mark.parametrize("yes", [True, False])
def test_a_host_that_cannot_be_asked_restores_nothing(capsys: Captured, yes: bool) -> None:
    with pytest.raises(HostError, match="true did not answer within 10 s"):
        run(Silent("true", "podman"), yes=yes, as_json=True)

    (last,) = events(capsys.readouterr().out)
    assert (last["event"], last["status"]) == ("finished", "failed")
    assert "true did not answer within 10 s" in last["cause"]


def test_what_a_busy_podman_does_not_say_is_unchecked(capsys: Captured) -> None:
    status = check(str(DEMO), Silent("podman"), CLEAR, as_json=True)

    document = json.loads(capsys.readouterr().out)
    assert status == ExitCode.UNKNOWN
    assert document["verdict"] == "unknown"
    assert {one["severity"] for one in document["conflicts"]} == {"unchecked"}
    assert all("podman did not answer" in one["detail"] for one in document["conflicts"])


@pytest.mark.parametrize(
    ("options", "status", "verdict"),
    [
        (CLEAR, ExitCode.OK, "✔ ready"),
        (RestoreOptions(), ExitCode.BLOCKED, "✖ blocked"),
        (RestoreOptions(name="bad name!", publish=("8081:80",), ignore_volumes=True), 0, "✔ ready"),
        (RestoreOptions(name="copy", publish=("99999:80",)), ExitCode.BLOCKED, "✖ blocked"),
    ],
)
def test_the_verdict_is_the_first_word_and_the_exit_code(
    capsys: Captured, options: RestoreOptions, status: int, verdict: str
) -> None:
    assert check(str(DEMO), DemoHost(), options, as_json=False) == status
    assert capsys.readouterr().out.startswith(verdict)


def test_a_host_on_the_command_line_is_shown_with_all_its_facts(capsys: Captured) -> None:
    assert main(["host", "--host", "demo"]) == ExitCode.OK
    printed = capsys.readouterr().out
    assert printed.startswith("✔ containers can be restored on demo host (simulation)\n")
    assert main(["host", "--host", "demo", "--json"]) == ExitCode.OK
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert (document["verdict"], document["obstacles"]) == ("ready", [])
    assert document["host"]["simulated"] is True
    assert all(name in printed for name in document["host"]["volumes"])


def test_a_host_that_cannot_restore_says_so_by_its_exit_code(capsys: Captured) -> None:
    rootless = AlteredHost(
        changes={"podman info": lambda said: said.replace('"rootless": false', '"rootless": true')}
    )
    assert show_host(rootless, as_json=False) == ExitCode.BLOCKED
    assert "Podman does not run as root" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["inspect"],
        ["inspect", "--show-secrets"],
        ["inspect", "--section", "config", "--section", "members", "--section", "problems"],
        ["inspect", "--json"],
        ["check", "--host=demo"],
        ["check", "--host=demo", "--json", "--name", "\x1b[31m\u202e"],
        ["check", "--host=demo", "--name", "\x1b[31m\u202e"],
        ["restore", "--host=demo"],
        ["restore", "--host=demo", "--yes"],
        ["restore", "--host=demo", "--yes", "--json"],
    ],
    ids=" ".join,
)
def test_nothing_of_a_hostile_archive_reaches_the_terminal_raw(
    tmp_path: Path, capsys: Captured, words: list[str]
) -> None:
    main([words[0], altered(tmp_path, "web.tar", evil), *words[1:]])

    captured = capsys.readouterr()
    assert harmless(captured.out)
    assert harmless(captured.err)
    assert "aGk=" in captured.out + captured.err  # it is shown, but made visible
    if "--json" in words:
        assert captured.out.isascii()


@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_of_a_hostile_restore_reaches_the_terminal_raw(
    tmp_path: Path, capsys: Captured, as_json: bool
) -> None:
    path = altered(tmp_path, "web.tar", evil)
    printed = 'time="2026" level=warning msg="\x1b[31m\u202e"\nError: \x1b]52;c;aGk=\x07\n'
    host = AlteredHost(prints={PODMAN_RESTORE: (printed, 125), "podman pull": ("", 0)})

    run(host, path=path, force=True, as_json=as_json)

    captured = capsys.readouterr()
    assert harmless(captured.out)
    assert harmless(captured.err)
    assert "52;c;aGk=" in captured.out + captured.err


def leaky(documents: Documents) -> None:
    """Secrets in every place where Podman writes them, one of them as the pod's name."""
    config, spec = documents["config"], documents["spec"]
    secret = "TOKEN=hunter2"
    config["CreateCommand"] = ["podman", "run", "-e", secret, f"-e{secret}", f"--env={secret}"]
    config["spec"]["process"]["env"] = [secret]
    spec["process"]["env"] = [secret]
    spec["annotations"]["io.kubernetes.cri-o.SandboxID"] = secret


@pytest.mark.parametrize(
    "words",
    [
        ["inspect"],
        ["inspect", "--json", "--section", "config"],
        ["inspect", "--section", "config"],
        ["inspect", "--json", "--section", "members"],
        ["check", "--host=demo", "--pod=web-pod"],
        ["check", "--host=demo", "--pod=web-pod", "--json"],
        ["restore", "--host=demo", "--pod=web-pod"],
    ],
    ids=" ".join,
)
def test_secrets_are_masked(tmp_path: Path, capsys: Captured, words: list[str]) -> None:
    main([words[0], altered(tmp_path, "member.tar.zst", leaky), *words[1:]])

    captured = capsys.readouterr()
    assert captured.out + captured.err != ""
    assert "hunter2" not in captured.out + captured.err


@pytest.mark.parametrize("words", [["inspect"], ["inspect", "--json"]])
def test_secrets_are_shown_when_asked_for(
    tmp_path: Path, capsys: Captured, words: list[str]
) -> None:
    path = altered(tmp_path, "member.tar.zst", leaky)

    assert main([words[0], path, *words[1:], "--show-secrets"]) == ExitCode.OK

    assert "hunter2" in capsys.readouterr().out


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_masked_in_what_podman_prints(
    tmp_path: Path, capsys: Captured, as_json: bool
) -> None:
    path = altered(tmp_path, "member.tar.zst", leaky)
    printed = 'time="2026" level=warning msg="env TOKEN=hunter2"\nError: bad env TOKEN=hunter2\n'
    host = AlteredHost(prints={PODMAN_RESTORE: (printed, 125)})

    run(host, RestoreOptions(pod="web-pod"), path, as_json=as_json)

    captured = capsys.readouterr()
    assert "bad env TOKEN=" in captured.out + captured.err
    assert "hunter2" not in captured.out + captured.err


def podthaw(*words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tui", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_restore_ends_podman_and_names_what_is_left(number: signal.Signals) -> None:
    with podthaw("restore", str(DEMO), "--host=demo", "--yes", *CLEAN_WORDS) as process:
        assert process.stderr
        assert any("unpacking the checkpoint" in line for line in process.stderr)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)

    said = err.splitlines()
    assert process.returncode == ExitCode.INTERRUPTED
    assert out == ""
    assert "  warning: cancelling, so that nothing of it lives on" in said
    assert "  ✖ cancelled" in said
    assert "cancelled: copy" in said
    assert said[-1] == "left as it is: container copy, volume shop-carts"


def test_an_interrupted_restore_says_so_in_its_last_event() -> None:
    words = ("restore", str(DEMO), "--host=demo", "--yes", "--json", *CLEAN_WORDS)
    with podthaw(*words) as process:
        assert process.stdout
        assert any("unpacking the checkpoint" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=120)

    last = json.loads(out.splitlines()[-1])
    assert process.returncode == ExitCode.INTERRUPTED
    assert (last["event"], last["status"], last["name"]) == ("finished", "cancelled", "copy")
    assert [thing["kind"] for thing in last["remains"]] == ["container", "volume"]


@pytest.mark.parametrize("command", ["check", "restore"])
def test_an_interrupt_while_the_host_hangs_ends_what_was_asked(
    tmp_path: Path, command: str
) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    prefix = tmp_path / "prefix"
    prefix.write_text(
        f'#!/bin/sh\nif [ "$1" != podman ]; then exec "$@"; fi\n'
        f"exec 3>{alive}\necho asked >&3\nexec sleep 60\n"
    )
    prefix.chmod(0o755)

    with podthaw(command, WEB, f"--host-command={prefix}") as process, alive.open() as hanging:
        assert hanging.readline() == "asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=50) == ExitCode.INTERRUPTED
        hanging.read()  # ends when nobody is left who could write


def test_whoever_stops_reading_gets_no_traceback() -> None:
    with podthaw("inspect", WEB, "--json") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=120) == ExitCode.OK


@pytest.mark.parametrize(
    "words", [["inspect"], ["check", "--host=demo"], ["restore", "--host=demo", "--yes"]]
)
def test_a_file_that_is_no_archive_is_named(
    tmp_path: Path, capsys: Captured, words: list[str]
) -> None:
    path = tmp_path / "no.tar"
    path.write_bytes(b"no tar" * 200)

    assert main([words[0], str(path), *words[1:]]) == ExitCode.ARCHIVE

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"podthaw: {path}: this is not an archive")


def test_history_lists_and_shows_what_was_restored(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["history"]) == 0
    assert "Nothing has been restored" in capsys.readouterr().out
    words = ["restore", str(DEMO), "--host", "demo", "--yes", "--ignore-volumes", "-p", "8081:80"]
    assert main(words) == 0
    container = capsys.readouterr().out.strip()
    assert main(["history"]) == 0
    assert "restored" in capsys.readouterr().out
    assert main(["history", "--json"]) == 0
    (restore,) = json.loads(capsys.readouterr().out)["restores"]
    assert (restore["status"], restore["container"]) == ("restored", container)
    assert main(["history", restore["id"]]) == 0
    shown = capsys.readouterr().out
    assert "--publish=8081:80" in shown
    assert container[:12] in shown
    assert main(["history", "nothing"]) == 2
    assert "no record" in capsys.readouterr().err
