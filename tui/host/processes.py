"""Finding and ending processes of a host, with nothing but what every host has."""

import asyncio
from collections.abc import Sequence

from tui.host.host import Host, NoAnswer


async def find(host: Host, argv: Sequence[str]) -> list[str]:
    """The PIDs of the commands on the host whose arguments end in `argv`, whatever runs them."""
    return [
        pid
        for pid in await naming(host, argv[-1])
        if (await arguments(host, pid))[-len(argv) :] == list(argv)
    ]


async def naming(host: Host, text: str) -> list[str]:
    """The PIDs of the commands on the host with `text` in their arguments."""
    # a host without procps has no `pgrep`; the pattern is the shell's to expand, the text is not
    script = 'grep -lsF -- "$1" /proc/[0-9]*/cmdline'
    listed = await output(host, ["sh", "-c", script, "sh", text])
    pids = [path.split("/")[2] for path in listed.split()]
    # the search has found itself too, and is gone by now
    return [pid for pid in pids if text in " ".join(await arguments(host, pid))]


async def descendants(host: Host, pid: str) -> list[str]:
    """The PIDs of what a process has started, and of what that has."""
    children = await children_of(host, pid)
    below = await asyncio.gather(*(descendants(host, child) for child in children))
    return [*children, *(one for some in below for one in some)]


async def children_of(host: Host, pid: str) -> list[str]:
    """The PIDs of what a process has started itself."""
    # CRIU itself needs a kernel with these lists; each thread has one
    script = 'cat /proc/"$1"/task/*/children'
    return (await output(host, ["sh", "-c", script, "sh", pid])).split()


async def arguments(host: Host, pid: str) -> list[str]:
    """The arguments of a process; none if there is no such process."""
    return (await output(host, ["cat", f"/proc/{pid}/cmdline"])).split("\0")[:-1]


async def signal(host: Host, name: str, pids: Sequence[str]) -> None:
    """Send the signal `name` (`KILL`, `TERM`) to `pids`."""
    if pids:
        # a host without procps has no `kill` but the shell's; it gets the PIDs as arguments
        await output(host, ["sh", "-c", 'kill -"$@"', "kill", name, *pids])


async def output(host: Host, argv: Sequence[str]) -> str:
    """What `argv` prints, as far as it works: what it looks for may just have gone."""
    try:
        return (await host.run(argv)).stdout
    except NoAnswer:
        return ""
