"""Code blocks: a band over the full width, the language on its first row, five colours.

While a block grows, only its new lines are coloured, with the lexer's state carried from line to
line: a good guess. Once it is whole, its colours are those of the whole text if it is at most
``WHOLE_LIMIT`` characters long, else those of stretches of ``STRETCH`` lines, each made when
first seen. Nothing is wrapped; a row may be wider than the screen.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from chatty.rendering.lines import Line, Segment
from chatty.rendering.sanitizer import sanitize
from chatty.rendering.style import MUTED, Style
from chatty.rendering.wrapping import make_line, width_of

if TYPE_CHECKING:
    from pygments.lexer import Lexer

    from chatty.rendering._lexing import LineLexer

WHOLE_LIMIT = 32_000
"""Characters up to which a whole block is coloured at once: some 30 ms."""

STRETCH = 128
"""Lines that are coloured together in longer blocks."""

_TAB = 4
_MAX_LANGUAGE = 40
_CODE = Style("code-text")
_GUTTER: Segment = ("  ", Style("code-gutter"))


class CodeBlock:
    """One code block: lines are added at the end, rows are read anywhere."""

    __slots__ = (
        "_draft",
        "_is_whole",
        "_lexer",
        "_line_lexer",
        "_lines",
        "_live",
        "_stretch",
        "_stretches",
        "language",
    )

    def __init__(self, info: str = "") -> None:
        self.language = sanitize(info, multiline=False).strip().partition(" ")[0][:_MAX_LANGUAGE]
        """The first word after the fence, as written; may be empty."""
        self._lines: list[str] = []
        self._draft: str | None = None
        self._is_whole = False
        self._lexer: Lexer | None = None
        self._line_lexer: LineLexer | None = None
        self._live: list[Sequence[Segment]] = []
        self._stretches: dict[int, list[Sequence[Segment]]] = {}
        self._stretch = STRETCH

    @property
    def text(self) -> str:
        """The code as it is copied: no gutter, no language, tabs kept."""
        return "\n".join(self._all_lines())

    @property
    def row_count(self) -> int:
        """Rows on the screen: the language if there is one, then the lines."""
        return bool(self.language) + len(self._lines) + (self._draft is not None)

    def add_lines(self, lines: Sequence[str]) -> None:
        """Add complete lines, without their line ends. The block is not whole any more."""
        self._lines += lines
        self._draft = None
        self._is_whole = False

    def set_draft(self, line: str | None) -> None:
        """Show an unfinished last line, in place of the one shown before."""
        self._draft = line

    def set_whole(self, is_whole: bool) -> None:
        """Say whether all lines are there. If so, rows take their final colours."""
        self._is_whole = is_whole
        self._stretches.clear()
        if is_whole:
            lines = self._all_lines()
            size = sum(map(len, lines)) + len(lines)
            self._stretch = STRETCH if size > WHOLE_LIMIT else max(1, len(lines))

    def rows(
        self, start: int, stop: int, first: Sequence[Segment] = (), rest: Sequence[Segment] = ()
    ) -> list[Line]:
        """Return the rows from ``start`` up to ``stop``; the prefixes stand left of the band."""
        has_header = bool(self.language)
        stop = min(stop, self.row_count)
        output: list[Line] = []
        if has_header and start == 0 < stop:
            output.append(self._row([(self.language, MUTED)], first))
        from_line, to_line = max(0, start - has_header), stop - has_header
        for index, segments in enumerate(self._coloured(from_line, to_line), from_line):
            is_first = index == 0 and not has_header
            output.append(self._row(segments, first if is_first else rest))
        return output

    def _row(self, segments: Sequence[Segment], prefix: Sequence[Segment]) -> Line:
        return make_line([*prefix, _GUTTER, *segments], "code", width_of(prefix))

    def _all_lines(self) -> list[str]:
        return self._lines if self._draft is None else [*self._lines, self._draft]

    def _coloured(self, start: int, stop: int) -> Iterator[Sequence[Segment]]:
        if start >= stop:
            return iter(())
        if self._is_whole:
            return self._final(start, stop)
        return iter(self._growing(start, stop))

    def _growing(self, start: int, stop: int) -> list[Sequence[Segment]]:
        lexer = self._carried_lexer()
        for line in self._lines[len(self._live) :]:
            self._live.append(lexer.feed(_expand(line)))
        rows = self._live[start:stop]
        if self._draft is not None and stop > len(self._lines):
            rows.append(lexer.peek(_expand(self._draft)))
        return rows

    def _final(self, start: int, stop: int) -> Iterator[Sequence[Segment]]:
        lines = self._all_lines()
        for index in range(start, stop):
            number, offset = divmod(index, self._stretch)
            if number not in self._stretches:
                begin = number * self._stretch
                self._stretches[number] = self._lex(lines[begin : begin + self._stretch])
            yield self._stretches[number][offset]

    def _lex(self, lines: Sequence[str]) -> list[Sequence[Segment]]:
        from chatty.rendering._lexing import lex_whole

        return lex_whole(self._find_lexer(), [_expand(line) for line in lines])

    def _carried_lexer(self) -> "LineLexer":
        if self._line_lexer is None:
            from chatty.rendering._lexing import LineLexer

            self._line_lexer = LineLexer(self._find_lexer())
        return self._line_lexer

    def _find_lexer(self) -> "Lexer | None":
        if self._lexer is None and self.language:
            from chatty.rendering._lexing import find_lexer  # Pygments: 10 ms, at the first coloured block

            self._lexer = find_lexer(self.language)
        return self._lexer


def _expand(line: str) -> str:
    return line.expandtabs(_TAB) if "\t" in line else line
