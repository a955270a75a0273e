"""Notices are plain text, and never hold the program up."""

import asyncio
from itertools import count
from time import time

import pytest
from textual import notifications
from textual.widgets._toast import Toast

from tui.ui.telling import TellingApp


async def test_a_notice_whose_time_is_over_before_it_is_shown_goes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = count(time(), 1.5)  # so many seconds go by whenever somebody looks at it
    app = TellingApp()
    async with app.run_test(notifications=True) as pilot, asyncio.timeout(60):
        monkeypatch.setattr(notifications, "time", lambda: next(clock))
        app.notify("Saved", timeout=4)  # over between the third look and the toast
        while not app.screen.query(Toast):
            await pilot.pause(0.01)
        while app.screen.query(Toast):
            await pilot.pause(0.01)


async def test_nothing_in_a_notice_is_markup() -> None:
    app = TellingApp()
    async with app.run_test(notifications=True) as pilot, asyncio.timeout(60):
        app.screen.notify("[b]bold[/b] [@click=app.quit]x[/]", markup=True)
        while not app.screen.query(Toast):
            await pilot.pause(0.01)
        told = str(app.screen.query_one(Toast).render())
    assert told == "[b]bold[/b] [@click=app.quit]x[/]"
