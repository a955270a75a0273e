import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.text import (
    MASK,
    Redactor,
    age,
    decode,
    mask_variable,
    plural,
    pointer,
    safe_lines,
    safe_text,
    shell_line,
    size,
)

any_text = st.text(st.characters(exclude_categories=()))

ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Controls, invisible formatting (bidi among them), surrogates, and what is no character."""


# What may be shown


@given(any_text)
def test_nothing_that_a_terminal_could_act_on_is_shown(value: str) -> None:
    shown = safe_text(value)
    assert not {char for char in shown if unicodedata.category(char) in ACTING}
    shown.encode()


@given(any_text)
def test_what_is_safe_stays_as_it_is(value: str) -> None:
    assert safe_text(safe_text(value)) == safe_text(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain text, ä, 漢字, 😀, e\u0301", "plain text, ä, 漢字, 😀, e\u0301"),
        ("\x1b[2J\x07", "␛[2J␇"),
        ("a\tb", "a    b"),
        ("a\nb\r", "a␊b␍"),
        ("\x7f\x9b31m", "␡<U+009B>31m"),
        ("\u202egnp.exe\u2066", "<U+202E>gnp.exe<U+2066>"),
        ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
        ("line\u2028\u2029", "line<U+2028><U+2029>"),
        ("caf\udce9", r"caf\xe9"),
        ("\ud800", "<U+D800>"),
        ("\U000e0041", "<U+E0041>"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
    ],
)
def test_the_rest_is_made_visible(value: str, shown: str) -> None:
    assert safe_text(value) == shown


def test_lines_are_kept_apart_and_safe() -> None:
    assert safe_lines("one\r\n\x1b[0mtwo\n\nfour\u2028five") == [
        "one",
        "␛[0mtwo",
        "",
        "four",
        "five",
    ]
    assert safe_lines("") == []


@given(st.binary())
def test_any_bytes_are_text_and_come_back(raw: bytes) -> None:
    assert decode(raw).encode("utf-8", "surrogateescape") == raw


def test_commands_are_shown_as_people_would_type_them() -> None:
    line = shell_line(["podman", "run", "--name=a b", "it's", "\x1b"])
    assert line == "podman run '--name=a b' 'it'\"'\"'s' '␛'"


# Secrets


@pytest.mark.parametrize(
    ("entry", "masked"),
    [
        ("TOKEN=s3cr3t", f"TOKEN={MASK}"),
        ("URL=a=b", f"URL={MASK}"),
        ("EMPTY=", "EMPTY="),
        ("NAME", "NAME"),
        ("=x", f"={MASK}"),
        ("", ""),
    ],
)
def test_a_variable_keeps_its_name_alone(entry: str, masked: str) -> None:
    assert mask_variable(entry) == masked


def test_the_mask_does_not_tell_the_length() -> None:
    assert mask_variable("A=x") == mask_variable("A=" + "x" * 100)


def test_known_variables_are_masked_in_free_text() -> None:
    redact = Redactor(["TOKEN=s3cr3t", "EMPTY=", "NAME", "A=1", "A=12"])
    line = "podman run -e TOKEN=s3cr3t --env=A=12 -eA=1 -e NAME EMPTY= s3cr3t"
    assert redact(line) == (
        f"podman run -e TOKEN={MASK} --env=A={MASK} -eA={MASK} -e NAME EMPTY= s3cr3t"
    )


@given(st.lists(st.text("AB=1", max_size=5), max_size=5), st.text("AB=1 ", max_size=30))
def test_no_known_pair_is_left_in_free_text(entries: list[str], text: str) -> None:
    redact = Redactor(entries)
    shown = redact(f"{text} {' '.join(entries)}")
    assert not [entry for entry in entries if entry.partition("=")[2] and entry in shown]


# Sizes, times, numbers, places


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 Bytes"), (1, "1 Byte"), (1536, "1.5 KiB"), (10 << 30, "10.0 GiB")],
)
def test_sizes_are_in_powers_of_1024(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("elapsed", "shown"),
    [
        (timedelta(), "now"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(days=-2), "now"),
    ],
)
def test_ages_are_told_for_people(elapsed: timedelta, shown: str) -> None:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    assert age(moment - elapsed, moment) == shown


def test_the_oldest_and_the_last_moment_have_an_age() -> None:
    assert age(datetime.min.replace(tzinfo=UTC)).endswith("years ago")
    assert age(datetime.max.replace(tzinfo=UTC)) == "now"


def test_one_is_no_plural() -> None:
    assert [plural(count, "volume") for count in (0, 1, 2, 1234)] == [
        *("0 volumes", "1 volume", "2 volumes", "1,234 volumes"),
    ]


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ((), ""),
        (("namedVolumes", 0, "dest"), "/namedVolumes/0/dest"),
        (("a/b", "~", "~1"), "/a~1b/~0/~01"),
        (("",), "/"),
    ],
)
def test_places_are_json_pointers(parts: tuple[str | int, ...], shown: str) -> None:
    assert pointer(*parts) == shown
