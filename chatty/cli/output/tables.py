"""Tables for people: aligned columns, one row per line, every cell sanitised.

On a terminal rows end at its width; in a pipe nothing is cut. Scripts use ``--json``.
"""

import os
import unicodedata
from collections.abc import Sequence

from chatty.cli.output.streams import OUT, out_is_terminal, write_out
from chatty.rendering.sanitizer import sanitize

_GAP = "  "
_NARROWEST_LAST = 10


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print the rows under their headings; the last column takes what room is left.

    Args:
        empty: what to say when there are no rows, with what to do about it.
    """
    if not rows:
        from chatty.cli.output.streams import write_note

        write_note(sanitize(empty, multiline=False))
        return
    width = os.get_terminal_size(OUT).columns if out_is_terminal() else None
    write_out(format_table(headings, rows, width))


def format_table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> str:
    """Return the table as text.

    Args:
        width: cells in a row at most; ``None``: rows are as long as they are.
    """
    cells = [[sanitize(cell, multiline=False) for cell in row] for row in (headings, *rows)]
    widths = [max(cell_width(row[column]) for row in cells) for column in range(len(headings) - 1)]
    room = None if width is None else max(_NARROWEST_LAST, width - sum(widths) - len(_GAP) * len(widths))
    return "".join(_row(row, widths, room) for row in cells)


def cell_width(text: str) -> int:
    """Return the cells a sanitised text takes: two for wide characters, none for marks."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _row(cells: Sequence[str], widths: Sequence[int], room: int | None) -> str:
    padded = [cell + " " * (width - cell_width(cell)) for cell, width in zip(cells, widths, strict=False)]
    return _GAP.join([*padded, cut(cells[-1], room)]).rstrip() + "\n"


def cut(text: str, room: int | None) -> str:
    """Return a sanitised text cut to that many cells, with a mark where it goes on; ``None``: whole."""
    if room is None or cell_width(text) <= room:
        return text
    kept, used = "", 0
    for character in text:
        used += _character_width(character)
        if used > room - 1:
            break
        kept += character
    return kept + "…"
