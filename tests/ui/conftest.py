"""The terminal UI without animations, which would make every wait longer, and without a display."""

import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"
for _name in ("WAYLAND_DISPLAY", "DISPLAY", "TMUX", "STY", "PAGER", "VISUAL", "EDITOR"):
    os.environ.pop(_name, None)
