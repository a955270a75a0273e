"""The files of an image, as they are before a container changes them.

A restore finds its files in the image again. Whether they are the ones that the processes had
open can only be told by looking into it: mounted read-only for as long as one listing takes.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from weakref import WeakKeyDictionary

from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.summary import deleted
from tui.host.facts import NOT_ASKED, Fact, ImageFile, Known, Unknown
from tui.host.host import FACT_TIMEOUT, Host, NoAnswer, printed
from tui.text import plural

LIMIT = 500_000
"""Files that are listed; the largest images in common use have some 200,000."""

Files = Mapping[str, ImageFile]

_ID = re.compile(r"[0-9a-f]{64}")

_KINDS = {"f": "file", "d": "directory", "l": "symlink"}

_FORMAT = r"%y\0%m\0%s\0%l\0%P\0"
"""Of `find -printf`: type, permissions, size, target of a link, path below the start."""

_FIELDS = 5

LISTING = r"""
setsid sh -c '
trap : HUP INT TERM
trap "" PIPE
failed() { printf "\0%s" "$1"; exit "$2"; }
place=$(timeout "$3" podman image mount -- "$1") || failed "podman image mount" "$?"
case $place in
/*) ;;
*) echo "it named no folder" >&2; failed "podman image mount" 1 ;;
esac
listed=0 unmounted=0
(trap - PIPE; exec timeout "$3" find "$place" -mindepth 1 -printf "$2") || listed=$?
podman image unmount -- "$1" >/dev/null || unmounted=$?
[ "$listed" -eq 0 ] || failed find "$listed"
[ "$unmounted" -eq 0 ] || failed "podman image unmount" "$unmounted"
' sh "$@"
status=$?
[ "$status" -ne 127 ] || status=1
exit "$status"
"""
"""Lists an image's files, and unmounts it whatever becomes of podthaw and of this command.

Its arguments are the image's ID, the format of `find` and the seconds that Podman and `find` may
take each. After the listing it prints what has failed, if anything has; 127 would mean that there
is no `sh`.

The inner shell outlives the outer one, which is all that `Host.run` kills when it gives up: with
nobody left to read, `find` dies of SIGPIPE and the unmount follows. podthaw itself never unmounts,
as Podman counts, and where its own mount has not been counted that would undo somebody else's. For
the same reason nothing is unmounted without a place, whatever status Podman ends with.
"""

_TIMED_OUT = 124
"""What `timeout` ends with."""

_STEPS = 3
"""Mounting, listing and unmounting, of which each may take its time."""

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

    The image is mounted once more than it was for as long as this takes, which Podman counts; it
    is unmounted even if podthaw is killed. `timeout` is in seconds, for each step.
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
    argv = ("sh", "-c", LISTING, "sh", image_id, _FORMAT, f"{timeout:g}")
    try:
        answer = await host.run(argv, timeout=_STEPS * timeout)
    except NoAnswer as error:
        raise NoAnswer(f"the files of the image were not listed: {error}") from None
    if answer.status != 0:
        failed = answer.stdout.rpartition("\0")[2].split() or ["podman", "image", "mount"]
        answer = replace(answer, argv=tuple(failed))
        if answer.status == _TIMED_OUT:
            busy = "; while a restore runs, it answers nothing" if failed[0] == "podman" else ""
            raise NoAnswer(f"{failed[0]} did not answer within {timeout:g} s{busy}")
    return await asyncio.to_thread(read_listing, printed(answer))


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
