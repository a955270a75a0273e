"""The whole way with the demo host: look, mend, choose, restore; and every way out of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, ContentSwitcher, Input, OptionList, Select, Static

from tests.data import DATA
from tests.restore.hosts import AlteredHost
from tests.ui.scenes import (
    ARCHIVE,
    BARE,
    CUT,
    FAILURE,
    READY,
    RESTORE,
    SCENES,
    Scene,
    press,
    reached,
    settled,
    shown,
    unreachable,
    until,
)
from tests.ui.test_hostile import archive
from tui.errors import ArchiveError, PodthawError
from tui.host.commands import CommandHost
from tui.host.demo import SHOP, DemoHost
from tui.host.host import Host
from tui.host.scenario import Refused
from tui.restore import journal
from tui.restore.events import Level
from tui.restore.journal import CleanUp
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore
from tui.state import state_dir
from tui.text import MASK
from tui.ui.app import PodthawApp
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.inspector import InspectorScreen
from tui.ui.screens.open import OpenScreen
from tui.ui.screens.remedy import RemedyScreen
from tui.ui.screens.restore import RestoreScreen
from tui.ui.screens.run import RunScreen
from tui.ui.views import VIEWS
from tui.ui.widgets.conflict_list import ConflictList
from tui.ui.widgets.document_tree import DocumentTree
from tui.ui.widgets.log_view import LogView
from tui.ui.widgets.port_rows import PortRows

Piloted = Pilot[PodthawError]


@asynccontextmanager
async def opened(
    scene: Scene = SCENES["inspector"], size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[PodthawApp, Piloted]]:
    with scene.staged() as app:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield app, pilot


def words(app: PodthawApp, selector: str) -> str:
    """What stands in one widget, in one line however it is broken."""
    region = app.screen.query_one(selector).content_region
    lines = [
        strip.crop(region.x, region.right).text
        for strip in app.screen._compositor.render_strips()[region.y : region.bottom]
    ]
    return " ".join(" ".join(lines).split())


async def test_the_inspector_shows_the_archive_and_its_conflicts() -> None:
    async with opened() as (app, _):
        text = shown(app)
        assert "localhost/podthaw-bb:latest" in text
        assert "demo host (simulation)" in text
        assert "Volume shop-data exists on this host" in text
        assert "✖ 2 blockers" in text


async def test_a_conflict_leads_to_its_node() -> None:
    async with opened() as (app, pilot):
        await press("c", "enter")(pilot)
        tree = app.screen.query_one("#config", DocumentTree)
        assert tree.has_focus
        assert tree.place
        assert tree.place.value == "shop-data"


async def test_conflicts_mark_their_parents_too() -> None:
    async with opened() as (app, pilot):
        await press("2")(pilot)
        line = next(line for line in shown(app).splitlines() if "namedVolumes" in line)
        assert "✖ 1" in line


async def test_remedies_on_keys_make_the_restore_possible() -> None:
    async with opened() as (app, pilot):
        await press("A")(pilot)
        assert app.session.options.ignore_volumes
        await press("A")(pilot)
        assert app.session.options.publish == ("8081:80", "9090:9090")
        assert app.session.obstacle == ""


async def test_a_remedy_that_removes_something_asks_and_defaults_to_no() -> None:
    host = DemoHost(pace=0)
    scene = Scene("", press(), make_host=lambda: host)
    async with opened(scene) as (app, pilot):
        await press("B")(pilot)
        assert isinstance(app.screen, RemedyScreen)
        assert "podman volume rm -- shop-data" in shown(app)
        await press("enter")(pilot)
        assert isinstance(app.screen, InspectorScreen)
        assert "shop-data" in host.scenario.volumes
        await press("B", "y")(pilot)
        assert "shop-data" not in host.scenario.volumes
        assert "Volume shop-data exists" not in shown(app)


async def test_a_remedy_that_fails_says_why() -> None:
    host = AlteredHost(prints={"podman volume rm": ("Error: volume is being used\n", 2)}, pace=0)
    async with opened(Scene("", press(), make_host=lambda: host)) as (app, pilot):
        await press("B", "y")(pilot)
        await until(pilot, "volume is being used")
        assert "did not work" in shown(app)
        await press("n")(pilot)
        assert isinstance(app.screen, InspectorScreen)


async def test_the_filter_shows_only_what_matches() -> None:
    async with opened() as (app, pilot):
        await press("2", "slash", *"stoptimeout")(pilot)
        await until(pilot, "1 found")
        assert "stopTimeout" in shown(app)
        assert "networkMode" not in shown(app)
        await press("escape")(pilot)
        assert "networkMode" in shown(app) or "lockID" in shown(app)


async def test_values_of_the_environment_are_masked_until_asked_for() -> None:
    async with opened() as (_, pilot):
        await press("3", "slash", *"PATH=")(pilot)
        await until(pilot, f"PATH={MASK}")
        await press("escape", "s", "slash", *"PATH=")(pilot)
        await until(pilot, "PATH=/")


async def test_copying_says_what_was_copied() -> None:
    async with opened() as (app, pilot):
        await press("2", "j", "y")(pilot)
        assert app.clipboard == app.session.checkpoint.config.id  # type: ignore[union-attr]
        await until(pilot, "/id (64 characters)")


async def test_the_form_follows_every_keystroke() -> None:
    async with opened() as (app, pilot):
        await press("r", *"shop", "space", "2")(pilot)
        text = shown(app)
        assert "'--name=shop 2'" in words(app, "#command")
        assert "shop → shop 2" in text
        assert "a name that podman run would refuse" in words(app, "#conflicts")
        assert app.screen.query_one("#start", Button).disabled
        assert "and 1 more" in words(app, "#verdict")


async def test_a_port_that_is_none_is_told_in_podmans_words() -> None:
    async with opened() as (app, pilot):
        await press("r")(pilot)
        row = app.screen.query_one(PortRows).query(Input).first()
        row.value = "99999:80"
        await settled(pilot)
        assert row.has_class("-invalid")
        assert "port numbers must be between 1 and 65535" in words(app, "#conflicts")
        assert app.session.options.publish == ("99999:80", "9090:9090")


async def test_the_rows_of_ports_grow_and_shrink() -> None:
    async with opened() as (app, pilot):
        await press("r")(pilot)
        rows = app.screen.query_one(PortRows)
        assert rows.specs == ("8080:80", "9090:9090")
        list(rows.query(Input))[-1].value = "7000:7000/udp"
        await settled(pilot)
        assert app.session.options.publish == ("8080:80", "9090:9090", "7000:7000/udp")
        assert len(rows.query(Input)) == 4
        await press("ctrl+l")(pilot)
        assert rows.specs == ("8080:80", "9090:9090")
        assert app.session.options == RestoreOptions()


async def test_the_pods_of_the_host_can_be_chosen() -> None:
    scene = Scene("", press(), path=DATA / "member.tar.zst")
    async with opened(scene) as (app, pilot):
        await press("r")(pilot)
        select = app.screen.query_one("#pod", Select)
        select.expanded = True
        await settled(pilot)
        text = shown(app)
        assert "web-pod  ✔ fits" in text
        assert "batch  ✖ does not share net, uts" in text
        select.expanded = False
        select.value = "web-pod"
        await settled(pilot)
        assert app.session.options.pod == "web-pod"
        assert "belonged to a pod" not in shown(app)


async def test_a_restore_runs_to_its_end() -> None:
    host = DemoHost(pace=0)
    scene = Scene("", press(), make_host=lambda: host, options=READY)
    async with opened(scene) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "✔ Restored  shop2")
        text = shown(app)
        assert "0.0.0.0:8081 -> 80/tcp" in text
        assert "SIMULATION" in text
        await press("o")(pilot)
        await until(pilot, "This container is simulated")
        await press("escape")(pilot)
        assert isinstance(app.screen, RestoreScreen)
        assert "shop2" in {one.name for one in host.scenario.containers.values()}
        assert "The name shop2 is taken" in shown(app)  # the facts are fresh


async def test_an_archive_that_is_given_more_asks_first() -> None:
    async with opened(Scene("", press(), options=READY)) as (app, pilot):
        await press("r", "ctrl+r")(pilot)
        assert isinstance(app.screen, Confirm)
        assert "medium risk: it may use every system call" in shown(app)
        await press("enter")(pilot)  # No
        assert isinstance(app.screen, RestoreScreen)


async def test_one_key_mends_what_needs_no_decision() -> None:
    async with opened() as (app, pilot):
        await press("x")(pilot)
        assert app.session.options.publish == ("8081:80", "9090:9090")
        assert not app.session.options.ignore_volumes  # keep or remove: that is a decision
        assert "x Fix" not in shown(app)


async def test_the_restore_key_is_off_while_something_blocks() -> None:
    async with opened() as (app, pilot):
        await press("r", "ctrl+r")(pilot)
        assert isinstance(app.screen, RestoreScreen)


async def test_a_failed_restore_names_its_cause() -> None:
    host = AlteredHost(prints={RESTORE: (FAILURE, 125)}, pace=0)
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("r", "ctrl+r", "y")(pilot)
        await until(pilot, "✖ Failed")
        assert "Can't open file srv/data/cart on restore" in words(app, "#result")


def refuse(_: object) -> None:
    raise Refused("OCI runtime error: crun: CRIU restoring failed -52")


async def test_what_is_left_behind_is_removed_when_asked() -> None:
    host = DemoHost(pace=0)
    host.scenario.bring_back = refuse  # type: ignore[method-assign,assignment]
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "Left behind")
        assert "container shop2" in shown(app)
        await press("d")(pilot)
        assert isinstance(app.screen, Confirm)
        await press("enter")(pilot)  # No
        assert "shop2" in {one.name for one in host.scenario.containers.values()}
        await press("d", "y")(pilot)
        await until(pilot, "what was left behind is removed")
        assert "shop2" not in {one.name for one in host.scenario.containers.values()}


CRIU_FAILURE = """\
time="2026-11-26T15:08:34Z" level=debug msg="Trying to restore container shop"
Error: crun: --- excerpt from CRIU log `/x/userdata/restore.log`
(00.013421)      2: Error (criu/sk-inet.c:912): inet: Connected TCP socket in image
--- end of excerpt
CRIU restoring failed: -52: OCI permission denied
"""


async def test_the_way_back_to_the_form_keeps_the_choices_and_shows_the_cause() -> None:
    host = AlteredHost(prints={RESTORE: (CRIU_FAILURE, 125)}, pace=0)
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "✖ Failed")
        assert "The container had an open TCP connection" in words(app, "#result")
        await press("A")(pilot)
        assert app.session.options.tcp_close
        await press("r")(pilot)
        assert isinstance(app.screen, RestoreScreen)
        assert app.session.options == replace(READY, name="shop2", tcp_close=True)
        assert "The last try failed: The container had an open TCP" in words(app, "#conflicts")
        await press("ctrl+g", "e")(pilot)
        await until(pilot, "CRIU must be told what to do with it")


async def test_a_retry_offers_to_remove_what_the_last_try_has_left() -> None:
    host = DemoHost(pace=0)
    host.scenario.bring_back = refuse  # type: ignore[method-assign,assignment]
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "Left behind")
        await press("r")(pilot)
        await until(pilot, "Remove what this try has left first?")
        await press("y")(pilot)
        await settled(pilot)
        assert isinstance(app.screen, RestoreScreen)
        assert "shop2" not in {one.name for one in host.scenario.containers.values()}
        assert "The name shop2 is taken" not in shown(app)


async def test_what_is_kept_is_not_asked_about_again() -> None:
    host = DemoHost(pace=0)
    host.scenario.bring_back = refuse  # type: ignore[method-assign,assignment]
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "Left behind")
        (record,) = journal.records()
        assert record.clean_up is CleanUp.OPEN
        await press("b")(pilot)
        assert isinstance(app.screen, RestoreScreen)
        (record,) = journal.records()
        assert record.clean_up is CleanUp.KEPT


async def test_a_restore_can_be_undone() -> None:
    host = DemoHost(pace=0)
    before = set(host.scenario.containers)
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "✔ Restored  shop2")
        await press("p")(pilot)
        await until(pilot, "podman port")
        await press("u")(pilot)
        assert "podman rm --force" in shown(app)
        await press("enter")(pilot)  # No
        assert set(host.scenario.containers) > before
        await press("u", "y")(pilot)
        await until(pilot, "✔ undone")
        assert set(host.scenario.containers) == before
        await press("u")(pilot)  # nothing more to undo
        assert isinstance(app.screen, RunScreen)


async def test_the_history_lists_restores_and_saves_reports(tmp_path: Path) -> None:
    host = AlteredHost(prints={RESTORE: (CRIU_FAILURE, 125)}, pace=0)
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await press("f2")(pilot)
        await until(pilot, "Nothing has been restored from here yet.")
        await press("escape", "r", *"shop2", "ctrl+r", "y")(pilot)
        await until(pilot, "✖ Failed")
        await press("f2")(pilot)
        await until(pilot, "1 restore")
        assert "The container had an open TCP connection" in words(app, "#record")
        await press("m")(pilot)
        (report,) = (state_dir("saved")).glob("*.md")
        assert report.read_text().startswith("# Restore of shop2: failed")
        await press("escape")(pilot)
        assert isinstance(app.screen, RunScreen)


class RealHost(DemoHost):
    """The demo host, for once taken at its word."""

    simulated = False


async def test_at_the_start_an_interrupted_restore_is_asked_about() -> None:
    host = RealHost(pace=0)
    host.scenario.bring_back = refuse  # type: ignore[method-assign,assignment]
    scene = Scene("", press(), make_host=lambda: host, options=READY)
    with scene.staged() as app:
        async with aclosing(
            Restore(host, str(ARCHIVE), replace(READY, name="shop2"), patience=0).events()
        ) as events:
            async for _ in events:
                pass
        (record,) = journal.records()
        assert record.clean_up is CleanUp.OPEN  # as when the terminal goes away
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, "The restore of shop2 that began now has left something behind")
            await press("y")(pilot)
            await until(pilot, "What was left of shop2 is removed.")
            assert "shop2" not in {one.name for one in host.scenario.containers.values()}
            assert journal.unsettled(host.name) == []


async def test_a_running_restore_can_be_cancelled() -> None:
    host = DemoHost(pace=60)
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await pilot.press("r")
        await settled(pilot)
        await press("ctrl+r")(pilot)
        await pilot.press("y")
        await until(pilot, "Pulling image")
        await pilot.press("ctrl+c")
        await until(pilot, "Cancel the restore?")
        await pilot.press("enter")  # No
        await pilot.pause()
        assert isinstance(app.screen, RunScreen)
        assert app.screen.running
        await pilot.press("escape")
        await until(pilot, "Cancel the restore?")
        await pilot.press("y")
        await until(pilot, "■ Cancelled")


async def test_leaving_asks_while_a_restore_runs() -> None:
    host = DemoHost(pace=60)
    async with opened(Scene("", press(), make_host=lambda: host, options=READY)) as (app, pilot):
        await pilot.press("r")
        await settled(pilot)
        await press("ctrl+r")(pilot)
        await pilot.press("y")
        await until(pilot, "Pulling image")
        await pilot.press("ctrl+q")
        await until(pilot, "Cancel it and leave?")
        await pilot.press("y")
        await reached(pilot, lambda: not app.is_running)


async def test_the_log_can_be_filtered_paused_and_saved() -> None:
    async with opened(Scene("", press(), options=READY)) as (app, pilot):
        await press("r", "ctrl+r", "y")(pilot)
        await until(pilot, "✔ Restored")
        log = app.screen.query_one(LogView)
        await press("v", "v")(pilot)
        assert "warning and up" in shown(app)
        await press("v", "v", "slash", *"netavark")(pilot)
        assert "Setup complete" in shown(app)
        assert "Got Conmon PID" not in shown(app)
        await press("escape", "f")(pilot)
        assert "paused" in shown(app)
        await press("w")(pilot)
        saved = list((Path.home() / ".local/state/podthaw/saved").iterdir())
        assert len(saved[0].read_text().splitlines()) == len(log.lines)
        assert saved[0].stat().st_mode & 0o777 == 0o600
        assert {line.level for line in log.lines} >= {Level.DEBUG, Level.WARNING}


async def test_a_folder_is_listed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no archive")
    (tmp_path / "one.tar.zst").write_bytes(SHOP.read_bytes())
    async with opened(Scene("", press(), path=tmp_path)) as (app, pilot):
        assert isinstance(app.screen, OpenScreen)
        assert "one.tar.zst" in shown(app)
        assert "notes.txt" not in shown(app)
        await press("enter")(pilot)
        assert isinstance(app.screen, InspectorScreen)
        assert "Volume shop-data exists" in shown(app)
        await press("escape")(pilot)
        assert isinstance(app.screen, OpenScreen)


async def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    async with opened(Scene("", press(), path=tmp_path)) as (app, _):
        assert "podman container checkpoint --export FILE CONTAINER" in shown(app)
        assert str(tmp_path)[:40] in shown(app)
        assert "podthaw demo" in shown(app)


async def test_what_is_no_archive_ends_with_the_reason(tmp_path: Path) -> None:
    junk = tmp_path / "junk.tar"
    junk.write_text("nothing")
    with Scene("", press(), path=junk).staged() as app:
        async with app.run_test() as pilot:
            await settled(pilot)
    assert isinstance(app.return_value, ArchiveError)
    assert "not an archive" in str(app.return_value)


async def test_a_host_that_cannot_be_asked_leaves_the_archive() -> None:
    scene = Scene("", press(), make_host=lambda: CommandHost(["/nowhere/at-all"]))
    async with opened(scene) as (app, pilot):
        assert "/nowhere/at-all" in words(app, "#conflicts")
        assert "localhost/podthaw-bb:latest" in shown(app)
        await press("r")(pilot)
        assert "the host cannot be asked" in shown(app)


async def test_a_damaged_archive_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tar"
    whole = (DATA / "web.tar").read_bytes()
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    async with opened(Scene("", press(), path=cut)) as (app, _):
        text = shown(app)
        assert "✖ damaged" in text
        assert "Not all of the archive could be read" in text


async def test_narrow_screens_open_the_conflicts_over_the_rest() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        assert "✖ Volume shop-data exists on this host" in shown(app), "told above the summary"
        assert not app.screen.query_one(ConflictList).display
        await press("c")(pilot)
        assert app.screen.query_one(ConflictList).display
        assert "keep the host's data" in shown(app)
        await press("c")(pilot)
        assert not app.screen.query_one(ConflictList).display


async def test_the_form_says_what_blocks_and_how_to_come_to_the_remedies() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("r")(pilot)
        assert "✖ Volume shop-data exists on" in shown(app)
        assert "and 1 more" in shown(app)
        assert "^g goes here, then the letter" in shown(app)
        await press("ctrl+g")(pilot)
        assert "then the letter" not in shown(app)
        await press("A")(pilot)
        assert app.session.options.ignore_volumes


async def test_a_pane_can_be_seen_alone_until_another_gets_the_focus() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("2", "plus")(pilot)
        tree = app.screen.query_one("#config", DocumentTree)
        assert tree.size.width > 70
        assert "1 Summary" not in shown(app)
        await press("3")(pilot)
        assert "1 Summary" in shown(app)
        assert app.screen.query_one("#spec").has_focus
        await press("plus", "escape")(pilot)
        assert "1 Summary" in shown(app)


async def test_keys_lead_to_the_views() -> None:
    async with opened() as (app, pilot):
        for number, view in enumerate(VIEWS):
            await press(view.key or "right_square_bracket")(pilot)
            assert app.screen.query_one("#shown", ContentSwitcher).current == view.id
            assert app.screen.query_one("#views", OptionList).highlighted == number
        await press("1", "left_square_bracket")(pilot)
        assert app.screen.query_one("#shown", ContentSwitcher).current == VIEWS[-1].id


async def test_every_screen_survives_resizing() -> None:
    async with opened(Scene("", press(), options=READY)) as (app, pilot):
        for keys in ((), ("r",), ("ctrl+r", "y")):
            await press(*keys)(pilot)
            for size in ((80, 24), (40, 12), (200, 60), (120, 40)):
                await pilot.resize_terminal(*size)
                await settled(pilot)
                assert app.screen.query(Static)


@pytest.mark.parametrize("key", ["question_mark", "ctrl+p"])
async def test_help_and_palette_open_everywhere(key: str) -> None:
    async with opened(Scene("", press(), options=READY)) as (app, pilot):
        for keys in ((), ("r", "shift+tab"), ("ctrl+r", "y")):
            await press(*keys)(pilot)
            before = app.screen
            await press(key)(pilot)
            assert app.screen is not before
            await press("escape")(pilot)
            assert app.screen is before


async def test_a_log_pauses_away_from_its_end_and_follows_there() -> None:
    async with opened(Scene("", press(), options=READY), size=(80, 12)) as (app, pilot):
        await press("r", "ctrl+r", "y")(pilot)
        await press("k")(pilot)
        assert "paused" in shown(app)
        await press("G")(pilot)
        assert "paused" not in shown(app)
        await press("v", "v", "v", "v")(pilot)
        assert "paused" not in shown(app)


async def test_on_narrow_screens_the_conflicts_never_hide_what_has_the_focus() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        for key in ("5", "tab"):
            await press("c", key)(pilot)
            assert not app.screen.query_one(ConflictList).display
            assert app.focused
            assert app.focused.region.area


async def test_the_summary_and_the_list_of_views_take_the_keys_of_trees() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("j")(pilot)
        assert app.screen.query_one("#shown", ContentSwitcher).current == "findings"
        await press("g", "l", "G")(pilot)
        assert app.screen.query_one("#summary").scroll_y > 0


async def test_the_summary_says_whether_the_restore_can_be_started() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        assert "✖ blocked: 2 blockers" in shown(app)
        await press("A", "A")(pilot)
        assert "✔ ready to restore" in shown(app)


async def test_the_footer_offers_no_keys_that_would_be_typed() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("2", "slash")(pilot)
        assert shown(app).splitlines()[-1].split() == ["^q", "Quit", "F1", "Help"]
        await press("escape")(pilot)
        assert "/ Filter" in shown(app)
        await press("c")(pilot)
        assert "/ Filter" not in shown(app)


async def test_everything_that_a_restore_left_can_be_scrolled_to() -> None:
    host = DemoHost(pace=0)
    host.scenario.bring_back = refuse  # type: ignore[method-assign,assignment]
    scene = Scene("", press(), make_host=lambda: host, options=READY)
    async with opened(scene, size=(80, 20)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r", "y", "shift+tab")(pilot)
        result = app.screen.query_one("#result")
        assert result.has_focus
        await press("end")(pilot)
        assert result.scroll_y == result.max_scroll_y > 0


async def test_where_nothing_was_found_nothing_is_copied() -> None:
    async with opened() as (app, pilot):
        await press("2", "slash", *"zzz")(pilot)
        await until(pilot, "0 found")
        await press("enter", "y")(pilot)
        assert app.clipboard == ""


async def test_help_that_does_not_fit_says_how_to_scroll() -> None:
    async with opened(size=(80, 24)) as (app, pilot):
        await press("question_mark")(pilot)
        assert "j k scroll · Esc closes" in shown(app)


async def test_a_summary_says_how_much_more_there_is(tmp_path: Path) -> None:
    path = archive(tmp_path / "many.tar", "x", labels=1000)
    async with opened(Scene("", press(), path=path)) as (_, pilot):
        await press("1", "G")(pilot)
        await until(pilot, "801 more")


@pytest.mark.parametrize(
    ("path", "make_host", "said"),
    [
        (BARE, DemoHost, {"spec": "spec.dump is", "network": "no network"}),
        (CUT, unreachable, {"host": "the host cannot be asked", "processes": "no process is in"}),
        (ARCHIVE, unreachable, {"host": "the host cannot be asked"}),
    ],
    ids=["bare", "cut", "unreachable"],
)
async def test_every_view_says_why_it_has_nothing(
    path: Path, make_host: Callable[[], Host], said: dict[str, str]
) -> None:
    async with opened(Scene("", press(), path=path, make_host=make_host)) as (app, pilot):
        assert isinstance(app.screen, InspectorScreen)
        for index, view in enumerate(VIEWS):
            app.screen.show_view(index)
            await settled(pilot)
            pane = [line[24:70].strip(" │╭╮╰╯─") for line in shown(app).splitlines()[1:-1]]
            words = [line for line in pane if line not in ("", view.title, view.document)]
            assert words, f"{view.id} is blank"
            assert said.get(view.id, "") in " ".join(pane), view.id
