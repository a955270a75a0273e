"""podthaw's own colours, for dark and for light terminals."""

from textual.theme import Theme

THAW = Theme(
    name="thaw",
    dark=True,
    primary="#6cb6e8",
    secondary="#4d7ea8",
    accent="#b69cf0",
    warning="#e5b567",
    error="#ef6f6c",
    success="#7fc77a",
    foreground="#d7dee6",
    background="#10151b",
    surface="#161d25",
    panel="#1d2731",
    variables={"quiet": "#9aa8b5", "primary-muted": "#233a4b"},
)

THAW_LIGHT = Theme(
    name="thaw-light",
    dark=False,
    primary="#1f5f8f",
    secondary="#3d6a8c",
    accent="#5b3fa8",
    warning="#855000",
    error="#b3261e",
    success="#22662a",
    foreground="#1b242c",
    background="#fbfcfd",
    surface="#f1f4f7",
    panel="#e4e9ee",
    variables={
        "quiet": "#4f5b66",
        "primary-muted": "#c9dae8",
        "surface-lighten-1": "#e2e8ed",  # made by Textual, these would be white on white
        "surface-lighten-2": "#b0bcc7",
        "surface-lighten-3": "#93a1ae",
    },
)

OWN = (THAW, THAW_LIGHT)
