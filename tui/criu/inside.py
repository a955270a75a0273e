"""What was running: processes, files, sockets and mounts of a checkpoint, read together."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass

from tui.archive.forward import forward
from tui.archive.model import Contents, Problem
from tui.archive.spool import Store
from tui.criu.descriptors import Descriptors, descriptors
from tui.criu.files import file_table
from tui.criu.images import FOLDER, Images, is_large_ghost
from tui.criu.mounts import Mounts, mounts
from tui.criu.processes import Processes, processes
from tui.criu.sockets import Sockets, sockets
from tui.errors import ArchiveError


@dataclass(frozen=True, slots=True)
class Inside:
    """All that the images say without a look into memory."""

    processes: Processes = Processes()
    descriptors: Descriptors = Descriptors()
    sockets: Sockets = Sockets()
    mounts: Mounts = Mounts()
    problems: tuple[Problem, ...] = ()
    """Of all of them; offsets count from the start of the image."""


def read_inside(contents: Contents, folder: str = FOLDER) -> Inside:
    """What the images in `folder` say; what cannot be read is a problem and stays empty.

    Where a deleted file is large, the archive is read again as far as that lies in it.
    """
    with ExitStack() as stack:
        return _inside(Images(contents, folder, _store(contents, stack)))


def _store(contents: Contents, stack: ExitStack) -> Store | None:
    """What the images of large deleted files are read through, if there are any."""
    ghosts = (is_large_ghost(contents, member) for member in contents.members)
    if contents.finished and any(ghosts):
        with suppress(ArchiveError):
            return stack.enter_context(forward(contents))
    return None


def _inside(images: Images) -> Inside:
    table = file_table(images)
    running = processes(images, table)
    return Inside(
        processes=running,
        descriptors=descriptors(
            images,
            running.by_pid.values(),
            architecture=running.architecture or "amd64",
            table=table,
        ),
        sockets=sockets(images, table),
        mounts=mounts(images),
        problems=tuple(images.problems),
    )
