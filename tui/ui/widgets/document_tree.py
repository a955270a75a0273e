"""A JSON document as a tree that is filled only where people look, with conflicts on its nodes."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import work
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.checkpoint.config import Json
from tui.report.text import GLYPHS
from tui.restore.conflict import Conflict, Severity
from tui.restore.rewrite import Change
from tui.text import plural, safe_text, steps
from tui.ui import heap
from tui.ui.clipboard import clip_text
from tui.ui.front import Front
from tui.ui.keys import Scope, bindings
from tui.ui.outline import (
    Hits,
    Mark,
    Outline,
    Place,
    above_all,
    marks,
    outline,
    plain_value,
    search,
)
from tui.ui.plain import document_text

CHUNK = 500
"""Children that are added at once; the rest waits behind a line that says how many there are."""

LONGEST = 400
"""Characters of a value that are shown; copying takes all of them."""

OPENED = 300
"""Nodes that a filter opens by itself."""


@dataclass(frozen=True, slots=True)
class More:
    """Stands for children of a node that have not been added yet, by their numbers."""

    start: int
    end: int
    """Behind the last of them."""


Node = TreeNode[Place | More]


class DocumentTree(Tree[Place | More]):
    """One document."""

    BINDINGS = bindings(Scope.VIEWS)

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "document-tree--key",
        "document-tree--value",
        "document-tree--quiet",
        "document-tree--change",
        *(f"document-tree--{severity}" for severity in Severity),
    }

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    class Visited(Message):
        """Somebody has gone to a place with conflicts."""

        def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
            super().__init__()
            self.conflicts = conflicts

    def __init__(self, name: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(Text(), data=Place("", "", None), id=id, classes=classes)
        self.document_name = name
        self._empty = ""
        self._document: Json = None
        self._marks: dict[str, Mark] = {}
        self._changes: dict[str, Change] = {}
        self._outline: asyncio.Future[Outline] | None = None
        """Of the document, made when a filter is first wanted."""
        self._words = ""
        self._origin: tuple[list[str], str] = [], ""
        """What was open when the filter was set, and where the cursor was."""
        self._hits: Hits | None = None
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = False

    def on_mount(self) -> None:
        """Say that there is nothing yet."""
        self._say_empty()

    def show(
        self,
        document: Json,
        conflicts: Iterable[Conflict],
        changes: Iterable[Change] = (),
        *,
        empty: str = "",
    ) -> None:
        """Show `document` with what marks it, or say why it is `empty`.

        Where people are in it stays.
        """
        self._empty = empty
        self._say_empty()
        self._marks = marks(conflicts, self.document_name, document)
        self._changes = {
            change.pointer: change for change in changes if change.document == self.document_name
        }
        if document is self._document or document == self._document:
            self.notify_style_update()  # the labels are made anew
            return
        opened, at = self._opened(), self.pointer
        self._document, self._outline, self._hits = document, None, None
        self._rebuild(opened)
        self.go_to(at)
        if self._words:
            self.filter(self._words)

    def prepare(self) -> None:
        """Make ready for a filter, which is about to be typed."""
        if self._outline is None:
            self._outline = asyncio.ensure_future(asyncio.to_thread(_outlined, self._document))

    def filter(self, words: str) -> None:
        """Show only the places with `words` in them, as soon as they have been found."""
        before, self._words = self._words, words
        if words:
            if not before:
                self._origin = self._opened(), self.pointer
            self.border_subtitle = "filtering …"
            self._search(words)
        elif before:
            self.workers.cancel_group(self, "filter")
            opened, origin = self._origin
            at = self.pointer or origin
            self._hits = None
            self._rebuild({*opened, *filter(None, above_all(at))})
            self.go_to(at)

    @work(group="filter", exclusive=True)
    async def _search(self, words: str) -> None:
        self.prepare()
        assert self._outline
        found = await asyncio.to_thread(search, await asyncio.shield(self._outline), words)
        self._hits = found
        self._rebuild(found.opened)
        self.go_to(next(iter(found.found), ""))
        self.border_subtitle = f"{len(found.found):,} found"

    @property
    def pointer(self) -> str:
        """The place under the cursor."""
        place = self.place
        return place.pointer if place else ""

    @property
    def place(self) -> Place | None:
        """What is under the cursor."""
        node = self.cursor_node
        return node.data if node and isinstance(node.data, Place) else None

    @property
    def clip(self) -> tuple[str, str] | None:
        """What is copied, and what it is called."""
        place = self.place
        return (clip_text(place.value), place.pointer) if place else None

    def front(self, name: str, file: str) -> Front:
        """The whole document, whatever the filter hides of it."""
        document = self._document
        return Front(name, file, lambda: document_text(document), lambda: document, structured=True)

    def go_to(self, pointer: str) -> None:
        """Open what `pointer` lies in, and put the cursor there."""
        node: Node | None = self.root
        for step in [*reversed([*above_all(pointer)][:-1]), pointer]:
            if node is None or not step:
                break
            self._fill(node)
            found = self._child(node, step)
            if found is None:
                break
            if node is not self.root:
                node.expand()
            node = found
        if node is self.root:
            node = self.root.children[0] if self.root.children else None
        if node is not None:
            self.call_after_refresh(self.move_cursor, node)

    def render_label(self, node: Node, base_style: Style, style: Style) -> Text:
        """The key, the value, what it will become, and the conflicts."""
        if isinstance(node.data, More):
            text = f"… {plural(node.data.end - node.data.start, 'more entry')}, Enter adds them"
            return Text(text.replace("entrys", "entries"), self._style("quiet") + style)
        if node.data is None:
            return Text()
        label = Text(end="")
        icon = self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
        label.append(icon if node.allow_expand else "  ", base_style + Style(meta={"toggle": True}))
        label.append_text(self._body(node.data, style))
        return label

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Place | More]) -> None:
        """Fill it."""
        self._fill(event.node)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Place | More]) -> None:
        """Open or close it; add what waits."""
        node = event.node
        if isinstance(node.data, More) and node.parent:
            # where more come behind it, what is next to them is wanted
            last = node.next_sibling is None
            start = node.data.start if last else max(node.data.start, node.data.end - CHUNK)
            self._add(node.parent, node.data, start, node)
        elif node.allow_expand:
            node.toggle()

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Place | More]) -> None:
        """Tell of the conflicts there, if it was people who went there."""
        if self.has_focus and isinstance(event.node.data, Place):
            mark = self._marks.get(event.node.data.pointer)
            if mark and mark.here:
                self.post_message(self.Visited(mark.here))

    def action_open(self) -> None:
        """Open the node, or go into it."""
        node = self.cursor_node
        if node and node.allow_expand and not node.is_expanded:
            node.expand()
        elif node and node.children:
            self.move_cursor(node.children[0])

    def action_close(self) -> None:
        """Close the node, or go to its parent."""
        node = self.cursor_node
        if node and node.is_expanded and node.allow_expand:
            node.collapse()
        elif node and node.parent and node.parent is not self.root:
            self.move_cursor(node.parent)

    def _say_empty(self) -> None:
        self.border_subtitle = "" if self._document else self._empty

    def _rebuild(self, opened: Iterable[str]) -> None:
        self.reset(Text(), Place("", "", self._document))
        self._say_empty()
        self._fill(self.root)
        self.root.expand()
        for pointer in islice(sorted(opened, key=lambda one: one.count("/")), OPENED):
            node: Node | None = self.root
            for step in [*reversed([*above_all(pointer)][:-1]), pointer]:
                node = self._child(node, step) if node and step else node
            if node is not None and node is not self.root:
                self._fill(node)
                node.expand()

    def _opened(self) -> list[str]:
        found, waiting = [], [self.root]
        while waiting:
            node = waiting.pop()
            if node.is_expanded and isinstance(node.data, Place):
                found.append(node.data.pointer)
                waiting += node.children
        return [pointer for pointer in found if pointer]

    def _child(self, node: Node, pointer: str) -> Node | None:
        """The child at `pointer`; if it has not been added yet, it is, with those around it."""
        found = next((child for child in node.children if _is_at(child, pointer)), None)
        if found is not None or not isinstance(node.data, Place):
            return found
        left = self._left(node.data)
        if left is None:
            number = node.data.number(steps(pointer)[-1])
        else:
            number = next((at for at, one in enumerate(left) if one.pointer == pointer), None)
        for child in node.children:
            gap = child.data
            if number is not None and isinstance(gap, More) and gap.start <= number < gap.end:
                self._add(node, gap, max(gap.start, number - CHUNK // 2), child)
                return next((child for child in node.children if _is_at(child, pointer)), None)
        return None

    def _fill(self, node: Node) -> None:
        if not node.children and isinstance(node.data, Place):
            left = self._left(node.data)
            self._add(node, More(0, node.data.count if left is None else len(left)), 0)

    def _add(self, node: Node, gap: More, start: int, line: Node | None = None) -> None:
        """Add a chunk of the children from number `start` on, for which `line` has stood so far."""
        assert isinstance(node.data, Place)
        left = self._left(node.data)
        places = node.data.inside(start) if left is None else iter(left[start:])
        end = min(start + CHUNK, gap.end)
        at = None if line is None else node.children.index(line)
        if start > gap.start:
            node.add_leaf("", More(gap.start, start), before=at)
            at = None if at is None else at + 1
        for number, place in enumerate(islice(places, end - start)):
            before = None if at is None else at + number
            node.add("", place, before=before, allow_expand=place.holds)
        if end < gap.end:
            node.add_leaf("", More(end, gap.end), before=line)
        if line is not None:
            line.remove()

    def _left(self, place: Place) -> Sequence[Place] | None:
        """What the filter leaves of the places in `place`; None if that is all of them."""
        return self._hits.leading.get(place.pointer) if self._hits else None

    def _body(self, place: Place, style: Style) -> Text:
        mark = self._marks.get(place.pointer, Mark())
        body = Text(end="")
        for severity in {conflict.severity: None for conflict in mark.here}:
            body.append(f"{GLYPHS[severity]} ", self._style(severity))
        body.append(safe_text(place.key), self._style("key"))
        body.append("  ")
        if place.holds:
            body.append(f"({place.count})", self._style("quiet"))
        else:
            body.append(_shortened(plain_value(place.value)), self._style("value"))
        change = self._changes.get(place.pointer)
        if change:
            after = _shortened(plain_value(change.after)) or "(cleared)"
            body.append(f" → {after}", self._style("change"))
        body.stylize(style)
        for conflict in mark.here:
            body.append(f"  {safe_text(conflict.title)}", self._style(conflict.severity))
        for severity in Severity:
            if severity in mark.below:
                text = f"  {GLYPHS[severity]} {mark.below[severity]}"
                body.append(text, self._style(severity))
        return body

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(
            f"document-tree--{name}", partial=True, default=Style()
        )


def _outlined(document: Json) -> Outline:
    made = outline(document)
    heap.loaded()
    return made


def _is_at(node: Node, pointer: str) -> bool:
    return isinstance(node.data, Place) and node.data.pointer == pointer


def _shortened(value: str) -> str:
    if len(value) <= LONGEST:
        return safe_text(value)
    return f"{safe_text(value[:LONGEST])}… ({len(value):,} characters)"
