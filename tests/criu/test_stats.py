"""CRIU's own figures."""

from dataclasses import replace

import pytest

from tests.criu.builders import contents, image
from tests.data import DATA
from tui.archive.model import Contents
from tui.checkpoint.reading import load
from tui.criu.framing import Magic
from tui.criu.images_pb2 import DumpStats, RestoreStats, Stats
from tui.criu.stats import _FIGURES, DUMP, RESTORE, Figure, read_stats


def with_stats(raw: bytes, name: str = DUMP) -> Contents:
    return replace(contents(), files={name: raw})


def test_a_real_dump() -> None:
    checkpoint = load(str(DATA / "web.tar"))
    found = read_stats(checkpoint.contents)
    figures = {figure.name: figure for figure in found.figures}
    pages = next(
        one.size for one in checkpoint.contents.members if one.name == "checkpoint/pages-1.img"
    )
    assert figures["pages_written"].value * 4096 == pages
    assert figures["frozen_time"].unit == "µs"
    assert figures["frozen_time"].value > figures["memdump_time"].value > 0
    assert len(figures) == len(DumpStats.DESCRIPTOR.fields)
    assert found.problems == ()


def test_every_field_is_known() -> None:
    fields = [*DumpStats.DESCRIPTOR.fields, *RestoreStats.DESCRIPTOR.fields]
    assert {field.name for field in fields} == _FIGURES.keys()


def test_what_criu_left_out_is_no_figure() -> None:
    raw = image(Magic.STATS, Stats(dump=DumpStats(pages_written=7)))
    assert read_stats(with_stats(raw)).figures == (
        Figure("pages_written", "memory written", 7, "pages"),
    )
    raw = image(Magic.STATS, Stats(restore=RestoreStats(restore_time=9)))
    assert [one.value for one in read_stats(with_stats(raw, RESTORE), RESTORE).figures] == [9]
    assert read_stats(contents()).figures == ()
    assert read_stats(with_stats(raw, "other"), "other").figures == ()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "cut off in its magic number"),
        (b"x" * 20, "no such image"),
        (image(Magic.STATS, b"\xff"), "no protobuf"),
        (image(Magic.STATS)[:8] + b"\xff\xff\xff\xff", "an entry of 4,294,967,295 bytes"),
    ],
)
def test_a_broken_image_is_a_problem(raw: bytes, message: str) -> None:
    found = read_stats(with_stats(raw))
    assert found.figures == ()
    assert message in found.problems[0].message
    assert found.problems[0].member == DUMP
