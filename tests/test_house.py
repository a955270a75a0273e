"""Rules of the house that no linter knows."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tui"

HEADLESS = (
    *sorted(f"tui.headless.{path.stem}" for path in (PACKAGE / "headless").glob("[!_]*.py")),
    *("tui.report.text", "tui.restore.pipeline", "tui.host.collect"),
)


@pytest.mark.parametrize("module", HEADLESS)
def test_a_headless_command_never_loads_textual(module: str) -> None:
    code = f"import sys, {module}; print(*({{'textual', 'rich'}} & sys.modules.keys()))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert loaded.split() == []


def test_the_command_line_loads_nothing_before_it_must() -> None:
    code = "import sys, tui.cli; print(*(name for name in sys.modules if name.startswith('tui')))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert set(loaded.split()) == {"tui", "tui.cli", "tui.errors", "tui.text"}


ELSEWHERE = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if "host" not in path.relative_to(PACKAGE).parts
    and str(path.relative_to(PACKAGE)) not in ("cli.py", "state.py", "ui/programs.py")
)


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_host_package_asks_the_machine(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        name.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    } | {
        (node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    spawning = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("create_subprocess")
    }
    literals = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not imported & {"subprocess", "socket", "shutil", "platform"}
    assert not spawning
    assert not [text for text in literals if text.startswith("/proc/net")]
