"""The messages of the open conversation: one widget that draws only the rows on the screen.

It holds views for a window of the path (`message_window.py`) and knows their rows (`row_index.py`). The state
is never pruned, only what is laid out here; what is not at hand is asked for where one comes to it. The view
never moves while someone reads: it follows the newest line until they scroll up, and again once they are back
at the end.
"""

from dataclasses import dataclass, replace
from typing import Literal

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message as TextualMessage
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from chatty.tui.actions import Place
from chatty.tui.keymap import KeyRouter
from chatty.tui.spans import Span
from chatty.tui.state import OpenConversation
from chatty.tui.widgets.drawn import Keyed
from chatty.tui.widgets.drawn_message import TEXT_COLUMN, DrawnMessage, Look
from chatty.tui.widgets.message_window import MessageWindow
from chatty.tui.widgets.row_index import RowIndex, Spot

_WHEEL_ROWS = 3
_CODE_STEP = 8


class Transcript(Keyed, ScrollView, inherit_bindings=False):
    """Draws the path of one conversation and moves in it. Selecting a message gives it the keys."""

    DEFAULT_CSS = """
    Transcript {
        width: 100%;
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    FOCUS_ON_CLICK = False

    @dataclass
    class Moved(TextualMessage):
        """The view or its end moved: `new_lines` rows lie below what was seen."""

        new_lines: int

    @dataclass
    class Selected(TextualMessage):
        """Another message is selected, or none (`message_id` is None)."""

        message_id: str | None

    @dataclass
    class MoreWanted(TextualMessage):
        """Messages of the path are needed that are not at hand: next to this one, or around it.

        Posted each time one comes there: whoever loads them knows which are on their way, and which failed.
        """

        message_id: str
        where: Literal["before", "behind", "around"]

    def __init__(self, router: KeyRouter) -> None:
        super().__init__(router, id="transcript")
        self.selected_id: str | None = None
        self._welcome: list[list[Span]] = []
        self._opened: OpenConversation | None = None
        self._views: dict[str, DrawnMessage] = {}
        self._window = MessageWindow()
        self._rows = RowIndex()
        self._cells_laid_out = 0
        """The cells of a row that the rows were counted for."""
        self._is_following = True
        self._is_adjusting = False
        self._sought: Spot | None = None
        """What was at the top of a stretch that was put away: to be there again once it has come."""
        self._seen: Spot | None = None
        """The lowest row that was on the screen."""
        self._code_offset = 0
        self._is_raw = False

    # What is shown.

    def show_welcome(self, rows: list[list[Span]]) -> None:
        """Let these rows stand in an empty conversation."""
        if rows != self._welcome:
            self._welcome = rows
            self.refresh()

    def show(self, opened: OpenConversation) -> None:
        """Show a conversation from its newest message."""
        self._opened = opened
        self._views.clear()
        self.selected_id = None
        self._code_offset = 0
        self._is_following = True
        self._seen = self._sought = None
        self._window.open(opened)
        self._lay_out()

    def show_again(self, opened: OpenConversation) -> None:
        """The path or the messages changed: keep the window where it is as far as they still exist."""
        self._opened = opened
        top = self._sought or self._top()
        if not self._window.change_path(opened, top, is_following=self._is_following):
            assert top is not None  # it is what the window waits for
            self._sought = top
            self.post_message(self.MoreWanted(top.message_id, "around"))
            return
        self._sought = None
        selected, self.selected_id = self.selected_id, self._selected_on(self._window.path)
        for message_id in self._window.ids:
            self._sync(message_id)
        self._lay_out(top)
        if selected != self.selected_id:
            self.post_message(self.Selected(self.selected_id))
            if self.selected_id is not None:
                self._go_to(self.selected_id)

    def update_messages(self, message_ids: set[str]) -> None:
        """The content of these messages changed."""
        shown = message_ids.intersection(self._window.ids)
        if not shown or self._opened is None:
            return
        for message_id in shown:
            self._sync(message_id)
        self._lay_out(self._top())

    def set_running_seconds(self, message_id: str, seconds: int | None) -> None:
        """Count the seconds of thinking or of a tool on the message's folded row."""
        view = self._views.get(message_id)
        if view is not None and view.running_seconds != seconds:
            view.running_seconds = seconds
            view.sync(view.message)
            self.refresh()

    def toggle_raw(self) -> bool:
        """Show answers as written, or rendered again; says which it is now."""
        self._is_raw = not self._is_raw
        for view in self._views.values():
            view.set_raw(self._is_raw)
        self._lay_out(self._top())
        return self._is_raw

    @property
    def new_lines(self) -> int:
        """Rows that came below since the end was last on the screen."""
        seen = None if self._is_following or self._seen is None else self._rows.row_of(self._seen)
        return 0 if seen is None else max(0, self._rows.rows - 1 - seen)

    @property
    def is_far_from_end(self) -> bool:
        """Whether there are messages behind those that are laid out."""
        return not self._window.reaches_newest

    # Moving.

    def to_end(self) -> None:
        """Go to the newest line and follow it."""
        self._is_following, self._sought = True, None
        self._window.to_end()
        self._lay_out()

    def to_top(self) -> None:
        """Go to the first message that is loaded."""
        self._is_following = False
        self._window.to_top()
        self._lay_out()
        self._scroll_rows_to(0)
        self._want_older()

    def page(self, direction: int) -> None:
        """Move by a screen less two rows, up (-1) or down (1)."""
        self._scroll_rows_to(self.scroll_offset.y + direction * max(self.size.height - 2, 1))

    def scroll_code(self, direction: int) -> None:
        """Move code and tables that are wider than their column to the left (-1) or to the right (1)."""
        wanted = self._code_offset + direction * _CODE_STEP
        self._code_offset = max(0, min(wanted, self._widest_overflow()))
        self.refresh()

    def show_message(self, message_id: str) -> None:
        """Bring a message to the top of the view, as after a search; it must be at hand."""
        opened = self._opened
        if opened is None or message_id not in (*opened.path, *opened.away):
            return
        self._is_following, self._sought = False, None
        if self._window.go_to(message_id):
            self._lay_out(Spot(self._window.ids[0], 0))
        self._scroll_rows_to(self._rows.start(message_id))
        self._note_seen()

    # Selecting.

    def places(self) -> tuple[Place, ...]:
        """Here the keys of messages work."""
        return ("message",)

    def select_newest(self) -> None:
        """Select the newest message; for someone who reads further up the first that begins on the screen."""
        ids = self._window.ids
        if ids:
            wanted = ids[-1] if self._is_following else self._rows.first_from(self.scroll_offset.y)
            self._select(wanted)
            self._bring_into_view(wanted)

    def select_step(self, step: int) -> None:
        """Move the selection to the next (1) or the previous (-1) message."""
        if self.selected_id is None or self.selected_id not in self._window.ids:
            self.select_newest()
            return
        if step < 0 and self.selected_id == self._window.ids[0]:
            self._extend_up()
        ids = self._window.ids
        index = ids.index(self.selected_id) + step
        if 0 <= index < len(ids):
            self._select(ids[index])
            self._bring_into_view(ids[index])

    def clear_selection_mark(self) -> None:
        """Select no message."""
        self._select(None)

    def toggle_fold(self) -> None:
        """Fold or unfold what the selected message can fold."""
        view = self._views.get(self.selected_id or "")
        if view is not None:
            top = self._top()
            view.toggle()
            self._lay_out(top)

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        row = self.scroll_offset.y + y
        found = self._find(row)
        if found is None:
            return self._empty_row(row)
        view, within = found
        strip = view.draw(within, self._look(view), self.palette)
        return self._with_selection(strip, row).apply_offsets(0, row)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text the mouse selected, as it stands on the screen."""
        rows = range(self._rows.rows)
        return selection.extract("\n".join(self._plain(row).rstrip() for row in rows)), "\n"

    # Events.

    def on_resize(self, event: events.Resize) -> None:
        """Another width wraps every text anew; what one reads stays where it is."""
        top = self._top()
        if self._row_cells != self._cells_laid_out:
            top = self._rewrapped(top)
            self._seen = self._rewrapped(self._seen)
        self._lay_out(top)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up; sideways in code and tables with shift."""
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down; sideways in code and tables with shift."""
        self._wheel(event, 1)

    def on_click(self, event: events.Click) -> None:
        """A click on a folded row unfolds it."""
        found = self._find(self.scroll_offset.y + event.y)
        if found is None:
            return
        view, within = found
        part_index = view.part_at(within, self._look(view))
        if part_index is not None:
            top = self._top()
            view.toggle(part_index)
            self._lay_out(top)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end only while it is on the screen."""
        super().watch_scroll_y(old_value, new_value)
        if self._is_adjusting:
            return
        self._is_following = self._is_at_end() and self._window.reaches_newest
        if new_value < old_value and self.scroll_offset.y < self.size.height:
            self._extend_up()
        elif new_value > old_value and self._is_at_end():
            self._extend_down()
        self._note_seen()

    # Inside: the window.

    def _extend_up(self) -> None:
        top = self._top()
        if self._window.extend_up():
            self._lay_out(top)
        else:
            self._want_older()

    def _extend_down(self) -> None:
        top = self._top()
        if self._window.extend_down():
            self._lay_out(top)
        elif (last := self._window.missing_behind) is not None:
            self.post_message(self.MoreWanted(last, "behind"))

    def _want_older(self) -> None:
        if (first := self._window.missing_before) is not None:
            self.post_message(self.MoreWanted(first, "before"))

    # Inside: rows.

    def _empty_row(self, row: int) -> Strip:
        words = self._welcome[row] if not self._window.ids and row < len(self._welcome) else []
        return self.palette.row([Span(" " * TEXT_COLUMN), *words], self._row_cells)

    @property
    def _row_cells(self) -> int:
        """Cells of a row: what the scrollbar leaves."""
        return self.scrollable_content_region.width

    def _look(self, view: DrawnMessage) -> Look:
        message_id = view.message.id
        is_queued = self._opened is not None and self._opened.is_queued(message_id)
        return Look(max(self._row_cells, 1), message_id == self.selected_id, is_queued, self._code_offset)

    def _sync(self, message_id: str) -> None:
        opened = self._opened
        if opened is None or message_id not in opened.messages:
            return
        message = opened.messages[message_id]
        view = self._views.get(message_id)
        if view is None:
            view = self._views[message_id] = DrawnMessage(message)
            view.is_raw = self._is_raw
        view.place = opened.sibling_place(message_id)
        view.sync(message)

    def _lay_out(self, keep: Spot | None = None) -> None:
        """Count the rows of the window; `keep` is what stays at the top of the view."""
        if not self._row_cells:
            return
        ids = self._window.ids
        for message_id in ids:
            if message_id not in self._views:
                self._sync(message_id)
        self._views = {message_id: self._views[message_id] for message_id in ids}
        self._rows = RowIndex(ids, [view.height(self._look(view)) for view in self._views.values()])
        self._cells_laid_out = self._row_cells
        kept_row = None if keep is None else self._rows.row_of(keep)
        self._is_adjusting = True
        try:
            self.virtual_size = Size(self._row_cells, self._rows.rows)
            if self._is_following:
                self._set_row(max(0, self._rows.rows - self.size.height))
            elif kept_row is not None:
                self._set_row(kept_row)
        finally:
            self._is_adjusting = False
        self._note_seen()
        self.refresh()

    def _rewrapped(self, spot: Spot | None) -> Spot | None:
        """The spot of the same words at the width there is now."""
        view = self._views.get(spot.message_id) if spot is not None else None
        if spot is None or view is None or spot.row == 0 or not self._row_cells:
            return spot
        look = self._look(view)
        letters = view.letters_above(spot.row, replace(look, width=max(self._cells_laid_out, 1)))
        return Spot(spot.message_id, view.row_below(letters, look))

    def _set_row(self, row: int) -> None:
        self.scroll_target_y = row
        self.scroll_y = row

    def _scroll_rows_to(self, row: int) -> None:
        # At an edge nothing scrolls any more, so nothing else would lay out what lies behind it.
        if row < 0 and self.scroll_offset.y == 0:
            self._extend_up()
            row += self.scroll_offset.y
        if row > self.scroll_offset.y and self._is_at_end():
            self._extend_down()
        self._set_row(max(0, min(row, self._rows.rows - self.size.height)))

    def _top(self) -> Spot | None:
        return self._rows.spot(self.scroll_offset.y)

    def _find(self, row: int) -> tuple[DrawnMessage, int] | None:
        spot = self._rows.text_spot(row)
        return None if spot is None else (self._views[spot.message_id], spot.row)

    def _is_at_end(self) -> bool:
        return self.scroll_offset.y + self.size.height >= self._rows.rows

    def _note_seen(self) -> None:
        """Remember the lowest row that was on the screen, and tell how much lies below."""
        bottom = self._rows.spot(min(self.scroll_offset.y + self.size.height, self._rows.rows) - 1)
        if bottom is not None and (self._is_following or self._is_below_seen(bottom)):
            self._seen = bottom
        self.post_message(self.Moved(self.new_lines))

    def _is_below_seen(self, spot: Spot) -> bool:
        path = self._opened.path if self._opened is not None else []
        if self._seen is None or self._seen.message_id not in path:
            return True
        if spot.message_id == self._seen.message_id:
            return spot.row > self._seen.row
        return spot.message_id in path and path.index(spot.message_id) > path.index(self._seen.message_id)

    def _wheel(self, event: events.MouseScrollUp | events.MouseScrollDown, direction: int) -> None:
        event.stop()
        event.prevent_default()
        if event.shift:
            self.scroll_code(direction)
        else:
            self._scroll_rows_to(self.scroll_offset.y + direction * _WHEEL_ROWS)

    def _widest_overflow(self) -> int:
        """How far what is on the screen reaches beyond its column."""
        top = self.scroll_offset.y
        found = filter(None, map(self._find, range(top, top + self.size.height)))
        return max((view.overflow(within, self._look(view)) for view, within in found), default=0)

    # Inside: selection.

    def _select(self, message_id: str | None) -> None:
        if message_id == self.selected_id:
            return
        top = self._top()
        self.selected_id = message_id
        self._lay_out(top)
        self.post_message(self.Selected(message_id))

    def _selected_on(self, path: list[str]) -> str | None:
        """The selected message; off the path the version that stands there in its place, else the newest.

        So the keys of messages always mean one that is seen, and the arrows walk all versions.
        """
        opened, view = self._opened, self._views.get(self.selected_id or "")
        if self.selected_id is None or self.selected_id in path or opened is None or view is None:
            return self.selected_id if self.selected_id in path else None
        parent_id = view.message.parent_id
        in_place = (
            key for key in path if key in opened.messages and opened.messages[key].parent_id == parent_id
        )
        return next(in_place, path[-1] if path else None)

    def _go_to(self, message_id: str) -> None:
        """Bring a message of the path into view, laid out or not."""
        if self._window.go_to(message_id):
            self._is_following = False
            self._lay_out(Spot(self._window.ids[0], 0))
        self._bring_into_view(message_id)

    def _bring_into_view(self, message_id: str) -> None:
        start, end = self._rows.start(message_id), self._rows.end(message_id)
        row = self.scroll_offset.y
        if start < row or end - start >= self.size.height:
            self._scroll_rows_to(start)
        elif end > row + self.size.height:
            self._scroll_rows_to(end - self.size.height + 1)

    def _plain(self, row: int) -> str:
        found = self._find(row)
        return found[0].plain(found[1], self._look(found[0])) if found else ""

    def _with_selection(self, strip: Strip, row: int) -> Strip:
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        if span is None:
            return strip
        start, end = span
        end = strip.cell_length if end == -1 else end
        before, marked, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
        # In the colour of text: muted words and comments could not be read on this ground.
        ground = self.palette.style("text", "selection")
        mark = Style(color=ground.color, bgcolor=ground.bgcolor, reverse=ground.reverse)
        return Strip.join([before, marked.apply_style(mark), after])
