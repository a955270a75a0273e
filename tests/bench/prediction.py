"""How often podthaw's verdict is what then happens: `python -m tests.bench.prediction [WORD...]`.

For every scenario of `tests.lab.scenarios` podthaw is asked first; then Podman tries the same
restore, whatever the verdict, and the container must be running afterwards. A restore that fails
though nothing was said to block it is a miss; a blocker in front of a restore that works is a
false alarm. Of a restore that fails podthaw must name the cause, and after the clean-up the host
must be what it was. With words, only scenarios whose names contain one of them are run.
"""

import asyncio
import fcntl
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.lab.conftest import LAB_ROOT
from tests.lab.machine import HERE, Lab
from tests.lab.scenarios import ELSEWHERE, REFUSED, SCENARIOS, WORKS, Collection, Scenario
from tui.checkpoint.reading import load
from tui.host.collect import collect
from tui.host.facts import HostFacts
from tui.host.host import Answer
from tui.host.questions import questions
from tui.host.staging import staged
from tui.restore.conflict import Remedy, Severity
from tui.restore.diagnosis import diagnose
from tui.restore.events import Finished, LogLine, Status
from tui.restore.log import LogReader
from tui.restore.options import RestoreOptions
from tui.restore.plan import Plan, Verdict, apply, command, make_plan

MARK = "/run/before-the-restore"

CAUSE = 90
"""Characters of a cause that are shown."""

_IDS = re.compile(r"[0-9a-f]{64}")

LOGS = "/var/lib/containers/storage/overlay-containers"


@dataclass(frozen=True)
class Outcome:
    """One scenario: what podthaw said, and what happened."""

    scenario: Scenario
    verdict: Verdict
    codes: tuple[str, ...]
    """Of the conflicts that make the verdict."""
    restored: bool
    cause: str
    """Why it failed, in one line."""
    code: str = WORKS
    """Of the diagnosis; WORKS where it was restored."""
    left: tuple[str, ...] = ()
    """What is not as before once podthaw has cleaned up."""

    @property
    def misnamed(self) -> bool:
        """Another cause was named than the true one."""
        return not self.restored and self.code != self.scenario.cause

    @property
    def missed(self) -> bool:
        """It failed, and nothing was said to block it."""
        return self.verdict is Verdict.READY and not self.restored

    @property
    def false_alarm(self) -> bool:
        """It worked, and something was said to block it."""
        return self.verdict is Verdict.BLOCKED and self.restored

    @property
    def unsure(self) -> bool:
        """podthaw did not commit itself, and there is no reason for that."""
        return self.verdict is Verdict.UNKNOWN and not self.scenario.open_question

    @property
    def staged_otherwise(self) -> bool:
        """It ended in another way than the scenario means to show."""
        return self.restored is not (self.scenario.cause == WORKS)


async def outcome(lab: Lab, scenario: Scenario, archive: str) -> Outcome:
    """Stage a scenario, ask podthaw, let Podman try, and clean up."""
    lab.clean()
    try:
        with scenario.host(lab):
            plan, facts = await _mended(lab, scenario, archive)
            worst = Severity.BLOCKER if plan.verdict is Verdict.BLOCKED else Severity.UNCHECKED
            codes = tuple(dict.fromkeys(c.code for c in plan.conflicts if c.severity is worst))
            if scenario.cause == WORKS:
                cause = await _tried(lab, archive, facts, plan.options)
                return Outcome(scenario, plan.verdict, codes, not cause, cause)
            failed, left = await _forced(lab, archive, plan.options)
            restored = failed.status is Status.RESTORED
            code = failed.diagnosis.code if failed.diagnosis else REFUSED
            return Outcome(scenario, plan.verdict, codes, restored, failed.cause, code, left)
    finally:
        lab.clean()


async def _mended(lab: Lab, scenario: Scenario, archive: str) -> tuple[Plan, HostFacts]:
    """The plan after the scenario's remedies."""
    checkpoint = load(archive)
    options = scenario.options
    for wanted in (*scenario.remedies, None):
        facts = await collect(lab.host, questions(checkpoint))
        plan = make_plan(checkpoint, facts, options)
        if wanted is None:
            break
        remedy = _offered(plan, wanted)
        options = apply(options, remedy)
        for argv in remedy.commands:
            lab.run(*argv)
    return plan, facts


def _offered(plan: Plan, wanted: str) -> Remedy:
    offered = {one.id: one for conflict in plan.conflicts for one in conflict.remedies}
    assert wanted in offered, f"there is no remedy {wanted}, only {', '.join(offered) or 'none'}"
    return offered[wanted]


async def _tried(lab: Lab, archive: str, facts: HostFacts, options: RestoreOptions) -> str:
    """Why the restore fails; empty if the container runs afterwards."""
    checkpoint = load(archive)
    lab.run("touch", MARK)
    async with staged(lab.host, checkpoint.contents, lambda done, total: None) as path:
        answer = await lab.host.run(command(path, facts, options), timeout=60)
    if answer.status != 0:
        return _cause(lab, answer)
    name = options.name or checkpoint.config.name
    alive = await lab.host.run(("podman", "exec", name, "/bin/true"))
    return "" if alive.status == 0 else f"restored, and then: {alive.stderr.strip()}"


async def _forced(
    lab: Lab, archive: str, options: RestoreOptions
) -> tuple[Finished, tuple[str, ...]]:
    """How podthaw's own restore ends, whatever blocks it, and what its clean-up leaves."""
    before = lab.everything()
    finished = (await lab.restore(archive, options, force=True)).finished
    await lab.clean_up(finished)
    return finished, tuple(sorted(before ^ lab.everything()))


def _cause(lab: Lab, answer: Answer) -> str:
    log = lab.run("find", LOGS, "-name", "restore.log", "-newer", MARK, "-exec", "cat", "{}", "+")
    criu, podman = _lines(log, "criu"), _lines(answer.stderr, "podman")
    return diagnose(criu, podman, answer.status).cause or f"exit status {answer.status}"


def _lines(text: str, program: str) -> list[LogLine]:
    read = LogReader(lambda line: line, program)
    return [line for line in map(read, text.splitlines()) if line]


def broken(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those in which podthaw was wrong or unsure, or the scenario is not what it says."""
    return [
        one
        for one in outcomes
        if one.missed
        or one.false_alarm
        or one.unsure
        or one.staged_otherwise
        or one.misnamed
        or one.left
    ]


def report(outcomes: Iterable[Outcome]) -> str:
    """The table, the counts, and what could not be staged."""
    outcomes = list(outcomes)
    said = [
        f"{one.verdict}: {', '.join(one.codes)}" if one.codes else str(one.verdict)
        for one in outcomes
    ]
    names = [one.scenario.name for one in outcomes]
    wide, wider = (max(map(len, column), default=0) for column in (names, said))
    lines = [
        f"{_sign(one):1} {name:{wide}}  {verdict:{wider}}  {_short(one.cause) or 'restored'}"
        for one, name, verdict in zip(outcomes, names, said, strict=True)
    ]
    lines += [
        f"{one.scenario.name}: {one.code or 'unknown'} and not {one.scenario.cause}"
        for one in outcomes
        if one.misnamed
    ]
    lines += [f"{one.scenario.name} leaves: {thing}" for one in outcomes for thing in one.left]
    fails = sum(not one.restored for one in outcomes)
    counts = (
        f"{len(outcomes)} restores, {fails} fail and {len(outcomes) - fails} work: "
        f"{sum(one.missed for one in outcomes)} missed failures, "
        f"{sum(one.false_alarm for one in outcomes)} false blockers, "
        f"{sum(one.misnamed for one in outcomes)} causes misnamed, "
        f"{sum(bool(one.left) for one in outcomes)} hosts not as before, "
        f"{sum(one.unsure for one in outcomes)} left open, "
        f"{sum(one.scenario.open_question for one in outcomes)} that nobody can know"
    )
    elsewhere = f"Not staged on this machine: {'; '.join(ELSEWHERE)}."
    return "\n".join((*lines, "", counts, elsewhere, ""))


def _short(cause: str) -> str:
    """The part of a cause that tells it from others, within a line."""
    text = _IDS.sub(lambda found: found[0][:12], cause.partition("\n")[0])
    return text if len(text) <= CAUSE else f"{text[: CAUSE - 1]}…"


def _sign(one: Outcome) -> str:
    if one.missed or one.false_alarm or one.misnamed or one.left:
        return "✖"
    return "?" if one.unsure or one.staged_otherwise else ""


def chosen(words: Iterable[str]) -> Iterator[Scenario]:
    """The scenarios that are named, or all."""
    wanted = list(words)
    for scenario in SCENARIOS:
        if not wanted or any(word in scenario.name for word in wanted):
            yield scenario


async def run(lab: Lab, scenarios: Iterable[Scenario], archives: Collection) -> list[Outcome]:
    """Every scenario, one after the other."""
    outcomes = []
    for scenario in scenarios:
        begun = perf_counter()
        try:
            one = await outcome(lab, scenario, archives[scenario.archive])
        except AssertionError as error:
            cause = f"could not be staged: {error}"
            one = Outcome(scenario, Verdict.UNKNOWN, (), scenario.cause != WORKS, cause)
        outcomes.append(one)
        took = perf_counter() - begun
        print(f"{_sign(one) or '.'} {scenario.name} ({took:.1f} s)", file=sys.stderr, flush=True)
    return outcomes


def main(words: list[str]) -> int:
    """Run what is asked for, with the lab for itself; 1 if podthaw was wrong."""
    with LAB_ROOT.with_suffix(".lock").open("w") as lock, tempfile.TemporaryDirectory() as folder:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([HERE / "lab", "apart", str(os.getpid())], check=True)
        os.environ["XDG_STATE_HOME"] = folder
        lab = Lab()
        outcomes = asyncio.run(run(lab, chosen(words), Collection(lab, Path(folder))))
    print(report(outcomes))
    return 1 if broken(outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
