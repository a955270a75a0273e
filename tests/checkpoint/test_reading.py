from pathlib import Path

import pytest

from tests.archive.builders import END, checkpoint, entry, header, saved, short
from tests.archive.layouts import containerd, images, in_folder, tar
from tests.archive.test_layout import MADE
from tests.checkpoint.builders import doubts, loaded, problems
from tests.data import DATA, DEMO
from tui.archive import limits
from tui.archive.layout import Layout
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC
from tui.checkpoint.config import Network, PortMapping
from tui.checkpoint.reading import load, read
from tui.errors import ArchiveError

# Real checkpoints


def test_a_real_checkpoint_is_read_completely() -> None:
    found = load(str(DATA / "web.tar.zst"))
    config, spec = found.config, found.spec
    assert found.contents.complete
    assert found.readable
    assert found.documents.keys() == {CONFIG, SPEC, NETWORK}
    assert (config.name, config.runtime, config.network_mode) == ("web", "crun", "bridge")
    assert len(config.id) == len(config.image_id) == 64
    assert config.image_name == "localhost/podthaw-bb:latest"
    assert config.labels == {"app": "demo", "note": "two words"}
    assert config.port_mappings == [PortMapping(host_port=18080, container_port=80)]
    assert config.named_volumes
    assert (config.named_volumes[0].name, config.named_volumes[0].dest) == ("webdata", "/www")
    assert config.networks == [Network(name="podman", aliases=["webby"], interface_name="eth0")]
    assert config.create_command
    assert config.create_command[:2] == ["podman", "run"]
    assert spec.hostname == "webby"
    assert spec.process.env
    assert "SECRET_TOKEN=s3cr3t" in spec.process.env
    assert spec.linux.namespaces
    assert [each.type for each in spec.linux.namespaces if each.path] == ["network"]
    [address] = found.addresses
    assert (address.network, address.interface, address.gateway) == ("podman", "eth0", "10.88.0.1")
    assert address.ip.endswith("/16")


def test_a_member_of_a_pod_has_no_address() -> None:
    found = load(str(DATA / "member.tar.zst"))
    assert len(found.config.pod) == 64
    assert found.config.net_namespace_container
    assert found.addresses == ()
    assert found.documents[NETWORK] is None


def test_a_static_address_and_another_runtime() -> None:
    [network] = load(str(DATA / "static.tar.zst")).config.networks
    assert (network.name, network.static_ips) == ("backnet", ["10.99.0.42"])
    assert network.static_mac == "92:d0:c6:0a:29:33"
    assert load(str(DATA / "runc.tar.zst")).config.runtime == "runc"


@pytest.mark.parametrize("path", [*sorted(DATA.glob("*.tar*")), DEMO], ids=lambda path: path.name)
def test_the_first_look_has_all_that_the_documents_say(path: Path) -> None:
    first, *_, last = read(str(path))
    assert first.readable
    assert not first.contents.finished
    assert first.config == last.config
    assert first.spec == last.spec
    assert first.addresses == last.addresses
    assert not last.contents.ambiguities


# Other things


def test_what_is_no_checkpoint_of_a_container_is_named_with_advice(tmp_path: Path) -> None:
    advice = {
        Layout.POD: "a checkpoint of a whole Kubernetes pod: open the folders of its containers",
        Layout.OCI_IMAGE: "an OCI image: podman load reads it.",
        Layout.SAVED_IMAGE: "an image saved by podman save or docker save: podman load reads it.",
        Layout.TAR: "no checkpoint: podman container checkpoint --export",
    }
    for what, message in advice.items():
        path = saved(tmp_path, MADE[what])
        with pytest.raises(ArchiveError) as caught:
            load(str(path))
        assert str(caught.value).startswith(f"{path}: this is {message}")


def test_the_containers_of_a_pod_are_named_and_opened_one_by_one(tmp_path: Path) -> None:
    files = {f"web/{name}": raw for name, raw in containerd().items()} | {"pod.options": b"{}"}
    with pytest.raises(ArchiveError, match=r"containers \(web\) one by one, once it is unpacked\."):
        load(str(saved(tmp_path, tar(files))))
    folder = in_folder(tmp_path / "pod", files)
    with pytest.raises(ArchiveError, match=r"containers \(web\) one by one\."):
        load(str(folder))
    assert load(str(folder / "web")).layout is Layout.CONTAINERD


def test_another_engines_checkpoint_is_known_at_the_first_look(tmp_path: Path) -> None:
    pages = header("checkpoint/pages-1.img", 10 << 30)
    path = saved(tmp_path, MADE[Layout.CONTAINERD].removesuffix(END) + pages)
    assert next(read(str(path))).layout is Layout.CONTAINERD


def test_images_alone_lack_nothing_that_such_a_checkpoint_has(tmp_path: Path) -> None:
    found = load(str(in_folder(tmp_path, images())))
    assert found.layout is Layout.CRIU
    assert found.bare
    assert found.whole
    assert not found.readable
    assert problems(found) == []
    assert found.criu
    assert found.criu.processes == 1


def test_the_specification_of_a_bundle_is_read(tmp_path: Path) -> None:
    spec = b'{"ociVersion": "1.0.2", "hostname": "webby"}'
    found = load(str(in_folder(tmp_path, images() | {"config.json": spec})))
    assert found.spec.hostname == "webby"
    assert found.documents.keys() == {SPEC}


@pytest.mark.parametrize("raw", [b'{"name": "cp1"}', b"[", b"[]"], ids=short)
def test_dockers_config_json_is_no_specification(raw: bytes, tmp_path: Path) -> None:
    found = load(str(in_folder(tmp_path, images() | {"config.json": raw})))
    assert found.documents == {}
    assert found.whole


def test_nothing_is_said_to_be_missing_of_a_pre_checkpoint(tmp_path: Path) -> None:
    found = load(str(saved(tmp_path, MADE[Layout.PODMAN_PRE])))
    assert found.criu
    assert found.criu.problems == ()
    assert found.whole


# Documents that are missing or senseless


def test_a_missing_document_is_a_problem(tmp_path: Path) -> None:
    found = load(str(saved(tmp_path, entry("checkpoint/x") + entry("config.dump", b"{}"))))
    assert not found.readable
    assert problems(found) == [
        ("config.dump", "the end-of-archive mark is missing: the archive was cut off"),
        ("spec.dump", "missing: the archive has no such document"),
    ]


def test_a_document_that_is_there_but_too_long_is_not_called_missing(tmp_path: Path) -> None:
    size = limits.DOCUMENT + 1
    raw = checkpoint(header("config.dump", size) + bytes(size + -size % 512))
    found = load(str(saved(tmp_path, raw)))
    assert problems(found) == [("config.dump", "4.0 MiB long; documents are read up to 4.0 MiB")]
    assert not found.readable


def test_without_a_network_document_a_checkpoint_is_complete(tmp_path: Path) -> None:
    raw = entry("config.dump", b'{"name": "old"}') + entry("spec.dump", b"{}") + END
    found = load(str(saved(tmp_path, raw)))
    assert found.contents.complete
    assert found.readable
    assert found.config.name == "old"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not valid JSON: Expecting value (line 1, column 1)"),
        (b'{"name": NaN}', "not valid JSON: NaN is not JSON"),
        (b"[" * 100_000, "nested more than 100 levels deep"),
        (b"[]", "an object is expected, not a list"),
        (b'{"namedVolumes": [{"dest": 7}]}', "/namedVolumes/0/dest: Expected str, got int"),
        (b'{"newNetworks": ["podman"]}', "/newNetworks: Expected object | null, got array"),
    ],
    ids=short,
)
def test_a_configuration_without_sense_is_a_problem_with_its_place(
    raw: bytes, message: str, tmp_path: Path
) -> None:
    found = loaded(tmp_path, config=raw)
    assert problems(found) == [("config.dump", message)]
    assert found.config.name == ""
    assert found.spec.hostname == "webby"
    assert not found.readable
    assert not found.contents.complete


def test_a_document_without_sense_can_still_be_looked_at(tmp_path: Path) -> None:
    found = loaded(tmp_path, config={"name": 7})
    assert found.documents[CONFIG] == {"name": 7}
    assert found.senseless == {CONFIG}


def test_a_specification_or_status_without_sense_is_a_problem_too(tmp_path: Path) -> None:
    found = loaded(
        tmp_path, entry("network.status", b"7"), spec={"linux": {"namespaces": [{"path": 1}]}}
    )
    assert problems(found) == [
        ("spec.dump", "/linux/namespaces/0/path: Expected str, got int"),
        ("network.status", "neither a map of networks nor a list of CNI results"),
    ]


def test_ambiguities_of_members_and_documents_are_told_together(tmp_path: Path) -> None:
    other = entry("./x/../config.dump", b'{"name": "a", "NAME": "b", "Networks": ["n"]}')
    found = loaded(tmp_path, other)
    assert found.config.name == "b"
    assert found.config.networks == [Network(name="n")]
    assert doubts(found) == [
        ("config.dump", ""),
        ("config.dump", ""),
        ("config.dump", "/NAME"),
        ("config.dump", "/Networks"),
    ]
    assert found.contents.complete


def test_podthaws_own_fields_are_no_keys(tmp_path: Path) -> None:
    found = loaded(tmp_path, config={"legacy_ports": True, "networks": None})
    assert not found.config.legacy_ports
    assert found.config.networks == []
    assert doubts(found) == []
