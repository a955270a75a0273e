import pytest

from tests.restore.facts import NOBODY_KNOWS, altered, archive, host, identifier, look, pod
from tui.restore.conflict import Location, Severity

MEMBER = archive("member")
WEB = archive("web")
SHOP = pod("shop")


def test_a_member_needs_a_pod() -> None:
    (conflict,) = look("pod-required", MEMBER, host(pods=[SHOP, pod("small", "ipc")]))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.where == (Location("config.dump", "/pod"),)
    assert conflict.evidence.archive == "pod 1ed695585d35, sharing ipc, net, uts"
    into, create = conflict.remedies
    assert into.id == f"pod:{SHOP.id}"
    assert into.options == {"pod": "shop"}
    assert create.commands == (
        ("podman", "pod", "create", "--share=ipc,net,uts", "--name=member-pod"),
    )


def test_the_name_of_a_new_pod_is_free_and_valid() -> None:
    odd = altered(MEMBER, config={"name": "my member"})
    (conflict,) = look("pod-required", odd, host(pods=[pod("my-member-pod", "ipc")]))
    assert conflict.remedies[-1].commands[0][-1] == "--name=my-member-pod-2"


def test_a_pod_for_a_container_that_shared_nothing() -> None:
    alone = altered(MEMBER, config={"ipcNsCtr": "", "netNsCtr": "", "utsNsCtr": ""})
    (conflict,) = look("pod-required", alone, host())
    assert conflict.remedies[-1].commands[0][3] == "--share=none"


def test_no_remedy_from_unknown_pods() -> None:
    (conflict,) = look("pod-required", MEMBER, host(pods=NOBODY_KNOWS))
    assert conflict.severity is Severity.BLOCKER
    assert conflict.remedies == ()


def test_a_container_of_no_pod_gets_none() -> None:
    (conflict,) = look("pod-forbidden", WEB, host(pods=[SHOP]), pod="shop")
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.host == "--pod shop"
    assert [remedy.options for remedy in conflict.remedies] == [{"pod": ""}]


def test_containers_with_dependencies() -> None:
    needy = altered(WEB, config={"Dependencies": [identifier("db")]})
    (conflict,) = look("dependencies", needy, host())
    assert conflict.severity is Severity.BLOCKER
    assert conflict.evidence.archive == identifier("db")[:12]
    assert conflict.where == (Location("config.dump", "/Dependencies"),)


def test_the_pod_is_not_there() -> None:
    (conflict,) = look("pod-not-found", MEMBER, host(pods=[SHOP]), pod="nopod")
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == "nopod"
    assert conflict.evidence.host == "pods: shop"
    assert conflict.remedies[0].options == {"pod": "shop"}


def test_the_pod_cannot_be_looked_up() -> None:
    (conflict,) = look("pod-not-found", MEMBER, host(pods=NOBODY_KNOWS), pod="shop")
    assert conflict.severity is Severity.UNCHECKED


def test_the_pod_has_no_infra_container() -> None:
    bare = pod("bare", infra=False)
    (conflict,) = look("pod-without-infra", MEMBER, host(pods=[bare, SHOP]), pod="bare")
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == "bare"
    assert conflict.where[1] == Location("host", "/pods/bare/infra")
    assert conflict.remedies[0].options == {"pod": "shop"}
    assert look("namespace-not-shared", MEMBER, host(pods=[bare]), pod="bare") == ()


ALL = {f"{name}NsCtr": "old" for name in ("ipc", "net", "pid", "uts", "cgroup")}


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ipc", "IPC"),
        ("net", "network"),
        ("pid", "PID"),
        ("uts", "UTS"),
        ("cgroup", "cgroup"),
    ],
)
def test_each_namespace_that_the_pod_does_not_share(name: str, word: str) -> None:
    everything = altered(MEMBER, config=ALL)
    rest = {"ipc", "net", "pid", "uts", "cgroup"} - {name}
    (conflict,) = look("namespace-not-shared", everything, host(pods=[pod("p", *rest)]), pod="p")
    assert conflict.severity is Severity.BLOCKER
    assert conflict.subject == name
    assert conflict.title == f"Pod p does not share the {word} namespace"
    assert conflict.where == (
        Location("config.dump", f"/{name}NsCtr"),
        Location("host", "/pods/p/shared"),
    )
    assert conflict.evidence.host == f"shares {', '.join(sorted(rest))}"


def test_all_that_is_missing_is_named_in_podmans_order() -> None:
    everything = altered(MEMBER, config=ALL)
    found = look("namespace-not-shared", everything, host(pods=[pod("p", "user")]), pod="p")
    assert [one.subject for one in found] == ["ipc", "net", "pid", "uts", "cgroup"]


def test_what_the_container_did_not_share_does_not_matter() -> None:
    assert look("namespace-not-shared", MEMBER, host(pods=[SHOP]), pod="shop") == ()


@pytest.mark.parametrize(
    "code",
    ["pod-required", "pod-forbidden", "pod-not-found", "pod-without-infra", "dependencies"],
)
def test_no_conflict(code: str) -> None:
    assert look(code, MEMBER, host(pods=[SHOP]), pod="shop") == ()
    assert look(code, WEB, host(pods=NOBODY_KNOWS)) == ()
