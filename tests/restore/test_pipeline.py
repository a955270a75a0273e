import stat
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.archive.layouts import images, in_folder
from tests.data import DATA, DEMO
from tests.restore.hosts import AlteredHost
from tui.checkpoint.reading import load
from tui.host.host import NoAnswer, NotInstalled
from tui.host.scenario import made_up_id
from tui.restore.events import (
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
from tui.restore.pipeline import Restore
from tui.restore.remains import clean_up

CLEAR = RestoreOptions(name="copy", publish=("8081:80",), ignore_volumes=True)
"""Out of the way of everything that the demo host has."""

WEB = str(DATA / "web.tar.zst")

RESTORE = "podman --log-level=debug container restore"


async def run(
    host: AlteredHost,
    options: RestoreOptions = CLEAR,
    path: str = str(DEMO),
    *,
    force: bool = False,
    reveal: bool = False,
    on_event: Callable[[Event, Restore], None] = lambda event, restore: None,
) -> list[Event]:
    restore = Restore(host, path, options, force=force, reveal=reveal, patience=0)
    events: list[Event] = []
    async with aclosing(restore.events()) as stream:
        async for event in stream:
            events.append(event)
            on_event(event, restore)
    return events


def finished(events: list[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def names(host: AlteredHost) -> set[str]:
    """Of the host's containers and volumes."""
    scenario = host.scenario
    return {one.name for one in scenario.containers.values()} | set(scenario.volumes)


def without_images(answer: str) -> str:
    return "[]"


def outcomes(events: list[Event]) -> dict[Step, Outcome]:
    return {event.step: event.outcome for event in events if isinstance(event, StepFinished)}


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, LogLine)]


async def test_a_restore_goes_through_its_steps_and_ends_with_where_it_answers() -> None:
    host = AlteredHost()

    events = await run(host)

    assert [event.step for event in events if isinstance(event, StepStarted)] == list(Step)
    assert outcomes(events) == {
        Step.READ: Outcome.OK,
        Step.CHECK: Outcome.OK,
        Step.COPY: Outcome.SKIPPED,
        Step.PULL: Outcome.SKIPPED,
        Step.RESTORE: Outcome.OK,
        Step.VERIFY: Outcome.OK,
    }
    end = finished(events)
    assert (end.status, end.name, end.answers) == (
        Status.RESTORED,
        "copy",
        ("0.0.0.0:8081 -> 80/tcp",),
    )
    assert end.id == host.scenario.container("copy").id
    assert "SIMULATION: nothing is restored on a real host" in texts(events)
    stages = [
        event.message
        for event in events
        if isinstance(event, Progress) and event.step is Step.RESTORE
    ]
    assert stages[-2:] == ["bringing the processes back", "the processes are back"]


async def test_what_podman_printed_stays_in_a_private_file(state: Path) -> None:
    log = Path(finished(await run(AlteredHost())).log)

    assert log.parent == state / "restores"
    assert "Restored container" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


async def test_a_blocked_restore_touches_nothing() -> None:
    host = AlteredHost()

    events = await run(host, RestoreOptions())

    end = finished(events)
    assert end.status is Status.BLOCKED
    assert [conflict.code for conflict in end.conflicts] == ["volume-exists", "port-in-use"]
    assert outcomes(events) == {Step.READ: Outcome.OK, Step.CHECK: Outcome.FAILED}
    assert host.started == []


async def test_what_podman_cannot_import_is_blocked_and_fails_by_force(tmp_path: Path) -> None:
    """A folder has no archive that could be given to podman, and bare images no container."""
    path = str(in_folder(tmp_path / "images", images()))
    host = AlteredHost()
    end = finished(await run(host, path=path))
    assert end.status is Status.BLOCKED
    assert [one.code for one in end.conflicts] == ["engine-unsupported"]
    end = finished(await run(host, path=path, force=True))
    assert end.status is Status.FAILED
    assert end.cause == f"{path} is a folder, and Podman imports archives only"
    assert host.started == []


async def test_force_says_what_it_skips_and_podman_has_the_last_word() -> None:
    events = await run(AlteredHost(), RestoreOptions(), force=True)

    assert "skipped by force: Volume shop-data exists on this host" in texts(events)
    end = finished(events)
    assert end.status is Status.FAILED
    assert "(volume with name shop-data already exists)" in end.cause
    assert end.remains == ()


async def test_what_a_failed_restore_leaves_is_named_and_removed_only_when_asked() -> None:
    host = AlteredHost()

    events = await run(host, RestoreOptions(publish=("8080:80",)), WEB, force=True)

    end = finished(events)
    assert end.status is Status.FAILED
    assert end.cause.startswith("Port 8080/tcp is taken on this host")
    assert [(thing.kind, thing.name) for thing in end.remains] == [
        ("container", "web"),
        ("volume", "webdata"),
    ]
    assert names(host) >= {"web", "webdata"}

    lines = [line async for line in clean_up(host, end.remains)]

    assert [line.level for line in lines] == [Level.INFO, Level.INFO]
    assert not names(host) & {"web", "webdata"}


async def test_a_clean_up_goes_on_after_a_failure_and_says_so() -> None:
    host = AlteredHost()
    remains = [
        Remains("volume", "gone", (("podman", "volume", "rm", "--", "gone"),)),
        Remains("volume", "metrics", (("podman", "volume", "rm", "--", "metrics"),)),
    ]

    lines = [line async for line in clean_up(host, remains)]

    assert [line.level for line in lines] == [Level.INFO, Level.ERROR, Level.INFO]
    assert 'no volume with name "gone" found' in lines[1].text
    assert "metrics" not in names(host)


async def test_the_cause_is_what_criu_said_first_and_not_podmans_last_word() -> None:
    printed = (
        "Error: crun: --- excerpt from CRIU log `/x/restore.log`\n"
        "(00.01)      1: Error (criu/files-reg.c:2353): Can't open file bin/x on restore: No such\n"
        "--- end of excerpt\n"
        "CRIU restoring failed: -52: OCI permission denied\n"
    )

    end = finished(await run(AlteredHost(prints={RESTORE: (printed, 125)})))

    assert end.status is Status.FAILED
    assert "(Can't open file bin/x on restore: No such)" in end.cause
    assert end.said == "crun: CRIU restoring failed: -52: OCI permission denied"


async def test_a_host_without_podman_is_a_failure_with_a_reason() -> None:
    missing = NotInstalled("podman is not installed on this host")

    end = finished(await run(AlteredHost(prints={RESTORE: missing})))

    assert (end.status, end.cause) == (Status.FAILED, "podman is not installed on this host")


async def test_an_archive_that_cannot_be_read_ends_the_restore_at_once(tmp_path: Path) -> None:
    path = tmp_path / "half.tar.zst"
    path.write_bytes(DEMO.read_bytes()[:9000])

    events = await run(AlteredHost(), path=str(path))

    assert outcomes(events) == {Step.READ: Outcome.FAILED}
    assert finished(events).status is Status.FAILED
    assert finished(events).cause


async def test_what_is_restored_is_what_was_checked(tmp_path: Path) -> None:
    path = tmp_path / "shop.tar.zst"
    path.write_bytes(DEMO.read_bytes())
    checkpoint = load(str(path))
    path.write_bytes(DATA.joinpath("web.tar.zst").read_bytes())
    host = AlteredHost()

    restore = Restore(host, str(path), CLEAR, checkpoint=checkpoint, patience=0)
    events = [event async for event in restore.events()]

    end = finished(events)
    assert end.status is Status.FAILED
    assert "has changed since podthaw read it" in end.cause
    assert host.started == []


async def test_secrets_are_masked_in_the_log_until_they_are_asked_for() -> None:
    secret = "DB_PASSWORD=correct-horse-battery-staple"
    host = AlteredHost(prints={RESTORE: (f'time="2026" level=debug msg="env {secret}"\n', 1)})

    masked = await run(host)
    revealed = await run(host, reveal=True)

    assert "env DB_PASSWORD=••••••" in texts(masked)
    assert f"env {secret}" in texts(revealed)


@pytest.mark.parametrize("step", [Step.READ, Step.CHECK, Step.COPY])
async def test_cancelled_before_the_restore_nothing_has_happened(step: Step) -> None:
    host = AlteredHost()

    def look(event: Event, restore: Restore) -> None:
        if event == StepStarted(step):
            restore.cancel()

    events = await run(host, on_event=look)

    assert finished(events).status is Status.CANCELLED
    assert finished(events).remains == ()
    assert outcomes(events)[list(outcomes(events))[-1]] is Outcome.FAILED
    assert "copy" not in names(host)


async def test_cancelled_during_the_pull_nothing_is_restored() -> None:
    host = AlteredHost(changes={"podman image ls": without_images}, pace=1.5)

    def look(event: Event, restore: Restore) -> None:
        if isinstance(event, LogLine) and event.text.startswith("Trying to pull"):
            restore.cancel()

    events = await run(host, force=True, on_event=look)

    assert finished(events).status is Status.CANCELLED
    assert Step.RESTORE not in outcomes(events)


async def test_cancelled_during_the_restore_podman_is_ended_and_its_remains_are_named() -> None:
    host = AlteredHost(pace=1.5)

    def look(event: Event, restore: Restore) -> None:
        if event == Progress(Step.RESTORE, "unpacking the checkpoint"):
            restore.cancel()

    end = finished(await run(host, on_event=look))

    assert end.status is Status.CANCELLED
    assert [(thing.kind, thing.name) for thing in end.remains] == [
        ("container", "copy"),
        ("volume", "shop-carts"),
    ]
    assert host.scenario.container("copy").state == "created"


async def test_cancelled_once_the_container_is_back_it_is_too_late() -> None:
    def look(event: Event, restore: Restore) -> None:
        if event == StepStarted(Step.VERIFY):
            restore.cancel()

    assert finished(await run(AlteredHost(), on_event=look)).status is Status.RESTORED


async def test_whoever_stops_listening_does_not_stop_podman() -> None:
    host = AlteredHost()
    restore = Restore(host, str(DEMO), CLEAR, patience=0)

    async with aclosing(restore.events()) as stream:
        async for event in stream:
            if event == Progress(Step.RESTORE, "making the container"):
                break

    assert await host.started[0].wait() == 0
    assert host.scenario.container("copy").state == "running"


PULL = "podman pull -- localhost/podthaw-bb:latest"


async def test_a_missing_image_is_pulled_and_what_that_prints_is_in_the_log() -> None:
    image = load(str(DEMO)).config.image_id
    printed = f"Trying to pull it...\nCopying blob sha256:12\n{image}\n"
    host = AlteredHost(prints={PULL: (printed, 0)}, changes={"podman image ls": without_images})

    events = await run(host, force=True)

    assert finished(events).status is Status.RESTORED, finished(events).cause
    assert outcomes(events)[Step.PULL] is Outcome.OK
    assert "Copying blob sha256:12" in texts(events)


async def test_a_pulled_image_that_is_another_one_stops_the_restore() -> None:
    host = AlteredHost(
        prints={PULL: (f"{'ab' * 32}\n", 0)}, changes={"podman image ls": without_images}
    )

    events = await run(host, force=True)

    end = finished(events)
    assert end.status is Status.FAILED
    assert "localhost/podthaw-bb:latest is another image by now" in end.cause
    assert "abababababab was pulled" in end.cause
    assert Step.RESTORE not in outcomes(events)


async def test_a_pull_that_fails_is_the_cause() -> None:
    said = "Error: initializing source: pinging container registry localhost: refused\n"
    host = AlteredHost(prints={PULL: (said, 125)}, changes={"podman image ls": without_images})

    end = finished(await run(host, force=True))

    assert "pinging container registry localhost" in end.cause
    assert end.diagnosis
    assert "podman save" in end.diagnosis.advice


INSPECT = f"podman container inspect {made_up_id('restored', 'copy')}"


def inspected(**values: Any) -> Callable[[str], str]:
    """Change the inspected container; `state` and the like are merged in."""

    def change(answer: str) -> str:
        (found,) = msgspec.json.decode(answer)
        for key, value in values.items():
            found[key] = {**found[key], **value} if isinstance(value, dict) else value
        return msgspec.json.encode([found]).decode()

    return change


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (inspected(Name="other"), "its name is other, not copy"),
        (inspected(State={"Restored": False}), "Podman does not say that it was restored"),
        (inspected(Image="ab" * 32), "its image is abab"),
        (
            inspected(NetworkSettings={"Ports": {}}),
            "its port 80/tcp is not published on 0.0.0.0:8081",
        ),
        (
            inspected(NetworkSettings={"Ports": {"80/tcp": [{"HostIp": "", "HostPort": "1"}]}}),
            "its port 80/tcp is published on 0.0.0.0:1, unasked",
        ),
    ],
)
async def test_a_container_that_is_not_what_was_planned_runs_on_and_is_no_success(
    change: Callable[[str], str], difference: str
) -> None:
    end = finished(await run(AlteredHost(changes={INSPECT: change})))

    assert end.status is Status.FAILED
    assert difference in end.cause
    assert end.remains == ()


async def test_a_container_that_ends_soon_is_no_success() -> None:
    looks: list[str] = []
    ended = inspected(State={"Status": "exited", "Running": False, "ExitCode": 3})

    def change(answer: str) -> str:
        looks.append(answer)
        return answer if len(looks) == 1 else ended(answer)

    end = finished(await run(AlteredHost(changes={INSPECT: change})))

    assert end.status is Status.FAILED
    assert "it is exited (exit code 3), not running" in end.cause
    assert [thing.kind for thing in end.remains] == ["container", "volume"]


async def test_into_a_pod_its_namespaces_are_looked_at() -> None:
    member = str(DATA / "member.tar.zst")
    good = await run(AlteredHost(), RestoreOptions(pod="web-pod"), member)
    alone = inspected(HostConfig={"IpcMode": "private"})
    inspect = f"podman container inspect {load(member).config.id}"

    bad = await run(AlteredHost(changes={inspect: alone}), RestoreOptions(pod="web-pod"), member)

    assert finished(good).status is Status.RESTORED, finished(good).cause
    assert "its IPC namespace is private, not the pod's" in finished(bad).cause


async def test_a_container_that_nobody_can_look_at_is_not_offered_for_removal() -> None:
    def silent(answer: str) -> str:
        raise NoAnswer("podman did not answer within 10 s")

    for change, why in ((lambda answer: "{}", "does not understand"), (silent, "did not answer")):
        host = AlteredHost(changes={INSPECT: change})

        end = finished(await run(host))

        assert end.status is Status.FAILED
        assert end.cause.startswith("Podman restored the container, but nobody can say how it is: ")
        assert why in end.cause
        assert end.remains == ()
        assert host.scenario.container("copy").state == "running"
