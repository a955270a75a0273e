"""What an interrupted restore has come to is found out, and put right only when asked."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from tests.data import DATA
from tests.restore.hosts import AlteredHost
from tui.errors import PodthawError
from tui.host.host import Answer, NoAnswer
from tui.host.processes import find
from tui.restore import journal, recovery
from tui.restore.events import Finished, Level, LogLine, Status
from tui.restore.journal import CleanUp, Record, State
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore
from tui.restore.recovery import Aftermath, Fate
from tui.restore.snapshot import Snapshot, changed
from tui.restore.trace import Trace

WEB = str(DATA / "web.tar.zst")

TAKEN = RestoreOptions(publish=("8080:80",))
"""A port of another container of the demo host: the restore fails when all has been made."""

FREE = RestoreOptions(publish=("8081:80",))


async def run(host: AlteredHost, options: RestoreOptions, path: str = WEB) -> Finished:
    async with aclosing(Restore(host, path, options, force=True, patience=0).events()) as events:
        async for event in events:
            last = event
    assert isinstance(last, Finished)
    return last


def recorded(finished: Finished) -> Record:
    record = journal.find(finished.record)
    assert record
    return record


def killed(finished: Finished) -> Record:
    """The record as a podthaw leaves it that was killed in the middle of this restore."""
    record = msgspec.structs.replace(
        recorded(finished), status=State.RUNNING.value, clean_up=CleanUp.OPEN, remains=()
    )
    journal.write(record)
    return record


def names(host: AlteredHost) -> set[str]:
    scenario = host.scenario
    return {one.name for one in scenario.containers.values()} | set(scenario.volumes)


def kinds(aftermath: Aftermath) -> list[str]:
    return [thing.kind for thing in aftermath.remains]


async def removed(host: AlteredHost, aftermath: Aftermath) -> list[LogLine]:
    removing = recovery.remove(host, aftermath.record, aftermath.remains)
    return [line async for line in removing]


async def test_what_an_interrupted_restore_left_is_found_and_removed() -> None:
    host = AlteredHost()
    before = names(host)
    record = killed(await run(host, TAKEN))
    assert journal.state(record) is State.INTERRUPTED

    aftermath = await recovery.look(host, record)

    assert (aftermath.fate, kinds(aftermath)) == (Fate.LEFT, ["container", "volume"])
    assert names(host) > before  # looking changes nothing
    lines = await removed(host, aftermath)
    assert names(host) == before
    assert lines[-1].text == "the host is as it was before the restore"
    (now,) = journal.records()
    assert now.clean_up is CleanUp.REMOVED
    assert [ran.argv[:2] for ran in now.commands[-2:]] == [("podman", "rm"), ("podman", "volume")]
    assert (await recovery.look(host, now)).fate is Fate.NOTHING


async def test_what_else_has_changed_meanwhile_is_said_and_left_alone() -> None:
    host = AlteredHost()
    record = killed(await run(host, TAKEN))
    aftermath = await recovery.look(host, record)
    host.scenario.remove_volume("metrics")

    lines = await removed(host, aftermath)

    assert lines[-1].level is Level.WARNING
    assert lines[-1].text == "not as before the restore: volume metrics is gone"


async def test_a_restore_that_went_on_without_podthaw_counts_as_restored() -> None:
    host = AlteredHost()
    record = killed(await run(host, FREE))

    aftermath = await recovery.look(host, record)

    assert (aftermath.fate, aftermath.remains) == (Fate.RUNS, ())
    (now,) = journal.records()
    assert (journal.state(now), now.clean_up) == (State.RESTORED, CleanUp.NOTHING)
    assert now.container == host.scenario.container("web").id


async def test_what_people_have_removed_themselves_is_not_asked_about() -> None:
    host = AlteredHost()
    finished = await run(host, TAKEN)
    host.scenario.remove_container("web")
    host.scenario.remove_volume("webdata")

    aftermath = await recovery.look(host, killed(finished))

    assert aftermath.fate is Fate.NOTHING
    assert journal.records()[0].clean_up is CleanUp.NOTHING


async def test_what_a_later_restore_has_taken_over_is_not_removed() -> None:
    host = AlteredHost()
    first = await run(host, TAKEN)
    host.scenario.remove_container("web")
    later = await run(host, RestoreOptions(publish=("8081:80",), ignore_volumes=True))
    assert later.status is Status.RESTORED
    host.scenario.remove_container("web")  # the volume is the later one's by now

    aftermath = await recovery.look(host, recorded(first))

    assert aftermath.fate is Fate.NOTHING
    assert "webdata" in names(host)


async def test_a_restore_that_podman_still_works_at_is_stopped_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = AlteredHost()
    record = killed(await run(host, TAKEN))
    (ran,) = record.commands
    record = msgspec.structs.replace(record, commands=[journal.Ran(ran.argv, ran.began)])
    journal.write(record)
    alive, sent = ["4711"], []

    async def find_podman(_: object, argv: tuple[str, ...]) -> list[str]:
        assert argv == ran.argv
        return list(alive)

    async def send(_: object, name: str, pids: list[str]) -> None:
        sent.append((name, *pids))
        alive.clear()

    monkeypatch.setattr(recovery, "find", find_podman)
    monkeypatch.setattr(recovery, "signal", send)
    monkeypatch.setattr(recovery, "_PAUSE", 0)
    monkeypatch.setattr("tui.restore.recovery.replayed", lambda _: Trace())

    monkeypatch.setattr(journal, "unsettled", lambda _: [record])

    assert (await recovery.look(host, record)).fate is Fate.WORKING
    with pytest.raises(PodthawError, match=r"Podman is still restoring web: .*--clean-up"):
        await recovery.refuse_if_working(host, "web")
    await recovery.stop(host, record)
    assert sent == [("TERM", "4711")]


async def test_a_command_is_found_behind_whatever_runs_it() -> None:
    lines = {
        "11": "sudo\0-n\0podman\0pull\0--\0x\0",
        "12": "podman\0pull\0--\0xyz\0",
        "13": "grep\0-lsF\0--\0x\0/proc/1/cmdline\0",
        "14": "podman\0pull\0--\0x\0",
    }

    class Processes(AlteredHost):
        async def run(self, argv: Sequence[str], **_: Any) -> Answer:
            if argv[0] == "sh":
                printed = "".join(f"/proc/{pid}/cmdline\n" for pid in lines)
            else:
                printed = lines[argv[1].split("/")[2]]
            return Answer(tuple(argv), 0, printed, "")

    assert await find(Processes(), ("podman", "pull", "--", "x")) == ["11", "14"]


async def test_a_failed_try_is_restored_in_place() -> None:
    host = AlteredHost()
    failed = await run(host, TAKEN)
    log = recorded(failed).log
    assert not failed.again  # CRIU had not begun: what is there is half made
    with pytest.raises(PodthawError, match="has left nothing to try again with"):
        recovery.earlier(WEB, host, TAKEN)
    assert log


async def test_only_what_podman_takes_in_place_may_change() -> None:
    host = AlteredHost()
    with pytest.raises(PodthawError, match="no failed restore of this archive"):
        recovery.earlier(WEB, host, TAKEN)
    await run(host, FREE)
    with pytest.raises(PodthawError, match="no failed restore of this archive"):
        recovery.earlier(WEB, host, FREE)


async def test_a_host_that_does_not_answer_is_an_error_and_no_verdict() -> None:
    record = killed(await run(AlteredHost(), TAKEN))

    class Busy(AlteredHost):
        async def run(self, argv: Sequence[str], **_: Any) -> Answer:
            raise NoAnswer("podman did not answer within 10 s")

    with pytest.raises(PodthawError, match="did not answer"):
        await recovery.look(Busy(), record)
    assert journal.records()[0].clean_up is CleanUp.OPEN


def test_a_snapshot_says_what_is_new_gone_or_other() -> None:
    before = Snapshot(
        containers={"a" * 64: "running", "b" * 64: "created"},
        volumes={"kept": "1", "old": "1"},
        images={"i" * 64: ("x:1",)},
        networks=None,
    )
    after = Snapshot(
        containers={"a" * 64: "exited", "b" * 64: "created"},
        volumes={"kept": "1", "new": "2"},
        images={"i" * 64: ()},
        networks={"podman": "bridge"},
    )
    short = "a" * 24
    assert list(changed(before, before)) == []
    assert list(changed(before, after)) == [
        f"container {short} was running and is exited",
        "volume new is new",
        "volume old is gone",
        f"image {'i' * 24} was x:1 and is without a name",
    ]
