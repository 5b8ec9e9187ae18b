"""A terminal's screen as SVG: text as text, in its cells and colours.

Pure. Bars, frames and blocks are drawn as shapes, because glyphs of a font leave gaps between rows; every
run of text is told how long it is, so that the grid holds in whatever fixed font the reader has.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby

import pyte
from pyte.screens import Char

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASELINE = 8.4, 18, 14, 13
_EDGE = 6
"""Empty units around the screen, in its own colour: a window has them too."""

_FONTS = "ui-monospace,'SF Mono',Menlo,'DejaVu Sans Mono',Consolas,monospace"
_RGB = re.compile("[0-9a-f]{6}")
_HALF_W, _HALF_H = CELL_WIDTH / 2, CELL_HEIGHT / 2

_LINES = {
    "─": f"M0 {_HALF_H}h{CELL_WIDTH}",
    "│": f"M{_HALF_W} 0v{CELL_HEIGHT}",
    "╭": f"M{_HALF_W} {CELL_HEIGHT}v-5q0-4 4.2-4",
    "╮": f"M{_HALF_W} {CELL_HEIGHT}v-5q0-4-4.2-4",
    "╰": f"M{_HALF_W} 0v5q0 4 4.2 4",
    "╯": f"M{_HALF_W} 0v5q0 4-4.2 4",
}
_BLOCKS: dict[str, tuple[float, float, float, float]] = {
    "▌": (0, 0, _HALF_W, CELL_HEIGHT),
    "█": (0, 0, CELL_WIDTH, CELL_HEIGHT),
}
_BLOCKS |= {
    glyph: (0, CELL_HEIGHT * (8 - eighths) / 8, CELL_WIDTH, CELL_HEIGHT * eighths / 8)
    for eighths, glyph in enumerate("▁▂▃▄▅▆▇", 1)
}
"""Left, top, width and height within the cell. The eighths are the ends of a scrollbar."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One character with what it looks like."""

    column: int
    text: str
    colour: str
    ground: str
    is_bold: bool
    is_italic: bool
    is_underlined: bool

    @property
    def look(self) -> tuple[str, bool, bool, bool]:
        """What a run of text has in common."""
        return self.colour, self.is_bold, self.is_italic, self.is_underlined


def paint(screen: pyte.Screen, title: str) -> str:
    """Return the screen as an SVG document.

    Args:
        title: what the picture shows, for those who cannot see it.

    Raises:
        ValueError: a cell has a colour that depends on the terminal: no picture of it is the true one.
    """
    rows = [list(_cells(screen, y)) for y in range(screen.lines)]
    page = rows[-1][-1].ground
    width = _number(screen.columns * CELL_WIDTH + 2 * _EDGE)
    height = screen.lines * CELL_HEIGHT + 2 * _EDGE
    body = [line for y, row in enumerate(rows) for line in _row(row, y, page)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>text{{font:{FONT_SIZE}px {_FONTS};white-space:pre}}"
            ".b{font-weight:bold}.i{font-style:italic}.u{text-decoration:underline}"
            "path{fill:none;stroke-width:1.3}</style>",
            f'<rect width="100%" height="100%" rx="6" fill="{page}"/>',
            f'<g transform="translate({_EDGE} {_EDGE})">',
            *body,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _cells(screen: pyte.Screen, y: int) -> Iterator[_Cell]:
    for x in range(screen.columns):
        char: Char = screen.buffer[y][x]
        names = (char.bg, char.fg) if char.reverse else (char.fg, char.bg)
        ground = _colour(names[1], y, x)
        colour = _colour(names[0], y, x) if char.data.strip() else ground
        yield _Cell(x, char.data, colour, ground, char.bold, char.italics, char.underscore)


def _colour(name: str, y: int, x: int) -> str:
    if not _RGB.fullmatch(name):
        raise ValueError(f"the cell {x} of row {y} has the terminal's own colour {name!r}")
    return f"#{name}"


def _row(row: list[_Cell], y: int, page: str) -> Iterator[str]:
    top = y * CELL_HEIGHT
    for ground, group in groupby(row, key=lambda cell: cell.ground):
        cells = list(group)
        if ground != page:
            left, width = cells[0].column * CELL_WIDTH, len(cells) * CELL_WIDTH
            yield _rect(left, top, width, CELL_HEIGHT, ground)
    for cell in row:
        if shape := _shape(cell, top):
            yield shape
    for run in _runs(row):
        yield _text(run, top)


def _shape(cell: _Cell, top: int) -> str:
    left = cell.column * CELL_WIDTH
    if cell.text in _BLOCKS:
        x, y, width, height = _BLOCKS[cell.text]
        return _rect(left + x, top + y, width, height, cell.colour)
    if cell.text in _LINES:
        place = f"translate({_number(left)} {top})"
        return f'<path transform="{place}" stroke="{cell.colour}" d="{_LINES[cell.text]}"/>'
    return ""


def _runs(row: list[_Cell]) -> Iterator[list[_Cell]]:
    """Stretches of text of one look. One space belongs to them, two do not: most of a screen is empty."""
    run: list[_Cell] = []
    for cell in row:
        if run and not cell.text:
            run.append(cell)  # the second half of a wide character
            continue
        is_text = bool(cell.text.strip()) and cell.text not in _LINES and cell.text not in _BLOCKS
        is_far = bool(run) and cell.column - run[-1].column > 2
        if run and is_text and (is_far or run[0].look != cell.look):
            yield run
            run = []
        if is_text:
            run += row[run[-1].column + 1 : cell.column] if run else []
            run.append(cell)
    if run:
        yield run


def _text(run: list[_Cell], top: int) -> str:
    first = run[0]
    classes = "".join(
        letter
        for letter, is_on in (("b", first.is_bold), ("i", first.is_italic), ("u", first.is_underlined))
        if is_on
    )
    text = "".join(cell.text for cell in run)
    cells = run[-1].column - first.column + 1
    length = f' textLength="{_number(cells * CELL_WIDTH)}"' if cells > 1 else ""
    style = f' class="{" ".join(classes)}"' if classes else ""
    return (
        f'<text x="{_number(first.column * CELL_WIDTH)}" y="{top + BASELINE}"{length}{style}'
        f' fill="{first.colour}" xml:space="preserve">{escape(text)}</text>'
    )


def _rect(left: float, top: float, width: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{_number(left)}" y="{_number(top)}" width="{_number(width)}"'
        f' height="{_number(height)}" fill="{colour}"/>'
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
