"""One line asked for: a new title, an address, a provider's key (drawn as dots, kept nowhere)."""

from textual import on
from textual.widget import Widget

from chatty.tui.overlays.overlay import Overlay
from chatty.tui.overlays.picker import OverlayLine
from chatty.tui.spans import Span
from chatty.tui.widgets.line_input import LineInput


class Entry(Overlay[str]):
    """Asks for a line of text. Dismissed with it, or None when the user left or wrote nothing.

    With `may_be_empty` nothing is an answer, too.
    """

    def __init__(
        self,
        name: str,
        *,
        text: str = "",
        placeholder: str = "",
        hint: str = "save",
        is_secret: bool = False,
        may_be_empty: bool = False,
    ) -> None:
        super().__init__(name)
        self._may_be_empty = may_be_empty
        self._text, self._placeholder, self._hint, self._is_secret = text, placeholder, hint, is_secret

    def inside(self) -> list[Widget]:
        """The line and its keys."""
        keys = [Span("enter"), Span(f" {self._hint}", "muted"), Span("  esc"), Span(" back", "muted")]
        return [
            OverlayLine([Span(self._title, bold=True)], "overlay-name"),
            LineInput(id="entry", placeholder=self._placeholder, is_secret=self._is_secret),
            OverlayLine([Span("  "), *keys], "overlay-hints"),
        ]

    def on_mount(self) -> None:
        """Write at once, behind what is there already."""
        entry = self.query_one(LineInput)
        entry.buffer.reset(self._text)
        self.set_focus(entry)

    @on(LineInput.Submitted)
    def _entered(self, event: LineInput.Submitted) -> None:
        event.stop()
        text = event.text.strip()
        self.dismiss(text if text or self._may_be_empty else None)
