"""From roles to terminal styles, for the theme in use.

Themes of true colour answer with colours. Themes of the terminal's own palette and the theme without
colours answer with weight, dimness and reverse as well, because there tints are transparent.
"""

from collections.abc import Mapping
from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from chatty.tui.lookalikes import LOOKALIKES
from chatty.tui.spans import Spans

_ROLE_VARIABLES = {
    "text": "foreground",
    "muted": "text-muted",
    "primary": "primary",
    "accent": "accent",
    "secondary": "secondary",
    "warning": "warning",
    "error": "error",
    "success": "success",
    "frame": "border-blurred",
    "hair": "hair",
    "link": "primary",
    "number": "primary",
    "code-keyword": "code-keyword",
    "code-string": "code-string",
    "code-number": "code-number",
    "code-name": "code-name",
    "code-comment": "code-comment",
}
"""Which theme variable colours which role; a role not listed here is plain text."""

_GROUND_VARIABLES = {
    "page": "background",
    "surface": "surface",
    "code": "code-bg",
    "cursor": "cursor-tint",
    "menu": "panel",
    "selection": "screen-selection-background",
}

_TERMINAL_ROLES: Mapping[str, Style] = {
    "muted": Style(dim=True),
    "frame": Style(dim=True),
    "hair": Style(dim=True),
    "code-comment": Style(dim=True),
    "code-keyword": Style(bold=True),
}
"""What stands in for colour where the theme leaves it to the terminal."""

_REVERSED = ("cursor", "selection", "caret")


class Palette:
    """The styles of one theme; made anew when the theme changes."""

    def __init__(
        self, variables: Mapping[str, str], *, terminal_colours: bool, ascii_only: bool = False
    ) -> None:
        self._variables = variables
        self._glyphs = LOOKALIKES if ascii_only else {}
        self.terminal_colours = terminal_colours
        self.style = lru_cache(maxsize=2048)(self._style)

    def _style(
        self,
        role: str,
        ground: str = "page",
        bold: bool = False,
        italic: bool = False,
        underline: bool = False,
        strike: bool = False,
    ) -> Style:
        """The terminal style of a role on a ground ("page", "surface", "code", "cursor", "menu" …)."""
        weight = Style(
            bold=bold or None, italic=italic or None, underline=underline or None, strike=strike or None
        )
        if ground == "caret":
            return self._caret()
        if not self.terminal_colours:
            return Style.from_color(self._colour(role), self._ground(ground)) + weight
        style = Style.from_color(self._colour(role)) + _TERMINAL_ROLES.get(role, Style.null()) + weight
        return style + Style(reverse=True) if ground in _REVERSED else style

    def glyphs(self, text: str) -> str:
        """Text of our own as this terminal's font can show it, cell by cell."""
        return text.translate(self._glyphs) if self._glyphs else text

    def segments(self, spans: Spans, ground: str = "page") -> list[Segment]:
        """The spans as segments on one ground."""
        style = self.style
        return [
            Segment(self.glyphs(text), style(role, ground, bold, italic, underline))
            for text, role, bold, italic, underline in spans
            if text
        ]

    def row(self, spans: Spans, width: int, ground: str = "page") -> Strip:
        """The spans as one row, filled or cropped to `width` cells."""
        return Strip(self.segments(spans, ground)).adjust_cell_length(width, self.style("text", ground))

    def _caret(self) -> Style:
        if self.terminal_colours:
            return Style(reverse=True)
        # Page on text: the letter under the cursor stays readable on light and dark alike.
        return Style.from_color(self._ground("page"), self._colour("text"))

    def _colour(self, role: str) -> RichColor | None:
        variable = _ROLE_VARIABLES.get(role, "foreground")
        return self._parsed(self._variables.get(variable) or self._variables.get("foreground"))

    def _ground(self, ground: str) -> RichColor | None:
        return self._parsed(self._variables.get(_GROUND_VARIABLES[ground]))

    @staticmethod
    def _parsed(value: str | None) -> RichColor | None:
        if value is None or value == "ansi_default":
            return None
        return Color.parse(value).rich_color
