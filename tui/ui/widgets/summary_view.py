"""The summary of a checkpoint, in a form that people read."""

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.report.summary import Section, summary
from tui.report.text import GLYPHS
from tui.restore.conflict import Conflict, Severity
from tui.text import safe_text
from tui.ui.content import verdict
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.plain import sections_json, sections_text
from tui.ui.session import Session

_FIRST = 4
"""Conflicts that are told above the rest."""


class SummaryView(VerticalScroll):
    """Titled rows, with the conflicts on the rows that they are about."""

    BINDINGS = bindings(Scope.VIEWS)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "summary-view--title",
        "summary-view--label",
        "summary-view--findings",
        *(f"summary-view--{severity}" for severity in Severity),
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sections: tuple[Section, ...] = ()
        self._findings = ""
        self._basis: tuple[object, ...] = ()

    def action_cursor_down(self) -> None:
        """One line down."""
        self.action_scroll_down()

    def action_cursor_up(self) -> None:
        """One line up."""
        self.action_scroll_up()

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="obstacles")
        yield Static("Reading …", id="sections")

    def show(self, session: Session, findings: str) -> None:
        """Show the checkpoint of `session`; `findings` says in a line what deserves a look."""
        if session.checkpoint is None:
            return
        self.border_title = verdict(session)
        contents = session.checkpoint.contents
        basis = (
            session.checkpoint.documents,
            contents.finished,
            contents.problems,
            session.reveal,
        )
        if basis != self._basis:
            self._basis = basis
            self._sections = summary(session.checkpoint, reveal=session.reveal)
        conflicts = session.plan.conflicts if session.plan else ()
        self._findings = findings
        parts = [self._table(section, conflicts) for section in self._sections]
        told = (Text(findings, self._style("findings")), Text()) if findings else ()
        self.query_one("#obstacles", Static).update(self._obstacles(conflicts))
        self.query_one("#sections", Static).update(Group(*told, *parts))

    @property
    def clip(self) -> tuple[str, str]:
        """What is copied, and what it is called."""
        return sections_text(self._sections), "the summary"

    @property
    def front(self) -> Front:
        """All of it."""
        sections = self._sections
        return Front(
            "the summary",
            "summary",
            lambda: sections_text(sections),
            lambda: sections_json(sections),
        )

    def _obstacles(self, conflicts: Sequence[Conflict]) -> Text:
        """The worst first, where no other pane has room for them."""
        text = Text()
        for conflict in conflicts[:_FIRST]:
            mark = f"{GLYPHS[conflict.severity]} {safe_text(conflict.title)}\n"
            text.append(mark, self._style(conflict.severity))
        if conflicts:
            more = len(conflicts) - _FIRST
            text.append(f"  {more} more, " if more > 0 else "  ", self._style("label"))
            text.append("c shows what to do\n", self._style("label"))
        return text

    def _table(self, section: Section, conflicts: Sequence[Conflict]) -> Group:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(min_width=14, max_width=30, style=self._style("label"))
        table.add_column(ratio=1, overflow="fold")
        for row in section.rows:
            value = Text(row.value)
            for conflict in conflicts:
                if row.where in conflict.where:
                    mark = f"\n{GLYPHS[conflict.severity]} {safe_text(conflict.title)}"
                    value.append(mark, self._style(conflict.severity))
            table.add_row(Text(f"  {row.label}"), value)
        return Group(Text(section.title, self._style("title")), table, Text())

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"summary-view--{name}", partial=True, default=Style())
