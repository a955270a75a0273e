"""Carrying out a remedy: its commands on the host, one after the other, until one fails."""

import asyncio
from collections.abc import Callable

from tui.errors import PodthawError
from tui.host.host import Host, NoAnswer
from tui.restore.commands import Commands
from tui.restore.conflict import Remedy
from tui.restore.events import Event, Level, LogLine, Step
from tui.restore.output import new_output
from tui.restore.trace import Trace
from tui.text import shell_line


async def carry_out(
    host: Host, remedy: Remedy, emit: Callable[[Event], None], cancelled: asyncio.Event
) -> bool:
    """Run the commands of `remedy`, tell `emit` what they print; whether all of them succeeded."""
    try:
        with new_output() as output:
            commands = Commands(host, output, str, emit, cancelled, trace=Trace(), memory=0)
            for argv in remedy.commands:
                emit(LogLine("podthaw", Level.INFO, shell_line(argv)))
                status, _ = await commands.run(Step.PULL, argv)
                if status != 0:
                    emit(LogLine("podthaw", Level.ERROR, f"it failed with status {status}"))
                    return False
    except (NoAnswer, PodthawError) as error:
        emit(LogLine("podthaw", Level.ERROR, str(error)))
        return False
    return True
