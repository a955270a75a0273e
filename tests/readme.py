"""The parts of the README that come from the code: `python -m tests.readme` writes them anew."""

import re
from pathlib import Path

from tui import findings
from tui.restore.checks import table
from tui.ui.keys import KEYS, Key, Scope

README = Path(__file__).parent.parent / "README.md"


def generated() -> dict[str, str]:
    """Each generated part, by the name in its markers."""
    checks = ["| code | severity | what it means |", "|---|---|---|"]
    checks += [f"| `{code}` | {severity} | {title} |" for code, severity, title in table()]
    rules = ["| rule | severity | what it means |", "|---|---|---|"]
    rules += [f"| `{code}` | {severity} | {title} |" for code, severity, title in findings.table()]
    keys: list[str] = []
    for scope, entries in KEYS.items():
        keys += [f"| {scope} | |", "|---|---|"] if not keys else [f"| **{scope}** | |"]
        keys += [f"| {_keys(entry)} | {entry.help} |" for entry in entries]
        if scope is Scope.CONFLICTS:
            keys.append("| `A` `B` `C` … | Use the remedy that bears this letter. |")
    return {"checks": "\n".join(checks), "rules": "\n".join(rules), "keys": "\n".join(keys)}


def _keys(key: Key) -> str:
    return " ".join(f"`{one.replace('^', 'Ctrl+')}`" for one in key.shown.split(" "))


def updated(text: str) -> str:
    """`text` with its generated parts as the code has them now."""
    for name, part in generated().items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)",
            lambda match, part=part: f"{match[1]}{part}\n{match[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
    return text


if __name__ == "__main__":
    README.write_text(updated(README.read_text()))
