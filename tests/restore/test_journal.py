"""Every restore is written down, and an interrupted one can be told from one that runs."""

import fcntl
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.restore.facts import archive, host
from tui.restore import journal
from tui.restore.events import Finished, Remains, Status
from tui.restore.journal import Record, State
from tui.restore.options import RestoreOptions
from tui.restore.plan import make_plan
from tui.state import state_dir

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
    plan = make_plan(archive("web"), host(volumes=["webdata"]), RestoreOptions(name="web2"))
    return journal.begun(
        plan,
        archive="web.tar.zst",
        name="web2",
        host="this host",
        simulated=False,
        forced=True,
        log=tmp_path / f"{name}.log",
    )


def test_a_record_says_what_was_asked_for_and_what_was_known(tmp_path: Path) -> None:
    begun = record(tmp_path)
    with journal.kept(begun):
        (found,) = journal.records()
        assert (found.id, found.name) == (begun.id, "web2")
        assert journal.state(found) is State.RUNNING
    assert found.options["name"] == "web2"
    assert [one["code"] for one in found.conflicts] == ["volume-exists"]
    assert found.command[:2] == ["podman", "--log-level=debug"]
    assert found.archive == str(Path("web.tar.zst").absolute())


def test_a_record_says_how_it_ended(tmp_path: Path) -> None:
    begun = record(tmp_path)
    with journal.kept(begun):
        journal.write(journal.ended(begun, FINISHED))
    (found,) = journal.records()
    assert journal.state(found) is State.FAILED
    assert (found.cause, found.container) == ("Can't open file", "a" * 64)
    assert found.remains[0].remove == (("podman", "rm", "web2"),)


def test_a_podthaw_that_died_leaves_an_interrupted_restore(tmp_path: Path) -> None:
    begun = record(tmp_path)
    journal.write(begun)  # and nothing more, as if it had been killed
    lock = state_dir(journal.FOLDER) / f"{begun.id}.lock"
    assert journal.state(begun) is State.INTERRUPTED
    lock.touch()
    assert journal.state(begun) is State.INTERRUPTED
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert journal.state(begun) is State.RUNNING


def test_records_are_private_and_the_newest_comes_first(tmp_path: Path) -> None:
    for name in ("2026-11-25-080000-aaaaaa", "2026-11-26-080000-bbbbbb"):
        journal.write(record(tmp_path, name))
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
    begun = record(tmp_path)
    done = journal.ended(begun, replace(FINISHED, status=Status.RESTORED, remains=()))
    with journal.kept(begun):
        journal.write(done)
    assert journal.state(journal.records()[0]) is State.RESTORED
    assert not list(state_dir(journal.FOLDER).glob("*.lock"))
