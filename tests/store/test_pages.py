import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.store.errors import InvalidCursor
from chatty.store.pages import decode_cursor, encode_cursor, page
from chatty.store.rows import Page


def word(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@given(st.integers(-(2**63), 2**63 - 1), st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_cursor_holds_its_key(number: int, name: str) -> None:
    assert decode_cursor(encode_cursor((number, name)), int, str) == (number, name)


@pytest.mark.parametrize(
    "cursor",
    ["", "%", "AAAA", "é", word("{}"), word("[1]"), word('["a","b"]'), word("[true,true]"), word("[1e3,2]"),
     word(f"[{2**63},1]"), word("[" * 9000)],
)  # fmt: skip
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, int, int)


def test_control_characters_are_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(word('["a\\u0000b"]'), str)


def test_page_has_a_cursor_only_when_there_is_more() -> None:
    assert page([1, 2], 2, lambda row: (row,)) == Page([1, 2], None)
    assert page([1, 2, 3], 2, lambda row: (row,)) == Page([1, 2], encode_cursor((2,)))
