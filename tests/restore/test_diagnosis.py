"""Which of all that was said is the cause, what is shown with it, and what is offered."""

import pytest

from tests.restore.said import lines
from tui.restore.conflict import Conflict, Remedy, Severity
from tui.restore.diagnosis import diagnose
from tui.restore.events import Level, LogLine
from tui.restore.options import RestoreOptions

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

DEFAULT = RestoreOptions()

CONNECTION = "The container had an open TCP connection (inet: Connected TCP socket in image)"

NO_REASON = lines("Error: crun: CRIU restoring failed: -52: OCI runtime error")

TIMEOUT = lines("Error: container creation timeout: internal libpod error")

UNKNOWN_LOG = """\
(00.001) Version: 4.2
(00.002) one
(00.003) two
(00.004) three
(00.005) Error (criu/odd.c:1): odd: Nobody has seen this
(00.006) four
(00.007) five
(00.008) six
(00.009) seven
(00.010) eight
(00.011) nine
"""


def texts(evidence: tuple[LogLine, ...]) -> list[str]:
    return [line.text for line in evidence]


def conflict(code: str, subject: str, *remedies: Remedy) -> Conflict:
    return Conflict(code, Severity.BLOCKER, "t", "d", subject=subject, remedies=remedies)


def test_the_cause_is_the_first_real_error_of_criu() -> None:
    diagnosis = diagnose(lines(RESTORE_LOG, "criu"), lines("Error: crun: unreadable"), 125)

    assert (diagnosis.code, diagnosis.cause) == ("tcp-established", CONNECTION)
    assert "--tcp-close drops the connection" in diagnosis.advice
    assert texts(diagnosis.evidence) == [RESTORE_LOG.splitlines()[4]]
    assert diagnosis.said == "crun: unreadable"


def test_without_the_log_the_runtimes_excerpt_of_it_serves() -> None:
    diagnosis = diagnose((), lines(PODMAN), 125)

    assert diagnosis.cause == CONNECTION
    assert texts(diagnosis.evidence) == [RESTORE_LOG.splitlines()[4]]
    assert diagnosis.said == "crun: CRIU restoring failed: -52: OCI permission denied"


def test_runc_quotes_the_log_in_lines_of_its_own() -> None:
    podman = """\
Error: runc: time="2026-11-24T15:16:47Z" level=warning msg="--- Quoting \\"restore.log\\""
time="2026-11-24T15:16:47Z" level=warning msg="41:(00.0134)      2: Error (criu/sk-inet.c:912): \
inet: Connected TCP socket in image"
time="2026-11-24T15:16:47Z" level=error msg="criu failed: type RESTORE errno 0"
"""

    assert diagnose((), lines(podman), 125).cause == CONNECTION


def test_errors_of_the_restorer_count_though_their_lines_look_otherwise() -> None:
    log = """\
(00.159467) pie: 1: restoring lsm profile (current) changeprofile containers-default-0.44.3
(00.159513)pie: 1: Error (criu/pie/restorer.c:180): can't write lsm profile -2
"""

    assert diagnose(lines(log, "criu"), NO_REASON, 125).code == "apparmor-profile-missing"


def test_what_a_program_logs_cannot_pass_for_an_error_of_criu() -> None:
    log = "(00.1) Collected [x Error (a.c:1): inet: Connected TCP socket in image] ID 0x1"

    assert diagnose(lines(log, "criu"), NO_REASON, 125).code == "criu-gave-no-reason"


def test_a_log_with_consequences_only_does_not_hide_what_podman_said() -> None:
    criu = lines("(00.014275) Error (criu/cr-restore.c:2331): Restoring FAILED.", "criu")

    assert diagnose(criu, TIMEOUT, 125).code == "timeout"


def test_a_timeout_comes_before_errors_that_nobody_knows_and_shows_the_first() -> None:
    criu = lines(UNKNOWN_LOG, "criu")

    diagnosis = diagnose(criu, TIMEOUT, 125)

    assert diagnosis.code == "timeout"
    assert diagnosis.evidence == (*TIMEOUT, criu[4])
    assert diagnosis.said == ""


def test_a_timeout_shows_where_criu_was() -> None:
    criu = lines(UNKNOWN_LOG.replace("Error", "Warn"), "criu")

    assert diagnose(criu, TIMEOUT, 125).evidence == (*TIMEOUT, *criu[-5:])


def test_a_timeout_that_a_known_error_of_criu_has_led_to_is_not_the_cause() -> None:
    criu = lines("(0.1) pie: 1: Error (criu/pie/restorer.c:1): can't write lsm profile -2", "criu")

    diagnosis = diagnose(criu, TIMEOUT, 125)

    assert diagnosis.code == "apparmor-profile-missing"
    assert diagnosis.said == "container creation timeout: internal libpod error"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("IPAM error: requested ip address 10.99.0.42 is already allocated", "ip-in-use"),
        ("crun: could not load `libcriu.so.2`: OCI runtime error", "criu-library-missing"),
        ("podman has a check that podthaw does not know", ""),
    ],
)
def test_what_stopped_podman_before_criu_is_not_hidden_by_the_log_of_an_earlier_try(
    words: str, code: str
) -> None:
    diagnosis = diagnose(lines(RESTORE_LOG, "criu"), lines(f"Error: {words}"), 125)

    assert diagnosis.code == code
    assert texts(diagnosis.evidence) == [f"Error: {words}"]


def test_criu_has_the_word_before_a_runtime_that_knows_no_more() -> None:
    criu = lines(UNKNOWN_LOG, "criu")

    diagnosis = diagnose(criu, NO_REASON, 125)

    assert (diagnosis.code, diagnosis.cause) == ("", "odd: Nobody has seen this")
    assert diagnosis.said == "crun: CRIU restoring failed: -52: OCI runtime error"


def test_an_unknown_error_of_criu_comes_with_the_lines_around_it() -> None:
    diagnosis = diagnose(lines(UNKNOWN_LOG, "criu"), NO_REASON, 125)

    assert texts(diagnosis.evidence) == UNKNOWN_LOG.splitlines()[1:10]
    assert diagnosis.advice.startswith("podthaw does not know this error.")
    assert diagnosis.remedies == ()


def test_an_unknown_error_of_podman_comes_with_the_lines_around_it() -> None:
    before = "\n".join(f"Copying blob {number}" for number in range(5))

    diagnosis = diagnose((), lines(f"{before}\nError: something new\nand more of it"), 125)

    assert (diagnosis.code, diagnosis.cause) == ("", "something new and more of it")
    assert texts(diagnosis.evidence) == [
        *before.splitlines()[2:],
        "Error: something new",
        "and more of it",
    ]
    assert diagnosis.said == ""


def test_of_a_long_message_the_beginning_is_shown() -> None:
    diagnosis = diagnose((), lines("Error: new\n" + "and so on\n" * 500), 125)

    assert len(diagnosis.evidence) == 10


def test_what_podman_logged_on_the_way_is_not_its_last_word() -> None:
    text = 'time="2026" level=error msg="Inspecting network namespace"\nError: no such thing'

    assert diagnose((), lines(text), 125).cause == "no such thing"


def test_what_was_logged_on_the_way_counts_if_it_is_known_and_the_last_words_are_not() -> None:
    text = 'time="2026" level=error msg="write /x: no space left on device"\nError: no idea'

    diagnosis = diagnose((), lines(text), 125)

    assert (diagnosis.code, diagnosis.said) == ("disk-full", "no idea")
    assert texts(diagnosis.evidence) == ["write /x: no space left on device"]


def test_a_hint_on_the_way_counts_if_the_runtime_gives_no_reason() -> None:
    text = "Incorrect Usage: flag provided but not defined: -tcp-close\nError: runc: exit status 1"

    assert diagnose((), lines(text), 125).code == "tcp-close-unsupported"
    assert diagnose((), lines(text.replace("runc", "podman")), 125).code == ""


def test_without_last_words_the_first_error_on_the_way_is_the_cause() -> None:
    text = 'time="2026" level=error msg="disk: no space left on device"\n[conmon:e]: exit status 1'

    assert diagnose((), lines(text), 1).code == "disk-full"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            "File var/lib/redis has bad mode 040755 (expect 040750)",
            "/var/lib/redis has the mode 0755 now and had 0750 at the checkpoint "
            "(File var/lib/redis has bad mode 040755 (expect 040750))",
        ),
        (
            "Can't open file srv/a b on restore: No such file or directory",
            "/srv/a b is missing, and a process has it open or runs it "
            "(Can't open file srv/a b on restore: No such file or directory)",
        ),
    ],
)
def test_the_sentence_names_what_it_is_about(error: str, cause: str) -> None:
    criu = lines(f"(00.1)      1: Error (criu/files-reg.c:2294): {error}", "criu")

    assert diagnose(criu, NO_REASON, 125).cause == cause


# Signals and statuses


@pytest.mark.parametrize(
    ("status", "cause", "advice"),
    [
        (-9, "podman was ended by SIGKILL", "memory ran out"),
        (137, "podman was ended by SIGKILL", "memory ran out"),
        (-11, "podman was ended by SIGSEGV", "crashed"),
        (-15, "podman was ended by SIGTERM", "Try again"),
        (-99, "podman was ended by signal 99", "Try again"),
    ],
)
def test_a_podman_that_was_ended_by_a_signal_says_nothing_itself(
    status: int, cause: str, advice: str
) -> None:
    podman = lines("Copying blob 1\nCopying blob 2")

    diagnosis = diagnose(lines(UNKNOWN_LOG, "criu"), podman, status)

    assert (diagnosis.code, diagnosis.cause) == ("podman-killed", cause)
    assert advice in diagnosis.advice
    assert diagnosis.evidence == tuple(podman)


def test_a_known_error_of_criu_counts_more_than_the_signal() -> None:
    assert diagnose(lines(RESTORE_LOG, "criu"), (), -9).cause == CONNECTION


def test_what_podman_said_counts_more_than_the_status_of_a_shell() -> None:
    assert diagnose((), lines("Error: restoring a container requires root"), 130).code == "rootless"


def test_a_podman_that_gave_no_reason_leaves_its_status() -> None:
    diagnosis = diagnose((), (), 125)

    assert diagnosis.cause == "podman ended with status 125 and gave no reason"
    assert diagnosis.advice.startswith("It printed no error.")
    assert diagnosis.evidence == ()


# Remedies


def offered(words: str, options: RestoreOptions = DEFAULT, *conflicts: Conflict) -> list[str]:
    found = diagnose((), lines(f"Error: {words}"), 125, conflicts, options)
    return [remedy.id for remedy in found.remedies]


def offered_by_criu(error: str, options: RestoreOptions = DEFAULT) -> list[str]:
    criu = lines(f"(00.1)      1: Error (criu/x.c:1): {error}", "criu")
    return [one.id for one in diagnose(criu, NO_REASON, 125, (), options).remedies]


def test_the_remedies_of_the_check_that_foresaw_it_are_offered() -> None:
    remove = Remedy("remove-volume", "r", commands=(("podman", "volume", "rm", "--", "webdata"),))
    foreseen = conflict("volume-exists", "webdata", remove)
    other = conflict("port-in-use", "80/tcp", Remedy("next-port", "n"))

    diagnosis = diagnose(
        (), lines("Error: volume with name webdata already exists."), 125, (other, foreseen)
    )

    assert diagnosis.remedies == (remove,)


def test_of_several_conflicts_the_one_that_the_line_is_about_counts() -> None:
    first = conflict("port-in-use", "8080/tcp", Remedy("first", "f"))
    second = conflict("port-in-use", "127.0.0.1:80/tcp", Remedy("second", "s"))
    words = "cannot listen on the TCP port: listen tcp4 127.0.0.1:80: bind: address already in use"

    assert offered(words, DEFAULT, first, second) == ["second"]


def test_where_the_line_names_none_of_several_conflicts_all_are_offered_once() -> None:
    remedy = Remedy("ignore-rootfs", "i")
    conflicts = [conflict("file-differs", path, remedy) for path in ("/a", "/b")]
    criu = lines("(0.1) Error (criu/x.c:1): File c has bad size 1 (expect 2)", "criu")

    assert diagnose(criu, NO_REASON, 125, conflicts).remedies == (remedy,)


def test_a_conflict_without_remedies_leaves_room_for_those_of_the_options() -> None:
    words = "volume with name webdata already exists."

    assert offered(words, DEFAULT, conflict("volume-exists", "webdata")) == ["ignore-volumes"]


def test_options_that_help_are_offered_where_nothing_was_foreseen() -> None:
    tcp = "inet: Connected TCP socket in image"
    missing = "Can't open file bin/x on restore: No such file"

    assert offered_by_criu(tcp) == ["restore-connections", "close-connections"]
    assert offered_by_criu(tcp, RestoreOptions(name="x")) == ["close-connections"]
    assert offered_by_criu("Need to set the --tcp-close options.") == ["close-connections"]
    assert offered_by_criu(missing) == ["ignore-rootfs"]
    assert offered_by_criu(missing, RestoreOptions(ignore_rootfs=True, ignore_volumes=True)) == [
        "apply-rootfs",
        "use-volumes",
    ]
    assert offered_by_criu("Can not set flock!", RestoreOptions(file_locks=True)) == [
        "no-file-locks"
    ]


def test_options_that_are_set_already_are_not_offered() -> None:
    words = "IPAM error: requested ip address 10.99.0.42 is already allocated to container ID 1e9"
    ignoring = RestoreOptions(ignore_static_ip=True, ignore_static_mac=True)

    assert offered(words) == ["new-address"]
    assert offered(words, ignoring) == []


# Hostile words


def test_control_characters_and_markup_stay_text() -> None:
    words = 'name "[red]\x1b[2J{0}\u202e" is in use: container already exists'

    diagnosis = diagnose((), lines(f"Error: {words}"), 125)

    assert diagnosis.code == "name-in-use"
    assert diagnosis.cause.startswith("The name [red]␛[2J{0}<U+202E> is taken (")
    assert diagnosis.cause.isprintable()


def test_lines_that_nobody_made_safe_are_made_safe() -> None:
    raw = [LogLine("podman", Level.ERROR, "Error: odd\x1b[2J\nvolume\x07")]

    assert diagnose((), raw, 125).cause == "odd␛[2J volume␇"


def test_long_names_are_cut() -> None:
    diagnosis = diagnose((), lines(f"Error: volume with name {'v' * 3000} already exists"), 125)

    assert len(diagnosis.cause) < 400
    assert "vvv…" in diagnosis.cause


def test_conflicts_with_odd_subjects_break_nothing() -> None:
    odd = conflict("volume-exists", "(?P<", Remedy("keep", "k"))

    assert offered("volume with name ( already exists", DEFAULT, odd) == ["keep"]
