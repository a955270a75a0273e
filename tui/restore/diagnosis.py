"""Why a restore failed, in the words of whoever knew, and what that means.

Podman's last line is often not the cause: of several errors of CRIU it repeats the first, which
may be harmless, or the last, which is a consequence.
"""

import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tui.restore.events import Level, LogLine


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The outcome of looking at what everybody said."""

    cause: str
    """The first real error, and what it means and asks for where that is known."""
    said: str
    """Podman's own words, where they differ."""


_NOT_THE_CAUSE = (
    "rlimit: Can't setup RLIMIT_NOFILE for self",
    "exited, status=",
    "Restoring FAILED.",
    "cg: cgroupd: recv req error",
)
"""Errors of CRIU after which it goes on, or which only say that there was another one."""

_CRIU_PLACE = re.compile(r"\(\d+\.\d+\)\s+(?:\d+: )?Error \([^)]*\): ")

_EXCERPT = re.compile(r"^(.*?)--- .*$", re.MULTILINE)
"""Where the runtime's excerpt of CRIU's log begins and ends."""

_MEANINGS = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (
            r"Connected TCP socket",
            "The container had an open TCP connection. Restore it with --tcp-established, which "
            "needs the same address and a peer that still waits, or drop the connection with "
            "--tcp-close.",
        ),
        (
            r"Need to set the --tcp-close",
            "The checkpoint was made with its TCP connections closed: restore it with --tcp-close.",
        ),
        (
            r"has bad mode",
            "The mode of the file is another one than at the checkpoint. A new volume gets mode "
            "0755: create the volume with the right mode first, then restore with "
            "--ignore-volumes.",
        ),
        (
            r"has bad (size|build-ID|mtime)",
            "The file is another one than at the checkpoint: restore with the very image and "
            "data that the container had.",
        ),
        (
            r"Can't open file .* on restore|Can't open file .*: No such file",
            "A file that a process has open or mapped is missing. If the container had deleted a "
            "symbolic link, Podman deletes what it leads to: try --ignore-rootfs.",
        ),
        (
            r"iptables-restore|Locking network failed",
            "CRIU locks the network with iptables-restore: install iptables on the host.",
        ),
        (
            r"libcriu\.so",
            "The OCI runtime needs CRIU's library: install libcriu (Debian: libcriu2) on the host.",
        ),
        (
            r"write to .?devices\.deny",
            "An earlier restore has left its cgroup behind: remove the empty cgroup folders of "
            "this container.",
        ),
        (
            r"that ID is already in use",
            "A container with this ID exists, often what an earlier failed restore left behind: "
            "remove it, or restore under a new name.",
        ),
        (
            r"container name .* is already in use|name .* is in use",
            "Restore under another name, or remove the container that has this one.",
        ),
        (
            r"volume with name .* already exists",
            "Keep the host's data with --ignore-volumes, or remove the volume first.",
        ),
        (
            r"address already in use",
            "Something on the host holds the port: publish another one.",
        ),
        (
            r"requested ip address .* is already allocated",
            "Another container has the address: restore with --ignore-static-ip and "
            "--ignore-static-mac.",
        ),
        (
            r"network not found",
            "Create a network of that name and subnet first.",
        ),
        (
            r"no such secret",
            "Create the secret first: its value is not in the archive.",
        ),
        (
            r"locating image with ID",
            "The image of that name is another one than the container was made of. Bring the "
            "right one over with `podman save` and `podman load`.",
        ),
        (
            r"pinging container registry localhost",
            "An image named localhost/… is in no registry: bring it over with `podman save` and "
            "`podman load`.",
        ),
        (
            r"cannot be retrieved: no pod with name or ID",
            "The host has no such pod. The ID in quotes is that of the container's old pod.",
        ),
        (
            r"Can't stat mountpoint|mnt-v2: ",
            "Something that was mounted into the container is missing on this host.",
        ),
        (
            r"stat `?/.*No such file or directory",
            "A file or folder of the host that the container mounts is missing: create it first.",
        ),
        (
            r"vdso: ",
            "CRIU is too old for this kernel: install a newer CRIU.",
        ),
        (
            r"container creation timeout",
            "CRIU took longer than Podman's four minutes.",
        ),
    )
)


def diagnose(criu: Iterable[LogLine], podman: Sequence[LogLine], status: int) -> Diagnosis:
    """Why a restore failed.

    `criu` is restore.log, empty if it could not be read; `podman` is what Podman printed, in
    which there may be an excerpt of that log; `status` is Podman's exit status.
    """
    said = _last_words(podman)
    first = next(_real_errors(criu), None) or next(_real_errors(podman), None)
    if first:
        return Diagnosis(explained(first), said)
    if said:
        return Diagnosis(explained(said), "")
    if status < 0:
        return Diagnosis(f"podman was ended by {_signal_name(-status)}", "")
    return Diagnosis(f"podman ended with status {status} and gave no reason", "")


def explained(error: str) -> str:
    """`error`, and what it means where that is known."""
    for pattern, meaning in _MEANINGS:
        if pattern.search(error):
            return f"{error.rstrip('.')}. {meaning}"
    return error


def _real_errors(lines: Iterable[LogLine]) -> Iterator[str]:
    for line in lines:
        if line.source == "criu" and line.level is Level.ERROR:
            error = _CRIU_PLACE.sub("", line.text)
            if not error.startswith(_NOT_THE_CAUSE):
                yield error


def _last_words(podman: Iterable[LogLine]) -> str:
    """Podman's `Error: …` with all its lines, but without an excerpt of CRIU's log."""
    errors = [line.text for line in podman if line.source == "podman" and line.level is Level.ERROR]
    starts = [index for index, text in enumerate(errors) if text.startswith("Error: ")]
    if not starts:
        return errors[-1] if errors else ""
    words = "\n".join(errors[starts[-1] :]).removeprefix("Error: ")
    return " ".join(_EXCERPT.sub(r"\1", words).split())


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
