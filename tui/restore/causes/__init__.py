"""Every known reason for which a restore fails, and the errors that are none."""

import re
from collections.abc import Iterable

from tui.restore.causes.files import FILES
from tui.restore.causes.harmless import HARMLESS
from tui.restore.causes.machine import CGROUPS, REFUSALS, SHORTAGES
from tui.restore.causes.network import NETWORK
from tui.restore.causes.podman import PODMAN
from tui.restore.causes.processes import PROCESSES
from tui.restore.causes.registry import Cause, Harmless, Known, Yields, recognised
from tui.restore.causes.runtime import AFTERWARDS, RUNTIME
from tui.restore.causes.storage import STORAGE

__all__ = ["CAUSES", "HARMLESS", "Cause", "Harmless", "Known", "Yields", "harmless", "known"]

CAUSES: tuple[Cause, ...] = (
    *CGROUPS,  # they say that no space is left, and mean no disk
    *SHORTAGES,  # whatever it was that failed of them
    *PROCESSES,
    *FILES,
    *NETWORK,
    *PODMAN,
    *STORAGE,
    *RUNTIME,  # any file that is missing counts as one to mount
    *AFTERWARDS,
    *REFUSALS,
)
"""The first that fits is the one."""


def known(text: str, programs: Iterable[str]) -> Known | None:
    """The cause that `text` tells, which `programs` have said or passed on."""
    return recognised(text, programs, CAUSES)


def harmless(error: str) -> Harmless | None:
    """Why CRIU's `error` is not the cause; None where it may be."""
    return next((one for one in HARMLESS if re.match(one.pattern, error)), None)
