"""The answer as Markdown on a terminal while it streams: the place of ``chatty.rendering`` in ``ask``.

Importing this costs little: the renderer loads with the second piece of text, behind the first.
"""

import os

from chatty.cli.ask.printers import Silent
from chatty.cli.output.streams import OUT, write_out
from chatty.rendering.ansi import AnsiFormatter, detect_background, detect_depth
from chatty.rendering.printer import TerminalPrinter

_FALLBACK_SIZE = (80, 24)


class MarkdownText(Silent):
    """Draws what is settled once, and the open end again with every piece.

    The server gathers text for 25 ms and more, so drawing each piece is 40 times a second at most.
    """

    def __init__(self) -> None:
        self._printer = _new_printer()

    def text(self, fresh: str) -> None:
        """Draw the piece."""
        self._printer.append(fresh)
        self._printer.refresh()

    def start_over(self) -> None:
        """Settle what is drawn and begin below it."""
        self._printer.finish()
        self._printer = _new_printer()

    def finish(self) -> None:
        """Settle everything; the cursor is at the start of the line below."""
        self._printer.finish()


def _new_printer() -> TerminalPrinter:
    depth = detect_depth(os.environ, is_terminal=True)
    return TerminalPrinter(write_out, _size, AnsiFormatter(depth, detect_background(os.environ)))


def _size() -> tuple[int, int]:
    """Return columns and rows; some terminals say zero."""
    try:
        columns, rows = os.get_terminal_size(OUT)
    except OSError:
        return _FALLBACK_SIZE
    return columns or _FALLBACK_SIZE[0], rows or _FALLBACK_SIZE[1]
