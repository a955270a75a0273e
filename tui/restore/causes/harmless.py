"""Errors in CRIU's log that are no cause: CRIU goes on, or they follow from another error."""

from tui.restore.causes.registry import Harmless

HARMLESS = (
    Harmless(
        r"rlimit: Can't setup RLIMIT_NOFILE for self",
        "CRIU goes on with the limit that it has; the logs of restores that work say it too.",
    ),
    Harmless(
        r"(?:cg: cgroupd|uns): recv req error",
        "CRIU's helper says it once the main process has ended, for whatever reason.",
    ),
    Harmless(
        r"(?:\d+ )?exited, status=",
        "A process gave up because of an error that it has named, or a program that CRIU called"
        " failed, and CRIU says next what for.",
    ),
    Harmless(r"Restoring FAILED", "CRIU says it after every failure."),
    Harmless(
        r"Killing processes because of failure on restore",
        "CRIU cleans up after another error.",
    ),
    Harmless(
        r"Restorer (?:fail|abnormal termination)",
        "The last step of a process failed of what it has said before.",
    ),
    Harmless(
        r"Failed to switch restore stage",
        "CRIU waited for processes that had failed before.",
    ),
    Harmless(r"Unable to open fd=", "The line before says what could not be opened."),
    Harmless(r"`- Can't open vma", "The line before says which mapped file is missing."),
    Harmless(
        r"Can't wait or bad status|Can't create net_ns|Failed to wait on helpers and zombies"
        r"|Child \d+ died too early",
        "A child process has failed before, and has said of what.",
    ),
    Harmless(
        r"cg: Restoring \S+ special property failed|cg: Restoring special \S+ props failed"
        r"|cg: Abort restore of existing cgroups|cg: Can't move into",
        "The line before says which value or cgroup it was.",
    ),
    Harmless(
        r"mnt(?:-v2)?: Can't (?:remove the directory|umount)|cg: Unable to (?:umount|remove)",
        "CRIU cleans up its mounts after another error.",
    ),
)
