"""What processes were started with; values of variables are never shown."""

from collections import defaultdict
from collections.abc import Iterator

from tui.checkpoint.checkpoint import SPEC
from tui.findings import programs
from tui.findings.programs import listed, words
from tui.findings.registry import (
    DocumentPlace,
    Finding,
    Needs,
    ProcessPlace,
    Severity,
    first,
    rule,
)
from tui.findings.scene import Scene
from tui.text import pointer

_INJECTING = ("LD_PRELOAD", "LD_AUDIT")

_ALLOCATORS = ("libjemalloc", "libtcmalloc", "libmimalloc", "libnss_wrapper", "libeatmydata")
"""Libraries that are preloaded by those who made the image."""

_USUAL = words(
    "PWD OLDPWD SHLVL _ HOME TERM HOSTNAME USER LOGNAME SHELL MAIL LINES COLUMNS container"
    " LISTEN_PID LISTEN_FDS"
)
"""What shells, engines and logins set by themselves."""


@rule("library-injected", Severity.HIGH, "A variable puts a library into every program")
def library_injected(scene: Scene) -> Iterator[Finding]:
    """LD_PRELOAD, LD_AUDIT or LD_LIBRARY_PATH is set, for the container or for a process.

    LD_PRELOAD and LD_AUDIT put code into every program that is started: high where it lies in a
    place for data (/tmp, /dev/shm) or is hidden, medium otherwise, informational for allocators
    (jemalloc, tcmalloc) as images preload them. LD_LIBRARY_PATH, which images of CUDA and of
    databases set, is informational, and high with such a place in it. In processes it shows only
    where memory has been looked into.
    """
    planned = scene.checkpoint.spec.process.env or []
    for index, entry in enumerate(planned):
        name, _, value = entry.partition("=")
        severity = _injected(name, value)
        if severity:
            yield Finding(
                "library-injected",
                severity,
                f"{name} is set for the container",
                _injects(name, severity),
                (DocumentPlace(SPEC, pointer("process", "env", index)),),
            )
    found: dict[tuple[str, Severity], list[int]] = defaultdict(list)
    environments = scene.content.environments if scene.content else {}
    for pid, entries in environments.items():
        for entry in set(entries) - set(planned):
            name, _, value = entry.partition("=")
            severity = _injected(name, value)
            if severity:
                found[name, severity].append(pid)
    for (name, severity), pids in found.items():
        yield Finding(
            "library-injected",
            severity,
            f"{name} is set in {listed(f'PID {pid}' for pid in sorted(set(pids)))}",
            f"{_injects(name, severity)} The specification does not have it so.",
            first(ProcessPlace(pid) for pid in sorted(set(pids))),
        )


@rule(
    "environment-differs",
    Severity.INFO,
    "A process was started with other variables",
    Needs.CONTENT,
)
def environment_differs(scene: Scene) -> Iterator[Finding]:
    """The environment of a process is not the one that the specification has.

    Only names are told. What shells and logins set by themselves (PWD, SHLVL, HOME) does not
    count. Harmless: start scripts export variables for what they start. Interesting: settings of
    proxies, credentials, and processes that were started by hand.
    """
    planned = scene.checkpoint.spec.process.env
    if planned is None or scene.content is None:
        return
    before = dict(_pairs(planned))
    found: dict[tuple[tuple[str, ...], ...], list[int]] = defaultdict(list)
    for pid, entries in scene.content.environments.items():
        after = dict(_pairs(entries))
        if not after:
            continue
        added = tuple(sorted(after.keys() - before.keys()))
        lacking = tuple(sorted(before.keys() - after.keys()))
        changed = tuple(
            sorted(name for name in after.keys() & before.keys() if after[name] != before[name])
        )
        if added or lacking or changed:
            found[added, changed, lacking].append(pid)
    for (added, changed, lacking), pids in found.items():
        parts = [
            f"{word} {listed(names)}"
            for word, names in (("added", added), ("changed", changed), ("lacking", lacking))
            if names
        ]
        yield Finding(
            "environment-differs",
            Severity.INFO,
            f"Other variables in {listed(f'PID {pid}' for pid in pids)}: {', '.join(parts)}",
            f"Compared with the specification: {'; '.join(parts)}.",
            first(ProcessPlace(pid) for pid in pids),
        )


def _pairs(entries: tuple[str, ...] | list[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        name, equals, value = entry.partition("=")
        if equals and name not in _USUAL:
            yield name, value


def _injected(name: str, value: str) -> Severity | None:
    paths = [one for one in value.replace(" ", ":").split(":") if one]
    if name not in (*_INJECTING, "LD_LIBRARY_PATH") or not paths:
        return None
    if any(programs.below(f"{one}/", programs.PUBLIC) or programs.hidden(one) for one in paths):
        return Severity.HIGH
    if name not in _INJECTING:
        return Severity.INFO
    known = all(one.rpartition("/")[2].startswith(_ALLOCATORS) for one in paths)
    return Severity.INFO if known else Severity.MEDIUM


def _injects(name: str, severity: Severity) -> str:
    if name in _INJECTING:
        start = "Its library is loaded into every program."
    else:
        start = "Libraries are looked for there first."
    return f"{start} It lies in a place for data." if severity is Severity.HIGH else start
