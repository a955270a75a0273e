"""What podthaw says about a restore is what then happens, in every situation the lab can stage."""

from pathlib import Path

import pytest

from tests.bench.prediction import broken, report, run
from tests.lab.machine import Archives, Lab
from tests.lab.scenarios import SCENARIOS, Collection

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]


async def test_every_verdict_is_what_happens(lab: Lab, archives: Archives, tmp_path: Path) -> None:
    outcomes = await run(lab, SCENARIOS, Collection(lab, tmp_path, archives))

    wrong = broken(outcomes)
    assert not wrong, f"{len(wrong)} of these are not as they should be:\n{report(outcomes)}"
