"""What was written to the container's files, and what is missing from them."""

import posixpath
import re
from collections.abc import Iterator

from tui.archive.model import MemberKind
from tui.checkpoint.filesystem import Entry, Fate, FileSystem, Kind
from tui.findings import programs
from tui.findings.programs import listed, users, words
from tui.findings.registry import (
    DescriptorPlace,
    FilePlace,
    Finding,
    Severity,
    first,
    rule,
)
from tui.findings.scene import Scene
from tui.text import plural

_SETUID, _SETGID, _RUNS = 0o4000, 0o2000, 0o111

_SYSTEM = (
    ("/etc/ld.so.preload", Severity.HIGH, "every program loads the libraries that it names"),
    ("/etc/sudoers", Severity.HIGH, "it says who may become root"),
    ("/etc/sudoers.d/", Severity.HIGH, "it says who may become root"),
    ("/etc/pam.d/", Severity.HIGH, "it says how people log in"),
    ("/etc/doas.conf", Severity.HIGH, "it says who may become root"),
    ("/etc/shadow", Severity.MEDIUM, "it has the passwords"),
    ("/etc/passwd", Severity.MEDIUM, "it has the users"),
    ("/etc/gshadow", Severity.LOW, "it has the groups"),
    ("/etc/group", Severity.LOW, "it has the groups"),
    ("/etc/ssh/sshd_config", Severity.MEDIUM, "it says how people log in"),
    ("/etc/ssh/sshd_config.d/", Severity.MEDIUM, "it says how people log in"),
    ("/etc/ld.so.conf", Severity.MEDIUM, "it says where libraries are looked for"),
    ("/etc/ld.so.conf.d/", Severity.MEDIUM, "it says where libraries are looked for"),
    ("/etc/nsswitch.conf", Severity.LOW, "it says where users and names are looked for"),
    ("/etc/profile", Severity.MEDIUM, "every login shell runs it"),
    ("/etc/profile.d/", Severity.MEDIUM, "every login shell runs it"),
    ("/etc/bash.bashrc", Severity.MEDIUM, "every shell runs it"),
    ("/etc/zsh/", Severity.MEDIUM, "every shell runs it"),
    ("/etc/environment", Severity.MEDIUM, "every login gets its variables"),
)
"""Files and folders, how much a change of them says, and why."""

_STARTUP = words(".bashrc .bash_profile .bash_login .bash_logout .profile .zshrc .zprofile .kshrc")

_PERSISTENT = (
    *("/etc/cron", "/etc/anacrontab", "/var/spool/cron/", "/var/spool/at/", "/etc/systemd/"),
    *("/lib/systemd/system", "/usr/lib/systemd/system", "/usr/local/lib/systemd/", "/etc/init.d/"),
    *("/etc/rc.local", "/etc/inittab", "/etc/rc.d/", "/etc/udev/rules.d/", "/etc/xdg/autostart/"),
    *("/etc/s6-overlay/", "/etc/runit/", "/etc/service/", "/etc/periodic/"),
)
"""What runs again by itself begins so."""

_HISTORIES = words(
    ".bash_history .ash_history .sh_history .zsh_history .history .python_history .mysql_history"
    " .psql_history .rediscli_history"
)

_LOGINS = words("wtmp btmp utmp lastlog secure auth.log audit.log")

_PROGRAM = re.compile(r"/(?:usr/(?:local/)?)?s?bin/[^/]+")
_LIBRARY = re.compile(r"/(?:usr/)?lib(?:32|64)?(?:/[\w-]+-linux-\w+)?/[^/]+\.so[^/]*")

_PACKAGES = (
    *("/var/lib/dpkg/status", "/lib/apk/db/installed", "/usr/lib/apk/db/installed"),
    *("/var/lib/rpm/", "/usr/lib/sysimage/rpm/", "/var/lib/pacman/local/"),
)
"""Where package managers note what is installed."""


@rule("system-file-changed", Severity.HIGH, "A file that the system trusts was changed")
def system_file_changed(scene: Scene) -> Iterator[Finding]:
    """The container changed a file that decides about users, logins, libraries or shells.

    High: ld.so.preload, sudoers, PAM. Medium: passwd, shadow, sshd_config, profiles, start-up
    files of shells. Low: groups and nsswitch.conf. Files that are mounts are not told. Harmless:
    start scripts add a user for the UID that they are run as, and packages that are installed at
    run time add theirs.
    """
    for entry in _written(scene):
        severity, why = _trusted(entry.path)
        if severity:
            yield Finding(
                "system-file-changed",
                severity,
                f"{entry.path} was {entry.fate}",
                f"It is more than data: {why}.",
                _places([entry], scene),
            )


@rule("system-program-changed", Severity.HIGH, "Programs or libraries of the system were written")
def system_program_changed(scene: Scene) -> Iterator[Finding]:
    """The container wrote programs to /bin, /usr/bin, /sbin, or libraries to /lib, /usr/lib.

    High; medium where all are in /usr/local, where people install by hand; low where the notes of
    a package manager changed too, which explains it and makes it easy to hide more. Whether the
    image has such a file shows a comparison with it.
    """
    found = [
        entry
        for entry in _written(scene)
        if _is_file(entry)
        and ((_PROGRAM.fullmatch(entry.path) and _runs(entry)) or _LIBRARY.fullmatch(entry.path))
    ]
    if found:
        severity = Severity.HIGH
        if any(entry.path.startswith(_PACKAGES) for entry in _written(scene)):
            severity = Severity.LOW
        elif all(entry.path.startswith("/usr/local/") for entry in found):
            severity = Severity.MEDIUM
        yield Finding(
            "system-program-changed",
            severity,
            f"{plural(len(found), 'program or library').replace('librarys', 'libraries')} written",
            f"{listed(entry.path for entry in found)}."
            + (" A package manager was at work, too." if severity is Severity.LOW else ""),
            _places(found, scene),
        )


@rule("packages-changed", Severity.INFO, "Packages were installed or removed")
def packages_changed(scene: Scene) -> Iterator[Finding]:
    """The notes of a package manager (dpkg, apk, rpm) changed while the container ran."""
    found = [entry for entry in _written(scene) if entry.path.startswith(_PACKAGES)]
    if found:
        yield Finding(
            "packages-changed",
            Severity.INFO,
            "Packages were installed or removed while it ran",
            f"Changed: {listed(entry.path for entry in found)}.",
            _places(found, scene),
        )


@rule("setuid-file", Severity.HIGH, "A program lends its owner's rights")
def setuid_file(scene: Scene) -> Iterator[Finding]:
    """A program with the setuid or setgid bit was written, or lies on a volume or a tmpfs.

    Medium, and high where a process that is not root could gain by it (it runs without
    no_new_privs, which would make the kernel ignore the bit). Low: setgid. Harmless: packages such
    as sudo, installed at run time.
    """
    eager = any(
        leader.credentials.effective_uid and not leader.credentials.no_new_privs
        for process in scene.inside.processes.by_pid.values()
        if (leader := process.leader)
    )
    for system, entry in _everywhere(scene):
        mode = entry.member.mode if entry.member else 0
        if not _is_file(entry) or not _runs(entry) or not mode & (_SETUID | _SETGID):
            continue
        setuid = bool(mode & _SETUID)
        owner = entry.member.owner[0 if setuid else 1] if entry.member else 0
        yield Finding(
            "setuid-file",
            (Severity.HIGH if eager else Severity.MEDIUM) if setuid else Severity.LOW,
            f"{entry.path} is {'setuid' if setuid else 'setgid'}",
            f"Whoever runs it gets the rights of {'user' if setuid else 'group'} {owner}."
            + (" A process without no_new_privs is not root yet." if setuid and eager else ""),
            (FilePlace(system.where, entry.path),),
        )


@rule("special-file", Severity.MEDIUM, "A device node or a named pipe was made")
def special_file(scene: Scene) -> Iterator[Finding]:
    """The container made a device node or a named pipe outside of /dev.

    With a device node the container's root reads a disk of the host, if the device cgroup lets it;
    a named pipe in /tmp is half of a shell over netcat. A tar inside tells the two apart, podthaw
    does not. Harmless: programs that talk over named pipes; those on volumes are not told.
    """
    for system, entry in _everywhere(scene):
        if (
            entry.member
            and entry.member.kind is MemberKind.OTHER
            and system.kind is not Kind.VOLUME
            and not entry.path.startswith("/dev/")
        ):
            yield Finding(
                "special-file",
                Severity.MEDIUM,
                f"{entry.path} is a device node or a named pipe",
                f"It was made with mode {entry.member.mode:04o}.",
                (FilePlace(system.where, entry.path),),
            )


@rule("program-in-writable", Severity.HIGH, "A program lies in a place that is made for data")
def program_in_writable(scene: Scene) -> Iterator[Finding]:
    """An executable file lies in /tmp, /var/tmp, /dev/shm or /run.

    High where it, or its folder, is hidden, medium otherwise. Harmless: tools that unpack
    themselves there. Empty files, such as engines make to mount something on, are not told.
    """
    mountpoints = scene.mountpoints
    for system, entry in _everywhere(scene):
        if (
            _is_file(entry)
            and _runs(entry)
            and entry.member
            and entry.member.size
            and programs.below(entry.path, programs.PUBLIC)
            and entry.path not in mountpoints
        ):
            secret = programs.hidden(entry.path)
            yield Finding(
                "program-in-writable",
                Severity.HIGH if secret else Severity.MEDIUM,
                f"{entry.path} is {'hidden and ' if secret else ''}executable",
                "Programs are not installed there; whoever can write nowhere else puts them there.",
                (FilePlace(system.where, entry.path),),
            )


@rule("persistence", Severity.MEDIUM, "Something will run again by itself")
def persistence(scene: Scene) -> Iterator[Finding]:
    """A job of cron or at, a unit of systemd, or a start script was written.

    Containers seldom have anything that would run them, so that it is either a package that was
    installed at run time, or somebody who wanted to stay.
    """
    for entry in _written(scene):
        if _leaf(entry) and entry.path.startswith(_PERSISTENT):
            yield Finding(
                "persistence",
                Severity.MEDIUM,
                f"{entry.path} was {entry.fate}",
                "What it says runs by itself, at its time or when the system starts.",
                _places([entry], scene),
            )


@rule("ssh-key", Severity.HIGH, "Keys for SSH were written")
def ssh_key(scene: Scene) -> Iterator[Finding]:
    """Keys that may log in (authorized_keys) were written, or keys that log in elsewhere (id_*).

    High for the first, medium for the second. Volumes count as well. Harmless: a container that
    is there to be logged into, or to fetch from a repository.
    """
    for system, entry in _everywhere(scene):
        folder, base = posixpath.split(entry.path)
        if not _leaf(entry) or not folder.endswith("/.ssh"):
            continue
        if base.startswith("authorized_keys"):
            severity, why = Severity.HIGH, "Whoever has one of its keys may log in."
        elif base.startswith("id_") and not base.endswith(".pub"):
            severity, why = Severity.MEDIUM, "Whoever has it may log in where it is known."
        else:
            continue
        yield Finding(
            "ssh-key",
            severity,
            f"{entry.path} was {entry.fate}",
            why,
            (FilePlace(system.where, entry.path),),
        )


@rule("traces-removed", Severity.HIGH, "Logs or a history are gone")
def traces_removed(scene: Scene) -> Iterator[Finding]:
    """A log or a shell's history was deleted, leads to /dev/null, or is deleted and still open.

    High where a history leads to /dev/null, which nobody does by accident; medium otherwise.
    Harmless: logs that were rotated, and images that send their logs to /dev/stdout (not told).
    """
    removed = [
        entry
        for _, entry in _everywhere(scene)
        if entry.fate is Fate.REMOVED and _is_trace(entry.path)
    ]
    if removed:
        yield Finding(
            "traces-removed",
            Severity.MEDIUM,
            f"{plural(len(removed), 'log')} deleted: {listed(one.path for one in removed)}",
            "The image, or the container before, had them.",
            _places(removed, scene),
        )
    for entry in _written(scene):
        base = posixpath.basename(entry.path)
        if entry.member and entry.member.link == "/dev/null" and base in _HISTORIES | _LOGINS:
            yield Finding(
                "traces-removed",
                Severity.HIGH,
                f"{entry.path} leads to /dev/null",
                "Nothing is written down there any more.",
                _places([entry], scene),
            )
    for file in scene.inside.descriptors.files.values():
        if file.deleted and _is_trace(file.path):
            holders = users(scene, file.id)
            yield Finding(
                "traces-removed",
                Severity.MEDIUM,
                f"{file.path} is deleted and still written to",
                f"{listed(f'PID {pid}' for pid, _ in holders) or 'Nobody'} has it open; its content"
                " mostly is in the checkpoint.",
                first(DescriptorPlace(pid, fd, file.id) for pid, fd in holders),
            )


@rule("shell-history", Severity.INFO, "Somebody worked in a shell")
def shell_history(scene: Scene) -> Iterator[Finding]:
    """A shell, an interpreter or a database client wrote down what was typed into it."""
    for system, entry in _everywhere(scene):
        base = posixpath.basename(entry.path)
        if base in _HISTORIES and _is_file(entry) and entry.member and entry.member.size:
            yield Finding(
                "shell-history",
                Severity.INFO,
                f"{entry.path} was {entry.fate}",
                "It has what somebody typed.",
                (FilePlace(system.where, entry.path),),
            )


def _root(scene: Scene) -> Iterator[FileSystem]:
    return (system for system in scene.systems if system.kind is Kind.ROOT)


def _written(scene: Scene) -> Iterator[Entry]:
    """What was added or changed in the root file system, mounts left out."""
    mountpoints = scene.mountpoints
    for system in _root(scene):
        for entry in system.entries:
            if entry.member and _leaf(entry) and entry.path not in mountpoints:
                yield entry


def _everywhere(scene: Scene) -> Iterator[tuple[FileSystem, Entry]]:
    for system in scene.systems:
        for entry in system.entries:
            yield system, entry


def _places(entries: list[Entry], scene: Scene) -> tuple[FilePlace, ...]:
    where = next((system.where for system in _root(scene)), "")
    return tuple(FilePlace(where, entry.path) for entry in entries[:20])


def _leaf(entry: Entry) -> bool:
    return entry.member is not None and entry.member.kind is not MemberKind.DIRECTORY


def _is_file(entry: Entry) -> bool:
    return entry.member is not None and entry.member.kind in (
        MemberKind.FILE,
        MemberKind.HARDLINK,
    )


def _runs(entry: Entry) -> bool:
    return entry.member is not None and bool(entry.member.mode & _RUNS)


def _trusted(path: str) -> tuple[Severity | None, str]:
    for known, severity, why in _SYSTEM:
        if path == known or (known.endswith("/") and path.startswith(known)):
            return severity, why
    if posixpath.basename(path) in _STARTUP:
        return Severity.MEDIUM, "the shells of its owner run it"
    return None, ""


def _is_trace(path: str) -> bool:
    return path.startswith("/var/log/") or posixpath.basename(path) in _HISTORIES
