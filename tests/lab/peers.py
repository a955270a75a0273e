"""What other readers tell of a checkpoint, in facts: checkpointctl and pycriu, crit's library."""

import base64
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.criu.builders import entry, head
from tests.lab.facts import Facts, flat
from tests.lab.machine import Lab
from tui.archive.model import Contents, Problem
from tui.criu import images_pb2 as pb
from tui.criu.catalogue import kind_of
from tui.criu.commands import read_started
from tui.criu.framing import Magic, entries
from tui.criu.inside import read_inside
from tui.criu.raw import RawEntry, RawList, RawMessage, decode_image
from tui.criu.sockets import AnySocket, InetSocket, UnixSocket
from tui.criu.stats import read_stats

FOLDER = "checkpoint/"

_THERE = "/root/peer.tar"

_DECODE = r"""
import json, pathlib, sys, tarfile, pycriu
found = {}
with tarfile.open(sys.argv[1]) as archive:
    for member in archive:
        folder, _, name = member.name.rpartition("/")
        if folder == "checkpoint" and name.endswith(".img"):
            try:
                found[name] = pycriu.images.load(archive.extractfile(member))["entries"]
            except Exception:
                found[name] = {"error": "not made of entries"}
json.dump(found, sys.stdout)
"""


def checkpointctl(lab: Lab, archive: Path, *argv: str) -> tuple[Any, str]:
    """What `checkpointctl inspect` says of the first archive, and its error."""
    _copy(lab, archive)
    argv = ("checkpointctl", "inspect", "--format=json", *argv, _THERE)
    done = subprocess.run([*lab.prefix, *argv], capture_output=True, text=True, check=False)
    lab.run("rm", _THERE)
    if done.returncode:
        return None, done.stderr.strip()
    return msgspec.json.decode(done.stdout)[0], ""


def pycriu(lab: Lab, archive: Path) -> Facts:
    """Every value of every image as `crit decode` has it."""
    _copy(lab, archive)
    decoded = msgspec.json.decode(lab.run("python3", "-c", _DECODE, _THERE))
    lab.run("rm", _THERE)
    for name, images in decoded.items():
        if name.startswith("tcp-stream"):
            for one in images:
                both = b"".join(base64.b64decode(one["extra"][half]) for half in ("inq", "outq"))
                one["extra"] = base64.encodebytes(both).decode()
    return flat(decoded)


def raw(contents: Contents, theirs: Facts) -> Facts:
    """The same as podthaw has it; bytes are written in the way that `theirs` has them."""
    found: Facts = {}
    for member in contents.members:
        name = member.name.removeprefix(FOLDER)
        if name == member.name or not name.endswith(".img"):
            continue
        if kind_of(name) is None:
            found[f"{name}.error"] = "not made of entries"
            continue
        image = contents.files[member.name]
        found |= flat([_plain(one, image) for one in decode_image(name, image)], name)
    return {name: _as_they(value, theirs.get(name)) for name, value in found.items()}


def without(archive: Path, pid: int, path: Path) -> Path:
    """The archive once more, without a process, at `path`."""
    with tarfile.open(archive) as old, tarfile.open(path, "w") as new:
        for member in old:
            file = old.extractfile(member)
            if member.name == f"{FOLDER}pstree.img" and file:
                kept = [one for _, one in entries(file.read(), Magic.PSTREE)]
                kept = [one for one in kept if pb.Pstree.FromString(one).pid != pid]
                content = head(Magic.PSTREE) + b"".join(map(entry, kept))
                member.size, file = len(content), io.BytesIO(content)
            new.addfile(member, file)
    return path


def _copy(lab: Lab, archive: Path) -> None:
    with archive.open("rb") as file:
        subprocess.run([*lab.prefix, "cp", "/dev/stdin", _THERE], stdin=file, check=True)


def _plain(one: RawEntry | Problem, image: bytes) -> Any:
    if isinstance(one, Problem):
        return {"problem": one.message}
    found = _value(one.message)
    if one.behind:
        found["extra"] = image[one.behind.start : one.behind.stop]
    return found


def _value(value: Any) -> Any:
    match value:
        case RawMessage():
            return {name: _value(inner) for name, inner in value.fields()}
        case RawList():
            return list(map(_value, value))
    return value


def _as_they(value: Any, theirs: Any) -> Any:
    if isinstance(value, bytes) and isinstance(theirs, str):
        texts = (value.decode("utf-8", "replace"), base64.encodebytes(value).decode())
        return theirs if theirs in texts else value
    return value


def checkpointctl_facts(document: dict[str, Any]) -> Facts:
    """What checkpointctl says, a fact a value; sockets in the order of their descriptors."""
    found: Facts = {}
    waiting = [(0, document["process_tree"])]
    while waiting:
        parent, process = waiting.pop()
        pid = process["pid"]
        found[f"{pid} name"] = process["command"]
        found[f"{pid} parent"] = parent
        found[f"{pid} arguments"] = process["cmdline"]
        found[f"{pid} environment"] = process.get("environment_variables", {})
        waiting += [(pid, child) for child in process.get("children", ())]
    for table in document["file_descriptors"]:
        for file in table["open_files"]:
            if file["type"]:
                fd = f"{table['pid']} fd {file['fd'].split()[1]}"
                found |= {f"{fd} type": file["type"], f"{fd} path": file["path"]}
            else:
                found[f"{table['pid']} {file['fd']}"] = file["path"]
    for table in document["sockets"]:
        for number, socket in enumerate(table["open_sockets"]):
            for name, value in socket["data"].items():
                found[f"{table['pid']} socket {number} {name}"] = value
    return found | flat(document["statistics"], "statistics")


_TYPES = {"file": "REG", "namespace": "NS", "epoll": "EVENTPOLL", "terminal": "TTY"}

_STATISTICS = (
    *("freezing_time", "frozen_time", "memdump_time", "memwrite_time"),
    *("pages_scanned", "pages_written"),
)

_BUFFERS = {"send_buf": "sndbuf", "recv_buf": "rcvbuf"}


def checkpointctl_told(contents: Contents) -> Facts:
    """The same as podthaw has it."""
    inside, started = read_inside(contents), read_started(contents)
    found: Facts = {}
    for pid, process in inside.processes.by_pid.items():
        texts = started[pid]
        found[f"{pid} name"] = process.name
        found[f"{pid} parent"] = process.ppid
        found[f"{pid} arguments"] = " ".join(texts.arguments or ())
        found[f"{pid} environment"] = {
            name: value
            for name, _, value in (one.partition("=") for one in texts.environment or ())
        }
        found[f"{pid} cwd"] = process.cwd
        found[f"{pid} root"] = process.root
        number = 0
        for one in inside.descriptors.of(process):
            kind = one.file.type
            name = _TYPES.get(kind, kind.upper().replace(" SOCKET", "SK"))
            found |= {
                f"{pid} fd {one.fd} type": name,
                f"{pid} fd {one.fd} path": one.file.description,
            }
            socket = inside.sockets.by_file.get(one.file.id)
            if socket:
                for what, value in _socket_told(socket):
                    found[f"{pid} socket {number} {what}"] = value
                number += 1
    figures = {figure.name: figure.value for figure in read_stats(contents).figures}
    return found | {f"statistics.{name}": figures[name] for name in _STATISTICS}


def _socket_told(socket: AnySocket) -> Iterator[tuple[str, Any]]:
    if isinstance(socket, UnixSocket):
        yield "type", "UNIX"
        if socket.name:
            yield "address", socket.name
        return
    for name, option in _BUFFERS.items():
        yield name, _size(int(socket.options[option]))
    if isinstance(socket, InetSocket):
        yield "type", socket.protocol.upper()
        yield "state", socket.state
        yield "src", socket.source
        yield "src_port", socket.source_port
        yield "dst", socket.destination
        if socket.destination_port:
            yield "dst_port", socket.destination_port


def _size(count: int) -> str:
    return f"{count / 1024:.1f} KB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"
