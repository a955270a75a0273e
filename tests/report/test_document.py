"""The JSON that scripts build upon: these keys may not go away."""

import json
from typing import Any

import pytest

from tests.report.altered import EVIL
from tests.restore.facts import NOBODY_KNOWS, altered, archive, container, host, pod
from tui.checkpoint.checkpoint import SPEC
from tui.report.document import (
    SECTIONS,
    check_document,
    dumps,
    event_document,
    host_document,
    inspect_document,
)
from tui.restore.conflict import Conflict, Evidence, Location, Remedy, Severity
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
from tui.restore.plan import make_plan

ARCHIVE = {
    "path",
    "form",
    "layout",
    "engine",
    "compression",
    "name",
    "id",
    "image",
    "image_id",
    "pod",
    "namespace",
    "runtime",
    "created",
    "checkpointed",
    "tools",
    "lacking",
    "size",
    "sha256",
    "complete",
    "problems",
}


def read_back(document: object) -> Any:
    return json.loads(dumps(document))


def test_inspect_has_every_section() -> None:
    document = read_back(inspect_document(archive("web"), sha256="ab" * 32))

    assert set(document) == {"schema", "archive", *SECTIONS}
    assert document["schema"] == 1
    assert set(document["archive"]) == ARCHIVE
    assert document["archive"]["engine"] == "podman"
    assert document["archive"]["compression"] == "zstd"
    assert document["archive"]["sha256"] == "ab" * 32
    assert set(document["members"][0]) == {"name", "kind", "size", "mode", "mtime", "link"}


def test_check_has_both_sides_and_what_follows() -> None:
    facts = host(volumes=["webdata"], pods=NOBODY_KNOWS)
    options = RestoreOptions(name="web2")

    document = read_back(
        check_document(
            archive("web"), facts, make_plan(archive("web"), facts, options), sha256="ab" * 32
        )
    )

    assert set(document) == {
        *("schema", "archive", "host", "options", "verdict", "conflicts", "changes"),
        *("grants", "command"),
    }
    assert (document["schema"], document["verdict"]) == (1, "blocked")
    assert set(document["archive"]) == ARCHIVE
    assert document["host"]["simulated"] is True
    assert document["host"]["pods"] == {"unknown": NOBODY_KNOWS.reason}
    assert document["options"]["name"] == "web2"
    assert document["command"][:2] == ["podman", "--log-level=debug"]
    assert {change["pointer"]: change["after"] for change in document["changes"]} == {
        "/id": "",
        "/name": "web2",
    }
    (conflict,) = [one for one in document["conflicts"] if one["code"] == "volume-exists"]
    assert set(conflict) == {
        *("code", "subject", "severity", "title", "detail", "where", "evidence", "remedies")
    }
    assert set(conflict["where"][0]) == {"document", "pointer"}
    assert set(conflict["evidence"]) == {"archive", "host"}
    assert [sorted(remedy) for remedy in conflict["remedies"]] == [
        ["id", "label", "options", "removes"],
        ["commands", "id", "label", "removes"],
    ]


def test_what_is_changed_never_shows_a_secret() -> None:
    """CreateCommand and the annotations may name the old pod by anything."""
    secret = "TOKEN=hunter2"
    checkpoint = altered(
        archive("member"),
        config={"CreateCommand": ["podman", "run", "-e", secret]},
        spec={"annotations": {"io.kubernetes.cri-o.SandboxID": secret}},
    )
    facts = host(pods=[pod("web-pod")])
    plan = make_plan(checkpoint, facts, RestoreOptions(pod="web-pod"))

    document = check_document(checkpoint, facts, plan, sha256="")

    assert secret in [change.before for change in plan.changes]
    assert "hunter2" not in dumps(document)
    places = {(change["document"], change["pointer"]) for change in document["changes"]}
    assert (SPEC, "/annotations/io.kubernetes.cri-o.SandboxID") in places


def test_host_is_one_object() -> None:
    document = read_back(host_document(host(containers=[container("web")])))

    assert set(document) == {"schema", "verdict", "obstacles", "unknown", "host"}
    assert (document["verdict"], document["obstacles"]) == ("ready", [])
    assert set(document["host"]["containers"]) == {"web"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (StepStarted(Step.READ), {"event": "step_started", "step": "read"}),
        (
            Progress(Step.COPY, "copying", 1, 2),
            {"event": "progress", "step": "copy", "message": "copying", "done": 1, "total": 2},
        ),
        (
            LogLine("podman", Level.DEBUG, "text"),
            {"event": "log_line", "source": "podman", "level": "debug", "text": "text"},
        ),
        (
            StepFinished(Step.PULL, Outcome.SKIPPED, "it is there"),
            {
                "event": "step_finished",
                "step": "pull",
                "outcome": "skipped",
                "detail": "it is there",
            },
        ),
    ],
)
def test_every_event_has_its_name_and_its_fields(event: Event, expected: dict[str, Any]) -> None:
    assert read_back(event_document(event)) == {"schema": 1, **expected}


def test_the_last_event_has_the_outcome() -> None:
    conflict = Conflict(
        "name-in-use",
        Severity.BLOCKER,
        "title",
        "detail",
        subject="web",
        where=(Location("host", "/containers/web"),),
        evidence=Evidence("a", "b"),
        remedies=(Remedy("new-name", "call it web2", options={"name": "web2"}),),
    )
    finished = Finished(
        Status.FAILED,
        id="f10b",
        name="web",
        cause="cause",
        said="said",
        diagnosis=Diagnosis(
            "tcp",
            "cause",
            "advice",
            (LogLine("criu", Level.ERROR, "line"),),
            "said",
            (Remedy("close", "close it", options={"tcp_close": True}),),
        ),
        again=True,
        record="2026",
        undo=(Remains("container", "web", (("podman", "rm", "web"),)),),
        remains=(Remains("volume", "data", (("podman", "volume", "rm", "--", "data"),)),),
        conflicts=(conflict,),
        answers=("0.0.0.0:80 -> 80/tcp",),
        log="/state/a.log",
    )

    assert read_back(event_document(finished)) == {
        "schema": 1,
        "event": "finished",
        "status": "failed",
        "id": "f10b",
        "name": "web",
        "cause": "cause",
        "said": "said",
        "diagnosis": {
            "code": "tcp",
            "cause": "cause",
            "advice": "advice",
            "evidence": [{"source": "criu", "level": "error", "text": "line"}],
            "said": "said",
            "remedies": [
                {
                    "id": "close",
                    "label": "close it",
                    "removes": "",
                    "options": {"tcp_close": True},
                }
            ],
        },
        "again": True,
        "record": "2026",
        "undo": [{"kind": "container", "name": "web", "remove": [["podman", "rm", "web"]]}],
        "criu_log": "",
        "remains": [
            {
                "kind": "volume",
                "name": "data",
                "remove": [["podman", "volume", "rm", "--", "data"]],
            }
        ],
        "conflicts": [
            {
                "code": "name-in-use",
                "subject": "web",
                "severity": "blocker",
                "title": "title",
                "detail": "detail",
                "where": [{"document": "host", "pointer": "/containers/web"}],
                "evidence": {"archive": "a", "host": "b"},
                "remedies": [
                    {
                        "id": "new-name",
                        "label": "call it web2",
                        "removes": "",
                        "options": {"name": "web2"},
                    }
                ],
            }
        ],
        "answers": ["0.0.0.0:80 -> 80/tcp"],
        "log": "/state/a.log",
    }


def test_json_is_plain_ascii_and_keeps_what_is_no_unicode() -> None:
    odd = f"{EVIL}\udcff€"

    printed = dumps({odd: [odd]}, indent=None)

    assert printed.isascii()
    assert printed.isprintable()
    assert json.loads(printed) == {odd: [odd]}
