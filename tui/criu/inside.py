"""What was running: processes, files, sockets and mounts of a checkpoint, read together."""

from dataclasses import dataclass

from tui.archive.model import Contents, Problem
from tui.criu.descriptors import Descriptors, descriptors
from tui.criu.files import file_table
from tui.criu.images import FOLDER, Images
from tui.criu.mounts import Mounts, mounts
from tui.criu.processes import Processes, processes
from tui.criu.sockets import Sockets, sockets


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
    """What the images in `folder` say; what cannot be read is a problem and stays empty."""
    images = Images(contents, folder)
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
