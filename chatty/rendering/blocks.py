"""A finished or open top-level block of an answer: its pieces and the empty row before it."""

from collections.abc import Sequence

from chatty.rendering.code import CodeBlock
from chatty.rendering.inline import Link
from chatty.rendering.lines import EMPTY, Line
from chatty.rendering.pieces import Code, Piece


class Block:
    """Rows of one top-level block, or of one item of a top-level list."""

    __slots__ = ("_has_gap", "_pieces")

    def __init__(self, pieces: Sequence[Piece], *, has_gap: bool) -> None:
        self._pieces = pieces
        self._has_gap = has_gap

    def height(self, width: int) -> int:
        """Return the number of rows at this width, the empty one before included."""
        return self._has_gap + sum(piece.height(width) for piece in self._pieces)

    def lines(self, width: int, start: int, stop: int) -> list[Line]:
        """Return the rows from ``start`` up to ``stop``."""
        output = [EMPTY] if self._has_gap and start == 0 < stop else []
        top = int(self._has_gap)
        for piece in self._pieces:
            height = piece.height(width)
            if top < stop and start < top + height:
                output += piece.lines(width, max(0, start - top), min(height, stop - top))
            top += height
        return output

    def sources(self) -> list[str]:
        """Return the raw inline Markdown of the block."""
        return [source for piece in self._pieces for source in piece.sources()]

    def links(self) -> list[Link]:
        """Return the links in reading order."""
        return [link for piece in self._pieces for link in piece.links()]

    def code_blocks(self) -> list[CodeBlock]:
        """Return the code blocks in reading order."""
        return [piece.block for piece in self._pieces if isinstance(piece, Code)]

    def forget(self) -> None:
        """Drop what was made of inline Markdown."""
        for piece in self._pieces:
            piece.forget()
