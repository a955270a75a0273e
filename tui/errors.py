"""What can go wrong, each with its exit code, said in one place."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command tells a script; the README lists them."""

    OK = 0
    BLOCKED = 1
    NOTHING = 1
    """What was looked for is not there."""
    DIFFERENT = 1
    """The two that were compared are not the same."""
    USAGE = 2
    ARCHIVE = 3
    HOST = 4
    UNKNOWN = 5
    DEFECT = 70
    """An exception that nobody expected; sysexits.h calls it EX_SOFTWARE."""
    INTERRUPTED = 130


class PodthawError(Exception):
    """Something that people are told about; the message says what, why and what to do."""

    exit_code: ExitCode = ExitCode.BLOCKED


class UsageError(PodthawError):
    """The command line itself is wrong, or a question would need a terminal."""

    exit_code = ExitCode.USAGE


class ArchiveError(PodthawError):
    """The archive cannot be read at all."""

    exit_code = ExitCode.ARCHIVE


class NoCheckpointError(ArchiveError):
    """It can be read, but it is no checkpoint that could be opened; `what` says what it is."""

    def __init__(self, message: str, what: str) -> None:
        super().__init__(message)
        self.what = what


class HostError(PodthawError):
    """The host cannot be asked at all."""

    exit_code = ExitCode.HOST
