"""Every check that is made before a restore, a module for each family."""

from tui.restore.checks import archive, pod, volumes, host, identity, image, ports  # noqa: F401, I001
from tui.restore.checks.registry import CHECKS, Case, Check

__all__ = ["CHECKS", "Case", "Check", "explain", "table"]


def explain(code: str) -> str:
    """The documentation of the check `code`.

    Raises KeyError when there is none.
    """
    check = CHECKS[code]
    return f"{check.code} ({check.severity}): {check.title}\n\n{check.documentation}"


def table() -> list[tuple[str, str, str]]:
    """Code, severity and title of every check."""
    return [(check.code, check.severity.value, check.title) for check in CHECKS.values()]
