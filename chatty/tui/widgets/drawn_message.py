"""One message as rows: what the transcript draws. No widget: a conversation of any length is one widget.

Rows are made when they are drawn; the text's lines come from a Markdown stream that keeps finished blocks.
Folded thinking is not rendered at all.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rich.segment import Segment
from textual.strip import Strip

from chatty.rendering.lines import EMPTY, PROSE_WIDTH, Line
from chatty.rendering.style import MUTED
from chatty.tui.palette import Palette
from chatty.tui.spans import Span, cut, fit_items, width
from chatty.tui.state import Message, Part
from chatty.tui.widgets import message_rows
from chatty.tui.widgets.message_rows import Ground, Speaker
from chatty.tui.widgets.plain_text import PlainText
from chatty.tui.widgets.two_sided_row import two_sides

TEXT_COLUMN = 3
"""The column all text starts in: empty, bar, empty before it."""

_PLAIN = ("text", "error", "file")
"""Parts that are not folded. All others are: thinking, and what a newer server may send."""


class Text(Protocol):
    """Growing text that knows its lines: Markdown or plain."""

    def append(self, text: str) -> None: ...
    def replace(self, text: str) -> None: ...
    def finish(self) -> None: ...
    def line_count(self, width: int) -> int: ...
    def lines_between(self, start: int, stop: int, width: int) -> Sequence[Line]: ...


@dataclass(frozen=True, slots=True)
class Look:
    """How a view is drawn now."""

    width: int
    """Cells of the whole row, bar column included."""
    selected: bool = False
    queued: bool = False
    """The message is an answer that waits for another."""
    code_offset: int = 0
    """Cells that code and tables wider than the column are scrolled to the right."""

    @property
    def column(self) -> int:
        """Cells of the text column."""
        return max(self.width - TEXT_COLUMN - 1, 1)

    @property
    def prose(self) -> int:
        """Cells of prose: where people's messages and the times end, too."""
        return min(self.column, PROSE_WIDTH)


@dataclass(slots=True)
class _PartText:
    """The lines of one part and how much of the part they hold."""

    text: Text
    part: Part
    taken: int = 0
    generation: int = 0
    is_finished: bool = False


@dataclass(slots=True)
class _Block:
    """Rows that stand together: fixed ones, or those of a text."""

    fixed: list[list[Span]] = field(default_factory=list)
    text: Text | None = None
    indent: int = 0
    part_index: int | None = None
    """The foldable part whose row this is."""
    is_tight: bool = False
    """No empty row before it."""
    is_rendered: bool = False
    """Markdown: it knows itself where prose ends, and takes the whole column for code and tables."""

    def height(self, look: Look) -> int:
        """Rows of the block."""
        if self.text is None:
            return len(self.fixed)
        return self.text.line_count(self._width(look))

    def line(self, row: int, look: Look) -> Line:
        """A row of the text; empty where it has none."""
        lines = self.text.lines_between(row, row + 1, self._width(look)) if self.text is not None else ()
        return lines[0] if lines else EMPTY

    def _width(self, look: Look) -> int:
        return (look.column if self.is_rendered else look.prose) - self.indent


class DrawnMessage:
    """The rows of one message. Call `sync` after its message changed and before anything is asked."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.unfolded: set[int] = set()
        """Indexes of the parts shown in full."""
        self.is_raw = False
        self.place = (1, 1)
        self.running_seconds: int | None = None
        self._texts: dict[int, _PartText] = {}
        self._blocks: list[_Block] = []
        self._starts: list[int] = []
        self._laid_out_for: Look | None = None

    def sync(self, message: Message) -> None:
        """Take what is new in the message; only new text is read."""
        self.message = message
        self._take_new()
        self._laid_out_for = None

    def toggle(self, part_index: int | None = None) -> None:
        """Fold or unfold one part, or all that can be folded."""
        foldable = {index for index, part in enumerate(self.message.parts) if part.type not in _PLAIN}
        wanted = foldable if part_index is None else {part_index}
        self.unfolded = self.unfolded - wanted if wanted <= self.unfolded else self.unfolded | wanted
        self.sync(self.message)

    def set_raw(self, is_raw: bool) -> None:
        """Show the text as written, or rendered."""
        if is_raw != self.is_raw:
            self.is_raw = is_raw
            self._texts.clear()
            self.sync(self.message)

    def height(self, look: Look) -> int:
        """Rows of the message, its name row included, without the empty row after it."""
        self._lay_out(look)
        return self._starts[-1]

    def part_at(self, row: int, look: Look) -> int | None:
        """The foldable part whose row this is, for a click."""
        self._lay_out(look)
        index = bisect_right(self._starts, row) - 1
        return self._blocks[index].part_index if 0 <= index < len(self._blocks) else None

    def plain(self, row: int, look: Look) -> str:
        """The text of a row as it stands on the screen, for the mouse's selection."""
        return " " * TEXT_COLUMN + self._plain_text(row, look)

    def letters_above(self, row: int, look: Look) -> int:
        """How many letters of its text stand above a row, however they are wrapped."""
        return sum(self._letters(above, look) for above in range(1, row))

    def row_below(self, letters: int, look: Look) -> int:
        """The row with words that has so many letters above it."""
        height = self.height(look)
        for row in range(1, height):
            here = self._letters(row, look)
            if letters <= 0 and here:
                return row
            letters -= here
        return height

    def overflow(self, row: int, look: Look) -> int:
        """Cells of a row's code or table that do not fit into the column."""
        found = self._block_at(row, look)
        return max(0, _reach(found[0].line(found[1], look)) - look.column) if found is not None else 0

    def draw(self, row: int, look: Look, palette: Palette) -> Strip:
        """One row, `look.width` cells wide. Row 0 is the name row."""
        speaker = message_rows.speaker(self.message)
        bar_role = "primary" if look.selected else speaker.bar_role
        if row == 0:
            ground: Ground = "cursor" if look.selected else speaker.ground
            spans = self._name_row(speaker, look)
            body = palette.row(spans, look.column, ground)
            return _framed(body, bar_role, speaker.ground, ground, palette, look)
        body = self._body_row(row, look, palette, speaker.ground)
        return _framed(body, bar_role, speaker.ground, speaker.ground, palette, look)

    # Inside.

    def _is_shown(self, index: int, part: Part) -> bool:
        return part.type == "text" or index in self.unfolded

    def _take_new(self) -> None:
        for index, part in enumerate(self.message.parts):
            if self._is_shown(index, part):
                self._sync_part(index, part)

    def _sync_part(self, index: int, part: Part) -> None:
        held = self._texts.get(index)
        if held is None:
            held = self._texts[index] = _PartText(self._new_text(part), part, generation=part.generation)
        if held.part is not part or held.generation != part.generation or held.taken > len(part.pieces):
            _start_over(held, part)
        if held.taken < len(part.pieces):
            held.text.append("".join(part.pieces[held.taken :]))
            held.taken = len(part.pieces)
        if part.status != "streaming" and not held.is_finished:
            held.text.finish()
            held.is_finished = True

    def _is_rendered(self, part: Part) -> bool:
        return part.type == "text" and self.message.role == "assistant" and not self.is_raw

    def _new_text(self, part: Part) -> Text:
        if not self._is_rendered(part):
            return PlainText() if part.type == "text" else PlainText(MUTED)
        # Markdown and its highlighter cost tens of milliseconds to import: only once something needs them.
        from chatty.rendering.markdown import MarkdownStream

        return MarkdownStream()

    def _lay_out(self, look: Look) -> None:
        if self._laid_out_for == look:
            return
        # The message may have grown since it was painted last, and now another width asks.
        self._take_new()
        self._blocks = self._make_blocks(look)
        self._starts = [1]
        row = 1
        for number, block in enumerate(self._blocks):
            if number and not block.is_tight:
                row += 1
            self._starts[-1] = row
            row += block.height(look)
            self._starts.append(row)
        self._laid_out_for = look

    def _make_blocks(self, look: Look) -> list[_Block]:
        blocks: list[_Block] = []
        for index, part in enumerate(self.message.parts):
            if part.type == "text":
                if part.pieces:
                    blocks.append(_Block(text=self._texts[index].text, is_rendered=self._is_rendered(part)))
            elif part.type == "error":
                words = " ".join(part.text.split())
                blocks.append(_Block([[Span("failed", "error", bold=True), Span(f"  {words}")]]))
            elif part.type not in _PLAIN:
                blocks.extend(self._foldable(index, part, after=blocks))
        files = [part for part in self.message.parts if part.type == "file"]
        if files:
            blocks.append(_Block([message_rows.file_row(files)], is_tight=True))
        ending = message_rows.ending_rows(self.message, look.prose, selected=look.selected)
        if ending:
            blocks.append(_Block(ending))
        return blocks

    def _foldable(self, index: int, part: Part, after: list[_Block]) -> list[_Block]:
        is_running = part.status == "streaming" and self.message.status == "streaming"
        seconds = self.running_seconds if is_running else None
        row = message_rows.folded_row(part, unfolded=index in self.unfolded, running_seconds=seconds)
        follows_folded = bool(after) and after[-1].part_index is not None
        blocks = [_Block([row], part_index=index, is_tight=follows_folded)]
        if index in self.unfolded and part.pieces:
            blocks.append(_Block(text=self._texts[index].text, indent=2, part_index=index, is_tight=True))
        return blocks

    def _name_row(self, speaker: Speaker, look: Look) -> list[Span]:
        name = [Span(speaker.name, speaker.name_role, bold=True)]
        items = message_rows.name_row_right(
            self.message, self.place, selected=look.selected, queued=look.queued
        )
        room = look.prose - min(width(name), look.prose // 2) - 3
        while len(items) > 1 and sum(width(item) + 2 for item in items) - 2 > room:
            del items[0]
        return two_sides(name, fit_items(items, room, 2), look.prose)

    def _block_at(self, row: int, look: Look) -> tuple[_Block, int] | None:
        """The block that holds a row and the row's place in it; None for an empty row between blocks."""
        self._lay_out(look)
        index = bisect_right(self._starts, row) - 1
        if not 0 <= index < len(self._blocks):
            return None
        block = self._blocks[index]
        within = row - self._starts[index]
        return (block, within) if within < block.height(look) else None

    def _body_row(self, row: int, look: Look, palette: Palette, ground: Ground) -> Strip:
        found = self._block_at(row, look)
        if found is None:
            return palette.row([], look.column, ground)
        block, within = found
        if block.text is None:
            return palette.row(cut(block.fixed[within], look.column), look.column, ground)
        return _line_strip(block.line(within, look), block.indent, look, palette, ground)

    def _letters(self, row: int, look: Look) -> int:
        return sum(map(len, self._plain_text(row, look).split()))

    def _plain_text(self, row: int, look: Look) -> str:
        if row == 0:
            return message_rows.speaker(self.message).name
        found = self._block_at(row, look)
        if found is None:
            return ""
        block, within = found
        if block.text is None:
            return "".join(span.text for span in block.fixed[within])
        return " " * block.indent + block.line(within, look).text


def _start_over(held: _PartText, part: Part) -> None:
    """Take another part, or another attempt at it; equal text stays as it is, so that nothing jumps."""
    is_same_text = held.part is not part and part.text == "".join(held.part.pieces[: held.taken])
    if not is_same_text:
        held.text.replace("")
        held.is_finished = False
    held.taken = len(part.pieces) if is_same_text else 0
    held.part, held.generation = part, part.generation


def _reach(line: Line) -> int:
    """The cells up to which a line is scrolled."""
    return max(line.reach, line.width if line.fill == "code" else 0)


def _line_strip(line: Line, indent: int, look: Look, palette: Palette, ground: Ground) -> Strip:
    """A line of text; code, on its own ground over the whole column, and tables may be scrolled sideways.

    `›` in the last cell says that the line goes on.
    """
    is_code = line.fill == "code"
    line_ground: Ground = "code" if is_code else ground
    segments = [
        Segment(
            # Bullets, bars and rules are muted; a model's own words are left as they are.
            palette.glyphs(text) if style.role == "muted" else text,
            palette.style(style.role, line_ground, style.bold, style.italic, style.underline, style.strike),
        )
        for text, style in line.segments
    ]
    padding = palette.style("text", line_ground)
    if indent:
        segments.insert(0, Segment(" " * indent, padding))
    strip = Strip(segments)
    beyond = max(_reach(line) - look.column, 0)
    if offset := min(look.code_offset, beyond):
        strip = strip.crop(offset)
    strip = strip.adjust_cell_length(look.column, padding)
    if offset < beyond:
        goes_on = palette.row([Span("›", "muted")], 1, line_ground)
        strip = Strip.join([strip.crop(0, look.column - 1), goes_on])
    if is_code and palette.terminal_colours:
        # Without a tint the band of code is marked by a line at its left.
        return Strip.join([palette.row([Span("│", "muted")], 1), strip.crop(1)])
    return strip


def _framed(body: Strip, bar_role: str, outer: Ground, inner: Ground, palette: Palette, look: Look) -> Strip:
    """The body with the bar before it; the tint starts at the bar and ends at the scrollbar."""
    bar = Span("▌", bar_role) if bar_role else Span(" ")
    left = [
        *palette.segments([Span(" ")]),
        *palette.segments([bar], outer),
        *palette.segments([Span(" ")], outer),
    ]
    right_ground: Ground = "page" if inner == "cursor" else outer
    right = palette.segments([Span(" ")], right_ground)
    return Strip([*left, *body, *right], look.width)
