"""A question with a yes and a no, before something that cannot be undone."""

import textwrap

from textual.events import Key
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from chatty.tui.keymap import canonical
from chatty.tui.overlays.overlay import Overlay
from chatty.tui.overlays.picker import OverlayLine
from chatty.tui.spans import Span
from chatty.tui.widgets.drawn import Drawn


class _Words(Drawn):
    """The question, in as many rows as it takes."""

    DEFAULT_CSS = """
    _Words {
        height: auto;
        padding: 0 2;
    }
    """

    def __init__(self, words: str) -> None:
        super().__init__(id="question")
        self._words = words

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows of the words at this width."""
        return len(self._rows(width))

    def render_line(self, y: int) -> Strip:
        """A row of the words."""
        room = self.content_size.width
        rows = self._rows(room)
        return self.palette.row([Span(rows[y])] if y < len(rows) else [], room)

    def _rows(self, room: int) -> list[str]:
        return textwrap.wrap(self._words, max(room, 10)) or [""]


class Question(Overlay[bool]):
    """Asks before something that cannot be undone. Dismissed with True for yes, None for no."""

    def __init__(self, name: str, text: str, yes: str) -> None:
        super().__init__(name)
        self._text, self._yes = text, yes

    def inside(self) -> list[Widget]:
        """The question and its two keys."""
        keys = [Span("y"), Span(f" {self._yes}", "muted"), Span("  n"), Span(" leave it", "muted")]
        return [
            OverlayLine([Span(self._title, bold=True)], "overlay-name"),
            _Words(self._text),
            OverlayLine([Span("  "), *keys], "overlay-hints"),
        ]

    async def _on_key(self, event: Key) -> None:
        key = canonical(event.key)
        if key in ("y", "n"):
            event.stop()
            event.prevent_default()
            self.dismiss(True if key == "y" else None)
