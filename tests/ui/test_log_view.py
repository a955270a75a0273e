"""The log: folded, filtered, paused, and its errors one after the other."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.restore.events import Level, LogLine
from tui.text import safe_text
from tui.ui.widgets.log_breaks import INDENT, Breaks
from tui.ui.widgets.log_rows import LogRows
from tui.ui.widgets.log_view import LogView


class LogApp(App[None]):
    """A log and nothing else."""

    CSS = """
    LogView { border: round white; }
    .log-view--found { text-style: reverse; }
    """

    def compose(self) -> ComposeResult:
        yield LogView()


@asynccontextmanager
async def opened(
    *lines: LogLine, size: tuple[int, int] = (60, 12)
) -> AsyncIterator[tuple[LogView, Pilot[None]]]:
    app = LogApp()
    async with app.run_test(size=size) as pilot:
        log = app.query_one(LogView)
        log.focus()
        log.add(lines)
        await pilot.pause()
        yield log, pilot


def shown(log: LogView) -> list[str]:
    """The rows in the window, without the frame."""
    height = log.scrollable_content_region.height
    rows = [log.render_line(y).text.rstrip() for y in range(height)]
    return [row for row in rows if row]


def criu(count: int, first: int = 0) -> list[LogLine]:
    return [
        LogLine("criu", Level.DEBUG, f"(00.{number:06}) pie: {number}")
        for number in range(first, first + count)
    ]


def podman(text: str, level: Level = Level.DEBUG) -> LogLine:
    return LogLine("podman", level, text)


ERROR = LogLine("criu", Level.ERROR, "(00.9) Error (criu/mount.c:1): gone")
NOISE = "criu      ▸ {} lines"


async def test_many_debug_lines_of_criu_are_one_row_that_grows() -> None:
    async with opened(podman("running conmon"), *criu(3)) as (log, pilot):
        assert len(shown(log)) == 4, "too few to be folded"
        log.add(criu(1, 3))
        await pilot.pause()
        assert shown(log) == ["podman      running conmon", NOISE.format(4)]
        log.add(criu(4808, 4))
        await pilot.pause()
        assert shown(log) == ["podman      running conmon", NOISE.format("4,812")]
        assert log.border_subtitle == "4,813 lines · 4,812 folded"


async def test_errors_warnings_and_other_programs_stay_between_the_folds() -> None:
    warning = LogLine("criu", Level.WARNING, "(00.1) Warn  (criu/kerndat.c:1): no")
    lines = (*criu(5), warning, *criu(6), ERROR, *criu(3), podman("a"), podman("b"), *criu(4))
    async with opened(*lines, size=(60, 20)) as (log, _):
        first, second, third, *rest = shown(log)
        assert first == NOISE.format(5)
        assert second.startswith("criu      ▲ (00.1) Warn")
        assert third == NOISE.format(6)
        assert rest[0].startswith("criu      ✖ (00.9) Error")
        assert [row.partition("pie")[1] for row in rest[1:4]] == ["pie"] * 3
        assert rest[4:] == ["podman      a", "podman      b", NOISE.format(4)]


async def test_many_debug_lines_of_podman_are_not_folded() -> None:
    async with opened(*(podman(str(number)) for number in range(8))) as (log, _):
        assert len(shown(log)) == 8
        assert log.border_subtitle == "8 lines"


async def test_one_key_unfolds_and_folds() -> None:
    async with opened(*criu(6), ERROR) as (log, pilot):
        await pilot.press("z")
        assert len(shown(log)) == 7
        assert log.border_subtitle == "7 lines"
        log.add(criu(2, 6))
        await pilot.pause()
        assert len(shown(log)) == 9
        await pilot.press("z")
        assert len(shown(log)) == 4, "a fold, the error, and two lines that are too few"


async def test_a_filter_looks_into_folds() -> None:
    async with opened(*criu(50)) as (log, pilot):
        log.filter("PIE: 4")
        await pilot.pause()
        assert log.border_subtitle == "11 lines · filtered"
        assert NOISE.format(11) not in shown(log)
        log.filter("")
        await pilot.pause()
        assert shown(log) == [NOISE.format(50)]


async def test_louder_levels_leave_nothing_to_fold() -> None:
    async with opened(*criu(5), ERROR, podman("started", Level.INFO)) as (log, pilot):
        await pilot.press("v")
        assert [row.split()[0] for row in shown(log)] == ["criu", "podman"]
        assert log.border_subtitle == "2 lines · info and up"
        await pilot.press("v", "v", "v")
        assert log.border_subtitle == "7 lines · 5 folded"


def blocks(count: int) -> Iterable[LogLine]:
    """Ten lines of Podman, twenty of CRIU and an error, again and again."""
    for block in range(count):
        yield from (podman(f"{block}.{number}") for number in range(10))
        yield from criu(20)
        yield LogLine("criu", Level.ERROR, f"error {block}")


def found(log: LogView) -> str:
    """The row that is marked."""
    strips = [log.render_line(y) for y in range(log.scrollable_content_region.height)]
    (marked,) = [strip for strip in strips if all(_reverse(segment) for segment in strip)]
    return marked.text.rstrip()


def _reverse(segment: Segment) -> bool:
    return segment.style is not None and bool(segment.style.reverse)


async def test_from_error_to_error_and_round() -> None:
    async with opened(*blocks(4)) as (log, pilot):
        walk = []
        for key in ("n", "n", "n", "N", "N", "N"):
            await pilot.press(key)
            walk.append(found(log)[-1])
        assert walk == ["3", "0", "1", "0", "3", "2"]
        assert log.border_subtitle == "124 lines · 80 folded · paused", "and nothing is unfolded"


async def test_the_next_error_is_looked_for_from_the_window_on() -> None:
    async with opened(*blocks(4)) as (log, pilot):
        await pilot.press("N")
        assert found(log)[-1] == "3"
        await pilot.press("g", "n")
        assert found(log)[-1] == "0"
        await pilot.press("G", "N")
        assert found(log)[-1] == "3"


async def test_an_error_stays_in_the_window_while_lines_arrive() -> None:
    async with opened(*blocks(1)) as (log, pilot):
        await pilot.press("n")
        log.add([*blocks(3)])
        await pilot.pause()
        assert found(log) == "criu      ✖ error 0"
        assert log.border_subtitle == "124 lines · 80 folded · paused, 93 new lines"
        await pilot.press("f")
        assert "paused" not in str(log.border_subtitle)
        assert shown(log)[-1] == "criu      ✖ error 2"


async def test_without_an_error_there_is_none_to_go_to() -> None:
    async with opened(*criu(50)) as (log, pilot):
        await pilot.press("n", "N")
        assert "paused" not in str(log.border_subtitle)
        assert not log.check_action("error", (1,))


async def test_what_stands_on_top_stays_there_when_it_is_folded() -> None:
    async with opened(*blocks(6)) as (log, pilot):
        await pilot.press("z", "g", *["j"] * 40)
        before = shown(log)[0]
        assert before == "podman      1.9"
        await pilot.press("z")
        assert shown(log)[0] == before
        assert "paused" in str(log.border_subtitle)
        await pilot.press("z")
        assert shown(log)[0] == before


async def test_an_error_that_was_gone_to_stays_in_the_window_when_it_is_unfolded() -> None:
    async with opened(*criu(50), ERROR, *criu(5)) as (log, pilot):
        await pilot.press("n", "z")
        assert found(log) == "criu      ✖ (00.9) Error (criu/mount.c:1): gone"
        assert len(shown(log)) == 10
        assert log.border_subtitle == "56 lines · paused"
        await pilot.press("z")
        assert len(shown(log)) == 3


async def test_a_fold_at_the_end_does_not_make_a_paused_log_follow() -> None:
    async with opened(*(podman(str(number)) for number in range(30)), *criu(3)) as (log, pilot):
        await pilot.press("f")
        log.add(criu(1, 3))
        await pilot.pause()
        assert "paused, 1 new line" in str(log.border_subtitle)
        assert shown(log)[-1] == NOISE.format(4)


@pytest.mark.parametrize("batches", [(100_000,), (1,) * 200, (3, 4, 5) * 50])
def test_rows_do_not_depend_on_how_the_lines_arrive(batches: tuple[int, ...]) -> None:
    """Every line makes, grows or ends a row, whatever there is before it."""
    rows = LogRows(folding=True)
    lines = [
        ERROR if number % 1000 == 999 else line for number, line in enumerate(criu(sum(batches)))
    ]
    for number, line in enumerate(lines):
        rows.add(number, line)
    assert rows.lines == len(lines)
    assert [row for row in rows.rows if isinstance(row, int)] == [
        number for number in range(len(lines)) if number % 1000 == 999
    ]
    assert rows.folded == len(lines) - len(lines) // 1000
    assert [rows.row_of(number) for number in (0, 500, 998)] == [0, 0, 0]


async def test_long_lines_are_broken_on_a_key_and_keep_their_place() -> None:
    long = podman("x" * 100 + " end", Level.WARNING)
    numbered = [podman(f"line {n}") for n in range(20)]
    async with opened(*numbered, ERROR, *numbered, long, podman("gone")) as (log, pilot):
        assert not any("end" in row for row in shown(log))
        await pilot.press("W")
        rows = shown(log)
        assert any(row.startswith("  x") and row.endswith("end") for row in rows)
        assert rows[-1].endswith("gone"), "it follows the end still"
        await pilot.press("n")
        at = shown(log).index(next(row for row in shown(log) if "Error" in row))
        await pilot.press("W")
        await pilot.pause()
        assert "Error" in shown(log)[at], "the error stays where it was"
        assert log.virtual_size.height == 43


@given(st.text(max_size=80).map(safe_text), st.integers(3, 40))
def test_a_broken_row_loses_nothing_and_fits(text: str, width: int) -> None:
    breaks = Breaks(width)
    lines = breaks.broken(text)
    assert "".join([lines[0], *(line[INDENT:] for line in lines[1:])]) == text
    breaks.add(text)
    breaks.add("next")
    assert breaks.at(len(breaks) - 1)[0] == 1
    assert breaks.at(breaks.first(1)) == (1, 0)
    assert breaks.at(len(breaks)) == (2, 0)
    assert all(cell_len(line) <= max(width, 4) for line in lines)
