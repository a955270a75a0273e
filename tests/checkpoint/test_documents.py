"""JSON as Go's encoding/json reads it."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archive.builders import short
from tui.archive import limits
from tui.checkpoint.config import ContainerConfig
from tui.checkpoint.documents import Document, DocumentError, ambiguities, parse, view
from tui.checkpoint.networking import Networking
from tui.checkpoint.spec import RuntimeSpec

texts = st.text(max_size=8) | st.sampled_from(["\ud800", "\udc80x", "a\u202eb", "\0"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(texts, inside, max_size=3),
    max_leaves=12,
)
keys = st.sampled_from(
    ["name", "NAME", "namedVolumes", "newPortMappings", "newNetworks", "networks", "labels"]
)


def config(raw: str) -> ContainerConfig:
    return view(parse(raw.encode()).value, ContainerConfig)


def doubts(document: Document, kind: type[msgspec.Struct] = ContainerConfig) -> list[str]:
    return [doubt.pointer for doubt in ambiguities("config.dump", document, kind)]


# Any document


@given(values)
def test_any_json_reads_as_the_standard_library_reads_it(value: Any) -> None:
    raw = json.dumps(value).encode()
    if "\\ud" not in raw.decode():
        assert parse(raw).value == value
        assert list(parse(raw).duplicates) == []


@given(st.binary(max_size=100) | st.text('{}[]",:0e-\\u\x00 ntrf', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(DocumentError):
        parse(raw)


@given(st.dictionaries(keys, values, max_size=4))
def test_any_json_has_a_view_or_none(value: dict[str, Any]) -> None:
    document = parse(json.dumps(value).encode())
    for kind in (ContainerConfig, Networking, RuntimeSpec):
        assert len(list(ambiguities("x", document, kind))) < 10
        with suppress(DocumentError):
            assert isinstance(view(document.value, kind), kind)


def test_documents_keep_their_own_order() -> None:
    document = parse(b'{"z": 1, "a": {"y": [], "b": null}, "m": 1.5}')
    assert json.dumps(document.value) == '{"z": 1, "a": {"y": [], "b": null}, "m": 1.5}'


# What is no JSON


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "not valid JSON: Expecting value (line 1, column 1)"),
        (b'{"name":\n "web",}', "double quotes (line 2, column 8)"),
        (b'{"a": 1} {"a": 2}', "not valid JSON: Extra data"),
        (b"\xef\xbb\xbf{}", "not valid JSON: Unexpected UTF-8 BOM"),
        (b'{"a": NaN}', "not valid JSON: NaN is not JSON"),
        (b'{"a": -Infinity}', "not valid JSON: -Infinity is not JSON"),
        (b'{"a": [-1e999]}', "not valid JSON: a number beyond all that can be read"),
        (b'{"a": %s}' % (b"9" * 5000), "not valid JSON: Exceeds the limit"),
        (b"[" * 100_000, "nested more than 100 levels deep"),
        (b'{"a":' * 100_000, "nested more than 100 levels deep"),
        (b"[" * 102 + b"]" * 102, "nested more than 100 levels deep"),
        (b'{"%s": 1}' % (b"k" * 5000), "a name of 5,000 characters (up to 4,096 are read)"),
        (b'"tab\there"', "not valid JSON: Invalid control character"),
    ],
    ids=short,
)
def test_what_is_no_json_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(raw)
    assert message in caught.value.message


def test_levels_up_to_the_limit_are_read() -> None:
    parse(b"[" * limits.DEPTH + b"]" * limits.DEPTH)


def test_the_place_of_what_is_too_deep_is_told() -> None:
    with pytest.raises(DocumentError) as caught:
        parse(b'{"a/b": ' + b"[" * 101 + b"]" * 101 + b"}")
    assert caught.value.pointer.startswith("/a~1b/0/0/0")


def test_lone_surrogates_and_odd_bytes_become_the_replacement_character() -> None:
    assert parse(rb'["\ud800", "\ude00x", "\ud83d\ude00"]').value == ["\ufffd", "\ufffdx", "😀"]
    assert parse(b'["caf\xe9"]').value == ["caf\ufffd"]
    assert parse(rb'{"\ud800": 1}').value == {"\ufffd": 1}


def test_long_names_and_many_values_together_are_no_trap() -> None:
    name = b"k" * limits.KEY
    deep = b"".join(b'{"%s":' % name for _ in range(90))
    document = parse(deep + b"[" + b"0," * 200_000 + b"0]" + b"}" * 90)
    assert document.duplicates == ()


# Names without regard to case, and of equal ones the last


def test_a_name_may_be_in_any_case() -> None:
    found = config('{"NAME": "web", "rootfsimagename": "bb", "createcommand": ["podman"]}')
    assert (found.name, found.image_name, found.create_command) == ("web", "bb", ["podman"])


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ('{"name": "a", "name": "b"}', "b"),
        ('{"name": "a", "NAME": "b"}', "b"),
        ('{"NAME": "a", "name": "b"}', "b"),
        ('{"name": "a", "NAME": "b", "name": "c"}', "c"),
        ('{"name": "a", "NAME": null}', "a"),
        ('{"name": null}', ""),
        ('{"na\\u006de": "a"}', "a"),
    ],
)
def test_of_equal_names_the_last_counts(raw: str, name: str) -> None:
    assert config(raw).name == name


def test_names_that_go_takes_for_equal_are_equal() -> None:
    assert config('{"\u017fecret\u017f": [{"name": "db\u212aey"}]}').secrets
    assert doubts(parse(rb'{"\u017fecrets": []}')) == ["/\u017fecrets"]


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        ('{"name": "a", "name": "b"}', ["/name"]),
        ('{"NAME": "a"}', ["/NAME"]),
        ('{"name": "a", "Name": "b"}', ["/Name"]),
        ('{"namedVolumes": [{}, {"Dest": "/"}]}', ["/namedVolumes/1/Dest"]),
        ('{"unknown": {"a/b": {"x": 1, "x": 2}}}', ["/unknown/a~1b/x"]),
        ('{"some": 1, "SOME": 2}', ["/SOME"]),
        ('{"labels": {"app": "x", "APP": "y"}}', []),
        ('{"other": 1}', []),
    ],
)
def test_what_people_would_read_otherwise_is_ambiguous(raw: str, pointers: list[str]) -> None:
    assert doubts(parse(raw.encode())) == pointers


def test_maps_of_objects_are_looked_into() -> None:
    document = parse(b'{"newNetworks": {"podman": {"Static_IPs": []}}}')
    assert doubts(document, Networking) == ["/newNetworks/podman/Static_IPs"]


def test_an_ambiguity_says_what_podman_does() -> None:
    twice, case = ambiguities(
        "config.dump", parse(b'{"id": "a", "id": "b", "ID": "c"}'), ContainerConfig
    )
    assert twice.message == "/id is there more than once; Podman takes the last"
    assert case.message == "/ID: Podman ignores upper and lower case in this name"
    assert twice.member == case.member == "config.dump"


def test_of_very_many_ambiguities_the_first_are_told() -> None:
    twice = ",".join(f'"k{n}": 1, "k{n}": 2' for n in range(500))
    assert len(parse(f"{{{twice}}}".encode()).duplicates) == limits.REPORTED
    cases = ",".join(f'"k{n}": 1, "K{n}": 2' for n in range(500))
    assert len(doubts(parse(f"{{{cases}}}".encode()))) == limits.REPORTED


# Types


def test_null_is_nothing() -> None:
    assert config(
        '{"namedVolumes": [null, {"dest": null}], "labels": {"a": null}, "CreateCommand": [null]}'
    ) == config('{"namedVolumes": [{}, {"dest": ""}], "labels": {"a": ""}, "CreateCommand": [""]}')
    assert view({"newNetworks": {"podman": None}}, Networking).by_name is not None
    assert config('{"namedVolumes": null, "labels": null}') == ContainerConfig()


@pytest.mark.parametrize(
    ("raw", "pointer", "message"),
    [
        ('{"name": 7}', "/name", "Expected str, got int"),
        ('{"privileged": "yes"}', "/privileged", "Expected bool, got str"),
        ('{"namedVolumes": {}}', "/namedVolumes", "Expected array"),
        ('{"namedVolumes": [{"dest": []}]}', "/namedVolumes/0/dest", "Expected str, got array"),
        ('{"labels": {"a": 1}}', "/labels", "Expected str, got int"),
        ('{"newPortMappings": [{"host_port": 65536}]}', "/newPortMappings/0/host_port", "<= 65535"),
        ('{"newPortMappings": [{"host_port": -1}]}', "/newPortMappings/0/host_port", ">= 0"),
        ('{"newPortMappings": [{"range": 1e3}]}', "/newPortMappings/0/range", "got float"),
        ('{"newPortMappings": [{"range": %s}]}' % ("9" * 400), "/newPortMappings/0/range", "65535"),
        ("[]", "", "an object is expected, not a list"),
        ('"x"', "", "an object is expected, not text"),
        ("true", "", "an object is expected, not a truth value"),
        ("1e3", "", "an object is expected, not a number"),
        ("null", "", "an object is expected, not null"),
    ],
    ids=short,
)
def test_a_wrong_type_is_told_with_its_place(raw: str, pointer: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        config(raw)
    assert caught.value.pointer == pointer
    assert message in caught.value.message
