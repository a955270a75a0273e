"""The views of the inspector: what they are called, and what they show."""

from collections.abc import Callable
from dataclasses import dataclass

from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC
from tui.ui.rows.file_facts import file_facts
from tui.ui.rows.files import files_table
from tui.ui.rows.filesystem import filesystem_facts, filesystem_table
from tui.ui.rows.findings import finding_facts, findings_table
from tui.ui.rows.logs import log_facts, logs_table, sizes_table
from tui.ui.rows.memory import memory_table
from tui.ui.rows.model import Row, Table
from tui.ui.rows.mounts import mount_facts, mounts_table
from tui.ui.rows.processes import process_facts, processes_table
from tui.ui.rows.raw import raw_table
from tui.ui.rows.running import Running
from tui.ui.rows.sockets import socket_facts, sockets_table

HOST = "host"
MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class View:
    """One of the things that the inspector shows."""

    id: str
    title: str
    key: str = ""
    """What leads there; empty where nothing but the list does."""
    document: str = ""
    """The name under which conflicts know it; empty for what is no document."""
    empty: str = ""
    """What is said where the archive has no such document."""
    table: Callable[[Running], Table] | None = None
    """Its rows."""
    late: Callable[[Running, bool], Table] | None = None
    """In place of `table` where that takes long, or depends on whether values may be shown."""
    facts: Callable[[Running, Row, bool], Table] | None = None
    """All about one of them: what was running, the row, whether values may be shown."""


FINDINGS = "findings"

VIEWS = (
    View("summary", "Summary", "1"),
    View(FINDINGS, "Findings", "f", table=findings_table, facts=finding_facts),
    View("config", "Config", "2", CONFIG, "there is no config.dump in the archive"),
    View("spec", "Spec", "3", SPEC, "there is no spec.dump in the archive"),
    View("network", "Network", "4", NETWORK, "the container had no network of its own"),
    View("host", "Host", "5", HOST),
    View("processes", "Processes", "6", table=processes_table, facts=process_facts),
    View("files", "Files", "7", table=files_table, facts=file_facts),
    View("sockets", "Sockets", "8", table=sockets_table, facts=socket_facts),
    View("memory", "Memory", "9", table=memory_table),
    View("mounts", "Mounts", "0", table=mounts_table, facts=mount_facts),
    View("filesystem", "File system", table=filesystem_table, facts=filesystem_facts),
    View("logs", "Logs", late=logs_table, facts=log_facts),
    View("sizes", "Sizes", table=sizes_table),
    View("raw", "Raw images", table=raw_table),
    View("archive", "Archive", "", MEMBERS),
)
"""In the order of the list."""

DOCUMENTS = tuple(view for view in VIEWS if view.document)
INSIDE = tuple(view for view in VIEWS if view.table or view.late)


def tables(running: Running) -> dict[str, Table]:
    """The rows of every view that has them at once, by its ID."""
    return {view.id: view.table(running) for view in INSIDE if view.table}
