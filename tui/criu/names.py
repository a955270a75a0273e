"""What the kernel calls its numbers: signals, capabilities, flags, protocols.

Numbers without a name stay visible as numbers. Where architectures differ, the numbers are those
that x86 and Arm have in common, unless a function asks for the architecture.
"""

from collections.abc import Iterable


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SIGNALS = _words(
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP"
    " TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)

_RT_MIN, _RT_MAX = 34, 64
"""As the C library counts, which keeps 32 and 33 for itself."""

SIGKILL, SIGSTOP = 9, 19

_CAPABILITIES = _words(
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable"
    " net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio"
    " sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time"
    " sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog"
    " wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
)

RLIMITS = _words(
    "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio"
    " rttime"
)

SCHEDULERS = {0: "other", 1: "fifo", 2: "rr", 3: "batch", 5: "idle", 6: "deadline", 7: "ext"}

SECCOMP = {0: "disabled", 1: "strict", 2: "filter"}

CLOCKS = {
    0: "realtime",
    1: "monotonic",
    2: "process-cputime",
    3: "thread-cputime",
    7: "boottime",
    8: "realtime-alarm",
    9: "boottime-alarm",
    11: "tai",
}

NOTIFICATIONS = {0: "signal", 1: "none", 2: "thread", 4: "signal to a thread"}
"""How a POSIX timer makes itself felt (SIGEV_*)."""

SECUREBITS = _words(
    "noroot noroot_locked no_setuid_fixup no_setuid_fixup_locked keep_caps keep_caps_locked"
    " no_cap_ambient_raise no_cap_ambient_raise_locked"
)

_SIGNAL_FLAGS = {
    0x1: "NOCLDSTOP",
    0x2: "NOCLDWAIT",
    0x4: "SIGINFO",
    0x0400_0000: "RESTORER",
    0x0800_0000: "ONSTACK",
    0x1000_0000: "RESTART",
    0x4000_0000: "NODEFER",
    0x8000_0000: "RESETHAND",
}

_ACCESS = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE")

_OPEN_FLAGS = {
    0o100: "O_CREAT",
    0o200: "O_EXCL",
    0o400: "O_NOCTTY",
    0o1000: "O_TRUNC",
    0o2000: "O_APPEND",
    0o4000: "O_NONBLOCK",
    0o20000: "O_ASYNC",
    0o1000000: "O_NOATIME",
    0o2000000: "O_CLOEXEC",
    0o4010000: "O_SYNC",
    0o10000: "O_DSYNC",
    0o10000000: "O_PATH",
    0o20000000: "O_TMPFILE",
}

_OPEN_FLAGS_X86 = {
    0o40000: "O_DIRECT",
    0o100000: "O_LARGEFILE",
    0o200000: "O_DIRECTORY",
    0o400000: "O_NOFOLLOW",
}

_OPEN_FLAGS_ARM = {
    0o40000: "O_DIRECTORY",
    0o100000: "O_NOFOLLOW",
    0o200000: "O_DIRECT",
    0o400000: "O_LARGEFILE",
}

_OPEN_FLAGS_POWER = _OPEN_FLAGS_ARM | {0o200000: "O_LARGEFILE", 0o400000: "O_DIRECT"}

_OPEN_FLAGS_OF = {"arm": _OPEN_FLAGS_ARM, "arm64": _OPEN_FLAGS_ARM, "ppc64le": _OPEN_FLAGS_POWER}

_EPOLL = {
    0x1: "IN",
    0x2: "PRI",
    0x4: "OUT",
    0x8: "ERR",
    0x10: "HUP",
    0x40: "RDNORM",
    0x80: "RDBAND",
    0x100: "WRNORM",
    0x200: "WRBAND",
    0x2000: "RDHUP",
    0x1000_0000: "EXCLUSIVE",
    0x2000_0000: "WAKEUP",
    0x4000_0000: "ONESHOT",
    0x8000_0000: "ET",
}

_NOTIFY = {
    0x1: "ACCESS",
    0x2: "MODIFY",
    0x4: "ATTRIB",
    0x8: "CLOSE_WRITE",
    0x10: "CLOSE_NOWRITE",
    0x20: "OPEN",
    0x40: "MOVED_FROM",
    0x80: "MOVED_TO",
    0x100: "CREATE",
    0x200: "DELETE",
    0x400: "DELETE_SELF",
    0x800: "MOVE_SELF",
}

_INOTIFY = _NOTIFY | {
    0x2000: "UNMOUNT",
    0x4000: "Q_OVERFLOW",
    0x8000: "IGNORED",
    0x0100_0000: "ONLYDIR",
    0x0200_0000: "DONT_FOLLOW",
    0x0400_0000: "EXCL_UNLINK",
    0x2000_0000: "MASK_ADD",
    0x4000_0000: "ISDIR",
    0x8000_0000: "ONESHOT",
}

_FANOTIFY = _NOTIFY | {
    0x1000: "OPEN_EXEC",
    0x4000: "Q_OVERFLOW",
    0x8000: "FS_ERROR",
    0x1_0000: "OPEN_PERM",
    0x2_0000: "ACCESS_PERM",
    0x4_0000: "OPEN_EXEC_PERM",
    0x0800_0000: "EVENT_ON_CHILD",
    0x1000_0000: "RENAME",
    0x4000_0000: "ONDIR",
}

_SEALS = {
    0x1: "SEAL",
    0x2: "SHRINK",
    0x4: "GROW",
    0x8: "WRITE",
    0x10: "FUTURE_WRITE",
    0x20: "EXEC",
}

_NAMESPACES = {
    0x80: "time",
    0x2_0000: "mnt",
    0x200_0000: "cgroup",
    0x400_0000: "uts",
    0x800_0000: "ipc",
    0x1000_0000: "user",
    0x2000_0000: "pid",
    0x4000_0000: "net",
}

_MOUNT_FLAGS = {
    0x1: "ro",
    0x2: "nosuid",
    0x4: "nodev",
    0x8: "noexec",
    0x10: "sync",
    0x40: "mand",
    0x80: "dirsync",
    0x100: "nosymfollow",
    0x400: "noatime",
    0x800: "nodiratime",
    0x20_0000: "relatime",
    0x100_0000: "strictatime",
    0x200_0000: "lazytime",
}

FILE_SYSTEMS = {
    1: "proc",
    2: "sysfs",
    3: "devtmpfs",
    4: "binfmt_misc",
    5: "tmpfs",
    6: "devpts",
    7: "simfs",
    8: "pstore",
    9: "securityfs",
    10: "fusectl",
    11: "debugfs",
    12: "cgroup",
    13: "aufs",
    14: "mqueue",
    15: "fuse",
    17: "overlay",
    18: "autofs",
    19: "tracefs",
    23: "cgroup2",
}
"""By CRIU's own numbers; 0 and 16 stand for any other, which has its name or none."""

FAMILIES = {1: "unix", 2: "inet", 10: "inet6", 16: "netlink", 17: "packet"}

SOCKET_TYPES = {1: "stream", 2: "dgram", 3: "raw", 4: "rdm", 5: "seqpacket", 10: "packet"}

PROTOCOLS = {
    0: "ip",
    1: "icmp",
    6: "tcp",
    17: "udp",
    58: "icmpv6",
    132: "sctp",
    136: "udplite",
    255: "raw",
    262: "mptcp",
}

SOCKET_STATES = {
    1: "ESTABLISHED",
    2: "SYN_SENT",
    3: "SYN_RECV",
    4: "FIN_WAIT1",
    5: "FIN_WAIT2",
    6: "TIME_WAIT",
    7: "CLOSE",
    8: "CLOSE_WAIT",
    9: "LAST_ACK",
    10: "LISTEN",
    11: "CLOSING",
    12: "NEW_SYN_RECV",
}
"""The kernel's names for TCP; sockets of other kinds use some of them."""

SHUTDOWN = {0: "", 1: "receiving", 2: "sending", 3: "both"}
"""Which half of a connection was shut down."""

NETLINK = {
    0: "route",
    2: "usersock",
    4: "sock_diag",
    5: "nflog",
    6: "xfrm",
    7: "selinux",
    8: "iscsi",
    9: "audit",
    10: "fib_lookup",
    11: "connector",
    12: "netfilter",
    13: "ip6_fw",
    15: "kobject_uevent",
    16: "generic",
    18: "scsitransport",
    19: "ecryptfs",
    20: "rdma",
    21: "crypto",
    22: "smc",
}

ETHERNET = {3: "all", 0x800: "ipv4", 0x806: "arp", 0x86DD: "ipv6", 0x88CC: "lldp"}


def named(number: int, names: dict[int, str]) -> str:
    """The name of `number`, or the number."""
    return names.get(number, str(number))


def signal_name(number: int) -> str:
    """`SIGTERM`, `SIGRTMIN+3`, or the number."""
    if 1 <= number <= len(_SIGNALS):
        return f"SIG{_SIGNALS[number - 1]}"
    if number == _RT_MAX:
        return "SIGRTMAX"
    if _RT_MIN <= number < _RT_MAX:
        return f"SIGRTMIN+{number - _RT_MIN}".removesuffix("+0")
    return str(number)


def signal_set(mask: int) -> tuple[str, ...]:
    """The signals of a sigset, of which bit 0 is signal 1."""
    return tuple(signal_name(bit + 1) for bit in range(64) if mask >> bit & 1)


def capabilities(words: Iterable[int]) -> tuple[str, ...]:
    """The capabilities of a set, which is two words; unknown ones by number."""
    mask = sum(word << 32 * at for at, word in zip(range(2), words, strict=False))
    return tuple(
        f"cap_{_CAPABILITIES[bit]}" if bit < len(_CAPABILITIES) else f"cap_{bit}"
        for bit in range(64)
        if mask >> bit & 1
    )


def open_flags(flags: int, architecture: str = "amd64") -> tuple[str, ...]:
    """The O_ names in `flags` of open(2) on `architecture` (Go's name)."""
    special = _OPEN_FLAGS_OF.get(architecture, _OPEN_FLAGS_X86)
    return (_ACCESS[flags & 3], *_flags(flags & ~3, _OPEN_FLAGS | special))


def securebits(bits: int) -> tuple[str, ...]:
    """The securebits that are set."""
    return _flags(bits, {1 << at: name for at, name in enumerate(SECUREBITS)})


def signal_flags(flags: int) -> tuple[str, ...]:
    """The SA_ names of a signal action, without SA_."""
    return _flags(flags, _SIGNAL_FLAGS)


def epoll_events(events: int) -> tuple[str, ...]:
    """The EPOLL names, without EPOLL."""
    return _flags(events, _EPOLL)


def inotify_mask(mask: int) -> tuple[str, ...]:
    """The IN_ names, without IN_."""
    return _flags(mask, _INOTIFY)


def fanotify_mask(mask: int) -> tuple[str, ...]:
    """The FAN_ names, without FAN_."""
    return _flags(mask, _FANOTIFY)


def seals(bits: int) -> tuple[str, ...]:
    """The F_SEAL_ names, without F_SEAL_."""
    return _flags(bits, _SEALS)


def namespace_kinds(flags: int) -> tuple[str, ...]:
    """The kinds of namespace that CLONE_NEW flags mean."""
    return _flags(flags, _NAMESPACES)


def mount_flags(flags: int) -> tuple[str, ...]:
    """The options of a mount as mount(8) spells them."""
    words = _flags(flags, _MOUNT_FLAGS)
    return words if "ro" in words else ("rw", *words)


def device(number: int) -> str:
    """A device as `major:minor`, from the kernel's own number."""
    return f"{number >> 20}:{number & 0xFFFFF}"


def _flags(value: int, names: dict[int, str]) -> tuple[str, ...]:
    """The names of what is set; a name of several bits before those of its parts; the rest hex."""
    found = []
    for bits in sorted(names, key=int.bit_count, reverse=True):
        if value & bits == bits:
            found.append((bits, names[bits]))
            value &= ~bits
    words = tuple(name for _, name in sorted(found))
    return (*words, f"{value:#x}") if value else words
