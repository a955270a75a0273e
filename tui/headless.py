"""The commands for scripts: data to standard output, everything else to standard error."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import aclosing
from enum import Enum, auto
from pathlib import Path
from time import monotonic

from tui.archive.digest import member_digests, sha256_aside
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load, read
from tui.errors import ArchiveError, ExitCode, HostError, PodthawError, UsageError
from tui.host.collect import collect, reachable
from tui.host.facts import HostFacts
from tui.host.host import Host
from tui.host.questions import Questions, questions
from tui.host.staging import remove_leftovers
from tui.report import document, text
from tui.report.history import history_text, record_markdown, record_text
from tui.report.parts import digests_document
from tui.report.parts_text import digests_lines
from tui.restore import journal, recovery
from tui.restore.checks import CHECKS, table
from tui.restore.checks import explain as explanation
from tui.restore.events import Event, Finished, Level, LogLine, Progress, Remains, Status
from tui.restore.journal import CleanUp, Record
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore
from tui.restore.plan import Plan, Verdict, make_plan
from tui.restore.recovery import Fate
from tui.text import safe_text

_VERDICT_CODES = {
    Verdict.READY: ExitCode.OK,
    Verdict.BLOCKED: ExitCode.BLOCKED,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
}

_STATUS_CODES = {
    Status.RESTORED: ExitCode.OK,
    Status.FAILED: ExitCode.BLOCKED,
    Status.BLOCKED: ExitCode.BLOCKED,
    Status.CANCELLED: ExitCode.INTERRUPTED,
}


class AfterFailure(Enum):
    """What becomes of what a failed restore left behind."""

    ASK = auto()
    CLEAN_UP = auto()
    KEEP = auto()


def inspect(
    path: str,
    *,
    sections: Sequence[str],
    as_json: bool,
    reveal: bool,
    digests: bool = False,
    memory: bool = False,
) -> int:
    """Print what is inside the checkpoint at `path`; with `digests` alone only those."""
    unknown = [name for name in sections if name not in document.SECTIONS]
    if unknown:
        raise UsageError(
            f"there is no section {unknown[0]!r}; there are {', '.join(document.SECTIONS)}"
        )
    if memory and document.FINDINGS not in (sections or document.SECTIONS * as_json):
        raise UsageError("--memory is about findings: say --section findings, too")
    digest = _digest(path) if as_json else None
    checkpoint = load(path)
    checksums = member_digests(checkpoint.contents) if digests else None
    if digest:
        found = document.inspect_document(
            checkpoint, sha256=digest(), sections=sections, reveal=reveal, memory=memory
        )
        if checksums:
            found["digests"] = digests_document(checksums)
        _print_json(found)
    else:
        if sections or not checksums:
            print(text.inspect_text(checkpoint, sections=sections, reveal=reveal, memory=memory))
        if checksums:
            print("\n".join(digests_lines(checksums)))
    return _archive_code(checkpoint)


def check(path: str, host: Host, options: RestoreOptions, *, as_json: bool) -> int:
    """Say whether the checkpoint at `path` will restore on `host`."""
    digest = _digest(path) if as_json else None
    checkpoint, facts = asyncio.run(_read_and_ask(path, host))
    if facts is None or isinstance(facts, HostError):
        inspect(path, sections=(), as_json=as_json, reveal=False)
        if facts is None:
            return ExitCode.ARCHIVE
        raise facts
    plan = make_plan(checkpoint, facts, options)
    if digest:
        _print_json(document.check_document(checkpoint, facts, plan, sha256=digest()))
    else:
        print(text.check_text(checkpoint, facts, plan))
    return _archive_code(checkpoint) or _VERDICT_CODES[plan.verdict]


def host(where: Host, *, as_json: bool) -> int:
    """Print every fact about the host."""
    facts = asyncio.run(_ask(where, Questions()))
    if as_json:
        _print_json(document.host_document(facts))
    else:
        print(text.host_text(facts))
    return ExitCode.OK


def explain(code: str) -> int:
    """Print the documentation of one check or rule, or the list of them all."""
    from tui import findings  # which loads the parser of CRIU's images

    if not code:
        print(f"checks before a restore:\n{text.checks_text(table())}")
        print(f"\nrules for findings:\n{text.checks_text(findings.table())}")
        return ExitCode.OK
    try:
        print(explanation(code) if code in CHECKS else findings.explain(code))
    except KeyError:
        raise UsageError(
            f"there is no check or rule {code!r}; `podthaw explain` lists them all"
        ) from None
    return ExitCode.OK


def history(wanted: str, *, as_json: bool, as_markdown: bool) -> int:
    """List the restores that were run from here, or show the one whose ID begins with `wanted`."""
    states = [(record, journal.state(record)) for record in _records(wanted)]
    if as_json:
        _print_json(document.history_document(states))
    elif as_markdown:
        print("\n\n".join(record_markdown(record, state) for record, state in states))
    elif wanted:
        print("\n\n".join(record_text(record, state) for record, state in states))
    else:
        print(history_text(states))
    return ExitCode.OK


def tidy(wanted: str, where: Host, *, yes: bool) -> int:
    """Remove what the restore whose ID begins with `wanted` has left on its host."""
    found = _records(wanted)
    if not wanted or len(found) > 1:
        raise UsageError("say the ID of one restore; `podthaw history` lists them all")
    (record,) = found
    if record.host != where.name:
        raise UsageError(
            f"that restore ran on {safe_text(record.host)}, and this is {safe_text(where.name)}: "
            "say the same --host or --host-command"
        )
    state = journal.state(record)
    if state is journal.State.RUNNING:
        raise UsageError(f"podthaw (process {record.podthaw}) is still running that restore")
    if state is journal.State.RESTORED:
        raise UsageError("that restore has succeeded: it left nothing that would be cleaned up")
    asyncio.run(reachable(where))
    aftermath = asyncio.run(recovery.look(where, record))
    if aftermath.fate is Fate.WORKING:
        if not yes and not _ask_person("Podman is still restoring it. Stop that?"):
            return ExitCode.INTERRUPTED
        asyncio.run(recovery.stop(where, record))
        aftermath = asyncio.run(recovery.look(where, record))
    asyncio.run(remove_leftovers(where))
    if aftermath.fate is Fate.RUNS:
        _say(f"{safe_text(record.name)} runs: Podman, or a later try, has brought it back")
        return ExitCode.OK
    if aftermath.fate is Fate.NOTHING:
        _say("nothing of it is left")
        return ExitCode.OK
    for remains in aftermath.remains:
        _say(f"left behind: {remains.kind} {safe_text(remains.name)}")
    if not yes and not _ask_person("Remove that?"):
        journal.settled(record, CleanUp.KEPT)
        return ExitCode.INTERRUPTED
    done = _remove(where, record, aftermath.remains)
    return ExitCode.OK if done else ExitCode.BLOCKED


def _records(wanted: str) -> list[Record]:
    found = [record for record in journal.records() if record.id.startswith(wanted)]
    if wanted and not found:
        raise UsageError(f"there is no record {wanted!r}; `podthaw history` lists them all")
    return found


def restore(
    path: str,
    host: Host,
    options: RestoreOptions,
    *,
    yes: bool,
    force: bool,
    in_place: bool,
    after_failure: AfterFailure,
    as_json: bool,
) -> int:
    """Restore the checkpoint at `path` on `host`; print the container's ID, as Podman does."""
    show = _Audience(_print_event if as_json else _Narrator())
    try:
        checkpoint = _whole(path)
        asyncio.run(reachable(host))
        _remind(host)
        earlier = recovery.earlier(path, host, options) if in_place else None
        if not yes:
            answer = _confirm(checkpoint, host, options, force=force)
            if answer is not None:
                if as_json:
                    show(answer)
                return _STATUS_CODES[answer.status]
        restoring = Restore(
            host, path, options, checkpoint=checkpoint, force=force, earlier=earlier
        )
        finished = asyncio.run(_follow(restoring, show))
    except PodthawError as error:
        if as_json:  # whoever reads the events gets a last one, whatever goes wrong
            show(Finished(Status.FAILED, cause=str(error)))
        raise
    if finished.status is Status.RESTORED and not as_json:
        print(finished.id)
    record = journal.find(finished.record) if finished.remains else None
    if record and not show.gone:
        _mend(host, record, finished.remains, after_failure)
    return _STATUS_CODES[finished.status]


def _whole(path: str) -> Checkpoint:
    """The checkpoint at `path`. Raises ArchiveError when not all of it can be read."""
    checkpoint = load(path)
    if not checkpoint.whole:
        problems = "; ".join(problem.message for problem in checkpoint.contents.problems)
        raise ArchiveError(f"{path}: {problems or 'not all of it could be read'}")
    return checkpoint


def _confirm(
    checkpoint: Checkpoint, host: Host, options: RestoreOptions, *, force: bool
) -> Finished | None:
    """Show what would happen and ask for it; how the restore ends if it is not to begin."""
    facts = asyncio.run(collect(host, questions(checkpoint)))
    plan = make_plan(checkpoint, facts, options)
    _say(text.check_text(checkpoint, facts, plan))
    name = options.name or checkpoint.config.name
    if plan.blockers and not force:
        cause = "; ".join(blocker.title for blocker in plan.blockers)
        return Finished(Status.BLOCKED, name=name, cause=cause, conflicts=plan.blockers)
    if not _ask_person(_question(plan)):
        return Finished(Status.CANCELLED, name=name)
    return None


async def _read_and_ask(path: str, host: Host) -> tuple[Checkpoint, HostFacts | HostError | None]:
    """All of the checkpoint, and what the host says, which is asked while the archive is read.

    No facts where the archive has no documents that make sense.
    """
    loop = asyncio.get_running_loop()
    first: asyncio.Future[Checkpoint | None] = loop.create_future()

    def tell(checkpoint: Checkpoint | None) -> None:
        if not first.done():
            first.set_result(checkpoint)

    def read_all() -> Checkpoint:
        try:
            for checkpoint in read(path):
                if checkpoint.readable or checkpoint.bare:
                    loop.call_soon_threadsafe(tell, checkpoint)
        finally:
            loop.call_soon_threadsafe(tell, None)
        return checkpoint

    reading = asyncio.create_task(asyncio.to_thread(read_all))
    begun = await first
    facts: HostFacts | HostError | None = None
    if begun:
        try:
            facts = await _ask(host, questions(begun))
        except HostError as error:
            facts = error
    return await reading, facts


async def _ask(host: Host, asked: Questions) -> HostFacts:
    await reachable(host)
    return await collect(host, asked)


async def _follow(restoring: Restore, show: "_Audience") -> Finished:
    """Run `restoring`, cancelled by an interrupt or a closed terminal; return its last event."""

    def cancel() -> None:
        show(LogLine("podthaw", Level.WARNING, "cancelling, so that nothing of it lives on"))
        restoring.cancel()

    def hang_up() -> None:
        show.gone = True
        restoring.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, cancel)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    async with aclosing(restoring.events()) as events:
        async for event in events:
            show(event)
            last = event
    assert isinstance(last, Finished)
    return last


def _mend(host: Host, record: Record, remains: tuple[Remains, ...], after: AfterFailure) -> None:
    if after is AfterFailure.ASK and sys.stdin.isatty():
        wanted = _ask_person(f"Remove what was left behind ({_names(remains)})?")
    else:
        wanted = after is AfterFailure.CLEAN_UP
    if wanted:
        _remove(host, record, remains)
    else:
        journal.settled(record, CleanUp.KEPT)
        _say(f"left as it is: {_names(remains)}")


def _remove(host: Host, record: Record, remains: tuple[Remains, ...]) -> bool:
    """Whether all of `remains` could be removed."""

    async def run() -> list[LogLine]:
        return [line async for line in recovery.remove(host, record, remains)]

    lines = asyncio.run(run())
    for line in lines:
        for words in text.event_lines(line):
            _say(words)
    failed = any(line.level is Level.ERROR for line in lines)
    _say("not everything could be removed" if failed else f"removed: {_names(remains)}")
    return not failed


def _names(remains: tuple[Remains, ...]) -> str:
    return ", ".join(f"{thing.kind} {safe_text(thing.name)}" for thing in remains)


def _remind(host: Host) -> None:
    """Say that there are restores of whose remains nobody was asked yet."""
    for record in journal.unsettled(host.name):
        _say(
            f"An earlier restore of {safe_text(record.name)} was interrupted: "
            f"`podthaw history {record.id} --clean-up` shows what it left, and removes it."
        )


def _question(plan: Plan) -> str:
    blocked = plan.verdict is Verdict.BLOCKED
    return "Restore in spite of what blocks it?" if blocked else "Restore?"


def _digest(path: str) -> Callable[[], str]:
    """What waits for the checksum of the file; a folder has none."""
    return str if Path(path).is_dir() else sha256_aside(path).result


def _archive_code(checkpoint: Checkpoint) -> int:
    return ExitCode.OK if checkpoint.whole else ExitCode.ARCHIVE


def _ask_person(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is no terminal to answer on: say --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _print_json(value: object) -> None:
    print(document.dumps(value))


class _Audience:
    """Whoever is told the events, for as long as somebody listens.

    A restore goes on without listeners: it would be in the middle of something.
    """

    def __init__(self, show: Callable[[Event], None]) -> None:
        self._show = show
        self.gone = False

    def __call__(self, event: Event) -> None:
        if not self.gone:
            try:
                self._show(event)
            except OSError:
                self.gone = True


class _Narrator:
    """Tells people what happens, and at most once a second how far it is."""

    def __init__(self) -> None:
        self._next = 0.0
        self._errors: list[Event] = []

    def __call__(self, event: Event) -> None:
        match event:
            case Progress(done=int(), total=int()) if not self._due(event):
                return
            case LogLine("podman", Level.ERROR, _):
                self._errors.append(event)  # of a failed restore the last event says it better
                return
            case Finished(Status.RESTORED):
                self._say(*self._errors)
        self._say(event)

    def _due(self, progress: Progress) -> bool:
        if not progress.done or (monotonic() < self._next and progress.done != progress.total):
            return False
        self._next = monotonic() + 1
        return True

    def _say(self, *events: Event) -> None:
        for event in events:
            for line in text.event_lines(event):
                _say(line)


def _print_event(event: Event) -> None:
    print(document.dumps(document.event_document(event), indent=None), flush=True)
