"""From Markdown's block tokens to pieces: prefixes of lists and quotes, and air between blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from chatty.rendering.code import CodeBlock
from chatty.rendering.inline import InlineParser
from chatty.rendering.lines import Segment
from chatty.rendering.pieces import Code, Piece, Prose, Still, rule
from chatty.rendering.style import MUTED, PLAIN
from chatty.rendering.tables import Alignment, Table

if TYPE_CHECKING:
    from markdown_it.token import Token

_BULLET = "· "
_QUOTE_BAR = "│ "
_HEADING = replace(PLAIN, bold=True)


@dataclass(slots=True)
class _Container:
    """A list item or a quote around what is laid out."""

    first: Segment
    rest: Segment
    is_begun: bool = False


class Layout:
    """Lays out the tokens of one block. ``number`` is the number of the first item of an ordered list."""

    def __init__(self, inline: InlineParser, source_lines: Sequence[str]) -> None:
        self._inline = inline
        self._source = source_lines
        self._containers: list[_Container] = []
        self._pieces: list[Piece] = []
        self._numbers: list[int | None] = []
        self._last_line = -1

    def pieces(self, tokens: "Sequence[Token]", number: int | None = None) -> list[Piece]:
        """Return the pieces of a top-level block, or of one item of a top-level list."""
        if number is not None or (tokens and tokens[0].type == "list_item_open"):
            self._numbers.append(number)
        self._walk(tokens)
        return self._pieces

    def _walk(self, tokens: "Sequence[Token]") -> None:
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type == "table_open":
                end = _closing(tokens, index)
                self._begin(token)
                self._add_table(tokens[index:end])
                index = end
                continue
            self._take(token, tokens[index - 1] if index else None)
            index += 1

    def _take(self, token: "Token", before: "Token | None") -> None:
        match token.type:
            case "inline":
                is_heading = before is not None and before.type == "heading_open"
                self._begin(token)
                self._add_prose(token.content, is_heading=is_heading)
            case "fence" | "code_block":
                self._begin(token)
                self._add_code(token)
            case "hr":
                self._begin(token)
                self._pieces.append(rule(self._prefixes()[0]))
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                self._containers.append(self._item())
            case "blockquote_open":
                self._containers.append(_Container((_QUOTE_BAR, MUTED), (_QUOTE_BAR, MUTED)))
            case "list_item_close" | "blockquote_close":
                self._close_container()
            case _:
                pass

    def _item(self) -> _Container:
        number = self._numbers[-1]
        if number is None:
            return _Container((_BULLET, MUTED), (" " * len(_BULLET), PLAIN))
        self._numbers[-1] = number + 1
        marker = f"{number}.".rjust(3) + " "
        return _Container((marker, MUTED), (" " * len(marker), PLAIN))

    def _close_container(self) -> None:
        if not self._containers[-1].is_begun:
            self._pieces.append(Still(self._prefixes()[0]))
        self._containers.pop()

    def _begin(self, token: "Token") -> None:
        """Put an empty row before this leaf if the source has one there."""
        start, end = token.map or (0, 0)
        if self._pieces and self._last_line >= 0 and self._has_blank_line(self._last_line, start):
            bars = [container.rest for container in self._containers if container.is_begun]
            while bars and not bars[-1][0].strip():
                bars.pop()
            self._pieces.append(Still(bars))
        self._last_line = end

    def _has_blank_line(self, start: int, stop: int) -> bool:
        return any(not line.strip(" \t>") for line in self._source[start:stop])

    def _prefixes(self) -> tuple[list[Segment], list[Segment]]:
        first = [container.rest if container.is_begun else container.first for container in self._containers]
        rest = [container.rest for container in self._containers]
        for container in self._containers:
            container.is_begun = True
        return first, rest

    def _add_prose(self, text: str, *, is_heading: bool) -> None:
        first, rest = self._prefixes()
        self._pieces.append(Prose(text, self._inline, first, rest, _HEADING if is_heading else PLAIN))

    def _add_code(self, token: "Token") -> None:
        first, rest = self._prefixes()
        block = CodeBlock(token.info)
        block.add_lines(_code_lines(token.content))
        block.set_whole(True)
        self._pieces.append(Code(block, first, rest))

    def _add_table(self, tokens: "Sequence[Token]") -> None:
        first, rest = self._prefixes()
        rows = list(table_rows(tokens))
        self._pieces.append(Table(rows, alignments(tokens), self._inline, first, rest))


def table_rows(tokens: "Sequence[Token]") -> Iterator[list[str]]:
    """Yield the rows of a table's tokens, the header first: raw inline Markdown, one per column."""
    row: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(token.content)
        elif token.type == "tr_close":
            yield row


def alignments(tokens: "Sequence[Token]") -> list[Alignment]:
    """Return how each column of a table's tokens is aligned."""
    heads = [token for token in tokens if token.type == "th_open"]
    styles = [str(token.attrs.get("style", "")).rpartition(":")[2] for token in heads]
    return [cast("Alignment", style) if style in {"right", "center"} else "left" for style in styles]


def _code_lines(content: str) -> list[str]:
    return content.removesuffix("\n").split("\n") if content else []


def _closing(tokens: "Sequence[Token]", opening: int) -> int:
    """Return the index after the token that closes the one at ``opening``."""
    level = tokens[opening].level
    for index in range(opening + 1, len(tokens)):
        if tokens[index].level == level and tokens[index].nesting == -1:
            return index + 1
    return len(tokens)
