"""How fast something goes and how long it takes, by a clock that only the test moves."""

import pytest

from tui.ui.pace import Pace, amounts, duration

MIB = 1 << 20


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_second_tells_no_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.tell(0, 2048 * MIB) == "0 of 2,048 MiB"
    clock.now += 0.5
    assert pace.tell(200 * MIB, 2048 * MIB) == "200 of 2,048 MiB"


def test_an_even_rate_is_told_with_what_is_left() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0, 2048 * MIB)
    for second in range(1, 5):
        clock.now += 1
        told = pace.tell(second * 100 * MIB, 2048 * MIB)
    assert told == "400 of 2,048 MiB · 100 MiB/s · 17 s left"


def test_the_rate_is_smoothed() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0, 2000 * MIB)
    clock.now += 2
    pace.tell(200 * MIB, 2000 * MIB)
    clock.now += 1
    told = pace.tell(700 * MIB, 2000 * MIB)
    rate = int(told.split(" · ")[1].removesuffix(" MiB/s"))
    assert 150 < rate < 300


def test_looks_that_lie_close_together_do_not_shake_it() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0, 1000 * MIB)
    clock.now += 2
    before = pace.tell(200 * MIB, 1000 * MIB)
    clock.now += 0.001
    assert pace.tell(250 * MIB, 1000 * MIB).split(" · ")[1] == before.split(" · ")[1]


def test_what_begins_in_the_middle_counts_from_there() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(1000 * MIB, 2000 * MIB)
    clock.now += 2
    assert "50 MiB/s" in pace.tell(1100 * MIB, 2000 * MIB)


def test_without_a_total_nothing_is_left() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0)
    clock.now += 2
    assert pace.tell(40 * MIB) == "40 MiB · 20 MiB/s"


def test_what_stands_still_promises_nothing() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0, 100 * MIB)
    clock.now += 5
    assert pace.tell(0, 100 * MIB) == "0 of 100 MiB"


def test_less_than_before_is_a_new_beginning() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0, 100 * MIB)
    clock.now += 2
    pace.tell(90 * MIB, 100 * MIB)
    assert pace.tell(1 * MIB, 100 * MIB) == "1 of 100 MiB"


def test_at_the_end_nothing_is_left() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.tell(0, 100 * MIB)
    clock.now += 2
    assert pace.tell(100 * MIB, 100 * MIB) == "100 of 100 MiB · 50 MiB/s"


@pytest.mark.parametrize(
    ("done", "total", "told"),
    [
        (12, 0, "12 bytes"),
        (12, 900, "12 of 900 bytes"),
        (2048, 4096, "2.0 of 4.0 KiB"),
        (28 << 10, 0, "28 KiB"),
        (312 * MIB, 2048 * MIB, "312 of 2,048 MiB"),
        (1 << 34, 1 << 36, "16 of 64 GiB"),
        (1 << 50, 0, "1,024 TiB"),
    ],
)
def test_amounts_are_told_in_one_unit(done: int, total: int, told: str) -> None:
    assert amounts(done, total) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (99, "99 s"), (150, "3 min"), (7000, "1 h 57 min"), (400_000, "5 days")],
)
def test_durations_are_told_roughly(seconds: float, told: str) -> None:
    assert duration(seconds) == told
