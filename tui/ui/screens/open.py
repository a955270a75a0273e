"""Choosing an archive of a folder."""

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.archive.finding import Candidate, candidates
from tui.archive.model import Form
from tui.errors import ArchiveError
from tui.text import age, plural, safe_text, size
from tui.ui.keys import Scope, bindings
from tui.ui.screens.base import PodthawScreen
from tui.ui.widgets.key_footer import KeyFooter


class _Candidates(OptionList):
    BINDINGS = bindings(Scope.OPEN)


class OpenScreen(PodthawScreen):
    """The archives of a folder, the newest first."""

    SCOPES = (Scope.OPEN,)

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self._found: tuple[Candidate, ...] = ()

    def compose(self) -> ComposeResult:
        """The list."""
        yield Static(Content.assemble(("podthaw", "bold"), "  open a checkpoint"), id="title")
        yield _Candidates(id="candidates")
        yield KeyFooter()

    def on_mount(self) -> None:
        """List the folder."""
        try:
            self._found = candidates(self._folder)
        except ArchiveError as error:
            self.app.exit(error)
            return
        found = self.query_one(_Candidates)
        found.border_title = Content(safe_text(self._folder))
        if not self._found:
            found.add_option(Option("There are no archives in this folder.", disabled=True))
            return
        found.border_subtitle = plural(len(self._found), "archive")
        width = max(len(safe_text(one.path.name)) for one in self._found)
        for one in self._found:
            found.add_option(Option(_line(one, min(width, 50))))
        found.highlighted = 0
        found.focus()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.app.open(str(self._found[event.option_index].path))


def _line(one: Candidate, width: int) -> Content:
    name = safe_text(one.path.name)
    folder = one.form is Form.FOLDER
    return Content.assemble(
        (f"{name:{width}}", "bold"),
        f"  {one.form if folder else one.compression:6}{'' if folder else size(one.size):>12}",
        (f"   {age(one.modified)}", "$quiet"),
    )
