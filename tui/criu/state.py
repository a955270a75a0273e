"""What CRIU's images say, as far as a restore depends on it."""

from dataclasses import dataclass

from tui.archive.model import Problem


@dataclass(frozen=True, slots=True)
class InetSocket:
    """An IP socket that a process had open."""

    protocol: str
    """`tcp`, `udp`, `icmp`, … or the number."""
    state: int
    """As the kernel counts: 1 established, 7 closed, 10 listening."""
    source: str
    source_port: int
    destination: str
    destination_port: int

    @property
    def connected(self) -> bool:
        """Whether CRIU takes it for a TCP connection, which decides how to restore.

        It looks at the port alone, not at the state (criu/sk-inet.c, `tcp_connection`).
        """
        return self.protocol == "tcp" and self.destination_port != 0


@dataclass(frozen=True, slots=True)
class RegularFile:
    """A file that a process had open or mapped."""

    path: str
    """Absolute, as the container sees it."""
    size: int | None
    """Bytes at the checkpoint; None where CRIU did not write it down."""
    mode: int | None
    """The whole st_mode; None where CRIU did not write it down."""
    ghost: bool
    """It was deleted while open: its content is in the archive, or lies under another name."""
    mount: int
    """The ID of the mount that it lies on, as `CriuState.mounts` has it."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount of the container."""

    id: int
    mountpoint: str
    external: str
    """The key under which the runtime must name it again; empty if CRIU makes it."""


@dataclass(frozen=True, slots=True)
class CriuState:
    """Everything at once; a part whose image is missing or broken is empty, and a problem."""

    problems: tuple[Problem, ...] = ()
    """What could not be read; offsets count from the start of the image."""
    architecture: str = ""
    """Go's name, as the host's: `amd64`, `arm64`, `ppc64le`, `s390x`, `riscv64`; empty: unknown."""
    xsave: int = 0
    """x86: the bits of the processor state (XSTATE_BV) of all threads together."""
    lsm: str = ""
    """`none`, `selinux`, `apparmor`; empty: unknown."""
    lsm_profiles: tuple[str, ...] = ()
    """The labels or profiles that processes ran under and get back; without any LSM none."""
    network_lock: str = ""
    """How the network was locked: `iptables`, `nftables`, `skip`; empty (old CRIU): `iptables`."""
    tcp_close: bool = False
    """It was dumped so that its connections must be closed."""
    plugins: tuple[str, ...] = ()
    """CRIU plugins that the dump used, such as `cuda_plugin`."""
    sockets: tuple[InetSocket, ...] = ()
    streams: int = 0
    """TCP connections whose data is in the archive: told by the names of the images alone."""
    files: tuple[RegularFile, ...] = ()
    mounts: tuple[Mount, ...] = ()
    controllers: tuple[str, ...] = ()
    """The cgroup controllers: named ones with cgroup v1; an empty name stands for v2."""
    locks: int = 0
    """File locks that were held."""
    user_namespace: bool = False
    """It ran in a user namespace of its own."""
    processes: int = 0
