"""Many things in one line: the first of them, and how many more there are."""

from collections.abc import Sequence

from tui.text import safe_text

SHOWN = 3
"""How many things one line names."""


def some(words: Sequence[str], count: int = 0, *, between: str = ", ", rest: str = "more") -> str:
    """The first of `words` and how many others there are, safe to show.

    `count` is the number of all, where `words` are not all of them.
    """
    more = (count or len(words)) - SHOWN
    joint = between if between == "; " else " "
    return safe_text(
        between.join(words[:SHOWN]) + (f"{joint}and {more:,} {rest}" if more > 0 else "")
    )
