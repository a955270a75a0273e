"""The registry of causes: every entry is told by real words, and none stands before another."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from tests.restore import said
from tests.restore.said import lines
from tui.restore import causes
from tui.restore.checks import CHECKS
from tui.restore.diagnosis import diagnose
from tui.restore.events import Diagnosis
from tui.restore.options import RestoreOptions

TIME = "(00.013421) "


def by_criu(error: str) -> Diagnosis:
    return diagnose(lines(f"{TIME}{error}", "criu"), lines("Error: crun: unreadable"), 125)


def by_podman(words: str) -> Diagnosis:
    return diagnose((), lines(f"Error: {words}"), 125)


@pytest.mark.parametrize(("code", "error"), said.CRIU)
def test_an_error_of_criu_tells_its_cause(code: str, error: str) -> None:
    found = by_criu(error)

    assert found.code == code
    assert found.evidence == tuple(lines(f"{TIME}{error}", "criu"))
    assert found.said == "crun: unreadable"


@pytest.mark.parametrize(("code", "words"), said.PODMAN)
def test_podmans_words_tell_their_cause(code: str, words: str) -> None:
    found = by_podman(words)

    assert found.code == code
    assert found.evidence == tuple(lines(f"Error: {words}"))
    assert found.said == ""


@pytest.mark.parametrize(
    ("diagnosed", "line"),
    [
        *((by_criu, error) for _, error in said.CRIU),
        *((by_podman, words) for _, words in said.PODMAN),
    ],
)
def test_cause_and_advice_are_whole_sentences(
    diagnosed: Callable[[str], Diagnosis], line: str
) -> None:
    found = diagnosed(line)
    sentence, quotation = re.fullmatch(r"(.*?) \((.*)\)", found.cause).groups()  # type: ignore[union-attr]

    assert sentence[0] != " "
    assert sentence[-1] not in ". "
    assert quotation.rstrip("…") in found.evidence[0].text
    assert found.advice.endswith(".")
    for text in (found.cause, found.advice):
        assert text.isprintable()
        assert "  " not in text
        assert not re.search(r"\{\w*\}", text)


def test_every_cause_is_told_by_a_line() -> None:
    told = {code for code, _ in (*said.CRIU, *said.PODMAN)}

    assert {cause.code for cause in causes.CAUSES} == told


def test_no_two_causes_bear_the_same_code() -> None:
    assert Counter(cause.code for cause in causes.CAUSES).most_common(1)[0][1] == 1


def test_causes_name_checks_that_exist() -> None:
    named = {code for cause in causes.CAUSES for code in cause.checks}

    assert named <= set(CHECKS)


def test_every_failure_that_a_check_foresees_has_a_cause() -> None:
    named = {code for cause in causes.CAUSES for code in cause.checks}
    blockers = {code for code, check in CHECKS.items() if check.severity == "blocker"}

    assert blockers <= named


def test_remedies_change_options_that_exist() -> None:
    for cause in causes.CAUSES:
        for remedy in cause.remedies:
            assert remedy.options.keys() <= RestoreOptions.__dataclass_fields__.keys()
            assert not remedy.commands


@pytest.mark.parametrize("error", said.HARMLESS)
def test_an_error_that_is_no_cause_is_passed_over(error: str) -> None:
    found = diagnose(lines(f"{TIME}{error}", "criu"), lines("Error: crun: no idea: OCI error"), 125)

    assert found.cause == "crun: no idea: OCI error"


def test_every_harmless_error_is_known_for_a_reason() -> None:
    texts = [re.sub(r"^.*?Error \([^)]*\): ", "", error) for error in said.HARMLESS]

    for one in causes.HARMLESS:
        assert any(causes.harmless(text) is one for text in texts), one.pattern
        assert one.reason.endswith(".")
