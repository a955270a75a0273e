import pytest

from tui.restore.diagnosis import diagnose, explained
from tui.restore.events import LogLine
from tui.restore.log import LogReader

RESTORE_LOG = """\
(00.000100) Version: 4.2
(00.000525) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Not permitted
(00.002083) Warn  (criu/cr-restore.c:1050): Set CLONE_PARENT | CLONE_NEWPID
(00.012000) Error (criu/util.c:657): exited, status=1
(00.013421)      2: Error (criu/sk-inet.c:912): inet: Connected TCP socket in image
(00.013432)      2: Error (criu/files.c:1221): Unable to open fd=0 id=0x8
(00.014275) Error (criu/cr-restore.c:2331): Restoring FAILED.
(00.014911) Error (criu/cgroup.c:2055): cg: cgroupd: recv req error: No such file or directory
"""

PODMAN = f"""\
time="2026-11-24T15:16:47Z" level=debug msg="Received: -1"
Error: crun: --- excerpt from CRIU log `/x/userdata/restore.log`
{RESTORE_LOG}--- end of excerpt
CRIU restoring failed: -52: OCI permission denied
time="2026-11-24T15:16:47Z" level=debug msg="Shutting down engines"
"""


def lines(text: str, program: str = "podman") -> list[LogLine]:
    reader = LogReader(str, program)
    return [line for line in map(reader, text.splitlines()) if line]


def test_the_cause_is_the_first_real_error_of_criu() -> None:
    diagnosis = diagnose(lines(RESTORE_LOG, "criu"), lines("Error: crun: unreadable"), 125)

    assert diagnosis.cause.startswith("inet: Connected TCP socket in image. The container had")
    assert diagnosis.said == "crun: unreadable"


def test_without_the_log_the_runtimes_excerpt_of_it_serves() -> None:
    diagnosis = diagnose((), lines(PODMAN), 125)

    assert diagnosis.cause.startswith("inet: Connected TCP socket in image. ")
    assert diagnosis.said == "crun: CRIU restoring failed: -52: OCI permission denied"


def test_a_log_with_consequences_only_does_not_hide_what_podman_said() -> None:
    criu = lines("(00.014275) Error (criu/cr-restore.c:2331): Restoring FAILED.", "criu")

    diagnosis = diagnose(criu, lines("Error: container creation timeout: internal error"), 125)

    assert diagnosis.cause.startswith("container creation timeout")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("creating container storage: that ID is already in use", "remove it, or restore under"),
        ('the container name "web" is already in use by f84d', "Restore under another name"),
        ("listen tcp4 :18080: bind: address already in use", "publish another one"),
        ("crun: write to `devices.deny`: Invalid argument", "cgroup folders"),
        ("crun: could not load `libcriu.so.2`", "install libcriu"),
        ("Locking network failed: iptables-restore returned -1", "install iptables"),
        ("File var/lib/redis has bad mode 040755 (expect 040750)", "--ignore-volumes"),
        ("Can't open file bin/busybox on restore: No such file", "--ignore-rootfs"),
        ('unable to find network with name or ID backnet: network not found', "Create a network"),
        ("IPAM error: requested ip address 10.9.0.4 is already allocated", "--ignore-static-ip"),
        ('no secret with name or id "dbpass": no such secret', "Create the secret"),
        ('locating image with ID "4a1e": image not known', "podman save"),
        ('pod "b1" cannot be retrieved: no pod with name or ID x found', "has no such pod"),
        ("crun: stat `/srv/site`: No such file or directory", "create it first"),
    ],
)  # fmt: skip
def test_well_known_errors_come_with_advice(said: str, advice: str) -> None:
    diagnosis = diagnose((), lines(f"Error: {said}"), 125)

    assert diagnosis.cause.startswith(said)
    assert advice in diagnosis.cause
    assert diagnosis.said == ""


def test_an_unknown_error_is_given_as_it_is() -> None:
    assert explained("something new") == "something new"


def test_what_podman_logged_on_the_way_is_not_its_last_word() -> None:
    text = 'time="2026" level=error msg="Inspecting network namespace"\nError: no such pod'

    assert diagnose((), lines(text), 125).cause == "no such pod"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (-9, "podman was ended by SIGKILL"),
        (-99, "podman was ended by signal 99"),
        (125, "podman ended with status 125 and gave no reason"),
    ],
)
def test_a_podman_that_said_nothing_leaves_its_status(status: int, cause: str) -> None:
    assert diagnose((), (), status).cause == cause
