"""Restores in every situation that the lab can stage, each with what really comes of it.

Nothing here knows a check: a scenario says how to set up the host, which archive and which
options, and whether Podman and CRIU then restore the container, or of what they fail.
`tests.bench.prediction` asks podthaw first, lets Podman try, and compares.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab.machine import IMAGE, REGISTRY, Archives, Lab
from tui.restore.options import RestoreOptions

FOREVER = "echo ready; while true; do sleep 1; done"

LEDGER = "localhost/podthaw-ledger:latest"
"""An image with a file that no host has at the same path."""

Setup = Callable[[Lab], AbstractContextManager[None]]


@contextmanager
def _empty(lab: Lab) -> Iterator[None]:
    yield


@dataclass(frozen=True)
class Scenario:
    """One restore, and what really happens."""

    name: str
    archive: str
    cause: str
    """WORKS, or the code of what it fails of; REFUSED where podthaw does not even begin."""
    options: RestoreOptions = RestoreOptions()
    host: Setup = _empty
    remedies: tuple[str, ...] = ()
    """IDs of remedies that are applied one after the other, before Podman tries."""
    open_question: bool = False
    """It depends on what nobody looks into before: what a registry has, another archive."""


ELSEWHERE = (
    "SELinux and AppArmor labels",
    "GPU plugins",
    "another architecture, or a processor without AVX",
    "cgroup v1 on a host with v2 alone",
    "CRIU too old for Podman or for the kernel",
    "another version of Podman",
    "rootless Podman",
    "containers that need others, which Podman does not export",
)
"""What this machine cannot stage; the tests of the checks have it with recorded facts."""


# Archives


def _made(lab: Lab, path: Path, *options: str, script: str = FOREVER, image: str = IMAGE) -> None:
    """The archive of a container that runs `script`."""
    lab.run_container("made", script, *options, image=image)
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path)


def _bind(lab: Lab, path: Path) -> None:
    with _site(lab):
        _made(lab, path, "--volume=/srv/site:/site")


def _overlay(lab: Lab, path: Path) -> None:
    with _site(lab):
        _made(lab, path, "--volume=/srv/site:/site:O")


def _image_mount(lab: Lab, path: Path) -> None:
    _ledger(lab)
    _made(lab, path, f"--mount=type=image,source={LEDGER},destination=/ledger")


def _secret(lab: Lab, path: Path) -> None:
    with _stored_secret(lab):
        _made(lab, path, "--secret=dbpass")


def _locks(lab: Lab, path: Path) -> None:
    script = "exec 9>/tmp/lock; flock 9; echo ready; while true; do sleep 1; done"
    lab.run_container("made", script)
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path, "--file-locks")


def _volume_mode(lab: Lab, path: Path) -> None:
    _made(lab, path, "--volume=kept:/data", script=f"chmod 0750 /data; cd /data; {FOREVER}")


def _volume_file(lab: Lab, path: Path) -> None:
    """A process has a file in the volume open."""
    _made(lab, path, "--volume=kept:/data", script=f"echo x >/data/x; exec 9</data/x; {FOREVER}")


def _without_volumes(lab: Lab, path: Path) -> None:
    lab.run_container("made", FOREVER, "--volume=kept:/data")
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path, "--ignore-volumes")


def _without_rootfs(lab: Lab, path: Path) -> None:
    """The container's changes, one of them open, are not in the archive."""
    lab.run_container("made", f"echo x >/tmp/new; exec 9</tmp/new; {FOREVER}")
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path, "--ignore-rootfs")


def _new_file(lab: Lab, path: Path) -> None:
    _made(lab, path, script=f"echo x >/tmp/new; exec 9</tmp/new; {FOREVER}")


def _uncompressed(lab: Lab, path: Path) -> None:
    lab.run_container("made", FOREVER)
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path, "--compress=none")


def _ghost(lab: Lab, path: Path) -> None:
    """A process has a file open that is deleted."""
    _made(lab, path, script=f"echo x >/tmp/x; exec 9</tmp/x; rm /tmp/x; {FOREVER}")


def _log_file(lab: Lab, path: Path) -> None:
    """A process appends to a file."""
    _made(lab, path, script=f"exec 9>>/var/log/it; echo x >&9; {FOREVER}")


def _left_out(lab: Lab, path: Path) -> None:
    """A changed file of the image that the host does not have: Podman leaves it out."""
    _ledger(lab)
    _made(lab, path, script=f"echo two >>/srv/ledger; exec 9</srv/ledger; {FOREVER}", image=LEDGER)


def _taken_along(lab: Lab, path: Path) -> None:
    """A changed file of the image that the host has as well, in whatever form."""
    _made(lab, path, script=f"echo two >>/etc/passwd; exec 9</etc/passwd; {FOREVER}")


def _folder_mode(lab: Lab, path: Path) -> None:
    _made(lab, path, script=f"chmod 0700 /srv; cd /srv; {FOREVER}")


def _folder_again(lab: Lab, path: Path) -> None:
    """A folder of the image was deleted and made again, with an open file in it."""
    _made(lab, path, script=f"rm -r /var/log; mkdir /var/log; exec 9>/var/log/it; {FOREVER}")


def _folder_deleted(lab: Lab, path: Path) -> None:
    _made(lab, path, script=f"rm -r /var/log; rm /etc/issue; {FOREVER}")


def _link_unused(lab: Lab, path: Path) -> None:
    """The deleted link leads to a file that no process has open."""
    _ledger(lab)
    _made(lab, path, script=f"rm /srv/link; {FOREVER}", image=LEDGER)


def _many_links(lab: Lab, path: Path) -> None:
    _made(lab, path, script=f"rm /bin/seq /bin/wget /bin/vi; {FOREVER}")


def _host_network(lab: Lab, path: Path) -> None:
    _made(lab, path, "--network=host", script="echo ready; exec httpd -f -p 19080")


def _no_network(lab: Lab, path: Path) -> None:
    _made(lab, path, "--network=none")


def _one_address(lab: Lab, path: Path) -> None:
    """Publishes a port on one address."""
    _made(lab, path, "--publish=127.0.0.2:18081:80", script="echo ready; exec httpd -f -p 80")


def _own_address(lab: Lab, path: Path) -> None:
    """No static address, but an address all the same, which the restore asks for again."""
    lab.run_container("made", FOREVER, "--ip=10.88.7.7")
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path)


def _terminal(lab: Lab, path: Path) -> None:
    _made(lab, path, "--tty", "--interactive")


def _removed_at_exit(lab: Lab, path: Path) -> None:
    _made(lab, path, "--rm")


def _privileged(lab: Lab, path: Path) -> None:
    _made(lab, path, "--cap-add=NET_ADMIN", "--tmpfs=/scratch")


def _init(lab: Lab, path: Path) -> None:
    _made(lab, path, "--init")


def _anonymous_volume(lab: Lab, path: Path) -> None:
    _made(lab, path, "--volume=/data")


def _two_volumes(lab: Lab, path: Path) -> None:
    _made(lab, path, "--volume=kept:/data", "--volume=other:/more")


def _pid_file(lab: Lab, path: Path) -> None:
    lab.run("mkdir", "-p", "/root/pids")
    try:
        _made(lab, path, "--pidfile=/root/pids/it.pid")
    finally:
        lab.run("rm", "-rf", "/root/pids")


def _runc_established(lab: Lab, path: Path) -> None:
    script = "nc -l -p 7 127.0.0.1 -e sleep 9999 & sleep 1; echo ready; exec nc 127.0.0.1 7"
    lab.podman("--runtime=runc", "run", "--detach", "--name=made", IMAGE, "/bin/sh", "-c", script)
    lab.wait_for_log("made", "ready")
    lab.checkpoint("made", path, "--tcp-established")


def _folder_as_root(lab: Lab, path: Path) -> None:
    """The container was made of a folder instead of an image."""
    place = lab.podman("image", "mount", IMAGE).strip()
    lab.run("cp", "-a", place, "/root/tree")
    lab.podman("image", "unmount", IMAGE)
    try:
        lab.podman(
            "run", "--detach", "--name=made", "--rootfs", "/root/tree", "/bin/sh", "-c", FOREVER
        )
        lab.wait_for_log("made", "ready")
        lab.checkpoint("made", path)
    finally:
        lab.run("rm", "-rf", "/root/tree")


def _from_registry(lab: Lab, path: Path) -> None:
    """A container whose image lies in a registry, and is no longer here."""
    name = f"{REGISTRY}/scenario:1"
    lab.podman("tag", IMAGE, name)
    try:
        _made(lab, path, image=name)
    finally:
        lab.podman("untag", name, name)


ARCHIVES: dict[str, Callable[[Lab, Path], None]] = {
    "bind": _bind,
    "overlay": _overlay,
    "image-mount": _image_mount,
    "secret": _secret,
    "locks": _locks,
    "volume-mode": _volume_mode,
    "volume-file": _volume_file,
    "without-volumes": _without_volumes,
    "without-rootfs": _without_rootfs,
    "new-file": _new_file,
    "uncompressed": _uncompressed,
    "ghost": _ghost,
    "log-file": _log_file,
    "left-out": _left_out,
    "taken-along": _taken_along,
    "folder-mode": _folder_mode,
    "folder-again": _folder_again,
    "folder-deleted": _folder_deleted,
    "link-unused": _link_unused,
    "many-links": _many_links,
    "host-network": _host_network,
    "no-network": _no_network,
    "one-address": _one_address,
    "own-address": _own_address,
    "terminal": _terminal,
    "removed-at-exit": _removed_at_exit,
    "privileged": _privileged,
    "init": _init,
    "anonymous-volume": _anonymous_volume,
    "two-volumes": _two_volumes,
    "pid-file": _pid_file,
    "runc-established": _runc_established,
    "folder-as-root": _folder_as_root,
    "from-registry": _from_registry,
}
"""How the archives are made that `make_data` does not know."""


class Collection:
    """The archives of the scenarios, each made when it is first asked for."""

    def __init__(self, lab: Lab, folder: Path, known: Archives | None = None) -> None:
        self._lab = lab
        self._folder = folder
        self._known = known or Archives(lab, folder)

    def __getitem__(self, name: str) -> str:
        if name == "cut-off":
            return self._cut_off()
        if name not in ARCHIVES:
            return self._known[name]
        path = self._folder / f"{name}.tar"
        if not path.exists():
            self._lab.clean()
            unfinished = path.with_suffix(".part")
            ARCHIVES[name](self._lab, unfinished)
            unfinished.rename(path)
            self._lab.clean()
        return str(path)

    def _cut_off(self) -> str:
        """The first half of an archive."""
        path = self._folder / "cut-off.tar"
        whole = Path(self["uncompressed"]).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        return str(path)


# Hosts


def _ledger(lab: Lab) -> None:
    if not lab.has_image(LEDGER):
        lab.run("mkdir", "-p", "/root/ledger")
        lab.run("sh", "-c", "echo one >/root/ledger/ledger; ln -s ledger /root/ledger/link")
        recipe = f"FROM {IMAGE}\nCOPY ledger link /srv/\n"
        lab.run("tee", "/root/ledger/Containerfile", stdin=recipe.encode())
        lab.podman("build", "--quiet", f"--tag={LEDGER}", "/root/ledger")
        lab.run("rm", "-r", "/root/ledger")


@contextmanager
def _site(lab: Lab) -> Iterator[None]:
    lab.run("mkdir", "-p", "/srv/site")
    try:
        yield
    finally:
        lab.run("rm", "-rf", "/srv/site")


@contextmanager
def _file_as_site(lab: Lab) -> Iterator[None]:
    lab.run("touch", "/srv/site")
    try:
        yield
    finally:
        lab.run("rm", "-rf", "/srv/site")


@contextmanager
def _stored_secret(lab: Lab) -> Iterator[None]:
    lab.run("podman", "secret", "create", "dbpass", "-", stdin=b"hunter2")
    yield


@contextmanager
def _pid_folder(lab: Lab) -> Iterator[None]:
    lab.run("mkdir", "-p", "/root/pids")
    try:
        yield
    finally:
        lab.run("rm", "-rf", "/root/pids")


def _running(name: str, *options: str, script: str = FOREVER) -> Setup:
    """A host on which a container runs already."""

    @contextmanager
    def setup(lab: Lab) -> Iterator[None]:
        lab.run_container(name, script, *options)
        yield

    return setup


def _asked(*argv: str) -> Setup:
    """A host on which Podman was told something before."""

    @contextmanager
    def setup(lab: Lab) -> Iterator[None]:
        lab.podman(*argv)
        yield

    return setup


def _without(*paths: str) -> Setup:
    """A host that lacks these programs or libraries."""

    away = "/root/away"

    @contextmanager
    def setup(lab: Lab) -> Iterator[None]:
        lab.run("mkdir", away)
        for number, path in enumerate(paths):
            lab.run("mv", path, f"{away}/{number}")
        try:
            yield
        finally:
            for number, path in enumerate(paths):
                lab.run("mv", f"{away}/{number}", path)
            lab.run("rmdir", away)

    return setup


@contextmanager
def _without_library(lab: Lab) -> Iterator[None]:
    """crun loads CRIU's library when it restores."""
    names = lab.run("sh", "-c", "ls -d /usr/lib/*/libcriu.so.2*").split()
    with _without(*names)(lab):
        lab.run("ldconfig")
        yield
    lab.run("ldconfig")


@contextmanager
def _stopped(lab: Lab) -> Iterator[None]:
    """A container that does not run, and keeps no port."""
    lab.run_container("stopped", FOREVER, "--publish=18080:80")
    lab.podman("stop", "--time=0", "stopped")
    yield


def _listening(address: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> Setup:
    """A host on which a process has a port."""

    @contextmanager
    def setup(lab: Lab) -> Iterator[None]:
        with socket.socket(socket.AF_INET, kind) as holder:
            holder.bind((address, port))
            if kind is socket.SOCK_STREAM:
                holder.listen()
            yield

    return setup


@contextmanager
def _address_taken(lab: Lab) -> Iterator[None]:
    """The network is there, and its address 10.99.0.42 has another container."""
    with _network("10.99.0.0/24")(lab):
        lab.run_container("holder", FOREVER, "--network=backnet", "--ip=10.99.0.42")
        yield


def _network(subnet: str) -> Setup:
    """A host with the network backnet."""

    @contextmanager
    def setup(lab: Lab) -> Iterator[None]:
        lab.podman("network", "create", f"--subnet={subnet}", "backnet")
        yield

    return setup


@contextmanager
def _failed_before(lab: Lab) -> Iterator[None]:
    """A restore has failed and left its container."""
    lab.podman("create", "--name=talking", IMAGE, "/bin/true")
    yield


@contextmanager
def _image_gone(lab: Lab) -> Iterator[None]:
    """No image of that name or ID."""
    lab.podman("save", "--output=/root/kept.tar", IMAGE)
    lab.podman("rmi", "--force", IMAGE)
    try:
        yield
    finally:
        lab.podman("rm", "--all", "--force", "--time=0")
        lab.podman("load", "--input=/root/kept.tar")
        lab.run("rm", "/root/kept.tar")


@contextmanager
def _other_image(lab: Lab) -> Iterator[None]:
    """The name leads to another image, and the right one is gone."""
    _ledger(lab)
    with _image_gone(lab):
        lab.podman("tag", LEDGER, IMAGE)
        try:
            yield
        finally:
            lab.podman("untag", LEDGER, IMAGE)


@contextmanager
def _other_name(lab: Lab) -> Iterator[None]:
    """The right image is there under another name alone."""
    kept = "localhost/kept:latest"
    lab.podman("tag", IMAGE, kept)
    lab.podman("untag", IMAGE, IMAGE)
    try:
        yield
    finally:
        lab.podman("tag", kept, IMAGE)
        lab.podman("untag", kept, kept)


@contextmanager
def _registry(lab: Lab) -> Iterator[None]:
    """The image can be pulled."""
    with lab.registry():
        lab.podman("push", "--quiet", IMAGE, f"{REGISTRY}/scenario:1")
        try:
            yield
        finally:
            lab.podman("rm", "--all", "--force", "--time=0")
            lab.podman("untag", IMAGE, f"{REGISTRY}/scenario:1")


@contextmanager
def _first_copy(lab: Lab) -> Iterator[None]:
    """The container's own name, volume and port are taken."""
    lab.run_container("web", FOREVER, "--publish=18080:80", "--volume=webdata:/www")
    yield


def _pod(shared: str = "ipc,net,uts", *options: str) -> Setup:
    return _asked("pod", "create", "--name=shop", f"--share={shared}", *options)


def _options(**chosen: object) -> RestoreOptions:
    return RestoreOptions(**chosen)  # type: ignore[arg-type]


WORKS, REFUSED = "", "-"

SCENARIOS = (
    Scenario("as archived", "web", WORKS),
    Scenario("new name and port", "web", WORKS, _options(name="w", publish=("18085:80",))),
    Scenario("kept files and statistics", "web", WORKS, _options(keep=True, print_stats=True)),
    Scenario("made by runc", "runc", WORKS),
    Scenario("a name that podman run would refuse", "web", WORKS, _options(name="bad name!")),
    Scenario("only half of the archive", "cut-off", REFUSED),
    # identity
    Scenario("name in use", "web", "name-in-use", host=_running("web")),
    Scenario("name in use, other name", "web", WORKS, _options(name="w"), _running("web")),
    Scenario(
        "left by a failed restore",
        "established",
        "name-in-use",
        _options(tcp_established=True),
        _failed_before,
    ),
    # image
    Scenario("image gone", "web", "image-missing", host=_image_gone),
    Scenario("image of another ID", "web", "image-id-differs", host=_other_image),
    Scenario("image under another name", "web", "image-missing", host=_other_name),
    Scenario(
        "image under another name, tagged", "web", WORKS, host=_other_name, remedies=("tag-image",)
    ),
    Scenario("image in its registry", "from-registry", WORKS, host=_registry, open_question=True),
    Scenario("image in no registry", "from-registry", "registry-unreachable", open_question=True),
    Scenario("made of a folder", "folder-as-root", "image-none"),
    # volumes
    Scenario("volume exists", "web", "volume-exists", host=_asked("volume", "create", "webdata")),
    Scenario(
        "volume exists, ignored",
        "web",
        WORKS,
        host=_asked("volume", "create", "webdata"),
        remedies=("ignore-volumes",),
    ),
    Scenario(
        "volume exists, removed",
        "web",
        WORKS,
        host=_asked("volume", "create", "webdata"),
        remedies=("remove-volume",),
    ),
    Scenario("volume ignored, none there", "web", WORKS, _options(ignore_volumes=True)),
    Scenario("volume without its content", "without-volumes", "volume-data-missing"),
    Scenario(
        "volume without its content, ignored",
        "without-volumes",
        WORKS,
        _options(ignore_volumes=True),
    ),
    Scenario("volume root of another mode", "volume-mode", "file-mode"),
    Scenario("file in a volume open", "volume-file", WORKS),
    Scenario(
        "file in a volume open, ignored",
        "volume-file",
        "file-missing",
        _options(ignore_volumes=True),
    ),
    Scenario(
        "second of two volumes exists",
        "two-volumes",
        "volume-exists",
        host=_asked("volume", "create", "other"),
    ),
    Scenario("volume without a name", "anonymous-volume", WORKS),
    # ports
    Scenario(
        "port of a container", "web", "port-in-use", host=_running("holder", "--publish=18080:80")
    ),
    Scenario("port of a process", "web", "port-in-use", host=_listening("127.0.0.1", 18080)),
    Scenario(
        "port of a process, other port",
        "web",
        WORKS,
        _options(publish=("18085:80",)),
        _listening("127.0.0.1", 18080),
    ),
    Scenario("port of a stopped container", "web", WORKS, host=_stopped),
    Scenario(
        "port of another protocol",
        "web",
        WORKS,
        host=_listening("0.0.0.0", 18080, socket.SOCK_DGRAM),
    ),
    Scenario("port on another address", "one-address", WORKS, host=_listening("127.0.0.1", 18081)),
    Scenario(
        "port on its one address", "one-address", "port-in-use", host=_listening("127.0.0.2", 18081)
    ),
    Scenario(
        "range across a taken port",
        "web",
        "port-in-use",
        _options(publish=("18078-18082:80-84",)),
        _listening("127.0.0.1", 18082),
    ),
    Scenario("port that is none", "web", "port-invalid", _options(publish=("99999:80",))),
    Scenario(
        "ranges of different lengths",
        "web",
        "port-invalid",
        _options(publish=("18080-18082:80-81",)),
    ),
    # network
    Scenario("network missing", "static", "network-missing"),
    Scenario("network there", "static", WORKS, host=_network("10.99.0.0/24")),
    Scenario(
        "network of another subnet", "static", "ip-outside-subnet", host=_network("10.98.0.0/24")
    ),
    Scenario("static address taken", "static", "ip-in-use", host=_address_taken),
    Scenario(
        "static address taken, new name", "static", "ip-in-use", _options(name="s"), _address_taken
    ),
    Scenario(
        "static address taken, ignored",
        "static",
        WORKS,
        _options(ignore_static_ip=True, ignore_static_mac=True),
        _address_taken,
    ),
    Scenario(
        "last address taken", "own-address", "ip-in-use", host=_running("holder", "--ip=10.88.7.7")
    ),
    Scenario("no network at all", "no-network", WORKS),
    Scenario("host's network", "host-network", WORKS),
    Scenario(
        "host's network, its port taken",
        "host-network",
        "host-network-port",
        host=_listening("0.0.0.0", 19080),
    ),
    # connections
    Scenario("open connection", "established", "tcp-established"),
    Scenario("open connection, restored", "established", WORKS, _options(tcp_established=True)),
    Scenario(
        "open connection, restored, new name",
        "established",
        "tcp-established-with-name",
        _options(tcp_established=True, name="t"),
    ),
    Scenario("open connection, closed", "established", WORKS, _options(tcp_close=True)),
    Scenario(
        "open connection, closed, new name",
        "established",
        WORKS,
        _options(tcp_close=True, name="t"),
    ),
    Scenario("open connection in runc", "runc-established", "tcp-established"),
    Scenario(
        "open connection in runc, closed",
        "runc-established",
        "tcp-close-unsupported",
        _options(tcp_close=True),
    ),
    Scenario(
        "open connection in runc, restored",
        "runc-established",
        WORKS,
        _options(tcp_established=True),
    ),
    # pods
    Scenario("of a pod, none chosen", "member", "pod-required"),
    Scenario("pod that is not there", "member", "pod-not-found", _options(pod="shop")),
    Scenario(
        "pod that shares too little",
        "member",
        "namespace-not-shared",
        _options(pod="shop"),
        _pod("ipc"),
    ),
    Scenario(
        "pod without infra container",
        "member",
        "pod-without-infra",
        _options(pod="shop"),
        _asked("pod", "create", "--name=shop", "--infra=false"),
    ),
    Scenario("pod that shares enough", "member", WORKS, _options(pod="shop"), _pod()),
    Scenario(
        "pod with ports",
        "member",
        WORKS,
        _options(pod="shop"),
        _pod("ipc,net,uts", "--publish=18086:80"),
    ),
    Scenario("pod for a container without", "web", "pod-forbidden", _options(pod="shop"), _pod()),
    # mounts, secrets, devices
    Scenario("bind mount, source there", "bind", WORKS, host=_site),
    Scenario("bind mount, source missing", "bind", "bind-source-missing"),
    Scenario("bind mount, source is a file", "bind", "bind-source-kind", host=_file_as_site),
    Scenario("overlay of a folder that is there", "overlay", "overlay-mount", host=_site),
    Scenario("overlay of a missing folder", "overlay", "overlay-mount"),
    Scenario("image as a mount", "image-mount", "overlay-mount"),
    Scenario("secret missing", "secret", "secret-missing"),
    Scenario("secret there", "secret", "mountpoint-missing", host=_stored_secret),
    Scenario("file for the PID, its folder there", "pid-file", WORKS, host=_pid_folder),
    Scenario("file for the PID, its folder missing", "pid-file", "pid-folder-missing"),
    Scenario("more rights and a tmpfs", "privileged", WORKS),
    Scenario("init from the host", "init", "bind-source-kind"),
    # files
    Scenario("deleted link to the program", "deleted", "file-missing"),
    Scenario("deleted link to the program, ignored", "deleted", WORKS, remedies=("ignore-rootfs",)),
    Scenario("deleted links, many", "many-links", "file-missing"),
    Scenario("deleted link to an unused file", "link-unused", WORKS),
    Scenario("deleted folder and file", "folder-deleted", WORKS),
    Scenario("deleted folder, made again", "folder-again", "file-missing"),
    Scenario("new file open", "new-file", WORKS),
    Scenario(
        "new file open, changes ignored", "new-file", "file-missing", _options(ignore_rootfs=True)
    ),
    Scenario("new file open, changes not archived", "without-rootfs", "file-missing"),
    Scenario("changed file that the host has too", "taken-along", WORKS),
    Scenario("changed file that was left out", "left-out", "file-size"),
    Scenario("folder of another mode", "folder-mode", "file-mode"),
    Scenario("deleted file open", "ghost", WORKS),
    Scenario("file that grows", "log-file", WORKS),
    # the rest
    Scenario("file locks, dropped", "locks", WORKS),
    Scenario("file locks, restored", "locks", WORKS, _options(file_locks=True)),
    Scenario("terminal", "terminal", WORKS),
    Scenario("removed at its end", "removed-at-exit", WORKS),
    Scenario(
        "previous checkpoint missing",
        "web",
        "previous-unreadable",
        _options(import_previous="/root/nosuch.tar"),
        open_question=True,
    ),
    Scenario(
        "cgroups by systemd, without systemd",
        "web",
        "cgroup-manager-systemd",
        _options(cgroup_manager="systemd"),
    ),
    Scenario("without CRIU", "web", "criu-missing", host=_without("/usr/sbin/criu")),
    Scenario("without CRIU's library", "web", "criu-library-missing", host=_without_library),
    Scenario("without runc", "runc", "runtime-missing", host=_without("/usr/sbin/runc")),
    Scenario("without iptables-restore", "web", WORKS, host=_without("/usr/sbin/iptables-restore")),
    Scenario(
        "open connection, restored, without iptables-restore",
        "established",
        WORKS,
        _options(tcp_established=True),
        _without("/usr/sbin/iptables-restore"),
    ),
    Scenario(
        "without iptables-restore or network",
        "no-network",
        WORKS,
        host=_without("/usr/sbin/iptables-restore"),
    ),
    Scenario(
        "everything in the way, mended",
        "web",
        WORKS,
        _options(name="w", publish=("18085:80",), ignore_volumes=True),
        _first_copy,
    ),
)
