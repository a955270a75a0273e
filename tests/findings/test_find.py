"""All rules together, on real archives and on broken ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import DATA, DEMO
from tests.findings.builders import runs, scene
from tests.report.altered import EVIL, altered, evil, harmless
from tui.archive.spool import opened
from tui.checkpoint.reading import load
from tui.cli import main
from tui.criu.inside import read_inside
from tui.findings import DETAIL, MOST, RULES, TITLE, explain, find, table
from tui.findings.registry import PLACES, REGISTERED, Severity
from tui.findings.scene import scene as known
from tui.findings.scene import wanted, with_content
from tui.report.findings import findings_document, findings_lines
from tui.restore.checks import CHECKS

Captured = pytest.CaptureFixture[str]

WEB = load(str(DATA / "web.tar"))
IMAGES = sorted(name for name in WEB.contents.files if name.startswith("checkpoint/"))


def test_every_rule_has_its_place_and_its_words() -> None:
    assert RULES.keys() == REGISTERED.keys()
    for rule in RULES.values():
        assert rule.title[0].isupper()
        assert not rule.title.endswith(".")
        assert len(rule.documentation) > 60


def test_rules_and_checks_are_explained_by_the_same_command() -> None:
    assert not RULES.keys() & CHECKS.keys()
    assert explain("zombies").startswith("zombies (info): Many processes have ended")
    with pytest.raises(KeyError):
        explain("rootless")
    assert [code for code, _, _ in table()] == list(RULES)


ORDINARY = {
    "deleted.tar.zst": [],
    "established.tar.zst": ["network-tool"],
    "member.tar.zst": [],
    "runc.tar.zst": [],
    "static.tar.zst": [],
    "web.tar": [],
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_containers_have_next_to_nothing(name: str) -> None:
    """They run without seccomp, as CRIU in the lab wants it; one of them is nc itself."""
    checkpoint = load(str(DATA / name))
    with opened(checkpoint.contents, wanted(checkpoint)) as store:
        found = find(with_content(known(checkpoint), store))
    assert [one.rule for one in found.found] == [*ORDINARY[name], "seccomp-disabled"]
    assert found.unlooked == found.notes == ()


def test_the_demo() -> None:
    checkpoint = load(str(DEMO))
    with opened(checkpoint.contents, wanted(checkpoint)) as store:
        found = find(with_content(known(checkpoint), store)).found
    assert [(one.severity.value, one.rule) for one in found] == [
        ("low", "server-child"),
        ("low", "seccomp-disabled"),
        ("low", "secret-in-memory"),
    ]


def test_the_most_severe_come_first() -> None:
    found = find(scene(runs("/tmp/strace", seccomp="disabled"), runs("/usr/bin/nmap", 2))).found
    assert [one.severity for one in found] == sorted(
        (one.severity for one in found), key=list(Severity).index
    )
    assert found[0].rule == "executable-place"
    assert found[-1].rule == "debugger"


def test_many_findings_and_long_names_are_cut() -> None:
    crowd = find(scene(*(runs(f"/tmp/{EVIL}{'x' * 5000}", pid) for pid in range(1, 300))))
    places = [one for one in crowd.found if one.rule == "executable-place"]
    assert len(places) == MOST
    assert f"There are more than {MOST} findings of executable-place." in crowd.notes
    for one in crowd.found:
        assert len(one.title) <= TITLE
        assert len(one.detail) <= DETAIL
        assert one.title.isprintable()
        assert one.detail.isprintable()
        assert len(one.places) <= PLACES


def test_an_archive_cannot_reach_the_terminal(tmp_path: Path) -> None:
    checkpoint = load(altered(tmp_path, "established.tar.zst", evil))
    found = find(known(checkpoint))
    assert harmless("\n".join(findings_lines(found)))
    assert json.dumps(findings_document(found))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_broken_images_are_no_reason_to_stop(data: st.DataObject) -> None:
    files = dict(WEB.contents.files)
    for name in data.draw(st.lists(st.sampled_from(IMAGES), min_size=1, max_size=4)):
        raw = bytearray(files[name])
        for at in data.draw(st.lists(st.integers(0, max(0, len(raw) - 1)), max_size=8)):
            if raw:
                raw[at] = data.draw(st.integers(0, 255))
        files[name] = bytes(raw)
    checkpoint = replace(WEB, contents=replace(WEB.contents, files=files))
    with opened(WEB.contents, wanted(WEB)) as store:
        found = find(with_content(known(checkpoint), store))
    assert all(one.rule in RULES for one in found.found)


def test_what_is_read_already_is_not_read_again() -> None:
    inside = read_inside(WEB.contents)
    assert known(WEB, inside).inside is inside


def test_the_command_prints_findings(capsys: Captured) -> None:
    assert main(["inspect", str(DATA / "established.tar.zst"), "--section", "findings"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "· low     nc runs  [network-tool]"
    assert lines[2].strip() == "→ process 1"
    assert lines[-1].startswith("note: 4 rules need a look into memory (--memory):")


def test_the_command_looks_into_memory(capsys: Captured) -> None:
    assert main(["inspect", str(DEMO), "--section", "findings", "--memory", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)["findings"]
    assert document["unlooked"] == []
    last = document["findings"][-1]
    assert last["rule"] == "secret-in-memory"
    assert last["places"][0].keys() == {"kind", "pid", "address"}
    assert last["places"][0]["address"].startswith("0x")


def test_memory_is_for_findings(capsys: Captured) -> None:
    assert main(["inspect", str(DEMO), "--memory"]) == 2
    assert "say --section findings, too" in capsys.readouterr().err


def test_the_command_explains_rules(capsys: Captured) -> None:
    assert main(["explain", "reverse-shell"]) == 0
    assert capsys.readouterr().out.startswith("reverse-shell (high): ")
    assert main(["explain"]) == 0
    listed = capsys.readouterr().out
    assert "rootless" in listed
    assert "reverse-shell" in listed
