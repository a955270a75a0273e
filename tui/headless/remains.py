"""What a restore has left behind, removed."""

import asyncio

from tui.headless.streams import say
from tui.host.host import Host
from tui.report import text
from tui.restore import recovery
from tui.restore.events import Level, LogLine, Remains
from tui.restore.journal import Record
from tui.text import safe_text


def remove(host: Host, record: Record, remains: tuple[Remains, ...]) -> bool:
    """Whether all of `remains` could be removed."""

    async def run() -> list[LogLine]:
        return [line async for line in recovery.remove(host, record, remains)]

    lines = asyncio.run(run())
    for line in lines:
        for words in text.event_lines(line):
            say(words)
    failed = any(line.level is Level.ERROR for line in lines)
    say("not everything could be removed" if failed else f"removed: {named(remains)}")
    return not failed


def named(remains: tuple[Remains, ...]) -> str:
    """All of them in one line."""
    return ", ".join(f"{thing.kind} {safe_text(thing.name)}" for thing in remains)
