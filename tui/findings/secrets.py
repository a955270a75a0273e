"""Secrets that lie in memory and in files, told without what they say."""

from collections.abc import Iterator

from tui.findings.programs import listed
from tui.findings.registry import (
    FilePlace,
    Finding,
    MemoryPlace,
    Needs,
    Place,
    Severity,
    first,
    rule,
)
from tui.findings.scene import Scene
from tui.findings.sightings import Sighting
from tui.text import plural


@rule("secret-in-memory", Severity.MEDIUM, "A secret lies in memory", Needs.CONTENT)
def secret_in_memory(scene: Scene) -> Iterator[Finding]:
    """A private key, a token (AWS, GitHub, GitLab, Slack, JWT) or a password is in memory.

    It is found by what it looks like, and never shown: the SHA-256 of its bytes, of which the
    beginning is told, lets its owner recognise it. Whoever has this archive has these secrets:
    change them, and keep the archive as safe as them. Low for passwords, which only look like it
    by the name in front of them (`PASSWORD=`). Harmless in itself: a server has the keys that it
    serves with.
    """
    for one in scene.content.sightings.found if scene.content else ():
        if one.memory:
            pids = dict.fromkeys(pid for pid, _ in one.memory if pid)
            whose = listed(f"PID {pid}" for pid in pids) or "no process"
            yield _finding(
                "secret-in-memory",
                one,
                f"in the memory of {whose}",
                first(MemoryPlace(pid, address) for pid, address in one.memory),
            )


@rule("secret-in-file", Severity.MEDIUM, "A secret lies in a file", Needs.CONTENT)
def secret_in_file(scene: Scene) -> Iterator[Finding]:
    """A secret is in a file that the container wrote, or in one on a volume or a tmpfs.

    The same as in secret-in-memory. Files of more than 16 MiB, and those that are compressed
    inside the archive, are not looked through.
    """
    for one in scene.content.sightings.found if scene.content else ():
        if one.files:
            yield _finding(
                "secret-in-file",
                one,
                f"in {listed((path for _, path in one.files), 2)}",
                first(FilePlace(where, path) for where, path in one.files),
            )


def _finding(code: str, one: Sighting, where: str, places: tuple[Place, ...]) -> Finding:
    article = "An" if one.kind[0] == "A" else "A"
    return Finding(
        code,
        Severity.LOW if one.weak else Severity.MEDIUM,
        f"{article} {one.kind} {where}",
        f"{plural(one.size, 'byte')}, SHA-256 {one.digest}….",
        places,
    )
