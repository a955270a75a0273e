"""What the commands print with `--json`; the README describes each document.

Strings are the archive's own: JSON escapes whatever a terminal could act on.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec

from tui.archive.model import Member, Problem
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC, Checkpoint
from tui.checkpoint.extra import extra_documents
from tui.checkpoint.origin import origin
from tui.checkpoint.secrets import masked
from tui.checkpoint.summary import lacking
from tui.host.document import facts_json
from tui.host.facts import HostFacts, Known
from tui.report.parts import (
    filesystem_document,
    logs_document,
    sizes_document,
    stats_document,
)
from tui.restore.ability import ability
from tui.restore.conflict import Conflict, Remedy
from tui.restore.events import Event, Finished
from tui.restore.journal import Record, State
from tui.restore.plan import Plan
from tui.restore.rewrite import change_documents
from tui.text import pointer

SCHEMA = 1
"""Raised when a reader of an older document would misread a newer one."""

SECTIONS = (
    *("config", "spec", "network"),
    *("processes", "files", "sockets", "mounts", "memory"),
    *("filesystem", "logs", "stats", "sizes", "extra"),
    *("findings", "members", "problems"),
)
"""What `inspect` tells of if it is not asked for something."""

RAW = "raw"
"""What it tells of only if asked: CRIU's images field by field."""

INSIDE = {"processes", "files", "sockets", "mounts"}
"""Those of them that CRIU's images tell."""

MEMORY = "memory"
"""The one that their maps tell; the pages are not needed."""

FINDINGS = "findings"
"""The one that is worked out from all others."""

_PARTS: dict[str, Callable[[Checkpoint], Any]] = {
    "extra": extra_documents,
    "filesystem": filesystem_document,
    "stats": stats_document,
    "sizes": sizes_document,
}

_DOCUMENTS = {"config": CONFIG, "spec": SPEC, "network": NETWORK}


def dumps(document: object, *, indent: int | None = 2) -> str:
    """`document` as JSON in plain ASCII."""
    import json  # not msgspec: it refuses the lone surrogates that odd file names become

    return json.dumps(document, indent=indent, ensure_ascii=True)


def inspect_document(
    checkpoint: Checkpoint,
    *,
    sha256: str,
    sections: Iterable[str] = (),
    reveal: bool = False,
    memory: bool = False,
    images: Collection[str] = (),
) -> dict[str, Any]:
    """What `inspect --json` prints: the archive, and each of `sections` (SECTIONS if none).

    With `memory` the findings are looked for in memory, too, which may raise ArchiveError; of raw
    images those in `images` are printed (all if none).
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "archive": archive_document(checkpoint, sha256=sha256),
    }
    wanted = tuple(sections) or SECTIONS
    running = _running(checkpoint, wanted, reveal=reveal, memory=memory, images=images)
    for section in wanted:
        document[section] = (
            running[section] if section in running else _section(checkpoint, section, reveal=reveal)
        )
    return document


def archive_document(checkpoint: Checkpoint, *, sha256: str) -> dict[str, Any]:
    """Who made the archive, of what, and whether all of it could be read."""
    contents, found = checkpoint.contents, origin(checkpoint)
    return {
        "path": contents.path,
        "form": contents.form,
        "layout": checkpoint.layout.name.lower(),
        "engine": found.engine,
        "compression": contents.compression,
        "name": found.name,
        "id": found.id,
        "image": found.image,
        "image_id": found.image_id,
        "pod": found.pod,
        "namespace": found.namespace,
        "runtime": found.runtime,
        "created": checkpoint.config.created,
        "checkpointed": found.checkpointed.isoformat() if found.checkpointed else "",
        "tools": dict(found.tools),
        "lacking": list(lacking(checkpoint)),
        "size": contents.identity.size,
        "sha256": sha256,
        "complete": contents.complete,
        "problems": [_problem(problem) for problem in _problems(checkpoint)],
    }


def image_folder(checkpoint: Checkpoint) -> str:
    """Where CRIU's images lie in an archive of this kind."""
    return checkpoint.folder


def check_document(
    checkpoint: Checkpoint, facts: HostFacts, plan: Plan, *, sha256: str
) -> dict[str, Any]:
    """What `check --json` prints."""
    return {
        "schema": SCHEMA,
        "archive": archive_document(checkpoint, sha256=sha256),
        "host": _host(facts, plan),
        "options": dataclasses.asdict(plan.options),
        "verdict": plan.verdict,
        "conflicts": [conflict_document(conflict) for conflict in plan.conflicts],
        "changes": change_documents(checkpoint, plan.changes),
        "grants": msgspec.to_builtins(plan.grants),
        "command": list(plan.command),
    }


def _host(facts: HostFacts, plan: Plan) -> dict[str, Any]:
    """The facts; of the image's files, of which there are many, those that a conflict is about."""
    files = facts.image_files
    if isinstance(files, Known):
        places = {at.pointer for one in plan.conflicts for at in one.where if at.document == "host"}
        named = {
            path: file
            for path, file in files.value.items()
            if pointer("image_files", path) in places
        }
        facts = dataclasses.replace(facts, image_files=Known(named))
    return facts_json(facts)


def conflict_document(conflict: Conflict) -> dict[str, Any]:
    """One conflict with its evidence and remedies."""
    document: dict[str, Any] = msgspec.to_builtins(conflict)
    document["remedies"] = [_remedy(remedy) for remedy in conflict.remedies]
    return document


def host_document(facts: HostFacts) -> dict[str, Any]:
    """What `host --json` prints."""
    found = ability(facts)
    return {
        "schema": SCHEMA,
        "verdict": found.verdict.value,
        "obstacles": found.obstacles,
        "unknown": found.unknown,
        "host": facts_json(facts),
    }


def history_document(states: Iterable[tuple[Record, State]]) -> dict[str, Any]:
    """What `history --json` prints: each record with how it stands, the newest first."""
    return {
        "schema": SCHEMA,
        "restores": [
            {**msgspec.to_builtins(record), "status": state.value} for record, state in states
        ],
    }


def event_document(event: Event) -> dict[str, Any]:
    """One line of `restore --json`."""
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(event).__name__)
    document: dict[str, Any] = {"schema": SCHEMA, "event": name.lstrip("_")}
    document |= msgspec.to_builtins(event)
    if isinstance(event, Finished):
        if event.diagnosis:
            remedies = [_remedy(remedy) for remedy in event.diagnosis.remedies]
            document["diagnosis"]["remedies"] = remedies
        document["conflicts"] = [conflict_document(conflict) for conflict in event.conflicts]
    return document


def _running(
    checkpoint: Checkpoint,
    wanted: Iterable[str],
    *,
    reveal: bool,
    memory: bool,
    images: Collection[str],
) -> dict[str, Any]:
    """The sections in `wanted` that need CRIU's images, whose parser is loaded only here."""
    sections = (INSIDE | {MEMORY, FINDINGS, RAW}) & set(wanted)
    if not sections:
        return {}
    from tui.criu.inside import read_inside
    from tui.report.findings import findings, findings_document
    from tui.report.inside import DOCUMENTS
    from tui.report.memory import maps, memory_document
    from tui.report.raw import raw_documents
    from tui.report.started import read_words, words_document

    contents, folder = checkpoint.contents, image_folder(checkpoint)
    found: dict[str, Any] = {}
    if RAW in sections:
        found[RAW] = raw_documents(contents, folder, images)
    if sections == {RAW}:
        return found
    inside = read_inside(contents, folder)
    found |= {section: DOCUMENTS[section](inside) for section in INSIDE & sections}
    if "processes" in sections:
        words = read_words(checkpoint, reveal=reveal)
        found["processes"] = words_document(found["processes"], words)
    if MEMORY in sections:
        found[MEMORY] = memory_document(inside, maps(contents, folder))
    if FINDINGS in sections:
        found[FINDINGS] = findings_document(findings(checkpoint, inside, memory=memory))
    return found


def _section(checkpoint: Checkpoint, section: str, *, reveal: bool) -> Any:
    if section == "members":
        return [_member(member) for member in checkpoint.contents.members]
    if section == "problems":
        return [_problem(problem) for problem in _problems(checkpoint)]
    if section == "logs":
        return logs_document(checkpoint, reveal=reveal)
    if section in _PARTS:
        return _PARTS[section](checkpoint)
    name = _DOCUMENTS[section]
    document = checkpoint.documents.get(name)
    return document if reveal else masked(name, document)


def _problems(checkpoint: Checkpoint) -> tuple[Problem, ...]:
    return checkpoint.contents.problems + checkpoint.contents.ambiguities


def _problem(problem: Problem) -> dict[str, Any]:
    return {"member": problem.member, "offset": problem.offset, "message": problem.message}


def _member(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "kind": member.kind,
        "size": member.size,
        "mode": f"{member.mode:04o}",
        "mtime": member.mtime.isoformat(),
        "link": member.link,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    action = (
        {"commands": [list(command) for command in remedy.commands]}
        if remedy.commands
        else {"options": remedy.options}
    )
    return {"id": remedy.id, "label": remedy.label, "removes": remedy.removes, **action}
