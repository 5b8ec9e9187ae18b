"""A text under edit on the screen: what the composer and the one-line inputs have in common.

It draws an `EditBuffer` in wrapped rows and takes the editing keys, pastes and clicks. What enter, esc and
the arrows at the edges mean is for the subclasses.
"""

from dataclasses import dataclass
from itertools import pairwise

from rich.segment import Segment
from textual import events
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip

from chatty.rendering.sanitizer import sanitize
from chatty.tui.editing.buffer import EditBuffer
from chatty.tui.editing.chips import Chips, is_long, paste_chip, without_marks
from chatty.tui.editing.clusters import next_boundary
from chatty.tui.editing.kill_ring import KillRing
from chatty.tui.editing.wrapping import WrappedRow, Wrapping
from chatty.tui.editing_keys import CHANGES, MOVES
from chatty.tui.keymap import KeyRouter, canonical
from chatty.tui.spans import Span
from chatty.tui.widgets.drawn import Keyed


def letter_of(event: events.Key) -> str:
    """What a key types, cleaned; empty when it types nothing.

    More than Python calls printable: the wide space of Japanese keyboards, the no-break space of French ones,
    the joiners of Persian and of composed signs.
    """
    character = event.character or ""
    return sanitize(character) if event.is_printable or character >= "\xa0" else ""


class TextField(Keyed):
    """Editable text. `placeholder` is shown, muted, while it is empty."""

    ALLOW_SELECT = False

    GROUND = "page"
    """What the field stands on."""

    @dataclass
    class Edited(Message):
        """The text or the cursor changed by the user's hand."""

        field: "TextField"

        @property
        def control(self) -> "TextField":
            """The field, so that `@on` can select by it."""
            return self.field

    def __init__(
        self,
        router: KeyRouter | None,
        *,
        id: str | None = None,
        placeholder: str = "",
        ring: KillRing | None = None,
    ) -> None:
        super().__init__(router, id=id)
        self.placeholder = placeholder
        self.buffer = EditBuffer(kill_ring=ring)
        self.chips = Chips()
        self._first_row = 0
        self._goal_column: int | None = None
        self._wrapped: tuple[str, int, Wrapping] | None = None

    # What is written.

    @property
    def text(self) -> str:
        """The text with every chip in full."""
        return self.chips.expand(self.buffer.text)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written."""
        return not self.buffer.text

    def set_text(self, text: str, cursor: int | None = None) -> None:
        """Replace the text, as if typed: undo brings the old one back."""
        self.buffer.set_text(without_marks(sanitize(text)), cursor)
        self.edited()

    def insert(self, text: str) -> None:
        """Put text at the cursor."""
        self.buffer.insert(text)
        self.edited()

    # Keys, pastes, clicks.

    def typed(self, event: events.Key) -> bool:
        """Editing keys, then letters. Keys with alt that mean nothing are swallowed: they must not type."""
        key = canonical(event.key)
        if self._move_or_change(key):
            return True
        modifiers = key.split("+")[:-1]
        if {"alt", "ctrl", "super", "meta", "hyper"} & set(modifiers):
            return "alt" in modifiers
        if letter := letter_of(event):
            self.insert(without_marks(letter))
            return True
        return False

    def on_paste(self, event: events.Paste) -> None:
        """Take a paste: a long one as one unit."""
        event.stop()
        self.take_paste(event.text)

    def take_paste(self, raw: str) -> None:
        """Insert pasted text, cleaned; over ten lines or a thousand characters as a chip."""
        text = without_marks(sanitize(raw.replace("\r\n", "\n").replace("\r", "\n")))
        self.insert(self.chips.add(paste_chip(text)) if is_long(text) else text)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor where the mouse is, and select from there while it moves."""
        self._to_mouse(event, selecting=event.shift)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select along with the mouse."""
        if self.app.mouse_captured is self and event.button:
            self._to_mouse(event, selecting=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End selecting."""
        self.release_mouse()

    # For subclasses.

    def edited(self) -> None:
        """The text or cursor changed: draw it and tell the screen."""
        self._goal_column = None
        self._scroll_to_cursor()
        self.refresh()
        self.post_message(self.Edited(self))

    def label(self, character: str) -> str:
        """What is drawn for a character."""
        return self.chips.label(character)

    def wrapping(self) -> Wrapping:
        """The text in rows of the present width."""
        key = (self.buffer.text, self.wrap_width())
        if self._wrapped is None or self._wrapped[:2] != key:
            self._wrapped = (*key, Wrapping(key[0], key[1], self.label))
        return self._wrapped[2]

    def wrap_width(self) -> int:
        """Cells after which a row breaks: the last stays free for the cursor behind the last letter."""
        return max(self.content_size.width - 1, 1)

    def move_rows(self, rows: int, *, selecting: bool = False) -> bool:
        """Move the cursor up or down; False when there is no such row."""
        wrapping = self.wrapping()
        row = wrapping.row_of(self.buffer.cursor)
        if not 0 <= row + rows < len(wrapping.rows):
            return False
        column = self._goal_column
        if column is None:
            column = wrapping.column_of(self.buffer.cursor)
        self.buffer.move_to(wrapping.offset_at(row + rows, column), selecting=selecting)
        self.edited()
        self._goal_column = column
        return True

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """One row of the text, with the cursor when the field has the keyboard."""
        width = self.content_size.width
        if self.is_empty:
            return self._placeholder_row(y, width)
        wrapping = self.wrapping()
        index = self._first_row + y
        if index >= len(wrapping.rows):
            return self.palette.row([], width, self.GROUND)
        segments = self._row_segments(wrapping, index)
        return Strip(segments).adjust_cell_length(width, self.palette.style("text", self.GROUND))

    # Inside.

    def _move_or_change(self, key: str) -> bool:
        if (change := CHANGES.get(key)) is not None:
            change(self.buffer)
        elif (move := MOVES.get(key.removeprefix("shift+"))) is not None:
            self.buffer.move_to(move(self.buffer), selecting=key.startswith("shift+"))
        else:
            return False
        self.edited()
        return True

    def _to_mouse(self, event: events.MouseEvent, *, selecting: bool) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        position = self.wrapping().offset_at(self._first_row + offset.y, offset.x)
        self.buffer.move_to(position, selecting=selecting)
        self.edited()

    def visible_rows(self) -> int:
        """Rows of text that are, or are about to be, on the screen."""
        return max(self.content_size.height, 1)

    def _scroll_to_cursor(self) -> None:
        rows = self.visible_rows()
        row = self.wrapping().row_of(self.buffer.cursor)
        count = len(self.wrapping().rows)
        first = min(self._first_row, max(0, count - rows))
        self._first_row = max(row - rows + 1, min(first, row))

    def _placeholder_row(self, y: int, width: int) -> Strip:
        if y:
            return self.palette.row([], width, self.GROUND)
        if not self.has_focus:
            return self.palette.row([Span(self.placeholder, "muted")], width, self.GROUND)
        self._place_terminal_cursor(0, 0)
        first, rest = self.placeholder[:1] or " ", self.placeholder[1:]
        segments = [Segment(first, self.palette.style("text", "caret"))]
        segments += self.palette.segments([Span(rest, "muted")], self.GROUND)
        return Strip(segments).adjust_cell_length(width, self.palette.style("text", self.GROUND))

    def _row_segments(self, wrapping: Wrapping, index: int) -> list[Segment]:
        row, buffer = wrapping.rows[index], self.buffer
        has_cursor = self.has_focus and wrapping.row_of(buffer.cursor) == index
        caret_end = next_boundary(buffer.text, buffer.cursor) if buffer.cursor < row.end else row.end
        cuts = {row.start, row.end, *(buffer.selection or ())}
        if has_cursor:
            cuts |= {buffer.cursor, caret_end}
            self._place_terminal_cursor(wrapping.column_of(buffer.cursor), index - self._first_row)
        places = sorted(place for place in cuts if row.start <= place <= row.end)
        segments: list[Segment] = []
        for start, end in pairwise(places):
            ground = self._ground(start, has_cursor=has_cursor)
            shown = wrapping.shown(WrappedRow(start, end))
            segments.append(Segment(shown, self.palette.style("text", ground)))
        if has_cursor and buffer.cursor >= row.end:
            segments.append(Segment(" ", self.palette.style("text", "caret")))
        return segments

    def _ground(self, start: int, *, has_cursor: bool) -> str:
        if has_cursor and start == self.buffer.cursor:
            return "caret"
        selection = self.buffer.selection
        return "selection" if selection and selection[0] <= start < selection[1] else self.GROUND

    def _place_terminal_cursor(self, column: int, row: int) -> None:
        """Keep the real cursor at ours: input methods show their letters there."""
        region = self.content_region
        self.app.cursor_position = Offset(region.x + column, region.y + row)
