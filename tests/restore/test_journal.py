"""Every restore is written down, and an interrupted one can be told from one that runs."""

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.data import DEMO
from tests.restore.facts import archive, host
from tui.checkpoint.reading import load
from tui.checkpoint.secrets import variables
from tui.errors import PodthawError
from tui.host.commands import CommandHost
from tui.restore import journal
from tui.restore.checks import Case
from tui.restore.events import Finished, Remains, Status
from tui.restore.journal import CleanUp, Ran, Record, State
from tui.restore.options import RestoreOptions
from tui.restore.plan import Change, make_plan
from tui.state import state_dir
from tui.text import MASK

FINISHED = Finished(
    Status.FAILED,
    id="a" * 64,
    name="web2",
    cause="Can't open file",
    remains=(Remains("container", "web2", (("podman", "rm", "web2"),)),),
)


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def record(tmp_path: Path, name: str = "2026-11-26-150834-5ca1ab") -> Record:
    options = RestoreOptions(name="web2")
    case = Case(archive("web"), host(volumes=["webdata"]), options)
    return journal.begun(
        case,
        make_plan(case.checkpoint, case.facts, options),
        name="web2",
        host=CommandHost(),
        forced=True,
        log=tmp_path / f"{name}.log",
        criu_log=tmp_path / f"{name}.criu.log",
    )


def test_a_record_says_what_was_asked_for_and_what_was_known(tmp_path: Path) -> None:
    with journal.kept(record(tmp_path)) as entry:
        (found,) = journal.records()
        assert (found.id, found.name) == (entry.record.id, "web2")
        assert journal.state(found) is State.RUNNING
        assert found.podthaw == os.getpid()
    assert found.options["name"] == "web2"
    assert [one["code"] for one in found.conflicts] == ["volume-exists"]
    assert found.command[:2] == ["podman", "--log-level=debug"]
    assert found.archive == archive("web").contents.path
    assert found.facts["podman"]["text"]
    assert list(found.before.volumes or ()) == ["webdata"]
    assert found.footprint.volumes == ("webdata",)
    assert {"document": "config.dump", "pointer": "/name", "before": "web", "after": "web2"} in (
        found.changes
    )


def test_a_record_has_no_value_of_an_environment_variable(tmp_path: Path) -> None:
    checkpoint = load(str(DEMO))
    case = Case(checkpoint, host(), RestoreOptions())
    plan = make_plan(checkpoint, case.facts, case.options)
    password = next(one for one in variables(checkpoint) if one.startswith("DB_PASSWORD="))
    change = Change("spec.dump", "/process/env/0", password, [password, 1])
    begun = journal.begun(
        case,
        replace(plan, changes=(change,)),
        name="shop",
        host=CommandHost(),
        forced=False,
        log=tmp_path / "one.log",
        criu_log=tmp_path / "one.criu.log",
    )
    masked = f"DB_PASSWORD={MASK}"
    assert [one["after"] for one in begun.changes] == [[masked, 1]]
    assert begun.changes[0]["before"] == masked


def test_every_command_stands_in_the_record_before_it_is_run(tmp_path: Path) -> None:
    with journal.kept(record(tmp_path)) as entry:
        entry.started(("podman", "pull", "x"))
        (ran,) = journal.records()[0].commands
        assert (ran.argv, ran.status) == (("podman", "pull", "x"), None)
        entry.ran(0)
        entry.started(("podman", "container", "restore"))
        entry.ran(125)
    assert [one.status for one in journal.records()[0].commands] == [0, 125]


def test_a_record_says_how_it_ended(tmp_path: Path) -> None:
    with journal.kept(record(tmp_path)) as entry:
        entry.change(**journal.ending(FINISHED))
    (found,) = journal.records()
    assert journal.state(found) is State.FAILED
    assert (found.cause, found.container) == ("Can't open file", "a" * 64)
    assert found.remains[0].remove == (("podman", "rm", "web2"),)
    assert found.clean_up is CleanUp.OPEN
    journal.settled(found, CleanUp.REMOVED, [Ran(("podman", "rm", "web2"), journal.stamp(), 0)])
    (found,) = journal.records()
    assert found.clean_up is CleanUp.REMOVED
    assert found.commands[-1].argv == ("podman", "rm", "web2")


def test_a_podthaw_that_died_leaves_an_interrupted_restore(tmp_path: Path) -> None:
    begun = record(tmp_path)
    journal.write(begun)  # and nothing more, as if it had been killed
    lock = state_dir(journal.FOLDER) / f"{begun.id}.lock"
    assert journal.state(begun) is State.INTERRUPTED
    lock.touch()
    assert journal.state(begun) is State.INTERRUPTED
    assert [one.id for one in journal.unsettled("this host")] == [begun.id]
    assert journal.unsettled("sudo -n") == []
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert journal.state(begun) is State.RUNNING
        assert journal.unsettled("this host") == []


def test_nobody_is_asked_twice_about_the_same_remains(tmp_path: Path) -> None:
    with journal.kept(record(tmp_path)) as entry:
        entry.change(**journal.ending(FINISHED))
    (found,) = journal.unsettled("this host")  # the terminal went away before anybody was asked
    journal.settled(found, CleanUp.KEPT)
    assert journal.unsettled("this host") == []


def test_a_second_podthaw_on_the_same_container_is_told_of_the_first(tmp_path: Path) -> None:
    with journal.kept(record(tmp_path)):
        second = record(tmp_path, "2026-11-26-150900-bbbbbb")
        told = pytest.raises(PodthawError, match=f"process {os.getpid()}.*web2 on this host")
        with told, journal.kept(second):
            pass
        assert len(journal.records()) == 1
        other = msgspec.structs.replace(second, name="web3")
        with journal.kept(other):
            assert len(journal.records()) == 2


def test_records_are_private_and_the_newest_comes_first(tmp_path: Path) -> None:
    for name in ("2026-11-25-080000-aaaaaa", "2026-11-26-080000-bbbbbb"):
        with journal.kept(record(tmp_path, name)):
            pass
    assert [one.id[:10] for one in journal.records()] == ["2026-11-26", "2026-11-25"]
    for path in state_dir(journal.FOLDER).iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_record_that_is_damaged_does_not_hide_the_others(tmp_path: Path) -> None:
    journal.write(record(tmp_path))
    (state_dir(journal.FOLDER) / "2026-11-27-000000-cccccc.json").write_text("{")
    assert len(journal.records()) == 1


def test_names_that_are_no_utf8_can_be_written(tmp_path: Path) -> None:
    odd = msgspec.structs.replace(record(tmp_path), name="web\udcff", host="h\udcff")
    journal.write(odd)
    assert journal.records()[0].name == "web\\udcff"


def test_nothing_is_lost_when_it_ends_well(tmp_path: Path) -> None:
    done = replace(FINISHED, status=Status.RESTORED, remains=())
    with journal.kept(record(tmp_path)) as entry:
        entry.change(**journal.ending(done))
    (found,) = journal.records()
    assert (journal.state(found), found.clean_up) == (State.RESTORED, CleanUp.NOTHING)
    assert not (state_dir(journal.FOLDER) / f"{found.id}.lock").exists()
    assert journal.unsettled("this host") == []


def test_only_so_many_restores_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT", 2)
    folder = state_dir(journal.FOLDER)
    for day in range(1, 6):
        name = f"2026-11-0{day}-080000-aaaaaa"
        log = folder / f"{name}.log"
        log.write_text("x")
        one = msgspec.structs.replace(
            record(tmp_path, name), name=name, log=str(log), began=f"2026-11-0{day}"
        )
        with journal.kept(one) as entry:
            if day != 1:  # the first was interrupted: somebody has to look at it yet
                entry.change(**journal.ending(replace(FINISHED, remains=())))
    assert [one.began for one in journal.records()] == ["2026-11-05", "2026-11-04", "2026-11-01"]
    assert sorted(path.stem[:10] for path in folder.glob("*.log")) == [
        "2026-11-01",
        "2026-11-04",
        "2026-11-05",
    ]
