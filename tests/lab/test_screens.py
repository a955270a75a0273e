"""The terminal UI in front of a real host: a name, a port, and the container answers."""

import asyncio

import pytest
from textual.widgets import Input

from tests.lab.machine import Archives, Lab, http
from tests.ui.scenes import shown
from tui.restore.options import RestoreOptions
from tui.ui.app import PodthawApp
from tui.ui.widgets.port_rows import PortRows

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]


async def test_an_archive_is_opened_changed_and_restored(lab: Lab, archives: Archives) -> None:
    app = PodthawApp(archives["web"], lab.host, RestoreOptions())
    async with app.run_test(size=(120, 40)) as pilot, asyncio.timeout(60):

        async def until(text: str) -> None:
            while text not in shown(app):
                await pilot.pause(0.1)

        await until("Nothing stands in the way")
        await pilot.press("r")
        await until("ready to restore")
        await pilot.press(*"web2")
        app.screen.query_one(PortRows).query(Input).first().value = "18081:80"
        await until("--publish=18081:80")
        await pilot.press("ctrl+r")
        await until("goes beyond an ordinary one")
        await pilot.press("y")
        await until("✔ Restored  web2")
        assert "0.0.0.0:18081 -> 80/tcp" in shown(app)
        assert http(18081) == "hello"
    assert lab.inspect("web2")["State"]["Restored"] is True
