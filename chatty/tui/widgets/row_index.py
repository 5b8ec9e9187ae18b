"""At which rows messages stand that are laid out one below the other, an empty row after each.

The last empty row is the padding that keeps text off the status row. Rows count from 0 at the top of the
first message. It knows ids and heights, no texts.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple


class Spot(NamedTuple):
    """A row of a message: a place that stays the same when rows come above it."""

    message_id: str
    row: int


class RowIndex:
    """One layout; another one is another index.

    Args:
        ids: the messages, top to bottom.
        heights: the rows of each, without the empty one.
    """

    def __init__(self, ids: Sequence[str] = (), heights: Sequence[int] = ()) -> None:
        self.ids = tuple(ids)
        self._starts = list(accumulate((height + 1 for height in heights), initial=0))

    @property
    def rows(self) -> int:
        """All rows together."""
        return self._starts[-1]

    def start(self, message_id: str) -> int:
        """The first row of a message; ValueError when it is not laid out."""
        return self._starts[self.ids.index(message_id)]

    def end(self, message_id: str) -> int:
        """The empty row after a message; ValueError when it is not laid out."""
        return self._starts[self.ids.index(message_id) + 1] - 1

    def spot(self, row: int) -> Spot | None:
        """The message a row belongs to, its empty row included; None outside."""
        index = bisect_right(self._starts, row) - 1
        return Spot(self.ids[index], row - self._starts[index]) if 0 <= index < len(self.ids) else None

    def text_spot(self, row: int) -> Spot | None:
        """The message that is drawn on a row; None on an empty one."""
        spot = self.spot(row)
        return None if spot is None or row == self.end(spot.message_id) else spot

    def first_from(self, row: int) -> str:
        """The first message that begins at or below a row, or the last of all; IndexError without any."""
        return self.ids[bisect_left(self._starts, row, hi=len(self.ids) - 1)]

    def row_of(self, spot: Spot) -> int | None:
        """Where a spot is now; None when its message is not laid out."""
        return self.start(spot.message_id) + spot.row if spot.message_id in self.ids else None
