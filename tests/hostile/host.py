"""A host whose every answer, and every line of whose restores, says what it is told."""

import json
import os
from collections.abc import Sequence
from typing import Any

from tests.hostile.archive import raw
from tui.host.demo import DemoHost
from tui.host.host import FACT_TIMEOUT, Answer, Process

LISTS = ("podman ps", "podman pod ps", "podman volume ls", "podman network ls", "podman image ls")
"""What a host has of each kind; the restore is decided by what is really there."""


class HostileHost(DemoHost):
    """The demo host with neighbours that are called `texts`.

    Of a `liar` every other answer has them, too, so that nothing can be restored on it.
    """

    def __init__(self, texts: Sequence[str], *, liar: bool = False) -> None:
        super().__init__(pace=0)
        self._texts = [raw(text).decode("utf-8", "replace") for text in texts]
        self._liar = liar

    async def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = FACT_TIMEOUT
    ) -> Answer:
        answer = await super().run(argv, stdin=stdin, timeout=timeout)
        line = " ".join(argv)
        if line.startswith(LISTS) or line.startswith("podman secret ls"):
            return Answer(answer.argv, answer.status, self._with_more(answer.stdout), "")
        if self._liar and line != "true":
            told = self._turned(answer.stdout)
            return Answer(answer.argv, answer.status, told, "\n".join(self._texts))
        return answer

    async def start(
        self, argv: Sequence[str], *, stdin: int | None = None, stdout: int, stderr: int
    ) -> Process:
        os.write(stderr, lines(self._texts))
        return await super().start(argv, stdin=stdin, stdout=stdout, stderr=stderr)

    def _with_more(self, printed: str) -> str:
        try:
            found = json.loads(printed)
        except ValueError:
            return printed + "".join(f"{text}\n" for text in self._texts)
        more = [_replaced(found[0], text) for text in self._texts] if found else []
        return json.dumps(found + more)

    def _turned(self, printed: str) -> str:
        try:
            return json.dumps(_replaced(json.loads(printed), self._texts[0]))
        except ValueError:
            return printed + "".join(f"{text}\n" for text in self._texts)


def lines(texts: Sequence[str]) -> bytes:
    """What Podman, the runtime and CRIU could print."""
    printed = []
    for text in texts:
        quoted = json.dumps(text)
        printed += [
            f'time="2026-11-26T15:08:34Z" level=error msg={quoted}',
            f"(00.044815) Error (criu/files-reg.c:2216): Can't open file {text} on restore",
            f"[DEBUG netavark::{text}] {text}",
            f"Error: OCI runtime error: crun: {text}",
            text,
        ]
    return b"".join(raw(line) + b"\n" for line in printed)


def _replaced(value: Any, text: str) -> Any:
    """`value` with `text` in place of every text and of every name but those of fields."""
    match value:
        case dict():
            return {key: _replaced(one, text) for key, one in value.items()} | {text: text}
        case list():
            return [_replaced(one, text) for one in value] + [text for _ in value[:1] if value]
        case str():
            return text
        case _:
            return value
