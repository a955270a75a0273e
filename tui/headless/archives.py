"""What the commands tell of an archive as a whole."""

from collections.abc import Callable
from pathlib import Path

from tui.archive.digest import sha256_aside
from tui.checkpoint.checkpoint import Checkpoint
from tui.errors import ExitCode
from tui.headless.streams import say
from tui.report.text import problem_lines


def checksum(path: str) -> Callable[[], str]:
    """What waits for the checksum of the file; a folder has none."""
    return str if Path(path).is_dir() else sha256_aside(path).result


def tell_problems(checkpoint: Checkpoint) -> None:
    """Say what is wrong with the archive, where a command is about something else."""
    for line in problem_lines(checkpoint.contents.problems):
        say(line)


def archive_code(checkpoint: Checkpoint) -> int:
    """How a command ends that has read all there is."""
    return ExitCode.OK if checkpoint.whole else ExitCode.ARCHIVE
