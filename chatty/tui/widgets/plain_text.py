"""Text as it was written, in lines of a width: people's messages, thinking, and the raw view of an answer.

The same shape as `rendering.markdown.MarkdownStream`, so that a message view can draw either.
"""

from collections.abc import Sequence

from chatty.rendering.lines import Line
from chatty.rendering.style import PLAIN, Style
from chatty.tui.editing.wrapping import Wrapping


class PlainText:
    """A text in pieces and its wrapped lines. When it grows, only its last line is wrapped again."""

    def __init__(self, style: Style = PLAIN) -> None:
        self._style = style
        self._text = ""
        self._width = 0
        self._lines: list[Line] = []
        self._settled_text = 0
        self._settled_lines = 0

    def append(self, text: str) -> None:
        """Add a piece at the end; it is sanitised already."""
        self._text += text

    def replace(self, text: str) -> None:
        """Start over with this text."""
        self._text = text
        self._forget()

    def finish(self) -> None:
        """Nothing is held back here."""

    def line_count(self, width: int) -> int:
        """The number of rows at a width."""
        self._wrap(width)
        return len(self._lines)

    def lines_between(self, start: int, stop: int, width: int) -> Sequence[Line]:
        """The rows from `start` up to `stop`."""
        self._wrap(width)
        return self._lines[start:stop]

    def _forget(self) -> None:
        self._lines, self._settled_text, self._settled_lines = [], 0, 0

    def _wrap(self, width: int) -> None:
        if width != self._width:
            self._width = width
            self._forget()
        del self._lines[self._settled_lines :]
        wrapping = Wrapping(self._text[self._settled_text :], width, str)
        open_line = self._text.rfind("\n") + 1 - self._settled_text
        for row in wrapping.rows:
            if row.start < open_line:
                self._settled_lines += 1
            shown = wrapping.shown(row).replace("\t", "    ")
            self._lines.append(Line(((shown, self._style),)))
        self._settled_text += max(open_line, 0)
