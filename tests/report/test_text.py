from dataclasses import replace
from typing import Any

import pytest

from tests.report.altered import EVIL, harmless
from tests.restore.facts import (
    CRIU,
    CRUN,
    NO_PODMAN,
    NOBODY_KNOWS,
    PODMAN,
    altered,
    archive,
    container,
    host,
    pod,
    port,
)
from tui.checkpoint.checkpoint import CONFIG
from tui.host.facts import HostFacts, Image, Known, Listener, Network, Protocol, Unknown, Volume
from tui.report.text import (
    check_text,
    conflict_lines,
    event_lines,
    host_text,
    inspect_text,
    remedy_line,
)
from tui.restore.conflict import Conflict, Evidence, Remedy, Severity
from tui.restore.events import (
    Diagnosis,
    Event,
    Finished,
    Level,
    LogLine,
    Outcome,
    Progress,
    Remains,
    Status,
    Step,
    StepFinished,
    StepStarted,
)
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan, make_plan
from tui.restore.rewrite import Change

CONFLICT = Conflict(
    "volume-exists",
    Severity.BLOCKER,
    "Volume webdata exists on this host",
    "Podman does not overwrite it.",
    subject="webdata",
    evidence=Evidence(archive="webdata at /www", host="local volume"),
    remedies=(
        Remedy("ignore", "keep the host's data", options={"ignore_volumes": True}),
        Remedy("ports", "publish another", options={"publish": ("1:2", "3:4"), "name": "a b"}),
        Remedy(
            "remove",
            "remove the host's volume",
            commands=(("podman", "stop", "a b"), ("podman", "volume", "rm", "--", "webdata")),
            removes="volume webdata with its data",
        ),
    ),
)

EVIL_CONFLICT = Conflict(
    "volume-exists",
    Severity.BLOCKER,
    EVIL,
    EVIL,
    evidence=Evidence(EVIL, EVIL),
    remedies=(
        Remedy("a", EVIL, options={"name": EVIL}),
        Remedy("b", EVIL, commands=((EVIL, EVIL),), removes=EVIL),
    ),
)


def plan(*conflicts: Conflict, changes: tuple[Change, ...] = ()) -> Plan:
    return Plan(RestoreOptions(), conflicts, changes, ("podman", "container", "restore"))


def note(severity: Severity) -> Conflict:
    return Conflict("port-in-use", severity, "A title", "")


def test_a_conflict_says_what_each_side_has_and_what_to_type() -> None:
    assert conflict_lines(CONFLICT) == [
        "✖ blocker: Volume webdata exists on this host  [volume-exists]",
        "    Podman does not overwrite it.",
        "    archive  webdata at /www",
        "    host     local volume",
        "    remedy   keep the host's data: --ignore-volumes",
        "    remedy   publish another: --publish=1:2 --publish=3:4 '--name=a b'",
        "    remedy   remove the host's volume: podman stop 'a b'; podman volume rm -- webdata"
        " (removes volume webdata with its data)",
    ]


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        ({"tcp_close": True, "tcp_established": False}, "--tcp-close, without --tcp-established"),
        ({"publish": ()}, "without --publish"),
        ({"name": ""}, "without --name"),
    ],
)
def test_an_option_to_be_left_out_is_named_as_such(options: dict[str, Any], typed: str) -> None:
    assert remedy_line(Remedy("id", "mend it", options=options)) == f"mend it: {typed}"


@pytest.mark.parametrize(
    ("conflicts", "first"),
    [
        ((), "✔ ready: nothing blocks the restore"),
        (
            (note(Severity.WARNING), note(Severity.NOTE)),
            "✔ ready: nothing blocks the restore (1 warning, 1 note)",
        ),
        (
            (note(Severity.UNCHECKED), note(Severity.NOTE), note(Severity.NOTE)),
            "? unknown: something that matters could not be checked (1 unchecked, 2 notes)",
        ),
        (
            (CONFLICT, CONFLICT, note(Severity.UNCHECKED)),
            "✖ blocked: the restore would fail (2 blockers, 1 unchecked)",
        ),
    ],
)
def test_a_check_begins_with_its_verdict(conflicts: tuple[Conflict, ...], first: str) -> None:
    assert check_text(archive("web"), host(), plan(*conflicts)).splitlines()[0] == first


def test_a_check_names_what_was_checked_and_what_would_be_changed_and_run() -> None:
    changes = (Change(CONFIG, "/id", "f10b", ""), Change(CONFIG, "/ports", None, [{"port": 80}]))

    lines = check_text(archive("web"), host(), plan(changes=changes)).splitlines()

    assert lines[1:] == [
        "  container  web (localhost/podthaw-bb:latest)",
        f"  archive    {archive('web').contents.path}",
        "  host       test",
        "",
        "What the restore changes in the archive's documents",
        "  config.dump /id",
        '    f10b → ""',
        "  config.dump /ports",
        '    null → [{"port": 80}]',
        "",
        "The command",
        "  podman container restore",
    ]


def test_a_secret_that_would_be_changed_is_masked() -> None:
    found = altered(archive("web"), config={"CreateCommand": ["podman", "run", "-eTOKEN=hunter2"]})
    changes = (Change(CONFIG, "/CreateCommand", ["-eTOKEN=hunter2"], {"in": "TOKEN=hunter2"}),)

    printed = check_text(found, host(), plan(changes=changes))

    assert '["-eTOKEN=' in printed
    assert "hunter2" not in printed


def test_inspect_has_a_section_for_everything_that_is_there() -> None:
    printed = inspect_text(archive("web"))

    titles = [line for line in printed.splitlines() if line and not line.startswith(" ")]
    assert titles == [
        "Container",
        "Checkpoint",
        "Beyond an ordinary container",
        "Ports",
        "Volumes",
        "Mounts",
        "Network",
        "Environment",
        "Labels",
    ]
    lines = printed.splitlines()
    assert "  SECRET_TOKEN  ••••••" in lines
    assert "  SECRET_TOKEN  s3cr3t" in inspect_text(archive("web"), reveal=True).splitlines()
    assert "  note  two words" in lines
    assert "  webdata  at /www, 6 Bytes in the archive" in lines


def test_sections_are_printed_one_after_the_other() -> None:
    printed = inspect_text(archive("web"), sections=("problems", "members", "spec"))

    problems, members, spec = printed.split("\n\n")
    assert problems == "no problems"
    assert any(line.endswith("  config.dump") for line in members.splitlines())
    assert '"SECRET_TOKEN=\\u2022' in spec


def test_a_host_that_can_restore_says_so_first_and_lists_everything() -> None:
    facts = host(
        containers=[container("web", port(8080))],
        pods=[pod("shop", "ipc", "net")],
        volumes=["data"],
        images=(),
        listeners=[Listener(Protocol.TCP, "::", 22)],
    )

    lines = host_text(facts).splitlines()

    assert lines[:3] == ["✔ containers can be restored on test", "", "podman:"]
    assert "  version          5.8.6" in lines
    assert "images: none" in lines
    assert lines[lines.index("listeners:") + 1] == "  [::]:22/tcp"
    assert lines[lines.index("pods:") + 1].endswith("  shares ipc, net")
    assert "8080 -> " in lines[lines.index("containers:") + 1]


@pytest.mark.parametrize(
    ("facts", "first"),
    [
        (
            host(podman=NOBODY_KNOWS, runtime=NOBODY_KNOWS),
            [
                "? nobody can say whether containers can be restored on test",
                "  podman did not answer within 10 s",
            ],
        ),
        (
            host(podman=NO_PODMAN, runtime=NO_PODMAN),
            [
                "✖ no container can be restored on test",
                "  podman is not installed on this host",
            ],
        ),
        (host(criu=None), ["✖ no container can be restored on test", "  CRIU is not installed"]),
    ],
)
def test_a_host_that_cannot_restore_says_why_first(facts: HostFacts, first: list[str]) -> None:
    assert host_text(facts).splitlines()[:3] == [*first, ""]


def test_every_reason_against_a_host_is_named() -> None:
    facts = host(
        podman=replace(PODMAN, rootless=True),
        criu=replace(CRIU, works=False),
        runtime=replace(CRUN, restores=False),
    )

    assert host_text(facts).splitlines()[1:4] == [
        "  Podman does not run as root: use sudo, or --host-command 'sudo -n'",
        "  `criu check` says that CRIU does not work with this kernel",
        "  crun was built without CRIU",
    ]


def test_a_fact_that_nobody_knows_has_its_reason() -> None:
    lines = host_text(host(containers=NOBODY_KNOWS, criu=None)).splitlines()

    assert "containers: unknown, podman did not answer within 10 s" in lines
    assert "criu: not installed" in lines


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (StepStarted(Step.CHECK), ["check it against the host"]),
        (StepFinished(Step.CHECK, Outcome.OK), []),
        (StepFinished(Step.PULL, Outcome.SKIPPED, "it is there"), ["  - not needed: it is there"]),
        (StepFinished(Step.RESTORE, Outcome.FAILED, "no such pod"), ["  ✖ failed"]),
        (StepFinished(Step.RESTORE, Outcome.FAILED, "cancelled"), ["  ✖ cancelled"]),
        (Progress(Step.COPY, "copying", 1024, 4096), ["  copying: 1.0 KiB of 4.0 KiB"]),
        (Progress(Step.RESTORE, "making the container"), ["  making the container"]),
        (LogLine("podthaw", Level.INFO, "podman rm web"), ["  podman rm web"]),
        (LogLine("podthaw", Level.WARNING, "skipped"), ["  warning: skipped"]),
        (LogLine("netavark", Level.WARNING, "odd"), ["  netavark warning: odd"]),
        (LogLine("podman", Level.INFO, "filtering at log level debug"), []),
        (LogLine("podman", Level.DEBUG, "Using graph root"), []),
        (LogLine("criu", Level.ERROR, "(00.1) Error (criu/util.c:657): exited"), []),
    ],
)
def test_people_are_told_what_they_can_use(event: Event, lines: list[str]) -> None:
    assert event_lines(event) == lines


def test_a_failure_ends_with_its_cause_and_what_is_left() -> None:
    folders = tuple(f"/sys/fs/cgroup/{n}" for n in range(9))
    finished = Finished(
        Status.FAILED,
        id="f10b",
        name="web",
        cause="The container had an open TCP connection",
        diagnosis=Diagnosis(
            "tcp",
            "The container had an open TCP connection",
            "Close it.",
            (LogLine("criu", Level.ERROR, "(00.1) Error: Connected TCP socket in image"),),
            "CRIU restoring failed",
            (Remedy("close", "close it", options={"tcp_close": True}),),
        ),
        again=True,
        remains=(
            Remains("container", "web", (("podman", "rm", "--force", "f10b"),)),
            Remains("cgroup", "/x", (("rmdir", "--", *folders),)),
        ),
        log="/state/a.log",
        criu_log="/state/a.criu.log",
        record="2026",
    )

    assert event_lines(finished) == [
        "failed: web",
        "  cause         The container had an open TCP connection",
        "  what to do    Close it.",
        "  →             close it: --tcp-close",
        "  told by       criu: (00.1) Error: Connected TCP socket in image",
        "  Podman said   CRIU restoring failed",
        "  left behind   container web",
        "                remove it: podman rm --force f10b",
        "  left behind   cgroup /x",
        "                remove it: rmdir -- /sys/fs/cgroup/0 /sys/fs/cgroup/1 /sys/fs/cgroup/2"
        " /sys/fs/cgroup/3 /sys/fs/cgroup/4 /sys/fs/cgroup/5 /sys/fs/cgroup/6 /sys/fs/cgroup/7"
        " … and 1 more",
        "                do not `podman start` that container: it would begin from scratch, without"
        " its processes",
        "  again         --in-place tries again without unpacking the archive anew",
        "  Podman's log  /state/a.log",
        "  CRIU's log    /state/a.criu.log",
        "  record        podthaw history 2026",
    ]


EVIL_DIAGNOSIS = Diagnosis(
    EVIL,
    EVIL,
    EVIL,
    (LogLine(EVIL, Level.ERROR, EVIL),),
    EVIL,
    (Remedy(EVIL, EVIL, commands=((EVIL, EVIL),), removes=EVIL),),
)


def test_a_restored_container_ends_with_where_it_answers() -> None:
    finished = Finished(Status.RESTORED, "f10b", "web", answers=("0.0.0.0:80 -> 80/tcp",))

    assert event_lines(finished) == ["restored: web", "  answers on  0.0.0.0:80 -> 80/tcp"]


def test_a_blocked_restore_ends_with_what_blocks_it() -> None:
    finished = Finished(Status.BLOCKED, name="web", cause="titles", conflicts=(CONFLICT,))

    assert event_lines(finished) == ["blocked: web", "", *conflict_lines(CONFLICT)]


@pytest.mark.parametrize(
    "event",
    [
        StepFinished(Step.PULL, Outcome.SKIPPED, EVIL),
        Progress(Step.PULL, EVIL),
        LogLine("podthaw", Level.INFO, EVIL),
        LogLine(EVIL, Level.ERROR, EVIL),
        Finished(
            Status.FAILED,
            EVIL,
            EVIL,
            EVIL,
            EVIL,
            EVIL_DIAGNOSIS,
            (Remains("volume", EVIL, ((EVIL, EVIL),)),),
            answers=(EVIL,),
            log=EVIL,
            criu_log=EVIL,
        ),
        Finished(Status.BLOCKED, EVIL, EVIL, EVIL, conflicts=(EVIL_CONFLICT,)),
    ],
)
def test_no_event_reaches_a_terminal_raw(event: Event) -> None:
    assert all(line.isprintable() for line in event_lines(event))


def test_no_host_reaches_a_terminal_raw() -> None:
    facts = replace(
        host(
            podman=replace(PODMAN, text=EVIL, graph_root=EVIL),
            containers=[replace(container("web"), name=EVIL, state=EVIL, image=EVIL)],
            pods=[replace(pod("shop", EVIL), name=EVIL)],
            images=[Image(EVIL, (EVIL,))],
            listeners=Unknown(EVIL),
            runtime=Unknown(EVIL),
        ),
        host=EVIL,
        volumes=Known((Volume(EVIL, EVIL, EVIL, EVIL),)),
        networks=Known((Network(EVIL, EVIL, (EVIL,)),)),
        secrets=Known((EVIL,)),
    )

    assert harmless(host_text(facts))
    conflicts = (EVIL_CONFLICT,)
    changes = (Change(EVIL, EVIL, EVIL, {EVIL: [EVIL]}),)
    unfortunate = Plan(RestoreOptions(), conflicts, changes, (EVIL,))
    assert harmless(check_text(archive("web"), facts, unfortunate))


def test_a_plan_of_a_real_archive_is_put_into_words() -> None:
    options = RestoreOptions(name="web2", publish=("18081:80",))
    facts = host(containers=[container("web")])

    printed = check_text(archive("web"), facts, make_plan(archive("web"), facts, options))

    assert printed.startswith("✔ ready: nothing blocks the restore\n")
    assert "  config.dump /name\n    web → web2\n" in printed
    assert printed.endswith("--name=web2 --publish=18081:80")
