"""Small programs that stand in for real ones."""

from pathlib import Path


def script(folder: Path, name: str, body: str) -> str:
    """An executable shell script; its path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)
