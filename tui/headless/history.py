"""The restores that were run from here, and what is left of them."""

import asyncio

from tui.errors import ExitCode, UsageError
from tui.headless.remains import remove
from tui.headless.streams import ask_person, print_json, say
from tui.host.collect import reachable
from tui.host.host import Host
from tui.host.staging import remove_leftovers
from tui.report import document
from tui.report.history import history_text, record_markdown, record_text
from tui.restore import journal, recovery
from tui.restore.journal import CleanUp, Record
from tui.restore.recovery import Fate
from tui.text import safe_text


def history(wanted: str, *, as_json: bool, as_markdown: bool) -> int:
    """List the restores that were run from here, or show the one whose ID begins with `wanted`."""
    states = [(record, journal.state(record)) for record in _records(wanted)]
    if as_json:
        print_json(document.history_document(states))
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
        if not yes and not ask_person("Podman is still restoring it. Stop that?"):
            return ExitCode.INTERRUPTED
        asyncio.run(recovery.stop(where, record))
        aftermath = asyncio.run(recovery.look(where, record))
    asyncio.run(remove_leftovers(where))
    if aftermath.fate is Fate.RUNS:
        say(f"{safe_text(record.name)} runs: Podman, or a later try, has brought it back")
        return ExitCode.OK
    if aftermath.fate is Fate.NOTHING:
        say("nothing of it is left")
        return ExitCode.OK
    for remains in aftermath.remains:
        say(f"left behind: {remains.kind} {safe_text(remains.name)}")
    if not yes and not ask_person("Remove that?"):
        journal.settled(record, CleanUp.KEPT)
        return ExitCode.INTERRUPTED
    done = remove(where, record, aftermath.remains)
    return ExitCode.OK if done else ExitCode.BLOCKED


def _records(wanted: str) -> list[Record]:
    found = [record for record in journal.records() if record.id.startswith(wanted)]
    if wanted and not found:
        raise UsageError(f"there is no record {wanted!r}; `podthaw history` lists them all")
    return found
