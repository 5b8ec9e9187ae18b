"""One line to write in: filters, names, keys. The same editing keys as the composer."""

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from chatty.rendering.sanitizer import sanitize
from chatty.tui.editing.chips import without_marks
from chatty.tui.editing.kill_ring import KillRing
from chatty.tui.keymap import canonical
from chatty.tui.widgets.text_field import TextField

_UNWRAPPED = 100_000


class LineInput(TextField):
    """A row of text that scrolls sideways. With `is_secret` every character is drawn as a dot."""

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        text: str

    def __init__(
        self,
        *,
        id: str | None = None,
        placeholder: str = "",
        ring: KillRing | None = None,
        is_secret: bool = False,
    ) -> None:
        # What is cut from a secret must not be put back elsewhere: it gets a ring of its own.
        super().__init__(None, id=id, placeholder=placeholder, ring=None if is_secret else ring)
        self._is_secret = is_secret

    def label(self, character: str) -> str:
        """A dot for each character of a secret."""
        return self.palette.glyphs("•") if self._is_secret else character

    def take_paste(self, raw: str) -> None:
        """A paste becomes one line."""
        self.insert_line(raw)

    def insert_line(self, raw: str) -> None:
        """Insert text with its line breaks as spaces."""
        self.insert(without_marks(sanitize(" ".join(raw.split("\n")).strip("\r "), multiline=False)))

    def intercept(self, event: events.Key) -> bool:
        """Enter submits."""
        if canonical(event.key) != "enter":
            return False
        self.post_message(self.Submitted(self.text))
        return True

    def wrap_width(self) -> int:
        """One row however long."""
        return _UNWRAPPED

    def render_line(self, y: int) -> Strip:
        """The part of the row around the cursor."""
        width = self.content_size.width
        if self.is_empty or y:
            return super().render_line(y)
        strip = Strip(self._row_segments(self.wrapping(), 0))
        column = self.wrapping().column_of(self.buffer.cursor)
        first = max(0, column - width + 1)
        return strip.crop(first, first + width).adjust_cell_length(width, self.palette.style("text"))
