"""What of a delta is new: nothing is handed on twice, nothing is skipped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.client.cursor import Cursor, Gap, Place
from chatty.client.updates import Delta, Event


def cursor_at(text: str = "") -> Cursor:
    """A cursor that has seen a run begin, and so much of its text."""
    cursor = Cursor()
    run = {"id": "r", "message_id": "m"}
    cursor.adopt({"history_id": "h", "head": 5, "runs": [run]})
    if text:
        cursor.extend(delta(0, text))
    return cursor


def delta(offset: int, text: str, generation: int = 0) -> Delta:
    return Delta("m", 0, offset, text, generation, "text")


@pytest.mark.parametrize(
    ("offset", "text", "new"),
    [
        (5, " world", delta(5, " world")),
        (3, "lo world", delta(5, " world")),
        (0, "hello world", delta(5, " world")),
        (0, "hello", None),
        (1, "el", None),
        (6, "world", Gap("m", 0, 5)),
    ],
)
def test_only_what_is_new_of_a_delta_is_handed_on(offset: int, text: str, new: Delta | Gap | None) -> None:
    assert cursor_at("hello").fit(delta(offset, text)) == new


def test_text_of_an_older_generation_is_old_and_of_a_newer_one_begins_anew() -> None:
    cursor = cursor_at()
    cursor.extend(delta(0, "hello", 1))
    assert cursor.fit(delta(5, "!", 0)) is None
    assert cursor.fit(delta(0, "again", 2)) == delta(0, "again", 2)
    assert cursor.fit(delta(3, "in", 2)) == Gap("m", 0, 0)


def test_text_of_an_unknown_message_is_left_out() -> None:
    assert cursor_at().fit(Delta("other", 0, 0, "x", 0, "text")) is None


@pytest.mark.parametrize(
    ("seq", "place"), [(4, Place.OLD), (5, Place.OLD), (6, Place.NEXT), (7, Place.EARLY)]
)
def test_events_have_their_place(seq: int, place: Place) -> None:
    assert cursor_at().place(seq) is place


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=30))
def test_pieces_in_any_order_and_overlap_are_handed_on_as_one_text(
    text: str, cuts: list[tuple[int, int]]
) -> None:
    """Whoever joins what is handed on has a beginning of the text; a gap is never jumped over."""
    cursor, handed_on = cursor_at(), ""
    for start, end in cuts:
        fitted = cursor.fit(delta(start, text[start:end]))
        if isinstance(fitted, Delta):
            assert fitted.offset == len(handed_on)
            handed_on += fitted.text
            cursor.extend(fitted)
        elif isinstance(fitted, Gap):
            assert fitted.start == len(handed_on)
    assert text.startswith(handed_on)


def test_completed_part_that_is_shorter_than_its_length_shows_a_gap() -> None:
    cursor = cursor_at("hello")
    event = Event("c", 6, "part.completed", "", None, {"message_id": "m", "part": 0, "len": 9, "g": 0})
    assert cursor.gaps_before(event) == [Gap("m", 0, 5)]
