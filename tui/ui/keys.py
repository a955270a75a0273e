"""Every key, declared once: footer, help, palette and the README's table come from here."""

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding, BindingType


class Scope(StrEnum):
    """Where keys work; the value is the title of their table."""

    EVERYWHERE = "Everywhere"
    OUTWARD = "What is in front"
    INSPECTOR = "Inspector"
    VIEWS = "Views"
    ROWS = "Tables of what was running"
    FINDINGS = "Findings"
    CONFLICTS = "Conflicts"
    RESTORE = "Restore form"
    RUN = "Running restore"
    LOG = "Log"
    HEX = "Memory in hexadecimal"
    OPEN = "Archives"
    LIST = "Lists"
    HISTORY = "History"
    COMPARE = "Comparing two archives"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be done, and the keys that do it."""

    id: str
    keys: str
    """As Textual names them, separated by commas."""
    action: str
    """With `{}` in it, the key that was pressed is put there."""
    label: str
    """For the footer."""
    help: str
    """One sentence for the help, the palette and the README."""
    footer: bool = True
    named: str = ""
    """What many keys are called together."""
    always: bool = False
    """It works behind dialogs, too."""

    @property
    def shown(self) -> str:
        """The keys as people know them."""
        return self.named or " ".join(_shown(key) for key in self.keys.split(","))


_NAMES = {
    "question_mark": "?",
    "f1": "F1",
    "f2": "F2",
    "slash": "/",
    "plus": "+",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "backspace": "Backspace",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}

KEYS: dict[Scope, tuple[Key, ...]] = {
    Scope.EVERYWHERE: (
        Key("help", "question_mark,f1", "help", "Help", "Show the keys and signs of this screen."),
        Key("quit", "q,ctrl+q", "quit", "Quit", "Leave podthaw; a running restore asks first."),
        Key("commands", "ctrl+p", "command_palette", "Commands", "Find a command by name.", False),
        Key(
            "archives",
            "ctrl+o",
            "archives",
            "Archives",
            "To the table of archives, and back; what is open stays open.",
            False,
        ),
        Key(
            "next-archive",
            "greater_than_sign",
            "step_archive(1)",
            "Next archive",
            "To the next archive that is open.",
            False,
        ),
        Key(
            "last-archive",
            "less_than_sign",
            "step_archive(-1)",
            "Archive before",
            "To the archive before.",
            False,
        ),
        Key(
            "close-archive",
            "ctrl+w",
            "close_archive",
            "Close",
            "Close the archive; a running restore asks first.",
            False,
        ),
        Key("history", "f2", "history", "History", "The restores that were run from here.", False),
        Key("zoom", "plus", "zoom", "Zoom", "The pane with the cursor alone, and back.", False),
        Key(
            "suspend",
            "ctrl+z",
            "suspend_process",
            "Suspend",
            "To the shell; fg returns.",
            False,
            always=True,
        ),
    ),
    Scope.OUTWARD: (
        Key("copy-all", "Y", "app.copy_all", "Copy all", "Copy all of it.", False),
        Key(
            "export",
            "ctrl+e",
            "app.export",
            "Export",
            "Save it as text, JSON or a picture.",
            False,
        ),
        Key(
            "picture",
            "ctrl+s",
            "app.picture",
            "Picture",
            "Save the whole screen as a picture (SVG).",
            False,
            always=True,
        ),
        Key("page", "P", "app.page", "Pager", "Open it in $PAGER, or less.", False),
        Key("edit", "E", "app.edit", "Editor", "Open a copy of it in $EDITOR, or vi.", False),
    ),
    Scope.INSPECTOR: (
        Key("restore", "r", "restore", "Restore", "Choose name, pod and ports, and restore."),
        Key("filter", "slash", "filter", "Filter", "Show only what contains some words."),
        Key("conflicts", "c", "conflicts", "Conflicts", "Go to the conflicts, or back."),
        Key("fix", "x", "fix", "Fix", "Mend everything that needs no decision."),
        Key("copy", "y", "copy", "Copy", "Copy the value under the cursor."),
        Key("secrets", "s", "secrets", "Secrets", "Show or mask values of environment variables."),
        Key("update", "u", "update", "Update", "Ask the host again.", False),
        Key(
            "views",
            "1,2,3,4,5,6,7,8,9,0",
            "view({})",
            "Views",
            "Go to a view by its number; those of processes stay at the same one.",
            False,
            named="1…9 0",
        ),
        Key(
            "compare",
            "d",
            "compare",
            "Compare",
            "Compare with another archive, which you name.",
            False,
        ),
        Key("findings", "f", "view('f')", "Findings", "Go to what deserves a look.", False),
        Key("next-view", "right_square_bracket", "step_view(1)", "Next", "The next view.", False),
        Key(
            "last-view", "left_square_bracket", "step_view(-1)", "Before", "The one before.", False
        ),
        Key("return", "b,backspace", "return", "Return", "Back to where a link began.", False),
        Key("back", "escape", "back", "Back", "Leave the filter or the conflicts.", False),
    ),
    Scope.VIEWS: (
        Key("down", "j", "cursor_down", "Down", "One line down.", False),
        Key("up", "k", "cursor_up", "Up", "One line up.", False),
        Key("open", "l,right", "open", "Open", "Open what is inside.", False),
        Key("close", "h,left", "close", "Close", "Close it, or go to what it lies in.", False),
        Key("first", "g,home", "scroll_home", "First", "To the first line.", False),
        Key("last", "G,end", "scroll_end", "Last", "To the last line.", False),
        Key("page-down", "ctrl+d", "page_down", "Page down", "One page down.", False),
        Key("page-up", "ctrl+u", "page_up", "Page up", "One page up.", False),
    ),
    Scope.ROWS: (
        Key("choose", "enter", "choose", "Details", "All about the row, or where it leads.", False),
        Key("order", "o", "order", "Sort", "Sort by the next column, at last as it was."),
        Key("invert", "i", "invert", "Invert", "Sort the other way round.", False),
        Key("view", "v", "view_content", "View", "Show the bytes that the archive has of it."),
        Key("save", "w", "save_content", "Save", "Save them to a file."),
    ),
    Scope.FINDINGS: (
        Key("look", "m", "look", "Memory", "Look for more in memory and in files, too."),
        Key("explain", "e", "explain", "Explain", "Explain the rule behind the finding."),
    ),
    Scope.CONFLICTS: (
        Key("next", "j", "cursor_down", "Next", "The next conflict.", False),
        Key("previous", "k", "cursor_up", "Previous", "The conflict before.", False),
        Key("show", "enter", "select", "Show", "Show the conflict in its document.", False),
        Key("explain", "e", "explain", "Explain", "Explain the conflict."),
    ),
    Scope.RESTORE: (
        Key("start", "ctrl+r", "start", "Restore", "Start the restore."),
        Key("conflicts", "ctrl+g", "conflicts", "Conflicts", "Go to the conflicts, or back."),
        Key("fix", "x", "fix", "Fix", "Mend everything that needs no decision.", False),
        Key("reset", "ctrl+l", "reset", "Reset", "Take all choices back."),
        Key(
            "copy",
            "ctrl+y,y",
            "copy",
            "Copy",
            "Copy the command, or the conflict under the cursor.",
        ),
        Key("back", "escape", "back", "Back", "Back to the inspector; the choices are kept."),
    ),
    Scope.RUN: (
        Key("cancel", "ctrl+c,escape", "cancel", "Cancel", "Cancel the restore that runs."),
        Key("output", "o", "output", "Output", "Show what the restored container printed."),
        Key("shell", "t", "shell", "Shell", "A shell in the restored container."),
        Key("ports", "p", "ports", "Ports", "Show where the restored container answers."),
        Key("undo", "u", "undo", "Undo", "Remove the restored container and what came with it."),
        Key("retry", "r", "retry", "Retry", "Back to the form, with the cause beside it."),
        Key("in-place", "i", "in_place", "In place", "Try again with what was left behind."),
        Key("clean-up", "d", "clean_up", "Clean up", "Remove what the restore left behind."),
        Key("report", "m", "report", "Report", "Save a report of this restore.", False),
        Key("copy", "y", "copy", "Copy", "Copy the result, or what the log shows.", False),
        Key("back", "escape,b", "back", "Back", "Back to the form, with every choice kept."),
    ),
    Scope.LOG: (
        Key("down", "j", "scroll_down", "Down", "One line down.", False),
        Key("up", "k", "scroll_up", "Up", "One line up.", False),
        Key("left", "h", "scroll_left", "Left", "Scroll to the left.", False),
        Key("right", "l", "scroll_right", "Right", "Scroll to the right.", False),
        Key("first", "g", "scroll_home", "First", "To the first line.", False),
        Key("last", "G", "scroll_end", "Last", "To the last line.", False),
        Key("follow", "f", "follow", "Follow", "Follow the end of the log, or pause."),
        Key("filter", "slash", "filter", "Filter", "Show only lines that contain some words."),
        Key("level", "v", "level", "Level", "Show all lines, or only the louder ones."),
        Key("fold", "z", "fold", "Fold", "Fold CRIU's many debug lines, or show each of them."),
        Key("wrap", "W", "wrap", "Wrap", "Break long lines, or let them leave the window.", False),
        Key("next-error", "n", "error(1)", "Next error", "To the next error.", False),
        Key("last-error", "N", "error(-1)", "Error before", "To the error before.", False),
        Key("save", "w", "save", "Save", "Save the log to a file.", False),
    ),
    Scope.HEX: (
        Key("down", "j,down", "rows(1)", "Down", "One row down.", False),
        Key("up", "k,up", "rows(-1)", "Up", "One row up.", False),
        Key("left", "h,left", "move(-1)", "Left", "To the byte before.", False),
        Key("right", "l,right", "move(1)", "Right", "To the next byte.", False),
        Key("page-down", "ctrl+d,pagedown", "pages(1)", "Page down", "One page down.", False),
        Key("page-up", "ctrl+u,pageup", "pages(-1)", "Page up", "One page up.", False),
        Key("first", "g,home", "first", "First", "To the first byte.", False),
        Key("last", "G,end", "last", "Last", "To the last byte.", False),
        Key("address", "a", "address", "Address", "Go to an address."),
        Key("text", "t", "copy_text", "Copy text", "Copy the row or the hit as text.", False),
        Key("search", "slash", "search", "Search", "Look for text, bytes or an expression."),
        Key("next", "n", "next", "Next hit", "To the next hit."),
        Key("previous", "N", "previous", "Hit before", "To the hit before.", False),
    ),
    Scope.OPEN: (
        Key("mark", "space", "mark", "Mark", "Mark the archive for a comparison, or no longer."),
        Key("differences", "d", "differences", "Compare", "Compare it with the marked one."),
        Key("filter", "slash", "filter", "Filter", "Show only what contains some words."),
        Key("read", "a", "read", "Read", "Read the large archive under the cursor for a verdict."),
        Key("update", "u", "update", "Update", "Look anew, and ask the host again."),
        Key("forget", "x", "forget", "Forget", "Remember an archive that was opened no longer."),
        Key("copy", "y", "copy", "Copy", "Copy the path, or the value under the cursor.", False),
        Key("back", "escape", "back", "Back", "Leave the filter or the preview.", False),
    ),
    Scope.LIST: (
        Key("open", "enter", "select", "Open", "Open what is under the cursor.", False),
        Key("down", "j", "cursor_down", "Down", "One line down.", False),
        Key("up", "k", "cursor_up", "Up", "One line up.", False),
    ),
    Scope.HISTORY: (
        Key("clean-up", "d", "clean_up", "Clean up", "Remove what is left of a restore."),
        Key("report", "m", "report", "Report", "Save the report of a restore, for a ticket."),
        Key("copy", "y", "copy", "Copy", "Copy the report."),
        Key("back", "escape", "back", "Back", "Back to where you came from."),
    ),
    Scope.COMPARE: (
        Key("next", "n", "step(1)", "Next", "To the next difference."),
        Key("previous", "N", "step(-1)", "Before", "To the difference before.", False),
        Key("filter", "slash", "filter", "Filter", "Show only what contains some words."),
        Key("all", "t", "everything", "All", "Show or hide what is the same, or differs anyway."),
        Key("swap", "x", "swap", "Swap", "Swap the two: what was before is after."),
        Key("bytes", "m", "look", "Bytes", "Compare the bytes of memory and files, too."),
        Key("secrets", "s", "secrets", "Secrets", "Show or mask values of environment variables."),
        Key("copy", "y", "copy", "Copy", "Copy the difference under the cursor.", False),
        Key("back", "escape", "back", "Back", "Leave the filter, the details, the comparison."),
    ),
}


def bindings(scope: Scope) -> list[BindingType]:
    """The keys of `scope`, as Textual wants them; an action may take its key as its argument."""
    return [binding for key in KEYS[scope] for binding in _bindings(scope, key)]


def _bindings(scope: Scope, key: Key) -> list[Binding]:
    name = f"{scope.name.lower()}.{key.id}"
    if "{}" in key.action:
        return [
            Binding(one, key.action.format(one), key.label, show=False, id=f"{name}-{one}")
            for one in key.keys.split(",")
        ]
    return [
        Binding(
            one,
            key.action,
            key.label,
            show=key.footer,
            tooltip=key.help,
            priority=key.always,
            id=f"{name}-{one}",
            key_display=_shown(one),
        )
        for one in key.keys.split(",")
    ]


def _shown(key: str) -> str:
    return _NAMES.get(key, key.replace("ctrl+", "^"))
