"""The conversations at the left, in groups by day: filtered as one types, marked where one is wanted."""

from dataclasses import dataclass
from datetime import date, datetime

from textual import events
from textual.message import Message
from textual.strip import Strip

from chatty.tui.editing.kill_ring import KillRing
from chatty.tui.keymap import KeyRouter, canonical
from chatty.tui.matching import matching
from chatty.tui.spans import Span, cut
from chatty.tui.state import ConversationRow
from chatty.tui.widgets.text_field import TextField
from chatty.tui.widgets.two_sided_row import two_sides

_EDGE = 2
"""Empty cells at the left and the right; the bar stands in the second."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the list: a conversation, the name of a group, or nothing."""

    row: ConversationRow | None = None
    group: str = ""


class SideBar(TextField):
    """The list of conversations; with the keyboard it shows a filter in its second row."""

    DEFAULT_CSS = """
    SideBar {
        width: 30;
        height: 100%;
        background: $surface;
    }
    """

    GROUND = "surface"

    @dataclass
    class Chosen(Message):
        """A conversation is to be opened."""

        conversation_id: str

    @dataclass
    class Left(Message):
        """The user is done with the list."""

    def __init__(self, router: KeyRouter, ring: KillRing) -> None:
        super().__init__(router, id="side-bar", placeholder="type to filter", ring=ring)
        self.key_shown = ""
        """The key that leads here, shown beside the name."""
        self._rows: list[ConversationRow] = []
        self._open_id: str | None = None
        self._cursor_id: str | None = None
        self._first_line = 0

    def show(self, rows: list[ConversationRow], open_id: str | None) -> None:
        """Show these conversations, newest first, one of them open."""
        self._rows = sorted(rows, key=lambda row: row.touched_at_ms, reverse=True)
        self._open_id = open_id
        if not self.has_cursor:
            self._cursor_id = self._first_cursor()
        self.refresh()

    def edited(self) -> None:
        """The filter changed: the cursor goes to the best fit."""
        self._cursor_id = self._first_cursor()
        self._first_line = 0
        super().edited()

    @property
    def has_cursor(self) -> bool:
        """Whether there is a line to open."""
        return any(row.id == self._cursor_id for row in self._shown())

    def intercept(self, event: events.Key) -> bool:
        """The arrows move, enter opens, esc and tab leave."""
        key = canonical(event.key)
        if key in ("up", "down"):
            self._step(-1 if key == "up" else 1)
        elif key == "enter":
            self._choose(self._cursor_id if self.has_cursor else None)
        elif key in ("escape", "tab", "shift+tab"):
            self._clear_filter()
            self.post_message(self.Left())
        else:
            return False
        return True

    def on_click(self, event: events.Click) -> None:
        """A click opens a conversation."""
        line = self._line_at(event.y)
        if line is not None and line.row is not None:
            self._choose(line.row.id)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the list up."""
        self._scroll(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the list down."""
        self._scroll(3)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A press places no text cursor here."""

    def on_focus(self) -> None:
        """The cursor starts at the open conversation, or at the newest where that is not in the list."""
        self._cursor_id = self._first_cursor()
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is the open conversation again."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The name, the filter, then the list."""
        width = self.size.width
        if y == 0:
            head = two_sides([Span("Chats", bold=True)], [Span(self.key_shown, "muted")], width - 2 * _EDGE)
            return self._row(head, width)
        if y == 1:
            return self._filter_row(width) if self.has_focus else self._row([], width)
        line = self._line_at(y)
        if line is None or line.row is None:
            return self._row([Span(line.group, "muted")] if line else [], width)
        return self._conversation(line.row, width)

    # Inside.

    def _shown(self) -> list[ConversationRow]:
        if self.is_empty:
            return self._rows
        return matching(self.text, self._rows, lambda row: f"{row.title} {row.project}")

    def _first_cursor(self) -> str | None:
        """What enter opens before the arrows were used."""
        ids = [row.id for row in self._shown()]
        if self.is_empty and self._open_id in ids:
            return self._open_id
        return ids[0] if ids else None

    def _lines(self) -> list[_Line]:
        lines: list[_Line] = []
        group = ""
        today = date.today()
        for row in self._shown():
            named = "" if not self.is_empty else group_name(row.touched_at_ms, today)
            if named != group:
                lines.extend([_Line()] if lines else [])
                lines.append(_Line(group=named))
                group = named
            lines.append(_Line(row))
        if not lines and self.has_focus:
            lines.append(_Line(group="nothing fits" if self._rows else "nothing was said yet"))
        return lines

    def _line_at(self, y: int) -> _Line | None:
        lines = self._lines()
        index = y - 2 + self._first_line
        return lines[index] if y >= 2 and 0 <= index < len(lines) else None

    def _row(self, spans: list[Span], width: int, ground: str = "surface", bar: bool = False) -> Strip:
        margin = [Span(" "), Span("▌", "primary") if bar else Span(" ")]
        return self.palette.row([*margin, *spans], width, ground)

    def _conversation(self, row: ConversationRow, width: int) -> Strip:
        is_open = row.id == self._open_id
        has_cursor = row.id == (self._cursor_id if self.has_focus else self._open_id)
        mark = edge_mark(row)
        title = two_sides([Span(row.title, bold=is_open)], mark, width - 2 * _EDGE)
        if mark:
            room = width - 2 * _EDGE - sum(len(span.text) for span in mark) - 1
            title = two_sides(cut([Span(row.title, bold=is_open)], room), [], room)
            title = [*title, Span(" "), *mark]
        return self._row(title, width, "cursor" if has_cursor else "surface", bar=is_open)

    def _filter_row(self, width: int) -> Strip:
        strip = super().render_line(0)
        edge = self.palette.row([], _EDGE, "surface")
        return Strip.join([edge, strip]).crop(0, width)

    def wrap_width(self) -> int:
        """The filter is one row however long."""
        return 10_000

    def _step(self, direction: int) -> None:
        ids = [row.id for row in self._shown()]
        if not ids:
            return
        index = ids.index(self._cursor_id) + direction if self._cursor_id in ids else 0
        self._cursor_id = ids[max(0, min(index, len(ids) - 1))]
        self._bring_into_view()
        self.refresh()

    def _bring_into_view(self) -> None:
        places = [n for n, line in enumerate(self._lines()) if line.row and line.row.id == self._cursor_id]
        room = max(self.size.height - 2, 1)
        if places:
            self._first_line = max(places[0] - room + 1, min(self._first_line, max(places[0] - 1, 0)))

    def _scroll(self, rows: int) -> None:
        last = max(0, len(self._lines()) - max(self.size.height - 2, 1))
        self._first_line = max(0, min(self._first_line + rows, last))
        self.refresh()

    def _choose(self, conversation_id: str | None) -> None:
        if conversation_id is not None:
            self._clear_filter()
            self.post_message(self.Chosen(conversation_id))

    def _clear_filter(self) -> None:
        self.buffer.reset()
        self._first_line = 0
        self.refresh()


def edge_mark(row: ConversationRow) -> list[Span]:
    """What is told of a conversation at its right edge: that it answers, or that it has a draft."""
    if row.is_answering:
        return [Span("●", "accent"), Span(" ")]
    return [Span("draft", "muted")] if row.has_draft else []


def group_name(touched_at_ms: int, today: date) -> str:
    """The group of a conversation: Today, Yesterday, Last week, else month and year."""
    day = datetime.fromtimestamp(touched_at_ms / 1000).date()
    age = (today - day).days
    if age <= 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    if age <= 7:
        return "Last week"
    return day.strftime("%B" if day.year == today.year else "%B %Y")
