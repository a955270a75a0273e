"""What leaves podthaw: to the clipboard, to files, to people's own pager and editor."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from textual import work
from textual.app import SuspendNotSupported

from tui.errors import PodthawError
from tui.text import safe_text, shown_path, size
from tui.ui import programs
from tui.ui.clipboard import LIMIT, fits, needed
from tui.ui.front import Front, amount, front_of
from tui.ui.saving import save_text
from tui.ui.screens.confirm import Confirm
from tui.ui.screens.export import ExportScreen, Form
from tui.ui.telling import TellingApp

Done = TypeVar("Done")

_MOST = LIMIT * 3 // 4
"""Bytes that a terminal's clipboard takes."""


class OutwardApp(TellingApp):
    """An app that gives away what is in front."""

    lent = False
    """Another program has the terminal."""
    _hinted = False
    """What the clipboard needs here has been said."""

    def copy(self, text: str, what: str) -> None:
        """Put `text` on the clipboard, and say so; what is too long can become a file."""
        argv = programs.clipboard(os.environ)
        if argv:
            self._hand_over(argv, text, what)
        else:
            self._copy_through_terminal(text, what)

    async def lend(self, work: Callable[[], Awaitable[Done]]) -> Done:
        """What `work` comes to, which has the terminal to itself while podthaw goes on behind it.

        Raises what `work` raises, and PodthawError where the terminal cannot be lent.
        """
        loop = asyncio.get_running_loop()
        self.lent = True
        try:
            with self.batch_update(), self.suspend():
                # the keys that interrupt the other program are sent to both
                loop.add_signal_handler(signal.SIGQUIT, lambda: None)
                (done,) = await asyncio.gather(work(), return_exceptions=True)
        except SuspendNotSupported:
            raise PodthawError("This terminal cannot be lent to another program.") from None
        finally:
            loop.remove_signal_handler(signal.SIGQUIT)
            self.lent = False
        if isinstance(done, BaseException):
            raise done
        return done

    def action_copy_all(self) -> None:
        """Copy all of what is in front."""
        self._copy_all(front_of(self.screen))

    def action_export(self) -> None:
        """Ask in which form it is to be saved."""
        front = front_of(self.screen)
        self.push_screen(ExportScreen(front), partial(self._export, front))

    def action_picture(self) -> None:
        """Save the whole screen as a picture."""
        self._save(Front("the screen", "screen", self.export_screenshot), Form.PICTURE)

    def action_page(self) -> None:
        """Open it in the pager."""
        self._open_in(front_of(self.screen), programs.pager)

    def action_edit(self) -> None:
        """Open a copy of it in the editor."""
        self._open_in(front_of(self.screen), programs.editor)

    def _copy_through_terminal(self, text: str, what: str) -> None:
        if fits(text):
            self.copy_to_clipboard(text)
            hint = "" if self._hinted else needed(os.environ)
            self._hinted = True
            self._tell(f"{what} ({amount(text)})", "Copied", hint)
            return
        length = size(len(text.encode("utf-8", "replace")))
        question = f"{what[:1].upper()}{what[1:]} is too long for a terminal's clipboard"
        self.push_screen(
            Confirm(
                safe_text(f"{question}: {length}, and it takes {size(_MOST)}. Save it to a file?")
            ),
            partial(self._rather_save, Front(what, "copied", lambda: text)),
        )

    @work(thread=True, group="clipboard")
    def _hand_over(self, argv: Sequence[str], text: str, what: str) -> None:
        if programs.hand_over(argv, text):
            self._clipboard = text  # for pasting into podthaw itself
            self.call_from_thread(self._tell, f"{what} ({amount(text)})", "Copied")
        else:
            self.call_from_thread(self._copy_through_terminal, text, what)

    @work(thread=True, group="outward")
    def _copy_all(self, front: Front) -> None:
        try:
            text = front.copied()
        except PodthawError as error:
            self.call_from_thread(self.complain, error)
        else:
            self.call_from_thread(self.copy, text, front.name)

    def _rather_save(self, front: Front, wanted: bool | None) -> None:
        if wanted:
            self._save(front, Form.TEXT)

    def _export(self, front: Front, form: Form | None) -> None:
        if form is Form.PICTURE:
            self.call_after_refresh(self.action_picture)
        elif form:
            self._save(front, form)

    def _save(self, front: Front, form: Form) -> None:
        if form is Form.PICTURE:
            drawn = front.text()  # of the screen as it is now
            self._write(front, form, lambda: drawn)
        else:
            self._write(front, form, front.json if form is Form.JSON else front.text)

    @work(thread=True, group="outward")
    def _write(self, front: Front, form: Form, make: Callable[[], str]) -> None:
        try:
            path = save_text(f"{front.file}.{form}", make())
        except (PodthawError, OSError) as error:
            self.call_from_thread(self.complain, error)
        else:
            self.call_from_thread(self._tell, shown_path(str(path)), "Saved")

    @work(group="terminal", exclusive=True)
    async def _open_in(
        self, front: Front, choose: Callable[[os._Environ[str]], Sequence[str]]
    ) -> None:
        try:
            argv = choose(os.environ)
            make, ending = (front.json, Form.JSON) if front.structured else (front.text, Form.TEXT)
            text = await asyncio.to_thread(make)
            with programs.lent_file(f"{front.file}.{ending}", text) as path:
                status = await self.lend(partial(programs.run, [*argv, str(path)]))
                changed = await asyncio.to_thread(_differs, path, text)
        except (PodthawError, OSError) as error:
            self.complain(error)
            return
        if status:
            self.complain(f"{argv[0]} ended with status {status}.")
        if changed:
            self._tell("What was changed in the copy is not kept: ctrl+e saves a file.", "Closed")

    def _tell(self, words: str, title: str, hint: str = "") -> None:
        self.notify(safe_text(words) + (f"\n{hint}" if hint else ""), title=title)


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8", errors="replace") != f"{text}\n"
    except OSError:
        return False
