"""What can be mended without anybody's decision."""

from tests.restore.facts import archive, host
from tui.host.facts import Listener, Protocol
from tui.restore.mend import mend
from tui.restore.options import RestoreOptions

WEB = archive("web")
PORT = (WEB.config.port_mappings or [])[0].host_port


def test_a_taken_port_is_moved() -> None:
    busy = host(listeners=[Listener(Protocol.TCP, "0.0.0.0", PORT)])
    mended = mend(WEB, busy, RestoreOptions())
    assert mended.options.publish
    assert [remedy.id for remedy in mended.chosen] == ["next-port"]
    assert mended.commands == ()


def test_several_ways_out_are_a_decision() -> None:
    mended = mend(WEB, host(volumes=["webdata"]), RestoreOptions())
    assert mended.options == RestoreOptions()
    assert mended.chosen == ()


def test_what_must_be_run_is_left_to_be_asked_about() -> None:
    (image,) = host().images.value  # type: ignore[union-attr]
    untagged = host(images=[type(image)(image.id, ("other:latest",))])
    mended = mend(WEB, untagged, RestoreOptions())
    assert [command[:2] for remedy in mended.commands for command in remedy.commands] == [
        ("podman", "tag")
    ]


def test_nothing_to_mend_changes_nothing() -> None:
    mended = mend(WEB, host(), RestoreOptions(name="web2"))
    assert (mended.options, mended.chosen, mended.commands) == (
        RestoreOptions(name="web2"),
        (),
        (),
    )
