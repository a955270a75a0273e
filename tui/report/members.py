"""The members of an archive as a document of two levels, for a tree."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from tui.archive.model import Contents, Member, MemberKind
from tui.checkpoint.config import Json
from tui.text import size


def members_document(contents: Contents) -> Json:
    """By folder and name what each member is; what lies in a tar inside has a folder of its own."""
    document: dict[str, dict[str, str]] = {}
    _add(document, contents.members, "")
    for name, entries in contents.nested.items():
        _add(document, entries, f"in {name}: ")
    return document


def _add(document: dict[str, dict[str, str]], members: Iterable[Member], prefix: str) -> None:
    for member in members:
        path = PurePosixPath(member.name)
        folder = f"{prefix}{path.parent}/"
        if member.kind is MemberKind.DIRECTORY:
            document.setdefault(f"{prefix}{path}/", {})
        else:
            document.setdefault(folder, {})[path.name] = _described(member)


def _described(member: Member) -> str:
    moment = f"{member.mtime:%Y-%m-%d %H:%M}"
    match member.kind:
        case MemberKind.FILE:
            return f"{size(member.size)}  {member.mode:04o}  {moment}"
        case MemberKind.SYMLINK | MemberKind.HARDLINK:
            return f"{member.kind} to {member.link}"
        case _:
            return f"{member.kind}  {member.mode:04o}  {moment}"
