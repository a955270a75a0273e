"""CRIU's images, and the fields of the one under the cursor as a tree."""

from textual.content import Content
from textual.message import Message

from tui.checkpoint.config import Json
from tui.text import safe_text
from tui.ui.front import Front
from tui.ui.widgets.document_tree import DocumentTree
from tui.ui.widgets.rows_view import RowsView


class RawView(RowsView):
    """The view of the images; somebody else decodes them."""

    class ImageWanted(Message):
        """An image is to be decoded."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def make_details(self) -> DocumentTree:
        """See RowsView."""
        return DocumentTree("", classes="details")

    @property
    def front(self) -> Front:
        """See RowsView; an image by its name."""
        row = self.rows.row
        if self.looked_at is self.rows or row is None:
            return super().front
        name = row.id.rpartition("/")[2]
        return self.query_one(DocumentTree).front(name, name)

    def show_image(self, name: str, document: Json) -> None:
        """Show the fields of an image, if it is still the one under the cursor."""
        details = self.query_one(DocumentTree)
        if self.rows.row and self.rows.row.id == name:
            details.border_title = Content(safe_text(name.partition("/")[2]))
            details.show(document, ())

    def on_show(self) -> None:
        """Decode what is under the cursor."""
        self.show_details()

    def show_details(self) -> None:
        """See RowsView."""
        row = self.rows.row
        if row and self.display and row.id != self.detailed:
            self.detailed = row.id
            self.post_message(self.ImageWanted(row.id))
