"""Two checkpoints that really went through archives, and what differs between them."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, MutableMapping
from pathlib import Path

from tests.archive.builders import unpacked
from tests.data import DATA
from tui.checkpoint.comparison import Comparison, compare
from tui.checkpoint.comparison.difference import Difference, Kind
from tui.checkpoint.comparison.side import Side, read_side
from tui.checkpoint.config import Json
from tui.checkpoint.reading import load

WEB = DATA / "web.tar.zst"
RUNC = DATA / "runc.tar.zst"

Members = MutableMapping[str, bytes]
"""The content of an archive's files by name."""


def side(path: Path) -> Side:
    return read_side(load(str(path)))


def rebuilt(
    folder: Path, change: Callable[[Members], None], source: Path = WEB, name: str = "rebuilt.tar"
) -> Path:
    """A copy of a real archive with other content; what is not there any more is left out."""
    path = folder / name
    with unpacked(source) as old, tarfile.open(path, "w") as new:
        members = old.getmembers()
        contents = {
            member.name: found.read() if (found := old.extractfile(member)) else b""
            for member in members
        }
        change(contents)
        for member in members:
            if member.name in contents:
                raw = contents[member.name]
                member.size = len(raw) if member.isfile() else 0
                new.addfile(member, io.BytesIO(raw))
    os.utime(path, (0, 0))
    return path


def document(members: Members, name: str, change: Callable[[Json], None]) -> None:
    """Change a JSON document among `members`."""
    value = json.loads(members[name])
    change(value)
    members[name] = json.dumps(value).encode()


def flat(comparison: Comparison, section: str) -> list[tuple[str, str, str]]:
    """What differs and means something in a section: the way to it, its kind, how it is told."""
    [found] = [one for one in comparison.sections if one.name == section]
    return list(_flat(found.root.inside, ""))


def _flat(inside: Iterable[Difference], way: str) -> Iterable[tuple[str, str, str]]:
    for one in inside:
        here = f"{way}/{one.label}"
        if one.differs and not any(each.differs for each in one.inside):
            values = f"{one.before} → {one.after}" if one.kind is Kind.CHANGED else ""
            yield here, str(one.kind), one.note or values
        yield from _flat(one.inside, here)


def expected(comparison: Comparison) -> dict[str, str]:
    """Why what differs and means nothing does so, by the way to it."""
    found: dict[str, str] = {}
    for section in comparison.sections:
        waiting = [(one, section.name) for one in section.root.inside]
        while waiting:
            one, way = waiting.pop()
            here = f"{way}/{one.label}"
            if one.expected and not one.inside:
                found[here] = one.expected
            waiting += [(each, here) for each in one.inside]
    return found


def apart(
    before: Path, after: Path, section: str, *, reveal: bool = False
) -> list[tuple[str, str, str]]:
    return flat(compare(side(before), side(after), reveal=reveal), section)
