"""A question with a yes and a no, before something that cannot be undone."""

from textual.events import Key
from textual.widget import Widget

from chatty.tui.keymap import canonical
from chatty.tui.overlays.overlay import Overlay
from chatty.tui.overlays.picker import OverlayLine
from chatty.tui.spans import Span


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
            OverlayLine([Span("  "), Span(self._text)], "question"),
            OverlayLine([Span("  "), *keys], "overlay-hints"),
        ]

    async def _on_key(self, event: Key) -> None:
        key = canonical(event.key)
        if key in ("y", "n"):
            event.stop()
            event.prevent_default()
            self.dismiss(True if key == "y" else None)
