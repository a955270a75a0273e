"""Every layout in which a checkpoint may lie somewhere is opened."""

import io
import json
import os
import stat
from pathlib import Path

import pytest

from tests.archive.builders import DOCUMENTS, PACKERS, saved
from tests.archive.layouts import (
    PODMAN_NAME,
    blob,
    containerd,
    crio,
    descriptor,
    image,
    images,
    in_folder,
    tar,
)
from tests.data import DATA
from tui.archive import limits, standard_input
from tui.archive.layout import Layout, layout
from tui.archive.model import Compression, Contents, Form, MemberKind
from tui.archive.opening import read, stream
from tui.errors import ArchiveError

WEB = (DATA / "web.tar").read_bytes()


def opened(path: Path) -> Contents:
    *_, contents = read(str(path))
    return contents


def reread(contents: Contents) -> dict[str, bytes]:
    """Every file, from the place that it is said to have."""
    found = {}
    for member in contents.members:
        if member.offset is not None:
            with stream(contents) as again:
                again.skip(member.offset)
                found[member.name] = again.read(member.size)
    return found


# Folders


def test_an_unpacked_archive_is_the_archive(tmp_path: Path) -> None:
    theirs = opened(DATA / "web.tar")
    files = reread(theirs)
    contents = opened(in_folder(tmp_path, files))
    assert contents.form is Form.FOLDER
    assert contents.complete
    assert layout(contents) is Layout.PODMAN
    assert contents.files == theirs.files
    assert reread(contents) == files
    assert {name: [one.name for one in found] for name, found in contents.nested.items()} == {
        name: [one.name for one in found] for name, found in theirs.nested.items()
    }
    assert contents.identity.size == sum(map(len, files.values()))


@pytest.mark.parametrize("folder", ["", "cp1/", "run/images/"])
def test_the_images_of_a_runtime_are_listed_as_a_containers(folder: str, tmp_path: Path) -> None:
    files = {f"{folder}{name}": raw for name, raw in images().items()}
    files[f"{folder}dump.log"] = b"(00.0) x\n"
    for contents in (
        opened(in_folder(tmp_path / "folder", files)),
        opened(saved(tmp_path, tar(files))),
    ):
        assert layout(contents) is Layout.CRIU
        assert contents.complete
        assert contents.files["checkpoint/inventory.img"] == images()["inventory.img"]
        assert "dump.log" in contents.files
        assert any(name.startswith("checkpoint/tmpfs-dev-") for name in contents.nested)
        assert reread(contents)["checkpoint/pages-1.img"] == images()["pages-1.img"]


def test_the_file_system_beside_a_bundle_is_not_looked_at(tmp_path: Path) -> None:
    files = {"config.json": b"{}", "checkpoint/inventory.img": b"x", "rootfs/etc/passwd": b"x"}
    names = {member.name for member in opened(in_folder(tmp_path, files)).members}
    assert names == {"config.json", "checkpoint", "checkpoint/inventory.img"}


def test_links_and_pipes_in_a_folder_are_told_but_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("secret")
    folder = in_folder(tmp_path / "images", {"inventory.img": b"x"})
    (folder / "files.img").symlink_to(outside)
    (folder / "inner").symlink_to(tmp_path)
    (folder / "parent").symlink_to("../pre-checkpoint")
    os.mkfifo(folder / "core-1.img")
    contents = opened(folder)
    found = {member.name: member for member in contents.members}
    assert found["checkpoint/files.img"].kind is MemberKind.SYMLINK
    assert found["checkpoint/files.img"].link == str(outside)
    assert found["checkpoint/parent"].link == "../pre-checkpoint"
    assert found["checkpoint/core-1.img"].kind is MemberKind.OTHER
    assert contents.files.keys() == {"checkpoint/inventory.img"}
    assert not [name for name in found if "secret" in name]


def test_a_file_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = in_folder(tmp_path / "images", {"inventory.img": b"x", "pages-1.img": b"y"})
    contents = opened(folder)
    (folder / "pages-1.img").unlink()
    (folder / "pages-1.img").symlink_to(tmp_path / "secret")
    with pytest.raises(ArchiveError, match="has changed since it was read"), stream(contents):
        pass


def test_a_file_that_changes_while_the_folder_is_read_is_told(tmp_path: Path) -> None:
    folder = in_folder(tmp_path, DOCUMENTS | {"ctr.log": b"1234", "checkpoint/a.img": b""})
    reading = read(str(folder))
    next(reading)
    (folder / "ctr.log").write_bytes(b"12")
    *_, contents = reading
    assert [one.message for one in contents.problems] == ["ctr.log has changed while it was read"]


def test_a_file_that_nobody_may_read_is_a_problem_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = in_folder(tmp_path, {"core-1.img": b"x", "files.img": b"y", "inventory.img": b"z"})
    real = os.open

    def refusing(path: str, flags: int, **others: int) -> int:
        if path == "core-1.img":
            raise PermissionError(13, "Permission denied")
        return real(path, flags, **others)

    monkeypatch.setattr(os, "open", refusing)
    contents = opened(folder)
    assert [(one.member, one.message) for one in contents.problems] == [
        ("checkpoint/core-1.img", "cannot be opened: Permission denied")
    ]
    assert contents.files.keys() == {"checkpoint/files.img", "checkpoint/inventory.img"}
    assert layout(contents) is Layout.CRIU


def test_a_folder_of_too_much_is_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MEMBERS", 10)
    contents = opened(in_folder(tmp_path, {f"{n}.img": b"" for n in range(50)}))
    assert len(contents.members) == 10
    assert [one.message for one in contents.problems] == [
        "more than 10 members: the rest is unread"
    ]


def test_what_lies_too_deep_is_not_looked_at(tmp_path: Path) -> None:
    folder = in_folder(tmp_path, {"inventory.img": b"x"})
    deep = "/".join(["d"] * 150)
    (folder / deep).mkdir(parents=True)
    contents = opened(folder)
    assert [one.message for one in contents.problems] == ["not looked at: too deep"]
    assert len(contents.members) == 1 + 1 + limits.DEPTH


def test_what_is_no_folder_or_cannot_be_opened_is_said(tmp_path: Path) -> None:
    for path in (str(tmp_path / "nowhere"), "a\0b"):
        with pytest.raises(ArchiveError):
            list(read(path))


# Images


@pytest.mark.parametrize("packed", [Compression.NONE, Compression.GZIP, Compression.ZSTD])
@pytest.mark.parametrize("around", [Compression.NONE, Compression.ZSTD])
def test_the_layer_of_a_checkpoint_image_is_the_checkpoint(
    packed: Compression, around: Compression, tmp_path: Path
) -> None:
    name = {"org.opencontainers.image.ref.name": "localhost/web:1"}
    files = image(PACKERS[packed](WEB), of_manifest=PODMAN_NAME, of_index=name)
    theirs = opened(DATA / "web.tar")
    for contents in (
        opened(saved(tmp_path, PACKERS[around](tar(files)))),
        opened(in_folder(tmp_path / "oci", files)),
    ):
        assert contents.complete
        assert (contents.form, contents.compression) == (Form.IMAGE, packed)
        assert contents.layer
        assert contents.layer.name == "localhost/web:1"
        assert layout(contents) is Layout.PODMAN
        assert contents.files == theirs.files
        assert contents.members == theirs.members
        assert reread(contents) == reread(theirs)


def test_the_index_may_say_that_an_image_is_a_checkpoint(tmp_path: Path) -> None:
    marked = {"org.criu.checkpoint.engine.name": "containerd"}
    files = image(tar(containerd()), of_index=marked)
    assert layout(opened(saved(tmp_path, tar(files)))) is Layout.CONTAINERD


def docker_archive(*layers: bytes) -> dict[str, bytes]:
    """What `podman save` writes by default."""
    names = {f"{number}.tar": layer for number, layer in enumerate(layers)}
    manifest = [{"Config": "x.json", "RepoTags": ["localhost/web:1"], "Layers": list(names)}]
    return {**names, "x.json": b"{}", "manifest.json": json.dumps(manifest).encode()}


def test_an_image_that_lost_its_marks_may_be_a_checkpoint_all_the_same(tmp_path: Path) -> None:
    for files in (image(WEB), docker_archive(WEB), docker_archive(tar(containerd()))):
        contents = opened(saved(tmp_path, tar(files)))
        assert contents.form is Form.IMAGE
        assert contents.complete
        assert contents.layer
        assert contents.layer.annotations == {}
        assert reread(contents)["spec.dump"] == contents.files["spec.dump"]
    assert layout(contents) is Layout.CONTAINERD
    assert contents.layer
    assert contents.layer.name == "localhost/web:1"


def test_other_images_stay_what_they_are(tmp_path: Path) -> None:
    other = tar({"bin/sh": b"x"})
    for files, what in (
        (image(other), Layout.OCI_IMAGE),
        (image(WEB, other), Layout.OCI_IMAGE),
        (image(WEB) | {"index.json": b"{}"}, Layout.OCI_IMAGE),
        (docker_archive(other), Layout.SAVED_IMAGE),
        (docker_archive(WEB, other), Layout.SAVED_IMAGE),
        (docker_archive(WEB) | {"manifest.json": b"[7]"}, Layout.SAVED_IMAGE),
        (docker_archive(WEB) | {"manifest.json": b'[{"Layers": ["../x"]}]'}, Layout.SAVED_IMAGE),
        (docker_archive(b"no tar"), Layout.SAVED_IMAGE),
    ):
        assert layout(opened(saved(tmp_path, tar(files)))) is what


def test_an_index_may_lead_to_another(tmp_path: Path) -> None:
    files = image(tar(crio()), of_manifest={"org.criu.checkpoint.engine.name": "CRI-O"})
    inner = files.pop("index.json")
    outer = json.dumps({"manifests": [descriptor(inner)]}).encode()
    files |= {"index.json": outer, blob(inner): inner}
    assert layout(opened(saved(tmp_path, tar(files)))) is Layout.CRIO


def refused(folder: Path, files: dict[str, bytes]) -> str:
    with pytest.raises(ArchiveError) as caught:
        opened(saved(folder, tar(files)))
    return str(caught.value).partition("but ")[2]


def test_an_image_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    files = image(WEB, of_manifest=PODMAN_NAME)
    without = {name: raw for name, raw in files.items() if name != blob(WEB)}
    assert refused(tmp_path, without) == f"{blob(WEB)} is missing from it."
    two = image(WEB, b"other", of_manifest=PODMAN_NAME)
    assert refused(tmp_path, two) == "it has 2 layers, and a checkpoint is one."
    changed = {
        name: raw.replace(b'"web"', b'"bew"') if name.startswith("blobs") else raw
        for name, raw in files.items()
    }
    assert refused(tmp_path, changed).endswith("its checksum differs.")


@pytest.mark.parametrize(
    ("index", "why"),
    [
        ({"manifests": [{"digest": "../../etc/passwd"}]}, "'../../etc/passwd' is no digest."),
        ({"manifests": [{"digest": "sha256:" + "0" * 64}]}, "is missing from it."),
        ({"manifests": []}, "no manifest in it says that it is one."),
        ({"manifests": 7}, "index.json makes no sense."),
    ],
)
def test_an_index_without_sense_is_refused(
    index: dict[str, object], why: str, tmp_path: Path
) -> None:
    files = {
        "oci-layout": b"{}",
        "index.json": json.dumps({"annotations": PODMAN_NAME} | index).encode(),
        "other.json": json.dumps({"annotations": PODMAN_NAME}).encode(),
    }
    assert refused(tmp_path, files).endswith(why)


def test_an_index_of_thousands_is_not_followed(tmp_path: Path) -> None:
    files = {"oci-layout": b"{}"}
    deeper = json.dumps({"annotations": PODMAN_NAME}).encode()
    for _ in range(100):
        files[blob(deeper)] = deeper
        deeper = json.dumps({"manifests": [descriptor(deeper)]}).encode()
    files["index.json"] = deeper
    files["marked"] = json.dumps({"annotations": PODMAN_NAME}).encode()
    assert refused(tmp_path, files) == "it has more than 64 indexes and manifests."


def test_a_manifest_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_MEMBER", 2048)
    files = image(WEB, of_manifest={**PODMAN_NAME, "x": "y" * 3000}, of_index=PODMAN_NAME)
    assert refused(tmp_path, files).endswith("is too large to be read.")


def test_a_layer_that_is_damaged_is_a_problem(tmp_path: Path) -> None:
    packed = PACKERS[Compression.GZIP](WEB)
    files = image(packed[: len(packed) // 2], of_manifest=PODMAN_NAME)
    contents = opened(saved(tmp_path, tar(files)))
    assert not contents.complete
    assert "the gzip data was cut off" in contents.problems[-1].message


# Standard input


def test_standard_input_is_kept_in_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with standard_input.spooled(io.BytesIO(WEB)) as path:
        status = Path(path).stat()
        assert (status.st_nlink, stat.S_IMODE(status.st_mode)) == (0, 0o600)
        assert list(tmp_path.iterdir()) == []
        contents = opened(Path(path))
        assert contents.complete
        assert reread(contents) == reread(opened(DATA / "web.tar"))
        assert standard_input.shown(path) == "standard input"
    assert standard_input.shown("/srv/-") == "/srv/-"


def test_standard_input_that_fills_the_disk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_input, "_RESERVE", 1 << 62)
    with (
        pytest.raises(ArchiveError, match="too little room for standard input"),
        standard_input.spooled(io.BytesIO(WEB)),
    ):
        pass


def test_a_folder_for_it_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    with (
        pytest.raises(ArchiveError, match="set TMPDIR to another folder"),
        standard_input.spooled(io.BytesIO(WEB)),
    ):
        pass
