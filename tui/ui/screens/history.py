"""The restores that were run from here: the list, one of them whole, its report and clean-up."""

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.errors import PodthawError
from tui.report.document import history_document
from tui.report.history import record_markdown, record_text, standing
from tui.restore import journal, recovery
from tui.restore.journal import Record, State
from tui.text import ago, plural, safe_text
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.saving import save_report
from tui.ui.screens.base import PodthawScreen
from tui.ui.widgets.key_footer import KeyFooter
from tui.ui.widgets.text_pane import TextPane


class _Restores(OptionList):
    BINDINGS = bindings(Scope.LIST)


class HistoryScreen(PodthawScreen):
    """Every recorded restore, the newest first."""

    SCOPES = (Scope.HISTORY,)
    BINDINGS = bindings(Scope.HISTORY)

    def __init__(self) -> None:
        super().__init__()
        self._records: list[tuple[Record, State]] = []

    def compose(self) -> ComposeResult:
        """The list, and beside it the one under the cursor."""
        yield Static(Content.assemble(("podthaw", "bold"), "  restores"), id="title")
        with Horizontal(id="panes"):
            yield _Restores(id="restores")
            with TextPane(id="record"):
                yield Static(markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        """List them."""
        self.query_one("#record").border_title = "Record"
        self.refresh_records()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with the one under the cursor."""
        chosen = self._chosen
        match action:
            case "clean_up":
                return chosen is not None and _may_have_left(*chosen, self.app.host.name)
            case "report" | "copy":
                return chosen is not None
        return True

    def refresh_records(self) -> None:
        """Read the journal again."""
        records = self.query_one(_Restores)
        at = records.highlighted or 0
        try:
            self._records = [(one, journal.state(one)) for one in journal.records()]
        except PodthawError as error:
            self.complain(error)
        records.border_title = "Restores"
        records.border_subtitle = plural(len(self._records), "restore")
        if not self._records:
            words = "Nothing has been restored from here yet."
            records.set_options([Option(words, disabled=True)])
            return
        records.set_options(Option(_line(record, state)) for record, state in self._records)
        records.highlighted = min(at, len(self._records) - 1)
        records.focus()

    def action_back(self) -> None:
        """Back to where people came from."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the report."""
        assert self._chosen
        self.app.copy(record_markdown(*self._chosen), "the report")

    @property
    def front(self) -> Front | None:
        """The restore under the cursor."""
        chosen = self._chosen
        if chosen is None:
            return None
        return Front(
            "the report",
            f"restore-{chosen[0].id}",
            lambda: record_markdown(*chosen),
            lambda: history_document([chosen]),
        )

    def action_report(self) -> None:
        """Save the report."""
        assert self._chosen
        record, state = self._chosen
        self.save(lambda: save_report(record.id, record_markdown(record, state)))

    def action_clean_up(self) -> None:
        """See what is left of it now, and ask."""
        assert self._chosen
        self._look(self._chosen[0])

    @work(group="clean-up", exclusive=True)
    async def _look(self, record: Record) -> None:
        try:
            aftermath = await recovery.look(self.app.host, record)
        except PodthawError as error:
            self.complain(error)
            return
        self.app.settle(aftermath)

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.call_after_refresh(self._show)

    @on(OptionList.OptionHighlighted)
    def _show(self) -> None:
        if self._chosen:
            width = self.query_one("#record").content_size.width
            words = record_text(*self._chosen, width)
            self.query_one("#record Static", Static).update(Content(words))
        self.refresh_bindings()

    @property
    def _chosen(self) -> tuple[Record, State] | None:
        found = self.query(_Restores)
        at = found.first().highlighted if found else None
        return self._records[at] if at is not None and at < len(self._records) else None


def _line(record: Record, state: State) -> Content:
    return Content.assemble(
        (safe_text(record.name), "bold"),
        f"  {ago(record.began)}\n  ",
        (standing(record, state), _STYLES[state]),
    )


_STYLES = {
    State.RUNNING: "$text-accent",
    State.INTERRUPTED: "$text-warning",
    State.RESTORED: "$text-success",
    State.FAILED: "$text-error",
    State.CANCELLED: "$quiet",
}


def _may_have_left(record: Record, state: State, host: str) -> bool:
    ended = state in (State.INTERRUPTED, State.FAILED, State.CANCELLED)
    open_ = record.clean_up not in (journal.CleanUp.REMOVED, journal.CleanUp.NOTHING)
    return ended and open_ and record.host == host and not record.simulated
