"""A row of two texts: the left one gives way, the right one stays whole."""

from textual.strip import Strip

from chatty.tui.spans import Span, Spans, cut, width
from chatty.tui.widgets.drawn import Drawn

_GAP = 3
"""Empty cells at least between the two sides."""


class TwoSidedRow(Drawn):
    """Base of header, status row and hints: subclasses say what stands on each side."""

    def sides(self, room: int) -> tuple[Spans, Spans]:
        """What stands left and right when `room` cells are there for both."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The row, drawn anew each time: it is one line."""
        room = self.content_size.width
        if y or room <= 0:
            return Strip.blank(max(room, 0))
        left, right = self.sides(room)
        return self.palette.row(two_sides(left, right, room), room)


def two_sides(left: Spans, right: Spans, room: int) -> list[Span]:
    """Left and right of a row of `room` cells; the left is cut so that three cells stay free between."""
    right_width = width(right)
    gap = _GAP if right_width else 0
    shown = cut(left, max(room - right_width - gap, 0))
    return [*shown, Span(" " * max(room - width(shown) - right_width, 0)), *right]
