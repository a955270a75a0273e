"""A checkpoint restored: the container's ID, or the events, and what becomes of a failure."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import aclosing
from enum import Enum, auto
from time import monotonic

from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.errors import ArchiveError, ExitCode, PodthawError
from tui.headless.remains import named, remove
from tui.headless.streams import ask_person, say
from tui.host.collect import collect, reachable
from tui.host.host import Host
from tui.host.questions import questions
from tui.report import document, text
from tui.restore import journal, recovery
from tui.restore.events import Event, Finished, Level, LogLine, Progress, Remains, Status
from tui.restore.journal import CleanUp, Record
from tui.restore.options import RestoreOptions
from tui.restore.pipeline import Restore
from tui.restore.plan import Plan, Verdict, make_plan
from tui.text import safe_text

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
    say(text.check_text(checkpoint, facts, plan))
    name = options.name or checkpoint.config.name
    if plan.blockers and not force:
        cause = "; ".join(blocker.title for blocker in plan.blockers)
        return Finished(Status.BLOCKED, name=name, cause=cause, conflicts=plan.blockers)
    if not ask_person(_question(plan)):
        return Finished(Status.CANCELLED, name=name)
    return None


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
        wanted = ask_person(f"Remove what was left behind ({named(remains)})?")
    else:
        wanted = after is AfterFailure.CLEAN_UP
    if wanted:
        remove(host, record, remains)
    else:
        journal.settled(record, CleanUp.KEPT)
        say(f"left as it is: {named(remains)}")


def _remind(host: Host) -> None:
    """Say that there are restores of whose remains nobody was asked yet."""
    for record in journal.unsettled(host.name):
        say(
            f"An earlier restore of {safe_text(record.name)} was interrupted: "
            f"`podthaw history {record.id} --clean-up` shows what it left, and removes it."
        )


def _question(plan: Plan) -> str:
    blocked = plan.verdict is Verdict.BLOCKED
    return "Restore in spite of what blocks it?" if blocked else "Restore?"


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
                say(line)


def _print_event(event: Event) -> None:
    print(document.dumps(document.event_document(event), indent=None), flush=True)
