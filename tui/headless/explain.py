"""What a check, or a rule for findings, is about."""

from tui.errors import ExitCode, UsageError
from tui.report import text
from tui.restore.checks import CHECKS, table
from tui.restore.checks import explain as explanation


def explain(code: str) -> int:
    """Print the documentation of one check or rule, or the list of them all."""
    from tui import findings  # which loads the parser of CRIU's images

    if not code:
        print(f"checks before a restore:\n{text.checks_text(table())}")
        print(f"\nrules for findings:\n{text.checks_text(findings.table())}")
        return ExitCode.OK
    try:
        print(explanation(code) if code in CHECKS else findings.explain(code))
    except KeyError:
        raise UsageError(
            f"there is no check or rule {code!r}; `podthaw explain` lists them all"
        ) from None
    return ExitCode.OK
