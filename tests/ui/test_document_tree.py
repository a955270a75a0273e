"""Large documents in the tree: what is added, and what a filter leaves and gives back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rich.style import Style
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.ui.scenes import press
from tests.ui.test_flow import opened
from tui.checkpoint.config import Json
from tui.ui.widgets.document_tree import CHUNK, DocumentTree
from tui.ui.widgets.key_footer import KeyFooter

MANY = 20 * CHUNK
LARGE: Json = {"few": {"a": 1, "b": 2}, "many": {f"n{number:05}": "x" for number in range(MANY)}}


class Stage(App[None]):
    def compose(self) -> ComposeResult:
        yield DocumentTree("config.dump")


@asynccontextmanager
async def tree(document: Json) -> AsyncIterator[tuple[DocumentTree, Pilot[None]]]:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        shown = app.screen.query_one(DocumentTree)
        shown.show(document, ())
        await pilot.pause()
        yield shown, pilot


async def filtered(shown: DocumentTree, pilot: Pilot[Any], words: str) -> str:
    """Filter, and what is said of it in the end."""
    shown.filter(words)
    await found(shown, pilot)
    return str(shown.border_subtitle)


async def found(shown: DocumentTree, pilot: Pilot[Any]) -> None:
    """Wait until a filter has done its work."""
    async with asyncio.timeout(60):
        while shown.border_subtitle == "filtering …":
            await pilot.pause()
    await pilot.pause()


async def test_a_place_far_inside_is_reached_without_all_that_comes_before() -> None:
    async with tree(LARGE) as (shown, pilot):
        shown.go_to("/many/n07000")
        await pilot.pause()
        await pilot.pause()
        assert shown.pointer == "/many/n07000"
        [_, many] = shown.root.children
        assert len(many.children) == 2 * CHUNK + 2
        first, last = many.children[CHUNK], many.children[-1]
        assert "6,250 more entries" in str(shown.render_label(first, Style(), Style()))
        assert "2,750 more entries" in str(shown.render_label(last, Style(), Style()))


async def test_what_waits_is_added_next_to_what_is_there() -> None:
    async with tree(LARGE) as (shown, pilot):
        shown.go_to("/many/n07000")
        await pilot.pause()
        many = shown.root.children[1]
        shown.move_cursor(many.children[CHUNK])
        await pilot.press("enter")
        assert getattr(many.children[CHUNK + 1].data, "key", "") == "n06250"
        shown.move_cursor(many.children[-1])
        await pilot.press("enter")
        assert getattr(many.children[-2].data, "key", "") == "n07749"
        keys = [getattr(child.data, "key", "") for child in many.children]
        keys = [key for key in keys if key]
        assert keys == sorted(keys)
        assert len(set(keys)) == 4 * CHUNK


async def test_a_filter_tells_that_it_works_and_then_what_it_found() -> None:
    async with tree(LARGE) as (shown, pilot):
        shown.filter("n0700")
        assert shown.border_subtitle == "filtering …"
        await found(shown, pilot)
        assert shown.border_subtitle == "10 found"
        assert shown.pointer == "/many/n07000"
        assert len(shown.root.children) == 1


async def test_only_the_last_of_several_filters_is_shown() -> None:
    async with tree(LARGE) as (shown, pilot):
        shown.filter("n0")
        shown.filter("n07")
        assert await filtered(shown, pilot, "n07123") == "1 found"


async def test_without_a_filter_the_cursor_stays_on_what_was_found() -> None:
    async with tree(LARGE) as (shown, pilot):
        await filtered(shown, pilot, "n07123")
        await filtered(shown, pilot, "")
        assert shown.pointer == "/many/n07123"
        assert len(shown.root.children) == 2


async def test_after_a_filter_without_hits_everything_is_as_before() -> None:
    async with tree(LARGE) as (shown, pilot):
        shown.go_to("/few/b")
        await pilot.pause()
        assert await filtered(shown, pilot, "zzz") == "0 found"
        await filtered(shown, pilot, "")
        assert shown.pointer == "/few/b"


async def test_another_document_is_filtered_as_the_one_before() -> None:
    async with tree(LARGE) as (shown, pilot):
        await filtered(shown, pilot, "n07123")
        shown.show({"many": {"n07123": 1, "other": 2}}, ())
        await found(shown, pilot)
        [many] = shown.root.children
        assert [getattr(child.data, "key", "") for child in many.children] == ["n07123"]


async def test_keys_that_are_no_longer_shown_are_forgotten() -> None:
    async with opened() as (app, pilot):
        await press("6", "7", "6", "2", "7")(pilot)
        async with asyncio.timeout(60):
            footer = app.screen.query_one(KeyFooter)
            watching = getattr(footer, "__watchers")  # the name would be mangled
            while any(not one.is_attached for one, _ in watching["compact"]):
                await pilot.pause()
        assert len(watching["compact"]) > 5
