"""In which form what is in front is saved."""

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.text import safe_text
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings


class Form(StrEnum):
    """What a file can be made as; the value is the ending of its name."""

    TEXT = "txt"
    JSON = "json"
    PICTURE = "svg"


_WORDS = {
    Form.TEXT: "as text",
    Form.JSON: "as JSON",
    Form.PICTURE: "the whole screen as a picture (SVG)",
}


class _Forms(OptionList):
    BINDINGS = bindings(Scope.LIST)


class ExportScreen(ModalScreen[Form]):
    """Closes with the form that somebody wants; closed without, None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close"),
        *(Binding(f"{number}", f"choose({number})", show=False) for number in range(1, 4)),
    ]

    def __init__(self, front: Front) -> None:
        """`front` is what is to be saved."""
        super().__init__()
        self._front = front
        forms = [Form.TEXT, Form.JSON] if front.document else [Form.TEXT]
        self._forms = [*(reversed(forms) if front.structured else forms), Form.PICTURE]

    def compose(self) -> ComposeResult:
        """What is saved, and the forms."""
        with Vertical(classes="dialog") as frame:
            frame.border_title = Content(f"Save {safe_text(self._front.name)} to a file")
            frame.border_subtitle = "Enter saves · Esc closes"
            yield _Forms(
                *(
                    Option(Content.assemble((f"{number} ", "bold"), _WORDS[form]))
                    for number, form in enumerate(self._forms, 1)
                )
            )
            words = "What is masked on the screen is masked in the file."
            yield Static(Content.styled(words, "$quiet"))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._forms[event.option_index])

    def action_choose(self, number: int) -> None:
        """Close with the form that has this number."""
        if number <= len(self._forms):
            self.dismiss(self._forms[number - 1])
