"""The files of an image, as they are before a container changes them.

A restore finds its files in the image again. Whether they are the ones that the processes had
open can only be told by looking into it: mounted read-only for as long as one listing takes.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from weakref import WeakKeyDictionary

from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.summary import deleted
from tui.host.facts import NOT_ASKED, Fact, ImageFile, Known, Unknown
from tui.host.host import FACT_TIMEOUT, Answer, Host, NoAnswer, printed
from tui.text import plural, safe_text

LIMIT = 500_000
"""Files that are listed; the largest images in common use have some 200,000."""

Files = Mapping[str, ImageFile]

_ID = re.compile(r"[0-9a-f]{64}")

_KINDS = {"f": "file", "d": "directory", "l": "symlink"}

_FORMAT = r"%y\0%m\0%s\0%l\0%P\0"
"""Of `find -printf`: type, permissions, size, target of a link, path below the start."""

_FIELDS = 5

_NAMED = 3
"""Words of a command that a message needs."""

_listed: WeakKeyDictionary[Host, tuple[str, Files]] = WeakKeyDictionary()
"""What each host has listed last, with the image's ID: that names a content which never changes."""


def image_to_list(checkpoint: Checkpoint) -> str:
    """The ID of the image whose files a restore of `checkpoint` depends on; empty: none.

    While CRIU's images are unread it counts as needed, as it almost always turns out to be.
    """
    files = checkpoint.criu.files if checkpoint.criu else ()
    compared = any(not file.ghost and (file.size, file.mode) != (None, None) for file in files)
    needed = compared or deleted(checkpoint) or checkpoint.criu is None
    image_id = checkpoint.config.image_id
    return image_id if needed and _ID.fullmatch(image_id) else ""


async def image_files(host: Host, image_id: str, *, timeout: float = FACT_TIMEOUT) -> Fact[Files]:
    """Every file of the image with this full ID, by path without a leading slash.

    The image is mounted once more than it was for as long as this takes, which Podman counts.
    `timeout` is in seconds, for each command.
    """
    if not image_id:
        return NOT_ASKED
    known_id, known = _listed.get(host, ("", None))
    if known is None or known_id != image_id:
        try:
            known = await _list(host, image_id, timeout)
        except NoAnswer as error:
            return Unknown(str(error))
        _listed[host] = image_id, known
    return Known(known)


async def _list(host: Host, image_id: str, timeout: float) -> Files:
    argv: tuple[str, ...] = ("podman", "image", "mount", "--", image_id)
    mounting = asyncio.ensure_future(host.run(argv, timeout=timeout))
    try:
        # a podman that is killed half-way leaves nobody who knows whether it is mounted
        place = printed(await asyncio.shield(mounting), _NAMED).strip()
        if not place.startswith("/"):
            raise NoAnswer(f"podman mounted the image at {safe_text(place) or 'no place'}")
        argv = ("find", place, "-mindepth", "1", "-printf", _FORMAT)
        listing = printed(await host.run(argv, timeout=timeout), _NAMED)
    finally:
        await asyncio.shield(asyncio.ensure_future(_unmount(host, image_id, mounting, timeout)))
    return await asyncio.to_thread(read_listing, listing)


async def _unmount(
    host: Host, image_id: str, mounting: asyncio.Future[Answer], timeout: float
) -> None:
    with suppress(NoAnswer):
        if (await mounting).status == 0:
            await host.run(("podman", "image", "unmount", "--", image_id), timeout=timeout)


def read_listing(text: str) -> Files:
    """What `find` printed. Raises NoAnswer when it is too much, or makes no sense."""
    fields = text.split("\0")
    count, rest = divmod(len(fields) - 1, _FIELDS)
    if rest or fields[-1]:
        raise NoAnswer("podthaw does not understand how find lists the files of the image")
    if count > LIMIT:
        raise NoAnswer(f"the image has {plural(count, 'file')}, and podthaw looks at {LIMIT:,}")
    kinds, modes, sizes, links, paths = (fields[start:-1:_FIELDS] for start in range(_FIELDS))
    try:
        return {
            path: ImageFile(_KINDS.get(kind, "other"), int(mode, 8), int(size), link)
            for path, kind, mode, size, link in zip(paths, kinds, modes, sizes, links, strict=True)
        }
    except ValueError:
        raise NoAnswer(
            "podthaw does not understand how find lists the files of the image"
        ) from None
