"""Styled lines as text with SGR codes, for the command line on a terminal.

Roles become colours here, by the depth of the terminal and the lightness of its background. Where
the background is not known, or colours are few, only the terminal's own palette is used and code
has a bar at its left instead of a band. It writes nothing and asks the terminal nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chatty.rendering.lines import Line
from chatty.rendering.style import Role, Style

Depth = Literal["plain", "none", "16", "256", "truecolor"]
"""What a terminal can show: nothing but text; bold and underline; 16, 256 or all colours."""

Background = Literal["dark", "light", "unknown"]

_BAR = "│ "
_PLAIN_BAR = "  "

_BAND: Mapping[Background, str] = {"dark": "1c1f26", "light": "f1efeb"}
_COLOURS: Mapping[Background, Mapping[Role, str]] = {
    "dark": {
        "muted": "98a0ae",
        "code-text": "d9dce3",
        "code-keyword": "a9bdf0",
        "code-string": "a3c9a0",
        "code-number": "deb887",
        "code-name": "8fc7d9",
        "code-comment": "8a93a2",
    },
    "light": {
        "muted": "5d636e",
        "code-text": "23262d",
        "code-keyword": "3b4fa8",
        "code-string": "2f6b33",
        "code-number": "8a5200",
        "code-name": "0b6170",
        "code-comment": "646a75",
    },
}
_PALETTE: Mapping[Role, str] = {
    "muted": "2",
    "code-gutter": "2",
    "code-keyword": "34",
    "code-string": "32",
    "code-number": "33",
    "code-name": "36",
    "code-comment": "2",
}
"""The 16 colours that are readable on any background; never bright black, which often is not."""


def detect_depth(environ: Mapping[str, str], *, is_terminal: bool) -> Depth:
    """Return what the terminal of this environment can show (no-color.org; COLORTERM; TERM)."""
    term = environ.get("TERM", "")
    if not is_terminal or term in ("", "dumb"):
        return "plain"
    if environ.get("NO_COLOR"):
        return "none"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "direct" in term:
        return "truecolor"
    return "256" if "256color" in term else "16"


def detect_background(environ: Mapping[str, str]) -> Background:
    """Return what ``COLORFGBG`` says: its last number is the palette colour of the background."""
    colour = environ.get("COLORFGBG", "").rpartition(";")[2]
    if not colour.isascii() or not colour.isdecimal():
        return "unknown"
    return "light" if int(colour) in (7, 15) else "dark"


@dataclass(slots=True)
class AnsiFormatter:
    """Turns lines into text for one terminal."""

    depth: Depth = "plain"
    background: Background = "unknown"
    _codes: dict[tuple[Style, bool], str] = field(default_factory=dict, init=False)

    @property
    def has_band(self) -> bool:
        """Whether code stands on a background of its own."""
        return self.background != "unknown" and self.depth in ("256", "truecolor")

    def format(self, line: Line, width: int) -> str:
        """Return the line; a band is filled up to ``width`` cells, a longer line is left long."""
        is_band = line.fill == "code" and self.has_band
        output: list[str] = []
        cells_left_of_band = line.fill_from if is_band else 0
        for text, style in line.segments:
            if style.role == "code-gutter" and not self.has_band:
                text = _PLAIN_BAR if self.depth == "plain" else _BAR
            is_on_band = is_band and cells_left_of_band <= 0
            cells_left_of_band -= len(text)  # prefixes are one cell a character
            output.append(self._wrap_in_codes(text, style, is_on_band=is_on_band))
        if is_band and line.width < width:
            output.append(
                self._wrap_in_codes(" " * (width - line.width), Style("code-text"), is_on_band=True)
            )
        return "".join(output)

    def _wrap_in_codes(self, text: str, style: Style, *, is_on_band: bool) -> str:
        key = (style, is_on_band)
        if key not in self._codes:
            self._codes[key] = ";".join(self._sgr(style, is_on_band=is_on_band))
        codes = self._codes[key]
        return f"\x1b[{codes}m{text}\x1b[0m" if codes and text else text

    def _sgr(self, style: Style, *, is_on_band: bool) -> list[str]:
        if self.depth == "plain":
            return []
        codes = [
            code
            for code, is_on in (
                ("1", style.bold),
                ("3", style.italic),
                ("4", style.underline),
                ("9", style.strike),
            )
            if is_on
        ]
        codes += self._colour(style.role)
        if is_on_band:
            codes += self._rgb(_BAND[self.background], layer=48)
        return codes

    def _colour(self, role: Role) -> Sequence[str]:
        if self.depth == "none":
            return ["2"] if role in ("muted", "code-gutter") else []
        if not self.has_band:
            return [_PALETTE[role]] if role in _PALETTE else []
        colour = _COLOURS[self.background].get(role)
        return self._rgb(colour, layer=38) if colour else []

    def _rgb(self, colour: str, *, layer: int) -> Sequence[str]:
        red, green, blue = (int(colour[index : index + 2], 16) for index in (0, 2, 4))
        if self.depth == "truecolor":
            return [f"{layer};2;{red};{green};{blue}"]
        return [f"{layer};5;{_nearest(red, green, blue)}"]


def _nearest(red: int, green: int, blue: int) -> int:
    """Return the nearest of the 256 colours: the cube of 6 x 6 x 6 or the 24 greys."""
    levels = (0, 95, 135, 175, 215, 255)
    cube = [min(range(6), key=lambda level: abs(levels[level] - part)) for part in (red, green, blue)]
    grey = max(0, min(23, round((red + green + blue) / 30 - 0.8)))
    shade = 8 + 10 * grey
    cube_distance = sum(
        (levels[level] - part) ** 2 for level, part in zip(cube, (red, green, blue), strict=True)
    )
    grey_distance = sum((shade - part) ** 2 for part in (red, green, blue))
    return 232 + grey if grey_distance < cube_distance else 16 + 36 * cube[0] + 6 * cube[1] + cube[2]
