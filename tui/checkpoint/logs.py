"""The logs in a checkpoint: what the container wrote, and what CRIU wrote while it was saved.

Podman's k8s-file and the log of the Kubernetes CRI are one format: a time, the stream, `F` for a
full line or `P` for a part of one, and the text. Docker's json-file has an object in each line.
A large log is read from its end.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tui.archive import limits
from tui.archive.extract import ARCHIVE, file_bytes
from tui.archive.model import MemberKind
from tui.checkpoint.checkpoint import Checkpoint
from tui.errors import ArchiveError
from tui.text import decode

DUMP_LOG = "dump.log"

LOGS = {
    "ctr.log": "the container's output",
    "container.log": "the container's output",
    "io.kubernetes.cri-o.LogPath": "the container's output",
    DUMP_LOG: "CRIU's log of the dump",
    "restore.log": "CRIU's log of an earlier restore",
}
"""The members that are logs, and what is in them."""

TAIL = 4 * limits.MIB
"""Bytes of a log that are read unless somebody asks for more."""

LINES = 200_000
"""Lines of a log that are told, the last ones."""

_CRI = re.compile(r"(\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?: (.*))?")
_CRIU = re.compile(r"\(([ 0-9]+\.[0-9]+)\) (.*)")
_LEVELS = re.compile(r" *(?:pie: )?(?:\d+: )?(Error|Warn)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log."""

    text: str
    time: str = ""
    """As the log has it: RFC 3339, or seconds since CRIU began."""
    source: str = ""
    """`stdout`, `stderr` or `criu`; empty where the log does not say it."""
    level: str = ""
    """`error` or `warning`, of CRIU's."""
    partial: bool = False
    """Its end was not written yet."""


@dataclass(frozen=True, slots=True)
class Log:
    """One log, or its end."""

    name: str
    """The member."""
    title: str
    size: int
    """Bytes of all of it."""
    lines: tuple[Line, ...] = ()
    left_out: int = 0
    """Bytes in front of the first line."""
    problem: str = ""
    """Why it could not be read."""


def read_logs(checkpoint: Checkpoint, limit: int = TAIL) -> tuple[Log, ...]:
    """Every log in `checkpoint`, each up to `limit` bytes from its end."""
    members = {member.name: member for member in checkpoint.contents.members}
    found = []
    for name, title in LOGS.items():
        if name in members:
            log = Log(name, title, members[name].size)
            found.append(_read(checkpoint, log, members[name].kind, limit))
    return tuple(found)


def _read(checkpoint: Checkpoint, log: Log, kind: MemberKind, limit: int) -> Log:
    kept = checkpoint.contents.files.get(log.name)
    if kept is not None:
        raw = kept[-limit:] if limit else b""
    elif kind is MemberKind.FILE:
        try:
            raw = file_bytes(checkpoint.contents, ARCHIVE, log.name, limit, tail=True)
        except ArchiveError as error:
            return replace(log, problem=str(error))
    else:
        return replace(log, problem=f"not a file but a {kind}")
    if len(raw) < log.size:
        raw = raw.partition(b"\n")[2]
    whole = raw.removesuffix(b"\n").rsplit(b"\n", LINES) if raw else []
    if len(whole) > LINES:
        raw = raw[len(whole.pop(0)) + 1 :]
    lines = tuple(_lines(map(decode, whole), log.name))
    return replace(log, lines=lines, left_out=log.size - len(raw))


def _lines(lines: Iterable[str], name: str) -> Iterable[Line]:
    if name in (DUMP_LOG, "restore.log"):
        return map(_of_criu, lines)
    return _joined(map(_of_container, lines))


def _of_criu(line: str) -> Line:
    found = _CRIU.fullmatch(line)
    if not found:
        return Line(line, source="criu")
    level = _LEVELS.match(found[2])
    names = {"Error": "error", "Warn": "warning"}
    return Line(found[2], found[1].strip(), "criu", names[level[1]] if level else "")


def _of_container(line: str) -> Line:
    if found := _CRI.fullmatch(line):
        return Line(found[4] or "", found[1], found[2], partial=found[3] == "P")
    return _of_json(line) if line.startswith("{") else Line(line)


def _of_json(line: str) -> Line:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Line(line)
    text = value.get("log")
    if not isinstance(text, str):
        return Line(line)
    time, source = value.get("time"), value.get("stream")
    return Line(
        text.removesuffix("\n"),
        time if isinstance(time, str) else "",
        source if source in ("stdout", "stderr") else "",
        partial=not text.endswith("\n"),
    )


def _joined(lines: Iterable[Line]) -> list[Line]:
    """Parts put together, those of each stream by themselves, where the first of them stands."""
    joined: list[Line] = []
    begun: dict[str, tuple[int, list[str]]] = {}
    for line in lines:
        place, parts = begun.get(line.source, (len(joined), []))
        if not parts:
            joined.append(line)
        parts.append(line.text)
        if line.partial:
            begun[line.source] = place, parts
        elif begun.pop(line.source, None):
            joined[place] = replace(joined[place], text="".join(parts), partial=False)
    for place, parts in begun.values():
        joined[place] = replace(joined[place], text="".join(parts))
    return joined
