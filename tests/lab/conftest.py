"""The lab as fixtures: a real host that is clean before each test, and archives made on it."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.machine import HERE, Archives, Lab

LAB_ROOT = Path(os.environ.get("LAB_ROOT", "/var/tmp/podthaw-lab"))


@pytest.fixture(scope="session")
def started_lab() -> Iterator[Lab]:
    """The lab, which nobody else may use until the session ends."""
    up = subprocess.run([HERE / "lab", "run", "true"], capture_output=True, check=False)
    if up.returncode != 0:
        reason = "the lab is not up; tests/lab/ready starts it, or says why it cannot"
        if os.environ.get("PODTHAW_LAB") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    subprocess.run([HERE / "lab", "apart", str(os.getpid())], check=True)
    with LAB_ROOT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Lab()


@pytest.fixture
def lab(started_lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """The lab without containers, pods and volumes; podthaw's state goes to a folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    started_lab.clean()
    yield started_lab
    started_lab.clean()


@pytest.fixture(scope="session")
def archives(started_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(started_lab, tmp_path_factory.mktemp("archives"))
