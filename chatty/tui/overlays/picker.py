"""A list to choose from, with columns, groups and a filter: models, conversations, commands, search hits.

The height is that of the whole list and stays while it is filtered. What is shown is sanitised by its maker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from chatty.tui.keymap import canonical, shown
from chatty.tui.matching import matching
from chatty.tui.overlays.overlay import Overlay
from chatty.tui.spans import Span, Spans, cut, fit_items, join, width
from chatty.tui.widgets.drawn import Drawn
from chatty.tui.widgets.line_input import LineInput
from chatty.tui.widgets.text_field import TextField
from chatty.tui.widgets.two_sided_row import TwoSidedRow

WIDE, MIDDLING = 74, 50
"""Cells of a list in which every column has room, and in which some have."""

_NONE: Mapping[str, str] = {}

_AROUND = 10
"""Rows of the screen that a list never takes: filter, hints, frame, and what is seen of the chat."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `cells` is its width, 0 shares what is left; some are for lists of certain widths only."""

    title: str
    cells: int = 0
    is_right: bool = False
    shown_from: int = 0
    shown_below: int = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One line: its cells, the words the filter looks in, and its group."""

    value: str
    cells: tuple[tuple[Span, ...], ...]
    words: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Picked:
    """What was chosen and with which key: `enter` or one of the keys the list was given."""

    value: str
    key: str
    typed: str
    """What stood in the filter."""


class PickerList(Drawn):
    """The column names, the groups and the lines; draws only what fits."""

    DEFAULT_CSS = """
    PickerList {
        height: auto;
    }
    """

    @dataclass
    class Pressed(Message):
        """A line was clicked."""

        value: str

    @dataclass
    class Moved(Message):
        """Other lines are shown: `below` is how many lie under the last of them."""

        below: int
        is_any: bool
        """Whether there is a line to choose."""

    def __init__(
        self,
        columns: Sequence[Column],
        choices: Sequence[Choice],
        words_of_none: str = "",
        words_of_empty: str = "",
    ) -> None:
        super().__init__(id="list")
        self._words_of_none = words_of_none or "nothing fits"
        self.words_of_empty = words_of_empty or self._words_of_none
        self._columns = columns
        self._all = list(choices)
        self._shown = list(choices)
        self._cursor = 0
        self._first = 0

    def filter(self, words: str, own: Choice | None = None) -> None:
        """Show what fits, best first and without groups; no words show everything.

        `own` is a line made of the words themselves; it comes last.
        """
        self._shown = matching(words, self._all, lambda choice: choice.words)
        if own is not None:
            self._shown.append(own)
        self._is_filtered = bool(words.strip())
        self._cursor = self._first = 0
        self._show_anew()

    def replace(self, choices: Sequence[Choice]) -> None:
        """Show other choices."""
        self._all = self._shown = list(choices)
        self._cursor = self._first = 0
        self.refresh(layout=True)
        self.call_after_refresh(self._show_anew)

    def step(self, direction: int) -> None:
        """Move the cursor; it stops at the ends."""
        self._cursor = max(0, min(self._cursor + direction, len(self._shown) - 1))
        self._bring_into_view()
        self._show_anew()

    def page(self, direction: int) -> None:
        """Move the cursor by a screen."""
        self.step(direction * max(self.size.height - 2, 1))

    def put_cursor(self, value: str) -> None:
        """Put the cursor on a value."""
        places = [n for n, choice in enumerate(self._shown) if choice.value == value]
        if places:
            self._cursor = places[0]
            self._bring_into_view()
            self._show_anew()

    @property
    def chosen(self) -> Choice | None:
        """The choice under the cursor."""
        return self._shown[self._cursor] if self._shown else None

    def rows_wanted(self, container: Size, viewport: Size, width: int) -> int:
        """Rows of the unfiltered list, so that the frame stays while one filters; less on a low screen."""
        groups = len({choice.group for choice in self._all if choice.group})
        rows = max(len(self._all) + groups, 1) + (1 if self._has_titles() else 0)
        return max(1, min(rows, viewport.height - _AROUND))

    def render_line(self, y: int) -> Strip:
        """A title row, a group or a choice."""
        room = self.size.width
        if self._has_titles():
            if y == 0:
                return self._line([(Span(column.title, "muted"),) for column in self._columns], room, "page")
            y -= 1
        lines = self._lines()
        index = y + self._first
        if not lines and y == 0:
            words = self._words_of_none if self._is_filtered else self.words_of_empty
            return self.palette.row(cut([Span(f"  {words}", "muted")], room - 2), room)
        if index >= len(lines):
            return self.palette.row([], room)
        line = lines[index]
        if isinstance(line, str):
            return self.palette.row(cut([Span(f"  {line}", "muted", bold=True)], room - 2), room)
        ground = "cursor" if line is self.chosen else "page"
        return self._line(_emphasised(line.cells) if line is self.chosen else line.cells, room, ground)

    def on_click(self, event: events.Click) -> None:
        """A click chooses a line."""
        index = event.y + self._first - (1 if self._has_titles() else 0)
        lines = self._lines()
        if 0 <= index < len(lines) and isinstance(line := lines[index], Choice):
            self.post_message(self.Pressed(line.value))

    def on_resize(self, event: events.Resize) -> None:
        """The cursor stays in view."""
        self._bring_into_view()
        self._show_anew()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move up."""
        self.step(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move down."""
        self.step(3)

    # Inside.

    _is_filtered = False

    def _show_anew(self) -> None:
        self.refresh()
        below = max(0, len(self._lines()) - self._first - self._rows())
        self.post_message(self.Moved(below, bool(self._shown)))

    def _rows(self) -> int:
        """Rows for lines, below the titles."""
        return max(self.size.height - (1 if self._has_titles() else 0), 1)

    def _has_titles(self) -> bool:
        return any(column.title for column in self._columns)

    def _lines(self) -> list[Choice | str]:
        lines: list[Choice | str] = []
        group = ""
        for choice in self._shown:
            if choice.group != group and not self._is_filtered:
                group = choice.group
                lines.append(group)
            lines.append(choice)
        return lines

    def _bring_into_view(self) -> None:
        room = self._rows()
        lines = self._lines()
        place = next((n for n, line in enumerate(lines) if line is self.chosen), 0)
        top = place - 1 if place and isinstance(lines[place - 1], str) else place
        self._first = max(place - room + 1, min(self._first, top))

    def _line(self, cells: Sequence[Sequence[Span]], room: int, ground: str) -> Strip:
        pairs = [
            (column, cell)
            for column, cell in zip(self._columns, cells, strict=True)
            if column.shown_from <= room < column.shown_below
        ]
        fixed = sum(column.cells for column, _ in pairs) + 2 * (len(pairs) - 1) + 4
        sharing = sum(1 for column, _ in pairs if not column.cells) or 1
        share = max((room - fixed) // sharing, 4)
        parts = [_cell(cell, column.cells or share, is_right=column.is_right) for column, cell in pairs]
        return self.palette.row([Span("  "), *join(parts, 2)], room, ground)


def _cell(spans: Spans, cells: int, *, is_right: bool) -> list[Span]:
    shown = cut(spans, cells)
    air = Span(" " * (cells - width(shown)))
    return [air, *shown] if is_right else [*shown, air]


def _emphasised(cells: Sequence[Sequence[Span]]) -> list[list[Span]]:
    """The chosen line is bold."""
    return [[span._replace(bold=True) for span in cell] for cell in cells]


class OverlayLine(Drawn):
    """A row of fixed text in an overlay: its name on small screens, its hints."""

    def __init__(self, spans: Spans, id: str) -> None:
        super().__init__(id=id)
        self._spans = spans

    def render_line(self, y: int) -> Strip:
        """The row."""
        return self.palette.row(cut(self._spans, self.content_size.width), self.content_size.width)


class ListHints(TwoSidedRow):
    """What can be pressed in a list, and how much of it lies below. What does not fit is left out whole."""

    below: reactive[int] = reactive(0)
    is_any: reactive[bool] = reactive(True)

    def __init__(self, of_lines: Sequence[tuple[str, str]], always: Sequence[tuple[str, str]]) -> None:
        super().__init__(id="overlay-hints")
        self._of_lines, self._always = of_lines, always

    def sides(self, room: int) -> tuple[Spans, Spans]:
        """The keys left, those of a line while there is one; the rest of the list right."""
        more = [Span(f"↓ {self.below} more", "muted")] if self.below else []
        hints = (*self._of_lines, *self._always) if self.is_any else self._always
        keys = [[Span(key), Span(f" {word}", "muted")] for key, word in hints]
        return fit_items(keys, room - (width(more) + 3 if more else 0), 2, keep_last=True), more


class Picker(Overlay[Picked]):
    """Choose one of a list. Dismissed with `Picked`, or None when the user left.

    `keys` choose a line, as enter does, and stand in `hints`; `free_keys` need none: each with its word.
    """

    def __init__(
        self,
        name: str,
        columns: Sequence[Column],
        choices: Sequence[Choice],
        *,
        placeholder: str = "type to filter",
        hints: Sequence[tuple[str, str]] = (("enter", "choose"),),
        keys: Sequence[str] = (),
        free_keys: Mapping[str, str] = _NONE,
        at: str = "",
        note: str = "",
        words: str = "",
        takes_typed: str = "",
        when_empty: str = "",
    ) -> None:
        super().__init__(name, note)
        self._takes_typed, self._when_empty = takes_typed, when_empty
        self._words = words
        self._columns, self._choices = columns, choices
        self._placeholder, self._at = placeholder, at
        self._keys, self._free_keys = ("enter", *keys, *free_keys), free_keys
        self._hints = hints
        self._asked = ""

    @property
    def asked(self) -> str:
        """What stood in the filter when it was followed last."""
        return self._asked

    def say_when_empty(self, words: str) -> None:
        """What stands in the list when there is nothing in it."""
        self.query_one(PickerList).words_of_empty = words

    def note_below(self, words: str) -> None:
        """What stands in the lower edge of the frame."""
        self.query_one("#frame").border_subtitle = Content(words)

    def inside(self) -> list[Widget]:
        """Name row on small screens, filter, list, hints."""
        return [
            OverlayLine([Span(self._title, bold=True)], "overlay-name"),
            LineInput(id="filter", placeholder=self._placeholder),
            PickerList(
                self._columns,
                self._choices,
                f"enter: {self._takes_typed}" if self._takes_typed else "",
                self._when_empty,
            ),
            ListHints(
                self._hints, [*((shown(key), word) for key, word in self._free_keys.items()), ("esc", "back")]
            ),
        ]

    def on_mount(self) -> None:
        """Write at once, behind the words the user came with."""
        field = self.query_one("#filter", LineInput)
        self.set_focus(field)
        if self._words:
            field.insert_line(self._words)
        if self._at:
            self.query_one(PickerList).put_cursor(self._at)

    def replace(self, choices: Sequence[Choice]) -> None:
        """Show other choices, as when a search comes back; the filter and the chosen value stay."""
        shown = self.query_one(PickerList)
        chosen = shown.chosen.value if shown.chosen else self._at
        shown.replace(choices)
        self.filter_again(self._asked)
        shown.put_cursor(chosen)

    @on(TextField.Edited)
    def _filter_changed(self, event: TextField.Edited) -> None:
        event.stop()
        self._follow_filter()

    def _follow_filter(self) -> None:
        """Filter by what stands in the field, before a key acts that was typed behind it."""
        text = self.query_one("#filter", LineInput).text
        if text != self._asked:
            self._asked = text
            self.filter_changed(text)

    def filter_changed(self, words: str) -> None:
        """Other words stand in the filter."""
        self.query_one(PickerList).filter(words, self.own_choice(words))

    def filter_again(self, words: str) -> None:
        """The choices are others, the words are the same."""
        self.query_one(PickerList).filter(words, self.own_choice(words))

    def own_choice(self, words: str) -> Choice | None:
        """A line made of what was typed, where that can be chosen though no list has it."""
        return None

    @on(LineInput.Submitted)
    def _entered(self, event: LineInput.Submitted) -> None:
        event.stop()
        self._pick("enter")

    @on(PickerList.Moved)
    def _moved(self, event: PickerList.Moved) -> None:
        event.stop()
        shown_hints = self.query_one(ListHints)
        shown_hints.below = event.below
        shown_hints.is_any = event.is_any or bool(self._takes_typed and self._asked.strip())

    @on(PickerList.Pressed)
    def _pressed(self, event: PickerList.Pressed) -> None:
        event.stop()
        self.dismiss(Picked(event.value, "enter", self._asked))

    async def _on_key(self, event: events.Key) -> None:
        key = canonical(event.key)
        moves = {"up": -1, "down": 1, "ctrl+p": -1, "ctrl+n": 1}
        pages = {"pageup": -1, "pagedown": 1}
        chosen = self.query_one(PickerList)
        if key in moves or key in pages or key in self._keys:
            self._follow_filter()
        if key in moves:
            chosen.step(moves[key])
        elif key in pages:
            chosen.page(pages[key])
        elif key in self._keys:
            self._pick(key)
        else:
            return
        event.stop()
        event.prevent_default()

    def _pick(self, key: str) -> None:
        choice = self.query_one(PickerList).chosen
        if choice is not None:
            self.dismiss(Picked(choice.value, key, self._asked))
        elif self._takes_typed and self._asked.strip():
            self.dismiss(Picked(self._asked.strip(), key, self._asked))
        elif key in self._free_keys:
            self.dismiss(Picked("", key, self._asked))
