import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.host.scripts import script
from tui.errors import HostError, UsageError
from tui.host import commands
from tui.host.collect import reachable
from tui.host.commands import CommandHost
from tui.host.host import NoAnswer, NotInstalled

ODD = ("-rf", "a b", "$(id)", ";", "'", '"', "ü", "new\nline", "")


@pytest.mark.parametrize("prefix", [(), ("env",)], ids=["local", "prefix"])
async def test_arguments_arrive_as_they_are(prefix: tuple[str, ...]) -> None:
    answer = await CommandHost(prefix).run(["printf", "%s\\0", *ODD])
    assert answer.stdout.split("\0")[:-1] == list(ODD)


async def test_an_answer_has_status_both_outputs_and_the_command() -> None:
    argv = ("sh", "-c", "cat; echo oops >&2; exit 3")
    answer = await CommandHost().run(argv, stdin=b"in")
    assert (answer.argv, answer.status) == (argv, 3)
    assert (answer.stdout, answer.stderr) == ("in", "oops\n")


async def test_a_command_that_reads_nothing_is_no_error() -> None:
    answer = await CommandHost().run(["true"], stdin=b"x" * (1 << 20))
    assert answer.status == 0


async def test_bytes_that_are_no_text_survive() -> None:
    answer = await CommandHost().run(["printf", r"\377"])
    assert os.fsencode(answer.stdout) == b"\xff"


def test_the_host_bears_the_prefix_as_its_name() -> None:
    assert CommandHost().name == "this host"
    assert CommandHost(["sudo", "-n"]).name == "sudo -n"
    assert CommandHost(["nsenter", "--root=/a b"]).name == "nsenter '--root=/a b'"


@pytest.mark.parametrize("program", ["ssh", "/usr/bin/ssh"])
def test_ssh_is_refused_with_its_reason(program: str) -> None:
    with pytest.raises(UsageError, match="remote shell would take every argument apart"):
        CommandHost([program, "box"])


async def test_the_time_limit_ends_the_whole_session(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(NoAnswer, match=r"^sh did not answer within 0\.3 s$"):
        await CommandHost().run(
            ["sh", "-c", f"exec 3> {tmp_path}/fifo; sleep 60 & sleep 60"], timeout=0.3
        )
    assert os.read(reader, 1) == b"", "somebody still holds the fifo open"


async def test_cancelling_ends_the_whole_session(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    running = asyncio.create_task(
        CommandHost().run(["sh", "-c", f"exec 3> {tmp_path}/fifo; sleep 60 & sleep 60"])
    )
    reader = await asyncio.to_thread((tmp_path / "fifo").open, "rb")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await asyncio.to_thread(reader.read) == b""


async def test_endless_output_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "OUTPUT_LIMIT", 4096)
    with pytest.raises(NoAnswer, match=r"yes printed more than 4\.0 KiB"):
        await CommandHost().run(["yes"])


@pytest.mark.parametrize("prefix", [(), ("env",)], ids=["local", "prefix"])
async def test_a_missing_program_is_not_installed(prefix: tuple[str, ...]) -> None:
    host = CommandHost(prefix)
    with pytest.raises(NotInstalled, match=f"no-such-program is not installed on {host.name}"):
        await host.run(["no-such-program"])


async def test_sudo_says_not_found_in_its_own_way(tmp_path: Path) -> None:
    sudo = script(tmp_path, "sudo", 'echo "sudo: $2: command not found" >&2; exit 1')
    with pytest.raises(NotInstalled, match="podman is not installed on"):
        await CommandHost([sudo, "-n"]).run(["podman", "info"])


async def test_a_program_without_its_libraries_is_installed(tmp_path: Path) -> None:
    words = "criu: error while loading shared libraries: libnet.so.9"
    prefix = script(tmp_path, "prefix", f'echo "{words}" >&2; exit 127')
    answer = await CommandHost([prefix]).run(["criu", "--version"])
    assert (answer.status, answer.stderr.strip()) == (127, words)


async def test_a_program_that_may_not_be_run_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "podman").write_text("")
    with pytest.raises(NoAnswer, match="podman cannot be run: Permission denied"):
        await CommandHost().run([str(tmp_path / "podman")])


async def test_a_null_byte_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="embedded null byte"):
        await CommandHost().run(["echo", "a\0b"])


async def test_programs_speak_english_about_this_machine_and_find_criu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("CONTAINER_HOST", "ssh://elsewhere")
    monkeypatch.setenv("REGISTRY_AUTH_FILE", "/kept")
    answer = await CommandHost().run(["env"])
    environment = dict(line.split("=", 1) for line in answer.stdout.splitlines())
    assert environment["LC_ALL"] == "C.UTF-8"
    assert not {"LANGUAGE", "CONTAINER_HOST"} & environment.keys()
    assert "/usr/sbin" in environment["PATH"].split(":")
    assert environment["REGISTRY_AUTH_FILE"] == "/kept"


async def test_a_started_command_writes_to_the_file_and_has_its_own_session(
    tmp_path: Path,
) -> None:
    with (tmp_path / "out").open("wb") as out:
        process = await CommandHost().start(
            ["sh", "-c", "cut -d ' ' -f 6 /proc/$$/stat; echo $$; exit 7"],
            stdout=out.fileno(),
            stderr=out.fileno(),
        )
        assert await process.wait() == 7
    session, pid = (tmp_path / "out").read_text().split()
    assert session == pid


async def test_a_started_command_can_be_terminated(null: int) -> None:
    process = await CommandHost().start(["sleep", "60"], stdout=null, stderr=null)
    process.terminate()
    assert await process.wait() == -signal.SIGTERM
    process.terminate()


async def test_starting_a_missing_program_is_not_installed() -> None:
    with pytest.raises(NotInstalled, match="no-such-program is not installed on this host"):
        await CommandHost().start(["no-such-program"], stdout=1, stderr=2)


OUTLIVED = """
import asyncio, sys
from tui.host.commands import CommandHost

async def main():
    argv = ["sh", "-c", "read word < $0; echo $word > $1", *sys.argv[1:]]
    with open("/dev/null", "r+b") as null:
        await CommandHost().start(argv, stdout=null.fileno(), stderr=null.fileno())

asyncio.run(main())
"""


def test_a_started_command_lives_on_when_podthaw_ends(tmp_path: Path) -> None:
    question, answer = tmp_path / "question", tmp_path / "answer"
    os.mkfifo(question)
    os.mkfifo(answer)
    subprocess.run([sys.executable, "-c", OUTLIVED, question, answer], check=True)
    question.write_text("alive\n")
    assert answer.read_text() == "alive\n"


async def test_a_host_that_runs_true_is_reachable() -> None:
    await reachable(CommandHost())


async def test_a_host_without_its_prefix_cannot_be_asked() -> None:
    with pytest.raises(HostError, match="no-such-prefix is not installed on this host"):
        await reachable(CommandHost(["no-such-prefix"]))


async def test_a_host_that_refuses_says_why(tmp_path: Path) -> None:
    sudo = script(tmp_path, "sudo", 'echo "sudo: a password is required" >&2; exit 1')
    with pytest.raises(HostError, match="`true` failed there: sudo: a password is required"):
        await reachable(CommandHost([sudo]))


def test_a_command_on_podthaws_own_terminal_gets_all_of_it(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    tell = script(tmp_path, "tell", f'printf "%s" "$1" >{seen}; exit 3')
    assert CommandHost(["env"]).attach([str(tell), "a b"]) == 3
    assert seen.read_text() == "a b"
    with pytest.raises(NotInstalled, match="nosuch is not installed"):
        CommandHost().attach(["nosuch"])
