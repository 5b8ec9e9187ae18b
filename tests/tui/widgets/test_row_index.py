"""Rows of messages that stand one below the other."""

import pytest

from chatty.tui.widgets.row_index import RowIndex, Spot

INDEX = RowIndex(["a", "b", "c"], [2, 1, 3])
"""a a . b . c c c ."""


@pytest.mark.parametrize(
    ("row", "spot", "text_spot"),
    [
        (-1, None, None),
        (0, Spot("a", 0), Spot("a", 0)),
        (2, Spot("a", 2), None),
        (3, Spot("b", 0), Spot("b", 0)),
        (4, Spot("b", 1), None),
        (7, Spot("c", 2), Spot("c", 2)),
        (8, Spot("c", 3), None),
        (9, None, None),
    ],
)
def test_every_row_belongs_to_a_message_and_empty_ones_draw_none(
    row: int, spot: Spot | None, text_spot: Spot | None
) -> None:
    assert (INDEX.spot(row), INDEX.text_spot(row)) == (spot, text_spot)


def test_spot_keeps_its_place_when_rows_come_above_it() -> None:
    spot = INDEX.spot(6)
    assert spot is not None
    assert INDEX.row_of(spot) == 6
    assert RowIndex(["new", "a", "b", "c"], [4, 2, 1, 3]).row_of(spot) == 11
    assert RowIndex(["a"], [2]).row_of(spot) is None


def test_start_end_and_sum_count_the_empty_rows() -> None:
    assert (INDEX.start("b"), INDEX.end("b"), INDEX.rows) == (3, 4, 9)
    assert RowIndex().rows == 0


@pytest.mark.parametrize(("row", "first"), [(0, "a"), (1, "b"), (3, "b"), (4, "c"), (6, "c")])
def test_first_message_from_a_row_begins_there_or_is_the_last(row: int, first: str) -> None:
    assert INDEX.first_from(row) == first
