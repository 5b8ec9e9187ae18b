"""A Markdown reply printed to a terminal while it comes, for the command line.

Rows that can no longer change are printed once and scroll away like any output. Only the open rows
below are painted again, never more than fit on the screen, and of those only from the first changed
one on, in one write inside a synchronised update. On a terminal that cannot move its cursor, blocks
are printed when they are finished.

After a resize the rows on the screen stay as they are and the rest goes on at the new width; nothing
is ever erased that this printer did not paint last. It does not decide when to refresh and is not for
pipes, which get the raw text.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from chatty.rendering.ansi import AnsiFormatter
from chatty.rendering.lines import Line
from chatty.rendering.sanitizer import sanitize

if TYPE_CHECKING:
    from chatty.rendering.markdown import MarkdownStream

Size = tuple[int, int]
"""Columns, rows."""

_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_MAX_FIRST_ROWS = 3
_UNKNOWN = "\0"
"""Stands for a painted row that may look otherwise by now."""


class TerminalPrinter:
    """Prints one reply. ``write`` gets whole frames; ``size`` is asked before each."""

    def __init__(
        self, write: Callable[[str], object], size: Callable[[], Size], formatter: AnsiFormatter
    ) -> None:
        self._write = write
        self._size = size
        self._formatter = formatter
        self._unread: list[str] = []
        self._stream: MarkdownStream | None = None
        self._printed = 0
        self._width = 0
        self._painted: list[str] = []
        self._is_begun = False

    def append(self, text: str) -> None:
        """Take more of the reply. The first piece shows at once, everything else at ``refresh``."""
        self._unread.append(text)
        if not self._is_begun and text.strip():
            self._is_begun = True
            self._paint_first(text)

    def refresh(self) -> None:
        """Bring the screen up to date. At most 20 to 30 times a second is enough."""
        stream = self._read()
        columns, rows = self._size()
        self._adopt_width(stream, max(1, columns))
        total = stream.line_count(self._width)
        settled = stream.finished_line_count(self._width)
        if self._can_repaint:
            settled = max(settled, total - max(1, rows - 1))
        self._paint(stream, settled, total if self._can_repaint else settled)

    def finish(self) -> None:
        """Print what is left. The cursor is then at the start of the row below."""
        stream = self._read()
        stream.finish()
        columns, _ = self._size()
        self._adopt_width(stream, max(1, columns))
        total = stream.line_count(self._width)
        self._paint(stream, total, total)

    def _read(self) -> "MarkdownStream":
        if self._stream is None:
            from chatty.rendering.markdown import (
                MarkdownStream,
            )  # with its parser 60 ms, behind the first piece

            self._stream = MarkdownStream()
        self._stream.append("".join(self._unread))
        self._unread.clear()
        return self._stream

    @property
    def _can_repaint(self) -> bool:
        return self._formatter.depth != "plain"

    def _paint_first(self, text: str) -> None:
        """Show the first piece as plain text: loading the renderer takes longer than a frame."""
        columns, _ = self._size()
        if self._can_repaint and text.isascii():
            rows = sanitize(text).strip("\n").expandtabs().split("\n")[:_MAX_FIRST_ROWS]
            self._emit([], [row[:columns] for row in rows])

    def _adopt_width(self, stream: "MarkdownStream", width: int) -> None:
        """Find, after a resize, the first row at the new width that is not printed yet.

        It may begin with words that were printed; none is left out.
        """
        if self._width and width != self._width:
            self._printed = stream.row_of(stream.place_of(self._printed, self._width), width)
            self._painted = [_UNKNOWN] * len(self._painted)
        self._width = width

    def _paint(self, stream: "MarkdownStream", settled: int, total: int) -> None:
        settled = max(settled, self._printed)
        lines = stream.lines_between(self._printed, total, self._width)
        count = settled - self._printed
        self._emit(
            [self._formatter.format(line, self._width) for line in lines[:count]],
            [self._formatter.format(_cropped(line, self._width), self._width) for line in lines[count:]],
        )
        self._printed = settled

    def _emit(self, settled: Sequence[str], open_rows: Sequence[str]) -> None:
        rows = [*settled, *open_rows]
        same = 0
        while same < min(len(rows), len(self._painted)) and rows[same] == self._painted[same]:
            same += 1
        changed = rows[same:]
        up = len(self._painted) - same
        self._painted = list(open_rows)
        if not changed and not up:
            return
        move = f"\x1b[{up}A\r\x1b[J" if up else ""
        body = "".join(f"{row}\n" for row in changed)
        self._write(f"{_BEGIN}{move}{body}{_END}" if self._can_repaint else body)


def _cropped(line: Line, width: int) -> Line:
    """Return the line no wider than the screen: a row that wraps could not be counted."""
    if line.width <= width:
        return line
    from chatty.rendering.wrapping import crop

    return crop(line, width)
