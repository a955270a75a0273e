"""Two checkpoints compared: what differs, what is the same, and what means nothing."""

import json
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from tests.archive.builders import PACKERS, unpacked
from tests.checkpoint.builders import loaded
from tests.checkpoint.comparisons import (
    RUNC,
    WEB,
    Members,
    apart,
    document,
    expected,
    flat,
    rebuilt,
    side,
)
from tests.data import DATA
from tui.archive.model import Compression, Member, MemberKind
from tui.checkpoint.comparison import SECTIONS, Comparison, compare, look
from tui.checkpoint.comparison.difference import Counts, Kind
from tui.checkpoint.comparison.side import Side, read_side
from tui.checkpoint.config import Json
from tui.checkpoint.filesystem import Entry, Fate, FileSystem
from tui.checkpoint.filesystem import Kind as Mounted
from tui.text import MASK


def saying(folder: Path, **documents: Json) -> Side:
    """A side whose archive has these documents."""
    folder.mkdir()
    return read_side(loaded(folder, **documents))


def documents(tmp_path: Path, before: Json, after: Json, *, name: str = "spec") -> Comparison:
    sides = (saying(tmp_path / "0", **{name: before}), saying(tmp_path / "1", **{name: after}))
    return compare(*sides)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.tar*")), ids=lambda path: path.name)
def test_an_archive_is_the_same_as_itself(path: Path) -> None:
    found = compare(side(path), side(path))
    counts = found.counts
    assert (counts.differing, counts.expected) == (0, 0)
    assert counts.same > 50
    assert found.same
    assert found.whole
    assert found.same_container


def test_how_an_archive_is_packed_means_nothing(tmp_path: Path) -> None:
    plain = rebuilt(tmp_path, lambda _: None)
    packed = tmp_path / "packed"
    packed.write_bytes(PACKERS[Compression.GZIP](plain.read_bytes()))
    found = compare(side(plain), side(packed))
    assert found.same
    assert expected(found) == {
        "archive/compression": "how it is packed",
        "archive/size of the file": "how it is packed",
    }


def test_two_containers_differ_in_every_respect_that_is_theirs() -> None:
    found = compare(side(WEB), side(RUNC))
    assert not found.same
    assert not found.same_container
    told = {way: values for way, _, values in flat(found, "archive")}
    assert told["/container"] == "web → on-runc"
    assert told["/runtime"] == "crun → runc"
    assert ("/tcp6 [::]:80", "removed", "") in flat(found, "sockets")
    assert any(way.startswith("/1 ") for way, _, _ in flat(found, "processes"))


def test_ids_of_containers_mean_nothing_wherever_they_stand() -> None:
    found = compare(side(WEB), side(RUNC))
    reasons = expected(found)
    assert reasons["config/conmonPidFile"] == "only IDs differ in it"
    assert reasons["config/id"] == "only IDs differ in it"
    assert reasons["spec/linux/cgroupsPath"] == "only IDs differ in it"
    assert reasons["mounts///options"] == "layers of the engine's own"
    assert not [way for way, _, _ in flat(found, "config") if "staticDir" in way]


def test_what_the_archive_section_does_not_tell_is_told_elsewhere() -> None:
    sides = side(WEB), side(RUNC)
    assert expected(compare(*sides))["config/name"] == "told under archive"
    assert ("/name", "changed", "web → on-runc") in flat(compare(*sides, ["config"]), "config")


def test_parts_of_documents_are_known_by_name_not_by_place(tmp_path: Path) -> None:
    mounts = [{"destination": f"/{name}", "options": ["ro"]} for name in "abc"]
    changed = [mounts[2], {"destination": "/b", "options": ["rw"]}, {"destination": "/d"}]
    found = documents(tmp_path, {"mounts": mounts}, {"mounts": changed})
    assert flat(found, "spec") == [
        ("/mounts//a", "removed", ""),
        ("/mounts//b/options/ro", "removed", ""),
        ("/mounts//b/options/rw", "added", ""),
        ("/mounts//d", "added", ""),
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            {"newPortMappings": [{"container_port": 80, "protocol": "tcp", "host_port": 8080}]},
            {"newPortMappings": [{"container_port": 80, "protocol": "tcp", "host_port": 8081}]},
            [("/newPortMappings/80/tcp/host_port", "changed", "8080 → 8081")],
        ),
        (
            {"mounts": [{"source": "a", "dest": "/x"}, {"source": "b", "dest": "/y"}]},
            {"mounts": [{"source": "b", "dest": "/y"}, {"source": "c", "dest": "/x"}]},
            [("/mounts//x/source", "changed", "a → c")],
        ),
        (
            {"networks": [{"n": 1}, {"n": 2}, {"n": 3}]},
            {"networks": [{"n": 3}, {"n": 1}, {"n": 4}]},
            [("/networks/[1→2]/n", "changed", "2 → 4")],
        ),
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}, [
            ("/command", "changed", "['a', 'b'] → ['b', 'a']")
        ]),
        ({"userVolumes": ["/a", "/b"]}, {"userVolumes": ["/b", "/a", "/a"]}, []),
        ({"labels": {"a": "1"}}, {"labels": ["a"]}, [
            ("/labels", "changed", "{'a': '1'} → ['a']")
        ]),
        ({"privileged": False}, {"privileged": 0}, [("/privileged", "changed", "False → 0")]),
    ],
    ids=["ports", "volumes", "nameless", "commands", "words", "kinds", "types"],
)  # fmt: skip
def test_lists_are_compared_as_their_readers_take_them(
    tmp_path: Path, before: Json, after: Json, told: list[tuple[str, str, str]]
) -> None:
    assert flat(documents(tmp_path, before, after, name="config"), "config") == told


def test_an_absent_key_is_what_go_takes_it_for(tmp_path: Path) -> None:
    found = documents(tmp_path, {"name": "a"}, {"name": "a", "pause": False, "logTag": ""})
    assert found.same
    assert expected(found)["spec/pause"] == "one that is absent is read as this"
    [pause] = [one for one in found.sections[-1].root.inside if one.key == "pause"]
    assert (pause.kind, pause.before, pause.after) == (Kind.ADDED, None, False)


def test_secrets_differ_without_being_told(tmp_path: Path) -> None:
    def environment(value: str) -> Json:
        return {"process": {"env": [f"TOKEN={value}", "PATH=/bin", f"{value}=x"]}}

    found = documents(tmp_path, environment("hunter2"), environment("tr0ub4dor"))
    assert flat(found, "spec")[0] == (
        "/process/env/TOKEN",
        "changed",
        "the values differ, both are masked",
    )
    [spec] = [one.root for one in found.sections if one.name == "spec"]
    [process] = [one for one in spec.inside if one.differs]
    token = process.inside[0].inside[0]
    assert (token.label, token.before, token.after) == ("TOKEN", MASK, MASK)


def test_secrets_are_told_to_those_who_ask(tmp_path: Path) -> None:
    command = ["podman", "run", "-e", "TOKEN=hunter2", "image"]
    other = ["podman", "run", "-e", "TOKEN=tr0ub4dor", "image"]
    sides = (
        saying(tmp_path / "0", config={"CreateCommand": command}),
        saying(tmp_path / "1", config={"CreateCommand": other}),
    )
    hidden = flat(compare(*sides), "config")
    assert hidden == [("/CreateCommand", "changed", "the values differ, both are masked")]
    shown = flat(compare(*sides, reveal=True), "config")
    assert shown == [("/CreateCommand", "changed", f"{command} → {other}")]


def test_a_variable_of_a_process_is_compared_where_it_is_in_memory(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        pages = members["checkpoint/pages-1.img"]
        assert b"container=podman\0" in pages
        members["checkpoint/pages-1.img"] = pages.replace(
            b"container=podman\0", b"container=docker\0"
        )

    other = rebuilt(tmp_path, change)
    told = ("/1 httpd/environment/container", "changed", "the values differ, both are masked")
    assert apart(WEB, other, "processes") == [told]
    shown = apart(WEB, other, "processes", reveal=True)
    assert shown == [("/1 httpd/environment/container", "changed", "podman → docker")]


def test_bytes_of_memory_and_files_are_compared_when_wanted(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        pages = bytearray(members["checkpoint/pages-1.img"])
        pages[-1] ^= 0xFF
        members["checkpoint/pages-1.img"] = bytes(pages)
        volume = members["volumes/webdata.tar"]
        assert b"hello\n" in volume
        members["volumes/webdata.tar"] = volume.replace(b"hello\n", b"HELLO\n")

    sides = side(WEB), side(rebuilt(tmp_path, change))
    found = compare(*sides)
    assert found.same
    passed: list[tuple[int, int]] = []
    content = look(found, progress=lambda done, total: passed.append((done, total)))
    assert passed
    looked = compare(*sides, content=content)
    [(way, kind, note)] = flat(looked, "memory")
    assert way.startswith("/1 httpd/[")
    assert (kind, note.partition(" of ")[0]) == ("changed", "1")
    [(way, kind, digests)] = flat(looked, "filesystem")
    assert (way, kind) == ("/volume webdata at /www//www/index.html/content", "changed")
    assert len(digests) == 2 * 64 + len(" → ")


def test_equal_bytes_are_equal() -> None:
    sides = side(WEB), side(DATA / "web.tar.zst")
    content = look(compare(*sides))
    assert content.pages
    assert {one.differ for one in content.pages.values()} == {0}
    assert compare(*sides, content=content).counts == compare(*sides).counts


def test_files_are_compared_by_path(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        raw = BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for name, mode, owner in (("tmp/x", 0o600, 7), ("tmp/new", 0o644, 0)):
                info = tarfile.TarInfo(name)
                info.mode, info.uid, info.size = mode, owner, 5
                tar.addfile(info, BytesIO(b"12345"))
        members["rootfs-diff.tar"] = raw.getvalue()
        members["deleted.files"] = json.dumps(["/etc/motd"]).encode()

    before = rebuilt(tmp_path, lambda members: None, name="before.tar")
    told = apart(before, rebuilt(tmp_path, change), "filesystem")
    assert ("/root at ///tmp/new", "added", "") in told
    assert ("/root at ///tmp/x/mode", "changed", f"{0o644} → {0o600}") in told
    assert ("/root at ///tmp/x/owner", "changed", "0:0 → 7:0") in told
    assert ("/root at ///var/cache/web", "removed", "") in told


def changed(entries: tuple[Entry, ...], base: Side) -> Side:
    return replace(
        base, systems=(FileSystem(Mounted.ROOT, "/", "rootfs-diff.tar", entries=entries),)
    )


def test_deleting_a_file_of_the_image_removes_it() -> None:
    base = side(WEB)
    member = Member("etc/motd", MemberKind.FILE, 4, 0o644, base.origin.checkpointed)  # type: ignore[arg-type]
    written = (Entry("/etc/motd", Fate.WRITTEN, member),)
    gone = (Entry("/etc/motd", Fate.REMOVED),)
    for before, after, kind, note in (
        ((), gone, "removed", "deleted from the image"),
        (gone, (), "added", "in the image again"),
        (written, gone, "removed", ""),
        (gone, written, "added", ""),
    ):
        found = compare(changed(before, base), changed(after, base), ["filesystem"])
        assert flat(found, "filesystem") == [("/root at ///etc/motd", kind, note)]
    assert compare(changed(gone, base), changed(gone, base), ["filesystem"]).same


def test_many_files_are_no_trouble() -> None:
    base = side(WEB)
    moment = base.origin.checkpointed
    assert moment

    def entries(size: int) -> tuple[Entry, ...]:
        return tuple(
            Entry(f"/f/{at}", Fate.WRITTEN, Member(f"f/{at}", MemberKind.FILE, size, 0o644, moment))
            for at in range(20_000 + size)
        )

    found = compare(changed(entries(1), base), changed(entries(2), base), ["filesystem"])
    assert found.counts == Counts(added=1, changed=20_001)


def test_what_a_damaged_archive_lacks_was_not_removed(tmp_path: Path) -> None:
    plain = rebuilt(tmp_path, lambda _: None)
    damaged = tmp_path / "damaged.tar"
    raw = plain.read_bytes()
    damaged.write_bytes(raw[: len(raw) * 9 // 10])
    found = compare(side(plain), side(damaged))
    assert not found.whole
    kinds = {kind for section in SECTIONS for _, kind, _ in flat(found, section)}
    assert "removed" not in kinds
    told = "the second could be read only in part: what is missing there is not told of"
    assert found.caveat == told


def test_what_a_broken_image_lacks_was_not_removed(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        members["checkpoint/files.img"] = members["checkpoint/files.img"][:20]

    found = compare(side(WEB), side(rebuilt(tmp_path, change)))
    assert not found.whole
    kinds = {kind for section in SECTIONS for _, kind, _ in flat(found, section)}
    assert "removed" not in kinds


def test_a_document_that_only_one_has_is_a_difference(tmp_path: Path) -> None:
    bare = rebuilt(tmp_path, lambda members: members.pop("network.status"))  # type: ignore[arg-type]
    assert apart(WEB, bare, "network") == [("/network.status", "removed", "")]
    assert apart(bare, WEB, "network") == [("/network.status", "added", "")]
    assert apart(bare, bare, "network") == []


def test_what_nobody_expects_of_bare_images_is_not_compared(tmp_path: Path) -> None:
    with unpacked(WEB) as tar:
        tar.extractall(tmp_path, filter="data")
    found = compare(side(WEB), side(tmp_path / "checkpoint"))
    left_out = {one.name: one.notes for one in found.sections if not one.compared}
    assert left_out.keys() == {"filesystem", "network", "config", "spec"}
    assert left_out["spec"] == ("not compared: the second has no spec.dump that can be read",)
    assert flat(found, "processes") == []


def test_a_changed_spec_shows_once(tmp_path: Path) -> None:
    def change(members: Members) -> None:
        for name in ("config.dump", "spec.dump"):
            document(members, name, lambda value: (value.get("spec") or value).update(hostname="x"))

    found = compare(side(WEB), side(rebuilt(tmp_path, change)))
    assert [way for way, _, _ in flat(found, "spec")] == ["/hostname"]
    assert flat(found, "config") == []
    only = compare(found.before, found.after, ["config"])
    assert [way for way, _, _ in flat(only, "config")] == ["/spec/hostname"]
