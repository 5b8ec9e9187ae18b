"""Breaking text under edit into rows of a width, and finding the cursor in them.

Long lines break after white space where they can. Offsets are code points of the text, columns are cells.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len

from chatty.tui.editing.clusters import next_boundary

Label = Callable[[str], str]

_PLAIN_LETTERS = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0481\u048a-\u052f\u2010-\u2027]*")
"""Characters of one cell each, none of which joins the one before it or is white space but the space."""


@dataclass(frozen=True, slots=True)
class WrappedRow:
    """One row: the offsets of its first character and of the one after its last."""

    start: int
    end: int


class Wrapping:
    """The rows of a text at a width; `label` gives what is drawn for a character (a chip is long)."""

    def __init__(self, text: str, width: int, label: Label) -> None:
        self.text = text
        self.width = max(width, 1)
        self._label = label
        self.rows = self._break_all()

    def row_of(self, offset: int) -> int:
        """The row that shows the cursor at `offset`."""
        for index in range(len(self.rows) - 1, -1, -1):
            if self.rows[index].start <= offset:
                return index
        return 0

    def column_of(self, offset: int) -> int:
        """The cells between the start of its row and the cursor at `offset`."""
        row = self.rows[self.row_of(offset)]
        return self._cells(row.start, offset)

    def offset_at(self, row_index: int, column: int) -> int:
        """The offset nearest to a cell: for moving up and down and for clicks."""
        row = self.rows[max(0, min(row_index, len(self.rows) - 1))]
        offset, cells = row.start, 0
        while offset < row.end:
            following = min(next_boundary(self.text, offset), row.end)
            size = self._cells(offset, following)
            if cells + size > column:
                break
            cells += size
            offset = following
        is_soft_break = row.end < len(self.text) and self.text[row.end] != "\n"
        return max(row.start, row.end - 1) if is_soft_break and offset == row.end else offset

    def shown(self, row: WrappedRow) -> str:
        """The text drawn for a row."""
        return "".join(self._label(character) for character in self.text[row.start : row.end])

    def _cells(self, start: int, end: int) -> int:
        return cell_len("".join(self._label(character) for character in self.text[start:end]))

    def _break_all(self) -> list[WrappedRow]:
        rows: list[WrappedRow] = []
        start = 0
        for line in self.text.split("\n"):
            rows.extend(self._break_line(start, start + len(line)))
            start += len(line) + 1
        return rows

    def _break_line(self, start: int, end: int) -> list[WrappedRow]:
        if _PLAIN_LETTERS.fullmatch(self.text, start, end):
            return self._break_plain(start, end)
        if self._cells(start, end) <= self.width:
            return [WrappedRow(start, end)]
        rows: list[WrappedRow] = []
        row_start = offset = start
        cells = 0
        break_at: int | None = None
        while offset < end:
            following = min(next_boundary(self.text, offset), end)
            size = self._cells(offset, following)
            if cells + size > self.width and offset > row_start:
                cut = break_at if break_at is not None and break_at > row_start else offset
                rows.append(WrappedRow(row_start, cut))
                row_start = cut
                cells = self._cells(cut, offset)
                break_at = None
            cells += size
            if self.text[offset].isspace():
                break_at = following
            offset = following
        rows.append(WrappedRow(row_start, end))
        return rows

    def _break_plain(self, start: int, end: int) -> list[WrappedRow]:
        """The same for most texts, which need no look at every character."""
        rows: list[WrappedRow] = []
        while end - start > self.width:
            cut = self.text.rfind(" ", start, start + self.width) + 1 or start + self.width
            rows.append(WrappedRow(start, cut))
            start = cut
        rows.append(WrappedRow(start, end))
        return rows
