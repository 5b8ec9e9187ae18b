"""Tables as rows: the header bold, two cells between columns, no lines.

A table takes its natural width if that fits. If not, the widest columns give way and their cells
wrap; if even narrow columns do not fit, rows are wider than the screen and a view scrolls sideways.
The widths are set by the first ``MEASURED_ROWS`` rows, so a table that grows for ever stays cheap.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from chatty.rendering.inline import Content, InlineParser, Link
from chatty.rendering.lines import Line, Segment
from chatty.rendering.style import PLAIN
from chatty.rendering.wrapping import make_line, width_of, wrap

MEASURED_ROWS = 200
"""Rows that have a say in the widths of the columns."""

_GAP = "  "
_NARROWEST = 8
_MOST_FOR_DRAFT = 24
"""Cells that an unfinished cell may ask for: half a link is wider than the whole."""

_HEADER = replace(PLAIN, bold=True)

Alignment = Literal["left", "center", "right"]


class Table:
    """One table: rows are added at the end, lines are read anywhere."""

    __slots__ = (
        "_alignments",
        "_contents",
        "_draft",
        "_draft_contents",
        "_first",
        "_inline",
        "_laid_out",
        "_lines",
        "_natural",
        "_rest",
        "_rows",
        "_widths",
    )

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        alignments: Sequence[Alignment],
        inline: InlineParser,
        first: Sequence[Segment] = (),
        rest: Sequence[Segment] = (),
    ) -> None:
        self._rows: list[Sequence[str]] = list(rows)
        self._alignments = alignments
        self._inline = inline
        self._first, self._rest = first, rest
        self._draft: Sequence[str] | None = None
        self._draft_contents: list[Content] = []
        self._contents: list[list[Content]] = []
        self._lines: list[Line] = []
        self._laid_out = 0
        self._widths: list[int] = []
        self._natural = [1] * len(alignments)

    def add_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Add complete rows of raw inline Markdown, one string per column."""
        self._rows += rows
        self._draft = None

    def set_draft(self, row: Sequence[str] | None) -> None:
        """Show an unfinished last row, in place of the one shown before."""
        if row != self._draft:
            self._draft = row
            self._draft_contents = self._parse(row or (), is_header=False)

    def sources(self) -> list[str]:
        """Return the raw Markdown of every cell."""
        return [cell for row in self._rows for cell in row]

    def links(self) -> list[Link]:
        """Return the links of the complete rows, in reading order."""
        self._parse_new_rows()
        return [link for row in self._contents for cell in row for link in cell.links]

    def forget(self) -> None:
        """Drop what was made of the cells: a link definition came that some of them wait for."""
        self._contents.clear()
        self._lines.clear()
        self._widths.clear()
        self._natural = [1] * len(self._alignments)

    def height(self, width: int) -> int:
        """Return the number of lines at this width."""
        self._lay_out(width)
        return len(self._lines) + len(self._draft_lines())

    def lines(self, width: int, start: int, stop: int) -> list[Line]:
        """Return the lines from ``start`` up to ``stop``."""
        self._lay_out(width)
        lines = self._lines[start:stop]
        if self._draft is not None and stop > len(self._lines):
            lines += self._draft_lines()[max(0, start - len(self._lines)) : stop - len(self._lines)]
        return lines

    def _parse_new_rows(self) -> None:
        for row in self._rows[len(self._contents) :]:
            contents = self._parse(row, is_header=not self._contents)
            if len(self._contents) < MEASURED_ROWS:
                pairs = zip(self._natural, contents, strict=True)
                self._natural = [max(width, _natural_width(content)) for width, content in pairs]
            self._contents.append(contents)

    def _parse(self, row: Sequence[str], *, is_header: bool) -> list[Content]:
        return [self._inline.parse(cell, _HEADER if is_header else PLAIN) for cell in row]

    def _lay_out(self, width: int) -> None:
        """Bring the lines up to date; the lines laid out before stay unless the widths changed."""
        self._parse_new_rows()
        available = width - width_of(self._rest) - len(_GAP) * (len(self._natural) - 1)
        widths = _shrunk(self._wanted_widths(), available)
        if widths != self._widths:
            self._widths, self._laid_out = widths, 0
            self._lines.clear()
        for row in self._contents[self._laid_out :]:
            self._lines += self._row_lines(row, is_first=self._laid_out == 0)
            self._laid_out += 1

    def _wanted_widths(self) -> list[int]:
        if self._draft is None or len(self._rows) >= MEASURED_ROWS:
            return self._natural
        drafts = [min(_natural_width(content), _MOST_FOR_DRAFT) for content in self._draft_contents]
        return [max(pair) for pair in zip(self._natural, drafts, strict=True)]

    def _draft_lines(self) -> list[Line]:
        if self._draft is None:
            return []
        return self._row_lines(self._draft_contents, is_first=False)

    def _row_lines(self, row: Sequence[Content], *, is_first: bool) -> list[Line]:
        cells = [
            wrap(content.segments, cell_width) for content, cell_width in zip(row, self._widths, strict=True)
        ]
        reach = width_of(self._rest) + sum(self._widths) + len(_GAP) * (len(self._widths) - 1)
        return [
            make_line(
                [*(self._first if is_first and level == 0 else self._rest), *self._level(cells, level)],
                reach=reach,
            )
            for level in range(max(map(len, cells), default=0))
        ]

    def _level(self, cells: Sequence[Sequence[Sequence[Segment]]], level: int) -> list[Segment]:
        """Return one screen row of a table row, without spaces at its end."""
        output: list[Segment] = []
        owed = 0
        for rows, width, alignment in zip(cells, self._widths, self._alignments, strict=True):
            segments = rows[level] if level < len(rows) else []
            free = max(0, width - width_of(segments))
            left = {"left": 0, "center": free // 2, "right": free}[alignment]
            if any(text for text, _ in segments):
                output += [(" " * (owed + left), PLAIN), *segments]
                owed = free - left
            else:
                owed += width
            owed += len(_GAP)
        return output


def _natural_width(content: Content) -> int:
    rows = wrap(content.segments, 1 << 30)
    return max(width_of(row) for row in rows)


def _shrunk(natural: Sequence[int], available: int) -> list[int]:
    """Return the widths with the widest cut to one common limit, so that they fit if they can."""
    if sum(natural) <= available:
        return list(natural)
    widest = max(natural)
    limits = range(min(_NARROWEST, widest), widest)
    fitting = bisect_right(limits, available, key=lambda limit: sum(min(width, limit) for width in natural))
    limit = limits[max(0, fitting - 1)] if limits else widest
    return [min(width, limit) for width in natural]
