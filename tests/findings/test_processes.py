"""What processes run, and who started them."""

import pytest

from tests.findings.builders import (
    GHOST,
    Exe,
    look,
    looked,
    mount,
    root,
    runs,
    scene,
    severities,
    tcp,
    written,
)
from tui.criu.descriptors import OpenFile
from tui.criu.sockets import UnixSocket
from tui.criu.special import Memfd
from tui.findings.registry import (
    DescriptorPlace,
    FilePlace,
    ProcessPlace,
    Severity,
    SocketPlace,
)

HIGH, MEDIUM, LOW, INFO = Severity


def test_a_program_whose_file_is_gone() -> None:
    found = scene(runs("/usr/bin/httpd"), runs("/opt/bot", 7, 1, deleted=GHOST))
    (one,) = look("executable-deleted", found)
    assert one.title == "bot (PID 7) runs /opt/bot, which is deleted"
    assert one.places == (ProcessPlace(7),)


def test_a_memfd_is_not_deleted_although_the_kernel_says_so() -> None:
    memfd = runs("/memfd:x", detail=Memfd("x", (), 1), deleted=GHOST)
    assert look("executable-deleted", scene(memfd)) == []
    assert severities("executable-place", scene(memfd)) == [HIGH]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/tmp/x", [HIGH]),
        ("/dev/shm/x", [HIGH]),
        ("/run/user/0/x", [HIGH]),
        ("/memfd:x", [HIGH]),
        ("/root/.cache/x", [MEDIUM]),
        ("/usr/bin/x", []),
        ("/tmpfiles/x", []),
        ("/opt/app/x", []),
        ("", []),
    ],
)
def test_where_programs_run_from(path: str, expected: list[Severity]) -> None:
    assert severities("executable-place", scene(runs(path))) == expected


def test_the_init_that_an_engine_mounts_is_no_finding() -> None:
    init = runs("/run/podman-init")
    assert severities("executable-place", scene(init)) == [HIGH]
    assert look("executable-place", scene(init, mounts=[mount("/run/podman-init")])) == []
    planned = {"mounts": [{"destination": "/run/podman-init", "type": "bind"}]}
    assert look("executable-place", scene(init, spec=planned)) == []


def test_a_program_on_a_tmpfs() -> None:
    exe = runs("/scratch/x", mount=7)
    assert severities("executable-place", scene(exe, mounts=[mount("/scratch", 7, "tmpfs")])) == [
        HIGH
    ]
    assert look("executable-place", scene(exe, mounts=[mount("/scratch", 7, "xfs")])) == []
    assert look("executable-place", scene(exe, mounts=[mount("/", 7, "tmpfs")])) == []


def test_a_program_that_the_container_wrote() -> None:
    changed = root(written("/usr/bin/tool", 0o755))
    (one,) = look("executable-written", scene(runs("/usr/bin/tool"), systems=[changed]))
    assert one.places == (ProcessPlace(1), FilePlace("rootfs-diff.tar", "/usr/bin/tool"))
    assert look("executable-written", scene(runs("/usr/bin/other"), systems=[changed])) == []


@pytest.mark.parametrize(
    "name", ["[kworker/0:1]", "kworker/u8:2", "kthreadd", "ksoftirqd/0", "[bioset]", "kdevtmpfsi"]
)
def test_names_of_kernel_threads(name: str) -> None:
    (one,) = look("kernel-thread-name", scene(runs("/tmp/x", name=name)))
    assert one.title == f"{name} (PID 1) calls itself {name}"


@pytest.mark.parametrize("name", ["worker-0", "kube-proxy", "irqbalance", "[", "[]", "khello"])
def test_names_that_no_kernel_thread_has(name: str) -> None:
    assert look("kernel-thread-name", scene(runs("/usr/bin/x", name=name))) == []


def test_the_command_line_disguises_too() -> None:
    bot, celery = runs("/usr/bin/x", 1), runs("/usr/bin/python3", 2)
    content = looked(arguments={1: ("[kworker/0:0]", "-d"), 2: ("[celeryd: celery@web:Main]",)})
    (one,) = look("kernel-thread-name", scene(bot, celery, content=content))
    assert one.places == (ProcessPlace(1),)
    assert look("kernel-thread-name", scene(bot, celery)) == []


@pytest.mark.parametrize(
    ("exe", "name", "told"),
    [
        ("/usr/bin/perl", "sshd", True),
        ("/opt/x", "nginx", True),
        ("/usr/sbin/nginx", "nginx", False),
        ("/usr/sbin/mariadbd", "mysqld", False),
        ("/usr/lib/postgresql/17/bin/postgres", "postgres", False),
        ("/usr/lib/systemd/systemd-journald", "systemd-journal", False),
        ("/bin/busybox", "httpd", False),
        ("/usr/bin/python3.12", "gunicorn", False),
        ("/usr/bin/node", "MainThread", False),
        ("", "sshd", False),
    ],
)
def test_names_of_services(exe: str, name: str, told: bool) -> None:
    assert bool(look("name-disguised", scene(runs(exe, name=name)))) == told


def test_a_title_is_no_disguise() -> None:
    titles = {1: ("nginx: master process nginx",), 2: ("/usr/sbin/sshd -D",), 3: ("-bash",)}
    nginx, bot, shell = (runs("/usr/sbin/nginx", 1), runs("/opt/x", 2), runs("/bin/bash", 3))
    (one,) = look("name-disguised", scene(nginx, bot, shell, content=looked(arguments=titles)))
    assert one.title == "x (PID 2) calls itself sshd, and runs x"


REMOTE = tcp(9, "10.88.0.2:41000", "198.51.100.7:4444")


def test_a_shell_that_somebody_elsewhere_uses() -> None:
    found = scene(runs("/bin/bash", 5), opened={5: {0: REMOTE, 1: REMOTE, 2: REMOTE}})
    (one,) = look("reverse-shell", found)
    assert one.title == "bash (PID 5) talks to 198.51.100.7:4444 instead of a terminal"
    assert one.detail.startswith("Its descriptors 0, 1, 2 are one tcp connection")
    assert one.places == (ProcessPlace(5), SocketPlace(9), DescriptorPlace(5, 0, 9))


def test_a_shell_of_busybox_and_an_interpreter_count() -> None:
    for exe in (runs("/bin/busybox", name="ash"), runs("/usr/bin/python3.12", name="python3")):
        assert severities("reverse-shell", scene(exe, opened={1: {0: REMOTE, 1: REMOTE}})) == [HIGH]


@pytest.mark.parametrize(
    ("exe", "first", "second"),
    [
        ("/bin/busybox", REMOTE, REMOTE),
        ("/bin/sh", tcp(9, "0.0.0.0:80"), tcp(9, "0.0.0.0:80")),
        ("/bin/sh", REMOTE, OpenFile(2, "pipe", "pipe:[2]")),
        ("/usr/bin/node", UnixSocket(9, 9, "stream", "", ""), UnixSocket(9, 9, "stream", "", "")),
    ],
    ids=["a server of inetd", "a socket that listens", "standard input alone", "node's children"],
)
def test_what_is_no_reverse_shell(exe: str, first: OpenFile, second: OpenFile) -> None:
    name = "httpd" if exe == "/bin/busybox" else None
    assert (
        look("reverse-shell", scene(runs(exe, name=name), opened={1: {0: first, 1: second}})) == []
    )


NGINX = runs("/usr/sbin/nginx", 1)
WORKER = runs("/usr/sbin/nginx", 20, 1)


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (runs("/bin/sh", 30, 20), [HIGH]),
        (runs("/usr/bin/curl", 30, 20), [HIGH]),
        (runs("/bin/busybox", 30, 20, name="nc"), [HIGH]),
        (runs("/usr/bin/perl", 30, 20), [MEDIUM]),
        (runs("/usr/sbin/nginx", 30, 20), []),
        (runs("/usr/bin/gzip", 30, 20), []),
    ],
)
def test_children_of_a_server(child: Exe, expected: list[Severity]) -> None:
    assert severities("server-child", scene(NGINX, WORKER, child)) == expected


def test_the_first_process_inherits_children() -> None:
    shell = runs("/bin/sh", 9, 1)
    assert severities("server-child", scene(runs("/usr/bin/java"), shell)) == [LOW]
    older = runs("/usr/bin/java", threads=(10, 11))
    assert severities("server-child", scene(older, shell)) == [LOW]
    busy = runs("/usr/bin/java", threads=(2, 3))
    assert severities("server-child", scene(busy, shell)) == [HIGH]


def test_a_shell_that_starts_a_shell_is_nothing() -> None:
    assert look("server-child", scene(runs("/bin/sh"), runs("/bin/bash", 2, 1))) == []


@pytest.mark.parametrize(
    ("code", "exe", "severity"),
    [
        ("miner", "/opt/xmrig", HIGH),
        ("network-tool", "/usr/bin/nmap", MEDIUM),
        ("network-tool", "/usr/bin/socat", LOW),
        ("debugger", "/usr/bin/strace", INFO),
        ("package-manager", "/usr/bin/apt-get", INFO),
    ],
)
def test_tools_by_their_names(code: str, exe: str, severity: Severity) -> None:
    pair = scene(runs(exe, 1), runs(exe, 2), runs("/usr/bin/sleep", 3))
    (one,) = look(code, pair)
    assert (one.severity, one.places) == (severity, (ProcessPlace(1), ProcessPlace(2)))
    assert one.title.endswith(" runs 2 times")
    assert look(code, scene(runs("/usr/bin/sleep"))) == []


def test_many_zombies() -> None:
    dead = [runs("", pid, 1, name="sh", state="zombie") for pid in range(2, 12)]
    (one,) = look("zombies", scene(runs("/app"), *dead))
    assert (one.title, one.detail) == ("10 zombies", "Their parents are PID 1.")
    assert look("zombies", scene(runs("/app"), *dead[1:])) == []
