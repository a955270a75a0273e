"""A host that answers what a real one once answered.

`answers/` was recorded in the lab: Podman 5.8.6 as root with three pods (`bare` has no infra
container), containers in every state that matters, `ghost` known to the storage alone. Their
addresses were recorded later, from others like them, and bear their IDs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tui.host.host import FACT_TIMEOUT, Answer, NoAnswer, Process

ANSWERS = Path(__file__).parent / "answers"

Said = Answer | NoAnswer


def said(stdout: str = "", stderr: str = "", status: int = 0) -> Answer:
    return Answer((), status, stdout, stderr)


def recorded(name: str) -> str:
    return (ANSWERS / name).read_text()


REAL: dict[str, Said] = {
    "true": said(),
    "podman info": said(recorded("info.json")),
    "podman --runtime=crun info": said(recorded("info.json")),
    "podman --runtime=runc info": said(recorded("info-runc.json")),
    "podman --runtime=nosuch info": said("", recorded("info-no-such-runtime.txt"), 125),
    "podman ps": said(recorded("ps.json")),
    "podman pod ps": said(recorded("pod-ps.json")),
    "podman pod inspect": said(recorded("pod-inspect.json")),
    "podman container inspect": said(recorded("container-inspect.json")),
    "podman volume ls": said(recorded("volume-ls.json")),
    "podman image ls": said(recorded("image-ls.json")),
    "podman network ls": said(recorded("network-ls.json")),
    "podman secret ls": said(recorded("secret-ls.txt")),
    "podman container inspect --format": said(recorded("endpoints.txt")),
    "/usr/bin/crun checkpoint --help": said(),
    "/usr/bin/runc checkpoint --help": said(),
    "/usr/bin/crun restore --help": said(recorded("crun-restore-help.txt")),
    "/usr/bin/runc restore --help": said(recorded("runc-restore-help.txt")),
    "ldconfig -p": said(recorded("ldconfig.txt")),
    "ldd /usr/bin/crun": said(recorded("ldd-crun.txt")),
    "/usr/bin/crun restore --lsm-mount-context": said("", recorded("crun-restore.txt"), 64),
    "/usr/bin/runc restore --lsm-mount-context": said(recorded("runc-restore.txt"), "", 1),
    "criu --version": said(recorded("criu-version.txt")),
    "criu check": said("Looks good.\n"),
    "cat /proc/net/tcp": said(recorded("sockets.txt"), "cat: /proc/net/sctp/eps: …", 1),
    "cat /proc/meminfo": said(recorded("meminfo.txt")),
    "cat /proc/cpuinfo": said(recorded("cpuinfo.txt")),
    "df": said(recorded("df.txt")),
    "ls": said("", "ls: cannot access '/usr/lib/criu': No such file or directory\n", 2),
    "iptables-restore --version": said("iptables-restore v1.8.13 (nf_tables)\n"),
    "ip6tables-restore --version": said("ip6tables-restore v1.8.13 (nf_tables)\n"),
    "nft --version": said("nftables v1.1.7 (Commodore Bullmoose #8)\n"),
}
"""By the beginning of the command."""


class RecordedHost:
    """Answers with `REAL`, except for what a test puts in its place."""

    name = "recorded host"
    simulated = False

    def __init__(self, instead: Mapping[str, Said] | None = None) -> None:
        self._answers = {**REAL, **(instead or {})}
        self.asked: list[tuple[str, ...]] = []

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = FACT_TIMEOUT
    ) -> Answer:
        self.asked.append(tuple(argv))
        line = " ".join(argv)
        beginnings = [known for known in self._answers if line.startswith(known)]
        if not beginnings:
            raise AssertionError(f"nobody recorded `{line}`")
        answer = self._answers[max(beginnings, key=len)]
        if isinstance(answer, NoAnswer):
            raise answer
        return Answer(tuple(argv), answer.status, answer.stdout, answer.stderr)

    def attach(self, argv: Sequence[str]) -> int:
        raise AssertionError(f"a recorded host has no terminal, and so not for {argv}")

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        raise AssertionError(f"a recorded host starts nothing, and so not {argv}")
