"""The images of an archive, read into one CriuState."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tui.archive.model import Contents
from tui.criu import images_pb2 as images
from tui.criu.framing import Magic, Order
from tui.criu.images import Images
from tui.criu.names import PROTOCOLS, named
from tui.criu.sockets import address
from tui.criu.state import CriuState, InetSocket, Mount, RegularFile
from tui.criu.threads import ARCHITECTURES
from tui.text import decode

_LSMS = {0: "none", 1: "selinux", 2: "apparmor"}

_LOCKS = {0: "iptables", 1: "nftables", 2: "skip"}


def read_state(contents: Contents) -> CriuState:
    """What the images in `contents` say; what cannot be read is a problem and stays empty."""
    found = Images(contents)
    inventory = next(found.decoded("inventory.img", Magic.INVENTORY, images.Inventory), None)
    cores = _Cores()
    for name in found.named(r"core-\d+\.img", needed="core-*.img"):
        for core in found.decoded(name, Magic.CORE, images.Core):
            cores.add(core)
    sockets, files = _files(found)
    return CriuState(
        architecture=cores.architecture,
        xsave=cores.xsave,
        lsm=named(inventory.lsmtype, _LSMS) if inventory else "",
        lsm_profiles=tuple(cores.profiles),
        network_lock=named(inventory.network_lock_method, _LOCKS)
        if inventory and inventory.HasField("network_lock_method")
        else "",
        tcp_close=bool(inventory and inventory.tcp_close),
        plugins=_unique(inventory.plugins_entry.plugins) if inventory else (),
        sockets=sockets,
        files=files,
        mounts=tuple(_mounts(found)),
        controllers=_controllers(found),
        locks=sum(1 for _ in found.optional("filelocks.img", Magic.LOCKS, images.FileLock)),
        user_namespace=bool(list(found.named(r"userns-\d+\.img"))),
        processes=sum(1 for _ in found.decoded("pstree.img", Magic.PSTREE, images.Pstree)),
        streams=len(list(found.named(r"tcp-stream-[0-9a-f]+\.img"))),
        problems=tuple(found.problems),
    )


@dataclass(slots=True)
class _Cores:
    """What the threads say together."""

    architecture: str = ""
    xsave: int = 0
    profiles: dict[str, None] = field(default_factory=dict)

    def add(self, core: images.Core) -> None:
        self.architecture = self.architecture or ARCHITECTURES.get(core.mtype, "")
        self.xsave |= core.thread_info.fpregs.xsave.xstate_bv
        profile = decode(core.thread_core.creds.lsm_profile)
        if profile:
            self.profiles[profile] = None


def _files(found: Images) -> tuple[tuple[InetSocket, ...], tuple[RegularFile, ...]]:
    ghosts = {
        entry.orig_id
        for entry in found.optional("remap-fpath.img", Magic.REMAPS, images.RemapFilePath)
    }
    order = found.order("files.img", Magic.FILES)
    sockets, files = [], []
    for entry in found.decoded("files.img", Magic.FILES, images.File):
        if entry.HasField("isk"):
            sockets.append(_socket(entry.isk, order))
        if entry.HasField("reg"):
            files.append(_file(entry.reg, entry.id in ghosts))
    return tuple(sockets), tuple(files)


def _socket(isk: images.InetSk, order: Order) -> InetSocket:
    return InetSocket(
        protocol=named(isk.proto, PROTOCOLS),
        state=isk.state,
        source=address(isk.family, isk.src_addr, order),
        source_port=isk.src_port,
        destination=address(isk.family, isk.dst_addr, order),
        destination_port=isk.dst_port,
    )


def _file(reg: images.RegFile, ghost: bool) -> RegularFile:
    return RegularFile(
        path="/" + decode(reg.name).lstrip("/"),
        size=reg.size if reg.HasField("size") else None,
        mode=reg.mode if reg.HasField("mode") else None,
        ghost=ghost,
        mount=reg.mnt_id,
    )


def _mounts(found: Images) -> Iterator[Mount]:
    for name in found.named(r"mountpoints-\d+\.img", needed="mountpoints-*.img"):
        for entry in found.decoded(name, Magic.MOUNTS, images.Mnt):
            yield Mount(
                id=entry.mnt_id,
                mountpoint="/" + decode(entry.mountpoint).removeprefix(".").lstrip("/"),
                external=decode(entry.ext_key or (entry.root if entry.ext_mount else b"")),
            )


def _controllers(found: Images) -> tuple[str, ...]:
    return _unique(
        name
        for cgroup in found.optional("cgroup.img", Magic.CGROUP, images.Cgroup)
        for controller in cgroup.controllers
        for name in controller.cnames
    )


def _unique(names: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(decode, names)))
