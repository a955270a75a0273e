import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.restore.events import Level, LogLine
from tui.restore.log import LogReader
from tui.text import Redactor


def read(*lines: str, program: str = "podman") -> list[LogLine]:
    reader = LogReader(str, program)
    return [line for line in map(reader, lines) if line]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'time="2026-11-24T15:15:39Z" level=debug msg="Found image \\"a\\" as \\"b\\""',
            LogLine("podman", Level.DEBUG, 'Found image "a" as "b"'),
        ),
        (
            'time="2026-11-24T15:15:39Z" level=info msg="Received shutdown.Stop()" PID=26198',
            LogLine("podman", Level.INFO, "Received shutdown.Stop() PID=26198"),
        ),
        (
            r'time="2026" level=info msg="a\tb \u20ac \x1b[31m \\ \U0001f600"',
            LogLine("podman", Level.INFO, "a    b € ␛[31m \\ 😀"),
        ),
        ('time="2026" level=warning msg=short', LogLine("podman", Level.WARNING, "short")),
        (
            "[INFO  netavark::firewall] Using nftables firewall driver",
            LogLine("netavark", Level.INFO, "Using nftables firewall driver"),
        ),
        (
            "[conmon:d]: failed to write to /proc/self/oom_score_adj: Permission denied",
            LogLine(
                "conmon",
                Level.DEBUG,
                "failed to write to /proc/self/oom_score_adj: Permission denied",
            ),
        ),
        (
            "(00.013421)      2: Error (criu/sk-inet.c:912): inet: Connected TCP socket in image",
            LogLine(
                "criu",
                Level.ERROR,
                "(00.013421)      2: Error (criu/sk-inet.c:912): "
                "inet: Connected TCP socket in image",
            ),
        ),
        (
            "(00.001507) Warn  (criu/cr-restore.c:1050): Set CLONE_PARENT",
            LogLine("criu", Level.WARNING, "(00.001507) Warn  (criu/cr-restore.c:1050): Set "
            "CLONE_PARENT"),
        ),
        (
            "(00.000525) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: No",
            LogLine(
                "criu",
                Level.INFO,
                "(00.000525) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self:"
                " No  [not the cause]",
            ),
        ),
        (
            "(00.159513)pie: 1: Error (criu/pie/restorer.c:180): can't write lsm profile -2",
            LogLine(
                "criu",
                Level.ERROR,
                "(00.159513)pie: 1: Error (criu/pie/restorer.c:180): can't write lsm profile -2",
            ),
        ),
        ("(00.000100) Version: 4.2", LogLine("criu", Level.DEBUG, "(00.000100) Version: 4.2")),
        (
            "Trying to pull quay.io/podman/hello...",
            LogLine("podman", Level.INFO, "Trying to pull quay.io/podman/hello..."),
        ),
        ("Error: no such pod", LogLine("podman", Level.ERROR, "Error: no such pod")),
        ("WARNING: image platform", LogLine("podman", Level.WARNING, "WARNING: image platform")),
    ],
)  # fmt: skip
def test_a_line_has_its_source_and_level(line: str, expected: LogLine) -> None:
    assert read(line) == [expected]


def test_the_lines_of_a_status_block_belong_to_netavark() -> None:
    lines = read(
        "[DEBUG netavark::commands::setup] {",
        '        "podman": StatusBlock {',
        "    }",
        'time="2026" level=debug msg="next"',
        "f84d8f0144d5",
    )

    assert [(line.source, line.level) for line in lines] == [
        ("netavark", Level.DEBUG),
        ("netavark", Level.DEBUG),
        ("netavark", Level.DEBUG),
        ("podman", Level.DEBUG),
        ("podman", Level.INFO),
    ]


def test_an_excerpt_of_criu_does_not_end_podmans_error() -> None:
    lines = read(
        "Error: crun: --- excerpt from CRIU log `/x/restore.log`",
        "(00.014275) Error (criu/cr-restore.c:2331): Restoring FAILED.",
        "--- end of excerpt",
        "CRIU restoring failed: -52: OCI permission denied",
    )

    assert [(line.source, line.level) for line in lines] == [
        ("podman", Level.ERROR),
        ("criu", Level.INFO),
        ("podman", Level.ERROR),
        ("podman", Level.ERROR),
    ]


def test_unmarked_lines_of_another_program_are_its_own() -> None:
    assert read("task_args->pid: 1", program="criu") == [
        LogLine("criu", Level.DEBUG, "task_args->pid: 1")
    ]


def test_empty_lines_are_left_out() -> None:
    assert read("", "  ") == []


def test_secrets_are_masked_in_what_the_line_says_not_in_how_it_is_quoted() -> None:
    reader = LogReader(Redactor(['TOKEN=a"b']))

    line = reader('time="2026" level=debug msg="env TOKEN=a\\"b set"')

    assert line == LogLine("podman", Level.DEBUG, "env TOKEN=•••••• set")


@given(st.text(st.characters(exclude_characters="\n")))
def test_every_line_is_safe_to_show(text: str) -> None:
    for line in read(text, f'time="2026" level=debug msg="{text}"', f"[INFO netavark] {text}"):
        assert line.text.isprintable()
