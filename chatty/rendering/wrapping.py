"""Segments into rows of a given width, measured in terminal cells.

It breaks at spaces and between wide characters (Chinese, Japanese, Korean), chops a word only if it
is longer than a row, and never takes a combined character apart.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, split_graphemes

from chatty.rendering.lines import Line, Segment
from chatty.rendering.style import Fill, Style

_WORDS = re.compile(" +|[^ ]+")
_STICKY = frozenset("、。，．！？：；）」』】〕》〉”’…ー々")
"""Characters that never begin a row: they stay with the one before."""

_Atom = tuple[str, Style, int]
"""Unbreakable text, its style, its cells."""


def width_of(segments: Iterable[Segment]) -> int:
    """Return the cells of the segments together."""
    return sum(cell_len(text) for text, _ in segments)


def make_line(segments: Iterable[Segment], fill: Fill = "none", fill_from: int = 0, reach: int = 0) -> Line:
    """Return a line of the segments, neighbours of one style joined."""
    joined = tuple(_joined(segments))
    return Line(joined, fill, width_of(joined), fill_from, reach)


def crop(line: Line, width: int) -> Line:
    """Return the line cut to at most this many cells."""
    segments: list[Segment] = []
    free = width
    for text, style in line.segments:
        cells = cell_len(text)
        if cells > free:
            segments.append((_first_cells(text, free), style))
            break
        segments.append((text, style))
        free -= cells
    return make_line(segments, line.fill, line.fill_from, line.reach)


def _first_cells(text: str, width: int) -> str:
    if text.isascii():
        return text[:width]
    for start, _, cells in split_graphemes(text[: 4 * width + 64])[0]:
        if cells > width:
            return text[:start]
        width -= cells
    return text


def wrap(segments: Sequence[Segment], width: int) -> list[list[Segment]]:
    """Return the rows of the segments at this width; at least one. A newline in a segment ends a row."""
    rows: list[list[Segment]] = []
    for paragraph in _split_at_newlines(segments):
        rows += _fill_rows(paragraph, max(1, width))
    return rows


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    pending, style = "", None
    for text, next_style in segments:
        if next_style == style:
            pending += text
            continue
        if pending and style is not None:
            yield pending, style
        pending, style = text, next_style
    if pending and style is not None:
        yield pending, style


def _split_at_newlines(segments: Sequence[Segment]) -> list[list[Segment]]:
    paragraphs: list[list[Segment]] = [[]]
    for text, style in segments:
        first, *others = text.split("\n")
        paragraphs[-1].append((first, style))
        paragraphs += [[(other, style)] for other in others]
    return paragraphs


def _fill_rows(segments: Sequence[Segment], width: int) -> list[list[Segment]]:
    rows: list[list[Segment]] = []
    row: list[Segment] = []
    used = 0
    space: _Atom | None = None
    for word in _words(segments):
        if word[0][0].startswith(" "):
            space = word[0]
            continue
        needed = sum(atom[2] for atom in word)
        gap = space[2] if space and row else 0
        if row and used + gap + needed > width:
            rows.append(row)
            row, used, gap = [], 0, 0
        if space and gap:
            row.append(space[:2])
        space = None
        for piece in word if needed <= width else _chopped(word, width):
            if row and used + gap + piece[2] > width:
                rows.append(row)
                row, used, gap = [], 0, 0
            row.append(piece[:2])
            used += gap + piece[2]
            gap = 0
    rows.append(row)
    return rows


def _words(segments: Sequence[Segment]) -> Iterator[list[_Atom]]:
    """Yield words, each of one atom per style, and runs of spaces."""
    word: list[_Atom] = []
    for text, style in segments:
        for match in _WORDS.finditer(text):
            chunk = match.group()
            if chunk.startswith(" "):
                if word:
                    yield word
                    word = []
                yield [(chunk, style, len(chunk))]
            elif chunk.isascii():
                word.append((chunk, style, len(chunk)))
            else:
                for atom, may_break_before in _breakable(chunk, style):
                    if may_break_before and word:
                        yield word
                        word = []
                    word.append(atom)
    if word:
        yield word


def _breakable(chunk: str, style: Style) -> Iterator[tuple[_Atom, bool]]:
    """Yield the atoms of a word, and whether a row may end before each."""
    text, cells = "", 0
    may_break = was_wide = False
    for start, end, size in split_graphemes(chunk)[0]:
        is_wide = size > 1
        if (is_wide or was_wide) and chunk[start] not in _STICKY:
            if text:
                yield (text, style, cells), may_break
            text, cells, may_break = "", 0, True
        text += chunk[start:end]
        cells += size
        was_wide = is_wide
    if text:
        yield (text, style, cells), may_break


def _chopped(word: list[_Atom], width: int) -> Iterator[_Atom]:
    for text, style, cells in word:
        if cells <= width:
            yield text, style, cells
        elif text.isascii():
            for start in range(0, len(text), width):
                piece = text[start : start + width]
                yield piece, style, len(piece)
        else:
            for start, end, size in split_graphemes(text)[0]:
                yield text[start:end], style, size
