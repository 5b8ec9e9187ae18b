"""The small list over the composer, of whatever its owner offers. It lies over the text.

The composer keeps the keyboard; it hands `up`, `down`, `tab`, `enter` and `escape` on while the menu is open.
"""

from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from chatty.tui.spans import Span
from chatty.tui.widgets.drawn import Drawn
from chatty.tui.widgets.two_sided_row import two_sides

_ROWS_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Completion:
    """One offer: `insert` replaces the word before the cursor."""

    insert: str
    words: str
    """What it means, muted."""
    key: str = ""
    """The key that does the same from here."""
    runs_at_once: bool = False
    """A command that takes nothing: enter runs it."""


class CompletionMenu(Drawn):
    """Shows offers and the one under the cursor."""

    DEFAULT_CSS = """
    CompletionMenu {
        height: auto;
        background: $panel;
        display: none;

        &.-open {
            display: block;
        }
    }
    """

    @dataclass
    class Taken(Message):
        """An offer was clicked."""

        completion: Completion

    def __init__(self) -> None:
        super().__init__(id="completion-menu")
        self._offers: list[Completion] = []
        self._cursor = 0

    def offer(self, completions: list[Completion]) -> None:
        """Show these, or close when there are none."""
        if not completions and not self._offers:
            return
        self._offers = completions
        self._cursor = 0
        self.set_class(bool(completions), "-open")
        self.refresh(layout=True)

    @property
    def is_open(self) -> bool:
        """Whether anything is offered."""
        return bool(self._offers)

    @property
    def chosen(self) -> Completion | None:
        """The offer under the cursor."""
        return self._offers[self._cursor] if self._offers else None

    def step(self, direction: int) -> None:
        """Move the cursor, around the ends."""
        if self._offers:
            self._cursor = (self._cursor + direction) % len(self._offers)
            self.refresh()

    def rows_wanted(self, container: Size, viewport: Size, width: int) -> int:
        """One row for each offer, eight at most, and no more than there are below the header."""
        return max(1, min(len(self._offers), _ROWS_AT_MOST, viewport.height - self.styles.margin.bottom - 1))

    def render_line(self, y: int) -> Strip:
        """One offer: what is inserted, what it means in a column beside it, the key at the right."""
        index = y + self._first
        if index >= len(self._offers):
            return self.palette.row([], self.size.width, "menu")
        offer = self._offers[index]
        ground = "cursor" if index == self._cursor else "menu"
        # What is typed stays whole; what it means gives way.
        column = max(cell_len(other.insert) for other in self._offers) + 2
        left = [Span(f"  {offer.insert:<{column}}"), Span(offer.words, "muted")]
        spans = two_sides(left, [Span(f"{offer.key}  ", "muted")], self.size.width)
        return self.palette.row(spans, self.size.width, ground)

    def on_click(self, event: events.Click) -> None:
        """A click takes an offer."""
        index = event.y + self._first
        if index < len(self._offers):
            self.post_message(self.Taken(self._offers[index]))

    @property
    def _first(self) -> int:
        """The offer in the first row: the cursor stays in sight."""
        return max(0, self._cursor - self.size.height + 1)
