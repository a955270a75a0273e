import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.data import DATA
from tests.host.recorded import RecordedHost, Said, said
from tui.archive.model import Contents
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.reading import load
from tui.criu.state import CriuState, RegularFile
from tui.host import image
from tui.host.facts import NOT_ASKED, Fact, ImageFile, Known, Unknown
from tui.host.host import Answer, NoAnswer
from tui.host.image import Files, image_files, image_to_list

ID = "64c8" * 16
MOUNT = ("podman", "image", "mount", "--", ID)
UNMOUNT = ("podman", "image", "unmount", "--", ID)
PLACE = "/var/lib/containers/storage/overlay/cec0/merged"
LISTING = (
    "d\x00755\x004096\x00\x00bin\x00"
    "f\x004755\x002063232\x00\x00bin/busybox\x00"
    "l\x00777\x007\x00busybox\x00bin/seq\x00"
    "p\x00600\x000\x00\x00run/odd\nname\x00"
)


class ImageHost(RecordedHost):
    def __init__(self, instead: dict[str, Said] | None = None) -> None:
        super().__init__(
            {
                "podman image mount": said(f"{PLACE}\n"),
                "podman image unmount": said(f"{ID}\n"),
                "find": said(LISTING),
                **(instead or {}),
            }
        )


def reason(fact: Fact[Files]) -> str:
    assert isinstance(fact, Unknown), fact
    return fact.reason


async def test_the_image_is_mounted_for_one_listing() -> None:
    host = ImageHost()
    assert await image_files(host, ID) == Known(
        {
            "bin": ImageFile("directory", 0o755, 4096),
            "bin/busybox": ImageFile("file", 0o4755, 2063232),
            "bin/seq": ImageFile("symlink", 0o777, 7, "busybox"),
            "run/odd\nname": ImageFile("other", 0o600, 0),
        }
    )
    mount, find, unmount = host.asked
    assert (mount, unmount) == (MOUNT, UNMOUNT)
    assert find[:2] == ("find", PLACE)


async def test_an_image_is_listed_once_on_each_host() -> None:
    host, other = ImageHost(), ImageHost()
    first = await image_files(host, ID)
    again = await image_files(host, ID)
    await image_files(other, ID)
    assert first == again
    assert (len(host.asked), len(other.asked)) == (3, 3)


async def test_what_failed_is_asked_again() -> None:
    host = ImageHost({"find": NoAnswer("find did not answer within 10 s")})
    await image_files(host, ID)
    await image_files(host, ID)
    assert host.asked.count(MOUNT) == 2


async def test_nothing_is_asked_without_an_image() -> None:
    host = ImageHost()
    assert await image_files(host, "") is NOT_ASKED
    assert host.asked == []


async def test_an_image_that_cannot_be_mounted_is_not_unmounted() -> None:
    host = ImageHost({"podman image mount": said("", f"Error: {ID}: image not known\n", 125)})
    words = reason(await image_files(host, ID))
    assert words == f"`podman image mount` failed (125): Error: {ID}: image not known"
    assert UNMOUNT not in host.asked


@pytest.mark.parametrize(
    ("find", "words"),
    [
        (NoAnswer("find did not answer within 10 s"), "find did not answer within 10 s"),
        (said("", "find: unrecognized: -printf\n", 1), "failed (1): find: unrecognized: -printf"),
        (said("/bin\n/bin/busybox\n"), "does not understand how find lists"),
        (said("f\x00rwx\x001\x00\x00a\x00"), "does not understand how find lists"),
        (said(LISTING[:-4]), "does not understand how find lists"),
    ],
)
async def test_a_listing_that_cannot_be_had_still_unmounts(find: Said, words: str) -> None:
    host = ImageHost({"find": find})
    assert words in reason(await image_files(host, ID))
    assert host.asked[-1] == UNMOUNT


async def test_a_mount_without_a_place() -> None:
    host = ImageHost({"podman image mount": said("\n")})
    assert reason(await image_files(host, ID)) == "podman mounted the image at no place"
    assert host.asked == [MOUNT, UNMOUNT]


async def test_more_files_than_podthaw_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "LIMIT", 3)
    host = ImageHost()
    assert reason(await image_files(host, ID)) == "the image has 4 files, and podthaw looks at 3"


async def test_an_empty_image() -> None:
    assert await image_files(ImageHost({"find": said()}), ID) == Known({})


class SlowHost(ImageHost):
    """Takes its time with one command, and says when it has begun."""

    def __init__(self, slow: str) -> None:
        super().__init__()
        self._slow = slow
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def run(self, argv: Sequence[str], **options: Any) -> Answer:
        answer = await super().run(argv, **options)
        if self._slow in argv:
            self.begun.set()
            await self.go_on.wait()
        return answer


@pytest.mark.parametrize("slow", ["mount", "find"])
async def test_who_is_cancelled_unmounts_as_well(slow: str) -> None:
    host = SlowHost(slow)
    listing = asyncio.ensure_future(image_files(host, ID))
    await host.begun.wait()
    listing.cancel()
    asyncio.get_running_loop().call_soon(host.go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await listing
    assert host.asked[-1] == UNMOUNT


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
