"""Rows of what is known about one thing: headings, and labels with values."""

from collections.abc import Iterable

from tui.ui.rows.model import Bytes, Column, Link, Row, Table

LONGEST = 4000
"""Characters of a value that are shown; copying takes all of them."""

COLUMNS = (Column(tone="quiet", widest=20), Column(widest=1000))


class Facts:
    """Collects rows; headings without anything under them are left out."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._closed: set[str] = set()

    def heading(self, title: str, *, closed: bool = False, depth: int = 0) -> None:
        """What follows belongs together."""
        self._drop_empty(depth)
        row = Row(f"{len(self._rows)} {title}", (title,), depth, tone="title" if not depth else "")
        self._rows.append(row)
        if closed:
            self._closed.add(row.id)

    def add(
        self,
        label: str,
        value: str | float | None,
        *,
        tone: str = "",
        link: Link | None = None,
        content: Bytes | None = None,
        depth: int = 1,
    ) -> None:
        """One fact, if there is one."""
        if value is None or value == "":
            return
        text = str(value)
        shown = text
        if len(text) > LONGEST:
            shown = f"{text[:LONGEST]}… ({len(text):,} characters, y copies all of them)"
        row = Row(
            f"{len(self._rows)} {label}",
            (label, shown),
            depth,
            tone=tone,
            link=link,
            content=content,
            copy=text,
        )
        self._rows.append(row)

    def more(self, count: int, noun: str) -> None:
        """Tell that so many were left out."""
        if count > 0:
            self.add("", f"… {count:,} more {noun}", tone="quiet")

    def table(self) -> Table:
        """All of them."""
        self._drop_empty(0)
        return Table(COLUMNS, tuple(self._rows), closed=frozenset(self._closed), wraps=True)

    def _drop_empty(self, depth: int) -> None:
        while self._rows and len(self._rows[-1].cells) == 1 and self._rows[-1].depth >= depth:
            self._rows.pop()


def listed(words: Iterable[str]) -> str:
    """`one, two`."""
    return ", ".join(words)


def hexadecimal(number: int) -> str:
    """An address or a mask; empty for none."""
    return f"{number:#x}" if number else ""
