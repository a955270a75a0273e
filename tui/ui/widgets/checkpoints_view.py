"""The table of archives, with what is known of the one under the cursor."""

from typing import ClassVar

from tui.ui.widgets.row_list import RowList
from tui.ui.widgets.rows_view import RowsView


class CheckpointsView(RowsView):
    """A RowsView whose details are always in sight where there is any room for them."""

    BESIDE: ClassVar[int] = 180
    BELOW: ClassVar[int] = 14

    def make_details(self) -> RowList:
        """The widget for all about a row."""
        details = RowList(classes="details")
        details.border_title = "Preview"
        return details

    @property
    def in_sight(self) -> tuple[str, ...]:
        """The rows that people look at: under the cursor, then on the screen, then the others."""
        rows, table = self.rows, self.rows.seen.table
        if table is None:
            return ()
        order = [table.rows[index].id for index in rows.seen.arranged.rows]
        top = rows.scroll_offset.y
        window = order[top : top + max(1, rows.size.height)]
        first = [rows.row.id] if rows.row else []
        return tuple(dict.fromkeys([*first, *window, *order, *(row.id for row in table.rows)]))
