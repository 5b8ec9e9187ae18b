"""Markdown that grows, as styled lines: the renderer of a streaming reply, of a finished one and of
the command line.

Only the open block is rendered again when text comes; finished blocks keep their lines for the width
last asked for. It fetches nothing and opens nothing, and knows neither colours nor widgets.
"""

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatty.rendering.blocks import Block
from chatty.rendering.code import CodeBlock
from chatty.rendering.inline import Link, labels
from chatty.rendering.lines import Line
from chatty.rendering.sanitizer import StreamSanitizer

if TYPE_CHECKING:
    from chatty.rendering.splitting import Splitter


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text, whatever the width."""

    block: int
    """Number of the block, from 0."""
    characters: int
    """Visible characters of the block above it; spaces and the bars of quotes do not count."""


class MarkdownStream:
    """One Markdown text in pieces, and its lines at any width.

    The text is sanitised here, so no caller can forget. ``lines_between`` is what a view draws from:
    its cost depends on the rows asked for and on the open block, not on the length of the text.
    Definitions of links may come after their use: the blocks that wait for one are made again.
    """

    def __init__(self, text: str = "") -> None:
        self.replace(text)

    def append(self, text: str) -> None:
        """Add a piece at the end. This costs next to nothing: work is done when lines are asked for."""
        self._unread.append(text)

    def replace(self, text: str) -> None:
        """Start over with this text."""
        self._unread = [text]
        self._is_finished = False
        self._sanitizer = StreamSanitizer()
        self._splitter: Splitter | None = None
        self._blocks: list[Block] = []
        self._open: list[Block] = []
        self._waiting: dict[str, list[int]] = defaultdict(list)
        self._width = 0
        self._ends: list[int] = []

    def finish(self) -> None:
        """Say that the text is whole: what was held back is shown, an open code block takes its final
        colours. Text appended later begins on a new line."""
        self._read()
        if not self._is_finished:
            self._is_finished = True
            splitter = self._splitting()
            self._keep(splitter.add(self._sanitizer.finish()) + splitter.end())
            self._open = splitter.open_blocks()

    def line_count(self, width: int) -> int:
        """Return the number of rows at this width in cells."""
        return self.finished_line_count(width) + sum(block.height(width) for block in self._open)

    def finished_line_count(self, width: int) -> int:
        """Return the number of rows, from the top, of blocks that text to come cannot change."""
        self._read()
        self._measure(width)
        return self._ends[-1] if self._ends else 0

    def lines_between(self, start: int, stop: int, width: int) -> list[Line]:
        """Return the rows from ``start`` up to, not including, ``stop``; fewer at the end."""
        top = self.finished_line_count(width)
        output: list[Line] = []
        index = bisect_right(self._ends, start)
        while index < len(self._blocks) and self._top(index) < stop:
            block_top = self._top(index)
            output += self._blocks[index].lines(width, max(0, start - block_top), stop - block_top)
            index += 1
        for block in self._open:
            height = block.height(width)
            if top < stop and start < top + height:
                output += block.lines(width, max(0, start - top), stop - top)
            top += height
        return output

    def lines(self, width: int) -> list[Line]:
        """Return all rows at this width in cells."""
        return self.lines_between(0, self.line_count(width), width)

    def place_of(self, row: int, width: int) -> Place:
        """Return the place in the text at which this row begins, to be found again at another width."""
        top = self.finished_line_count(width)
        if row < top:
            index = bisect_right(self._ends, row)
            return Place(index, sum(_visible(self._blocks[index], width, row - self._top(index))))
        for index, block in enumerate(self._open, len(self._blocks)):
            height = block.height(width)
            if row < top + height:
                return Place(index, sum(_visible(block, width, row - top)))
            top += height
        return Place(len(self._blocks) + len(self._open), 0)

    def row_of(self, place: Place, width: int) -> int:
        """Return the row at this width that shows the place; the number of rows if it is past the end."""
        top = self.finished_line_count(width)
        if place.block < len(self._blocks):
            return self._top(place.block) + _row_in(self._blocks[place.block], place.characters, width)
        for index, block in enumerate(self._open, len(self._blocks)):
            if index == place.block:
                return top + _row_in(block, place.characters, width)
            top += block.height(width)
        return top

    def links(self) -> list[Link]:
        """Return the links in reading order, those that may not be opened too."""
        return [link for block in self._all_blocks() for link in block.links()]

    def code_blocks(self) -> list[CodeBlock]:
        """Return the code blocks in reading order."""
        return [code for block in self._all_blocks() for code in block.code_blocks()]

    def _top(self, index: int) -> int:
        return self._ends[index - 1] if index else 0

    def _all_blocks(self) -> Sequence[Block]:
        self._read()
        return [*self._blocks, *self._open]

    def _splitting(self) -> "Splitter":
        if self._splitter is None:
            from chatty.rendering.splitting import Splitter  # markdown-it: 45 ms, at the first text drawn

            self._splitter = Splitter()
        return self._splitter

    def _read(self) -> None:
        """Take in what was appended since the last look."""
        text = "".join(self._unread)
        self._unread.clear()
        if text:
            self._is_finished = False
            splitter = self._splitting()
            self._keep(splitter.add(self._sanitizer.feed(text)))
            self._open = splitter.open_blocks()

    def _keep(self, finished: Sequence[Block]) -> None:
        for block in finished:
            self._await_labels(block)
            self._blocks.append(block)
        for label in self._splitting().references.take_fresh():
            for index in self._waiting.pop(label, ()):
                self._blocks[index].forget()
                del self._ends[index:]

    def _await_labels(self, block: Block) -> None:
        references = self._splitting().references
        for source in block.sources():
            if "[" in source:
                for label in labels(source):
                    if label not in references:
                        self._waiting[label].append(len(self._blocks))

    def _measure(self, width: int) -> None:
        """Bring the row numbers at which blocks end up to date."""
        if width != self._width:
            self._width = width
            self._ends.clear()
        end = self._ends[-1] if self._ends else 0
        for block in self._blocks[len(self._ends) :]:
            end += block.height(width)
            self._ends.append(end)


def _visible(block: Block, width: int, rows: int) -> list[int]:
    """Return the visible characters of each of the block's first rows."""
    return [len(line.text) - sum(map(line.text.count, " │")) for line in block.lines(width, 0, rows)]


def _row_in(block: Block, characters: int, width: int) -> int:
    """Return the row of the block that shows the character after that many; of equal ones the first."""
    above = list(itertools.accumulate(_visible(block, width, block.height(width)), initial=0))
    return bisect_left(above, above[bisect_right(above, characters) - 1])
