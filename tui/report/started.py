"""What each process was started with: what its memory says, beside what was configured."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.archive.layout import Layout
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.secrets import variables
from tui.criu.commands import Started, read_started
from tui.criu.images import FOLDER
from tui.criu.inside import Inside
from tui.errors import ArchiveError
from tui.report.lines import columns
from tui.text import MASK, Redactor, mask_variable, safe_text, shell_line

_ABSENT = "not in the archive"


@dataclass(frozen=True, slots=True)
class Words:
    """Command lines and environments; values of variables are masked where they must be."""

    configured: Started = Started((), ())
    """Of the first process, as the runtime specification has it."""
    by_pid: Mapping[int, Started] = field(default_factory=dict)
    """Processes without any memory in the archive are missing."""
    problem: str = ""
    """Why none of them could be read."""


def read_words(checkpoint: Checkpoint, *, reveal: bool) -> Words:
    """Those of all processes. Of a compressed archive a few pages are unpacked for that."""
    process = checkpoint.spec.process
    configured = Started(tuple(process.args or ()), tuple(process.env or ()))
    found: Mapping[int, Started] = {}
    problem = ""
    if checkpoint.layout is not Layout.PODMAN_PRE:
        try:
            found = read_started(checkpoint.contents, FOLDER)
        except ArchiveError as error:
            problem = f"command lines and environments cannot be read: {error}"
    if reveal:
        return Words(configured, found, problem)
    known = [entry for one in found.values() for entry in one.environment or ()]
    redact = Redactor([*variables(checkpoint), *known])
    masked = {pid: _masked(one, redact) for pid, one in found.items()}
    return Words(_masked(configured, redact), masked, problem)


def words_document(document: dict[str, Any], words: Words) -> dict[str, Any]:
    """The document of the processes with the words of each; None: not in the archive."""
    problem = {"member": "", "offset": None, "message": words.problem}
    return {
        **document,
        "configured": _document(words.configured),
        "processes": [
            {**process, **_document(words.by_pid.get(process["pid"], Started(None, None)))}
            for process in document["processes"]
        ],
        "problems": [*document["problems"], *([problem] if words.problem else ())],
    }


def words_lines(inside: Inside, words: Words) -> Iterator[str]:
    """The command line and the environment of each process."""
    if words.configured.arguments or words.configured.environment:
        yield from ("", "as it was configured", *_lines(words.configured))
    if words.problem:
        yield from ("", safe_text(words.problem))
        return
    for _, process in inside.processes.tree():
        yield from ("", f"{process.pid} {safe_text(process.name)}".rstrip())
        if process.pid in words.by_pid:
            yield from _lines(words.by_pid[process.pid])
        else:
            yield f"  memory: {_ABSENT}"


def _masked(started: Started, redact: Redactor) -> Started:
    arguments, environment = started.arguments, started.environment
    return Started(
        None if arguments is None else tuple(map(redact, arguments)),
        None if environment is None else tuple(map(masked_entry, environment)),
    )


def masked_entry(entry: str) -> str:
    """What a program has written over its environment may end in a part of a value."""
    return mask_variable(entry) if "=" in entry or not entry else MASK


def _document(started: Started) -> dict[str, Any]:
    return {
        "arguments": _listed(started.arguments),
        "environment": _listed(started.environment),
    }


def _listed(words: Iterable[str] | None) -> list[str] | None:
    return None if words is None else list(words)


def _lines(started: Started) -> list[str]:
    words, entries = started.arguments, started.environment
    rows = [("command line", _ABSENT if words is None else shell_line(words))]
    told = [_ABSENT] if entries is None else [safe_text(entry) for entry in entries]
    rows += [("" if number else "environment", entry) for number, entry in enumerate(told)]
    return columns(rows, "  ")
