"""CRIU's images field by field, as documents."""

from collections.abc import Collection, Iterator
from typing import Any

from tui.archive import limits
from tui.archive.forward import forward
from tui.archive.model import Contents, Member, MemberKind
from tui.archive.spool import Store
from tui.criu.catalogue import kind_of
from tui.criu.raw import VALUES, image_document
from tui.errors import ArchiveError
from tui.report.document import dumps
from tui.text import safe_text, size

LARGEST = limits.KEPT_IMAGE
"""Bytes of an image that are decoded."""

TOTAL = 2_000_000
"""Values of all images together that are put into documents."""

_LEFT_OUT = "left out: there is too much in the images in front of it; ask for it alone"


def image_members(contents: Contents, folder: str) -> dict[str, Member]:
    """Every image by its name without the folder; figures of the dump lie outside of it."""
    return {
        member.name.removeprefix(folder): member
        for member in contents.members
        if member.kind is MemberKind.FILE
        and (member.name.startswith(folder) or kind_of(member.name))
    }


def raw_documents(
    contents: Contents, folder: str, wanted: Collection[str] = (), *, hexadecimal: bool = False
) -> list[dict[str, Any]]:
    """The images in `wanted`, or all, each with its entries or why there are none.

    With `hexadecimal` large numbers become text that has them both ways.
    """
    members = image_members(contents, folder)
    chosen = {name: one for name, one in members.items() if not wanted or name in wanted}
    try:
        with forward(contents) as store:
            return list(_documents(contents, chosen, store, hexadecimal))
    except ArchiveError as error:
        return [{"image": "", "size": 0, "problem": str(error), "entries": []}]


def raw_lines(contents: Contents, folder: str, wanted: Collection[str] = ()) -> list[str]:
    """The same for people."""
    lines: list[str] = []
    for one in raw_documents(contents, folder, wanted, hexadecimal=True):
        lines += [""] if lines else []
        lines.append(safe_text(f"{one['image']}: {one['problem'] or size(one['size'])}"))
        if one["entries"]:
            lines += dumps(one["entries"]).splitlines()
    return lines or ["none"]


def _documents(
    contents: Contents, members: dict[str, Member], store: Store, hexadecimal: bool
) -> Iterator[dict[str, Any]]:
    left = TOTAL
    for name, member in members.items():
        kind, problem, entries = kind_of(name), "", list[Any]()
        if kind is None:
            problem = "not made of entries: memory, packed files, or a kind not known here"
        elif left <= 0:
            problem = _LEFT_OUT
        else:
            try:
                raw = _raw(contents, member, store)
                values = min(left, VALUES)
                entries = image_document(name, raw, values=values, hexadecimal=hexadecimal)
                left -= _values(entries)
            except ArchiveError as error:
                problem = str(error)
        yield {"image": name, "size": member.size, "problem": problem, "entries": entries}


def _raw(contents: Contents, member: Member, store: Store) -> bytes:
    kept = contents.files.get(member.name)
    if kept is not None:
        return kept
    if member.offset is None:
        raise ArchiveError("only pieces of it are in the archive")
    return store.read(member, 0, min(member.size, LARGEST))


def _values(document: Any) -> int:
    if isinstance(document, dict):
        return 1 + sum(map(_values, document.values()))
    return 1 + sum(map(_values, document)) if isinstance(document, list) else 1
