"""What a block is drawn from: prose, code, a table, an empty row, a rule. Each knows its own rows.

A piece carries the prefixes of the lists and quotes it stands in: one for its first row, one for the
others. It keeps the rows of the last width asked for.
"""

from collections.abc import Sequence
from typing import Protocol

from chatty.rendering.code import CodeBlock
from chatty.rendering.inline import Content, InlineParser, Link
from chatty.rendering.lines import PROSE_WIDTH, Line, Segment
from chatty.rendering.style import MUTED, PLAIN, Style
from chatty.rendering.wrapping import make_line, width_of, wrap

_NARROWEST_PROSE = 12
_RULE = "───"


class Piece(Protocol):
    """Some rows of a block."""

    def height(self, width: int) -> int:
        """Return the number of rows at this width in cells."""

    def lines(self, width: int, start: int, stop: int) -> list[Line]:
        """Return the rows from ``start`` up to, not including, ``stop``."""

    def sources(self) -> Sequence[str]:
        """Return the raw inline Markdown in it, for a search for names of link definitions."""

    def links(self) -> Sequence[Link]:
        """Return its links in reading order."""

    def forget(self) -> None:
        """Drop what was made of the inline Markdown, so that it is made again."""


class Prose:
    """A paragraph or a heading."""

    __slots__ = ("_base", "_content", "_first", "_inline", "_rest", "_rows", "_text", "_width")

    def __init__(
        self,
        text: str,
        inline: InlineParser,
        first: Sequence[Segment] = (),
        rest: Sequence[Segment] = (),
        base: Style = PLAIN,
    ) -> None:
        self._text, self._inline, self._base = text, inline, base
        self._first, self._rest = first, rest
        self._content: Content | None = None
        self._rows: list[Line] = []
        self._width = 0

    def height(self, width: int) -> int:
        return len(self._wrapped(width))

    def lines(self, width: int, start: int, stop: int) -> list[Line]:
        return self._wrapped(width)[start:stop]

    def sources(self) -> Sequence[str]:
        return (self._text,)

    def links(self) -> Sequence[Link]:
        return self._parsed().links

    def forget(self) -> None:
        self._content = None
        self._width = 0

    def _parsed(self) -> Content:
        if self._content is None:
            self._content = self._inline.parse(self._text, self._base)
        return self._content

    def _wrapped(self, width: int) -> list[Line]:
        if width != self._width:
            room = max(_NARROWEST_PROSE, min(width, PROSE_WIDTH) - width_of(self._rest))
            rows = wrap(self._parsed().segments, room)
            prefixes = [self._first] + [self._rest] * (len(rows) - 1)
            self._rows = [make_line([*prefix, *row]) for prefix, row in zip(prefixes, rows, strict=True)]
            self._width = width
        return self._rows


class _WithoutInline:
    """What has no inline Markdown in it."""

    __slots__ = ()

    def sources(self) -> Sequence[str]:
        return ()

    def links(self) -> Sequence[Link]:
        return ()

    def forget(self) -> None:
        """Nothing was made."""


class Code(_WithoutInline):
    """A code block where it stands."""

    __slots__ = ("_first", "_rest", "block")

    def __init__(self, block: CodeBlock, first: Sequence[Segment] = (), rest: Sequence[Segment] = ()) -> None:
        self.block = block
        self._first, self._rest = first, rest

    def height(self, width: int) -> int:
        return self.block.row_count

    def lines(self, width: int, start: int, stop: int) -> list[Line]:
        return self.block.rows(start, stop, self._first, self._rest)


class Still(_WithoutInline):
    """One row that is the same at every width: an empty one, a rule, a bare list marker."""

    __slots__ = ("_line",)

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._line = make_line(segments)

    def height(self, width: int) -> int:
        return 1

    def lines(self, width: int, start: int, stop: int) -> list[Line]:
        return [self._line][start:stop]


def rule(prefix: Sequence[Segment]) -> Still:
    """Return a thematic break: short and muted."""
    return Still([*prefix, (_RULE, MUTED)])
