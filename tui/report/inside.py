"""What was running, as documents for `inspect --json`.

Addresses and registers are text in hex: JSON's readers round numbers beyond 53 bits.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from tui.archive.model import Problem
from tui.criu.inside import Inside
from tui.criu.processes import Process
from tui.criu.sockets import FAMILIES, AnySocket, InetSocket

USERS = 20
"""Processes that are named of those that have one file open; the tables name them all."""

_ADDRESSES = frozenset(
    (
        *("program_counter", "stack_pointer", "thread_pointer", "robust_list", "clear_tid"),
        *("handler", "stack"),
    )
)
"""The fields whose numbers are addresses."""


def processes_document(inside: Inside) -> dict[str, Any]:
    """Every process, children behind their parents, with all that its images say."""
    found = inside.processes
    return {
        "architecture": found.architecture,
        "roots": list(found.roots),
        "host_namespaces": dict(found.host),
        "processes": [_process(inside, process) for _, process in found.tree()],
        "problems": problem_documents(found.problems),
    }


def files_document(inside: Inside) -> dict[str, Any]:
    """Every open file with those who use it, the tables of descriptors, and locks."""
    found = inside.descriptors
    return {
        "files": [
            {
                **plain(file),
                "kind": type(file.detail).__name__.lower() if file.detail else "",
                "other_ends": list(found.other_ends(file)),
                "users": users(inside, file.id),
                "open": found.count(file.id),
            }
            for file in found.files.values()
        ],
        "tables": [
            {
                "pids": list(found.owners[number]),
                "descriptors": [
                    {
                        "fd": one.fd,
                        "file": one.file.id,
                        "close_on_exec": one.close_on_exec,
                        "label": one.label,
                    }
                    for one in table
                ],
            }
            for number, table in found.tables.items()
        ],
        "locks": [plain(lock) for lock in found.locks],
        "problems": problem_documents(found.problems),
    }


def sockets_document(inside: Inside) -> dict[str, Any]:
    """Every socket with those who use it."""
    return {
        "sockets": [_socket(inside, one) for one in inside.sockets.by_file.values()],
        "problems": problem_documents(inside.sockets.problems),
    }


def mounts_document(inside: Inside) -> dict[str, Any]:
    """Every mount, behind the one that it lies on."""
    return {
        "mounts": [{"depth": depth, **plain(mount)} for depth, mount in inside.mounts.tree()],
        "problems": problem_documents(inside.mounts.problems),
    }


DOCUMENTS = {
    "processes": processes_document,
    "files": files_document,
    "sockets": sockets_document,
    "mounts": mounts_document,
}
"""The sections of `inspect` that are about what was running."""


def users(inside: Inside, file_id: int) -> list[dict[str, int]]:
    """Who has a file open, up to USERS of them."""
    pairs = islice(inside.descriptors.users(file_id), USERS)
    return [{"pid": pid, "fd": fd} for pid, fd in pairs]


def problem_documents(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """What was found wrong, as everywhere in the JSON."""
    return [
        {"member": problem.member, "offset": problem.offset, "message": problem.message}
        for problem in problems
    ]


def plain(value: Any, name: str = "") -> Any:
    """`value`, made of dataclasses, as what JSON can say."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name), field.name)
            for field in dataclasses.fields(value)
        }
    if isinstance(value, range):
        return {"start": hex(value.start), "end": hex(value.stop)}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        shown = hex if name in ("registers", "auxv") else plain
        return {str(key): shown(one) for key, one in value.items()}
    if name in _ADDRESSES and isinstance(value, int):
        return hex(value)
    return value


def _process(inside: Inside, process: Process) -> dict[str, Any]:
    document: dict[str, Any] = plain(process)
    document["umask"] = None if process.umask is None else f"{process.umask:04o}"
    document["children"] = list(inside.processes.children.get(process.pid, ()))
    return document


def _socket(inside: Inside, socket: AnySocket) -> dict[str, Any]:
    document = {"family": FAMILIES[type(socket)], **plain(socket)}
    if isinstance(socket, InetSocket):
        document["connected"] = socket.connected
    document["users"] = users(inside, socket.file_id)
    document["open"] = inside.descriptors.count(socket.file_id)
    return document
