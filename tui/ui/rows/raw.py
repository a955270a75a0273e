"""CRIU's images one by one, and each of them field by field."""

import re
from collections.abc import Mapping
from typing import Any

from tui.archive.extract import ARCHIVE, file_bytes
from tui.archive.layout import IMAGES, PRE_IMAGES
from tui.archive.model import Contents, Member, MemberKind
from tui.criu.catalogue import kind_of
from tui.criu.processes import Process
from tui.criu.raw import image_document
from tui.errors import ArchiveError
from tui.report.raw import LARGEST
from tui.text import plural, size
from tui.ui.rows.model import Column, Row, Table
from tui.ui.rows.running import Running

_COLUMNS = (
    Column("IMAGE", "key", widest=40),
    Column("MADE OF", "quiet", widest=22, rank=1),
    Column("SIZE", "quiet", widest=12, right=True, down=True),
    Column("PROCESS", "quiet", widest=1000, rank=2),
)

_OF_PROCESS = re.compile(r"(?:core|ids|fs|mm|pagemap|creds|rlimit|itimers)-(\d+)\.img", re.ASCII)


def raw_table(running: Running) -> Table:
    """Every image; those that are no entries of protobuf, too."""
    found = running.inside.processes.by_pid.values()
    owners = {thread.tid: process for process in found for thread in process.threads}
    owners |= running.inside.processes.by_pid
    rows = tuple(
        _row(member, owners)
        for member in {one.name: one for one in running.checkpoint.contents.members}.values()
        if member.name.startswith((IMAGES, PRE_IMAGES)) and member.kind is MemberKind.FILE
    )
    return Table(
        _COLUMNS,
        rows,
        count=len(rows),
        told=plural(len(rows), "image"),
        empty="no image of CRIU is in the archive",
        note="" if running.whole else "… the archive is still being read",
    )


def _row(member: Member, owners: Mapping[int, Process]) -> Row:
    name = member.name.partition("/")[2]
    kind = kind_of(name)
    message = kind.shape.message.DESCRIPTOR.name if kind else "no entries"
    found = _OF_PROCESS.fullmatch(name)
    process = owners.get(int(found[1])) if found else None
    return Row(
        member.name,
        (name, message, size(member.size), f"{process.pid} {process.name}" if process else ""),
        keys=(name, message, member.size, process.pid if process else -1),
        tone="" if kind else "quiet",
        pids=(process.pid,) if process else (),
        copy=member.name,
    )


def raw_document(contents: Contents, name: str) -> Any:
    """The image that is the member `name`, as a document for a tree."""
    image = contents.files.get(name)
    base = name.partition("/")[2]
    if kind_of(base) is None:
        return {"bytes": "not made of entries: memory, packed files, or a kind not known here"}
    if image is None:
        try:
            image = file_bytes(contents, ARCHIVE, name, LARGEST)
        except ArchiveError as error:
            return {"✖ problem": str(error)}
    entries = image_document(base, image, hexadecimal=True)
    if len(entries) == 1 and "fields" in entries[0]:
        return _fields(entries[0])
    return {_title(number, entry): _fields(entry) for number, entry in enumerate(entries)}


def _title(number: int, entry: dict[str, Any]) -> str:
    return f"{number} {entry['message']}" if "message" in entry else "✖ problem"


def _fields(entry: dict[str, Any]) -> Any:
    if "fields" not in entry:
        offset = entry.get("offset")
        return entry["problem"] + (f" (at byte {offset:,})" if offset is not None else "")
    fields = {**entry["fields"], "(at byte)": entry["offset"]}
    return {**fields, "(bytes behind it)": entry["behind"]} if "behind" in entry else fields
