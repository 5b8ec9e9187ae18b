import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.store.errors import InvalidCursor
from chatty.store.pages import Listing
from chatty.store.rows import Page

LISTING = Listing("things", "red", None)
MARK = '"' + base64.urlsafe_b64decode(LISTING.encode((1,)) + "==").decode().split('"')[1] + '"'


def word(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_cursor_holds_its_key(number: int, name: str) -> None:
    assert LISTING.decode(LISTING.encode((number, name)), int, str) == (number, name)


@pytest.mark.parametrize(
    "cursor",
    ["", "%", "AAAA", "é", word("{}"), word("[]"), word("7"), word("[1,2]"), word(f"[{MARK},1]"),
     word(f'[{MARK},"a","b"]'), word(f"[{MARK},true,true]"), word(f"[{MARK},1e3,2]"),
     word(f"[{MARK},{2**63},1]"), word("[" * 9000)],
)  # fmt: skip
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        LISTING.decode(cursor, int, int)


@pytest.mark.parametrize("other", [Listing("others", "red", None), Listing("things", "blue", None)])
def test_cursor_of_another_list_is_refused(other: Listing) -> None:
    with pytest.raises(InvalidCursor):
        other.decode(LISTING.encode((1,)), int)


def test_control_characters_are_refused() -> None:
    with pytest.raises(InvalidCursor):
        LISTING.decode(word(f'[{MARK},"a\\u0000b"]'), str)


def test_page_has_a_cursor_only_when_there_is_more() -> None:
    assert LISTING.page([1, 2], 2, lambda row: (row,)) == Page([1, 2], None)
    assert LISTING.page([1, 2, 3], 2, lambda row: (row,)) == Page([1, 2], LISTING.encode((2,)))
