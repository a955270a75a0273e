import json

import pytest

from tests.criu.builders import entry, head, image
from tests.restore.facts import archive
from tui.archive.model import Problem
from tui.criu import images_pb2 as pb
from tui.criu.framing import Magic
from tui.criu.images import FOLDER
from tui.criu.raw import RawEntry, RawMessage, decode_image, image_document

UNKNOWN = bytes.fromhex("8801 05  9201 03 616263  9b01 0807 9c01  8801 06  9d01 01000000")
"""Fields 17 (twice a number), 18 (bytes), 19 (a group, then 32 bits)."""


def test_every_image_of_a_real_checkpoint_becomes_a_document() -> None:
    names = []
    for member, raw in archive("established").contents.files.items():
        name = member.removeprefix(FOLDER)
        if name == "stats-dump" or (name.endswith(".img") and not name.startswith("tmpfs")):
            document = image_document(name, raw)
            assert "problem" not in json.dumps(document)
            names.append(name)
    assert {"stats-dump", "pstree.img", "core-1.img", "files.img"} <= set(names)


def test_fields_have_the_names_of_the_schema() -> None:
    raw = image(Magic.PSTREE, pb.Pstree(pid=1, threads=[1, 2]), pb.Pstree(pid=3))
    assert image_document("pstree.img", raw) == [
        {"offset": 12, "message": "Pstree", "fields": {"pid": 1, "threads": [1, 2]}},
        {"offset": 22, "message": "Pstree", "fields": {"pid": 3}},
    ]


def test_fields_that_the_schema_lacks_are_kept() -> None:
    raw = image(Magic.PSTREE, pb.Pstree(pid=1).SerializeToString() + UNKNOWN)
    (one,) = decode_image("pstree.img", raw)
    assert isinstance(one, RawEntry)
    assert [name for name, _ in one.message.fields()] == [
        "pid",
        "field 17 (varint)",
        "field 18 (bytes)",
        "field 19 (group)",
        "field 19 (32-bit)",
    ]
    assert image_document("pstree.img", raw) == [
        {
            "offset": 12,
            "message": "Pstree",
            "fields": {
                "pid": 1,
                "field 17 (varint)": [5, 6],
                "field 18 (bytes)": ["abc"],
                "field 19 (group)": [{"field 1 (varint)": [7]}],
                "field 19 (32-bit)": [1],
            },
        }
    ]


def test_a_field_of_another_type_than_the_schema_has_is_kept() -> None:
    raw = image(Magic.PSTREE, pb.Pstree(pid=1).SerializeToString() + b"\x0a\x01x")
    (one,) = decode_image("pstree.img", raw)
    assert isinstance(one, RawEntry)
    assert [name for name, _ in one.message.fields()] == ["pid", "field 1 (bytes)"]


def test_messages_inside_of_messages() -> None:
    raw = image(
        Magic.CGROUP,
        pb.Cgroup(controllers=[pb.CgController(cnames=[b"cpu"], dirs=[pb.CgroupDir()])]),
    )
    (one,) = decode_image("cgroup.img", raw)
    assert isinstance(one, RawEntry)
    ((name, controllers),) = one.message.fields()
    assert (name, len(controllers)) == ("controllers", 1)
    (controller,) = controllers
    assert isinstance(controller, RawMessage)
    assert controller.type == "CgController"
    assert [name for name, _ in controller.fields()] == ["cnames", "dirs"]
    assert image_document("cgroup.img", raw) == [
        {
            "offset": 12,
            "message": "Cgroup",
            "fields": {"controllers": [{"cnames": ["cpu"], "dirs": [{}]}]},
        }
    ]


def test_what_lies_behind_an_entry() -> None:
    raw = head(Magic.PIPES_DATA) + entry(pb.PipeData(pipe_id=7, bytes=3)) + b"abc"
    assert image_document("pipes-data.img", raw) == [
        {
            "offset": 12,
            "message": "PipeData",
            "fields": {"pipe_id": 7, "bytes": 3},
            "behind": {"offset": 16, "length": 3, "bytes": "abc"},
        }
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"plain", "plain"),
        (b"path\0", "path"),
        ("größe".encode(), "größe"),
        (b"\x1b[2J", "1b 5b 32 4a"),
        (b"\xff\xfe", "ff fe"),
        (b"a\0b", "61 00 62"),
        (b"", ""),
        (b"x" * 5000, "x" * 4096 + " … 904 bytes more"),
    ],
)
def test_bytes_are_text_where_they_can_be(name: bytes, shown: str) -> None:
    (one,) = image_document("utsns-1.img", image(Magic.UTS_NAMESPACE, pb.Utsns(nodename=name)))
    assert one["fields"]["nodename"] == shown


def test_large_numbers_may_be_shown_both_ways() -> None:
    raw = image(Magic.MM, pb.Mm(mm_brk=0xB2000, exe_file_id=7, dumpable=-1))
    (plain,) = image_document("mm-1.img", raw)
    assert plain["fields"] == {"mm_brk": 0xB2000, "exe_file_id": 7, "dumpable": -1}
    (shown,) = image_document("mm-1.img", raw, hexadecimal=True)
    assert shown["fields"] == {"mm_brk": "729088 (0xb2000)", "exe_file_id": 7, "dumpable": -1}


def test_an_image_that_goes_wrong_ends_with_a_problem() -> None:
    raw = image(Magic.PSTREE, pb.Pstree(pid=1)) + b"\xf0\xff\xff\xff"
    *_, last = decode_image("pstree.img", raw)
    assert last == Problem(
        "pstree.img", 18, "an entry of 4,294,967,280 bytes; they are read up to 4,194,304"
    )
    assert image_document("pstree.img", raw)[-1] == {"problem": last.message, "offset": 18}


def test_what_is_no_image_at_all() -> None:
    message = "not made of entries, or of a kind that podthaw does not know"
    assert list(decode_image("pages-1.img", b"x")) == [Problem("pages-1.img", None, message)]


def test_a_document_says_what_it_leaves_out() -> None:
    raw = image(Magic.PSTREE, pb.Pstree(pid=1, threads=range(100)), pb.Pstree(pid=2))
    assert image_document("pstree.img", raw, values=5) == [
        {"offset": 12, "message": "Pstree", "fields": {"pid": 1, "threads": [0, 1, "… 98 more"]}},
        {"problem": "the rest is left out: there is too much of it"},
    ]
    (one, _) = image_document("pstree.img", raw, values=2)
    assert one["fields"] == {"pid": 1, "…": "left out"}


def test_groups_within_groups_are_no_deeper_than_protobuf_reads_them() -> None:
    deep = b"\x9b\x01" * 60 + b"\x9c\x01" * 60
    (one,) = image_document("pstree.img", image(Magic.PSTREE, deep))
    assert json.dumps(one).count("group") == 60
    deeper = b"\x9b\x01" * 5000 + b"\x9c\x01" * 5000
    assert image_document("pstree.img", image(Magic.PSTREE, deeper)) == [
        {"problem": "an entry that is no protobuf of its kind", "offset": 12}
    ]
