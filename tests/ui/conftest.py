"""The terminal UI without animations, which would make every wait longer."""

import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"
