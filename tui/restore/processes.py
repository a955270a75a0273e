"""The processes of a restore on its host: conmon, the OCI runtime below it, what that starts."""

from tui.host.host import Host
from tui.host.processes import arguments, children_of, descendants, output
from tui.restore.trace import Trace


async def find_conmon(host: Host, trace: Trace) -> str:
    """The PID of the container's conmon, empty if there is none (any more)."""
    if trace.conmon is None:
        return ""
    pid = (await output(host, ["cat", "--", trace.conmon.pid_file])).strip()
    return pid if pid.isdecimal() and trace.container in await arguments(host, pid) else ""


async def runtime_tree(host: Host, conmon: str, container: str) -> list[str]:
    """The PIDs of the runtime and of all that it started, but not of Podman's own cleaning up."""
    found = []
    for child in await children_of(host, conmon):
        line = await arguments(host, child)
        if not ("cleanup" in line and container in line):
            found += [child, *await descendants(host, child)]
    return found


async def bytes_read(host: Host, trace: Trace) -> int:
    """How much the runtime, CRIU and the processes that come back have read together."""
    conmon = await find_conmon(host, trace)
    pids = await runtime_tree(host, conmon, trace.container) if conmon else []
    if not pids:
        return 0
    # one `cat` for all of them; those that have just ended are left out
    counters = await output(host, ["cat", "--", *(f"/proc/{pid}/io" for pid in pids)])
    return sum(
        int(line.removeprefix("rchar: "))
        for line in counters.splitlines()
        if line.startswith("rchar: ")
    )
