"""Markdown that grows, as styled lines."""

from collections.abc import Sequence

from chatty.rendering.lines import Line
from chatty.rendering.sanitizer import StreamSanitizer
from chatty.rendering.style import PLAIN

PROSE_WIDTH = 92
"""Prose is wrapped at this many cells even where the column is wider; code and tables are not."""


class MarkdownStream:
    """One Markdown text in pieces, and its lines at any width.

    The text is sanitised here, so no caller can forget. ``lines_between`` is what a view draws from:
    its cost depends on the rows asked for, not on the length of the text.
    """

    def __init__(self, text: str = "") -> None:
        self._sanitizer = StreamSanitizer()
        self._text = ""
        self.append(text)

    def append(self, text: str) -> None:
        """Add a piece at the end."""
        self._text += self._sanitizer.feed(text)

    def replace(self, text: str) -> None:
        """Start over with this text."""
        self._sanitizer = StreamSanitizer()
        self._text = self._sanitizer.feed(text)

    def finish(self) -> None:
        """Say that the text is whole, so that what was held back is shown. More may still be appended."""
        self._text += self._sanitizer.finish()

    def line_count(self, width: int) -> int:
        """Return the number of rows at this width in cells."""
        return len(self.lines(width))

    def lines_between(self, start: int, stop: int, width: int) -> Sequence[Line]:
        """Return the rows from ``start`` up to, not including, ``stop``; fewer at the end."""
        return self.lines(width)[start:stop]

    def lines(self, width: int) -> list[Line]:
        """Return all rows at this width in cells."""
        return [Line(((row, PLAIN),), width=len(row)) for row in self._text.split("\n")]
