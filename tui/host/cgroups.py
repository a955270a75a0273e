"""The cgroup folders of a host, whichever version of cgroups it has."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from tui.host import answers
from tui.host.host import Answer, NoAnswer, printed
from tui.text import plural

Ask = Callable[[Sequence[str]], Awaitable[Answer]]
"""Runs one command on the host."""

CGROUPS = "/sys/fs/cgroup"
"""Where cgroups are; with cgroups v1 each controller is a folder of it."""

MOST = 2000
"""Folders of one container that are looked at; a container makes as many as it likes."""

_PROCESSES = "cgroup.procs"
"""The file of a cgroup folder that lists the processes in it."""

_NAMED = 2
"""Words of a command that errors name."""


async def cgroup_folders(ask: Ask, cgroups: Sequence[str]) -> Mapping[str, bool]:
    """The folders of `cgroups`, the inner ones first, each with whether processes are in it.

    Raises NoAnswer when the host does not say, or has too many.
    """
    if not cgroups:
        return {}
    names = printed(await ask(("ls", "--", CGROUPS)), _NAMED).splitlines()
    roots = [CGROUPS] if "cgroup.controllers" in names else [f"{CGROUPS}/{name}" for name in names]
    places = [root + cgroup for root in roots for cgroup in cgroups]
    answer = await ask(("du", "--null", "--", *places))
    # du fails when one of the folders is missing, and prints the others
    missing = answer.status == 1 and "No such file" in answer.stderr
    folders = answers.folders(answer.stdout if missing else printed(answer, _NAMED))
    if len(folders) > MOST:
        raise NoAnswer(
            f"the container has {plural(len(folders), 'cgroup folder')}, and podthaw looks at "
            f"{MOST:,}"
        )
    if not folders:
        return {}
    counted = await ask(("wc", "--lines", "--", *(f"{folder}/{_PROCESSES}" for folder in folders)))
    # wc fails when one of the folders has vanished meanwhile, and counts the others
    empty = answers.empty_files(counted.stdout or printed(counted, _NAMED))
    return {folder: f"{folder}/{_PROCESSES}" not in empty for folder in folders}
