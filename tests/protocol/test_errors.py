"""Errors as another version of chatty may write them."""

from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError


@pytest.mark.parametrize(
    "data",
    [
        None,
        "text",
        {"type": "conflict/new", "details": "a sentence"},
        {"type": "conflict/new", "details": [1, 2, 3], "retry_after_ms": "soon"},
    ],
)
def test_members_of_a_newer_kind_are_passed_over(data: Any) -> None:
    error = ProtocolError.from_wire({"message": "no", "data": data})
    assert (error.message, error.details, error.retry_after_ms) == ("no", {}, None)
