"""CRIU's images that say what they are told wherever they can say something."""

from tests.criu.builders import contents, image
from tests.criu.memories import ANONYMOUS, FILE, PAGE, area, process
from tui.archive.model import Contents
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic

_APART = 10
"""How far the IDs of the files of two processes lie apart."""


def hostile_images(*texts: str) -> dict[str, bytes]:
    """The images by name, without folder and suffix; in their names `_` stands for `-`.

    Each text has a process that is called so, and files, sockets and a mount of that name.
    """
    found: dict[str, bytes] = {}
    raws = [text.encode("utf-8", "surrogateescape") for text in texts]
    files, remaps, memfds, mounts, packets = [], [], [], [], b""
    for pid, raw in enumerate(raws, 1):
        own = _files(pid * _APART, raw)
        files += own
        remaps.append(pb.RemapFilePath(orig_id=own[1].id, remap_id=pid, remap_type=1))
        memfds.append(pb.MemfdInode(name=raw, inode_id=own[0].id))
        mounts.append(_mount(pid, raw))
        packets += _entry(pb.SkPacket(id_for=own[2].id, length=len(raw))) + raw
        table = [pb.Fdinfo(id=one.id, type=one.type, fd=one.id) for one in own]
        found |= {
            f"core_{pid}": image(Magic.CORE, _core(pid, raw)),
            f"fs_{pid}": image(Magic.FS, pb.Fs(cwd_id=own[0].id, root_id=own[0].id)),
            f"fdinfo_{pid}": image(Magic.FDINFO, *table),
            f"ghost_file_{pid:x}": image(Magic.GHOST_FILE, pb.GhostFile(ino=5, size=len(raw)))
            + raw,
        }
        found |= _memory(pid, own[0].id, raw)
    members = [pb.CgMember(name=raw, path=raw) for raw in raws]
    return found | {
        "pstree": image(Magic.PSTREE, *(pb.Pstree(pid=pid + 1) for pid in range(len(raws)))),
        "files": image(Magic.FILES, *files),
        "remap_fpath": image(Magic.REMAPS, *remaps),
        "memfd": image(Magic.MEMFD, *memfds),
        "sk_queues": image(Magic.SOCKET_QUEUES) + packets,
        "mountpoints_1": image(Magic.MOUNTS, *mounts),
        "cgroup": image(Magic.CGROUP, pb.Cgroup(sets=[pb.CgSet(id=1, ctls=members)])),
    }


def hostile_contents(*texts: str) -> Contents:
    """An archive with them alone."""
    return contents(**hostile_images(*texts))


def _entry(packet: pb.SkPacket) -> bytes:
    raw = packet.SerializeToString()
    return len(raw).to_bytes(4, "little") + raw


def _core(pid: int, raw: bytes) -> pb.Core:
    return pb.Core(
        mtype=1,
        tc=pb.TaskCore(task_state=1, comm=raw, cg_set=1),
        thread_core=pb.ThreadCore(comm=raw, creds=pb.Creds(lsm_profile=raw)),
        ids=pb.TaskKobjIds(files_id=pid, net_ns_id=1),
    )


def _memory(pid: int, file: int, raw: bytes) -> dict[str, bytes]:
    """A mapped file, and a page with the command line, the environment and the text once more."""
    start = 16 * PAGE
    command, variables = b"run\0" + raw + b"\0", raw + b"=" + raw + b"\0NAME=" + raw + b"\0"
    split, end = start + len(command), start + len(command + variables)
    images = process(
        pid,
        [area(PAGE, 1, FILE, prot=1, shmid=file), area(start, 1, ANONYMOUS)],
        {start: (command + variables + raw).ljust(PAGE, b"\0")},
        exe_file_id=file,
        mm_arg_start=start,
        mm_arg_end=split,
        mm_env_start=split,
        mm_env_end=end,
    )
    return {name.replace("-", "_"): image for name, image in images.items()}


def _mount(number: int, raw: bytes) -> pb.Mnt:
    return pb.Mnt(
        mnt_id=number,
        parent_mnt_id=number - 1,
        root=raw,
        mountpoint=raw,
        source=raw,
        options=raw,
        ext_key=raw,
    )


def _files(first: int, raw: bytes) -> list[pb.File]:
    """One of each kind that has a name."""
    watch = pb.InotifyWd(wd=1, f_handle=pb.Fh(path=raw), mask=2)
    made = [
        pb.File(type=1, reg=pb.RegFile(name=raw, mode=0o100644, size=9)),
        pb.File(type=1, reg=pb.RegFile(name=raw, mnt_id=1)),
        pb.File(type=5, usk=pb.UnixSk(ino=first + 2, type=1, state=10, name=raw, peer=first + 3)),
        pb.File(type=5, usk=pb.UnixSk(ino=first + 3, type=1, state=1, name_dir=raw)),
        pb.File(type=4, isk=pb.InetSk(proto=6, dst_port=1, ifname=raw)),
        pb.File(type=8, ify=pb.InotifyFile(wd=[watch])),
        pb.File(type=15, tunf=pb.Tunfile(netdev=raw)),
        pb.File(type=18, memfd=pb.MemfdFile(inode_id=first)),
    ]
    for number, file in enumerate(made, first):
        file.id = number
    return made
