"""The first thing a new user sees: who should answer? The cursor starts on the first that is ready."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip

from chatty.tui.containing import Contained
from chatty.tui.keymap import canonical
from chatty.tui.spans import Span, Spans, cut, fit_items, width
from chatty.tui.widgets.drawn import Keyed
from chatty.tui.widgets.two_sided_row import TwoSidedRow
from chatty.tui.wishes import ProviderOffer

_NAME_CELLS, _STATE_CELLS = 17, 19
_COLUMN = 4
_GROUPS = ("Found", "Set up", "Built in")
_KEYS = (("↑ ↓", "move"), ("enter", "choose"), ("esc", "the guide"))
_PROMISES = (
    "Keys go to the keyring, or to a file if you say so.",
    "Nothing leaves this machine before you send.",
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One row: words, or an offer."""

    spans: tuple[Span, ...] = ()
    offer: ProviderOffer | None = None


class ProviderList(Keyed):
    """The page: words above and below the list, and the list."""

    def __init__(self, offers: Sequence[ProviderOffer], at: str) -> None:
        super().__init__(None, id="first-run")
        self._offers = sorted(offers, key=lambda offer: _GROUPS.index(offer.group))
        named = [offer for offer in self._offers if offer.name == at]
        ready = [offer for offer in self._offers if offer.state == "ready"]
        self._cursor = (named or ready or self._offers)[0]

    @property
    def chosen(self) -> ProviderOffer:
        """The offer under the cursor."""
        return self._cursor

    def step(self, direction: int) -> None:
        """Move the cursor; it stops at the ends."""
        index = self._offers.index(self._cursor) + direction
        self._cursor = self._offers[max(0, min(index, len(self._offers) - 1))]
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on an offer."""
        line = self._line_at(event.y)
        if line is not None and line.offer is not None:
            self._cursor = line.offer
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """A row of the page."""
        room = self.size.width
        line = self._line_at(y)
        if line is None:
            return self.palette.row([], room)
        if line.offer is None:
            return self.palette.row([Span(" " * _COLUMN), *cut(line.spans, room - _COLUMN)], room)
        return self._offer_row(line.offer, room)

    def _line_at(self, y: int) -> _Line | None:
        rows = self.size.height
        lines = _lines(self._offers, self.size.width - 2 * _COLUMN, rows)
        place = next(n for n, line in enumerate(lines) if line.offer is self._cursor)
        # In the middle, a little above it; what is lower still scrolls just so far that the cursor is seen.
        top = max(0, (rows - len(lines)) // 2 - rows // 12)
        first = max(0, min(place - rows + 2, len(lines) - rows))
        index = y - top + first
        return lines[index] if 0 <= index < len(lines) else None

    def _offer_row(self, offer: ProviderOffer, room: int) -> Strip:
        has_cursor = offer is self._cursor
        name = _padded([Span(offer.title, bold=has_cursor)], _NAME_CELLS)
        role = "success" if offer.state == "ready" else "muted"
        state = _padded([Span(offer.state, role, bold=has_cursor)], _STATE_CELLS)
        found = [Span(offer.found, "muted", bold=has_cursor)] if room >= 70 else []
        edge = 2
        inner = self.palette.row(
            [Span(" " * (_COLUMN - edge)), *name, *state, *cut(found, room - 40)],
            room - 2 * edge,
            "cursor" if has_cursor else "page",
        )
        margin = self.palette.row([], edge)
        return Strip.join([margin, inner, margin])


class FirstRunKeys(TwoSidedRow):
    """What can be pressed; what does not fit is left out whole."""

    def sides(self, room: int) -> tuple[Spans, Spans]:
        """The keys of the list, and the way out."""
        leave = [Span("^c"), Span(" quit", "muted")]
        keys = [[Span(key), Span(f" {word}", "muted")] for key, word in _KEYS]
        return fit_items(keys, room - width(leave) - 3, 2), leave


class FirstRun(Contained, Screen[str | None], inherit_bindings=False):
    """Dismissed with the chosen provider's name, or None for the guide.

    The cursor starts on the offer named `at`, else on the first that is ready.
    """

    CSS_PATH = "first_run.tcss"
    AUTO_FOCUS = "#first-run"

    def __init__(self, offers: Sequence[ProviderOffer], at: str = "") -> None:
        super().__init__()
        self._list = ProviderList(offers, at)

    def compose(self) -> ComposeResult:
        """The page, and its keys in the last row."""
        yield self._list
        yield FirstRunKeys(id="first-run-keys")

    async def _on_key(self, event: events.Key) -> None:
        event.stop()
        if not self.is_active:
            # On its way when a key before it closed this: it is for who has the keyboard now.
            self.app.post_message(events.Key(event.key, event.character))
            return
        key = canonical(event.key)
        if key in ("up", "down", "k", "j"):
            self._list.step(-1 if key in ("up", "k") else 1)
        elif key == "enter":
            self.dismiss(self._list.chosen.name)
        elif key == "escape":
            self.dismiss(None)
        elif key in ("ctrl+c", "ctrl+d"):
            self.app.exit()


def _lines(offers: Sequence[ProviderOffer], room: int, rows: int) -> list[_Line]:
    """The page; on a low screen without empty rows, and without the promises that it has no room for."""
    lines = _list_lines(offers)
    promises = [textwrap.wrap(words, max(room, 20)) for words in _PROMISES]
    if len(lines) + sum(map(len, promises)) > rows:
        lines = [line for line in lines if line.spans or line.offer is not None]
    for words in promises:
        if len(lines) + len(words) <= rows:
            lines.extend(_Line((Span(row, "muted"),)) for row in words)
    return lines


def _list_lines(offers: Sequence[ProviderOffer]) -> list[_Line]:
    lines = [
        _Line((Span("chatty", "accent", bold=True),)),
        _Line(),
        _Line((Span("Who should answer?", bold=True),)),
        _Line(),
    ]
    for group in _GROUPS:
        here = [offer for offer in offers if offer.group == group]
        if here:
            lines.append(_Line((Span(group, "muted"),)))
            lines.extend(_Line(offer=offer) for offer in here)
            lines.append(_Line())
    return lines


def _padded(spans: Spans, cells: int) -> list[Span]:
    return [*cut(spans, cells - 2), Span(" " * (cells - min(width(spans), cells - 2)))]
