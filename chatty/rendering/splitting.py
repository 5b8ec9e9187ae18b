"""Finds, in Markdown that grows, the blocks that can no longer change.

A top-level block is finished when complete lines after it begin another one (a heading, a rule, or a
paragraph before an empty line is at once). Each item of a top-level list counts as a block of its
own. An open fence and an open table take their lines as they come and are never parsed again; of
anything else at most ``WINDOW`` characters are, and what is longer is cut there.

The cuts depend on the text alone, never on how it came in pieces. Unfinished last lines are shown but
decide nothing: ``#`` may still become ``#1``.
"""

import re
from collections import ChainMap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chatty.rendering._parsing import DEEPEST, References, items, make_parser, parse_blocks, top_level
from chatty.rendering.blocks import Block
from chatty.rendering.code import CodeBlock
from chatty.rendering.inline import InlineParser
from chatty.rendering.layout import Layout, alignments, table_rows
from chatty.rendering.pieces import Code, Piece
from chatty.rendering.tables import Table

if TYPE_CHECKING:
    from markdown_it.token import Token

WINDOW = 16_384
"""Characters looked at together; a paragraph, quote or list item that is longer is cut there."""

_Kind = Literal["none", "paragraph", "still", "item", "fence", "table", "other"]
_LISTS = frozenset({"bullet_list_open", "ordered_list_open"})
_STILL = frozenset({"heading_open", "hr"})


@dataclass(slots=True)
class _Unit:
    """A top-level block, or an item of a top-level list, and its lines in the text looked at."""

    kind: _Kind
    tokens: "list[Token]"
    start: int
    end: int
    number: int | None = None
    continues_list: bool = False


@dataclass(slots=True)
class _OpenFence:
    """A fence whose end has not come."""

    code: CodeBlock
    block: Block
    closing: re.Pattern[str]
    indent: int

    def content(self, lines: Sequence[str]) -> list[str]:
        return [_without_indent(line, self.indent) for line in lines]


@dataclass(slots=True)
class _OpenTable:
    """A table that may get more rows."""

    table: Table
    block: Block
    head: str
    """Its first two lines, put before new lines so that the parser knows them for rows."""


@dataclass(slots=True)
class _Position:
    """What came before the text still to be looked at."""

    kind: _Kind = "none"
    is_cut: bool = False
    in_list: bool = False
    """Whether that text begins with a further item of the list before."""
    number: int | None = None
    """The number of that item."""


class Splitter:
    """Takes sanitised Markdown, hands out finished blocks, shows the open ones."""

    def __init__(self) -> None:
        self.references = References()
        self._parser = make_parser()
        self._inline = InlineParser(self._parser, self.references)
        self._pending = ""
        self._start = 0
        self._examined = 0
        self._before = _Position()
        self._fence: _OpenFence | None = None
        self._table: _OpenTable | None = None

    def add(self, text: str) -> list[Block]:
        """Take more text; return the blocks that it finished."""
        self._pending = self._pending[self._start :] + text
        self._examined -= self._start
        self._start = 0
        finished: list[Block] = []
        while self._step(finished):
            pass
        return finished

    def end(self) -> list[Block]:
        """Take the end of the text: a last line without line end is complete. Return as ``add``."""
        finished = self.add("" if self._rest().endswith("\n") or not self._rest() else "\n")
        if self._fence is not None:
            self._fence.code.set_whole(True)
        return finished

    def open_blocks(self) -> list[Block]:
        """Return the blocks that may still change, as far as they are known."""
        if self._fence is not None:
            return [self._open_fence_block(self._fence)]
        if self._table is not None:
            return self._open_table_blocks(self._table)
        return self._draft_blocks(self._rest(), self._before)

    # One step: look at a window of complete lines, finish what is finished in it.

    def _step(self, finished: list[Block]) -> bool:
        if self._fence is not None:
            return self._step_fence(self._fence, finished)
        end, is_cut = self._window()
        if end <= self._start or end <= self._examined:
            return False
        if self._table is not None:
            return self._step_table(self._table, end, finished)
        return self._step_blocks(end, finished, is_cut=is_cut)

    def _window(self) -> tuple[int, bool]:
        """Return where the text to look at ends, and whether more than that is there."""
        limit = self._start + WINDOW
        if len(self._pending) <= limit:
            return self._pending.rfind("\n", self._start) + 1, False
        end = self._pending.rfind("\n", self._start, limit) + 1
        if end <= self._start:
            end = self._pending.rfind(" ", self._start, limit) + 1
        return (end if end > self._start else limit), True

    def _step_blocks(self, end: int, finished: list[Block], *, is_cut: bool) -> bool:
        text = self._pending[self._start : end]
        lines = text.split("\n")
        units = self._units(parse_blocks(self._parser, text, self.references), lines)
        if not units:
            return self._skip(end) if is_cut else self._leave(end)
        last = units[-1]
        opens = last.kind in ("fence", "table")
        is_done = last.kind == "still" or (last.kind == "paragraph" and last.end < len(lines) - 1)
        if is_done or (is_cut and len(units) == 1 and not opens):
            self._finish(units, lines, finished)
            self._before.is_cut = not is_done
            return self._skip_lines(lines, last.end) if is_done else self._skip(end)
        self._finish(units[:-1], lines, finished)
        if last.kind == "fence":
            return self._open_fence(last, lines)
        if last.kind == "table":
            return self._open_table(last, lines)
        if len(units) == 1:
            return self._leave(end)
        self._before.in_list = last.continues_list
        self._before.number = last.number
        return self._skip_lines(lines, units[-2].end)

    def _skip_lines(self, lines: Sequence[str], count: int) -> bool:
        """Go past the first ``count`` of the lines looked at; a line cut short has no line end."""
        length = sum(len(line) + 1 for line in lines[:count])
        return self._skip(min(self._start + length, len(self._pending)))

    def _skip(self, position: int) -> bool:
        self._start = position
        self._examined = position
        return True

    def _leave(self, end: int) -> bool:
        self._examined = end
        return False

    def _rest(self) -> str:
        return self._pending[self._start :]

    def _units(self, tokens: "list[Token]", lines: Sequence[str]) -> list[_Unit]:
        units: list[_Unit] = []
        for group in top_level(tokens):
            if group[0].type in _LISTS:
                units += self._item_units(group, lines, is_first=not units)
            else:
                units.append(_unit(_kind_of(group[0].type), group, lines))
        return units

    def _item_units(self, group: "list[Token]", lines: Sequence[str], *, is_first: bool) -> list[_Unit]:
        continues = is_first and self._before.in_list
        number: int | None = None
        if group[0].type == "ordered_list_open":
            start = self._before.number if continues else None
            number = int(group[0].attrs.get("start", 1)) if start is None else start
        units: list[_Unit] = []
        for tokens in items(group):
            unit = _unit("item", tokens, lines)
            unit.continues_list = continues
            if number is not None:
                unit.number, number = number, number + 1
            units.append(unit)
            continues = True
        return units

    # Finishing units

    def _finish(self, units: Sequence[_Unit], lines: Sequence[str], finished: list[Block]) -> None:
        finished += self._lay_out(units, lines, self._before, self._inline)

    def _lay_out(
        self, units: Sequence[_Unit], lines: Sequence[str], before: _Position, inline: InlineParser
    ) -> list[Block]:
        """Make blocks of the units; ``before`` moves on past them."""
        blocks: list[Block] = []
        end = 0
        for unit in units:
            has_gap = _has_gap(
                unit, before, has_blank=any(not line.strip() for line in lines[end : unit.start])
            )
            blocks.append(Block(_pieces(unit, lines, inline), has_gap=has_gap))
            before.kind, before.is_cut, before.in_list, before.number = unit.kind, False, False, None
            end = unit.end
        return blocks

    def _draft_blocks(self, text: str, before: _Position) -> list[Block]:
        """Lay out text that decides nothing yet; its link definitions hold for itself only."""
        if not text.strip():
            return []
        references = ChainMap[str, object]({}, self.references)
        lines = text.split("\n")
        units = self._units(parse_blocks(self._parser, text, references), lines)
        position = _Position(before.kind, before.is_cut, before.in_list, before.number)
        return self._lay_out(units, lines, position, InlineParser(self._parser, references))

    # Fences

    def _open_fence(self, unit: _Unit, lines: Sequence[str]) -> bool:
        token = unit.tokens[0]
        code = CodeBlock(token.info)
        has_gap = self._before.kind != "none" and not self._before.is_cut
        opening = lines[unit.start]
        self._fence = _OpenFence(
            code,
            Block([Code(code)], has_gap=has_gap),
            re.compile(rf" {{0,3}}{re.escape(token.markup)}{re.escape(token.markup[0])}*[ \t]*"),
            len(opening) - len(opening.lstrip(" ")),
        )
        return self._skip_lines(lines, unit.start + 1)

    def _step_fence(self, fence: _OpenFence, finished: list[Block]) -> bool:
        end = self._pending.rfind("\n", self._start) + 1
        if end <= self._start:
            return False
        lines = self._pending[self._start : end - 1].split("\n")
        for index, line in enumerate(lines):
            if fence.closing.fullmatch(line):
                fence.code.add_lines(fence.content(lines[:index]))
                fence.code.set_whole(True)
                finished.append(fence.block)
                self._fence, self._before = None, _Position("fence")
                return self._skip_lines(lines, index + 1)
        fence.code.add_lines(fence.content(lines))
        return self._skip(end)

    def _open_fence_block(self, fence: _OpenFence) -> Block:
        draft = self._rest()
        may_close = draft.strip(" `~") == ""
        fence.code.set_draft(None if may_close else fence.content([draft])[0])
        return fence.block

    # Tables

    def _open_table(self, unit: _Unit, lines: Sequence[str]) -> bool:
        has_gap = self._before.kind != "none" and not self._before.is_cut
        table = Table(list(table_rows(unit.tokens)), alignments(unit.tokens), self._inline)
        head = "".join(f"{line}\n" for line in lines[unit.start : unit.start + 2])
        self._table = _OpenTable(table, Block([table], has_gap=has_gap), head)
        return self._skip_lines(lines, unit.end)

    def _step_table(self, opened: _OpenTable, end: int, finished: list[Block]) -> bool:
        lines = self._pending[self._start : end].split("\n")
        rows, row_count = self._more_rows(opened, self._pending[self._start : end], self.references)
        opened.table.add_rows(rows)
        is_over = row_count < len(lines) - 1
        if is_over:
            finished.append(opened.block)
            self._table, self._before = None, _Position("table")
        return self._skip_lines(lines, row_count)

    def _more_rows(
        self, opened: _OpenTable, text: str, references: "References | ChainMap[str, object]"
    ) -> tuple[list[list[str]], int]:
        """Return the rows this text adds to the table, and how many of its lines they are."""
        tokens = parse_blocks(self._parser, opened.head + text, references)
        group = next(top_level(tokens))
        rows = list(table_rows(group))[1:]
        return rows, len(rows)

    def _open_table_blocks(self, opened: _OpenTable) -> list[Block]:
        text = self._rest()
        references = ChainMap[str, object]({}, self.references)
        rows, row_count = self._more_rows(opened, text, references)
        opened.table.set_draft(rows[0] if rows else None)
        others = [] if row_count else self._draft_blocks(text, _Position("table"))
        return [opened.block, *others]


def _unit(kind: _Kind, tokens: "list[Token]", lines: Sequence[str]) -> _Unit:
    start, end = tokens[0].map or (0, len(lines))
    end = min(end, len(lines))
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return _Unit(kind, tokens, start, end)


def _pieces(unit: _Unit, lines: Sequence[str], inline: InlineParser) -> Sequence[Piece]:
    if any(token.level >= DEEPEST for token in unit.tokens):  # the parser drops what is nested deeper
        source = CodeBlock()
        source.add_lines(lines[unit.start : unit.end])
        source.set_whole(True)
        return [Code(source)]
    return Layout(inline, lines).pieces(unit.tokens, unit.number)


def _kind_of(token_type: str) -> _Kind:
    match token_type:
        case "paragraph_open":
            return "paragraph"
        case "fence":
            return "fence"
        case "table_open":
            return "table"
        case _:
            return "still" if token_type in _STILL else "other"


def _has_gap(unit: _Unit, before: _Position, *, has_blank: bool) -> bool:
    """Tell whether an empty row stands before the unit.

    Always between blocks, but a list follows its paragraph, and an item the item before, as written.
    """
    if before.kind == "none" or before.is_cut:
        return False
    if unit.kind == "item" and (unit.continues_list or before.kind == "paragraph"):
        return has_blank
    return True


def _without_indent(line: str, indent: int) -> str:
    removable = len(line) - len(line.lstrip(" "))
    return line[min(indent, removable) :]
