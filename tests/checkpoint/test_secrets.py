import json
from pathlib import Path
from typing import Any

import pytest

from tests.checkpoint.builders import loaded
from tests.data import DATA, DEMO
from tui.checkpoint.checkpoint import CONFIG, NETWORK, SPEC
from tui.checkpoint.reading import load
from tui.checkpoint.secrets import masked, variables
from tui.text import MASK, Redactor


def command(*argv: Any, env: tuple[str, ...] = ()) -> list[Any]:
    """What becomes of a create command."""
    document = {"CreateCommand": list(argv), "spec": {"process": {"env": list(env)}}}
    found: list[Any] = masked(CONFIG, document)["CreateCommand"]
    return found


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["-e", "X=secret"], ["-e", f"X={MASK}"]),
        (["--env", "X=secret"], ["--env", f"X={MASK}"]),
        (["--env=X=secret"], [f"--env=X={MASK}"]),
        (["-eX=secret"], [f"-eX={MASK}"]),
        (["-e=X=secret"], [f"-e=X={MASK}"]),
        (["-itdeX=secret"], [f"-itdeX={MASK}"]),
        (["-ite", "X=secret"], ["-ite", f"X={MASK}"]),
        (["--env-merge", "X=${X}secret"], ["--env-merge", f"X={MASK}"]),
        (["--env-merge=X=secret"], [f"--env-merge=X={MASK}"]),
        (["-e", "X=a\nsecret=b"], ["-e", f"X={MASK}"]),
        (["-e", "X"], ["-e", "X"]),
        (["-e", "X="], ["-e", "X="]),
        (["-e", "-e", "Y=secret"], ["-e", "-e", f"Y={MASK}"]),
        (["--label", "a=b", "-p", "80:80"], ["--label", "a=b", "-p", "80:80"]),
        (
            ["--entrypoint", "x=y", "--env-file", "f=g"],
            ["--entrypoint", "x=y", "--env-file", "f=g"],
        ),
        (["-e", 7, None, "x"], ["-e", 7, None, "x"]),
    ],
)
def test_a_variable_in_the_command_is_masked_in_each_spelling(
    argv: list[Any], shown: list[Any]
) -> None:
    assert command(*argv) == shown


def test_a_variable_of_the_container_is_masked_wherever_it_stands() -> None:
    assert command("kube", "X=secret", env=("X=secret",)) == ["kube", f"X={MASK}"]


def test_the_environment_is_masked_in_both_documents() -> None:
    environment = {"process": {"env": ["PATH=/bin", "EMPTY=", "ODD", 7], "args": ["A=b"]}}
    shown = {"process": {"env": [f"PATH={MASK}", "EMPTY=", "ODD", 7], "args": ["A=b"]}}
    assert masked(SPEC, environment) == shown
    assert masked(CONFIG, {"name": "A=b", "spec": environment}) == {"name": "A=b", "spec": shown}


def test_names_in_any_case_are_masked_too() -> None:
    document = {"SPEC": {"Process": {"ENV": ["A=b"]}}, "createcommand": ["-e", "C=d"]}
    assert masked(CONFIG, document) == {
        "SPEC": {"Process": {"ENV": [f"A={MASK}"]}},
        "createcommand": ["-e", f"C={MASK}"],
    }


@pytest.mark.parametrize("odd", [None, 7, [], "x", {"spec": 1}, {"CreateCommand": {}}])
def test_documents_without_sense_stay_as_they_are(odd: Any) -> None:
    assert masked(CONFIG, odd) == masked(SPEC, odd) == masked(NETWORK, odd) == odd


def test_the_document_itself_is_not_changed() -> None:
    document = {"spec": {"process": {"env": ["A=b"]}}, "CreateCommand": ["-e", "A=b"]}
    before = json.dumps(document)
    masked(CONFIG, document)
    assert json.dumps(document) == before


@pytest.mark.parametrize(
    ("path", "secrets"),
    [
        (DATA / "web.tar", ("s3cr3t", "[bold]not markup[/bold]")),
        (DEMO, ("correct-horse-battery-staple", "sk_demo_4eC39HqLyjWDarjtT1zdp7dc")),
    ],
    ids=["web", "demo"],
)
def test_no_secret_of_a_real_archive_stays(path: Path, secrets: tuple[str, ...]) -> None:
    found = load(str(path))
    redact = Redactor(variables(found))
    for name, document in found.documents.items():
        shown = json.dumps(masked(name, document), ensure_ascii=False)
        plain = json.dumps(document, ensure_ascii=False)
        for secret in secrets:
            assert secret not in shown
            assert secret not in redact(plain)
    assert any(secret in json.dumps(found.documents) for secret in secrets)


def test_all_variables_are_known_once(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        config={
            "spec": {"process": {"env": ["A=1", "B=2"]}},
            "CreateCommand": ["podman", "run", "-e", "B=2", "--env=C=3", "-e", "D", "E=5"],
        },
        spec={"process": {"env": ["A=1", "HOME=/"]}},
    )
    assert variables(found) == ("A=1", "HOME=/", "B=2", "C=3", "D")
