import asyncio
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data import DATA
from tests.host.recorded import RecordedHost, Said, said
from tests.host.scripts import script
from tui.archive.model import Contents
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.reading import load
from tui.criu.state import CriuState, RegularFile
from tui.host import commands, image
from tui.host.commands import CommandHost
from tui.host.facts import NOT_ASKED, Fact, ImageFile, Known, Unknown
from tui.host.host import FACT_TIMEOUT, Answer, NoAnswer
from tui.host.image import LISTING, Files, image_files, image_to_list
from tui.host.processes import children_of

ID = "64c8" * 16
MOUNT = f"image mount -- {ID}"
FIND = "find"
UNMOUNT = f"image unmount -- {ID}"
CALLS = (MOUNT, FIND, UNMOUNT)
LISTED = (
    "d\x00755\x004096\x00\x00bin\x00"
    "f\x004755\x002063232\x00\x00bin/busybox\x00"
    "l\x00777\x007\x00busybox\x00bin/seq\x00"
    "p\x00600\x000\x00\x00run/odd\nname\x00"
)
FILES = {
    "bin": ImageFile("directory", 0o755, 4096),
    "bin/busybox": ImageFile("file", 0o4755, 2063232),
    "bin/seq": ImageFile("symlink", 0o777, 7, "busybox"),
    "run/odd\nname": ImageFile("other", 0o600, 0),
}


class ImageHost(RecordedHost):
    def __init__(self, answer: Said | None = None) -> None:
        super().__init__({"sh -c": answer or said(LISTED)})


def reason(fact: Fact[Files]) -> str:
    assert isinstance(fact, Unknown), fact
    return fact.reason


async def test_the_files_of_an_image_are_listed_by_one_command() -> None:
    host = ImageHost()
    assert await image_files(host, ID, timeout=2.5) == Known(FILES)
    assert [argv[:5] for argv in host.asked] == [("sh", "-c", LISTING, "sh", ID)]
    assert host.asked[0][-1] == "2.5"


async def test_an_image_is_listed_once_on_each_host() -> None:
    host, other = ImageHost(), ImageHost()
    first = await image_files(host, ID)
    again = await image_files(host, ID)
    await image_files(other, ID)
    assert first == again
    assert (len(host.asked), len(other.asked)) == (1, 1)


async def test_what_failed_is_asked_again() -> None:
    host = ImageHost(NoAnswer("sh did not answer within 30 s"))
    await image_files(host, ID)
    await image_files(host, ID)
    assert len(host.asked) == 2


async def test_nothing_is_asked_without_an_image() -> None:
    host = ImageHost()
    assert await image_files(host, "") is NOT_ASKED
    assert host.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        said("/bin\n/bin/busybox\n"),
        said("f\x00rwx\x001\x00\x00a\x00"),
        said(LISTED[:-4]),
    ],
)
async def test_a_listing_that_makes_no_sense(answer: Answer) -> None:
    words = reason(await image_files(ImageHost(answer), ID))
    assert words == "podthaw does not understand how find lists the files of the image"


async def test_a_host_that_does_not_answer_in_time() -> None:
    host = ImageHost(NoAnswer("sh did not answer within 30 s"))
    words = reason(await image_files(host, ID))
    assert words == "the files of the image were not listed: sh did not answer within 30 s"


async def test_more_files_than_podthaw_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "LIMIT", 3)
    assert reason(await image_files(ImageHost(), ID)) == (
        "the image has 4 files, and podthaw looks at 3"
    )


async def test_an_empty_image() -> None:
    assert await image_files(ImageHost(said()), ID) == Known({})


class Programs:
    """A `podman` and, if `find` says what it does, a `find` that tell when they are called.

    Mounting and that `find` wait until they may `go_on`.
    """

    def __init__(self, folder: Path, *, mount: str = "", unmount: str = "", find: str = "") -> None:
        self.place = folder / "merged"
        self.place.mkdir()
        (folder / "bin").mkdir()
        for name in ("events", "go_on"):
            os.mkfifo(folder / name)
        # open for writing as well, a fifo neither blocks nor ends
        self._events = os.open(folder / "events", os.O_RDWR)
        self._go_on = os.open(folder / "go_on", os.O_RDWR)
        wait = f"read word < {folder}/go_on"
        podman = f"""
            echo "$*" 1<> {folder}/events
            case $2 in
            mount) {wait}; {mount or f"echo a hint >&2; echo {self.place}"} ;;
            unmount) {unmount or "true"} ;;
            esac"""
        script(folder / "bin", "podman", podman)
        if find:
            script(folder / "bin", "find", f"echo find 1<> {folder}/events; {wait}; {find}")
        self.path = f"{folder}/bin:/usr/bin:/bin"
        self.host = CommandHost(["env", f"PATH={self.path}"])

    def go_on(self) -> None:
        os.write(self._go_on, b"\n")

    def called(self) -> str:
        """The next call; fails when none comes."""
        line = b""
        while not line.endswith(b"\n"):
            assert select.select([self._events], [], [], 30)[0], "nothing was called any more"
            line += os.read(self._events, 1)
        return line.decode().strip()

    async def until(self, call: str) -> None:
        """Let everything go on until `call`."""
        while (called := await asyncio.to_thread(self.called)) != call:
            assert called in CALLS[: CALLS.index(call)], called
            self.go_on()

    def nothing_more_is_called(self) -> bool:
        return not select.select([self._events], [], [], 0)[0]

    def close(self) -> None:
        os.close(self._events)
        os.close(self._go_on)


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Callable[..., Programs]]:
    with ExitStack() as stack:

        def make(**does: str) -> Programs:
            made = Programs(tmp_path, **does)
            stack.callback(made.close)
            return made

        yield make


async def test_what_find_lists_is_understood(programs: Callable[..., Programs]) -> None:
    real = programs()
    (real.place / "bin").mkdir(mode=0o755)
    (real.place / "bin/busybox").write_bytes(b"12345")
    (real.place / "bin/busybox").chmod(0o4755)
    (real.place / "bin/seq").symlink_to("busybox")
    os.mkfifo(real.place / "odd\nname", mode=0o600)
    real.go_on()
    listed = await image_files(real.host, ID)
    assert isinstance(listed, Known), listed
    assert replace(listed.value["bin"], size=0) == ImageFile("directory", 0o755, 0)
    assert {**listed.value, "bin": None} == {
        "bin": None,
        "bin/busybox": ImageFile("file", 0o4755, 5),
        "bin/seq": ImageFile("symlink", 0o777, 7, "busybox"),
        "odd\nname": ImageFile("other", 0o600, 0),
    }
    assert (real.called(), real.called()) == (MOUNT, UNMOUNT)


UNKNOWN = "Error: image not known"


@pytest.mark.parametrize(
    ("does", "words", "calls"),
    [
        (
            {"mount": f"echo a hint >&2; echo {UNKNOWN} >&2; exit 125"},
            f"`podman image mount` failed (125): {UNKNOWN}",
            [MOUNT],
        ),
        ({"mount": "exit 0"}, "`podman image mount` failed (1): it named no folder", [MOUNT]),
        ({"mount": "echo -delete"}, "`podman image mount` failed (1): it named no", [MOUNT]),
        (
            {"mount": "exec sleep 60"},
            "podman did not answer within 0.3 s; while a restore runs, it answers nothing",
            [MOUNT],
        ),
        (
            {"find": "printf 'f\\0'; echo find: unrecognized: -printf >&2; exit 1"},
            "`find` failed (1): find: unrecognized: -printf",
            CALLS,
        ),
        ({"find": "exec sleep 60"}, "find did not answer within 0.3 s", CALLS),
        (
            {"unmount": "echo Error: busy >&2; exit 125"},
            "`podman image unmount` failed (125): Error: busy",
            [MOUNT, UNMOUNT],
        ),
    ],
)
async def test_what_fails_is_named_and_what_is_mounted_is_unmounted(
    programs: Callable[..., Programs], does: dict[str, str], words: str, calls: Sequence[str]
) -> None:
    failing = programs(**does)
    failing.go_on()
    failing.go_on()
    hangs = any("sleep" in body for body in does.values())
    listed = await image_files(failing.host, ID, timeout=0.3 if hangs else FACT_TIMEOUT)
    assert words in reason(listed)
    assert [failing.called() for _ in calls] == list(calls)
    assert failing.nothing_more_is_called()


async def test_a_host_without_podman(tmp_path: Path) -> None:
    for program in ("sh", "setsid", "timeout"):
        (tmp_path / program).symlink_to(shutil.which(program) or program)
    host = CommandHost(["/usr/bin/env", f"PATH={tmp_path}"])
    words = reason(await image_files(host, ID))
    assert words.startswith("`podman image mount` failed (1): timeout: ")
    assert "podman" in words.partition("timeout: ")[2]


ENDLESS = "while true; do echo; done"
"""Ends when a signal ends it, and not of an error when it writes."""

LISTS = f"""
import asyncio, sys
from tui.host.commands import CommandHost
from tui.host.image import image_files

asyncio.run(image_files(CommandHost(["env", "PATH=" + sys.argv[1]]), "{ID}", timeout=60))
"""


@pytest.mark.parametrize("call", [MOUNT, FIND])
async def test_a_killed_podthaw_leaves_no_image_mounted(
    programs: Callable[..., Programs], call: str
) -> None:
    endless = programs(find=ENDLESS)
    podthaw = await asyncio.create_subprocess_exec(sys.executable, "-c", LISTS, endless.path)
    await endless.until(call)
    podthaw.kill()
    await podthaw.wait()
    endless.go_on()
    await endless.until(UNMOUNT)


@pytest.mark.parametrize("call", [MOUNT, FIND])
async def test_who_is_cancelled_unmounts_as_well(
    programs: Callable[..., Programs], call: str
) -> None:
    endless = programs(find=ENDLESS)
    listing = asyncio.create_task(image_files(endless.host, ID, timeout=60))
    await endless.until(call)
    listing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listing
    endless.go_on()
    await endless.until(UNMOUNT)


async def test_a_listing_that_is_too_long_is_unmounted(
    programs: Callable[..., Programs], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "OUTPUT_LIMIT", 4096)
    endless = programs(find=ENDLESS)
    listing = asyncio.create_task(image_files(endless.host, ID, timeout=60))
    await endless.until(FIND)
    endless.go_on()
    words = reason(await listing)
    assert words == "the files of the image were not listed: sh printed more than 4.0 KiB"
    await endless.until(UNMOUNT)


@pytest.mark.parametrize("call", [MOUNT, FIND])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_shell_that_is_told_to_end_unmounts_first(
    programs: Callable[..., Programs], call: str, number: signal.Signals
) -> None:
    polite = programs(find="true")
    listing = asyncio.create_task(image_files(polite.host, ID))
    await polite.until(call)
    outer = await children_of(polite.host, str(os.getpid()))
    (inner,) = [pid for one in outer for pid in await children_of(polite.host, one)]
    os.kill(int(inner), number)
    polite.go_on()
    await polite.until(UNMOUNT)
    assert await listing == Known({})


def with_image(contents: Contents, image_id: str, *files: RegularFile) -> Checkpoint:
    config = ContainerConfig(image_id=image_id)
    return Checkpoint(contents, config=config, criu=CriuState(files=files))


def test_the_image_is_asked_for_when_files_are_open_or_deleted(empty_contents: Contents) -> None:
    opened = RegularFile("/x", 3, 0o100644, ghost=False, mount=1)
    deleted = replace(empty_contents, files={"deleted.files": b'["/bin/seq"]'})
    assert image_to_list(with_image(empty_contents, ID, opened)) == ID
    assert image_to_list(with_image(deleted, ID)) == ID
    assert image_to_list(with_image(empty_contents, ID)) == ""
    assert image_to_list(with_image(empty_contents, ID, replace(opened, ghost=True))) == ""
    real = load(str(DATA / "web.tar.zst"))
    assert image_to_list(real) == real.config.image_id


@pytest.mark.parametrize("odd", ["--all", "alpine", "", "64c8", f"{ID}0", f"sha256:{ID}"])
def test_nothing_but_an_id_is_mounted(empty_contents: Contents, odd: str) -> None:
    deleted = replace(empty_contents, files={"deleted.files": b'["/bin/seq"]'})
    assert image_to_list(with_image(deleted, odd)) == ""
