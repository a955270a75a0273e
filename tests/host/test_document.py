import json
from typing import Any

import pytest

from tests.host.recorded import RecordedHost, said
from tui.host.collect import collect
from tui.host.document import facts_json, listener_key
from tui.host.facts import Listener, Protocol
from tui.host.host import NoAnswer, NotInstalled
from tui.host.questions import Questions
from tui.text import pointer


async def document(instead: Any = None) -> Any:
    facts = await collect(RecordedHost(instead), Questions("crun"))
    return json.loads(json.dumps(facts_json(facts)))


async def test_lists_are_keyed_by_name_so_that_pointers_stay_right() -> None:
    facts = await document()
    assert facts["volumes"]["data"]["driver"] == "local"
    assert facts["containers"]["proxy"]["ports"][0]["host_port"] == 18080
    assert facts["pods"]["web-pod"]["shared"] == ["ipc", "net", "uts"]
    assert facts["networks"]["podman"]["subnets"] == ["10.88.0.0/16"]
    assert set(facts["secrets"]) == {"dbpass", "tls.key"}
    assert facts["listeners"]["0.0.0.0:18080/tcp"]["port"] == 18080
    (image_id,) = facts["images"]
    assert facts["images"][image_id]["id"] == image_id
    assert facts["endpoints"]["backnet 10.99.0.42"]["mac"] == "6a:19:03:0a:99:d4"
    assert facts["space"]["/var/tmp"] > 2**30
    assert facts["cpu_flags"]["avx512f"] == {}


async def test_programs_and_the_host_itself() -> None:
    facts = await document()
    assert (facts["name"], facts["simulated"]) == ("recorded host", False)
    assert facts["podman"]["version"] == [5, 8, 6]
    assert facts["runtime"]["path"] == "/usr/bin/crun"
    assert facts["criu"]["version"] == 40201


async def test_cgroups_by_path() -> None:
    folder = "/sys/fs/cgroup/pids/some"
    answers = {
        "ls -- /sys/fs/cgroup": said("pids\n"),
        "du": said(f"0\t{folder}\0"),
        "wc": said(f"0 {folder}/cgroup.procs\n"),
    }
    asked = Questions("crun", container="c" * 64, cgroup_parent="/libpod_parent")
    facts = facts_json(await collect(RecordedHost(answers), asked))
    assert facts["cgroups"] == {folder: False}


async def test_what_is_missing_is_null_and_what_is_unknown_has_its_reason() -> None:
    missing = NotInstalled("criu is not installed on this host")
    facts = await document(
        {"criu --version": missing, "criu check": missing, "podman ps": NoAnswer("busy")}
    )
    assert facts["criu"] is None
    assert facts["containers"] == {"unknown": "busy"}


def test_ipv6_listeners_wear_brackets() -> None:
    assert listener_key(Listener(Protocol.UDP, "::1", 53)) == "[::1]:53/udp"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((), ""),
        (("volumes", "data"), "/volumes/data"),
        (("a/b", "~1", 0), "/a~1b/~01/0"),
        (("",), "/"),
    ],
)
def test_pointers_escape_as_rfc_6901_says(parts: tuple[str | int, ...], expected: str) -> None:
    assert pointer(*parts) == expected
