from tui.restore.events import Level, LogLine
from tui.restore.trace import Trace

ID = "f84d" * 16
INFRA = "08c3" * 16


def traced(*texts: str, source: str = "podman") -> Trace:
    trace = Trace()
    for text in texts:
        trace = trace.after(LogLine(source, Level.DEBUG, text))
    return trace


def conmon(container: str) -> str:
    folder = f"/var/lib/containers/storage/overlay-containers/{container}/userdata"
    return (
        f'running conmon: /usr/bin/conmon args="[--api-version 1 -c {container} -u {container} '
        f"-r /usr/bin/crun -b {folder} --conmon-pidfile /run/{container}/conmon.pid "
        "--exit-command /usr/bin/podman --exit-command-arg --runtime --exit-command-arg crun "
        "--exit-command-arg container --exit-command-arg cleanup "
        f'--exit-command-arg {container} --restore {folder}/checkpoint]"'
    )


def test_conmon_tells_where_everything_is() -> None:
    trace = traced(f"Allocated lock 0 for container {ID}", conmon(ID))

    assert trace.container == ID
    assert trace.conmon
    assert trace.conmon.runtime == "/usr/bin/crun"
    assert trace.conmon.pid_file == f"/run/{ID}/conmon.pid"
    assert trace.conmon.restore_log.endswith(f"/{ID}/userdata/restore.log")
    assert trace.conmon.exit_id == ID


def test_a_pods_infra_container_that_is_started_first_is_not_taken_for_the_restored_one() -> None:
    before = (
        f"Allocated lock 3 for container {ID}",
        f"Setting Cgroup path for container {ID} to /libpod_parent/pod/libpod-{ID}",
        f"Setting Cgroup path for container {INFRA} to /libpod_parent/pod/libpod-{INFRA}",
    )

    assert traced(*before, conmon(INFRA)).conmon is None
    trace = traced(*before, conmon(INFRA), conmon(ID))
    assert trace.conmon
    assert trace.conmon.exit_id == ID
    assert trace.cgroup == f"/libpod_parent/pod/libpod-{ID}"


def test_the_stage_follows_podmans_lines() -> None:
    assert traced("Using graph root /x").stage == ""
    assert traced("Trying to restore container x", "Using x").stage == "unpacking the checkpoint"
    assert traced("Restored container x").stage == "the processes are back"


def test_what_another_program_prints_tells_nothing() -> None:
    lines = (f"Allocated lock 0 for container {ID}", conmon(ID))

    assert traced(*lines, source="netavark") == Trace()


def test_a_command_line_that_was_cut_short_tells_nothing() -> None:
    assert (
        traced(f"Allocated lock 0 for container {ID}", 'running conmon: x args="[-c]"').conmon
        is None
    )
