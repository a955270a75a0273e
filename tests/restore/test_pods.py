import pytest

from tests.restore.facts import NOBODY_KNOWS, archive, host, identifier, pod
from tui.restore.pods import chosen_pod, find_pod, shared_namespaces, suitable_pods

PODS = (pod("shop"), pod("shop2"), pod("bare", infra=False), pod("small", "ipc"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("shop", "shop"),
        (identifier("shop2"), "shop2"),
        (identifier("bare")[:8], "bare"),
        (identifier("sh")[:4], None),  # more than one begins like this
        ("nopod", None),
        ("", None),
    ],
)
def test_podman_finds_a_pod_by_name_id_or_beginning(wanted: str, found: str | None) -> None:
    pod = find_pod(PODS, wanted)
    assert (pod.name if pod else None) == found


def test_the_member_shared_what_pods_share_by_default() -> None:
    config = archive("member").config
    assert [one.name for one in shared_namespaces(config)] == ["ipc", "net", "uts"]


def test_pods_that_share_enough_are_suitable() -> None:
    found = suitable_pods(archive("member").config, host(pods=PODS))
    assert [pod.name for pod in found] == ["shop", "shop2"]


def test_nothing_is_chosen_of_unknown_pods() -> None:
    assert chosen_pod(host(pods=NOBODY_KNOWS), "shop") is None
    assert suitable_pods(archive("member").config, host(pods=NOBODY_KNOWS)) == ()
