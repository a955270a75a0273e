"""The restore itself: from the archive to a container that runs, as a stream of events.

The terminal UI and the commands consume the same events. Nothing is removed unasked: what a
failed restore leaves behind is named in the last event.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tui.archive.model import Contents
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import load
from tui.checkpoint.secrets import variables
from tui.checkpoint.summary import memory_size
from tui.errors import PodthawError
from tui.host.collect import collect
from tui.host.facts import Known
from tui.host.host import Host, NoAnswer
from tui.host.questions import questions
from tui.host.staging import own_folder, staged
from tui.restore import journal
from tui.restore.checks import Case
from tui.restore.checks.image import find_image
from tui.restore.commands import Commands
from tui.restore.conflict import Conflict, Severity
from tui.restore.diagnosis import diagnose
from tui.restore.earlier import Earlier, can_try_again
from tui.restore.events import (
    Diagnosis,
    Event,
    Finished,
    Level,
    LogLine,
    Outcome,
    Progress,
    Remains,
    Status,
    Step,
    StepFinished,
    StepStarted,
)
from tui.restore.options import RestoreOptions
from tui.restore.output import Output, new_output
from tui.restore.plan import Plan, command, command_in_place, make_plan
from tui.restore.recovery import refuse_if_working
from tui.restore.remains import clean_up, find_remains
from tui.restore.stop import settle
from tui.restore.trace import Trace
from tui.restore.verify import Inspected, differences, inspected
from tui.text import Redactor, safe_text, shell_line

T = TypeVar("T")

PATIENCE = 3.0
"""Seconds after which a restored container must still run."""

_ID = re.compile(r"[0-9a-f]{64}")


@dataclass
class _Report:
    """How a step ends, unless it fails."""

    outcome: Outcome = Outcome.OK
    detail: str = ""

    def skip(self, why: str) -> None:
        self.outcome, self.detail = Outcome.SKIPPED, why


class _End(Exception):
    """The restore ends here, without a restored container."""

    def __init__(
        self,
        status: Status,
        cause: str = "",
        *,
        diagnosis: Diagnosis | None = None,
        conflicts: Sequence[Conflict] = (),
        runs: bool = False,
    ) -> None:
        super().__init__(cause)
        self.status = status
        self.cause = cause
        self.diagnosis = diagnosis
        self.conflicts = tuple(conflicts)
        self.runs = runs
        """The container runs all the same, and nobody should be led to remove it."""


@dataclass(frozen=True)
class _Run:
    """What the steps that change something share."""

    case: Case
    plan: Plan
    entry: journal.Entry
    commands: Commands


class Restore:
    """One restore of the archive at `path` on `host`.

    With a `checkpoint`, it is this one that must still lie at `path`. `force` goes on in spite of
    blockers, `reveal` leaves the values of environment variables in the log, and `patience` is
    how many seconds the container must run before it counts as restored. With an `earlier` try,
    what that has left is restored in place.
    """

    def __init__(
        self,
        host: Host,
        path: str,
        options: RestoreOptions,
        *,
        checkpoint: Checkpoint | None = None,
        force: bool = False,
        reveal: bool = False,
        patience: float = PATIENCE,
        earlier: Earlier | None = None,
    ) -> None:
        self._host = host
        self._path = path
        self._options = options
        self._given = checkpoint
        self._force = force
        self._reveal = reveal
        self._patience = patience
        self._earlier = earlier
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._cancelled = asyncio.Event()

    @property
    def options(self) -> RestoreOptions:
        """With which it restores."""
        return self._options

    def cancel(self) -> None:
        """Stop as soon as that leaves nothing running; too late once the container is back."""
        self._cancelled.set()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Restore, and say what happens; `Finished` comes last, whatever goes wrong.

        Whoever stops listening does not stop the restore: that is what `cancel` is for.
        """
        work = asyncio.create_task(self._work())
        work.add_done_callback(lambda _: self._events.put_nowait(None))
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await work
        finally:
            work.cancel()
            await asyncio.wait({work})

    async def _work(self) -> None:
        name = self._options.name
        try:
            checkpoint = await self._read()
            name = name or checkpoint.config.name
            case, plan = await self._check(checkpoint)
            with new_output() as output:
                record = journal.begun(
                    case,
                    plan,
                    name=name,
                    host=self._host,
                    forced=self._force,
                    log=output.path,
                    criu_log=output.criu_path,
                )
                with journal.kept(record) as entry:
                    finished = await self._carry_out(case, plan, output, entry)
                    self._note(entry.change, **journal.ending(finished))
        except _End as end:
            finished = Finished(end.status, name=name, cause=end.cause, conflicts=end.conflicts)
        except PodthawError as error:
            finished = Finished(Status.FAILED, name=name, cause=str(error))
        self._emit(finished)

    def _note(self, write: Callable[..., None], *values: Any, **changes: Any) -> None:
        """Write something down; what has been done is not lost for want of a record."""
        try:
            write(*values, **changes)
        except PodthawError as error:
            self._say(Level.WARNING, str(error))

    async def _carry_out(
        self, case: Case, plan: Plan, output: Output, entry: journal.Entry
    ) -> Finished:
        """The steps that change something on the host."""
        redact = str if self._reveal else Redactor(variables(case.checkpoint))
        run = _Run(
            case,
            plan,
            entry,
            Commands(
                self._host,
                output,
                redact,
                self._emit,
                self._cancelled,
                trace=self._earlier.trace if self._earlier else Trace(),
                memory=memory_size(case.checkpoint),
            ),
        )
        try:
            async with AsyncExitStack() as stack:
                path = await self._copy(case, stack)
                await self._pull(run)
                await self._restore(run, path)
                found = await self._verify(case, run.commands.trace)
        except _End as end:
            finished = await self._failed(run, end)
        else:
            finished = Finished(
                Status.RESTORED,
                id=found.id,
                name=found.name,
                answers=found.answers,
                undo=await self._remains(run),
            )
        if not self._reveal:
            self._note(output.mask, redact)
        return replace(
            finished,
            log=str(output.path) if output.path.stat().st_size else "",
            criu_log=str(output.criu_path) if run.commands.criu else "",
            record=entry.record.id,
        )

    async def _failed(self, run: _Run, end: _End) -> Finished:
        remains = () if end.runs else await self._remains(run)
        trace = run.commands.trace
        return Finished(
            end.status,
            id=trace.container,
            name=run.entry.record.name,
            cause=end.cause,
            said=end.diagnosis.said if end.diagnosis else "",
            diagnosis=end.diagnosis,
            remains=remains,
            again=can_try_again(trace, remains),
        )

    async def _remains(self, run: _Run) -> tuple[Remains, ...]:
        """What this restore, and the earlier try that it went on from, have made."""
        record = run.entry.record
        before = self._earlier.before if self._earlier else record.before
        return await find_remains(self._host, record.footprint, before, run.commands.trace)

    async def _read(self) -> Checkpoint:
        async with self._step(Step.READ):
            checkpoint = self._given
            if checkpoint is None:
                checkpoint = await self._unless_cancelled(asyncio.to_thread(load, self._path))
            if not checkpoint.whole:
                problems = [problem.message for problem in checkpoint.contents.problems]
                raise _End(Status.FAILED, "; ".join(problems) or "The archive is not complete.")
        return checkpoint

    async def _check(self, checkpoint: Checkpoint) -> tuple[Case, Plan]:
        async with self._step(Step.CHECK):
            await refuse_if_working(self._host, self._options.name or checkpoint.config.name)
            facts = await self._unless_cancelled(collect(self._host, questions(checkpoint)))
            if self._earlier:
                facts = self._earlier.without(facts)
            plan = make_plan(checkpoint, facts, self._options)
            if plan.blockers and not self._force:
                titles = "; ".join(blocker.title for blocker in plan.blockers)
                raise _End(Status.BLOCKED, titles, conflicts=plan.blockers)
            for conflict in plan.conflicts:
                if conflict.severity is Severity.BLOCKER:
                    self._say(Level.WARNING, f"skipped by force: {conflict.title}")
                elif conflict.severity is not Severity.NOTE:
                    self._say(Level.WARNING, f"{conflict.severity}: {conflict.title}")
        return Case(checkpoint, facts, self._options), plan

    async def _copy(self, case: Case, stack: AsyncExitStack) -> str:
        """The archive's path on the host."""

        def progress(done: int, total: int) -> None:
            self._emit(Progress(Step.COPY, "copying the archive to the host", done, total))

        async with self._step(Step.COPY) as report:
            contents = case.checkpoint.contents
            if self._earlier:
                report.skip("the earlier try has unpacked it")
                return ""
            path = await self._unless_cancelled(
                stack.enter_async_context(staged(self._host, contents, progress))
            )
            if _same(path, contents):
                report.skip("the host sees the same file")
        return path

    async def _pull(self, run: _Run) -> None:
        config, images = run.case.checkpoint.config, run.case.facts.images
        async with self._step(Step.PULL) as report:
            if not isinstance(images, Known) or not config.image_name:
                report.skip("Podman looks for the image itself")
                return
            if find_image(images.value, config.image_name):
                report.skip("the image is on the host")
                return
            name = safe_text(config.image_name)
            self._emit(Progress(Step.PULL, f"pulling {name}"))
            # of a pull that is cancelled Podman leaves what it had got so far: there, it goes along
            async with own_folder(self._host) as folder:
                argv = ("env", f"TMPDIR={folder}", "podman", "pull", "--", config.image_name)
                status, lines = await self._run(run, Step.PULL, argv)
            if self._cancelled.is_set():
                raise _End(Status.CANCELLED)
            if status != 0:
                raise self._diagnosed(run, lines, status)
            pulled = [line.text for line in lines if _ID.fullmatch(line.text)][-1:]
            known = {image.id for image in images.value}
            if config.image_id not in {*pulled, *known}:
                raise _End(
                    Status.FAILED,
                    f"{name} is another image by now: the container was made of "
                    f"{safe_text(config.image_id[:12])}, and {', '.join(pulled)[:12] or 'another'} "
                    "was pulled. Bring the right one over with `podman save` and `podman load`.",
                )

    async def _restore(self, run: _Run, path: str) -> None:
        async with self._step(Step.RESTORE):
            if self._earlier:
                argv = command_in_place(self._earlier.container, self._options)
                await self._make_way(self._earlier)
            else:
                argv = command(path, run.case.facts, self._options)
            self._say(Level.INFO, shell_line(argv))
            # a copy is removed in the end, and Podman opens the archive more than once
            abandon = not path or _same(path, run.case.checkpoint.contents)
            status, lines = await self._run(run, Step.RESTORE, argv, abandon=abandon)
            if status != 0:
                if not await settle(self._host, run.commands.trace):
                    self._say(Level.ERROR, "something of the restore still runs on the host")
                if self._cancelled.is_set():
                    raise _End(Status.CANCELLED)
                raise self._diagnosed(run, lines, status)

    async def _make_way(self, earlier: Earlier) -> None:
        """Remove of the earlier try what its second one would stumble over."""
        async for line in clean_up(self._host, await earlier.obstacles(self._host)):
            self._emit(line)

    async def _run(
        self, run: _Run, step: Step, argv: tuple[str, ...], *, abandon: bool = True
    ) -> tuple[int, list[LogLine]]:
        """Run a command that changes the host, and write down that it was run."""
        run.entry.started(argv)
        status, lines = await run.commands.run(step, argv, abandon=abandon)
        self._note(run.entry.ran, status)
        return status, lines

    def _diagnosed(self, run: _Run, lines: list[LogLine], status: int) -> _End:
        found = diagnose(run.commands.criu, lines, status, run.plan.conflicts, self._options)
        return _End(Status.FAILED, found.cause, diagnosis=found)

    async def _verify(self, case: Case, trace: Trace) -> Inspected:
        async with self._step(Step.VERIFY):
            found = await self._inspect(trace.container)
            wrong = list(differences(case, trace, found))
            if not wrong:
                text = f"it runs; looking again in {self._patience:g} s"
                self._emit(Progress(Step.VERIFY, text))
                await asyncio.sleep(self._patience)
                found = await self._inspect(trace.container)
                wrong = list(differences(case, trace, found))
            if wrong:
                status = Status.CANCELLED if self._cancelled.is_set() else Status.FAILED
                cause = f"Podman restored the container, but {'; '.join(wrong)}"
                raise _End(status, safe_text(cause), runs=found.state.running)
        return found

    async def _inspect(self, container: str) -> Inspected:
        argv = ("podman", "container", "inspect", container)
        try:
            answer = await self._host.run(argv)
            if answer.status == 0:
                return inspected(answer.stdout)
        except (NoAnswer, PodthawError) as error:
            cause = f"Podman restored the container, but nobody can say how it is: {error}"
            raise _End(Status.FAILED, cause, runs=True) from None
        said = safe_text(answer.stderr.strip())
        raise _End(Status.FAILED, f"Podman restored the container and lost it: {said}")

    @asynccontextmanager
    async def _step(self, step: Step) -> AsyncIterator[_Report]:
        """Say that `step` begins and how it ends; everything that can go wrong becomes _End."""
        report = _Report()
        self._emit(StepStarted(step))
        try:
            if self._cancelled.is_set() and step is not Step.VERIFY:
                raise _End(Status.CANCELLED)
            yield report
        except (PodthawError, NoAnswer, _End) as error:
            end = error if isinstance(error, _End) else _End(Status.FAILED, str(error))
            detail = end.cause or end.status.value
            self._emit(StepFinished(step, Outcome.FAILED, detail))
            raise end from None
        self._emit(StepFinished(step, report.outcome, report.detail))

    async def _unless_cancelled(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which is broken off when the restore is cancelled."""
        working = asyncio.create_task(work)
        cancelling = asyncio.create_task(self._cancelled.wait())
        try:
            await asyncio.wait({working, cancelling}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise _End(Status.CANCELLED)
            return working.result()
        finally:
            working.cancel()
            cancelling.cancel()
            await asyncio.wait({working, cancelling})

    def _say(self, level: Level, text: str) -> None:
        self._emit(LogLine("podthaw", level, text))

    def _emit(self, event: Event) -> None:
        self._events.put_nowait(event)


def _same(path: str, contents: Contents) -> bool:
    """Whether the host restores from the very file that was read."""
    return path == str(Path(contents.path).absolute())
