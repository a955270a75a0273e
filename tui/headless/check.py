"""Whether a checkpoint will restore, and what is known of the host that it would restore on."""

import asyncio

from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.reading import read
from tui.errors import ExitCode, HostError
from tui.headless.archives import archive_code, checksum
from tui.headless.inspect import inspect
from tui.headless.streams import print_json
from tui.host.collect import collect, reachable
from tui.host.facts import HostFacts
from tui.host.host import Host
from tui.host.questions import Questions, questions
from tui.report import document, text
from tui.restore.ability import ability
from tui.restore.options import RestoreOptions
from tui.restore.plan import Verdict, make_plan

_VERDICT_CODES = {
    Verdict.READY: ExitCode.OK,
    Verdict.BLOCKED: ExitCode.BLOCKED,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
}


def check(path: str, host: Host, options: RestoreOptions, *, as_json: bool) -> int:
    """Say whether the checkpoint at `path` will restore on `host`."""
    sha256 = checksum(path) if as_json else None
    checkpoint, facts = asyncio.run(_read_and_ask(path, host))
    if facts is None or isinstance(facts, HostError):
        inspect(path, sections=(), as_json=as_json, reveal=False)
        if facts is None:
            return ExitCode.ARCHIVE
        raise facts
    plan = make_plan(checkpoint, facts, options)
    if sha256:
        print_json(document.check_document(checkpoint, facts, plan, sha256=sha256()))
    else:
        print(text.check_text(checkpoint, facts, plan))
    return archive_code(checkpoint) or _VERDICT_CODES[plan.verdict]


def host(where: Host, *, as_json: bool) -> int:
    """Print every fact about the host, and whether it can restore at all."""
    facts = asyncio.run(_ask(where, Questions()))
    if as_json:
        print_json(document.host_document(facts))
    else:
        print(text.host_text(facts))
    return _VERDICT_CODES[ability(facts).verdict]


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
