"""Stopping a restore so that nothing of it lives on.

Podman starts conmon, which has a process group of its own, and conmon starts the OCI runtime.
Until then it is enough to end Podman. From then on that would leave a restore that goes on without
Podman: the container would run, and Podman would not know. So the runtime is killed instead, and
Podman sees its restore fail and puts its house in order.
"""

import asyncio
from collections.abc import Sequence

from tui.host.host import Host, NoAnswer, Process
from tui.restore.trace import Trace

_TRIES = 50
_PAUSE = 0.2
"""Seconds between two looks at what still runs."""


async def stop(host: Host, podman: Process, trace: Trace) -> None:
    """Take one step towards the end of `podman`; to be called again until it has ended."""
    if trace.conmon is None:
        podman.terminate()
        return
    conmon = await _conmon(host, trace)
    if conmon:
        await _kill(host, await _runtime_tree(host, conmon, trace.container))


async def settle(host: Host, trace: Trace) -> bool:
    """After Podman has died: end what it had started, and make the runtime forget it.

    Returns whether nothing of it is left.
    """
    if trace.conmon is None:
        return True
    for _ in range(_TRIES):
        # conmon writes its PID down a moment after Podman has said that it runs
        await asyncio.sleep(_PAUSE)
        conmon = await _conmon(host, trace)
        if not conmon:
            break
        await _kill(host, await _runtime_tree(host, conmon, trace.container))
    else:
        return False
    await _output(host, [trace.conmon.runtime, "delete", "--force", trace.container])
    return True


async def _conmon(host: Host, trace: Trace) -> str:
    """The PID of the container's conmon, empty if there is none (any more)."""
    assert trace.conmon
    pid = (await _output(host, ["cat", "--", trace.conmon.pid_file])).strip()
    return pid if pid.isdecimal() and trace.container in await _words(host, pid) else ""


async def _runtime_tree(host: Host, conmon: str, container: str) -> list[str]:
    """The PIDs of the runtime and of all that it started, but not of Podman's own cleaning up."""
    found = []
    for child in await _children(host, conmon):
        words = await _words(host, child)
        if not ("cleanup" in words and container in words):
            found += [child, *await _descendants(host, child)]
    return found


async def _descendants(host: Host, pid: str) -> list[str]:
    children = await _children(host, pid)
    return [*children, *[one for child in children for one in await _descendants(host, child)]]


async def _children(host: Host, pid: str) -> list[str]:
    # CRIU itself needs a kernel that has these lists
    return (await _output(host, ["cat", f"/proc/{pid}/task/{pid}/children"])).split()


async def _words(host: Host, pid: str) -> list[str]:
    return (await _output(host, ["cat", f"/proc/{pid}/cmdline"])).split("\0")


async def _kill(host: Host, pids: Sequence[str]) -> None:
    if pids:
        # a host without procps has no `kill` but the shell's; it gets the PIDs as arguments
        await _output(host, ["sh", "-c", 'kill -KILL "$@"', "kill", *pids])


async def _output(host: Host, argv: Sequence[str]) -> str:
    """What `argv` prints, as far as it works: what it looks for may just have gone."""
    try:
        return (await host.run(argv)).stdout
    except NoAnswer:
        return ""
