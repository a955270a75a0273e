"""What goes to the clipboard."""

import json
from collections.abc import Mapping

from tui.checkpoint.config import Json

LIMIT = 74_994
"""Bytes in base64 that terminals take by OSC 52."""


def clip_text(value: Json) -> str:
    """`value` to paste: text as it is if that is harmless, everything else as JSON."""
    if isinstance(value, str) and value.replace("\t", "").isprintable():
        return value
    return json.dumps(value, indent=2)


def fits(text: str) -> bool:
    """Whether terminals take `text`."""
    return len(text.encode("utf-8", "replace")) * 4 // 3 <= LIMIT


def needed(environment: Mapping[str, str]) -> str:
    """What stands between this terminal and OSC 52, and what to do; empty if nothing is known."""
    if environment.get("TMUX"):
        return "In tmux this needs `set -s set-clipboard on`."
    if environment.get("STY"):
        return "GNU screen keeps it for itself: ctrl+e saves a file."
    return ""
