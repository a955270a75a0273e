"""A living container as the kernel shows it in /proc, in facts; seen from outside of it."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tests.lab.facts import Facts

PROC = Path("/proc")

STATES = {"R": "running", "S": "running", "T": "stopped", "Z": "zombie"}
"""Asleep or not is a matter of luck; CRIU does not write it down."""

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")

LIMITS = {
    "Max cpu time": "cpu",
    "Max file size": "fsize",
    "Max data size": "data",
    "Max stack size": "stack",
    "Max core file size": "core",
    "Max resident set": "rss",
    "Max processes": "nproc",
    "Max open files": "nofile",
    "Max locked memory": "memlock",
    "Max address space": "as",
    "Max file locks": "locks",
    "Max pending signals": "sigpending",
    "Max msgqueue size": "msgqueue",
    "Max nice priority": "nice",
    "Max realtime priority": "rtprio",
    "Max realtime timeout": "rttime",
}

_STAT = {
    "code start": 26,
    "code end": 27,
    "stack": 28,
    "data start": 45,
    "data end": 46,
    "heap start": 47,
    "arguments start": 48,
    "arguments end": 49,
    "environment start": 50,
    "environment end": 51,
}
"""Fields of /proc/PID/stat, counted from 1."""

_TYPES = {1: "stream", 2: "dgram", 3: "raw", 5: "seqpacket"}

_TCP = {1: "ESTABLISHED", 5: "FIN_WAIT2", 7: "CLOSE", 8: "CLOSE_WAIT", 10: "LISTEN"}

_INFO = re.compile(r"^([a-z_ -]+):\s*(\S*)", re.MULTILINE)


def inner_pids(host_pid: int) -> dict[int, int]:
    """The processes in the PID namespace of one: their PIDs there, by those outside."""
    namespace = _link(PROC / str(host_pid) / "ns/pid")
    found = {}
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):  # others come and go, and one may not look into all of them
            if _link(folder / "ns/pid") == namespace:
                found[int(folder.name)] = int(_status(folder)["NSpid"].split()[-1])
    return found


def asleep(host_pids: dict[int, int]) -> bool:
    """Whether nothing moves, so that what is seen now is what will be in the checkpoint."""
    tasks = [task for pid in host_pids for task in (PROC / str(pid) / "task").iterdir()]
    return all(_stat(task)[2] in "STZ" for task in tasks)


def living(host_pids: dict[int, int], outside: int) -> Facts:
    """What the kernel shows; `outside` is a process that is in none of the namespaces."""
    found: Facts = {}
    spaces: dict[str, int] = {_link(PROC / str(outside) / "ns" / kind): 0 for kind in NAMESPACES}
    for host_pid, pid in sorted(host_pids.items(), key=lambda pair: pair[1]):
        folder = PROC / str(host_pid)
        found |= {f"{pid} {name}": value for name, value in _process(folder, host_pids)}
        if found[f"{pid} state"] == "zombie":
            continue
        for kind in NAMESPACES:
            link = _link(folder / "ns" / kind)
            found[f"{pid} namespace {kind}"] = spaces.setdefault(link, pid)
        for task in (folder / "task").iterdir():
            tid = int(_status(task)["NSpid"].split()[-1])
            found |= {f"{pid} thread {tid} {name}": value for name, value in _thread(task)}
        found |= {f"{pid} {name}": value for name, value in _descriptors(folder)}
        found |= {f"{pid} {name}": value for name, value in _mappings(folder)}
    first = next(host for host, pid in host_pids.items() if pid == 1)
    return found | dict(_mounts(PROC / str(first)))


def _process(folder: Path, host_pids: dict[int, int]) -> Iterator[tuple[str, Any]]:
    status, stat = _status(folder), _stat(folder)
    yield "name", _name(folder)
    yield "state", STATES[stat[2]]
    yield "parent", host_pids.get(int(stat[3]), 0)
    yield "group", int(status["NSpgid"].split()[-1])
    yield "session", int(status["NSsid"].split()[-1])
    if stat[2] == "Z":
        yield "exit code", int(stat[51])
        return
    yield "arguments", (folder / "cmdline").read_bytes().rstrip(b"\0")
    yield "environment", (folder / "environ").read_bytes().rstrip(b"\0")
    yield "umask", int(status["Umask"], 8)
    for link in ("exe", "cwd", "root"):
        yield link, _link(folder / link)
    yield "oom_score_adj", int((folder / "oom_score_adj").read_text())
    yield "huge pages", status["THP_enabled"] == "1"
    yield (
        "threads",
        sorted(int(_status(task)["NSpid"].split()[-1]) for task in (folder / "task").iterdir()),
    )
    yield "handled", _signals(status["SigCgt"])
    yield "ignored", _signals(status["SigIgn"])
    yield "pending", _signals(status["ShdPnd"])
    yield (
        "timers",
        re.findall(
            r"ID: (\d+)\nsignal: (\d+)/.*\nnotify: (\w+)/.*\nClockID: (\d+)",
            (folder / "timers").read_text(),
        ),
    )
    for name, field in _STAT.items():
        yield f"layout {name}", int(stat[field - 1])
    words = memoryview((folder / "auxv").read_bytes()).cast("Q").tolist()
    yield "auxv", {key: value for key, value in zip(words[::2], words[1::2], strict=True) if key}
    for line in (folder / "limits").read_text().splitlines()[1:]:
        yield f"limit {LIMITS[line[:26].strip()]}", tuple(map(_limit, line[26:].split()[:2]))
    for line in (folder / "cgroup").read_text().splitlines():
        _, controller, path = line.split(":", 2)
        yield f"cgroup {controller}", path


def _thread(task: Path) -> Iterator[tuple[str, Any]]:
    status, stat = _status(task), _stat(task)
    yield "name", _name(task)
    yield "uids", tuple(map(int, status["Uid"].split()))
    yield "gids", tuple(map(int, status["Gid"].split()))
    yield "groups", tuple(map(int, status["Groups"].split()))
    sets = {"inheritable": "Inh", "permitted": "Prm", "effective": "Eff", "bounding": "Bnd"}
    for name, short in (sets | {"ambient": "Amb"}).items():
        yield f"{name} capabilities", int(status[f"Cap{short}"], 16)
    yield "no_new_privs", status["NoNewPrivs"] == "1"
    yield "seccomp", {"0": "disabled", "1": "strict", "2": "filter"}[status["Seccomp"]]
    yield "nice", int(stat[18])
    yield "scheduler", {0: "other", 3: "batch"}[int(stat[40])]
    yield "priority", int(stat[39])
    yield "blocked", _signals(status["SigBlk"])
    yield "pending", _signals(status["SigPnd"])
    if stat[2] == "S":
        call = (task / "syscall").read_text().split()
        yield "system call", int(call[0])
        yield "stack pointer", int(call[-2], 16)
        yield "program counter", int(call[-1], 16)


def _descriptors(folder: Path) -> Iterator[tuple[str, Any]]:
    sockets = dict(_sockets(folder / "net"))
    for link in (folder / "fd").iterdir():
        fd, what = link.name, _link(link)
        text = (folder / "fdinfo" / fd).read_text()
        info = dict(_INFO.findall(text))
        flags = int(info["flags"], 8)
        yield f"fd {fd}", what
        yield f"fd {fd} flags", flags & ~os.O_CLOEXEC
        yield f"fd {fd} close_on_exec", bool(flags & os.O_CLOEXEC)
        if what.startswith("/"):
            yield f"fd {fd} position", int(info["pos"])
            yield f"fd {fd} mount", int(info["mnt_id"])
        if what.startswith("/") and not what.endswith(" (deleted)"):
            yield f"fd {fd} mode", link.stat().st_mode
        if what in sockets:
            for name, value in sockets[what].items():
                yield f"fd {fd} socket {name}", value
        for name, value in _special(what, text, info):
            yield f"fd {fd} {name}", value
        for lock in re.findall(r"lock:\s*\d+: (\w+)\s+\w+\s+(\w+) \S+ \S+ (\d+) (\w+)", text):
            yield f"fd {fd} lock", lock


def _special(what: str, text: str, info: dict[str, str]) -> Iterator[tuple[str, Any]]:
    match what:
        case "anon_inode:[eventfd]":
            yield "counter", int(info["eventfd-count"], 16)
        case "anon_inode:[pidfd]":
            yield "process", int(re.findall(r"NSpid:.*\s(\d+)", text)[0])
        case "anon_inode:[signalfd]":
            yield "signals", _signals(info["sigmask"])
        case "anon_inode:[timerfd]":
            yield "clock", int(info["clockid"])
            yield "ticks", int(info["ticks"])
            for name in ("value", "interval"):
                found = re.search(rf"it_{name}: \((\d+), (\d+)\)", text)
                assert found
                yield name, int(found[1]) + int(found[2]) / 1e9
        case "anon_inode:[eventpoll]":
            for fd, events, data, inode in re.findall(
                r"tfd:\s*(\d+) events:\s*(\w+) data:\s*(\w+)\s+pos:\d+ ino:(\w+)", text
            ):
                yield f"target {fd}", (int(events, 16), int(data, 16), int(inode, 16))
        case "anon_inode:inotify":
            for number, inode, major, mask in re.findall(
                r"inotify wd:(\w+) ino:(\w+) sdev:(\w+) mask:(\w+)", text
            ):
                device = int(major, 16)
                yield (
                    f"watch {number}",
                    (int(inode, 16), f"{device >> 20}:{device & 0xFFFFF}", int(mask, 16)),
                )


def _sockets(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The sockets of a network namespace, by what a descriptor of them is shown as."""
    for name in ("tcp", "tcp6", "udp", "udp6", "raw"):
        for line in _table(folder / name):
            source, destination, state, inode = line[1], line[2], int(line[3], 16), line[9]
            yield (
                f"socket:[{inode}]",
                {
                    "protocol": "icmp" if name == "raw" else name.removesuffix("6"),
                    "type": {"tcp": "stream", "raw": "raw"}.get(name.removesuffix("6"), "dgram"),
                    "version": 6 if name.endswith("6") else 4,
                    "source": _address(source),
                    "destination": _address(destination),
                    "state": _TCP[state],
                    "received": int(line[4].partition(":")[2], 16) if state in (1, 8) else 0,
                },
            )
    for line in _table(folder / "unix"):
        flags, kind, state, inode = int(line[3], 16), int(line[4], 16), int(line[5], 16), line[6]
        yield (
            f"socket:[{inode}]",
            {
                "type": _TYPES[kind],
                "state": "LISTEN" if flags & 0x10000 else {1: "CLOSE", 3: "ESTABLISHED"}[state],
                "name": " ".join(line[7:]),
            },
        )
    for line in _table(folder / "netlink"):
        yield (
            f"socket:[{line[-1]}]",
            {"protocol": int(line[1]), "port": int(line[2]), "groups": int(line[3], 16)},
        )
    for line in _table(folder / "packet"):
        yield f"socket:[{line[-1]}]", {"type": int(line[2]), "protocol": int(line[3], 16)}


def _table(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()[1:]]


def _address(text: str) -> tuple[str, int]:
    words, port = text.split(":")
    raw = b"".join(
        int(words[at : at + 8], 16).to_bytes(4, "little") for at in range(0, len(words), 8)
    )
    found = ip_address(raw)
    mapped = getattr(found, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped else str(found), int(port, 16)


def _mappings(folder: Path) -> Iterator[tuple[str, Any]]:
    for line in (folder / "maps").read_text().splitlines():
        where, permissions, offset, _, _, *path = line.split(maxsplit=5)
        start, end = (int(number, 16) for number in where.split("-"))
        yield f"map {start:x}-{end:x}", (permissions, int(offset, 16), path[0] if path else "")


def _mounts(folder: Path) -> Iterator[tuple[str, Any]]:
    for line in (folder / "mountinfo").read_text().splitlines():
        first, last = line.split(" - ")
        number, parent, device, root, point, options, *tags = first.split()
        kind, source, super_options = last.split()
        groups = dict(tag.split(":") for tag in tags)
        found = {
            "parent": int(parent),
            "device": device,
            "root": root,
            "mountpoint": point,
            "flags": sorted(options.split(",")),
            "file system": kind,
            "source": source,
            "super options": sorted(super_options.split(",")),
            "shared": int(groups.get("shared", 0)),
            "master": int(groups.get("master", 0)),
        }
        for name, value in found.items():
            yield f"mount {number} {name}", value


def _link(path: Path) -> str:
    return str(path.readlink())


def _status(folder: Path) -> dict[str, str]:
    lines = (folder / "status").read_text(errors="surrogateescape").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _stat(folder: Path) -> list[str]:
    """The fields; the name, which may have anything in it, is the second."""
    first, _, rest = (folder / "stat").read_text().rpartition(")")
    return [*first.split(" (", 1), *rest.split()]


def _name(folder: Path) -> str:
    return (folder / "comm").read_text().removesuffix("\n")


def _signals(mask: str) -> tuple[str, ...]:
    numbers = (at + 1 for at in range(64) if int(mask, 16) >> at & 1)
    return tuple(map(_signal, numbers))


def _signal(number: int) -> str:
    if number > signal.SIGRTMIN:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
    known = {one.value: one.name for one in signal.Signals}
    return known.get(number, str(number))


def _limit(text: str) -> int | None:
    return None if text == "unlimited" else int(text)
