"""What processes were started with."""

import pytest

from tests.findings.builders import look, looked, runs, scene, severities
from tui.findings.registry import DocumentPlace, ProcessPlace, Severity

HIGH, MEDIUM, LOW, INFO = Severity


def planned(*env: str) -> dict[str, dict[str, list[str]]]:
    return {"process": {"env": list(env)}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("LD_PRELOAD=/usr/lib/x.so", [MEDIUM]),
        ("LD_AUDIT=/usr/lib/x.so", [MEDIUM]),
        ("LD_PRELOAD=/tmp/x.so", [HIGH]),
        ("LD_PRELOAD=/usr/lib/libjemalloc.so.2 /dev/shm/x.so", [HIGH]),
        ("LD_PRELOAD=/usr/lib/.x.so", [HIGH]),
        ("LD_PRELOAD=/usr/lib/libjemalloc.so.2", [INFO]),
        ("LD_LIBRARY_PATH=/usr/local/cuda/lib64", [INFO]),
        ("LD_LIBRARY_PATH=/opt/lib:/tmp", [HIGH]),
        ("LD_PRELOAD=", []),
        ("PATH=/tmp", []),
    ],
)
def test_libraries_for_every_program(entry: str, expected: list[Severity]) -> None:
    assert severities("library-injected", scene(spec=planned("A=b", entry))) == expected


def test_the_value_is_not_shown() -> None:
    (one,) = look("library-injected", scene(spec=planned("A=b", "LD_PRELOAD=/tmp/secret.so")))
    assert "secret" not in one.title + one.detail
    assert one.places == (DocumentPlace("spec.dump", "/process/env/1"),)


def test_a_library_for_one_process() -> None:
    environments = {1: ("A=b",), 7: ("A=b", "LD_PRELOAD=/tmp/x.so")}
    found = scene(runs("/app"), spec=planned("A=b"), content=looked(environments=environments))
    (one,) = look("library-injected", found)
    assert (one.severity, one.places) == (HIGH, (ProcessPlace(7),))
    assert one.title == "LD_PRELOAD is set in PID 7"


def test_an_environment_that_differs() -> None:
    environments = {
        1: ("A=b", "PWD=/", "SHLVL=1"),
        7: ("A=other", "TOKEN=hush", "no equals sign"),
        8: ("A=other", "TOKEN=hush"),
        9: (),
    }
    found = scene(spec=planned("A=b", "B=c"), content=looked(environments=environments))
    first, second = look("environment-differs", found)
    assert first.title == "Other variables in PID 1: lacking B"
    assert second.title == "Other variables in PID 7, PID 8: added TOKEN, changed A, lacking B"
    assert second.places == (ProcessPlace(7), ProcessPlace(8))
    assert "hush" not in second.title + second.detail


def test_an_environment_as_it_was_planned() -> None:
    same = looked(environments={1: ("B=c", "A=b", "HOME=/root")})
    assert look("environment-differs", scene(spec=planned("A=b", "B=c"), content=same)) == []
    assert look("environment-differs", scene(content=same)) == []
