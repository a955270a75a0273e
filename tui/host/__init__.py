"""The machine to restore on: running commands there, the facts about it, the demo host."""
