"""Stopping a restore so that nothing of it lives on.

Podman starts conmon, which has a process group of its own, and conmon starts the OCI runtime.
Until then it is enough to end Podman. From then on that would leave a restore that goes on without
Podman: the container would run, and Podman would not know. So the runtime is killed instead, and
Podman sees its restore fail and puts its house in order.
"""

import asyncio

from tui.host.host import Host, Process
from tui.host.processes import output, signal
from tui.restore.processes import find_conmon, runtime_tree
from tui.restore.trace import Trace

_TRIES = 50
_PAUSE = 0.2
"""Seconds between two looks at what still runs."""


async def stop(host: Host, podman: Process, trace: Trace) -> None:
    """Take one step towards the end of `podman`; to be called again until it has ended."""
    if trace.conmon is None:
        podman.terminate()
    else:
        await kill_runtime(host, trace)


async def kill_runtime(host: Host, trace: Trace) -> bool:
    """Kill the runtime and all that it has started; whether conmon was there to watch over it."""
    conmon = await find_conmon(host, trace)
    if conmon:
        await signal(host, "KILL", await runtime_tree(host, conmon, trace.container))
    return bool(conmon)


async def settle(host: Host, trace: Trace) -> bool:
    """After Podman has died: end what it had started, and make the runtime forget it.

    Returns whether nothing of it is left.
    """
    if trace.conmon is None:
        return True
    for _ in range(_TRIES):
        # conmon writes its PID down a moment after Podman has said that it runs
        await asyncio.sleep(_PAUSE)
        if not await kill_runtime(host, trace):
            break
    else:
        return False
    await output(host, [trace.conmon.runtime, "delete", "--force", trace.container])
    return True
