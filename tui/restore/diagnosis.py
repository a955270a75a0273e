"""Why a restore failed, what that means and what helps.

Podman's last line is often not the cause: of several errors of CRIU it repeats the first, which
may be harmless, or the last, which is a consequence. So the first telling error counts: CRIU's in
its own log, or in the runtime's excerpt of it, and what stopped Podman before CRIU ran. What is
known of such errors is in `tui.restore.causes`.
"""

import re
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from tui.restore.causes import Known, Yields, harmless, known
from tui.restore.conflict import Conflict, Remedy
from tui.restore.events import Diagnosis, Level, LogLine
from tui.restore.options import RestoreOptions
from tui.text import safe_text

BEFORE = 3
AFTER = 5
"""Lines around an unknown error that are shown with it."""

MANY = 10
"""Lines of one error that are shown; a runtime's excerpt of CRIU's log can be long."""

LATELY = 100
"""Lines before the end in which a reason is looked for that Podman does not give itself."""

LONGEST = 4096
"""Characters of an error that are looked through."""

_NO_OPTIONS = RestoreOptions()

_CRIU_ERROR = re.compile(
    r"(?:(?:Error|OCI runtime error|crun|runc): )*(?:\d+:)?\(\d+\.\d+\)\s*(?:pie: )?(?:\d+: )?"
    r"Error \([^()\s]+:\d+\): (.*)"
)
"""An error in CRIU's log, or where a runtime repeats it."""

_EXCERPT = re.compile(r"^(.*?)--- .*$", re.MULTILINE)
"""Where the runtime's excerpt of CRIU's log begins and ends."""

_KIND = re.compile(
    r": OCI (?:permission denied|runtime error|runtime attempted to invoke a command that was not"
    r" found)$"
)
"""How Podman sorts errors of the runtime, by words that occur in them."""

_PROGRAM = re.compile(r"\b(crun|runc|netavark|conmon)\b[^:\s]*:")

_OF_RUNTIME = re.compile(r"\b(?:OCI|[Cc][Rr][Ii][Uu]|crun|runc|conmon)\b")
"""Podman names the runtime, or how it sorts its error, when it passes that on."""

_UNKNOWN = (
    "podthaw does not know this error. The lines around it follow; the log of the restore has all."
)

_SILENT = "It printed no error. Its last lines follow; the host's journal may tell more."


@dataclass(frozen=True, slots=True)
class _Error:
    """Something that may be the cause."""

    source: str
    """The program that says it."""
    text: str
    lines: Sequence[LogLine]
    """All lines of the log that it stands in."""
    at: int
    """Where among them it begins."""
    length: int = 1

    @property
    def own(self) -> tuple[LogLine, ...]:
        """Its lines, or the first of very many."""
        return tuple(self.lines[self.at : self.at + min(self.length, MANY)])

    @property
    def around(self) -> tuple[LogLine, ...]:
        """Its lines with those before and after."""
        end = self.at + self.length
        return (
            *self.lines[max(0, self.at - BEFORE) : self.at],
            *self.own,
            *self.lines[end : end + AFTER],
        )

    @property
    def known(self) -> Known | None:
        """What is known of it."""
        programs = {self.source, *(found[1] for found in _PROGRAM.finditer(self.text))}
        if "OCI runtime" in self.text:
            programs |= {"crun", "runc"}
        return known(_KIND.sub("", self.text[:LONGEST]), programs)


def diagnose(
    criu: Sequence[LogLine],
    podman: Sequence[LogLine],
    status: int,
    conflicts: Iterable[Conflict] = (),
    options: RestoreOptions = _NO_OPTIONS,
) -> Diagnosis:
    """Why a restore failed.

    `criu` is restore.log, all of it, empty if it could not be read; `podman` is what Podman
    printed, in which there may be an excerpt of that log; `status` is Podman's exit status, with a
    signal as subprocess (-9) or as a shell (137) writes it. `conflicts` are those of the plan that
    was carried out with these `options`, also the ones that were skipped.
    """
    words = _last_words(podman)
    error = next(_criu_errors(criu), None) or next(_criu_errors(podman), None)
    ended = _signal(status)
    if ended and not words and not (error and error.known):
        return _killed(ended, podman or criu)
    telling = _telling(words, error, podman)
    if telling is None:
        cause = f"podman ended with status {status} and gave no reason"
        return Diagnosis("", cause, _SILENT, _end(podman or criu), "", ())
    said = _one_line(words) if words and words is not telling else ""
    told = telling.known
    if told is None:
        return Diagnosis("", _one_line(telling), _UNKNOWN, telling.around, said, ())
    evidence = _evidence(telling, told)
    if telling is words and told.cause.yields is not Yields.NOTHING:
        evidence += error.own if error else _end(criu)
    remedies = tuple(_remedies(telling, told, conflicts, options))
    return Diagnosis(told.cause.code, told.sentence, told.advice, evidence, said, remedies)


def _telling(
    words: _Error | None, error: _Error | None, podman: Sequence[LogLine]
) -> _Error | None:
    """Which is the cause: Podman's last words, CRIU's first error, or something in between."""
    by_podman = words.known if words else None
    yields = by_podman.cause.yields if by_podman else Yields.ALL
    if yields is Yields.NOTHING:
        return words
    before_criu = words and yields is Yields.ALL and not _OF_RUNTIME.search(words.text)
    if error and not before_criu:
        return words if yields is Yields.KNOWN and not error.known else error
    if yields is Yields.KNOWN:
        return words
    on_the_way = list(_on_the_way(podman))
    errors = [one for one in on_the_way if one.own[0].level is Level.ERROR]
    for earlier in errors if before_criu else on_the_way:
        if (told := earlier.known) and told.cause.yields is Yields.NOTHING:
            return earlier
    return words or next(iter(errors), None)


def _evidence(error: _Error, told: Known) -> tuple[LogLine, ...]:
    """The one line of several that tells it, if it is one."""
    lines = error.lines[error.at : error.at + error.length]
    line = next((one for one in lines if re.search(told.cause.pattern, one.text)), None)
    return (line,) if line else error.own


def _remedies(
    error: _Error, told: Known, conflicts: Iterable[Conflict], options: RestoreOptions
) -> list[Remedy]:
    """Those of the conflicts that foresaw the cause; else those that always help against it."""
    foreseen = [conflict for conflict in conflicts if conflict.code in told.cause.checks]
    meant = [one for one in foreseen if _is_about(one, error.text, told.subjects)]
    found: list[Remedy] = []
    for conflict in meant or foreseen:
        found += [remedy for remedy in conflict.remedies if remedy not in found]
    return found or [remedy for remedy in told.cause.remedies if _helps(remedy, options)]


def _is_about(conflict: Conflict, text: str, names: Iterable[str]) -> bool:
    subject = safe_text(conflict.subject)
    return _occurs(subject, text) or any(_occurs(name, subject) for name in names)


def _occurs(name: str, text: str) -> bool:
    """Whether `name` stands in `text` as a whole: not port 80 in 8080."""
    return name != "" and bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", text))


def _helps(remedy: Remedy, options: RestoreOptions) -> bool:
    """Whether it changes something, and Podman accepts what comes of it."""
    changed = replace(options, **remedy.options)
    return changed != options and not (changed.tcp_established and changed.name)


def _criu_errors(lines: Sequence[LogLine]) -> Iterator[_Error]:
    """CRIU's errors, without those that are never the cause."""
    for at, line in enumerate(lines):
        if found := _CRIU_ERROR.match(line.text):
            text = _KIND.sub("", found[1])
            if text and not harmless(text):
                yield _Error("criu", text, lines, at)


def _on_the_way(lines: Sequence[LogLine]) -> Iterator[_Error]:
    """What Podman and the programs that it runs have said lately, without CRIU."""
    for at in range(max(0, len(lines) - LATELY), len(lines)):
        line = lines[at]
        if line.level is not Level.DEBUG and line.source != "criu":
            yield _Error(line.source, line.text, lines, at)


def _last_words(podman: Sequence[LogLine]) -> _Error | None:
    """Podman's `Error: …` with all its lines, but without an excerpt of CRIU's log."""
    errors = [
        at
        for at, line in enumerate(podman)
        if line.source == "podman" and line.level is Level.ERROR
    ]
    starts = [at for at in errors if podman[at].text.startswith("Error: ")]
    if not starts:
        return None
    lines = [podman[at].text for at in errors if at >= starts[-1]]
    text = _EXCERPT.sub(r"\1", "\n".join(lines).removeprefix("Error: "))
    return _Error("podman", text, podman, starts[-1], errors[-1] - starts[-1] + 1)


def _one_line(error: _Error) -> str:
    return safe_text(" ".join(error.text.split()))


def _end(lines: Sequence[LogLine]) -> tuple[LogLine, ...]:
    return tuple(lines[-AFTER:])


def _signal(status: int) -> int:
    """The signal that ended a command, 0 if none did."""
    return -status if status < 0 else status - 128 if 128 < status < 256 else 0


def _killed(number: int, lines: Sequence[LogLine]) -> Diagnosis:
    name = f"signal {number}"
    with suppress(ValueError):
        name = signal.Signals(number).name
    advice = "Somebody has ended it, or the host was shutting down. Try again."
    if number == signal.SIGKILL:
        advice = (
            "Somebody has killed it, or the kernel did because memory ran out: `journalctl -k |"
            " grep -i oom` tells. Free memory, and try again."
        )
    elif number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGBUS):
        advice = "Podman itself has crashed: update it, or report it with the lines that follow."
    cause = f"podman was ended by {name}"
    return Diagnosis("podman-killed", cause, advice, _end(lines), "", ())
