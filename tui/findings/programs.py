"""What is known of programs by their names, and of places by their paths."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from tui.criu.processes import Process
from tui.criu.special import Memfd
from tui.findings.registry import PLACES
from tui.findings.scene import Scene


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


SHELLS = words("sh ash bash dash ksh ksh93 mksh zsh fish csh tcsh busybox-sh")

INTERPRETERS = re.compile(
    r"(?:python|perl|ruby|php|lua|node|nodejs|tclsh|awk|gawk|mawk|pwsh|expect)(?:[\d.]+)?"
)

FETCHERS = words("curl wget aria2c fetch ftp tftp scp sftp rsync lwp-download")

RELAYS = words("nc ncat netcat nc.openbsd nc.traditional socat telnet cryptcat chisel frpc ngrok")
"""Programs that connect whatever they are told to."""

SCANNERS = words(
    "nmap masscan zmap rustscan hydra medusa sqlmap nikto gobuster ffuf tcpdump tshark ettercap"
    " arpspoof responder hping3"
)

MINERS = words(
    "xmrig xmr-stak minerd cpuminer cgminer bfgminer ethminer nbminer t-rex lolminer"
    " kinsing kdevtmpfsi kthreaddi"
)
"""Programs that make somebody else money, and those that bring them along."""

DEBUGGERS = words(
    "gdb gdbserver lldb lldb-server strace ltrace dlv rr bpftrace perf frida-server frida"
    " radare2 r2 pyrasite py-spy jdb"
)

PACKAGERS = words(
    "apt apt-get aptitude dpkg apk yum dnf microdnf rpm zypper pacman pip pip3 gem cpan conda mamba"
)
"""Package managers that nobody starts a service with, as people do with npm."""

SERVERS = re.compile(
    r"nginx|openresty|apache2|httpd|lighttpd|caddy|haproxy|traefik|envoy|php-fpm[\d.]*|java"
    r"|mysqld|mariadbd|postgres|mongod|redis-server|valkey-server|memcached|named|unbound"
    r"|vsftpd|proftpd|smbd|exim4?|postfix|dovecot|uwsgi|gunicorn|tomcat|beam\.smp"
)
"""Servers that have no business with a shell, and whose own workers are no shells."""

DAEMONS = words(
    "sshd systemd systemd-journal systemd-logind systemd-udevd cron crond atd rsyslogd syslogd"
    " dbus-daemon nginx apache2 httpd postgres mysqld redis-server dockerd containerd kubelet"
    " agetty udevd auditd polkitd chronyd ntpd dhclient named"
)
"""What people expect to run, and so what others like to be called."""

ALIASES = {
    "httpd": ("apache2",),
    "apache2": ("httpd",),
    "mysqld": ("mariadbd",),
    "redis-server": ("valkey-server", "keydb-server", "redis-check-"),
    "syslogd": ("rsyslogd", "syslog-ng", "inetutils-syslogd"),
    "crond": ("cron", "cronie", "dcron", "supercronic"),
    "cron": ("crond",),
    "udevd": ("systemd-udevd", "udevadm"),
    "systemd-udevd": ("udevadm",),
    "dhclient": ("dhcpcd",),
    "named": ("bind",),
}
"""What the programs are called that really run under these names."""

_MANY = re.compile(r"busybox.*|toybox.*|coreutils|sbase-box|ld-.*\.so.*|ld\.so|qemu-.*")
"""Programs that others run in: what they run is their business."""

_KERNEL = re.compile(
    r"k(?:worker|softirqd|threadd|threaddi?|swapd|auditd|blockd|devtmpfs|devtmpfsi|compactd"
    r"|hugepaged|hungtaskd|integrityd|smd|rcud)(?:[\d/:].*)?"
    r"|(?:migration|watchdog|cpuhp|idle_inject|scsi_eh_?|irq|jbd2|xfsaild|ext4-|rcu_)[\d/:_-].*"
)
"""The names of kernel threads, as `ps` shows them in brackets."""

PUBLIC = ("/tmp", "/var/tmp", "/dev", "/run", "/var/run", "/proc", "/var/lock", "/run/lock")
"""Folders that programs are not installed in, and that everybody, or a process, can write to."""

_JIT = re.compile(
    r"java|node|nodejs|deno|bun|dotnet|mono.*|chrome.*|chromium.*|firefox.*|electron|luajit.*"
    r"|php.*|pypy.*|ruby.*|qemu-.*|beam\.smp|erl.*|julia|R|postgres|nginx|openresty|apache2|httpd"
    r"|haproxy|wasmtime|python[\d.]*|grafana|prometheus|mysqld|mariadbd|perl[\d.]*"
)
"""Programs that make code while they run: virtual machines, JIT compilers, regular expressions of
PCRE, closures of libffi."""


@dataclass(frozen=True, slots=True)
class Program:
    """The program that a process runs."""

    path: str
    """Empty if nobody knows it."""
    deleted: bool = False
    memfd: bool = False
    mount: int | None = None

    @property
    def base(self) -> str:
        """The last part of its path."""
        return posixpath.basename(self.path)


def program(scene: Scene, process: Process) -> Program:
    """The program of a process, from the file that its memory belongs to."""
    number = process.memory.exe_file_id
    file = None if number is None else scene.inside.descriptors.files.get(number)
    if file is None:
        return Program(process.exe)
    memfd = isinstance(file.detail, Memfd) or file.path.startswith("/memfd:")
    return Program(
        file.path or process.exe.removesuffix(" (deleted)"),
        deleted=file.deleted is not None and not memfd,
        memfd=memfd,
        mount=file.mount,
    )


def names(scene: Scene, process: Process) -> frozenset[str]:
    """What a process may be known by: its program, and its own name for itself."""
    return frozenset((program(scene, process).base, process.name)) - {""}


def users(scene: Scene, file_id: int) -> list[tuple[int, int]]:
    """Who has a file open, as PID and fd, up to PLACES of them: whole crowds can share one."""
    return list(islice(scene.inside.descriptors.users(file_id), PLACES))


def is_shell(called: Iterable[str]) -> bool:
    """Whether one of these is the name of a shell."""
    return any(name in SHELLS for name in called)


def is_interpreter(called: Iterable[str]) -> bool:
    """Whether one of these is the name of an interpreter."""
    return any(INTERPRETERS.fullmatch(name) for name in called)


def is_server(called: Iterable[str]) -> bool:
    """Whether one of these is the name of a server."""
    return any(SERVERS.fullmatch(name) for name in called)


def makes_code(called: Iterable[str]) -> bool:
    """Whether one of these is known to make code while it runs."""
    return any(_JIT.fullmatch(name) for name in called)


def runs_others(base: str) -> bool:
    """Whether a program is many in one, or runs others inside itself."""
    return bool(_MANY.fullmatch(base))


def looks_like_kernel(name: str) -> bool:
    """Whether a process wants to be taken for a thread of the kernel."""
    inner = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    return bool(_KERNEL.fullmatch(inner)) or (inner != name and bool(inner) and " " not in inner)


def below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path lies in one of these folders."""
    return any(path.startswith(f"{folder}/") for folder in folders)


def hidden(path: str) -> bool:
    """Whether `ls` does not show it, or a folder that it lies in."""
    return any(part.startswith(".") for part in path.split("/"))


def called(process: Process) -> str:
    """A process in a sentence."""
    return f"{process.name or 'process'} (PID {process.pid})"


def listed(words: Iterable[str], most: int = 5) -> str:
    """Words in a sentence, of many the first."""
    every = list(words)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
