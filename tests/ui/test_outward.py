"""What leaves podthaw: copies, files, and what a pager or an editor is given."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.ui.scenes import READY, SCENES, Scene, failing, press, reached, settled, shown, until
from tests.ui.test_flow import opened
from tests.ui.test_hostile import HOSTILE, archive
from tui.errors import UsageError
from tui.text import MASK
from tui.ui import clipboard, programs
from tui.ui.app import PodthawApp
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.export import ExportScreen


def saved() -> list[Path]:
    return sorted((Path.home() / ".local/state/podthaw/saved").iterdir())


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (("1", "Y"), "localhost/podthaw-bb:latest"),
        (("f", "Y"), "SEVERITY"),
        (("2", "Y"), '"rootfsImageName"'),
        (("5", "Y"), '"podman"'),
        (("6", "Y"), "httpd -f -p 80 -h /srv/data"),
        (("6", "enter", "Y"), "command line"),
        (("7", "Y"), "/bin/busybox"),
        (("9", "Y"), "[heap]"),
        (("9", "j", "enter", "Y"), "00400000  … 4.0 KiB as in the file"),
        (("0", "Y"), "/proc"),
        (("c", "Y"), "Volume shop-data exists on this host"),
        (("r", "ctrl+g", "Y"), "8080/tcp"),
        (("question_mark", "Y"), "Leave podthaw"),
        (("c", "e", "Y"), "volume"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
async def test_all_of_what_is_in_front_is_copied(keys: tuple[str, ...], words: str) -> None:
    async with opened(size=(160, 50)) as (app, pilot):
        await press(*keys)(pilot)
        if isinstance(app.screen, Confirm):  # too long to copy
            pytest.skip("too long for a terminal")
        assert words in app.clipboard
        assert "correct-horse" not in app.clipboard


async def test_documents_are_copied_as_json_with_secrets_masked() -> None:
    async with opened() as (app, pilot):
        await press("3", "Y")(pilot)
        document = json.loads(app.clipboard)
        assert any(MASK in entry for entry in document["process"]["env"])
        await until(pilot, "spec.dump (")


async def test_what_is_too_long_is_offered_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "LIMIT", 100)
    async with opened() as (app, pilot):
        await press("2", "Y")(pilot)
        assert isinstance(app.screen, Confirm)
        assert "too long for a terminal's clipboard" in shown(app)
        assert app.clipboard == ""
        await press("y")(pilot)
        (path,) = saved()
        assert json.loads(path.read_text())["name"] == "shop"


async def test_bytes_are_copied_as_numbers_and_as_text() -> None:
    async with opened() as (app, pilot):
        await press("9", *"jjjjj", "enter", "y")(pilot)
        raw = bytes.fromhex(app.clipboard)
        assert len(raw) == 16
        await press("t")(pilot)
        assert len(app.clipboard) == 16
        assert app.clipboard.isprintable()
        await press("Y")(pilot)
        assert raw[:8].hex(" ") in app.clipboard.splitlines()[0]


async def test_the_command_of_the_form_is_copied() -> None:
    async with opened() as (app, pilot):
        await press("r", "ctrl+y")(pilot)
        assert app.clipboard.startswith("podman --log-level=debug container restore --import=")


async def test_the_log_and_the_result_are_copied() -> None:
    async with opened(Scene("", press(), make_host=failing, options=READY)) as (app, pilot):
        await press("r", "ctrl+r", "y", "Y")(pilot)
        assert "Can't open file srv/data/cart" in app.clipboard
        await press("y")(pilot)
        assert "podman" in app.clipboard
        await press("shift+tab", "y")(pilot)
        assert app.clipboard.startswith("✖ Failed")
        await press("f2", "Y")(pilot)
        assert app.clipboard.startswith("# Restore of shop")


async def test_a_program_of_the_display_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def take(_: object, text: str) -> bool:
        taken.append(text)
        return True

    monkeypatch.setattr(programs, "clipboard", lambda _: ("wl-copy",))
    monkeypatch.setattr(programs, "hand_over", take)
    async with opened() as (app, pilot):
        await press("2", "j", "y")(pilot)
        assert taken == [app.clipboard]


async def test_where_that_program_fails_the_terminal_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "clipboard", lambda _: ("false",))
    async with opened() as (app, pilot):
        await press("2", "j", "y")(pilot)
        assert len(app.clipboard) == 64


def test_a_program_is_chosen_by_the_display() -> None:
    def everywhere(name: str) -> str | None:
        return None if name == "pbcopy" else f"/usr/bin/{name}"

    assert programs.clipboard({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, everywhere)[0] == (
        "wl-copy"
    )
    assert programs.clipboard({"DISPLAY": ":0"}, everywhere)[0] == "xclip"
    assert programs.clipboard({"DISPLAY": ":0"}, lambda _: None) == ()
    assert programs.clipboard({}, everywhere) == ()


def test_pagers_and_editors_are_those_that_people_chose() -> None:
    assert list(programs.pager({"PAGER": "less -S"})) == ["less", "-S"]
    assert list(programs.pager({}, lambda _: None)) == ["more"]
    assert list(programs.editor({"VISUAL": "'my editor' -w", "EDITOR": "ed"})) == [
        "my editor",
        "-w",
    ]
    assert list(programs.editor({})) == ["vi"]
    with pytest.raises(UsageError, match=r"\$EDITOR cannot be split"):
        programs.editor({"EDITOR": "'x"})


async def test_a_table_is_saved_as_text_as_json_and_as_a_picture() -> None:
    async with opened() as (app, pilot):
        await press("6", "ctrl+e")(pilot)
        assert isinstance(app.screen, ExportScreen)
        assert "the table of processes" in shown(app)
        await press("1")(pilot)
        await until(pilot, "Saved")
        await press("ctrl+e", "j", "enter")(pilot)
        await press("ctrl+e", "3")(pilot)
        found = {path.suffix: path for path in saved()}
        assert "httpd -f -p 80" in found[".txt"].read_text()
        assert json.loads(found[".json"].read_text())[0]["name"] == "httpd"
        picture = found[".svg"].read_text()
        assert "config.dump" not in picture  # nor the dialog
        assert "Enter&#160;saves" not in picture
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in found.values())


async def test_every_screen_can_be_saved_as_text() -> None:
    async with opened(SCENES["open"]) as (_, pilot):
        await pilot.press("ctrl+e", "1")
        await until(pilot, "Saved")
        (path,) = saved()
        assert "shop.tar.zst" in path.read_text()


async def test_a_picture_masks_secrets_and_is_xml_whatever_it_shows(tmp_path: Path) -> None:
    path = archive(tmp_path / "hostile.tar", "<b>&]]>\x1b[31m\x9b\ufffe\u202e", *HOSTILE)
    async with opened(Scene("", press(), path=path), (160, 50)) as (_, pilot):
        for keys in (("1",), ("2",), ("6",), ("question_mark",)):
            await press(*keys, "ctrl+s")(pilot)
            (picture,) = saved()
            ElementTree.fromstring(picture.read_text())
            picture.unlink()  # the clock of the scenes stands still, and so do names


@contextmanager
def lent(app: PodthawApp) -> Iterator[None]:
    """As if the terminal could be lent: the tests have none."""
    yield


def program(folder: Path, script: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


@pytest.fixture
def lendable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PodthawApp, "suspend", lent)


@pytest.mark.usefixtures("lendable")
async def test_the_pager_gets_what_is_in_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"stat -c %a $2 >{tmp_path}/mode; cp $2 {tmp_path}/got; echo $1 $2 >{tmp_path}/argv"
    monkeypatch.setenv("PAGER", f"{program(tmp_path, script)} -x")
    async with opened() as (app, pilot):
        await press("6", "P")(pilot)
        assert "httpd -f -p 80" in (tmp_path / "got").read_text()
        assert (tmp_path / "mode").read_text() == "600\n"
        option, name = (tmp_path / "argv").read_text().split()
        assert option == "-x"
        assert not Path(name).exists()
        assert not app.lent


@pytest.mark.usefixtures("lendable")
async def test_what_an_editor_changes_is_not_kept_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", program(tmp_path, "echo more >>$1; exit 3"))
    async with opened() as (_, pilot):
        await press("2", "E")(pilot)
        await until(pilot, "ended with status 3")
        await until(pilot, "not kept")


@pytest.mark.usefixtures("lendable")
async def test_a_pager_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "no-such-pager")
    async with opened() as (app, pilot):
        await press("2", "P")(pilot)
        await until(pilot, "no-such-pager cannot be run")
        assert not app.lent


async def test_a_terminal_that_cannot_be_lent_is_told() -> None:
    async with opened() as (_, pilot):
        await press("2", "P")(pilot)
        await until(pilot, "cannot be lent")


@pytest.mark.usefixtures("lendable")
async def test_a_restore_goes_on_behind_a_pager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "gate")
    gate = os.open(tmp_path / "gate", os.O_RDWR)  # open for both, it neither blocks nor ends
    monkeypatch.setenv("PAGER", program(tmp_path, f"read word <{tmp_path}/gate"))
    async with opened(Scene("", press(), options=READY)) as (app, pilot):
        await press("r", *"shop2", "ctrl+r")(pilot)
        await pilot.press("y", "P")
        await reached(pilot, lambda: app.lent and "✔ Restored" in shown(app))
        assert app.lent
        os.write(gate, b"go\n")
        await settled(pilot)
        assert not app.lent
        assert "✔ Restored" in shown(app)
    os.close(gate)
