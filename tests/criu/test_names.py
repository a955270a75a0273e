import signal

import pytest

from tui.criu import names
from tui.criu.syscalls import syscall_name


def test_signals_are_called_as_python_calls_them() -> None:
    for one in signal.Signals:
        if one not in (signal.SIGRTMIN, signal.SIGRTMAX):
            assert names.signal_name(one) == one.name


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, "0"), (33, "33"), (34, "SIGRTMIN"), (37, "SIGRTMIN+3"), (64, "SIGRTMAX"), (65, "65")],
)
def test_signals_beyond_the_usual_ones(number: int, name: str) -> None:
    assert names.signal_name(number) == name


def test_a_set_of_signals_begins_with_the_first() -> None:
    assert names.signal_set(0b1 | 1 << 14 | 1 << 63) == ("SIGHUP", "SIGTERM", "SIGRTMAX")
    assert len(names.signal_set(1 << 64 | (1 << 64) - 1)) == 64


def test_capabilities_of_two_words() -> None:
    assert names.capabilities([1 << 21, 1 << 8]) == ("cap_sys_admin", "cap_checkpoint_restore")
    assert names.capabilities([]) == ()
    assert names.capabilities([1, 1 << 20, 0xFFFFFFFF]) == ("cap_chown", "cap_52")


@pytest.mark.parametrize(
    ("flags", "architecture", "found"),
    [
        (0, "amd64", ("O_RDONLY",)),
        (0o102002, "amd64", ("O_RDWR", "O_APPEND", "O_LARGEFILE")),
        (0o4010001, "amd64", ("O_WRONLY", "O_SYNC")),
        (0o10001, "amd64", ("O_WRONLY", "O_DSYNC")),
        (0o200000, "amd64", ("O_RDONLY", "O_DIRECTORY")),
        (0o200000, "arm64", ("O_RDONLY", "O_DIRECT")),
        (0o200000, "ppc64le", ("O_RDONLY", "O_LARGEFILE")),
        (1 << 31 | 2, "", ("O_RDWR", "0x80000000")),
    ],
)
def test_flags_of_open_files(flags: int, architecture: str, found: tuple[str, ...]) -> None:
    assert names.open_flags(flags, architecture) == found


def test_flags_of_mounts() -> None:
    assert names.mount_flags(0x20000F) == ("ro", "nosuid", "nodev", "noexec", "relatime")
    assert names.mount_flags(0) == ("rw",)
    assert names.mount_flags(1 << 10) == ("rw", "noatime")


def test_devices_as_the_kernel_counts_them() -> None:
    assert names.device(266338304) == "254:0"
    assert names.device(51) == "0:51"


@pytest.mark.parametrize(
    ("architecture", "number", "name"),
    [
        ("amd64", 0, "read"),
        ("amd64", 61, "wait4"),
        ("amd64", 230, "clock_nanosleep"),
        ("amd64", 334, "rseq"),
        ("amd64", 335, ""),
        ("amd64", 424, "pidfd_send_signal"),
        ("amd64", 449, "futex_waitv"),
        ("amd64", 462, "mseal"),
        ("arm64", 0, "io_setup"),
        ("arm64", 22, "epoll_pwait"),
        ("arm64", 63, "read"),
        ("arm64", 260, "wait4"),
        ("arm64", 449, "futex_waitv"),
        ("riscv64", 221, "execve"),
        ("s390x", 3, ""),
        ("", 0, ""),
        ("amd64", 1 << 40, ""),
    ],
)
def test_system_calls(architecture: str, number: int, name: str) -> None:
    assert syscall_name(architecture, number) == name
