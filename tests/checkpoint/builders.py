"""Checkpoints with documents as a test wants them."""

import json
from pathlib import Path

from tests.archive.builders import checkpoint, saved
from tui.checkpoint.checkpoint import Checkpoint
from tui.checkpoint.config import Json
from tui.checkpoint.reading import load


def loaded(folder: Path, *entries: bytes, **documents: Json) -> Checkpoint:
    """A checkpoint that really went through an archive; bytes are taken as they are."""
    raw = {
        name: value if isinstance(value, bytes) else json.dumps(value).encode()
        for name, value in documents.items()
    }
    return load(str(saved(folder, checkpoint(*entries, **raw))))


def problems(found: Checkpoint) -> list[tuple[str, str]]:
    return [(problem.member, problem.message) for problem in found.contents.problems]


def doubts(found: Checkpoint) -> list[tuple[str, str]]:
    return [(doubt.member, doubt.pointer) for doubt in found.contents.ambiguities]
