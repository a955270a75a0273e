"""What becomes of restores that were interrupted: looked for at the start, and asked about."""

from functools import partial

from textual import work

from tui.errors import PodthawError
from tui.host.host import Host
from tui.host.staging import remove_leftovers
from tui.report.text import DO_NOT_START
from tui.restore import journal, recovery
from tui.restore.events import Level
from tui.restore.journal import CleanUp
from tui.restore.recovery import Aftermath, Fate
from tui.text import ago, safe_text, shell_line
from tui.ui.adapting import AdaptingApp
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.history import HistoryScreen

_WRONG = (Level.ERROR, Level.WARNING)


class RecoveringApp(AdaptingApp):
    """An app that puts right what an earlier podthaw could not."""

    host: Host

    def ask_host(self) -> None:
        """Collect the facts anew."""
        raise NotImplementedError

    def settle(self, aftermath: Aftermath) -> None:
        """Say what an earlier restore has come to, and ask what to do about it."""
        record, name = aftermath.record, safe_text(aftermath.record.name)
        when = f"The restore of {name} that began {ago(record.began)}"
        match aftermath.fate:
            case Fate.RUNS:
                self.notify(f"{when} is over: the container runs.")
            case Fate.NOTHING:
                self.notify(f"{when} has left nothing.")
            case Fate.WORKING:
                question = Confirm(
                    f"{when} was interrupted, and Podman is still at it. Stop it?",
                    warning="Stopped, it can be cleaned up; otherwise it may still succeed.",
                )
                self.push_screen(question, partial(self._stop_wanted, aftermath))
            case Fate.LEFT:
                question = Confirm(
                    f"{when} has left something behind. Remove it?",
                    details=[shell_line(argv) for one in aftermath.remains for argv in one.remove],
                    warning=f"Otherwise {DO_NOT_START}.",
                )
                self.push_screen(question, partial(self._removal_wanted, aftermath))

    @work(group="look-back", exclusive=True)
    async def look_back(self) -> None:
        """Find restores whose podthaw was killed, and archives that it had copied to the host."""
        if self.host.simulated:
            return
        try:
            for record in journal.unsettled(self.host.name):
                self.settle(await recovery.look(self.host, record))
            await remove_leftovers(self.host)
        except PodthawError as error:
            self.notify(safe_text(str(error)), severity="warning")

    def _stop_wanted(self, aftermath: Aftermath, wanted: bool | None) -> None:
        if wanted:
            self._stop(aftermath)

    @work(group="recovery")
    async def _stop(self, aftermath: Aftermath) -> None:
        try:
            await recovery.stop(self.host, aftermath.record)
            self.settle(await recovery.look(self.host, aftermath.record))
        except PodthawError as error:
            self.complain(error)

    def _removal_wanted(self, aftermath: Aftermath, wanted: bool | None) -> None:
        if wanted:
            self._remove(aftermath)
        elif wanted is False and aftermath.record.clean_up is CleanUp.OPEN:
            journal.settled(aftermath.record, CleanUp.KEPT)

    @work(group="recovery")
    async def _remove(self, aftermath: Aftermath) -> None:
        errors = []
        try:
            async for line in recovery.remove(self.host, aftermath.record, aftermath.remains):
                errors += [line.text] if line.level in _WRONG else []
        except PodthawError as error:
            errors.append(str(error))
        if errors:
            self.complain("; ".join(errors))
        else:
            self.notify(f"What was left of {safe_text(aftermath.record.name)} is removed.")
        if isinstance(self.screen, HistoryScreen):
            self.screen.refresh_records()
        self.ask_host()
